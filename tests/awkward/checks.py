"""What must hold of any run of K-means and EM: each check yields what is wrong with a run.

numpy's floating point errors and all warnings are exceptions here. What a run returned is compared
with the same quantity in extended precision (np.longdouble, which is 80 bits wide on most machines).
"""
import contextlib
import io
import warnings

import numpy as np

from em import calculate_responsibilities, em, update_parameters
from k_means import closest_centroid, kmeans

MAX_ITER = 500  # of K-means
EPS = np.finfo(float).eps


# --- Extended precision

def wide(array):
    return np.asarray(array, dtype=np.longdouble)


def wide_covariances(X, responsibilities):
    """Eq. (7) from its definition, (K, D, D)."""
    X, share = wide(X), wide(responsibilities)
    share = share / share.sum(axis=0)
    deviations = X - (share.T @ X)[:, np.newaxis]  # (K, N, D)
    return np.einsum('nk,knd,kne->kde', share, deviations, deviations)


def eliminate(sigma, deviations):
    """Gaussian elimination: the pivots (D,) of a covariance; d^T Sigma^-1 d for each of the deviations d (D, N)."""
    D, rows = len(sigma), np.hstack((wide(sigma), wide(deviations)))
    for j in range(D):
        if rows[j, j] > 0:
            rows[j + 1:] -= rows[j + 1:, [j]] / rows[j, j] * rows[j]
    pivots = np.diagonal(rows)
    return pivots, (rows[:, D:]**2 / pivots[:, np.newaxis]).sum(axis=0)


def pivots_of(sigma):
    return eliminate(sigma, np.empty((len(sigma), 0)))[0]


def wide_log_likelihood(X, means, sigmas, weights):
    """Eq. (9) as it stands."""
    terms = []
    for mean, sigma, weight in zip(wide(means), sigmas, wide(weights)):
        if weight > 0:
            pivots, squares = eliminate(sigma, (wide(X) - mean).T)
            terms.append(np.log(weight) - (np.log(2 * wide(np.pi) * pivots).sum() + squares) / 2)
    top = np.max(terms, axis=0)
    return (top + np.log(np.exp(terms - top).sum(axis=0))).sum()


# --- The checks

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
        pivots, true_pivots = pivots_of(sigma), pivots_of(truth)
        if (true_pivots <= EPS * np.diag(truth)).any():
            yield 'a singular covariance passed as a fit'
        elif (np.abs(pivots - true_pivots) > 0.1 * true_pivots).any():
            yield 'rounding noise passed as a fit'


def replay(X, K, steps, seed):
    """EM's states from the public steps, beginning with the start drawn by `em`."""
    X, D = np.asfortranarray(X), X.shape[1]  # the memory layout of em's own copy: equal to the bit
    np.random.seed(seed)
    means, sigmas = np.random.random((K, D)), 1.5 * np.tile(np.eye(D), (K, 1, 1))
    weights = np.full(K, 1 / K)
    for _ in range(steps):
        responsibilities = calculate_responsibilities(X, means, sigmas, weights)
        means, sigmas, weights = update_parameters(X, means, sigmas, weights, responsibilities)
        yield means, sigmas, weights, responsibilities


def check_em(X, K, seed, eps, max_iter=150):
    """One run of EM: yields what is wrong with it, or 'collapse'."""
    np.random.seed(seed)
    try:
        fitted, soft_clusters, objective = em(X, K, max_iter, eps=eps)
    except np.linalg.LinAlgError as error:
        yield 'collapse'
        yield from check_collapse(X, K, seed, str(error), max_iter)
        return
    for means, sigmas, weights, responsibilities in replay(X, K, len(objective), seed):
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
        yield from check_covariances(sigmas, wide_covariances(X, responsibilities), weights)


def check_collapse(X, K, seed, message, max_iter):
    """An error is a false alarm unless the covariance is singular to rounding, exactly computed."""
    try:
        for means, sigmas, weights, responsibilities in replay(X, K, max_iter + 1, seed):
            pass
        yield 'an error that the public steps do not raise'
    except np.linalg.LinAlgError:
        k = int(message.split()[1])
        exact = wide_covariances(X, responsibilities[:, [k]])[0]
        pivots, D = pivots_of(exact), X.shape[1]
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
