"""The grader, a plugin of pytest: the graded tests alone, on a copy of the four files of a submission.

Nothing is written into the folder of the submission, and no configuration or test of it is read.
Each test has a time limit, and no warning is an error. An exception of the submission becomes one
sentence. The output is a table, tests passed of all by task of the sheet, and what failed.
"""
import contextlib
import ctypes
import os
import re
import shutil
import sys
import tempfile
import threading
import traceback
from collections import Counter, defaultdict
from functools import partial
from pathlib import Path

import pytest

from judge.verdicts import NOT_BEGUN

ROOT = Path(__file__).resolve().parents[2]
FILES = 'main.py', 'k_means.py', 'em.py', 'utils.py'
GRADED = 'test_interface.py', 'test_k_means.py', 'test_em.py', 'test_main.py'
TASKS = {
    'remarks': 'general remarks: files, signatures, imports, Python 3.9',
    'utils': 'utils.py, given by the course: data and plots',
    '1.1.1': 'wcss(), Eq. (1)',
    '1.1.2': 'closest_centroid(), the argmin of Eq. (2)',
    '1.1.3': 'compute_Z(), Eq. (2)',
    '1.1.4': 'recompute_centroids(), Eq. (3)',
    '1.1.5': 'kmeans(), the steps of K-means',
    '1.1.6': 'task_kmeans(), K, max_iter and plot of the WCSS',
    '1.1.7': 'task_kmeans(), plot of the clusters',
    '1.2.1': 'calculate_responsibilities(), Eq. (5)',
    '1.2.2': 'update_parameters(), Eqs. (6) to (8)',
    '1.2.3': 'em(), the steps of EM and Eq. (9)',
    '1.2.4': 'task_em(), K, max_iter and plot of the log-likelihood',
    '1.2.5': 'task_em(), plot of the clusters',
}
SENTENCES = 3  # of what failed are shown for each task
LATE = 3  # tests of a task may run into the time limit; then the others are not run


def copy_files(source, target):
    """Copy those of the four files that source has, and our data, to the folder target."""
    for name in FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
    shutil.copytree(ROOT / 'data', target / 'data')


class Grader:
    """Registered with pytest by `python tests/grade.py`; without it, the tests judge our own files."""

    def __init__(self, directory):
        self.directory = directory
        self.folder = Path(tempfile.mkdtemp(prefix='submission-')).resolve()
        copy_files(directory, self.folder)
        self.every, self.passed, self.late = Counter(), Counter(), Counter()  # tests by folder and task
        self.sentences = defaultdict(Counter)  # what failed, by folder and task
        self.blank = set()  # folder and task of what is not begun

    def key(self, item):
        return self.folder, item.get_closest_marker('task').args[0]

    def limit(self, folder):
        return self.time_limit

    def pytest_addoption(self, parser):
        parser.addoption('--time-limit', metavar='SECONDS', type=float, default=10,
                         help='for each test of a submission (default: 10)')

    def pytest_configure(self, config):
        config.addinivalue_line('filterwarnings', 'ignore')  # the last line outdoes the others
        self.time_limit = config.getoption('time_limit')

    def pytest_unconfigure(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def pytest_collection_modifyitems(self, items):
        items[:] = [item for item in items if not item.get_closest_marker('ours')]

    def pytest_collection_finish(self, session):
        self.every.update(map(self.key, session.items))

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem):
        pyfuncitem.obj = partial(self.judged, self.key(pyfuncitem), pyfuncitem.obj)

    def judged(self, key, test, **arguments):
        """Run a test within the time limit, a shorter one where a test of this task was late before."""
        folder, judge = key[0], arguments['judge']
        if key in self.blank:
            judge.fail(NOT_BEGUN)
        if self.late[key] == LATE:
            judge.fail(f'not run, since {LATE} tests of this task did not finish')
        limit = self.limit(folder)
        try:
            return within(limit and limit / (5 if self.late[key] else 1), test, **arguments)
        except BaseException as error:
            said = isinstance(error, pytest.fail.Exception)  # by the judge
            if not (said or of_submission(error, folder)):
                raise
            if not judge.begun and test.__name__.endswith('_by_hand'):  # the first test of its task
                self.blank.add(key)
                judge.fail(NOT_BEGUN)
            if said:
                raise
            self.late[key] += isinstance(error, TimeoutError)
            judge.fail(sentence(error, folder), ''.join(traceback.format_list(frames(error, folder))))

    def pytest_runtest_makereport(self, item, call):
        if call.excinfo and call.excinfo.errisinstance((Exception, pytest.fail.Exception)):
            words = (str(call.excinfo.value).splitlines() or [''])[0]
            self.sentences[self.key(item)][re.sub(r'^task \S+: ', '', words)] += 1
        elif call.when == 'call' and not call.excinfo:
            self.passed[self.key(item)] += 1

    def pytest_report_teststatus(self, report, config):
        if config.option.verbose < 0:
            return report.outcome if report.failed or report.when == 'call' else '', '', ''  # no dots

    def pytest_terminal_summary(self, terminalreporter):
        write = terminalreporter.write_line
        terminalreporter.section(f'tests passed, by task of the sheet: {self.directory}')
        failed = []
        for task, what in TASKS.items():
            key = self.folder, task
            score = f'{self.passed[key]} of {self.every[key]}'
            score = NOT_BEGUN if set(self.sentences[key]) == {NOT_BEGUN} else score
            if self.every[key]:
                write(f'{task:<9}{what:<56}{score:>10}', red=self.passed[key] < self.every[key])
            frequent = [pair for pair in self.sentences[key].most_common() if pair[0] != NOT_BEGUN]
            failed += [(task, *pair) for pair in frequent[:SENTENCES]]
            if frequent[SENTENCES:]:
                failed.append((task, '... and more', sum(number for _, number in frequent[SENTENCES:])))
        if failed:
            terminalreporter.section('what failed (-v shows more)')
        for task, words, number in failed:
            write(f'{task:<9}{words}' + (f' ({number} tests)' if number > 1 else ''))


