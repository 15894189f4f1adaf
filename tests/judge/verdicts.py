"""What the graded tests say: each verdict in words, with the task that it is about."""
import numpy as np
import pytest


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
