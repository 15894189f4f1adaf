"""Expectation-Maximization for a Gaussian mixture model (sheet, section 1.2).

Maximise the likelihood of the mixture of Eq. (4) by turns: compute how responsible each component
is for each sample (E-step, Eq. (5)); give each component its weighted mean, covariance and weight
(M-step, Eqs. (6) to (8)). The log-likelihood, Eq. (9), never falls; EM stops where it levels off.

N samples, D features, K components
X                 (N, D)     one sample x^(i) a row
means             (K, D)     mu_k
sigmas            (K, D, D)  covariance matrices Sigma_k
weights           (K,)       w_k, none negative, their sum is 1
responsibilities  (N, K)     gamma_ik, each row sums to 1
log-likelihood    nats

Densities are kept as logarithms: far from every mean they would all be rounded to 0, and Eq. (5)
would be 0/0. Nothing is added to a covariance: one that becomes singular raises LinAlgError. Each step
raises ValueError where the shapes of its arguments disagree.
"""
from typing import Tuple

import numpy as np


def cholesky_factor(sigma, k):
    """Lower triangular L with L L^T = Sigma_k, shape (D, D). Raises LinAlgError where component k has none.

    numpy may find one for a singular Sigma_k. The pivot L_jj^2 is the variance left in feature j once those before
    it are known; below 1,000 D eps of the whole variance it is mostly rounding, and the log-likelihood may fall.
    """
    try:
        L = np.linalg.cholesky(sigma)
    except np.linalg.LinAlgError:
        L = np.full(sigma.shape, np.nan)
    bound = 1000 * len(sigma) * np.finfo(float).eps * np.diag(sigma) + np.finfo(float).tiny
    if np.isnan(sigma).any() or not (np.diag(L)**2 > bound).all():
        raise np.linalg.LinAlgError(
            f'component {k} (from 0) has collapsed: its covariance\n{sigma}\nis singular up to rounding. What helps: '
            'another seed, fewer components, scaling to standard deviation 1, no duplicate, constant or collinear data')
    return L


def log_density(X, mean, sigma, k):
    """log N(x^(i); mu_k, Sigma_k) of each sample, shape (N,). Raises LinAlgError where Sigma_k is singular.

    -2 log N(x; mu, Sigma) = D log 2 pi + log |Sigma| + (x - mu)^T Sigma^-1 (x - mu).
    With Sigma = L L^T: log |Sigma| = 2 sum_j log L_jj, and the last term is ||y||^2 where L y = x - mu.
    """
    L, D, y = cholesky_factor(sigma, k), len(mean), (X - mean).T
    for j in range(D):  # forward substitution: row j of L y = x - mu, solved for y_j, for all samples at once
        y[j] -= L[j, :j] @ y[:j]
        y[j] /= L[j, j]
    return -(D * np.log(2 * np.pi) + (y**2).sum(axis=0)) / 2 - np.log(np.diag(L)).sum()


def e_step(X, means, sigmas, weights):
    """Responsibilities (N, K), Eq. (5), and log p(x^(i)) (N,), the logarithm of Eq. (4)."""
    X, means, sigmas, weights = arrays(X_ND=X, means_KD=means, sigmas_KDD=sigmas, weights_K=weights)
    with np.errstate(divide='ignore'):  # log 0 = -inf is right for a component of weight 0
        log_weights = np.log(weights)
    log_weighted = np.array([log_weights[k] + log_density(X, means[k], sigmas[k], k) for k in range(len(means))])
    # Log-sum-exp: all terms of a sample are divided by the largest of them, so that their sum is 1
    # or more, never 0. The factor cancels in Eq. (5); its logarithm is added back in Eq. (4).
    largest = log_weighted.max(axis=0)
    densities = np.exp(log_weighted - largest)
    total = densities.sum(axis=0)
    # Eq. (4): log p(x^(i)) = log sum_k w_k N(x^(i); mu_k, Sigma_k)
    log_p = np.log(total) + largest
    # Eq. (5): gamma_ik = w_k N(x^(i); mu_k, Sigma_k) / p(x^(i))
    responsibilities = densities / total
    return responsibilities.T, log_p


