"""The test suite as a grader: `python -m pytest --submission DIR` judges the four files in DIR.

Without that option all tests run, on the four files of this project. With it
the graded tests alone run, on a copy of the four files in a temporary folder:
nothing is written into DIR, and no configuration or test of DIR is read. Each
test has a time limit, no warning is an error, and a table ends the output:
task of the sheet, tests passed of all.
"""
import contextlib
import ctypes
import importlib
import os
import shutil
import sys
import tempfile
import threading
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = 'main.py', 'k_means.py', 'em.py', 'utils.py'
GRADED = 'test_interface.py', 'test_k_means.py', 'test_em.py', 'test_main.py'
TASKS = {
    'remarks': 'general remarks: files, signatures, imports, Python 3.9',
    '1.1.1': 'wcss(), Eq. (1)',
    '1.1.2': 'closest_centroid(), the argmin of Eq. (2)',
    '1.1.3': 'compute_Z(), Eq. (2)',
    '1.1.4': 'recompute_centroids(), Eq. (3)',
    '1.1.5': 'kmeans(), the steps of K-means',
    '1.1.6': 'task_kmeans(), K and max_iter',
    '1.1.7': 'task_kmeans(), plot of the clusters',
    '1.2.1': 'calculate_responsibilities(), Eq. (5)',
    '1.2.2': 'update_parameters(), Eqs. (6) to (8)',
    '1.2.3': 'em(), the steps of EM and Eq. (9)',
    '1.2.4': 'task_em(), K, max_iter and plot of the log-likelihood',
    '1.2.5': 'task_em(), plot of the clusters',
}

collect_ignore = ['submissions']


# --- The option, and the files it stands for

def pytest_addoption(parser):
    parser.addoption('--submission', metavar='DIR', help='grade the four files in DIR')
    parser.addoption('--time-limit', metavar='SECONDS', type=float, default=10,
                     help='for each test of a submission (default: 10)')


def pytest_configure(config):
    config.addinivalue_line('markers', 'task(number): the task of the sheet that the test judges')
    config.addinivalue_line('markers', 'ours: asks more than the sheet does, and is no part of the grading')
    directory = config.getoption('submission')
    if directory is None:
        config.folder = ROOT
    else:
        directory = Path(directory).resolve()
        separate = '--submission' in config.invocation_params.args
        if separate and (config.inipath != ROOT / 'pytest.ini' or (directory / 'conftest.py').exists()):
            raise pytest.UsageError('write --submission=DIR, with the sign =: '
                                    'pytest takes a DIR of its own for a folder of tests and reads its configuration')
        if not directory.is_dir():
            raise pytest.UsageError(f'--submission: there is no folder {directory}')
        config.folder = Path(tempfile.mkdtemp(prefix='submission-'))
        config.add_cleanup(partial(shutil.rmtree, config.folder, ignore_errors=True))
        copy_files(directory, config.folder)
        config.addinivalue_line('filterwarnings', 'ignore')  # the last line outdoes the others
        sys.path[:] = [entry for entry in sys.path if Path(entry or '.').resolve() != ROOT]
    sys.path.insert(0, str(config.folder))


def copy_files(source, target):
    """Copy those of the four files that source has, and our data, to the folder target."""
    for name in FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
    shutil.copytree(ROOT / 'data', target / 'data')


# --- Which tests run

def pytest_ignore_collect(collection_path, config):
    if config.getoption('submission') and collection_path.suffix == '.py':
        return collection_path.name not in GRADED or None


def pytest_collection_modifyitems(items, config):
    if config.getoption('submission'):
        ours = [item for item in items if item.get_closest_marker('ours')]
        items[:] = [item for item in items if not item.get_closest_marker('ours')]
        config.hook.pytest_deselected(items=ours)


def pytest_collection_finish(session):
    session.config.task_of = {item.nodeid: item.get_closest_marker('task').args[0]
                              for item in session.items if item.get_closest_marker('task')}


# --- The time limit

class TimeIsUp(BaseException):
    """Raised inside a test that takes too long."""


def within(limit, function, **arguments):
    """Call function in a thread of its own; fail if it has not returned after limit seconds."""
    outcome = {}

    def call():
        try:
            outcome['value'] = function(**arguments)
        except BaseException as error:  # pytest's own outcomes are no Exceptions
            outcome['error'] = error

    thread = threading.Thread(target=call, daemon=True)
    with open(os.devnull, 'w', encoding='utf-8') as nowhere, contextlib.redirect_stdout(nowhere):
        thread.start()
        thread.join(limit)
        late = thread.is_alive()
        for _ in range(10 if late else 0):  # more than once: a bare except may swallow it
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(TimeIsUp))
            thread.join(0.1)
            if not thread.is_alive():
                break
    if late:
        pytest.fail(f'did not finish within {limit:g} s (an endless loop?)', pytrace=False)
    if 'error' in outcome:
        raise outcome['error']
    return outcome['value']


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    config = pyfuncitem.config
    if config.getoption('submission'):
        pyfuncitem.obj = partial(within, config.getoption('time_limit'), pyfuncitem.obj)


