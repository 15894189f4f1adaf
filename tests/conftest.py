"""What pytest does for the graded tests: it says in a line or two what went wrong."""
import os
import sys
import traceback
from pathlib import Path

import numpy as np
import pytest

from judge import FOLDER, ROOT

TESTS = Path(__file__).resolve().parent
SCIPY = 'em.py imports scipy, as the skeleton does: install it, python -m pip install scipy'
sys.path.insert(0, str(FOLDER))  # for a file that imports another


@pytest.fixture(scope='session')
def mouse():
    """The samples of the mouse data, (500, 2)."""
    return np.loadtxt(ROOT / 'data' / 'mouse.txt', usecols=(0, 1))


def words(error):
    """An error in a line: its message and, if there is one, the line of the submission."""
    lines = str(error).replace(str(FOLDER) + os.sep, '').splitlines() or ['']
    if isinstance(error, ModuleNotFoundError) and 'scipy' in lines[0]:
        return SCIPY
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).parent == FOLDER]
    if isinstance(error, (AssertionError, pytest.fail.Exception)) and lines[0] and not own:
        return lines[0]
    message = f'{type(error).__name__}: {lines[0]}'
    if own:
        last = own[-1]
        message += f' ({Path(last.filename).name}, line {last.lineno}: {last.line})'
    return message


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Of a graded test that failed show the words; with another --tb than short, all of it."""
    outcome = yield
    report = outcome.get_result()
    if report.failed and item.path.parent == TESTS and item.config.option.tbstyle == 'short':
        report.longrepr = words(call.excinfo.value)
