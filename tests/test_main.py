"""main.py and utils.py: sections 1.1 and 1.2 of the sheet, tasks on main.py; and what ours does beyond them."""
import contextlib
import importlib
import io
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType, SimpleNamespace

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib import ft2font
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from conftest import imports_from, load
from judge.grader import FILES, ROOT, copy_files, frames, of_submission, sentence, within
from judge.verdicts import NOT_BEGUN
from tools.pictures import same_picture

DRAWN_WITH = '3.11.2', '2.14.3'  # matplotlib and FreeType; others draw the same figures a little differently
WCSS, LOG_LIKELIHOOD = 100. - np.arange(10), 600. + np.arange(7)


# --- main.py alone, with stand-ins for the other files: right shapes, known numbers, no drawing

def both(kmeans_task, em_task):
    """Parametrise with the algorithm, each at its task."""
    return pytest.mark.parametrize('name', [pytest.param('kmeans', marks=pytest.mark.task(kmeans_task)),
                                            pytest.param('em', marks=pytest.mark.task(em_task))])


def is_chosen(number):
    return isinstance(number, (int, np.integer)) and number > 1


def stand_ins(calls, mouse, labels):
    """Modules k_means, em and utils that note what they are called with."""
    def fit(name, X, K, max_iter, step, shift):
        X, k = np.asarray(X, dtype=float), K if is_chosen(K) else 3
        Z = np.eye(k)[np.arange(len(X)) * step % 13 % k]
        calls[name].append(SimpleNamespace(X=X, K=K, max_iter=max_iter, clusters=Z.argmax(axis=1), means=X[:k] + shift))
        return Z, X[:k] + shift

    def kmeans(X, K, max_iter, eps=1e-6):
        return (*fit('kmeans', X, K, max_iter, 7, 0.001), WCSS.copy())

    def em(X, K, max_iter, eps=1e-2, init_variance=1.5):
        Z, means = fit('em', X, K, max_iter, 5, 0.002)
        return means, 0.1 + Z, LOG_LIKELIHOOD.copy()

    def plot_mickey_mouse(X, K, ind_samples_clusters, centroids, cluster_method):
        calls['clusters'].append((np.argmax(ind_samples_clusters, axis=1), np.asarray(centroids)))

    def plot_objective_function(objective_function_over_its, ylabel='Objective function'):
        calls['objectives'].append(np.asarray(objective_function_over_its))

    modules = {name: ModuleType(name) for name in ('k_means', 'em', 'utils')}
    modules['k_means'].kmeans, modules['em'].em = kmeans, em
    vars(modules['utils']).update(
        load_data=lambda filename: (*mouse.T.copy(), labels.copy()), plot_mickey_mouse=plot_mickey_mouse,
        plot_original_data=lambda x, y, data_labels: calls['originals'].append(np.column_stack((x, y))),
        plot_objective_function=plot_objective_function)
    for module in modules.values():
        module.__getattr__ = another_name
    return modules


def another_name(name):
    """A name that the skeleton does not import is a remark, and need not cost the tasks."""
    if name.startswith('__'):
        raise AttributeError(name)
    return lambda *args, **kwargs: None


@pytest.fixture(scope='module')
def calls(folder, limit, mouse):
    """What main.py asks of the other files, what it prints, and its errors: what it did before an error counts."""
    calls = dict(kmeans=[], em=[], clusters=[], objectives=[], originals=[], errors={}, printed=io.StringIO())
    labels = np.loadtxt(ROOT / 'data' / 'mouse.txt', usecols=2, dtype=str)
    if not (folder / 'main.py').exists():
        pytest.fail('main.py is missing', pytrace=False)

    def attempt(name, function):
        def run():
            with contextlib.redirect_stdout(calls['printed']):
                function()
        try:
            within(limit, run)
        except SystemExit:
            pass
        except BaseException as error:
            if not of_submission(error, folder):
                raise
            blamed = [frame.name for frame in frames(error, folder) if frame.name.startswith('task_')]
            calls['errors'][(blamed or [name])[0]] = sentence(error, folder)

    back = os.getcwd()
    os.chdir(folder)
    try:
        with imports_from(folder, **stand_ins(calls, mouse, labels)):
            attempt('main', lambda: importlib.import_module('main').main())
            module = sys.modules.get('main')
            for name in ('kmeans', 'em'):
                if calls['errors'] and module and not calls[name]:
                    attempt(f'task_{name}', lambda: getattr(module, f'task_{name}')(mouse.copy()))
    finally:
        os.chdir(back)
    return calls


def blame(calls, name, words):
    """The error that ended a task, else the words."""
    return calls['errors'].get(f'task_{name}') or calls['errors'].get('main') or words


