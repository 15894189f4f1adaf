"""What the tests share: the four files that are judged, and the judge.

The files are our own, unless `python tests/grade.py DIR` registers a Grader with those in DIR.
"""
import contextlib
import importlib
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from judge.begun import begun
from judge.grader import FILES, ROOT, TASKS, Grader, of_submission, sentence, within
from judge.verdicts import Judge

MODULES = [name[:-3] for name in FILES]


def pytest_configure(config):
    config.grader = next((p for p in config.pluginmanager.get_plugins() if isinstance(p, Grader)), None)
    if config.grader is None:
        sys.path.insert(0, str(ROOT))


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: 'verdicts' in item.fixturenames)  # last: until then, processes make the verdicts


@pytest.fixture(scope='session')
def grader(request):
    """The plugin that grades a submission; None where the files are our own."""
    return request.config.grader


@pytest.fixture(scope='session')
def folder(grader):
    """The folder of the four files that are judged."""
    return grader.folder if grader else ROOT


@pytest.fixture(scope='session')
def limit(grader, folder):
    """The time limit in seconds, None for our own files."""
    return grader.limit(folder) if grader else None


def seeded(seed, function, *args, **kwargs):
    """What the function returns for this seed."""
    np.random.seed(seed)
    return function(*args, **kwargs)


@contextlib.contextmanager
def imports_from(folder, **modules):
    """Let `import em` and the like find the files of the folder, or the modules given; then what they found before."""
    hidden = {name: sys.modules.pop(name) for name in MODULES if name in sys.modules}
    sys.modules.update(modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in MODULES:
            sys.modules.pop(name, None)
        sys.modules.update(hidden)


def load(folder, limit, name):
    """Import the module name of the folder, within the time limit."""
    if not (folder / f'{name}.py').exists():
        pytest.fail(f'{name}.py is missing', pytrace=False)
    try:
        with imports_from(folder):
            return within(limit, importlib.import_module, name)
    except BaseException as error:
        if not of_submission(error, folder):
            raise
        scipy = isinstance(error, ImportError) and error.name == 'scipy'  # the skeleton imports it
        words = 'scipy is not installed here (python -m pip install scipy)' if scipy else sentence(error, folder)
    pytest.fail(f'{name}.py cannot be imported: {words}', pytrace=False)


@pytest.fixture(scope='session')
def k_means(folder, limit):
    """The module k_means of the folder."""
    return load(folder, limit, 'k_means')


@pytest.fixture(scope='session')
def em(folder, limit):
    """The module em of the folder."""
    return load(folder, limit, 'em')


@pytest.fixture(scope='session')
def ours():
    """Our own modules k_means and em, for the right steps beside which a submission's are judged."""
    return SimpleNamespace(k_means=load(ROOT, None, 'k_means'), em=load(ROOT, None, 'em'))


@pytest.fixture(scope='session')
def mouse():
    """The samples of the mouse data, (500, 2)."""
    return np.loadtxt(ROOT / 'data' / 'mouse.txt', usecols=(0, 1))


@pytest.fixture
def judge(request, grader):
    """Judge of the task that the test is marked with."""
    task = request.node.get_closest_marker('task').args[0]
    name = TASKS[task].partition('(')[0]
    if not grader or task[:3] not in ('1.1', '1.2') or name.startswith('task_'):
        return Judge(task)
    module = request.getfixturevalue('k_means' if task < '1.2' else 'em')
    return Judge(task, begun(getattr(module, name, None)))
