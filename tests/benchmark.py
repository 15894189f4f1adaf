"""Time of kmeans and em beside scikit-learn's, for the README's table: python tests/benchmark.py

Both start from the same values, run the same number of iterations on one thread and take turns; a time is the median.
"""
import contextlib
import os
import timeit
import warnings

os.environ.update({f'{library}_NUM_THREADS': '1' for library in ('OMP', 'OPENBLAS', 'MKL', 'VECLIB')})  # before numpy

import numpy as np  # noqa: E402
from sklearn.cluster import KMeans  # noqa: E402
from sklearn.mixture import GaussianMixture  # noqa: E402

from conftest import ROOT, load, seeded  # noqa: E402

warnings.filterwarnings('ignore')  # scikit-learn's, that it has not converged
kmeans, em = load('k_means').kmeans, load('em').em
mouse = np.loadtxt(ROOT / 'data' / 'mouse.txt', usecols=(0, 1))
print(f'{"":8}{"N":>8}{"D":>4}{"K":>4}{"ms":>10}{"sklearn ms":>12}{"ratio":>7}')
for N, D, K, turns in (500, 2, 3, 31), (20_000, 2, 3, 15), (500_000, 2, 3, 5), (20_000, 10, 8, 5):
    rng = np.random.RandomState(0)
    X = rng.normal(size=(N, D)) if D > 2 else mouse if N == 500 else (
        mouse[rng.randint(500, size=N)] + rng.normal(0, 0.01, (N, 2)))
    start = X[seeded(0, np.random.choice, N, size=K, replace=False)]
    clusters = KMeans(K, init=start, n_init=1, tol=0, max_iter=10).fit(X)
    mixture = GaussianMixture(K, weights_init=np.full(K, 1 / K), means_init=seeded(0, np.random.random, (K, D)), tol=0,
                              precisions_init=np.tile(np.eye(D) / 1.5, (K, 1, 1)), reg_covar=0, max_iter=20)
    for fit, theirs, iterations in (kmeans, clusters, clusters.n_iter_), (em, mixture, 20):
        with contextlib.redirect_stdout(None):
            times = [[timeit.timeit(function, number=1) for function in (
                lambda: seeded(0, fit, X, K, iterations, eps=-1), lambda: theirs.fit(X))] for _ in range(turns + 1)]
        own, other = 1e3 * np.median(times[1:], axis=0)  # the first turn warms up
        print(f'{fit.__name__:8}{N:>8}{D:>4}{K:>4}{own:>10.2f}{other:>12.2f}{own / other:>7.2f}')
