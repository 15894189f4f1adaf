"""Run K-means and EM some thousands of times on awkward data and check every result.

    python tests/stress.py [SEEDS]

Each data set is fitted with several K and SEEDS random starts (default 40: about two minutes).
numpy's floating point errors and all warnings are exceptions here. What a run
returned is compared with the same quantity in extended precision (np.longdouble,
which is 80 bits wide on most machines). The table counts, for each data set,
fits, collapses (EM ended by LinAlgError, which is right where a covariance
really is singular) and violations; with any violation the exit status is 1.
"""
import contextlib
import io
import pathlib
import sys
import warnings

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
if __name__ == '__main__':
    sys.path.insert(0, str(ROOT))

from em import calculate_responsibilities, em, update_parameters  # noqa: E402
from k_means import closest_centroid, kmeans  # noqa: E402

CLUSTERS = (1, 2, 3, 5, 10)
MAX_ITER = 500
EPS = np.finfo(float).eps


# ---------------------------------------------------------------- the data sets

def mouse():
    return np.loadtxt(ROOT / 'data' / 'mouse.txt', usecols=(0, 1))


def blobs(random, D=2, N=90, spread=0.05):
    """Three groups of samples around random places of the unit cube."""
    return random.random_sample((3, D))[np.arange(N) % 3] + spread * random.standard_normal((N, D))


def with_column(X, column):
    return np.column_stack((X, column))


def with_outlier(X, distance):
    return np.vstack((X, np.full((1, X.shape[1]), distance)))


# Each entry makes its data from a random state, and from nothing else.
DATA_SETS = {
    'mouse': lambda r: mouse(),
    'three blobs': blobs,
    'uniform': lambda r: r.random_sample((80, 2)),
    'repeated points': lambda r: np.repeat(r.random_sample((5, 2)), 20, axis=0),
    'repeated points at 1e8': lambda r: np.repeat(1e8 * r.random_sample((5, 2)), 20, axis=0),
    'nearly all equal': lambda r: np.vstack((np.full((60, 2), 0.1), r.random_sample((6, 2)))),
    'one point, repeated': lambda r: np.tile(r.random_sample((1, 2)), (30, 1)),
    'integer grid': lambda r: np.indices((7, 7)).reshape(2, -1).T.astype(float),
    'integers, repeated': lambda r: r.randint(0, 4, (120, 2)).astype(float),
    'zeros and ones': lambda r: r.randint(0, 2, (100, 4)).astype(float),
    'constant column': lambda r: with_column(blobs(r), np.full(90, 0.1)),
    'duplicated column': lambda r: blobs(r)[:, [0, 1, 0]],
    'dependent column': lambda r: blobs(r) @ np.array([[1, 0, 1], [0, 1, 1]]),
    'points on a line': lambda r: np.outer(r.random_sample(60), [1.0, 0.7]) + 0.1,
    'outlier at 1e2': lambda r: with_outlier(blobs(r), 1e2),
    'outlier at 1e3': lambda r: with_outlier(blobs(r), 1e3),
    'outlier at 1e6': lambda r: with_outlier(blobs(r), 1e6),
    'two blobs 1e8 apart': lambda r: r.random_sample((80, 2)) + 1e8 * (np.arange(80) % 2)[:, np.newaxis],
    'heavy tails': lambda r: r.standard_cauchy((80, 2)),
    'scales 1e-60 and 1': lambda r: blobs(r) * [1e-60, 1],
    'scale 1e-8': lambda r: 1e-8 * blobs(r),
    'scale 1e8': lambda r: 1e8 * blobs(r),
    'shift 1e8': lambda r: 1e8 + blobs(r),
    'one dimension': lambda r: blobs(r, D=1),
    'five dimensions': lambda r: blobs(r, D=5),
    'more dimensions than points': lambda r: r.random_sample((10, 15)),
}


# ---------------------------------------------------------------- extended precision

def wide(array):
    return np.asarray(array, dtype=np.longdouble)


def wide_moments(X, responsibilities):
    """Means (K, D) and covariances (K, D, D) of Eqs. (6) and (7), from the definition."""
    X, share = wide(X), wide(responsibilities)
    share = share / share.sum(axis=0)
    means = share.T @ X
    deviations = X - means[:, np.newaxis]  # (K, N, D)
    return means, np.einsum('nk,knd,kne->kde', share, deviations, deviations)


