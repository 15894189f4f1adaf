"""main.py and utils.py, and the general remarks of the sheet: signatures, imports, Python 3.9."""
import ast
import inspect
import itertools
import re
import runpy
import sys
import tokenize
from types import ModuleType, SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from judge import FOLDER, ROOT, attempt, check, is_equal, load, unpack

pytestmark = pytest.mark.filterwarnings('ignore')  # a submission may warn
SIGNATURES = {
    'main': ['task_kmeans(X)', 'task_em(X)', 'main()'],
    'k_means': [
        'wcss(X, K, Z, centroids)',
        'closest_centroid(sample, centroids)',
        'compute_Z(X, K, centroids)',
        'recompute_centroids(X, K, Z)',
        'kmeans(X, K, max_iter, eps=1e-6)',
    ],
    'em': [
        'calculate_responsibilities(X, means, sigmas, weights)',
        'update_parameters(X, means, sigmas, weights, responsibilities)',
        'em(X, K, max_iter, eps=1e-2, init_variance=1.5)',
    ],
    'utils': [
        'load_data(filename)',
        'plot_original_data(x, y, data_labels)',
        'plot_mickey_mouse(X, K, ind_samples_clusters, centroids, cluster_method)',
        "plot_objective_function(objective_function_over_its, ylabel='Objective function')",
    ],
}
IMPORTS = {
    'main': {
        'numpy', 'k_means.kmeans', 'em.em', 'utils.load_data', 'utils.plot_original_data',
        'utils.plot_mickey_mouse', 'utils.plot_objective_function',
    },
    'k_means': {'numpy', 'typing.Tuple'},
    'em': {'numpy', 'typing.Tuple', 'scipy.stats.multivariate_normal'},
    'utils': {'numpy', 'matplotlib.pyplot'},
}
each_file = pytest.mark.parametrize('name', SIGNATURES)


# --- General remarks

def parse(name):
    """The syntax tree of a file, as Python 3.9 reads it."""
    path = FOLDER / f'{name}.py'
    return ast.parse(path.read_bytes(), str(path), feature_version=(3, 9))


@each_file
def test_remarks_signatures(name):
    module = load(name)
    tree = parse(name)
    definitions = {part.name: part for part in tree.body if isinstance(part, ast.FunctionDef)}
    for signature in SIGNATURES[name]:
        function, _, parameters = signature.rstrip(')').partition('(')
        assert hasattr(module, function), f'{name}.py: the function {function}() is missing'
        right = inspect.signature(eval(f'lambda {parameters}: 0'))
        found = inspect.signature(getattr(module, function))
        bare = [p.replace(annotation=p.empty) for p in found.parameters.values()]
        found = found.replace(parameters=bare, return_annotation=found.empty)
        if found == right:
            continue
        written = definitions.get(function)
        if written and written.decorator_list:  # a decorator may hide the parameters
            names = [argument.arg for argument in written.args.args]
            if names == list(right.parameters):
                continue
        raise AssertionError(f'{name}.py: {function}{right} was changed to {function}{found}')


