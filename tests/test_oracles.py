"""Our equations against values of scikit-learn (oracles.json, made by tests/tools/make_oracles.py)."""
import json
from pathlib import Path

import numpy as np
import pytest

from conftest import seeded
from em import calculate_responsibilities, em
from k_means import kmeans, wcss

TESTS = Path(__file__).resolve().parent
ORACLES = json.loads((TESTS / 'oracles.json').read_text(encoding='utf-8'))


def cases(kind):
    """The cases of one kind, arrays as arrays and the mouse read from its file."""
    for case in ORACLES[kind]:
        arrays = {key: np.array(value) if isinstance(value, list) else value for key, value in case.items()}
        if isinstance(case['X'], str):
            arrays['X'] = np.loadtxt(TESTS.parent / case['X'], usecols=(0, 1))
        numbers = [f'{key} {case[key]}' for key in ('K', 'seed', 'iterations') if key in case]
        yield pytest.param(arrays, id=', '.join([case['data'], *numbers]))


@pytest.mark.parametrize('case', list(cases('em')))
def test_em_equals_scikit_learn(case):
    np.testing.assert_array_equal(seeded(case['seed'], np.random.random, case['start'].shape), case['start'])
    means, soft_clusters, objective = seeded(case['seed'], em, case['X'], case['K'], case['iterations'], eps=0)
    assert len(objective) == case['iterations']
    np.testing.assert_allclose(means, case['means'], rtol=1e-8)
    np.testing.assert_allclose(soft_clusters[::10], case['soft_clusters'], rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(objective[-1], case['log_likelihood'], rtol=1e-10)
    gamma = soft_clusters / soft_clusters.sum(axis=1, keepdims=True)
    fitted = [case[key] for key in ('means', 'sigmas', 'weights')]
    np.testing.assert_allclose(gamma, calculate_responsibilities(case['X'], *fitted), rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize('case', list(cases('kmeans')))
def test_kmeans_equals_scikit_learn(case):
    X, K = case['X'], case['K']
    rows = seeded(case['seed'], np.random.choice, len(X), size=K, replace=False)
    np.testing.assert_array_equal(X[rows], case['start'])
    Z, centroids, objective = seeded(case['seed'], kmeans, X, K, 300, eps=1e-12)
    np.testing.assert_array_equal(Z.argmax(axis=1), case['labels'])
    np.testing.assert_allclose(centroids, case['centroids'], rtol=1e-10)
    np.testing.assert_allclose(objective[-1], case['wcss'], rtol=1e-9)
    np.testing.assert_allclose(wcss(X, K, np.eye(K)[case['labels']], case['centroids']), case['wcss'], rtol=1e-9)
