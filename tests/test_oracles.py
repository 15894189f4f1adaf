"""Our equations against values of scipy and scikit-learn (oracles.json, made by tests/tools/make_oracles.py)."""
import json
import pathlib

import numpy as np
import pytest

from em import calculate_responsibilities, em, update_parameters
from k_means import kmeans, wcss

TESTS = pathlib.Path(__file__).resolve().parent
ORACLES = json.loads((TESTS / 'oracles.json').read_text(encoding='utf-8'))


def cases(kind):
    """The cases of one kind, arrays as arrays and the mouse read from its file."""
    params = []
    for case in ORACLES[kind]:
        arrays = {key: np.array(value) if isinstance(value, list) else value for key, value in case.items()}
        if isinstance(case['X'], str):
            arrays['X'] = np.loadtxt(TESTS.parent / case['X'], usecols=(0, 1))
        numbers = [f'{key} {case[key]}' for key in ('K', 'seed', 'iterations') if key in case]
        params.append(pytest.param(arrays, id=', '.join([case['data'], *numbers])))
    return params


@pytest.mark.parametrize('case', cases('steps'))
def test_calculate_responsibilities_equals_scipy(case):
    gamma = calculate_responsibilities(*(case[key] for key in ('X', 'means', 'sigmas', 'weights')))
    np.testing.assert_allclose(gamma, case['responsibilities'], rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize('case', cases('steps'))
def test_log_odds_of_two_components_equal_scipy(case):
    """Two components with equal weights: log gamma_0 / gamma_1 is the difference of log densities."""
    for k in range(1, len(case['means'])):
        pair = [0, k]
        gamma = calculate_responsibilities(case['X'], case['means'][pair], case['sigmas'][pair], np.full(2, 0.5))
        expected = case['log_densities'][:, 0] - case['log_densities'][:, k]
        comparable = np.abs(expected) < 500  # both above the smallest float
        assert comparable.any()
        np.testing.assert_allclose(np.log(gamma[comparable, 0] / gamma[comparable, 1]), expected[comparable],
                                   rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize('case', cases('steps'))
def test_update_parameters_equals_scikit_learn(case):
    old = [case[key] for key in ('means', 'sigmas', 'weights')]
    means, sigmas, weights = update_parameters(case['X'], *old, case['responsibilities'])
    np.testing.assert_allclose(means, case['new_means'], rtol=1e-12)
    np.testing.assert_allclose(sigmas, case['new_sigmas'], rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(weights, case['new_weights'], rtol=1e-12)


@pytest.mark.parametrize('case', cases('em'))
def test_em_equals_scikit_learn(case):
    np.random.seed(case['seed'])
    np.testing.assert_array_equal(np.random.random(case['start'].shape), case['start'])
    np.random.seed(case['seed'])
    means, soft_clusters, objective = em(case['X'], case['K'], case['iterations'], eps=0)
    assert len(objective) == case['iterations']
    np.testing.assert_allclose(means, case['means'], rtol=1e-8)
    np.testing.assert_allclose(soft_clusters[::10], case['soft_clusters'], rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(objective[-1], case['log_likelihood'], rtol=1e-10)
    gamma = soft_clusters / soft_clusters.sum(axis=1, keepdims=True)
    fitted = [case[key] for key in ('means', 'sigmas', 'weights')]
    np.testing.assert_allclose(gamma, calculate_responsibilities(case['X'], *fitted), rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize('case', cases('kmeans'))
def test_kmeans_equals_scikit_learn(case):
    np.random.seed(case['seed'])
    rows = np.random.choice(len(case['X']), size=case['K'], replace=False)
    np.testing.assert_array_equal(case['X'][rows], case['start'])
    np.random.seed(case['seed'])
    Z, centroids, objective = kmeans(case['X'], case['K'], 300, eps=1e-12)
    np.testing.assert_array_equal(Z.argmax(axis=1), case['labels'])
    np.testing.assert_allclose(centroids, case['centroids'], rtol=1e-10)
    np.testing.assert_allclose(objective[-1], case['wcss'], rtol=1e-9)
    np.testing.assert_allclose(wcss(case['X'], case['K'], np.eye(case['K'])[case['labels']], case['centroids']),
                               case['wcss'], rtol=1e-9)