def imported(node):
    """The full names of what a node of the syntax tree imports."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        module = '.' * node.level + (node.module or '')
        return {f'{module}.{alias.name}' for alias in node.names}
    used = {getattr(node, 'id', ''), getattr(node, 'attr', '')}
    return used & {'__import__', 'importlib', 'import_module'}


@each_file
def test_remarks_imports(name):
    for node in ast.walk(parse(name)):
        added = imported(node) - IMPORTS[name]
        assert not added, f'{name}.py, line {node.lineno}: additional import, {added.pop()}'


@each_file
def test_remarks_python_3_9(name):
    """What a later Python takes: types by |, zip(strict=...), more inside of an f-string.

    Some later syntax is known to Python 3.9 alone: to be sure, grade with it.
    """
    tree = parse(name)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == 'zip':
            assert not node.keywords, f'{name}.py, line {node.lineno}: zip(strict=...)'
    annotations = [node.annotation for node in tree.body if isinstance(node, ast.AnnAssign)]
    annotations += [node.annotation for node in ast.walk(tree) if isinstance(node, ast.arg)]
    annotations += [node.returns for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for annotation in filter(None, annotations):
        union = any(isinstance(node, ast.BitOr) for node in ast.walk(annotation))
        assert not union, f'{name}.py, line {annotation.lineno}: a type by |'
    with tokenize.open(FOLDER / f'{name}.py') as file:
        check_f_strings(name, file)


def check_f_strings(name, file):
    """Up to Python 3.11 a { } in an f-string has neither its quotes nor a backslash."""
    quotes = []  # of the f-strings around a token; Python 3.12 and later have tokens for them
    for token in tokenize.generate_tokens(file.readline):
        kind = tokenize.tok_name[token.type]
        if quotes and kind in ('STRING', 'FSTRING_START'):
            later = quotes[-1] in token.string or '\\' in token.string
            assert not later, f'{name}.py, line {token.start[0]}: quotes or \\ in an f-string'
        if kind == 'FSTRING_START':
            quotes.append(token.string.lstrip('fFrR'))
        if kind == 'FSTRING_END':
            quotes.pop()


# --- main.py with stand-ins for the other files: known fits, no drawing

calls = {}  # the arguments of each call of a stand-in


def fit(name, X, K, max_iter, values):
    """What a stand-in returns: clusters in a pattern, samples as centres, values divided by K."""
    for number in (K, max_iter):
        if number is not None:
            range(number)  # an error for 3.0 or 1e2, as loops over them are
    number = K if isinstance(K, (int, np.integer)) and K > 1 else 3
    step = {'kmeans': 7, 'em': 5}[name]
    clusters = np.arange(len(X)) * step % 13 % number
    centres = np.asarray(X, dtype=float)[:number] + step
    values = np.array(values) / number
    calls[name].append(SimpleNamespace(
        X=np.array(X), K=K, max_iter=max_iter, clusters=clusters, centres=centres, values=values,
    ))
    return np.eye(number)[clusters], centres.copy(), values.copy()


def kmeans(X, K, max_iter, eps=1e-6):
    return fit('kmeans', X, K, max_iter, [60, 27, 25.5, 24.3])


def em(X, K, max_iter, eps=1e-2, init_variance=1.5):
    responsibilities, means, values = fit('em', X, K, max_iter, [1002, 1206, 1803, 1825.5])
    return means, responsibilities + 0.1, values


def load_data(filename):
    open(filename).close()  # the error if there is no such file
    path = ROOT / 'data' / 'mouse.txt'
    x, y = np.loadtxt(path, usecols=(0, 1)).T
    return x, y, np.loadtxt(path, usecols=2, dtype=str)


def plot_original_data(x, y, data_labels, *_, **__):
    calls['original'].append(np.column_stack((x, y)))


def plot_objective_function(objective_function_over_its, ylabel='Objective function', *_, **__):
    calls['values'].append(np.array(objective_function_over_its))


def plot_mickey_mouse(X, K, ind_samples_clusters, centroids, cluster_method, *_, **__):
    calls['clusters'].append(SimpleNamespace(
        X=np.array(X), K=K, memberships=np.array(ind_samples_clusters),
        centres=np.array(centroids), method=str(cluster_method).lower(),
    ))


def stand_in(name, *functions):
    """A module of these functions. Any other name in it is None: importing it is a remark.

    A call that does not fit the parameters of the submission's own function is an error.
    """
    own, _ = attempt(load, name)

    def other(attribute):
        if attribute.startswith('__'):
            raise AttributeError(attribute)

    module = ModuleType(name)
    module.__getattr__ = other
    module.np = np
    module.plt = plt
    for function in functions:
        setattr(module, function.__name__, fitting(function, getattr(own, function.__name__, None)))
    return module


def fitting(function, own):
    """The function, for calls that the submission's own function would take."""
    def called(*arguments, **named):
        if own:
            inspect.signature(own).bind(*arguments, **named)
        return function(*arguments, **named)
    return called


def record(function, *arguments):
    """The calls of the stand-ins while a function runs, and the error that ended it, or None."""
    calls.clear()
    for name in ('kmeans', 'em', 'original', 'values', 'clusters'):
        calls[name] = []
    _, error = attempt(function, *arguments)
    return SimpleNamespace(**calls, error=None if isinstance(error, SystemExit) else error)


def run_as_program():
    runpy.run_path(str(FOLDER / 'main.py'), run_name='__main__')


@pytest.fixture(scope='module')
def program(mouse):
    """The calls of `python main.py` as a whole, and those of each task alone."""
    plots = load_data, plot_original_data, plot_objective_function, plot_mickey_mouse
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(FOLDER)
        patch.setitem(sys.modules, 'k_means', stand_in('k_means', kmeans))
        patch.setitem(sys.modules, 'em', stand_in('em', em))
        patch.setitem(sys.modules, 'utils', stand_in('utils', *plots))
        found = {'whole': record(run_as_program)}
        module = ModuleType('main')
        module.__file__ = str(FOLDER / 'main.py')
        _, error = attempt(exec_file, module)

        def run_task(name):
            if error:
                raise error
            getattr(module, f'task_{name}')(mouse.copy())

        for name in ('kmeans', 'em'):
            found[name] = record(run_task, name)
    return found


def exec_file(module):
    source = open(module.__file__, 'rb').read()
    exec(compile(source, module.__file__, 'exec'), vars(module))


