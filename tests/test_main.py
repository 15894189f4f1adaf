"""main.py and utils.py, and the general remarks of the sheet: signatures, imports, Python 3.9."""
import ast
import contextlib
import inspect
import os
import runpy
import shutil
import subprocess
import sys
import tokenize
from types import ModuleType, SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from conftest import FOLDER, GRADING, ROOT, array, array_equal, load, same

SIGNATURES = {
    'main': {'task_kmeans': 'X', 'task_em': 'X', 'main': ''},
    'k_means': {'wcss': 'X, K, Z, centroids', 'closest_centroid': 'sample, centroids', 'compute_Z': 'X, K, centroids',
                'recompute_centroids': 'X, K, Z', 'kmeans': 'X, K, max_iter, eps=1e-6'},
    'em': {'calculate_responsibilities': 'X, means, sigmas, weights',
           'update_parameters': 'X, means, sigmas, weights, responsibilities',
           'em': 'X, K, max_iter, eps=1e-2, init_variance=1.5'},
    'utils': {'load_data': 'filename', 'plot_original_data': 'x, y, data_labels',
              'plot_mickey_mouse': 'X, K, ind_samples_clusters, centroids, cluster_method',
              'plot_objective_function': "objective_function_over_its, ylabel='Objective function'"}}
IMPORTS = {
    'main': {'import numpy as np', 'from k_means import kmeans', 'from em import em',
             *(f'from utils import {function}' for function in SIGNATURES['utils'])},
    'k_means': {'import numpy as np', 'from typing import Tuple'},
    'em': {'import numpy as np', 'from typing import Tuple', 'from scipy.stats import multivariate_normal'},
    'utils': {'import numpy as np', 'import matplotlib.pyplot as plt'}}
TYPES = {'None', 'int', 'float', 'bool', 'str', 'list', 'tuple', 'np.ndarray'}
each_file = pytest.mark.parametrize('name', SIGNATURES)


# --- General remarks

def parse(name):
    """The syntax tree of a file, as Python 3.9 reads it."""
    return ast.parse((FOLDER / f'{name}.py').read_bytes(), feature_version=(3, 9))


@each_file
def test_remarks_signatures(name):
    module, defs = load(name), {node.name: node for node in parse(name).body if isinstance(node, ast.FunctionDef)}
    for function, parameters in SIGNATURES[name].items():
        right = inspect.signature(eval(f'lambda {parameters}: 0'))
        assert hasattr(module, function), f'{name}.py: the function {function}() is missing'
        found = inspect.signature(getattr(module, function))
        found = found.replace(parameters=[p.replace(annotation=p.empty) for p in found.parameters.values()],
                              return_annotation=found.empty)
        if str(found).startswith('(*') and function in defs:  # what a decorator leaves to be seen
            found, right = [arg.arg for arg in defs[function].args.args], list(right.parameters)
        assert found == right, f'{name}.py: the signature is {function}{right}, and was changed to {found}'


@each_file
def test_remarks_imports(name):
    for node in ast.walk(parse(name)):
        start = f'from {"." * node.level}{node.module or ""} ' if isinstance(node, ast.ImportFrom) else ''
        imports = node.names if isinstance(node, (ast.Import, ast.ImportFrom)) else []
        used = {f'{start}import {ast.unparse(alias)}' for alias in imports}
        used |= {getattr(node, 'id', ''), getattr(node, 'attr', '')} & {'__import__', 'importlib', 'import_module'}
        added = used - IMPORTS[name]
        assert not added, f'{name}.py, line {node.lineno}: additional {added.pop()}'


