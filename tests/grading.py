"""pytest as grade.py runs it: with a limit of time, and each verdict in a file at once.

So the verdicts are there even if the submission ends the process. The file named by GRADED_RESULTS
has lines of the form ["test", "what is wrong"]; of several for a test the last one counts.
"""
import json
import os
import re
import sys

import pytest

from judge import LIMIT, TimeIsUp, start_clock

out_of_time = set()  # tasks of which a test was not finished


def task_of(test):
    """The task of the sheet, such as 1.1.2, that a test judges; or remarks, or utils."""
    return re.search(r'test_(remarks|utils|\d_\d_\d)', test)[1].replace('_', '.')


def record(test, what):
    with open(os.environ['GRADED_RESULTS'], 'a', encoding='utf-8') as file:
        file.write(json.dumps([test, what]) + '\n')


def pytest_collection_finish(session):
    for item in session.items:
        record(item.name, 'not judged, as the submission ended the tests before')


def pytest_runtest_logstart(nodeid, location):
    record(nodeid.rpartition('::')[2], 'the tests ended here: the process died or took too long')


def pytest_runtest_logreport(report):
    if report.failed:
        record(report.nodeid.rpartition('::')[2], str(report.longrepr))
    elif report.when == 'call':
        record(report.nodeid.rpartition('::')[2], '')


def limited(item):
    """A part of a test, with the limit of time. A KeyboardInterrupt fails it, and ends nothing."""
    start_clock()
    outcome = yield
    start_clock(0)
    error = outcome.excinfo[1] if outcome.excinfo else None
    if isinstance(error, TimeIsUp):
        out_of_time.add(task_of(item.name))
    if isinstance(error, KeyboardInterrupt):
        outcome.force_exception(RuntimeError('KeyboardInterrupt'))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_setup(item):
    yield from limited(item)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    yield from limited(item)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if task_of(pyfuncitem.name) in out_of_time:
        pytest.fail(f'not tried, as another test of this task was not finished after {LIMIT} s')


def pytest_unconfigure(config):
    os._exit(0)  # even if a thread of the submission goes on


if __name__ == '__main__':
    pytest.main(sys.argv[1:], plugins=[sys.modules[__name__]])
