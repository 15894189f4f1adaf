"""The README leads where it says, and its numbers are the report's."""
import re

from conftest import ROOT

README = (ROOT / 'README.md').read_text('utf-8')


def test_links_files_functions_and_figures_are_there():
    paths = re.findall(r'\]\(([\w./]+)\)', README) + re.findall(r'`((?:data|report|tests)/[\w./]*)`', README)
    paths += [f'report/figures/{name}.png' for name in re.findall(r'`([\w-]+-k-\d|original-data)`', README)]
    assert len(paths) > 25 and [path for path in paths if not (ROOT / path).exists()] == []
    for file, function, equations in re.findall(r'\]\((\w+\.py)\) `(\w+)` \| ([^|]*)\|', README):
        source = (ROOT / file).read_text('utf-8')
        assert f'def {function}(' in source
        assert all(f'Eq. ({number})' in source for number in re.findall(r'\((\d)\)', equations))


def test_the_numbers_to_expect_are_those_of_the_report():
    numbers = (ROOT / 'report' / 'numbers.tex').read_text('utf-8')
    for value, macro in zip(re.findall(r'\d+\.\d+', README[README.index('Numbers to expect'):]),
                            ('ThreeWcss', 'FiveWcss', 'EmLogLik')):
        assert f'\\newcommand{{\\{macro}}}{{{value}}}' in numbers