@each_file
def test_remarks_python_3_9(name):
    """Also what a later Python takes: types by |, zip(strict=...), and the quotes of an f-string inside it."""
    where, tree, quotes = f'{name}.py, line', parse(name), []
    local = [node for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for node in ast.walk(f)]
    unevaluated = {id(part) for node in local if isinstance(node, ast.AnnAssign) for part in ast.walk(node.annotation)}
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr) and id(node) not in unevaluated:
            types = {ast.unparse(node.left), ast.unparse(node.right)} <= TYPES
            assert not types, f'{where} {node.lineno}: a type by |'
        if isinstance(node, ast.Call) and ast.unparse(node.func) == 'zip':
            assert not node.keywords, f'{where} {node.lineno}: zip(strict=...)'
    with tokenize.open(FOLDER / f'{name}.py') as file:
        for token in tokenize.generate_tokens(file.readline):  # with tokens of f-strings from Python 3.12 on
            kind = tokenize.tok_name[token.type]
            nested = quotes and kind in ('STRING', 'FSTRING_START') and quotes[-1] in token.string
            assert not nested, f'{where} {token.start[0]}: the quotes of an f-string inside it'
            quotes += [token.string.lstrip('fFrR')] if kind == 'FSTRING_START' else []
            quotes = quotes[:-1] if kind == 'FSTRING_END' else quotes


@pytest.fixture
def undrawn(monkeypatch):
    """Figures are drawn, and neither saved, shown nor closed."""
    plt.switch_backend('agg')
    monkeypatch.setattr(Figure, 'savefig', lambda *args, **kwargs: None)
    monkeypatch.setattr(plt, 'close', lambda *args: None)
    yield
    monkeypatch.undo()
    plt.close('all')


def test_remarks_main_py_comes_to_its_end(undrawn, monkeypatch):
    """`python main.py`; in grading with our k_means.py and em.py, so that a mistake there counts at its own task."""
    for name in 'k_means', 'em':
        monkeypatch.setitem(sys.modules, name, load(name, ROOT))
    monkeypatch.delitem(sys.modules, 'utils', raising=False)
    with contextlib.suppress(SystemExit):
        runpy.run_path(str(FOLDER / 'main.py'), run_name='__main__')


# --- main.py with stand-ins for the other files: known fits, no drawing

@pytest.fixture
def main(monkeypatch, mouse):
    """The module main; main.fits are the calls of kmeans() and em(), main.plots what is drawn."""
    fits, plots = dict(kmeans=[], em=[]), dict(original=[], objective=[], clusters=[])

    def fit(name, X, K, max_iter, objective):
        number, step = K if isinstance(K, (int, np.integer)) and K > 1 else 3, {'kmeans': 7, 'em': 5}[name]
        clusters = np.arange(500) * step % 13 % number
        fits[name].append(SimpleNamespace(X=X, K=K, max_iter=max_iter, clusters=clusters, objective=np.array(objective),
                                          centres=mouse[:number] + step))
        return np.eye(number)[clusters], mouse[:number] + step, np.array(objective)

    def em(X, K, max_iter, eps=1e-2, init_variance=1.5):
        responsibilities, means, log_likelihoods = fit('em', X, K, max_iter, [334.8, 400, 600, 608.5])
        return means, responsibilities + 0.1, log_likelihoods

    stand_ins = {
        'k_means': dict(kmeans=lambda X, K, max_iter, eps=1e-6: fit('kmeans', X, K, max_iter, [20, 9, 8.5, 8.1132])),
        'em': dict(em=em),
        'utils': dict(
            load_data=lambda filename: (*mouse.T, np.loadtxt(ROOT / 'data' / 'mouse.txt', usecols=2, dtype=str)),
            plot_original_data=lambda x, y, data_labels: plots['original'].append(np.column_stack((x, y))),
            plot_objective_function=lambda objective_function_over_its, ylabel='': plots['objective'].append(
                np.array(objective_function_over_its)),
            plot_mickey_mouse=lambda X, K, ind_samples_clusters, centroids, cluster_method: plots['clusters'].append(
                SimpleNamespace(K=K, clusters=np.argmax(ind_samples_clusters, axis=1), centres=np.array(centroids),
                                method=cluster_method.lower())))}
    for name, functions in stand_ins.items():
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
        vars(sys.modules[name]).update(functions, __getattr__=lambda name: None)  # a name too many is a remark
    with contextlib.suppress(SystemExit):
        module = load('main')
    module.fits, module.plots = fits, plots
    return module


