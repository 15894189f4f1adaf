"""What must hold of any run of K-means and EM: each check returns the facts that do not.

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
MACHINE_EPS = np.finfo(float).eps


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
    """One run of K-means: the facts that do not hold."""
    np.random.seed(seed)
    Z, centroids, objective = kmeans(X, K, MAX_ITER)
    full, rounding = Z.any(axis=0), MACHINE_EPS * np.abs(X).max()
    exact = ((wide(X) - wide(centroids)[Z.argmax(axis=1)])**2).sum()
    means = (wide(Z).T @ wide(X))[full] / wide(Z).sum(axis=0)[full, np.newaxis]
    distances = ((wide(X)[:, np.newaxis] - wide(centroids))**2).sum(axis=2)
    chosen = distances[np.arange(len(X)), closest_centroid(X, centroids)]
    return failed({
        'finite': np.isfinite(centroids).all() and np.isfinite(objective).all(),
        'rows of Z are one-hot': np.isin(Z, (0, 1)).all() and (Z.sum(axis=1) == 1).all(),
        'it stops': len(objective) < 2 * MAX_ITER,
        'WCSS never rises': (np.diff(objective) <= 1e-12 * objective[:-1] + X.size * (4 * rounding)**2).all(),
        'last WCSS is that of the returned arrays': abs(objective[-1] - exact) <= 1e-12 * exact,
        'as many clusters as asked for, or distinct points':
            full.sum() >= min(K, len(np.unique(X, axis=0))) or objective[-1] < 1e-6,
        'centroids are the means of their members': (np.abs(centroids[full] - means) <= len(X) * rounding).all(),
        'closest_centroid() finds the smallest distance': (chosen <= distances.min(axis=1) * (1 + 1e-12)).all()})


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
    """One run of EM: the facts that do not hold, 'collapse' first where it ends so."""
    np.random.seed(seed)
    try:
        fitted, soft_clusters, objective = em(X, K, max_iter, eps=eps)
    except np.linalg.LinAlgError as error:
        return ['collapse', *check_collapse(X, K, seed, str(error), max_iter)]
    states = list(replay(X, K, len(objective), seed))
    means, sigmas, weights, responsibilities = states[-1]
    tolerance, density = 1e-9 * max(len(X), np.abs(objective).max()), soft_clusters.sum(axis=1)
    pairs = [(pivots_of(sigma), pivots_of(truth), np.diag(truth)) for sigma, truth in zip(
        sigmas[weights > 0], wide_covariances(X, responsibilities[:, weights > 0]))]
    return failed({
        'rows of the responsibilities sum to 1': all((np.abs(r.sum(axis=1) - 1) < 1e-12).all() for *_, r in states),
        'weights sum to 1': all(abs(w.sum() - 1) < 1e-12 for _, _, w, _ in states),
        'covariances are symmetric': all((s == s.transpose(0, 2, 1)).all() for _, s, _, _ in states),
        'finite': all(np.isfinite(a).all() for a in (fitted, soft_clusters, objective, sigmas, weights)),
        'the public steps lead to the fit': (fitted == means).all(),
        'log-likelihood never falls': (np.diff(objective) >= -tolerance).all(),
        'last log-likelihood is that of the last parameters':
            abs(wide_log_likelihood(X, means, sigmas, weights) - objective[-1]) < tolerance,
        'soft clusters give the log-likelihood':
            density.min() <= 1e-300 or abs(np.log(density).sum() - objective[-1]) < tolerance,
        'no covariance is singular': all((true > MACHINE_EPS * variances).all() for _, true, variances in pairs),
        'no covariance is rounding noise': all((np.abs(own - true) <= 0.1 * true).all() for own, true, _ in pairs)})


def check_collapse(X, K, seed, message, max_iter):
    """The end of EM by an error is right where the covariance is singular to rounding, exactly computed."""
    try:
        for *_, responsibilities in replay(X, K, max_iter + 1, seed):
            pass
        return ['the public steps raise the error, too']
    except np.linalg.LinAlgError:
        k = int(message.split()[1])
        exact = wide_covariances(X, responsibilities[:, [k]])[0]
        noise = (len(X) * np.finfo(np.longdouble).eps * np.abs(X).max())**2
        return failed({
            'no false alarm': (pivots_of(exact) <= 20 * X.shape[1] * MACHINE_EPS * np.diag(exact) + noise).any(),
            'the error says which component and what helps':
                message.startswith('component ') and 'fewer components' in message})


def failed(facts):
    return [fact for fact, holds in facts.items() if not holds]


def problems(check, *arguments):
    """The facts that do not hold, or an exception or warning in their place."""
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(), \
                np.errstate(all='raise', under='ignore'):
            warnings.simplefilter('error')
            return check(*arguments)
    except Exception as error:
        return [f'{type(error).__name__}: {error}']
