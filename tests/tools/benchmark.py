"""Time and memory of kmeans, em and main.py, side by side with scikit-learn.

Run `python tests/tools/benchmark.py`. The ratios need scikit-learn, which is not a
package of this project; without it the rest is printed. Both sides start from
the same values, run the same number of iterations and take turns; a time is
the median of several runs.
"""
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
import warnings
from pathlib import Path

for library in ('OMP', 'OPENBLAS', 'MKL', 'VECLIB'):
    os.environ.setdefault(f'{library}_NUM_THREADS', '1')  # before numpy is loaded; main.py gets it, too

import numpy as np  # noqa: E402

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))
import em  # noqa: E402
import k_means  # noqa: E402
import utils  # noqa: E402

try:
    from sklearn.cluster import KMeans
    from sklearn.mixture import GaussianMixture
except ImportError:
    KMeans = GaussianMixture = None

KMEANS_ITERATIONS, EM_ITERATIONS = 10, 20
SEED = 0
SIZES = [(500, 2, 3, 31), (20_000, 2, 3, 15), (500_000, 2, 3, 5), (20_000, 10, 8, 5)]  # N, D, K, runs
TRIVIAL = """
import sys
import numpy
import matplotlib.pyplot as plt
for number in range(7):
    fig, ax = plt.subplots(figsize=(5.1, 3.5))
    ax.plot([0, 1])
    fig.savefig(f'{sys.argv[1]}/{number}.pdf')
    fig.savefig(f'{sys.argv[1]}/{number}.png', dpi=200)
    plt.close(fig)
"""


def samples(N, D):
    """The mouse, resampled with a small jitter above N = 500; normal numbers where D is not 2."""
    x, y, _ = utils.load_data(PROJECT / 'data' / 'mouse.txt')
    mouse = np.stack((x, y), axis=1)
    rng = np.random.RandomState(SEED)
    if D != 2:
        return rng.normal(size=(N, D))
    return mouse if N == len(mouse) else mouse[rng.randint(len(mouse), size=N)] + rng.normal(0, 0.01, (N, D))


def side_by_side(functions, runs):
    """Median seconds of each function, called in turns; one more turn first, to warm up."""
    seconds = []
    for _ in range(runs + 1):
        seconds.append([])
        for function in functions:
            start = time.perf_counter()
            function()
            seconds[-1].append(time.perf_counter() - start)
    return np.median(seconds[1:], axis=0)


def peak_memory(function):
    """Largest size in bytes of what the function allocates."""
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def kmeans_pair(X, K):
    """Our kmeans and scikit-learn's from the same rows, each with as many iterations as the other."""
    def ours():
        np.random.seed(SEED)
        return k_means.kmeans(X, K, iterations, eps=-1)

    iterations = KMEANS_ITERATIONS
    np.random.seed(SEED)
    start = X[np.random.choice(len(X), size=K, replace=False)]
    if KMeans is None:
        return [ours], iterations
    theirs = KMeans(K, n_init=1, init=start, algorithm='lloyd', tol=0, max_iter=iterations)
    iterations = theirs.fit(X).n_iter_  # fewer, where nothing changes any more
    return [ours, lambda: theirs.fit(X)], iterations


def em_pair(X, K):
    """Our em and scikit-learn's from the same parameters, for the same number of iterations."""
    def ours():
        np.random.seed(SEED)
        return em.em(X, K, EM_ITERATIONS, eps=-1)

    np.random.seed(SEED)
    means = np.random.random((K, X.shape[1]))
    if GaussianMixture is None:
        return [ours], EM_ITERATIONS
    theirs = GaussianMixture(K, weights_init=np.full(K, 1 / K), means_init=means, reg_covar=0, tol=0,
                             precisions_init=np.tile(np.eye(X.shape[1]) / 1.5, (K, 1, 1)), max_iter=EM_ITERATIONS)
    assert theirs.fit(X).n_iter_ == EM_ITERATIONS
    return [ours, lambda: theirs.fit(X)], EM_ITERATIONS


def main():
    warnings.filterwarnings('ignore', message='.*did not converge')  # scikit-learn's, at the cap
    warnings.filterwarnings('ignore', message='Number of distinct clusters')
    em.print = k_means.print = lambda *args, **kwargs: None  # what they print is not timed
    if KMeans is None:
        print('scikit-learn is not installed: no ratios.')
    print(f'threads of BLAS and OpenMP, on both sides: {os.environ["OMP_NUM_THREADS"]} '
          '(OMP_NUM_THREADS and the like change it)')
    print('memory: peak beside X, in arrays of N x max(K, D) float64')
    print(f'{"":8}{"N":>8} {"D":>3} {"K":>3} {"iter.":>6} {"ms":>9} {"ns/(N iter.)":>13} '
          f'{"memory":>7} {"sklearn ms":>11} {"ratio":>6}')
    for name, pair in (('kmeans', kmeans_pair), ('em', em_pair)):
        for N, D, K, runs in SIZES:
            X = samples(N, D)
            functions, iterations = pair(X, K)
            ours, *theirs = side_by_side(functions, runs)
            memory = peak_memory(functions[0]) / (8 * N * max(K, D))
            compared = ''.join(f' {1e3 * t:11.2f} {ours / t:6.2f}' for t in theirs)
            print(f'{name:8}{N:8} {D:3} {K:3} {iterations:6} {1e3 * ours:9.2f} '
                  f'{1e9 * ours / N / iterations:13.1f} {memory:7.1f}{compared}')
    with tempfile.TemporaryDirectory() as folder:
        commands = [[sys.executable, str(PROJECT / 'main.py')], [sys.executable, '-c', TRIVIAL, folder]]
        ours, trivial = side_by_side(
            [lambda command=command: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
             for command in commands], 11)
    print(f'main.py {ours:.2f} s, a script that saves as many trivial figures {trivial:.2f} s, '
          f'ratio {ours / trivial:.2f}')


if __name__ == '__main__':
    main()
