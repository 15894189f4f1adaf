"""What the graded tests share: the files that are judged, calls of their functions, comparisons.

The files are those in the folder above, unless GRADED_FOLDER names another, as grade.py does.
A submission that changes numpy itself (np.argmin = ...) changes what judges it, too: that is not
guarded.
"""
import contextlib
import copy
import importlib.util
import inspect
import os
import signal
from pathlib import Path
from unittest import mock

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(os.environ.get('GRADED_FOLDER', ROOT))
GRADING = 'GRADED_FOLDER' in os.environ
# Seconds for a test in grading, by the clock, as a submission may also wait or sleep.
LIMIT = int(os.environ.get('GRADED_LIMIT', 60))


class TimeIsUp(BaseException):
    """No Exception, lest `except Exception` in a submission catch it."""


def start_clock(seconds=LIMIT):
    """In grading, raise TimeIsUp after so many seconds, and again each second; 0 stops it."""
    def time_is_up(*_):
        raise TimeIsUp(f'not finished after {LIMIT} s')

    if GRADING and hasattr(signal, 'setitimer'):  # which Windows has not
        signal.signal(signal.SIGALRM, time_is_up)
        signal.setitimer(signal.ITIMER_REAL, seconds, 1)


def load(name, folder=FOLDER, **steps):
    """The module of a file, new at each call; the steps given take the place of its own."""
    path = folder / f'{name}.py'
    assert path.is_file(), f'{name}.py is missing'
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    _, error = attempt(spec.loader.exec_module, module)
    if isinstance(error, Exception):
        raise error
    assert not error, f'{name}.py cannot be imported: {type(error).__name__} {error}'
    vars(module).update(steps)
    return module


def blobs(seed, N=40, D=2):
    """N samples in D dimensions, in three groups around random places of the unit cube."""
    rng = np.random.RandomState(seed)
    centres = rng.random_sample((3, D))
    groups = np.arange(N) % 3
    return centres[groups] + 0.1 * rng.standard_normal((N, D))


def call(function, *inputs, seed=0, may_change=(), **options):
    """What the function returns for the inputs and the seed. It cannot set a seed of its own.

    It gets copies of the inputs, and fails if it changes one that is not named in may_change.
    """
    copies = copy.deepcopy(inputs)
    np.random.seed(seed)
    with mock.patch.object(np.random, 'seed'):
        found = function(*copies, **options)
    for i, given in enumerate(inputs):
        if not np.array_equal(given, copies[i]):
            name = list(inspect.signature(function).parameters)[i]
            assert name in may_change, f'it changes its input {name}'
    return found


def unpack(found, *names):
    """The values that a function returned, one for each of the names."""
    expected = ', '.join(names)
    assert found is not None, f'got None (is a return missing?), expected {expected}'
    assert isinstance(found, (tuple, list)), f'got one {type(found).__name__}, expected {expected}'
    assert len(found) == len(names), f'got {len(found)} values, expected {expected}'
    return found


def attempt(function, *arguments, **named):
    """What the function returns and None, or None and its error; then with a new limit of time."""
    try:
        return function(*arguments, **named), None
    except BaseException as error:
        start_clock()
        return None, error


def own_where_right(own, plain, may_change=slice(0)):
    """A step that returns what the submission's own step does, where that is right.

    Elsewhere it returns what the plain one does, so that a mistake in a step counts there alone.
    Of its arguments it changes those of the slice may_change, if its own step does.
    """
    own_works = True

    def step(*arguments, **named):
        nonlocal own_works
        arrays = [np.array(a) if isinstance(a, list) else a for a in arguments]
        right = plain(*arrays, **named)
        if own_works:
            copies = copy.deepcopy(arguments)
            found, error = attempt(own, *copies, **named)
            if is_equal(found, right):
                for given, copied in zip(arguments[may_change], copies[may_change]):
                    if not np.array_equal(given, copied):
                        given[:] = copied
                return found
            own_works = error is None  # else not again: it may have been an endless loop
        return right
    return step


def is_equal(found, expected, tolerance=1e-8):
    """Whether no number differs by more than the tolerance, as a share of the largest or of 1."""
    try:
        if isinstance(expected, tuple):
            return len(found) == len(expected) and all(map(is_equal, found, expected))
        found = np.asarray(found, dtype=float)
    except (TypeError, ValueError):
        return False
    expected = np.asarray(expected, dtype=float)
    if found.shape != expected.shape:
        return False
    largest = np.abs(expected).max(initial=1)
    return bool((np.abs(found - expected) <= tolerance * largest).all())


def check(found, expected, tolerance=1e-8, what='', **mistakes):
    """Fail unless found equals expected, with a message that shows both, and says what it is.

    The mistakes are what wrong functions return: distances_were_not_squared=12 adds the guess 'as
    if distances were not squared' where 12 was found.
    """
    __tracebackhide__ = True
    if is_equal(found, expected, tolerance):
        return
    guesses = [name for name, wrong in mistakes.items() if is_equal(found, wrong, tolerance)]
    words = difference(found, np.asarray(expected, dtype=float))
    if guesses:
        words += f': as if {guesses[0].replace("_", " ")}'
    raise AssertionError(f'{what}: {words}' if what else words)


@contextlib.contextmanager
def blame_D(D):
    """Say of what fails with another number of features, and not with two, what it looks as if."""
    try:
        yield
    except Exception as error:
        if D == 2:
            raise
        raise AssertionError(f'with D = {D} {error}: as if D were always 2') from error


def difference(found, expected):
    """In words what was found and what was expected; of arrays the numbers that differ most."""
    if found is None or isinstance(found, list) and any(value is None for value in found):
        return f'got None (is a return missing?), expected {shown(expected)}'
    try:
        found = np.asarray(found, dtype=float)
    except (TypeError, ValueError):
        return f'got {repr(found)[:60]}, expected {shown(expected)}'
    if found.shape != expected.shape:
        return f'got {shown(found)}, expected {shown(expected)}'
    if expected.ndim == 0:
        return f'got {shown(found)}, expected {shown(expected)}'
    gaps = np.nan_to_num(np.abs(found - expected), nan=np.inf)
    worst = np.unravel_index(gaps.argmax(), gaps.shape)
    place = ', '.join(str(index) for index in worst)
    return f'got {shown(found[worst])}, expected {shown(expected[worst])} at [{place}]'


def shown(array):
    """A number, or how many there are in an array, in words."""
    if array.ndim == 0:
        return f'{array:.10g}'
    if array.ndim == 1:
        return f'{len(array)} number{"s" * (len(array) != 1)}'
    return f'an array of the shape {array.shape}'