def fits(calls, judge, name):
    """The calls of kmeans() or em()."""
    judge.holds(calls[name], blame(calls, name, f'task_{name}() never calls {name}()'))
    if not any(is_chosen(call.K) or is_chosen(call.max_iter) for call in calls[name]):
        judge.fail(NOT_BEGUN)
    return calls[name]


@pytest.mark.task('remarks')
def test_main_comes_to_its_end(calls, judge):
    judge.holds('main' not in calls['errors'], calls['errors'].get('main'))


@pytest.mark.task('remarks')
def test_main_prints_the_shape_of_X(calls, judge):
    judge.holds(re.search(r'\(\s*500\s*,\s*2\s*\)', calls['printed'].getvalue()),
                'main() must stack x and y to X of shape (500, 2), and print that shape')


@pytest.mark.task('remarks')
def test_main_plots_the_original_data(calls, judge, mouse):
    judge.holds(any(np.array_equal(call, mouse) for call in calls['originals']), 'main() must plot the original data')


@both('1.1.6', '1.2.4')
def test_task_fits_the_mouse_data(calls, judge, mouse, name):
    for call in fits(calls, judge, name):
        judge.equal(f'task_{name}(), X', call.X, mouse, {'transposed': mouse.T})


@pytest.mark.task('1.1.6')
def test_task_kmeans_chooses_K(calls, judge):
    """A head and two ears: K = 3. A file handed in after task 1.1.8 may have K = 5."""
    found = [call.K for call in fits(calls, judge, 'kmeans')]
    judge.holds({3, 5}.intersection(found), f'task_kmeans() must use K = 3 (a head and two ears), not {found}')


@pytest.mark.task('1.2.4')
def test_task_em_chooses_the_K_of_kmeans(calls, judge):
    found, before = [call.K for call in fits(calls, judge, 'em')], [call.K for call in calls['kmeans']]
    judge.holds({3, *before}.intersection(found), f'task_em() must use the K of K-means, {before}, not {found}')


# Of 300 starts (seeds 0 to 299, K = 3 on the mouse, the default eps), 88 % of K-means need more than
# 6 iterations and 96 % more than 5; of EM, 92 % need more than 35 and 83 % more than 36.
@both('1.1.6', '1.2.4')
def test_task_chooses_a_max_iter_that_lets_it_converge(calls, judge, name):
    found, fewest = [call.max_iter for call in fits(calls, judge, name)], {'kmeans': 6, 'em': 36}
    judge.holds(any(isinstance(number, (int, float, np.number)) and number >= fewest[name] for number in found),
                f'task_{name}(): max_iter = {found[0]} is too small, of 10 starts at least 9 need more')


@both('1.1.6', '1.2.4')
def test_task_plots_the_objective(calls, judge, name):
    what, values = {'kmeans': ('WCSS', WCSS), 'em': ('log-likelihood', LOG_LIKELIHOOD)}[name]
    fits(calls, judge, name)
    judge.holds(any(np.array_equal(call, values) for call in calls['objectives']),
                blame(calls, name, f'task_{name}() must plot the {what} that {name}() returns'))


@both('1.1.7', '1.2.5')
def test_task_plots_the_clusters(calls, judge, name):
    judge.holds(any(np.array_equal(clusters, call.clusters) and np.array_equal(centroids, call.means)
                    for call in fits(calls, judge, name) for clusters, centroids in calls['clusters']),
                blame(calls, name, f'task_{name}() must plot the clusters and centroids that {name}() returns'))


# --- utils.py is given, and must have stayed as it was

@pytest.fixture(scope='module')
def utils(folder, limit):
    """The module utils of the folder."""
    return load(folder, limit, 'utils')


@pytest.mark.task('utils')
def test_load_data_reads_the_mouse(utils, judge, mouse):
    x, y, labels = judge.returns('load_data()', utils.load_data(str(ROOT / 'data' / 'mouse.txt')), 3)
    judge.equal('load_data() of data/mouse.txt, x', x, mouse[:, 0])
    judge.equal('load_data() of data/mouse.txt, y', y, mouse[:, 1])
    judge.holds(np.array_equal(labels, np.loadtxt(ROOT / 'data' / 'mouse.txt', usecols=2, dtype=str)),
                'load_data() of data/mouse.txt: other labels than the file has')


