"""Whether a function of a submission was begun, or is as the skeleton left it."""
import ast
import contextlib
import inspect
import textwrap

import numpy as np

from judge.grader import within

X = np.array([[0., 0], [1, 2], [5, 5], [6, 7]])
Z, PLACES = np.eye(2)[[0, 0, 1, 1]], np.array([[9., 9], [1, 1]])
SIGMAS, WEIGHTS = np.array([np.eye(2)] * 2), np.array([0.25, 0.75])
# task: module, function, arguments for which no right value is zero
TRIALS = {
    '1.1.1': ('k_means', 'wcss', (X, 2, Z, PLACES)),
    '1.1.2': ('k_means', 'closest_centroid', (X[0], PLACES)),
    '1.1.3': ('k_means', 'compute_Z', (X, 2, PLACES)),
    '1.1.4': ('k_means', 'recompute_centroids', (X, 2, Z)),
    '1.1.5': ('k_means', 'kmeans', (X, 2, 5)),
    '1.2.1': ('em', 'calculate_responsibilities', (X, PLACES, SIGMAS, WEIGHTS)),
    '1.2.2': ('em', 'update_parameters', (X, PLACES, SIGMAS, WEIGHTS, Z)),
    '1.2.3': ('em', 'em', (X, 2, 5)),
}


def begun(task, module, limit):
    """False where the function raises NotImplementedError, or where it never reads its data and returns nothing."""
    _, name, arguments = TRIALS[task]
    function = getattr(module, name, None)
    if not callable(function):
        return True
    try:
        value = within(limit, function, *[np.copy(a) if isinstance(a, np.ndarray) else a for a in arguments])
    except NotImplementedError:
        return False
    except TimeoutError:
        return True
    except Exception:
        value = None
    if name in ('kmeans', 'em') and isinstance(value, (tuple, list)) and value:
        value = value[-1]  # the start is given: the objective tells
    return not nothing(value, arguments) or reads_data(function, loops=name in ('kmeans', 'em'))


def nothing(value, arguments):
    """Whether a value is None, zero, empty, or an argument given back; or a tuple of such."""
    if isinstance(value, (tuple, list)):
        return all(nothing(part, arguments) for part in value)
    with contextlib.suppress(TypeError, ValueError):
        return value is None or not np.any(np.asarray(value, dtype=float)) or any(
            isinstance(a, np.ndarray) and np.array_equal(value, a) for a in arguments)
    return False


def reads_data(function, loops):
    """Whether the source reads an array that it is given: in a loop, if so asked."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
        names = {argument.arg for argument in tree.args.args} - {'K', 'max_iter', 'eps', 'init_variance'}
    except (OSError, TypeError, SyntaxError, AttributeError):
        return True
    parts = [node for node in ast.walk(tree) if isinstance(node, (ast.For, ast.While))] if loops else tree.body
    return any(reads(node, names) for node in parts)


def reads(node, names):
    """Whether a name is read: not for its shape alone, in an assert or a print, or to give it back."""
    given_back = isinstance(node, ast.Return) and isinstance(node.value, (ast.Name, ast.Tuple))
    shape = isinstance(node, ast.Attribute) and node.attr == 'shape'
    called = isinstance(node, ast.Call) and getattr(node.func, 'id', getattr(node.func, 'attr', None))
    if given_back and all(isinstance(part, ast.Name) for part in getattr(node.value, 'elts', [])):
        return False
    if shape or isinstance(node, ast.Assert) or called in ('len', 'print', 'zeros_like', 'empty_like'):
        return False
    if isinstance(node, ast.Name):
        return node.id in names
    return any(reads(child, names) for child in ast.iter_child_nodes(node))