def whole_or_alone(program, name, check_calls):
    """The check has to hold for the program as a whole, or for the task called alone."""
    try:
        check_calls(program['whole'])
    except Exception:
        check_calls(program[name])


def require(calls, condition, message):
    """Fail with the error that ended the calls, or else with the message, unless it holds."""
    if not condition:
        raise calls.error or AssertionError(message)


def rows(X):
    """The rows in an order of their own, as samples may be shuffled."""
    return np.array(sorted(map(tuple, X))) if X.ndim == 2 else X


def check_samples(name, X, mouse):
    guess = ': as if X were transposed' if is_equal(X, mouse.T) else ''
    assert is_equal(rows(X), rows(mouse)), f'{name}() gets other samples than the mouse{guess}'


def fits_of(calls, name, mouse):
    """The calls of kmeans() or em() with a K and a max_iter; they have to be given the mouse."""
    fits = [fit for fit in getattr(calls, name) if isinstance(fit.K, (int, np.integer))]
    fits = [fit for fit in fits if fit.max_iter]
    require(calls, fits, f'{name}() is never called with a K and a max_iter')
    check_samples(name, fits[0].X, mouse)
    return fits


def check_values(calls, fits):
    """The values of a fit, or a part of them in their order, are plotted."""
    for fit in fits:
        for plot in calls.values:
            places = [np.flatnonzero(fit.values == value) for value in np.ravel(plot)]
            known = len(places) > 1 and all(len(place) for place in places)
            if known and (np.diff(np.ravel(places)) > 0).all():
                return
    require(calls, False, 'the values that are returned are not plotted')


def centre_of_each(X, clusters, centres):
    """Each sample with the centre of its cluster, as rows; None where they do not fit together."""
    try:
        return rows(np.hstack((X, centres[clusters])))
    except (IndexError, ValueError):
        return None


def check_clusters(calls, fits, is_named):
    shown = []
    for plot in calls.clusters:
        if plot.memberships.ndim == 2:
            drawn = centre_of_each(plot.X, plot.memberships.argmax(axis=1), plot.centres)
            for fit in fits:
                right = centre_of_each(fit.X, fit.clusters, fit.centres)
                if drawn is not None and is_equal(drawn, right):
                    shown.append((fit, plot))
    require(calls, shown, 'the clusters and centres that are returned are not plotted')
    right = [plot for fit, plot in shown if fit.K == plot.K]
    fit, plot = shown[0]
    assert right, f'K = {plot.K} is given to the plot of the clusters, but K is {fit.K}'
    named = any(is_named(plot.method) for plot in right)
    assert named, f'the plot of the clusters gets the other method, {right[0].method!r}'


def test_remarks_main_py_runs_and_calls_both_algorithms(program, mouse):
    whole = program['whole']
    if whole.error:
        raise whole.error
    original = any(is_equal(rows(plot), rows(mouse)) for plot in whole.original)
    assert original, 'the original data are not plotted'
    for name in ('kmeans', 'em'):
        fits = getattr(whole, name)
        assert fits, f'`python main.py` never calls {name}()'
        check_samples(name, fits[0].X, mouse)


# Of 300 starts (seeds 0 to 299, K = 3 on the mouse, the default eps), 88 % of K-means need more
# than 6 iterations and 96 % more than 5; of EM, 92 % need more than 35 and 83 % more than 36.
def test_1_1_6_task_kmeans_chooses_K_and_max_iter(program, mouse):
    """A head and two ears: K = 3. A file handed in after task 1.1.8 may have K = 5 alone."""
    def check_calls(calls):
        fits = fits_of(calls, 'kmeans', mouse)
        chosen = {fit.K for fit in fits}
        right = 3 in chosen or chosen == {5}
        assert right, f'K = {fits[0].K} instead of 3, a head and two ears'
        enough = max(fit.max_iter for fit in fits) >= 6
        assert enough, 'max_iter is too small: of 10 starts at least 9 need more'

    whole_or_alone(program, 'kmeans', check_calls)


def test_1_1_6_task_kmeans_plots_the_WCSS(program, mouse):
    whole_or_alone(program, 'kmeans', lambda calls: check_values(
        calls, fits_of(calls, 'kmeans', mouse)
    ))


def test_1_1_7_task_kmeans_plots_the_clusters(program, mouse):
    def is_named(method):
        return re.search('k.?means', method) or not re.search('em|gmm|gauss|expect', method)

    whole_or_alone(program, 'kmeans', lambda calls: check_clusters(
        calls, fits_of(calls, 'kmeans', mouse), is_named
    ))