def wide_cholesky(sigma):
    """The factor L and the pivots; a pivot that is not positive ends the factorisation."""
    D = len(sigma)
    L, pivots = np.zeros((D, D), dtype=np.longdouble), np.zeros(D, dtype=np.longdouble)
    for j in range(D):
        pivots[j] = sigma[j, j] - L[j, :j] @ L[j, :j]
        if not pivots[j] > 0:
            break
        L[j, j] = np.sqrt(pivots[j])
        for i in range(j + 1, D):
            L[i, j] = (sigma[i, j] - L[i, :j] @ L[j, :j]) / L[j, j]
    return L, pivots


def wide_log_likelihood(X, means, sigmas, weights):
    """Eq. (9) as it stands, with each triangular system solved by substitution."""
    X, D, terms = wide(X), X.shape[1], []
    for mean, sigma, weight in zip(wide(means), wide(sigmas), wide(weights)):
        if weight == 0:
            continue
        L, pivots = wide_cholesky(sigma)
        solution = np.zeros_like(X.T)
        for j in range(D):
            solution[j] = ((X[:, j] - mean[j]) - L[j, :j] @ solution[:j]) / L[j, j]
        terms.append(np.log(weight) - (D * np.log(2 * wide(np.pi)) + np.log(pivots).sum()
                                       + (solution**2).sum(axis=0)) / 2)
    top = np.max(terms, axis=0)
    return (top + np.log(np.exp(terms - top).sum(axis=0))).sum()


# ---------------------------------------------------------------- the checks

def check_kmeans(X, K, seed):
    """One run of K-means: yields what is wrong with it."""
    np.random.seed(seed)
    Z, centroids, objective = kmeans(X, K, MAX_ITER)
    distinct = len(np.unique(X, axis=0))
    noise = X.size * (4 * EPS * np.abs(X).max())**2  # the WCSS of means that are off by rounding
    if not (np.isfinite(centroids).all() and np.isfinite(objective).all()):
        yield 'not finite'
    if not (np.isin(Z, (0, 1)).all() and (Z.sum(axis=1) == 1).all()):
        yield 'a row of Z is not one-hot'
    if len(objective) == 2 * MAX_ITER:
        yield 'did not stop'
    if (np.diff(objective) > 1e-12 * objective[:-1] + noise).any():
        yield 'WCSS rises'
    exact = ((wide(X) - wide(centroids)[Z.argmax(axis=1)])**2).sum()
    if not abs(objective[-1] - exact) <= 1e-12 * exact:
        yield 'last WCSS is not that of the returned arrays'
    full = Z.any(axis=0)
    if full.sum() < min(K, distinct) and not objective[-1] < 1e-6:
        yield 'fewer clusters than distinct points'
    means = (wide(Z).T @ wide(X))[full] / wide(Z).sum(axis=0)[full, np.newaxis]
    if (np.abs(centroids[full] - means) > len(X) * EPS * np.abs(X).max()).any():
        yield 'a centroid is not the mean of its members'
    distances = ((wide(X)[:, np.newaxis] - wide(centroids))**2).sum(axis=2)
    chosen = distances[np.arange(len(X)), closest_centroid(X, centroids)]
    if (chosen > distances.min(axis=1) * (1 + 1e-12)).any():
        yield 'a sample is not with its closest centroid'


def check_covariances(sigmas, exact, weights):
    """The state of a fit: yields what is wrong with it."""
    for sigma, truth in zip(sigmas[weights > 0], exact[weights > 0]):
        pivots, true_pivots = wide_cholesky(wide(sigma))[1], wide_cholesky(truth)[1]
        if (true_pivots <= EPS * np.diag(truth)).any():
            yield 'a singular covariance passed as a fit'
        elif (np.abs(pivots - true_pivots) > 0.1 * true_pivots).any():
            yield 'rounding noise passed as a fit'


def replay(X, K, steps):
    """EM's states from the public steps, beginning with the start drawn by `em`."""
    X, D = np.asfortranarray(X), X.shape[1]  # the memory layout of em's own copy: equal to the bit
    means, sigmas = np.random.random((K, D)), 1.5 * np.tile(np.eye(D), (K, 1, 1))
    weights = np.full(K, 1 / K)
    for _ in range(steps):
        responsibilities = calculate_responsibilities(X, means, sigmas, weights)
        means, sigmas, weights = update_parameters(X, means, sigmas, weights, responsibilities)
        yield means, sigmas, weights, responsibilities


