"""Whole runs of our K-means and EM on data that break careless code.

What must hold of any run is computed again here, in extended precision where the machine has it.
SEEDS=1000 in the environment makes this a stress test, in place of 2 seeds for each data set.
"""
import os

import numpy as np
import pytest

from judge import ROOT, blobs, call, is_equal, load

pytestmark = pytest.mark.filterwarnings('error')
k_means, em = load('k_means'), load('em')
MOUSE = np.loadtxt(ROOT / 'data' / 'mouse.txt', usecols=(0, 1))
SEEDS = range(int(os.environ.get('SEEDS', 2)))
EPS = np.finfo(float).eps


def rounded_column(seed):
    x = np.random.RandomState(seed).random_sample(90)
    return np.column_stack((x, x.round(3 + seed % 3)))


def equal_but_six(seed):
    return np.vstack((np.full((60, 2), 0.1), blobs(seed, N=6)))


def two_far_groups(seed):
    return blobs(seed, N=80) + 1e8 * (np.arange(80) % 2)[:, np.newaxis]


def with_outlier(seed, distance):
    return np.vstack((blobs(seed), [[distance, distance]]))


DATA = {  # for each seed other ones
    'mouse': lambda seed: MOUSE,
    'one feature': lambda seed: blobs(seed, N=90, D=1),
    'five features': lambda seed: blobs(seed, N=90, D=5),
    'more features than samples': lambda seed: blobs(seed, N=10, D=15),
    'repeated samples': lambda seed: np.repeat(blobs(seed, N=5), 20, axis=0),
    'nearly all equal': equal_but_six,
    'one sample, repeated': lambda seed: np.tile(blobs(seed, N=1), (30, 1)),
    'integers, repeated': lambda seed: (4 * blobs(seed, N=120)).round(),
    'constant column': lambda seed: np.insert(blobs(seed), 2, 0.1, axis=1),
    'dependent column': lambda seed: blobs(seed) @ np.array([[1, 0, 1], [0, 1, 1]]),
    'column beside its rounding': rounded_column,
    'outlier at 100': lambda seed: with_outlier(seed, 1e2),
    'outlier at 1e10': lambda seed: with_outlier(seed, 1e10),
    'two groups 1e8 apart': two_far_groups,
    'heavy tails': lambda seed: np.random.RandomState(seed).standard_cauchy((80, 2)),
    'scales 1e-9 and 1e9': lambda seed: blobs(seed) * [1e-9, 1e9],
    'scale 1e-8': lambda seed: 1e-8 * blobs(seed),
    'shift 1e8': lambda seed: 1e8 + blobs(seed),
}
each_K = pytest.mark.parametrize('K', [1, 3, 8])
each_data_set = pytest.mark.parametrize('make', DATA.values(), ids=DATA.keys())


@pytest.fixture(autouse=True)
def strict():
    """A division by 0, an overflow or a NaN is an error, as each warning is."""
    with np.errstate(all='raise', under='ignore'):
        yield


def wide(array):
    """The array in extended precision, where the machine has it."""
    return np.asarray(array, dtype=np.longdouble)


# --- K-means

@each_K
@each_data_set
def test_kmeans_is_sound(make, K):
    for seed in SEEDS:
        X = make(seed)
        Z, centroids, values = call(k_means.kmeans, X, K, 500, seed=seed)
        assert ((Z == 0) | (Z == 1)).all() and (Z.sum(axis=1) == 1).all()
        assert len(values) < 1000, 'it did not converge'
        rounding = 1e-12 * values[:-1] + X.size * (4 * EPS * np.abs(X).max())**2
        assert (np.diff(values) <= rounding).all(), 'the WCSS rises'
        distances = ((wide(X)[:, np.newaxis] - wide(centroids))**2).sum(axis=2)
        wcss = (Z * distances).sum()
        assert abs(values[-1] - wcss) <= 1e-12 * wcss, 'the last value is not that of the result'
        check_clusters(X, Z, centroids, values[-1])
        closest = k_means.closest_centroid(X, centroids)
        chosen = distances[np.arange(len(X)), closest]
        assert (chosen <= distances.min(axis=1) * (1 + 1e-12)).all()


def check_clusters(X, Z, centroids, wcss):
    """As many clusters as there can be, and centroids that are their means."""
    full = Z.any(axis=0)
    distinct = len(np.unique(X, axis=0))
    assert full.sum() >= min(len(full), distinct) or wcss < 1e-6, 'empty clusters are left'
    sums = wide(Z).T @ wide(X)
    means = sums[full] / wide(Z).sum(axis=0)[full, np.newaxis]
    rounding = len(X) * EPS * np.abs(X).max()
    assert (np.abs(centroids[full] - means) <= rounding).all()


# --- EM

