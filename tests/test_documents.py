"""Report and README say what the code computes, show every figure and lead where they say."""
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / 'report'
README = (ROOT / 'README.md').read_text(encoding='utf-8')
DRAWN_BY_MAIN = ('original-data', 'wcss-k-means-k-3', 'k-means-clusters-k-3', 'wcss-k-means-k-5',
                 'k-means-clusters-k-5', 'log-likelihood-em-k-3', 'em-clusters-k-3')


@pytest.fixture(scope='module')
def build():
    """The report's script as a module; `import build` might find another package of that name."""
    spec = importlib.util.spec_from_file_location('report_build', REPORT / 'build.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope='module')
def text():
    """The LaTeX sources without their comments."""
    source = ''.join((REPORT / name).read_text(encoding='utf-8') for name in ('report.tex', 'cover.tex'))
    return re.sub(r'(?<!\\)%.*', '', source)


@pytest.fixture(scope='module')
def committed():
    """The macros of numbers.tex: name -> value."""
    lines = (REPORT / 'numbers.tex').read_text(encoding='utf-8').splitlines()[1:]
    macros = [re.fullmatch(r'\\newcommand\{\\([A-Za-z]+)\}\{(.*)\}', line) for line in lines]
    assert all(macros), 'numbers.tex holds a line that is no macro'
    assert len({macro[1] for macro in macros}) == len(macros), 'numbers.tex defines a macro twice'
    return {macro[1]: macro[2] for macro in macros}


# --- The report

def test_every_number_of_the_report_is_what_the_code_computes(build, committed):
    computed = build.compute_numbers()
    different = [f'{name}: the report says {committed.get(name, "nothing")}, '
                 f'the code computes {computed.get(name, "nothing")}'
                 for name in sorted({*committed, *computed}) if committed.get(name) != computed.get(name)]
    assert not different, 'run `python report/build.py`:\n' + '\n'.join(different)


def test_every_macro_is_used_and_every_number_has_one(text, committed):
    used = set(re.findall(r'\\([A-Za-z]+)', text))
    assert not sorted(set(committed) - used), 'numbers that the text does not use'
    # Macros of numbers begin with a capital letter; these others do, too.
    others = {'N', 'DeclareMathOperator', 'Large', 'Leftrightarrow', 'Bigl', 'Bigr', 'Sigma'}
    capital = {name for name in used if name[0].isupper()}
    assert not sorted(capital - others - set(committed)), 'numbers that are used and not computed'


def test_no_number_is_typed_by_hand(text):
    body = text[text.index(r'\section'):text.index(r'\end{document}')]
    assert not re.findall(r'(?<![\\\w.{])(?!10\^)\d{2,}|\d+\.\d+', body), 'write a macro instead'


def test_every_figure_is_shown_and_exists_as_pdf_and_png(text):
    of_main = set(re.findall(r'\\mainfigure\{([\w-]+)\}', text))
    assert of_main == set(DRAWN_BY_MAIN)
    included = re.findall(r'\\includegraphics(?:\[[^]]*\])?\{figures/([^}]+)\.pdf\}', text)
    assert len(included) == text.count(r'\includegraphics')
    shown = {*of_main, *included} - {'#1'}  # in \mainfigure itself
    files = {f'{name}.{kind}' for name in shown for kind in ('pdf', 'png')} | {'animation.gif'}  # of the README
    assert {path.name for path in (REPORT / 'figures').iterdir()} == files


def test_every_label_is_defined_once_and_referred_to(text):
    labels = re.findall(r'\\label\{([^}]+)\}', text)
    assert len(labels) == len(set(labels))
    assert set(labels) == set(re.findall(r'\\ref\{([^}]+)\}', text))


def test_sections_are_numbered_as_on_the_sheet(text):
    titles = re.findall(r'\\(section|subsection)\{([^}]+)\}', text)
    assert titles == [('section', 'K-means. Expectation-Maximization Algorithm'),
                      ('subsection', 'K-means Algorithm'),
                      ('subsection', 'Expectation-Maximization (EM) Algorithm'),
                      ('subsection', 'Summary and comparison of two algorithms'),
                      ('section', 'Bonus: Maximum Likelihood Estimation')]
    assert re.findall(r'\\task\{(\d)\}', text) == list('678' '45' '12345')


def test_adjusted_rand_index_of_worked_examples(build):
    """Pairs of {0,1},{2,3} and {0,1,2},{3}: 1 agrees of 2 and 3; expected 2 * 3 / 6 = 1, so (1 - 1) / 1.5 = 0."""
    assert build.studies.adjusted_rand_index(list('aabb'), [1, 1, 0, 0]) == 1
    assert build.studies.adjusted_rand_index([0, 0, 1, 1], [0, 0, 0, 1]) == 0


def test_require_stops_where_a_claim_fails(build):
    build.claims.require(True, 'fine')
    with pytest.raises(AssertionError, match='never falls'):
        build.claims.require(False, 'the objective never falls')


# --- The README

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


def test_the_numbers_to_expect_are_those_of_the_report(committed):
    found = re.search(r'WCSS ([\d.]+) for K-means with K = 3, ([\d.]+) with K = 5;\s+log-likelihood ([\d.]+)', README)
    assert found.groups() == tuple(committed[name] for name in ('ThreeWcss', 'FiveWcss', 'EmLogLik'))
