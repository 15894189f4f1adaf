"""What the graded tests say: each verdict is a sentence about a task; the lines after it are details for -v."""
import numpy as np
import pytest

NOT_BEGUN = 'not begun'


class Judge:
    """Says in words what is wrong with a task."""

    def __init__(self, task, begun=True):
        self.task, self.begun = task, begun

    def fail(self, words, details=''):
        pytest.fail(f'task {self.task}: {words}\n{details}'.rstrip(), pytrace=False)

    def holds(self, condition, words):
        if not condition:
            self.fail(words)

    def array(self, what, value, shape):
        """value as an array of floats; it must have the shape."""
        self.holds(value is not None, f'{what}: None is returned')
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            self.fail(f'{what} must be numbers of shape {shape}, not {type(value).__name__}', repr(value))
        self.holds(array.shape == shape, f'{what} must have shape {shape}, not {array.shape}')
        return array

    def equal(self, what, value, right, mistakes=None, tolerance=1e-8):
        """value must be right; else a mistake that gives it is named: {words: value}, or a function that returns it."""
        if close(value, right, tolerance):
            return
        for words, wrong in (mistakes() if callable(mistakes) else mistakes or {}).items():
            if close(value, wrong, tolerance):
                self.fail(f'{what}: {words}')
        value, right = self.array(what, value, np.shape(right)), np.asarray(right, dtype=float)
        rows = [(i, a, b) for i, (a, b) in enumerate(zip(np.atleast_1d(value), np.atleast_1d(right)))
                if not np.allclose(a, b, rtol=0, atol=tolerance * scale(right))]
        i, found, expected = rows[0]
        where = f'{len(rows)} of {len(right)} rows differ; in row {i} ' if right.ndim else ''
        digits = 6 if show(expected, 6) != show(found, 6) else 12
        self.fail(f'{what}: {where}expected {show(expected, digits)}, but got {show(found, digits)}',
                  f'expected\n{right}\nbut got\n{value}')

    def returns(self, what, value, number):
        """value must be a tuple (or a list) of that number of things."""
        self.holds(isinstance(value, (tuple, list)) and len(value) == number,
                   f'{what} must return {number} values, not {type(value).__name__}'
                   + (f' of {len(value)}' if isinstance(value, (tuple, list)) else ''))
        return value

    def unchanged(self, function, **arguments):
        """function must leave its arguments as they were, and work with arrays that cannot be changed."""
        copies = {name: np.copy(value) if isinstance(value, np.ndarray) else value for name, value in arguments.items()}
        function(*copies.values())
        for name, value in arguments.items():
            self.holds(np.array_equal(copies[name], value), f'{function.__name__}() changes its input {name} in place')
        for value in copies.values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
        try:
            function(*copies.values())
        except ValueError as error:
            self.holds('read-only' not in str(error), f'{function.__name__}() changes an input in place: {error}')
            raise


def scale(right):
    """What a tolerance is relative to: the largest number, or 1."""
    return max(np.max(np.abs(right), initial=0), 1)


def close(value, right, tolerance):
    """Whether value has the shape and, up to the tolerance, the numbers of right."""
    try:
        value, right = np.asarray(value, dtype=float), np.asarray(right, dtype=float)
    except (TypeError, ValueError):
        return False
    return value.shape == right.shape and np.allclose(value, right, rtol=0, atol=tolerance * scale(right))


def show(value, digits):
    """An array in one line."""
    return ' '.join(np.array2string(np.asarray(value), precision=digits, separator=', ', threshold=20).split())
