"""Whether a function of a submission looks begun, or is as the skeleton left it."""
import ast
import inspect
import textwrap
from functools import lru_cache


@lru_cache(maxsize=None)
def begun(function):
    """False where the source never reads an array that it is given; of kmeans() and em(), in a loop or a helper."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
        arguments = {argument.arg for argument in tree.args.args}
    except (OSError, TypeError, SyntaxError, AttributeError):
        return True
    names = arguments - {'K', 'max_iter', 'eps', 'init_variance'}
    parts = [node for node in ast.walk(tree) if isinstance(node, (ast.For, ast.While, ast.FunctionDef))
             and node is not tree] if 'max_iter' in arguments else []
    return not names or any(reads(node, names) for node in parts or tree.body)


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