@pytest.mark.task('utils')
@pytest.mark.parametrize('name', ['plot_original_data', 'plot_mickey_mouse', 'plot_objective_function'])
def test_plot_draws_something(utils, judge, monkeypatch, mouse, name):
    """Points, lines or the like are added to axes; nothing is shown or saved here."""
    drawn = []
    for method in ('add_line', 'add_collection', 'add_patch', 'add_image'):
        monkeypatch.setattr(Axes, method, lambda *args, original=getattr(Axes, method), **kwargs: (
            drawn.append(1) or original(*args, **kwargs)))
    monkeypatch.setattr(Figure, 'savefig', lambda *args, **kwargs: None)
    plt.switch_backend('agg')
    Z = np.eye(3)[np.arange(500) % 3]
    getattr(utils, name)(*{'plot_original_data': (*mouse.T.copy(), np.array(['Head', 'Noise'] * 250)),
                           'plot_mickey_mouse': (mouse.copy(), 3, Z, mouse[:3], 'K-means'),
                           'plot_objective_function': (WCSS,)}[name])
    plt.close('all')
    judge.holds(drawn, f'{name}() draws nothing')


# --- The whole program

def run(limit, cwd, *arguments):
    """Run Python in the folder cwd, without a display; what is printed is UTF-8, whatever the console is."""
    try:
        return subprocess.run([sys.executable, *arguments], cwd=cwd, timeout=limit and 3 * limit,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              encoding='utf-8', errors='replace', env=dict(
                                  os.environ, MPLBACKEND='Agg', PYTHONDONTWRITEBYTECODE='1', PYTHONIOENCODING='utf-8'))
    except subprocess.TimeoutExpired:
        pytest.fail(f'python main.py did not finish within {3 * limit:g} s, an endless loop?', pytrace=False)


@pytest.fixture(scope='module')
def whole_run(folder, limit, tmp_path_factory):
    """`python main.py` with the four files and the data alone in a folder."""
    place = tmp_path_factory.mktemp('whole')
    copy_files(folder, place)
    return run(limit, place, 'main.py')


@pytest.mark.task('remarks')
def test_main_runs(whole_run, judge):
    """The last line of what Python says, and the last line of the submission before it."""
    lines = whole_run.stderr.strip().splitlines() or ['']
    places = re.findall(r'File ".*?(\w+\.py)", (line \d+).*\n +(.*)', whole_run.stderr)
    where = [f' ({name}, {line}: {text})' for name, line, text in places if name in FILES] or ['']
    judge.holds(whole_run.returncode == 0, f'python main.py ends with {lines[-1]}{where[-1]}')


# --- Ours alone

@pytest.mark.ours
def test_our_task_kmeans_runs_with_3_and_5_clusters(calls):
    assert [call.K for call in calls['kmeans']] == [3, 5]
    assert [call.K for call in calls['em']] == [3]


@pytest.fixture(scope='module')
def twice(tmp_path_factory):
    """Our main.py run from another folder, and again under another name: the files that each run leaves beside it."""
    elsewhere = tmp_path_factory.mktemp('elsewhere')

    def once(name):
        project = tmp_path_factory.mktemp('project')
        copy_files(ROOT, project)
        (project / 'main.py').rename(project / name)
        (project / 'report' / 'figures').mkdir(parents=True)
        done = run(None, elsewhere, str(project / name))
        assert done.returncode == 0, done.stderr
        assert not any(name in done.stderr for name in FILES), 'a warning: ' + done.stderr
        return {path.relative_to(project).as_posix(): path.read_bytes()
                for path in project.rglob('*') if path.is_file() and path.name != name}

    with ThreadPoolExecutor() as pool:
        runs = list(pool.map(once, ('main.py', 'main_group7.py')))
    assert list(elsewhere.iterdir()) == []
    return runs


@pytest.mark.ours
def test_our_main_saves_seven_figures_as_pdf_and_png_with_the_same_bytes_twice(twice):
    figures = [name for name in twice[0] if name.startswith('report/figures/')]
    assert sorted(Path(name).suffix for name in figures) == ['.pdf'] * 7 + ['.png'] * 7
    assert twice[0] == twice[1]


@pytest.mark.ours
@pytest.mark.skipif((matplotlib.__version__, ft2font.__freetype_version__) != DRAWN_WITH,
                    reason=f'the figures were drawn with matplotlib {DRAWN_WITH[0]}, FreeType {DRAWN_WITH[1]}')
def test_our_figures_are_those_of_the_report(twice):
    drawn = {Path(name).name: content for name, content in twice[0].items() if name.endswith('.png')}
    assert len(drawn) == 7
    assert [name for name, content in drawn.items()
            if not same_picture(content, ROOT / 'report' / 'figures' / name)] == []
    assert not same_picture(drawn['em-clusters-k-3.png'], drawn['k-means-clusters-k-3.png'])


@pytest.mark.ours
def test_our_main_says_that_it_could_not_save(whole_run):
    """Without report/figures the run goes on: one line for each of the seven figures."""
    assert whole_run.returncode == 0 and not any(name in whole_run.stderr for name in FILES)  # no warning
    assert whole_run.stdout.count('Figure not saved') == 7
