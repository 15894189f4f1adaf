"""The rules of the hand-in, read from the source without running it: general remarks of the sheet."""
import ast

import pytest

FILES = 'main.py', 'k_means.py', 'em.py', 'utils.py'

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


def parameters(function):
    """The parameters of a function definition: names, or pairs of a name and its default."""
    a = function.args
    names = [arg.arg for arg in getattr(a, 'posonlyargs', []) + a.args]
    plain = len(names) - len(a.defaults)
    found = names[:plain] + list(zip(names[plain:], map(value_of, a.defaults)))
    found += [f'*{a.vararg.arg}'] if a.vararg else []
    found += [(arg.arg, value_of(default)) if default else arg.arg for arg, default in zip(a.kwonlyargs, a.kw_defaults)]
    found += [f'**{a.kwarg.arg}'] if a.kwarg else []
    return tuple(found)


def value_of(node):
    """The value of a constant, else its class of syntax."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        return type(node).__name__


def show(signature):
    """A signature as it is written."""
    return ', '.join(p if isinstance(p, str) else f'{p[0]}={p[1]!r}' for p in signature)


@pytest.mark.task('remarks')
@pytest.mark.parametrize('name', FILES)
def test_file_is_there_and_is_python_3_9(folder, judge, name):
    parse(folder, name, judge)


@pytest.mark.task('remarks')
@pytest.mark.parametrize('name', FILES)
def test_file_keeps_the_signatures_of_the_skeleton(folder, judge, name):
    functions = {node.name: node for node in parse(folder, name, judge).body if isinstance(node, ast.FunctionDef)}
    for function, signature in SIGNATURES[name].items():
        judge.holds(function in functions, f'{name}: the function {function}() is missing')
        found = parameters(functions[function])
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