# --- Errors of a submission, in words

def frames(error, folder):
    """The calls that led to an error, or to a loop without an end, in the files of the folder."""
    stack = getattr(error, 'stack', None) or traceback.extract_tb(error.__traceback__)
    return [frame for frame in stack if Path(frame.filename).parent == folder]


def of_submission(error, folder):
    """Whether it is an error, or a SystemExit or KeyboardInterrupt that the submission raises: not Ctrl-C."""
    return isinstance(error, Exception) or bool(frames(error, folder))


def sentence(error, folder):
    """Function, error, and line of the submission."""
    words = (str(error).splitlines() or [''])[0]
    words = words if isinstance(error, TimeoutError) else f'raises {type(error).__name__}: {words}'
    calls = frames(error, folder)
    if not calls:
        return words if isinstance(error, TimeoutError) else f'what it returns cannot be judged: {words}'
    first, last = calls[0], calls[-1]
    name = 'it' if first.name == '<module>' else f'{first.name}()'
    return f'{name} {words} ({Path(last.filename).name}, line {last.lineno}: {last.line})'


class TimeIsUp(BaseException):
    """Raised inside a test that takes too long."""


def within(limit, function, *args, **kwargs):
    """Call function in a thread of its own; TimeoutError after limit seconds. None: no limit, and no thread."""
    if limit is None:
        return function(*args, **kwargs)
    outcome, late = {}, None

    def call():
        try:
            outcome['value'] = function(*args, **kwargs)
        except BaseException as error:
            outcome['error'] = error

    thread = threading.Thread(target=call, daemon=True)
    with open(os.devnull, 'w', encoding='utf-8') as nowhere, contextlib.redirect_stdout(nowhere):
        thread.start()
        thread.join(limit)
        if thread.is_alive():
            late = TimeoutError(f'did not finish within {limit:g} s, an endless loop?')
            late.stack = traceback.extract_stack(sys._current_frames().get(thread.ident))
        for _ in range(10):  # more than once: a bare except may swallow it
            if thread.is_alive():
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(TimeIsUp))
                thread.join(0.1)
    if late or 'error' in outcome:
        raise late or outcome['error']
    return outcome['value']
