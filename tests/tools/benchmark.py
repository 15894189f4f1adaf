"""Time of kmeans and em beside scikit-learn's: python tests/tools/benchmark.py

Run it where scikit-learn is installed; the project does not need it. Both sides start from the same values, run
the same number of iterations and take turns; a time is the median of several runs.
"""
import os
import sys
import timeit
import warnings
from pathlib import Path

for library in ('OMP', 'OPENBLAS', 'MKL', 'VECLIB'):
    os.environ.setdefault(f'{library}_NUM_THREADS', '1')  # before numpy is loaded

import numpy as np  # noqa: E402
from sklearn.cluster import KMeans  # noqa: E402
from sklearn.mixture import GaussianMixture  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
import em  # noqa: E402
import k_means  # noqa: E402

KMEANS_ITERATIONS, EM_ITERATIONS = 10, 20
SIZES = [(500, 2, 3, 31), (20_000, 2, 3, 15), (500_000, 2, 3, 5), (20_000, 10, 8, 5)]  # N, D, K, runs


def samples(N, D):
    """The mouse, resampled with a small jitter above N = 500; normal numbers where D is not 2."""
    mouse, rng = np.loadtxt(ROOT / 'data' / 'mouse.txt', usecols=(0, 1)), np.random.RandomState(0)
    if D != 2:
        return rng.normal(size=(N, D))
    return mouse if N == len(mouse) else mouse[rng.randint(len(mouse), size=N)] + rng.normal(0, 0.01, (N, D))


def seeded(function, *args, **kwargs):
    np.random.seed(0)
    return function(*args, **kwargs)


def kmeans_pair(X, K):
    """Both as functions, and their iterations: fewer than asked for, where nothing changes any more."""
    start = X[seeded(np.random.choice, len(X), size=K, replace=False)]
    theirs = KMeans(K, n_init=1, init=start, algorithm='lloyd', tol=0, max_iter=KMEANS_ITERATIONS)
    iterations = theirs.fit(X).n_iter_
    return lambda: seeded(k_means.kmeans, X, K, iterations, eps=-1), lambda: theirs.fit(X), iterations


def em_pair(X, K):
    """Both as functions, and their iterations."""
    D = X.shape[1]
    theirs = GaussianMixture(K, weights_init=np.full(K, 1 / K), means_init=seeded(np.random.random, (K, D)),
                             precisions_init=np.tile(np.eye(D) / 1.5, (K, 1, 1)), reg_covar=0, tol=0,
                             max_iter=EM_ITERATIONS)
    assert theirs.fit(X).n_iter_ == EM_ITERATIONS
    return lambda: seeded(em.em, X, K, EM_ITERATIONS, eps=-1), lambda: theirs.fit(X), EM_ITERATIONS


def main():
    warnings.filterwarnings('ignore')  # scikit-learn's, that it has not converged
    em.print = k_means.print = lambda *args, **kwargs: None  # what they print is not timed
    print(f'threads of BLAS and OpenMP, on both sides: {os.environ["OMP_NUM_THREADS"]} '
          '(OMP_NUM_THREADS and the like change it)')
    row = '{:8}{:>8}{:>4}{:>4}{:>7}{:>10}{:>12}{:>7}'.format
    print(row('', 'N', 'D', 'K', 'iter.', 'ms', 'sklearn ms', 'ratio'))
    for name, pair in (('kmeans', kmeans_pair), ('em', em_pair)):
        for N, D, K, runs in SIZES:
            ours, theirs, iterations = pair(samples(N, D), K)
            turns = [[timeit.timeit(function, number=1) for function in (ours, theirs)] for _ in range(runs + 1)]
            own, other = 1e3 * np.median(turns[1:], axis=0)  # the first turn warms up
            print(row(name, N, D, K, iterations, f'{own:.2f}', f'{other:.2f}', f'{own / other:.2f}'))


if __name__ == '__main__':
    main()