# --- The table

def pytest_terminal_summary(terminalreporter, config):
    if not config.getoption('submission'):
        return
    task_of = getattr(config, 'task_of', {})
    passed = Counter(task_of.get(report.nodeid) for report in terminalreporter.stats.get('passed', []))
    every = Counter(task_of.values())
    terminalreporter.section('tests passed, by task of the sheet')
    for task, what in TASKS.items():
        if every[task]:
            score = f'{passed[task]} of {every[task]}'
            terminalreporter.line(f'{task:<9}{what:<56}{score:>9}', red=passed[task] < every[task])


# --- What the graded tests share

@pytest.fixture(scope='session')
def folder(request):
    """The folder of the four files that are judged."""
    return request.config.folder


def load(request, name):
    """Import the module name of the folder, within the time limit."""
    config = request.config
    if not (config.folder / f'{name}.py').exists():
        pytest.fail(f'{name}.py is missing', pytrace=False)
    try:
        if config.getoption('submission'):
            return within(config.getoption('time_limit'), importlib.import_module, name=name)
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        words = f'{name}.py cannot be imported: {type(error).__name__}: {error}'
    pytest.fail(words, pytrace=False)


@pytest.fixture(scope='session')
def k_means(request):
    """The module k_means of the folder."""
    return load(request, 'k_means')


@pytest.fixture(scope='session')
def em(request):
    """The module em of the folder."""
    return load(request, 'em')


@pytest.fixture(scope='session')
def mouse():
    """The samples of the mouse data, (500, 2)."""
    return np.loadtxt(ROOT / 'data' / 'mouse.txt', usecols=(0, 1))


class Judge:
    """Says in words what is wrong with a task."""

    def __init__(self, task):
        self.task = task if task == 'remarks' else f'task {task}'

    def fail(self, words):
        __tracebackhide__ = True
        pytest.fail(f'{self.task}: {words}', pytrace=False)

    def holds(self, condition, words):
        __tracebackhide__ = True
        if not condition:
            self.fail(words)

    def array(self, what, value, shape):
        """value as an array of floats; it must have the shape."""
        __tracebackhide__ = True
        self.holds(value is not None, f'{what}: None is returned')
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            array = None
        self.holds(array is not None, f'{what} must be numbers of shape {shape}, not {value!r}')
        self.holds(array.shape == shape, f'{what} must have shape {shape}, not {array.shape}')
        return array

    def equal(self, what, value, right, mistakes=None, tolerance=1e-8):
        """value must be right; if it is the value of a well-known mistake, that one is named.

        mistakes: what the mistake is, in words, and the value that it gives; or a function
        that returns this, called where value is wrong.
        """
        __tracebackhide__ = True
        if close(value, right, tolerance):
            return
        for words, wrong in (mistakes() if callable(mistakes) else mistakes or {}).items():
            if close(value, wrong, tolerance):
                self.fail(f'{what}: {words}')
        value = self.array(what, value, np.shape(right))
        self.fail(f'{what}: expected\n{np.asarray(right)}\nbut got\n{value}')

    def returns(self, what, value, number):
        """value must be a tuple (or a list) of that number of things."""
        __tracebackhide__ = True
        self.holds(isinstance(value, (tuple, list)) and len(value) == number,
                   f'{what} must return {number} values, not {type(value).__name__}'
                   + (f' of {len(value)}' if isinstance(value, (tuple, list)) else ''))
        return value

    def unchanged(self, function, **arguments):
        """function must leave its arguments as they were, and work with arrays that cannot be changed."""
        __tracebackhide__ = True
        copies = {name: np.copy(value) if isinstance(value, np.ndarray) else value for name, value in arguments.items()}
        function(**copies)
        for name, value in arguments.items():
            self.holds(np.array_equal(copies[name], value), f'{function.__name__}() changes its input {name} in place')
        for value in copies.values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
        try:
            function(**copies)
        except ValueError as error:
            self.holds('read-only' not in str(error), f'{function.__name__}() changes an input in place: {error}')
            raise


def close(value, right, tolerance):
    """Whether value has the shape and, up to the tolerance (relative to the largest), the numbers of right."""
    try:
        value, right = np.asarray(value, dtype=float), np.asarray(right, dtype=float)
    except (TypeError, ValueError):
        return False
    scale = max(np.max(np.abs(right), initial=0), 1)
    return value.shape == right.shape and np.allclose(value, right, rtol=0, atol=tolerance * scale)


@pytest.fixture
def judge(request):
    """Judge of the task that the test is marked with."""
    return Judge(request.node.get_closest_marker('task').args[0])