def run(main, name, X):
    """The calls of kmeans() or em() by its task that have a K and a max_iter; what it draws, before an error, too."""
    for record in (*main.fits.values(), *main.plots.values()):
        record.clear()
    main.error = None
    try:
        getattr(main, f'task_{name}')(X)
    except Exception as error:
        main.error = error
    fits = [fit for fit in main.fits[name] if isinstance(fit.K, (int, np.integer)) and fit.max_iter]
    require(main, fits, f'{name}() is never called with a K and a max_iter')
    same(fits[0].X, X, transposed=X.T)
    return fits


def require(main, condition, words):
    """Fail with the error that ended the task, or else with the words, unless the condition holds."""
    if not condition:
        raise main.error or AssertionError(words)


def check_objective(main, fits):
    shown = any(array_equal(plot, fits[0].objective) for plot in main.plots['objective'])
    require(main, shown, 'the values that are returned are not plotted')


def check_clusters(main, fits, method):
    shown = [(fit, plot) for fit in fits for plot in main.plots['clusters']
             if array_equal(fit.clusters, plot.clusters) and array_equal(fit.centres, plot.centres)]
    require(main, shown, 'the clusters and centres of the fit are not plotted')
    right = any(fit.K == plot.K and method in plot.method for fit, plot in shown)
    assert right, f'K = {shown[0][1].K} and the method {shown[0][1].method!r} are given to the plot'


# Of 300 starts (seeds 0 to 299, K = 3 on the mouse, the default eps), 88 % of K-means need more than
# 6 iterations and 96 % more than 5; of EM, 92 % need more than 35 and 83 % more than 36.
def test_1_1_6_task_kmeans_chooses_K_and_max_iter(main, mouse):
    """A head and two ears: K = 3. A file handed in after task 1.1.8 may have K = 5 alone."""
    fits = run(main, 'kmeans', mouse)
    chosen = {fit.K for fit in fits}
    right = 3 in chosen or chosen == {5} or not GRADING  # whoever tries another K in ours makes no mistake
    assert right, f'K = {fits[0].K} instead of 3, a head and two ears'
    assert max(fit.max_iter for fit in fits) >= 6, 'max_iter is too small: of 10 starts at least 9 need more'


def test_1_1_6_task_kmeans_plots_the_WCSS(main, mouse):
    check_objective(main, run(main, 'kmeans', mouse))


def test_1_1_7_task_kmeans_plots_the_clusters(main, mouse):
    check_clusters(main, run(main, 'kmeans', mouse), 'means')


def test_1_2_4_task_em_chooses_K_and_max_iter(main, mouse):
    fits = run(main, 'em', mouse)
    if 3 not in {fit.K for fit in fits}:
        chosen = {fit.K for fit in run(main, 'kmeans', mouse)}
        assert chosen & {fit.K for fit in fits}, f'K = {fits[0].K} instead of the K of K-means'
    assert max(fit.max_iter for fit in fits) >= 36, 'max_iter is too small: of 10 starts at least 9 need more'


def test_1_2_4_task_em_plots_the_log_likelihood(main, mouse):
    check_objective(main, run(main, 'em', mouse))


def test_1_2_5_task_em_plots_the_clusters(main, mouse):
    check_clusters(main, run(main, 'em', mouse), 'em')


def test_remarks_main_plots_the_original_data_prints_the_shape_and_calls_both_tasks(main, mouse):
    called, printed = {}, []
    for name in 'task_kmeans', 'task_em':
        setattr(main, name, lambda X, name=name: called.update({name: X}))
    main.print = lambda *words, **_: printed.append('(500, 2)' in ' '.join(map(str, words)))
    with contextlib.suppress(SystemExit):
        main.main()
    assert any(array_equal(plot, mouse) for plot in main.plots['original']), 'the original data are not plotted'
    assert any(printed), 'the shape (500, 2) is not printed'
    for name in 'task_kmeans', 'task_em':
        assert name in called, f'main() does not call {name}()'
        same(called[name], mouse)


