"""The grader, a plugin of pytest: the graded tests alone, on a copy of the four files of a submission.

Nothing is written into the folder of the submission, and no configuration or test of it is read.
Each test has a time limit, no warning is an error, and a table ends the output: task of the
sheet, tests passed of all.
"""
import contextlib
import ctypes
import os
import shutil
import tempfile
import threading
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
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


def copy_files(source, target):
    """Copy those of the four files that source has, and our data, to the folder target."""
    for name in FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
    shutil.copytree(ROOT / 'data', target / 'data')


class Grader:
    """Registered with pytest by `python tests/grade.py`; without it, the tests judge our own files."""

    def __init__(self, directory):
        self.folder = Path(tempfile.mkdtemp(prefix='submission-'))
        copy_files(directory, self.folder)
        self.task_of = {}  # a test's id: the task that it judges

    def pytest_addoption(self, parser):
        parser.addoption('--time-limit', metavar='SECONDS', type=float, default=10,
                         help='for each test of a submission (default: 10)')

    def pytest_configure(self, config):
        config.addinivalue_line('filterwarnings', 'ignore')  # the last line outdoes the others
        self.time_limit = config.getoption('time_limit')

    def pytest_unconfigure(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def pytest_collection_modifyitems(self, items, config):
        ours = [item for item in items if item.get_closest_marker('ours')]
        items[:] = [item for item in items if not item.get_closest_marker('ours')]
        config.hook.pytest_deselected(items=ours)

    def pytest_collection_finish(self, session):
        self.task_of = {item.nodeid: item.get_closest_marker('task').args[0] for item in session.items}

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem):
        pyfuncitem.obj = partial(within, self.time_limit, pyfuncitem.obj)

    def pytest_terminal_summary(self, terminalreporter):
        passed = Counter(self.task_of.get(report.nodeid) for report in terminalreporter.stats.get('passed', []))
        every = Counter(self.task_of.values())
        terminalreporter.section('tests passed, by task of the sheet')
        for task, what in TASKS.items():
            if every[task]:
                score = f'{passed[task]} of {every[task]}'
                terminalreporter.line(f'{task:<9}{what:<56}{score:>9}', red=passed[task] < every[task])


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