@each_K
@each_data_set
def test_em_is_sound_or_names_a_collapsed_component(make, K):
    for seed in SEEDS:
        X = make(seed)
        try:
            found = call(em.em, X, K, 200, seed=seed, eps=[1e-2, 1e-8][seed % 2])
        except np.linalg.LinAlgError as error:
            check_collapse(X, K, seed, int(str(error).split()[1]))
        else:
            check_fit(X, K, seed, *found)


def states_of_em(X, K, seed, steps):
    """The responsibilities of each iteration, and the parameters after it, by the public steps."""
    X = np.asfortranarray(X)  # as em() keeps it, for the same rounding
    D = X.shape[1]
    means = call(np.random.random, (K, D), seed=seed)
    sigmas = np.tile(1.5 * np.eye(D), (K, 1, 1))
    parameters = means, sigmas, np.full(K, 1 / K)
    for _ in range(steps):
        gamma = em.calculate_responsibilities(X, *parameters)
        parameters = em.update_parameters(X, *parameters, gamma)
        yield gamma, parameters


def check_fit(X, K, seed, means, soft_clusters, values):
    inflation = 1  # of rounding errors, where little of a feature is left once others are known
    for gamma, (last_means, sigmas, weights) in states_of_em(X, K, seed, len(values)):
        assert (np.abs(gamma.sum(axis=1) - 1) < 1e-12).all()
        assert abs(weights.sum() - 1) < 1e-12
        assert (sigmas == sigmas.transpose(0, 2, 1)).all()
        for sigma in sigmas[weights > 0]:
            factors = np.diag(sigma) * np.diag(np.linalg.inv(sigma))
            inflation = max(inflation, factors.max())
    rounding = 1e-9 * max(len(X), np.abs(values).max()) + len(X) * EPS * inflation
    assert (np.diff(values) >= -rounding).all(), 'the log-likelihood falls'
    assert is_equal(means, last_means, 1e-6)  # BLAS may round otherwise, and EM enlarges it
    own = np.flatnonzero(weights)
    log_terms = []
    for k in own:
        pivots, squares = eliminate(sigmas[k], (wide(X) - wide(means[k])).T)
        log_volume = np.log(2 * wide(np.pi) * pivots).sum()
        log_terms.append(np.log(wide(weights[k])) - (log_volume + squares) / 2)
        exact_sigma, exact_pivots = exact_covariance(X, gamma[:, k])
        assert (exact_pivots > EPS * np.diag(exact_sigma)).all()
        assert (np.abs(pivots - exact_pivots) <= 0.1 * exact_pivots).all(), 'it fits rounding'
    log_p = np.logaddexp.reduce(log_terms, axis=0)
    assert abs(log_p.sum() - values[-1]) < rounding, 'Eq. (9)'
    density = soft_clusters.sum(axis=1)
    assert density.min() <= 1e-300 or abs(np.log(density).sum() - values[-1]) < rounding


def eliminate(sigma, deviations):
    """The pivots of Gaussian elimination, and d^T Sigma^-1 d of each of the deviations d (D, N)."""
    D = len(sigma)
    rows = np.hstack((wide(sigma), wide(deviations)))
    for j in range(D):
        if rows[j, j] > 0:
            rows[j + 1:] -= rows[j + 1:, [j]] / rows[j, j] * rows[j]
    pivots = np.diagonal(rows)
    return pivots, (rows[:, D:]**2 / pivots[:, np.newaxis]).sum(axis=0)


def exact_covariance(X, gamma):
    """Eq. (7) from its definition, and its pivots."""
    shares = wide(gamma) / wide(gamma).sum()
    deviations = wide(X) - shares @ wide(X)
    sigma = (shares[:, np.newaxis] * deviations).T @ deviations
    pivots, _ = eliminate(sigma, np.empty((len(sigma), 0)))
    return sigma, pivots


def check_collapse(X, K, seed, k):
    """The covariance of component k, exactly computed, is singular up to rounding."""
    gamma = np.full((len(X), K), 1 / K)
    try:
        for gamma, _ in states_of_em(X, K, seed, 201):
            pass
    except np.linalg.LinAlgError:
        pass
    sigma, _ = exact_covariance(X, gamma[:, k])
    noise = (EPS * np.abs(X).max())**2  # as a mean is rounded to a float
    singular = (left(sigma) <= 2000 * len(sigma) * EPS * np.diag(sigma) + noise).any()
    assert singular, 'a false alarm'


def left(sigma):
    """The variance of each feature that is left once all others are known: its pivot if last."""
    D = len(sigma)
    pivots = []
    for j in range(D):
        order = [*range(j), *range(j + 1, D), j]
        permuted = sigma[np.ix_(order, order)]
        pivots.append(eliminate(permuted, np.empty((D, 0)))[0][-1])
    return np.array(pivots)
