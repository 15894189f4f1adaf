"""Whether a function of a submission was begun, or is as the skeleton left it."""
import ast
import inspect
import textwrap
from functools import lru_cache


@lru_cache(maxsize=None)
def begun(function):
    """False where the source never reads an array that the function is given, but to select a start from it."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
        names = {argument.arg for argument in tree.args.args} - {'K', 'max_iter', 'eps', 'init_variance'}
    except (OSError, TypeError, SyntaxError, AttributeError):
        return True
    return any(reads(node, names) for node in tree.body if not selects(node))


def selects(node):
    """Whether a statement is the start of the skeleton: `centroids = X[rows]`, or a draw from np.random."""
    value = isinstance(node, ast.Assign) and node.value
    rows = getattr(value, 'slice', None)
    rows = rows.elts[0] if isinstance(rows, ast.Tuple) else rows
    return isinstance(rows, ast.Name) or value and "attr='random'" in ast.dump(value)


def reads(node, names):
    """Whether a name is read: not for its shape alone, in an assert or a print, or to give it back."""
    if isinstance(node, ast.Return) and isinstance(node.value, (ast.Name, ast.Tuple)):
        if all(isinstance(part, ast.Name) for part in getattr(node.value, 'elts', [])):
            return False
    called = isinstance(node, ast.Call) and getattr(node.func, 'id', getattr(node.func, 'attr', None))
    if (isinstance(node, ast.Assert) or called in ('len', 'print', 'zeros_like', 'empty_like')
            or isinstance(node, ast.Attribute) and node.attr == 'shape'):
        return False
    return isinstance(node, ast.Name) and node.id in names or any(
        reads(child, names) for child in ast.iter_child_nodes(node))