def check_em(X, K, seed, eps):
    """One run of EM: yields what is wrong with it, or 'collapse'."""
    np.random.seed(seed)
    try:
        fitted, soft_clusters, objective = em(X, K, MAX_ITER, eps=eps)
    except np.linalg.LinAlgError as error:
        yield 'collapse'
        yield from check_collapse(X, K, seed, str(error))
        return
    np.random.seed(seed)
    for means, sigmas, weights, responsibilities in replay(X, K, len(objective)):
        if not (np.abs(responsibilities.sum(axis=1) - 1) < 1e-12).all():
            yield 'a row of the responsibilities does not sum to 1'
        if not (abs(weights.sum() - 1) < 1e-12 and (sigmas == sigmas.transpose(0, 2, 1)).all()):
            yield 'weights do not sum to 1 or a covariance is not symmetric'
    if not all(np.isfinite(a).all() for a in (fitted, soft_clusters, objective, sigmas, weights)):
        yield 'not finite'
    if not (fitted == means).all():
        yield 'the public steps lead elsewhere'
    tolerance = 1e-9 * max(len(X), np.abs(objective).max())
    if (np.diff(objective) < -tolerance).any():
        yield 'log-likelihood falls'
    if not abs(wide_log_likelihood(X, means, sigmas, weights) - objective[-1]) < tolerance:
        yield 'last log-likelihood is not that of the last parameters'
    density = soft_clusters.sum(axis=1)
    if density.min() > 1e-300 and not abs(np.log(density).sum() - objective[-1]) < tolerance:
        yield 'soft clusters do not give the log-likelihood'
    if K == 1 or weights.all():
        yield from check_covariances(sigmas, wide_moments(X, responsibilities)[1], weights)


def check_collapse(X, K, seed, message):
    """An error is a false alarm unless the covariance is singular to rounding, exactly computed."""
    np.random.seed(seed)
    try:
        for means, sigmas, weights, responsibilities in replay(X, K, MAX_ITER + 1):
            pass
        yield 'an error that the public steps do not raise'
    except np.linalg.LinAlgError:
        k = int(message.split()[1])
        exact = wide_moments(X, responsibilities[:, [k]])[1][0]
        pivots, D = wide_cholesky(exact)[1], X.shape[1]
        noise = (len(X) * np.finfo(np.longdouble).eps * np.abs(X).max())**2
        if (pivots > 20 * D * EPS * np.diag(exact) + noise).all():
            yield 'false alarm'
    if not message.startswith('component ') or 'fewer components' not in message:
        yield 'an error that does not say which component or what helps'


def problems(check, *arguments):
    """What `check` yields, and any exception or warning as one more."""
    found = []
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(), \
                np.errstate(all='raise', under='ignore'):
            warnings.simplefilter('error')
            for problem in check(*arguments):
                found.append(problem)
    except Exception as error:
        found.append(f'{type(error).__name__}: {error}')
    return found


def main(seeds):
    total, details = np.zeros(4, dtype=int), []
    row = '{:28}{:>8}{:>8}{:>11}{:>12}'.format
    print(row('data set', 'runs', 'fits', 'collapses', 'violations'))
    for name, make in DATA_SETS.items():
        counts = np.zeros(4, dtype=int)
        for seed in range(seeds):
            X = make(np.random.RandomState(seed))
            for K in CLUSTERS:
                eps = (1e-2, 1e-8)[seed % 2]  # the sheet's, and one that EM follows to the end
                for check in ((check_kmeans, X, K, seed), (check_em, X, K, seed, eps)):
                    found = problems(*check)
                    collapsed = 'collapse' in found
                    wrong = sorted(set(found) - {'collapse'})
                    counts += 1, not collapsed, collapsed, bool(wrong)
                    details += [f'{name}, {check[0].__name__[6:]}, K = {K}, seed {seed}: {problem}'
                                for problem in wrong]
        print(row(name, *counts), flush=True)
        total += counts
    print(row('all', *total))
    print(*details, sep='\n', end='\n' if details else '')
    return bool(details)


if __name__ == '__main__':
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 40))
