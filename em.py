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
would be 0/0. Nothing is added to a covariance: one that becomes singular raises an error. For speed
alone, intermediate arrays have the N samples along the last axis.
"""
from typing import Tuple

import numpy as np

LOG_SMALLEST, LOG_LARGEST = -708, 709  # logarithms of the smallest and the largest normal float, rounded


def cholesky_factors(sigmas):
    """Lower triangular L_k with L_k L_k^T = Sigma_k, shape (K, D, D).

    Raises LinAlgError, naming the component, where Sigma_k is not positive definite. numpy may miss
    that: rounding turns L_jj = 0 into something tiny. So the pivot L_jj^2, the variance left in feature j
    once the features before it are known, must exceed a bound on the rounding error of Sigma_jj.
    """
    D = sigmas.shape[-1]
    try:
        factors = np.linalg.cholesky(sigmas)
    except np.linalg.LinAlgError:  # does not say for which component: factor them one by one
        factors = np.array([cholesky_or_nan(sigma) for sigma in sigmas])
    pivots = np.diagonal(factors, axis1=1, axis2=2)**2
    variances = np.diagonal(sigmas, axis1=1, axis2=2)
    rounding = 10 * D * np.finfo(float).eps * variances + np.finfo(float).tiny
    sound = (pivots > rounding).all(axis=1)  # False for NaN
    if not sound.all():
        k = np.argmin(sound)
        raise np.linalg.LinAlgError(
            f'component {k} (counted from 0) has collapsed: its covariance\n{sigmas[k]}\nis singular, indefinite or '
            'not finite. What helps: fewer components, another seed, data scaled to the unit cube (where the means '
            'start), no duplicate samples, no constant or collinear features.')
    return factors


def cholesky_or_nan(sigma):
    """The factor (D, D) of one covariance matrix, NaN where it has none."""
    try:
        return np.linalg.cholesky(sigma)
    except np.linalg.LinAlgError:
        return np.full(sigma.shape, np.nan)


def weighted_log_densities(X, means, sigmas, weights):
    """log(w_k N(x^(i); mu_k, Sigma_k)), the logarithms of the terms of Eq. (4), shape (K, N); -inf where w_k is 0.

    -2 log N(x; mu, Sigma) = D log 2 pi + log |Sigma| + (x - mu)^T Sigma^-1 (x - mu).
    With Sigma = L L^T: log |Sigma| = 2 sum_j log L_jj, and the last term is ||L^-1 (x - mu)||^2.
    Raises LinAlgError where a covariance is singular.
    """
    (N, D), K = X.shape, len(weights)
    factors = cholesky_factors(sigmas)
    half_log_determinants = np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
    with np.errstate(divide='ignore'):  # log 0 = -inf is right for a component of weight 0
        constants = np.log(weights) - D / 2 * np.log(2 * np.pi) - half_log_determinants
    # L^-1 as (L^T)^-1 transposed: inv may swap rows of L and lose small-scale features, but swaps none of L^T.
    inverses = np.linalg.inv(factors.transpose(0, 2, 1)).transpose(0, 2, 1)
    log_densities = np.empty((K, N))
    for k in range(K):
        # Column i is L^-1 (x^(i) - mu_k). The einsum is its squared length,
        # (x^(i) - mu_k)^T Sigma_k^-1 (x^(i) - mu_k): the squared Mahalanobis distance.
        whitened = inverses[k] @ (X.T - means[k][:, np.newaxis])
        log_densities[k] = constants[k] - np.einsum('dn,dn->n', whitened, whitened) / 2
    return log_densities


def e_step(X, means, sigmas, weights):
    """Responsibilities (N, K), Eq. (5), and log p(x^(i)) (N,), the logarithm of Eq. (4).

    X (N, D), means (K, D), sigmas (K, D, D), weights (K,). Raises LinAlgError for a singular covariance.
    """
    X, means, sigmas, weights = (np.asarray(a, dtype=float) for a in (X, means, sigmas, weights))
    log_terms = weighted_log_densities(X, means, sigmas, weights)
    # Log-sum-exp: all terms of a sample are divided by the largest of them, so that their sum is 1
    # or more, never 0. The factor cancels in Eq. (5); its logarithm is added back in Eq. (4).
    largest = log_terms.max(axis=0)
    relative = np.subtract(log_terms, largest, out=log_terms)  # out, for speed: no further memory
    terms = np.exp(relative, out=relative)
    total = terms.sum(axis=0)
    # Eq. (4): log p(x^(i)) = log sum_k w_k N(x^(i); mu_k, Sigma_k), where the sum is total * exp(largest)
    log_p = np.log(total) + largest
    # Eq. (5): gamma_ik = w_k N(x^(i); mu_k, Sigma_k) / p(x^(i)), both divided by the largest term
    responsibilities = (terms / total).T
    return responsibilities, log_p


def calculate_responsibilities(X: np.ndarray, means: np.ndarray, sigmas: np.ndarray,
                               weights: np.ndarray) -> np.ndarray:
    """The E-step, Eq. (5): the probability that component k caused sample i.

    X (N, D), means (K, D), sigmas (K, D, D), weights (K,). Returns the responsibilities (N, K).
    Raises LinAlgError where a covariance is singular.
    """
    responsibilities, _ = e_step(X, means, sigmas, weights)
    return responsibilities


def update_parameters(X: np.ndarray, means: np.ndarray, sigmas: np.ndarray, weights: np.ndarray,
                      responsibilities: np.ndarray) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The M-step, Eqs. (6) to (8): the parameters that fit the responsibilities best.

    X (N, D), means (K, D), sigmas (K, D, D), weights (K,), responsibilities (N, K). Returns new means,
    sigmas, weights. Only a component without any responsibility keeps its mean and covariance, with
    weight 0. A covariance may come out singular: its next use raises LinAlgError.
    """
    X, responsibilities = np.asarray(X, dtype=float), np.asarray(responsibilities, dtype=float)
    means, sigmas = np.array(means, dtype=float), np.array(sigmas, dtype=float)
    N_k = responsibilities.sum(axis=0)
    for k in np.flatnonzero(N_k):
        shares = responsibilities[:, k] / N_k[k]  # their sum is 1; divided first, since N_k may be tiny
        # Deviations from one of its samples: equal samples then give exactly 0, which cholesky_factors reports.
        origin = X[np.argmax(shares)]
        deviations = X.T - origin[:, np.newaxis]
        # Eq. (6): mu_k = sum_i gamma_ik x^(i) / N_k = origin + sum_i shares_i (x^(i) - origin)
        shift = deviations @ shares
        means[k] = origin + shift
        # Eq. (7): Sigma_k = sum_i gamma_ik (x^(i) - mu_k) (x^(i) - mu_k)^T / N_k = A A^T, exactly
        # symmetric, where column i of A, called scaled, is sqrt(shares_i) (x^(i) - mu_k).
        deviations -= shift[:, np.newaxis]
        scaled = np.multiply(deviations, np.sqrt(shares), out=deviations)
        sigmas[k] = scaled @ scaled.T
    # Eq. (8): w_k = N_k / N
    weights = N_k / len(X)
    return means, sigmas, weights