def calculate_responsibilities(X: np.ndarray, means: np.ndarray, sigmas: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The E-step, Eq. (5): the responsibilities (N, K), the probability that component k caused sample i.

    X (N, D), means (K, D), sigmas (K, D, D), weights (K,). Raises LinAlgError for a singular covariance.
    """
    return e_step(X, means, sigmas, weights)[0]


def update_parameters(X: np.ndarray, means: np.ndarray, sigmas: np.ndarray, weights: np.ndarray,
                      responsibilities: np.ndarray) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The M-step, Eqs. (6) to (8): the parameters that fit the responsibilities best.

    X (N, D), means (K, D), sigmas (K, D, D), weights (K,), responsibilities (N, K). Returns new means, sigmas,
    weights; a component without any responsibility keeps its mean and covariance, with weight 0. A covariance
    may come out singular: its next use raises LinAlgError.
    """
    X, means, sigmas, _, responsibilities = arrays(
        X_ND=X, means_KD=means, sigmas_KDD=sigmas, weights_K=weights, responsibilities_NK=responsibilities)
    means, sigmas = means.copy(), sigmas.copy()  # the steps leave their inputs alone
    N_k = responsibilities.sum(axis=0)
    for k in np.flatnonzero(N_k):
        shares = responsibilities[:, k] / N_k[k]  # their sum is 1; divided first, since N_k may be tiny
        origin = X[np.argmax(shares)]  # one of its samples: if all are equal, the covariance is exactly 0
        # Eq. (6): mu_k = sum_i gamma_ik x^(i) / N_k
        means[k] = origin + shares @ (X - origin)
        # Eq. (7): Sigma_k = sum_i gamma_ik (x^(i) - mu_k) (x^(i) - mu_k)^T / N_k
        scaled = np.sqrt(shares)[:, np.newaxis] * (X - means[k])
        sigmas[k] = scaled.T @ scaled
    # Eq. (8): w_k = N_k / N
    weights = N_k / len(X)
    return means, sigmas, weights


def arrays(**arguments):
    """The arguments as arrays of floats, X_ND for X of shape (N, D). ValueError where a dimension is not as before."""
    found, sizes = [], {}
    for key, argument in arguments.items():
        name, dimensions = key.rsplit('_', 1)
        array = np.asarray(argument, dtype=float)
        known = tuple(map(sizes.setdefault, dimensions, array.shape))  # as before, or else as now
        if array.ndim != len(dimensions) or array.shape != known or array.size == 0:
            expected = ', '.join(f'{d} = {sizes[d]}' if d in sizes else d for d in dimensions)
            raise ValueError(f'{name} must have the shape ({expected}), not {array.shape}')
        found.append(array)
    return found


def check_arguments(X, K, max_iter):
    """X as a copy, column by column for speed. As in k_means.py, since each file of the hand-in works alone."""
    X = arrays(X_ND=X)[0].copy(order='F')
    fit = np.abs(X) < 1e150  # not so for NaN; the squares of larger numbers may add up to infinity
    if not fit.all():
        raise ValueError(f'X must be finite and below 1e150, but holds {X[~fit][0]}')
    for name, value, most in ('K', K, len(X)), ('max_iter', max_iter, np.inf):
        if not isinstance(value, (int, np.integer)) or not 1 <= value <= most:
            raise ValueError(f'{name} must be a whole number from 1 to {most}, not {value!r}')
    return X


def em(X: np.ndarray, K: int, max_iter: int, eps=1e-2, init_variance=1.5) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit a mixture of K Gaussians to X, starting from random means in the unit cube.

    X (N, D) finite numbers, N > D; K from 1 to N; at most max_iter iterations. It stops, from the third on, when
    the log-likelihood changes by less than eps (nats; an absolute bound). The start gives every component the
    covariance init_variance I (squared data units) and weight 1/K, so that all look alike at first: on this
    plateau the changes may be below eps already, and EM stops there. Then use a smaller eps.

    Returns means (K, D), soft_clusters (N, K), the weighted densities w_k N(x^(i); mu_k, Sigma_k) for the
    last parameters, and the log-likelihoods, one an iteration; the logarithms of the row sums of soft_clusters add up
    to the last, unless a density is beyond a float. Raises ValueError for an unfit argument, LinAlgError if a component
    collapses, as all do where N <= D.
    """
    X = check_arguments(X, K, max_iter)
    N, D = X.shape
    if N <= D:
        raise np.linalg.LinAlgError(f'component 0 and all others collapse: N = {N} is not above D = {D}. Add samples.')
    means = np.random.random((K, D))
    sigmas = np.tile(init_variance * np.eye(D), (K, 1, 1))
    weights = np.full(K, 1 / K)
    print('Initial means:', means, 'Initial covariances:', sigmas, 'Initial weights:', weights, sep='\n')
    responsibilities = calculate_responsibilities(X, means, sigmas, weights)
    log_likelihoods = []
    for iteration in range(max_iter):
        means, sigmas, weights = update_parameters(X, means, sigmas, weights, responsibilities)
        responsibilities, log_p = e_step(X, means, sigmas, weights)  # of the next iteration, since Eq. (9) needs log_p
        # Eq. (9): log p(X) = sum_i log p(x^(i)), with p(x^(i)) of Eq. (4)
        log_likelihoods.append(log_p.sum())
        if iteration > 1 and abs(log_likelihoods[-1] - log_likelihoods[-2]) < eps:
            print(f'EM converged in iteration {iteration + 1}.')
            if iteration == 2 and K > 1:
                print('Perhaps on the initial plateau, where all look alike: try another seed or a smaller eps.')
            break
    else:  # no break
        print(f'EM did not converge in {max_iter} iterations.')
    if not weights.all():
        print(f'{np.sum(weights == 0)} of {K} components end with weight 0.')
    print(f'Log-likelihood: {log_likelihoods[-1]:.2f}')
    print('Fitted means:', means, 'Fitted covariances:', sigmas, 'Fitted weights:', weights, sep='\n')
    # w_k N(x^(i); mu_k, Sigma_k) = gamma_ik p(x^(i)), by Eq. (5), with p(x^(i)) clipped to what a float can hold
    soft_clusters = responsibilities * np.exp(np.clip(log_p, -708, 709))[:, np.newaxis]
    return means, soft_clusters, np.array(log_likelihoods)
