"""Compute the reference values of oracles.json with scikit-learn: python tests/tools/make_oracles.py

Run it where scikit-learn is installed; the project and its tests do not need it. It uses nothing of this project
but the data file. Other samples are drawn with a fixed seed, rounded, and stored beside the values.
"""
import json
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture

TESTS = Path(__file__).resolve().parents[1]
MOUSE = 'data/mouse.txt'


def samples(name):
    """The samples of a case, as stored: the mouse by its file name, others as numbers."""
    if name == 'mouse':
        return MOUSE, np.loadtxt(TESTS.parent / MOUSE, usecols=(0, 1))
    rng = np.random.RandomState(len(name))
    D, N, offset = {'line': (1, 40, 0), 'plane': (2, 40, 0), 'space': (5, 60, 0), 'far plane': (2, 40, 1000)}[name]
    X = rng.random_sample((3, D))[np.arange(N) % 3] + 0.15 * rng.standard_normal((N, D))
    X = (X + offset).round(4)
    return X.tolist(), X


def em_run(name, K, seed, iterations):
    """A whole run of GaussianMixture from the start that the sheet's EM draws with this seed."""
    stored, X = samples(name)
    D = X.shape[1]
    start = np.random.RandomState(seed).random_sample((K, D))
    model = GaussianMixture(K, weights_init=np.full(K, 1 / K), means_init=start, reg_covar=0, tol=0,
                            precisions_init=np.tile(np.eye(D) / 1.5, (K, 1, 1)), max_iter=iterations).fit(X)
    assert model.n_iter_ == iterations
    return dict(data=name, X=stored, K=K, seed=seed, iterations=iterations, start=start,
                means=model.means_, weights=model.weights_, sigmas=model.covariances_,
                log_likelihood=model.score_samples(X).sum(),
                soft_clusters=model.predict_proba(X[::10]) * np.exp(model.score_samples(X[::10]))[:, np.newaxis])


def kmeans_run(name, K, seed):
    """A whole run of KMeans from the start that the sheet's K-means draws with this seed."""
    stored, X = samples(name)
    start = X[np.random.RandomState(seed).choice(len(X), size=K, replace=False)]
    model = KMeans(K, init=start, n_init=1, algorithm='lloyd', tol=0, max_iter=300).fit(X)
    return dict(data=name, X=stored, K=K, seed=seed, start=start, centroids=model.cluster_centers_,
                labels=model.labels_, wcss=model.inertia_)


def main():
    warnings.filterwarnings('ignore')  # of scikit-learn, that EM has not converged
    oracles = {
        'versions': dict(numpy=np.__version__, scikit_learn=sklearn.__version__),
        'em': [em_run(*case) for case in (
            ('mouse', 1, 0, 3), ('mouse', 2, 1, 20), ('mouse', 3, 0, 1), ('mouse', 3, 0, 2), ('mouse', 3, 0, 60),
            ('mouse', 3, 1, 60), ('mouse', 5, 2, 40), ('line', 2, 0, 10), ('plane', 3, 1, 10), ('space', 2, 0, 5))],
        'kmeans': [kmeans_run('mouse', K, seed) for K in (1, 2, 3, 5) for seed in (0, 1, 2)]
                  + [kmeans_run(name, 3, seed) for name in ('line', 'plane', 'space', 'far plane') for seed in (0, 1)],
    }
    text = json.dumps(oracles, default=lambda value: value.tolist(), separators=(',', ':'))
    with open(TESTS / 'oracles.json', 'w', encoding='utf-8', newline='\n') as file:
        file.write(text.replace('{"data"', '\n{"data"') + '\n')  # a line for each case


if __name__ == '__main__':
    main()
