"""What the tests share: the four files that are judged, and the judge.

The files are our own, unless `python tests/grade.py DIR` registers a Grader with those in DIR.
"""
import importlib
import sys

import numpy as np
import pytest

from judge.grader import ROOT, Grader, within
from judge.verdicts import Judge


def pytest_configure(config):
    config.addinivalue_line('markers', 'task(number): the task of the sheet that the test judges')
    config.addinivalue_line('markers', 'ours: asks more than the sheet does, and is no part of the grading')
    config.grader = next((p for p in config.pluginmanager.get_plugins() if isinstance(p, Grader)), None)
    sys.path.insert(0, str(config.grader.folder if config.grader else ROOT))


@pytest.fixture(scope='session')
def grader(request):
    """The plugin that grades a submission; None where the files are our own."""
    return request.config.grader


@pytest.fixture(scope='session')
def folder(grader):
    """The folder of the four files that are judged."""
    return grader.folder if grader else ROOT


def load(folder, grader, name):
    """Import the module name of the folder, within the time limit."""
    if not (folder / f'{name}.py').exists():
        pytest.fail(f'{name}.py is missing', pytrace=False)
    try:
        if grader:
            return within(grader.time_limit, importlib.import_module, name=name)
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        words = f'{name}.py cannot be imported: {type(error).__name__}: {error}'
    pytest.fail(words, pytrace=False)


@pytest.fixture(scope='session')
def k_means(folder, grader):
    """The module k_means of the folder."""
    return load(folder, grader, 'k_means')


@pytest.fixture(scope='session')
def em(folder, grader):
    """The module em of the folder."""
    return load(folder, grader, 'em')


@pytest.fixture(scope='session')
def mouse():
    """The samples of the mouse data, (500, 2)."""
    return np.loadtxt(ROOT / 'data' / 'mouse.txt', usecols=(0, 1))


@pytest.fixture
def judge(request):
    """Judge of the task that the test is marked with."""
    return Judge(request.node.get_closest_marker('task').args[0])
