"""The rules of the hand-in, read from the source without running it: general remarks of the sheet."""
import ast

import numpy as np
import pytest

from judge.grader import FILES

# Each function with its parameters, and the defaults of the last ones.
SIGNATURES = {
    'main.py': {'task_kmeans': ('X',), 'task_em': ('X',), 'main': ()},
    'k_means.py': {
        'wcss': ('X', 'K', 'Z', 'centroids'),
        'closest_centroid': ('sample', 'centroids'),
        'compute_Z': ('X', 'K', 'centroids'),
        'recompute_centroids': ('X', 'K', 'Z'),
        'kmeans': ('X', 'K', 'max_iter', ('eps', 1e-6))},
    'em.py': {
        'calculate_responsibilities': ('X', 'means', 'sigmas', 'weights'),
        'update_parameters': ('X', 'means', 'sigmas', 'weights', 'responsibilities'),
        'em': ('X', 'K', 'max_iter', ('eps', 1e-2), ('init_variance', 1.5))},
    'utils.py': {
        'load_data': ('filename',),
        'plot_original_data': ('x', 'y', 'data_labels'),
        'plot_mickey_mouse': ('X', 'K', 'ind_samples_clusters', 'centroids', 'cluster_method'),
        'plot_objective_function': ('objective_function_over_its', ('ylabel', 'Objective function'))},
}

NUMPY, TUPLE = 'import numpy as np', 'from typing import Tuple'
IMPORTS = {
    'main.py': {NUMPY, 'from k_means import kmeans', 'from em import em', 'from utils import load_data',
                'from utils import plot_original_data', 'from utils import plot_mickey_mouse',
                'from utils import plot_objective_function'},
    'k_means.py': {NUMPY, TUPLE},
    'em.py': {NUMPY, TUPLE, 'from scipy.stats import multivariate_normal'},
    'utils.py': {NUMPY, 'import matplotlib.pyplot as plt'},
}


def parse(folder, name, judge):
    """The syntax tree of a file of the submission, as Python 3.9 understands it."""
    path = folder / name
    judge.holds(path.exists(), f'{name} is missing')
    try:
        return ast.parse(path.read_bytes(), filename=name, feature_version=(3, 9))
    except (SyntaxError, ValueError) as error:
        judge.fail(f'{name} is no Python 3.9: {error}')


def parameters(function, constants):
    """The parameters of a function definition: names, or pairs of a name and its default."""
    a = function.args
    names = [arg.arg for arg in getattr(a, 'posonlyargs', []) + a.args]
    plain = len(names) - len(a.defaults)
    found = names[:plain] + [(name, value_of(node, constants)) for name, node in zip(names[plain:], a.defaults)]
    found += [f'*{a.vararg.arg}'] if a.vararg else []
    found += [(arg.arg, value_of(node, constants)) if node else arg.arg
              for arg, node in zip(a.kwonlyargs, a.kw_defaults)]
    found += [f'**{a.kwarg.arg}'] if a.kwarg else []
    return tuple(found)


def value_of(node, constants):
    """The value of a default: 1e-6, 10**-6, np.float64(1e-6) or a constant's name; else its class of syntax."""
    try:
        return eval(compile(ast.Expression(node), 'default', 'eval'), {'__builtins__': {}, 'np': np, **constants})
    except Exception:
        return type(node).__name__


def show(signature):
    """A signature as it is written."""
    return ', '.join(p if isinstance(p, str) else f'{p[0]}={p[1]!r}' for p in signature)


TYPES = 'None', 'int', 'float', 'bool', 'str', 'list', 'tuple', 'dict', 'set', 'np.ndarray'


def newer_syntax(tree):
    """Line and words for what Python 3.9 reads and then cannot run. Only what is certain is found."""
    postponed = any(isinstance(node, ast.ImportFrom) and node.module == '__future__' for node in tree.body)
    unevaluated = set()
    for node in ast.walk(tree):
        local = isinstance(node, ast.FunctionDef)
        skipped = [part.annotation for part in ast.walk(node) if isinstance(part, ast.AnnAssign)] if local else []
        skipped += [getattr(node, 'annotation', None), getattr(node, 'returns', None)] if postponed else []
        unevaluated.update(id(part) for root in skipped if root for part in ast.walk(root))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, 'id', '') == 'zip' and 'strict' in [
                keyword.arg for keyword in node.keywords]:
            yield node.lineno, 'zip(strict=...)'
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr) and id(node) not in unevaluated:
            if all(written(side) in TYPES for side in (node.left, node.right)):
                yield node.lineno, f'{written(node.left)} | {written(node.right)}'


def written(node):
    """A name, np.name or None, as it is written."""
    name = str(node.value) if isinstance(node, ast.Constant) else getattr(node, 'id', '')
    return f'np.{node.attr}' if isinstance(node, ast.Attribute) and getattr(node.value, 'id', '') == 'np' else name


@pytest.mark.task('remarks')
@pytest.mark.parametrize('name', FILES)
def test_file_runs_with_python_3_9(folder, judge, name):
    for line, words in newer_syntax(parse(folder, name, judge)):
        judge.fail(f'{name} is no Python 3.9: {words} in line {line} needs Python 3.10')


@pytest.mark.task('remarks')
@pytest.mark.parametrize('name', FILES)
def test_file_keeps_the_signatures_of_the_skeleton(folder, judge, name):
    body, constants = parse(folder, name, judge).body, {}
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            constants[node.targets[0].id] = value_of(node.value, constants)
    functions = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}
    for function, signature in SIGNATURES[name].items():
        judge.holds(function in functions, f'{name}: the function {function}() is missing')
        found = parameters(functions[function], constants)
        judge.holds(found == signature, f'{name}: the signature is {function}({show(signature)}), '
                                        f'and was changed to {function}({show(found)})')


@pytest.mark.task('remarks')
@pytest.mark.parametrize('name', FILES)
def test_file_adds_no_import(folder, judge, name):
    for node in ast.walk(parse(folder, name, judge)):
        if isinstance(node, ast.Import):
            found = [f'import {alias.name}' + (f' as {alias.asname}' if alias.asname else '') for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found = [f'from {"." * node.level}{node.module or ""} import {alias.name}'
                     + (f' as {alias.asname}' if alias.asname else '') for alias in node.names]
        else:
            called = getattr(node, 'id', None) or getattr(node, 'attr', None)
            found = [called] if called in ('__import__', 'importlib', 'import_module') else []
        for statement in found:
            judge.holds(statement in IMPORTS[name],
                        f'{name}, line {node.lineno}: additional import `{statement}`')