def check_arguments(X, K, max_iter, eps, init_variance):
    """X as a float64 copy (N, D), laid out by features for speed. Raises ValueError for an unfit argument."""
    try:
        X = np.array(X, dtype=float, order='F')
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f'X must be an array of numbers: {error}') from error
    if X.ndim != 2 or X.size == 0:
        raise ValueError(f'X must have the shape (N, D) with N, D >= 1, not {X.shape}')
    if not np.abs(X).max() < 1e150:  # not >=, which would let NaN pass
        raise ValueError(f'X must be finite, and below 1e150 for its square, but holds {X[~(np.abs(X) < 1e150)][0]}')
    if not isinstance(K, (int, np.integer)) or isinstance(K, bool) or not 1 <= K <= len(X):
        raise ValueError(f'K must be a whole number from 1 to N = {len(X)}, not {K!r}')
    if not isinstance(max_iter, (int, np.integer)) or isinstance(max_iter, bool) or max_iter < 1:
        raise ValueError(f'max_iter must be a whole number from 1 on, not {max_iter!r}')
    if not isinstance(eps, (int, float, np.integer, np.floating)) or np.isnan(eps):
        raise ValueError(f'eps must be a number, not {eps!r}')
    smallest = 1e-300 * max(1, np.abs(X).max())**2  # a squared distance divided by less could exceed the largest float
    if not isinstance(init_variance, (int, float, np.integer, np.floating)) or not smallest <= init_variance < 1e150:
        raise ValueError(f'init_variance must be from {smallest:.1e} to 1e150, not {init_variance!r}')
    return X


