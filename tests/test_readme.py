"""The README leads where it says, and its numbers are those that the code computes."""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / 'README.md').read_text(encoding='utf-8')


def test_every_equation_is_one_jump_away():
    links = re.findall(r'\[\((\d)\)?.*?\]\((\w+\.py)#L(\d+)\)', README)
    assert {equation for equation, _, _ in links} == set('123456789')
    for equation, file, number in links:
        line = (ROOT / file).read_text(encoding='utf-8').splitlines()[int(number) - 1]
        assert f'# Eq. ({equation}): ' in line, f'{file}, line {number}'


def test_every_link_file_and_figure_is_there():
    paths = re.findall(r'\]\(([^)#]+)', README) + re.findall(r'`((?:data|report|tests)/[\w./]*)`', README)
    figures = [name for row in re.findall(r'^\| [12]\..*\|(.*)\|$', README, flags=re.MULTILINE)
               for name in re.findall(r'`([\w-]+)`', row)]
    assert len(paths) > 10 and len(figures) == 7
    for path in [*paths, *(f'report/figures/{name}.png' for name in figures)]:
        assert (ROOT / path).exists(), path


def test_the_numbers_to_expect_are_those_of_the_report():
    expected = dict(re.findall(r'\\newcommand\{\\(\w+)\}\{(.*)\}', (ROOT / 'report/numbers.tex').read_text()))
    found = re.search(r'WCSS ([\d.]+) for K-means with K = 3, ([\d.]+) with K = 5;\s+log-likelihood ([\d.]+)', README)
    assert found.groups() == tuple(expected[name] for name in ('ThreeWcss', 'FiveWcss', 'EmLogLik'))