def test_1_2_4_task_em_chooses_K_and_max_iter(program, mouse):
    def check_calls(calls):
        fits = fits_of(calls, 'em', mouse)
        chosen = {fit.K for fit in fits}
        of_kmeans = {fit.K for fit in program['whole'].kmeans + program['kmeans'].kmeans}
        right = 3 in chosen or chosen & of_kmeans
        assert right, f'K = {fits[0].K} instead of the K of K-means'
        enough = max(fit.max_iter for fit in fits) >= 36
        assert enough, 'max_iter is too small: of 10 starts at least 9 need more'

    whole_or_alone(program, 'em', check_calls)


def test_1_2_4_task_em_plots_the_log_likelihood(program, mouse):
    whole_or_alone(program, 'em', lambda calls: check_values(calls, fits_of(calls, 'em', mouse)))


def test_1_2_5_task_em_plots_the_clusters(program, mouse):
    def is_named(method):
        return not re.search('k.?means', method)

    whole_or_alone(program, 'em', lambda calls: check_clusters(
        calls, fits_of(calls, 'em', mouse), is_named
    ))


# --- utils.py is given, and must have stayed as it was

@pytest.fixture(scope='module')
def utils():
    """The module that is judged."""
    return load('utils')


@pytest.fixture
def drawn(monkeypatch):
    """A function that tells what is drawn; figures are neither saved, shown nor closed."""
    cleared = []
    clear = Figure.clear

    def seen_and_cleared(figure, *arguments, **named):
        cleared.extend(points_of(figure))
        clear(figure, *arguments, **named)

    plt.switch_backend('agg')
    plt.close('all')
    monkeypatch.setattr(Figure, 'clear', seen_and_cleared)
    monkeypatch.setattr(Figure, 'savefig', lambda *_, **__: None)
    monkeypatch.setattr(plt, 'show', lambda *_, **__: None)
    monkeypatch.setattr(plt, 'close', lambda *_, **__: None)
    yield lambda: sum((points_of(plt.figure(n)) for n in plt.get_fignums()), cleared)
    monkeypatch.undo()
    plt.close('all')


def points_of(figure):
    """Each position that is drawn by scatter(), plot() or bar(), with its colour."""
    points = []
    for ax in figure.axes:
        figure.canvas.draw()  # colours given as numbers are known from then on
        for group in ax.collections:
            colours = group.get_facecolors()
            if len(colours) == 0:  # hollow markers
                colours = group.get_edgecolors()
            positions = group.get_offsets()
            for position, colour in zip(positions, np.resize(colours, (len(positions), 4))):
                points.append((tuple(position), to_hex(colour)))
        for line in ax.lines:
            colour = to_hex(line.get_color())
            points += [(tuple(position), colour) for position in line.get_xydata()]
        for bar in ax.patches:
            points.append(((0, bar.get_height()), ''))
    return points


def check_colours(points, samples, labels):
    """The samples are drawn, two of them in the same colours if their labels are the same."""
    colours = []
    for sample in samples:
        colours.append({colour for position, colour in points if position == tuple(sample)})
    assert all(colours), 'a sample is not drawn'
    for i, j in itertools.combinations(range(len(labels)), 2):
        same = colours[i] == colours[j]
        assert same or labels[i] != labels[j], 'samples of one group are drawn in two colours'
        assert not same or labels[i] == labels[j], 'samples of two groups are drawn in one colour'


def test_utils_load_data_reads_the_mouse(utils, mouse):
    found = utils.load_data(str(ROOT / 'data' / 'mouse.txt'))
    x, y, labels = unpack(found, 'x', 'y', 'data_labels')
    check(np.stack((x, y), axis=1), mouse)
    right = ['Head'] * 290 + ['Ear_left'] * 100 + ['Ear_right'] * 100 + ['Noise'] * 10
    assert list(labels) == right, 'the labels are others than those in the file'


def test_utils_plot_mickey_mouse_draws_the_clusters(utils, drawn):
    X = np.array([[0.1, 0.2], [0.2, 0.1], [0.6, 0.7], [0.9, 0.4], [0.8, 0.3]])
    clusters = [1, 0, 2, 1, 2]
    centroids = np.array([[0.4, 0.5], [0.3, 0.6], [0.5, 0.4]])
    utils.plot_mickey_mouse(X, 3, np.eye(3)[clusters] + 0.1, centroids, 'EM')
    check_colours(drawn(), X, clusters)


def test_utils_plot_original_data_draws_the_labels(utils, drawn, mouse):
    labels = np.array(['Head', 'Noise', 'Head', 'Ear_left'])
    utils.plot_original_data(*mouse[:4].T, labels)
    check_colours(drawn(), mouse[:4], labels)


def test_utils_plot_objective_function_draws_the_values(utils, drawn):
    utils.plot_objective_function(np.array([9, 5, 4, 3.5]))
    heights = {y for (x, y), colour in drawn()}
    assert {9, 5, 4, 3.5} <= heights, 'the values are not drawn'