def em(X: np.ndarray, K: int, max_iter: int, eps=1e-2,
       init_variance=1.5) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit a mixture of K Gaussians to X, starting from random means in the unit cube.

    X (N, D) finite numbers, N > D; K from 1 to N; at most max_iter iterations. It stops, from the
    third iteration on, when the log-likelihood changes by less than eps (nats; an absolute bound).
    The start gives every component the covariance init_variance I (squared data units) and weight
    1/K. Where that makes all components look alike, as for data on a small scale, the first changes
    may be below eps already, and EM stops there: use a smaller eps.

    Returns means (K, D) and soft_clusters (N, K), the weighted densities of the last parameters,
    w_k N(x^(i); mu_k, Sigma_k), and the log-likelihoods, one an iteration. The last of them is that
    of these parameters: the logarithms of the row sums of soft_clusters add up to it, unless a density
    is beyond the range of a float. Raises ValueError for an unfit argument, LinAlgError if a component
    collapses, as all do where N <= D.
    """
    X = check_arguments(X, K, max_iter, eps, init_variance)
    N, D = X.shape
    if N <= D:
        raise np.linalg.LinAlgError(f'component 0 and every other collapse, also with fewer components: the covariance '
                                    f'of N = {N} samples with D = {D} features is singular. What helps: more samples.')
    means = np.random.random((K, D))
    sigmas = init_variance * np.tile(np.eye(D), (K, 1, 1))
    weights = np.full(K, 1 / K)
    print('Initial means:', means, 'Initial covariances:', sigmas, 'Initial weights:', weights, sep='\n')
    responsibilities = calculate_responsibilities(X, means, sigmas, weights)
    log_likelihoods = []
    for iteration in range(max_iter):
        means, sigmas, weights = update_parameters(X, means, sigmas, weights, responsibilities)
        # The E-step of the next iteration, done here already: its log p(x^(i)) are the terms of Eq. (9).
        responsibilities, log_p = e_step(X, means, sigmas, weights)
        # Eq. (9): log p(X) = sum_i log p(x^(i)), with p(x^(i)) of Eq. (4)
        log_likelihoods.append(log_p.sum())
        if iteration > 1 and abs(log_likelihoods[-1] - log_likelihoods[-2]) < eps:
            print(f'EM converged in iteration {iteration + 1}.')
            break
    else:  # no break
        print(f'EM did not converge in {max_iter} iterations.')
    print(f'Log-likelihood: {log_likelihoods[-1]:.2f}')
    print('Fitted means:', means, 'Fitted covariances:', sigmas, 'Fitted weights:', weights, sep='\n')
    # Eq. (5) solved for its numerator: w_k N(x^(i); mu_k, Sigma_k) = gamma_ik p(x^(i))
    # A p(x^(i)) too small or too large for a float is clipped to what one can hold: the argmax stays right.
    soft_clusters = responsibilities * np.exp(np.clip(log_p, LOG_SMALLEST, LOG_LARGEST))[:, np.newaxis]
    return means, soft_clusters, np.array(log_likelihoods)
