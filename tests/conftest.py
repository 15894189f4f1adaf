"""What the tests share: the files that are judged, arrays that cannot be changed, and one comparison.

The files are our own, unless GRADED_FOLDER names a copy of a submission: then `tests/grade.py` runs these tests.
"""
import contextlib
import importlib.util
import os
import signal
import sys
import traceback
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
GRADING = 'GRADED_FOLDER' in os.environ
FOLDER = Path(os.environ.get('GRADED_FOLDER', ROOT))
# Bound before a submission is loaded: what that does to numpy judges nothing.
array_equal, asarray, inf = np.array_equal, np.asarray, np.inf
limits = [60]  # seconds of processor time for a test of a submission, so that other programs do not count
sys.path.append(str(FOLDER))  # for a file that imports another


def array(values):
    """The values as an array of floats that nobody can change: a step that works in place fails."""
    fixed = np.array(values, dtype=float)
    fixed.flags.writeable = False
    return fixed


def seeded(seed, function, *args, **kwargs):
    """What the function returns for this seed."""
    np.random.seed(seed)
    return function(*args, **kwargs)


def differences(value, right):
    """The absolute differences; infinite where the shapes differ, or value is no number."""
    try:
        value, right = asarray(value, dtype=float), asarray(right, dtype=float)
    except (TypeError, ValueError):
        return asarray(inf)
    return abs(value - right) if value.shape == right.shape else asarray(inf)


def agrees(value, right, tolerance=1e-8):
    """Whether value is right, to that share of its largest number, or of 1."""
    return bool((differences(value, right) <= tolerance * max(1, abs(asarray(right)).max())).all())


def same(value, right, tolerance=1e-8, **mistakes):
    """Fail unless value is right: with the name of the mistake that gives this value, else with both numbers."""
    __tracebackhide__ = True
    if agrees(value, right, tolerance):
        return
    for name, wrong in mistakes.items():
        assert not agrees(value, wrong, tolerance), name.replace('_', ' ')
    gaps, place = differences(value, right), ''
    if gaps.ndim:  # of the same shape: the numbers that differ most
        worst = np.unravel_index(gaps.argmax(), gaps.shape)
        value, right, place = asarray(value)[worst], asarray(right)[worst], f' at {[int(i) for i in worst]}'
    expected, found = (repr(getattr(a, 'tolist', lambda: a)())[:90] for a in (asarray(right), value))
    raise AssertionError(f'expected {expected}{place}, but got {found}')


def load(name, folder=FOLDER, **steps):
    """The module of a file in the folder, a new one at each call; the steps given take the place of its own."""
    path = folder / f'{name}.py'
    assert path.is_file(), f'{name}.py is missing'
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    with judged():
        spec.loader.exec_module(module)
    vars(module).update(steps)
    return module


@pytest.fixture(scope='session')
def mouse():
    """The samples of the mouse data, (500, 2)."""
    return array(np.loadtxt(ROOT / 'data' / 'mouse.txt', usecols=(0, 1)))


# --- Of a submission: an endless loop, exit() or KeyboardInterrupt fails its test, and ends nothing

class TimeIsUp(BaseException):
    """Raised in a test when it has had its processor time, and again each second, lest a bare except swallow it."""


def time_is_up(*_):
    raise TimeIsUp(f'not finished after {limits[-1]} s of processor time')


def set_timer(seconds):
    if hasattr(signal, 'setitimer'):  # not on Windows: no limit there
        signal.signal(signal.SIGPROF, time_is_up)
        signal.setitimer(signal.ITIMER_PROF, seconds, 1 if seconds else 0)


@contextlib.contextmanager
def judged():
    """Run code of a submission, in the folder of its copy: whatever it raises fails the test, in a line."""
    if not GRADING or os._exit is sys.exit:  # which it is inside another `with judged()`
        yield
        return
    back, really_exit = os.getcwd(), os._exit
    os.chdir(FOLDER)
    os._exit = sys.exit
    set_timer(limits[-1])
    try:
        yield
    except BaseException as error:
        set_timer(0)
        calls = [call for call in traceback.extract_tb(error.__traceback__) if Path(call.filename).parent == FOLDER]
        words = (str(error).splitlines() or [''])[0]
        words = words if isinstance(error, AssertionError) and not calls else f'{type(error).__name__}: {words}'
        where = f' ({Path(calls[-1].filename).name}, line {calls[-1].lineno}: {calls[-1].line})' if calls else ''
        limits.extend([20] if isinstance(error, TimeIsUp) else [])  # for the others, lest the tutor waits too long
        pytest.fail(words + where, pytrace=False)
    finally:
        set_timer(0)
        os._exit = really_exit
        os.chdir(back)


if GRADING:
    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(pyfuncitem):
        test = pyfuncitem.obj

        def judged_test(**arguments):
            with judged():
                test(**arguments)
        pyfuncitem.obj = judged_test