# --- utils.py is given, and must have stayed as it was

@pytest.fixture(scope='module')
def utils():
    """The module that is judged."""
    return load('utils')


def check_colours(points, labels):
    """The points are drawn, by scatter() or plot(), two of them in the same colour where their labels are the same."""
    plt.gcf().canvas.draw()  # colours by numbers are known from then on
    drawn = [(xy, to_hex(colour)) for ax in plt.gcf().axes for group in ax.collections for xy, colour in zip(
        group.get_offsets(), np.resize(group.get_facecolors(), (len(group.get_offsets()), 4)))]
    drawn += [(xy, to_hex(line.get_color())) for ax in plt.gcf().axes for line in ax.lines for xy in line.get_xydata()]
    found = [{colour for xy, colour in drawn if array_equal(xy, point)} for point in points]
    assert all(found), 'a sample is not drawn'
    assert [a == b for a in found for b in found] == [a == b for a in labels for b in labels], 'the colours are wrong'


def test_utils_load_data_reads_the_mouse(utils, mouse):
    x, y, labels = utils.load_data(str(ROOT / 'data' / 'mouse.txt'))
    same(np.stack((x, y), axis=1), mouse)
    assert list(labels) == ['Head'] * 290 + ['Ear_left'] * 100 + ['Ear_right'] * 100 + ['Noise'] * 10, 'other labels'


def test_utils_plot_mickey_mouse_draws_the_clusters(utils, undrawn):
    X, clusters = array([[0.1, 0.2], [0.2, 0.1], [0.6, 0.7], [0.9, 0.4], [0.8, 0.3]]), [1, 0, 2, 1, 2]
    utils.plot_mickey_mouse(X, 3, array(np.eye(3)[clusters] + 0.1), array([[0.4, 0.5], [0.3, 0.6], [0.5, 0.4]]), 'EM')
    check_colours(X, clusters)


def test_utils_plot_original_data_draws_the_labels(utils, undrawn, mouse):
    labels = np.array(['Head', 'Noise', 'Head', 'Ear_left'])
    utils.plot_original_data(*mouse[:4].T, labels)
    check_colours(mouse[:4], labels)


def test_utils_plot_objective_function_draws_the_values(utils, undrawn):
    utils.plot_objective_function(array([9, 5, 4, 3.5]))
    drawn = [y for ax in plt.gcf().axes for line in ax.lines for y in line.get_ydata()]
    drawn += [bar.get_height() for ax in plt.gcf().axes for bar in ax.patches]
    assert {9, 5, 4, 3.5} <= set(drawn), 'the values are not drawn'


# --- Ours alone

def test_ours_saves_the_same_files_twice_from_another_folder_and_under_another_name(tmp_path):
    """Seven figures as PDF and PNG, also where the console cannot write the name of the folder."""
    runs = []
    for folder, name in (tmp_path / '作业4', 'main.py'), (tmp_path / 'again', 'main_group7.py'):
        (folder / 'report' / 'figures').mkdir(parents=True)
        shutil.copytree(ROOT / 'data', folder / 'data')
        for file in SIGNATURES:
            shutil.copy(ROOT / f'{file}.py', folder / (name if file == 'main' else f'{file}.py'))
        said = subprocess.run([sys.executable, str(folder / name)], cwd=tmp_path, stdout=subprocess.PIPE, check=True,
                              env=dict(os.environ, MPLBACKEND='agg', PYTHONIOENCODING='cp1252')).stdout
        runs.append((said, {path.name: path.read_bytes() for path in folder.glob('report/figures/*')}))
    assert runs[0] == runs[1] and runs[0][0].count(b'Saved ') == 7 and len(runs[0][1]) == 14
