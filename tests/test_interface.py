"""The rules of the hand-in, read from the source without running it: general remarks of the sheet."""
import ast
import contextlib
import inspect

import numpy as np
import pytest

from judge.grader import FILES

SIGNATURES = {
    'main.py': {'task_kmeans': 'X', 'task_em': 'X', 'main': ''},
    'k_means.py': {'wcss': 'X, K, Z, centroids', 'closest_centroid': 'sample, centroids',
                   'compute_Z': 'X, K, centroids', 'recompute_centroids': 'X, K, Z',
                   'kmeans': 'X, K, max_iter, eps=1e-6'},
    'em.py': {'calculate_responsibilities': 'X, means, sigmas, weights',
              'update_parameters': 'X, means, sigmas, weights, responsibilities',
              'em': 'X, K, max_iter, eps=1e-2, init_variance=1.5'},
    'utils.py': {'load_data': 'filename', 'plot_original_data': 'x, y, data_labels',
                 'plot_mickey_mouse': 'X, K, ind_samples_clusters, centroids, cluster_method',
                 'plot_objective_function': "objective_function_over_its, ylabel='Objective function'"},
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
TYPES = 'None', 'int', 'float', 'bool', 'str', 'list', 'tuple', 'dict', 'set', 'np.ndarray'


def parse(folder, name, judge):
    """The syntax tree of a file of the submission, as Python 3.9 understands it."""
    path = folder / name
    judge.holds(path.exists(), f'{name} is missing')
    try:
        return ast.parse(path.read_bytes(), filename=name, feature_version=(3, 9))
    except (SyntaxError, ValueError) as error:
        judge.fail(f'{name} is no Python 3.9: {error}')


def signature(parameters, scope):
    """The signature of a function with these parameters, in which 10**-6 is 1e-6."""
    return inspect.signature(eval(f'lambda {parameters}: None', scope))


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
            if all(ast.unparse(side) in TYPES for side in (node.left, node.right)):
                yield node.lineno, f'{ast.unparse(node.left)} | {ast.unparse(node.right)}'


@pytest.mark.task('remarks')
@pytest.mark.parametrize('name', FILES)
def test_file_runs_with_python_3_9(folder, judge, name):
    for line, words in newer_syntax(parse(folder, name, judge)):
        judge.fail(f'{name} is no Python 3.9: {words} in line {line} needs Python 3.10')


@pytest.mark.task('remarks')
@pytest.mark.parametrize('name', FILES)
def test_file_keeps_the_signatures_of_the_skeleton(folder, judge, name):
    body = parse(folder, name, judge).body
    scope = {'__builtins__': {}, 'np': np, 'float': float, 'int': int}  # for defaults by the name of a constant
    for node in body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            for part in ast.walk(node):
                scope.pop(isinstance(getattr(part, 'ctx', None), ast.Store) and getattr(part, 'id', None), None)
            with contextlib.suppress(Exception):
                exec(ast.unparse(node), scope)
    functions = {node.name: node.args for node in body if isinstance(node, ast.FunctionDef)}
    for function, parameters in SIGNATURES[name].items():
        judge.holds(function in functions, f'{name}: the function {function}() is missing')
        for node in ast.walk(functions[function]):
            if isinstance(node, ast.arg):
                node.annotation = None
        right, found = signature(parameters, {}), f'({ast.unparse(functions[function])})'
        with contextlib.suppress(Exception):
            found = signature(found[1:-1], scope)
        judge.holds(found == right, f'{name}: the signature is {function}{right}, '
                                    f'and was changed to {function}{found}')


@pytest.mark.task('remarks')
@pytest.mark.parametrize('name', FILES)
def test_file_adds_no_import(folder, judge, name):
    for node in ast.walk(parse(folder, name, judge)):
        if isinstance(node, ast.Import):
            found = [f'import {ast.unparse(alias)}' for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found = [f'from {"." * node.level}{node.module or ""} import {ast.unparse(alias)}' for alias in node.names]
        else:
            called = getattr(node, 'id', None) or getattr(node, 'attr', None)
            found = [called] if called in ('__import__', 'importlib', 'import_module') else []
        for statement in found:
            judge.holds(statement in IMPORTS[name],
                        f'{name}, line {node.lineno}: additional import `{statement}`')
