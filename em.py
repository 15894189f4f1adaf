"""Expectation-Maximization for a Gaussian mixture model (sheet, section 1.2).

EM maximises the likelihood of the mixture of Eq. (4) in two alternating steps. The E-step computes
how responsible each component is for each sample, Eq. (5). The M-step gives each component the mean
and covariance of the samples, weighted by these responsibilities, and a new weight, Eqs. (6) to
(8). In exact arithmetic the log-likelihood, Eq. (9), never falls. EM stops where it hardly rises.

N samples, D features, K components
X                 (N, D)     one sample x^(i) a row
means             (K, D)     mu_k
sigmas            (K, D, D)  covariance matrices Sigma_k, in squared units of the data
weights           (K,)       w_k, none negative, their sum is 1
responsibilities  (N, K)     gamma_ik, each row sums to 1
log-likelihood    in nats, the unit of the natural logarithm

Densities are computed as logarithms: far from every mean the densities themselves would all round
to 0, and Eq. (5) would be 0/0. Nothing is added to a covariance: one that becomes singular raises
LinAlgError. Each step raises ValueError if the shapes of its arguments do not fit together.
"""
from typing import Tuple

import numpy as np


def inverse_cholesky(sigma, k):
    """L^-1 (D, D), lower triangular, where Sigma_k = L L^T. LinAlgError if Sigma_k is singular.

    numpy finds an L for many singular covariances, since rounding hides the 0. So each feature j is
    tested: the variance that is left in it once all other features are known, 1 / (Sigma^-1)_jj,
    may not be as small as the rounding error of its whole variance. The ratio whole / left is known
    as the variance inflation factor. Unlike L_jj it does not depend on the order of the features.
    """
    variances = np.diag(sigma)
    if not np.isfinite(sigma).all() or variances.min() < np.finfo(float).tiny:
        raise collapse(sigma, k)
    try:
        L = np.linalg.cholesky(sigma)
    except np.linalg.LinAlgError:
        raise collapse(sigma, k) from None
    # To invert an upper triangle, L^T, numpy exchanges no rows. To invert L it would exchange some,
    # and lose digits where the variances differ much.
    L_inverse = np.linalg.inv(L.T).T
    # (Sigma^-1)_jj = sum_i (L^-1)_ij^2
    inflation_factors = ((L_inverse * np.sqrt(variances))**2).sum(axis=0)
    # The rounding error of a variance, as its share, with a wide margin.
    rounding = 1000 * len(sigma) * np.finfo(float).eps
    if not (inflation_factors < 1 / rounding).all():  # so NaN is refused, too
        raise collapse(sigma, k)
    return L_inverse


def collapse(sigma, k):
    """The error that says what happened to component k and what can help."""
    return np.linalg.LinAlgError(
        f'component {k} (counted from 0) has collapsed: its covariance\n{sigma}\n'
        'is singular, or so nearly that rounding decides. What can help: another seed, fewer '
        'components, each feature scaled to standard deviation 1, and data without duplicate '
        'samples, constant features, or features that follow from others (collinear ones)'
    )


def log_density(X, mean, sigma, k):
    """log N(x^(i); mu_k, Sigma_k) of each sample, shape (N,). LinAlgError if Sigma_k is singular.

    log N(x; mu, Sigma) = -(D log(2 pi) + log |Sigma| + (x - mu)^T Sigma^-1 (x - mu)) / 2.
    With Sigma = L L^T: log |Sigma| = -2 sum_j log (L^-1)_jj, and the last term is ||y||^2 with
    y = L^-1 (x - mu).
    """
    D = len(mean)
    L_inverse = inverse_cholesky(sigma, k)
    log_determinant = -2 * np.log(np.diag(L_inverse)).sum()
    y = L_inverse @ (X - mean).T
    return -(D * np.log(2 * np.pi) + log_determinant + (y**2).sum(axis=0)) / 2


def e_step(X, means, sigmas, weights):
    """Responsibilities (N, K), Eq. (5), and log p(x^(i)) (N,), the logarithm of Eq. (4)."""
    X = as_array('X', X, ('N', 'D'))
    D = X.shape[1]
    means = as_array('means', means, ('K', D))
    K = len(means)
    sigmas = as_array('sigmas', sigmas, (K, D, D))
    weights = as_array('weights', weights, (K,))
    # A weight of 0, or a distance whose square is no float: log 0 = -inf is right.
    with np.errstate(divide='ignore', over='ignore'):
        log_weighted = np.array(
            [np.log(weights[k]) + log_density(X, means[k], sigmas[k], k) for k in range(K)]
        )
    # Log-sum-exp: the K densities of a sample are divided by the largest of them, so that their sum
    # is at least 1. The divisor cancels in Eq. (5). In Eq. (4) its logarithm is added again.
    largest = log_weighted.max(axis=0)
    if largest.min() == -np.inf:
        raise ValueError('a sample is too far from every component: all its densities are 0')
    scaled_densities = np.exp(log_weighted - largest)
    total = scaled_densities.sum(axis=0)
    # Eq. (4): log p(x^(i)) = log sum_k w_k N(x^(i); mu_k, Sigma_k)
    log_p = np.log(total) + largest
    # Eq. (5): gamma_ik = w_k N(x^(i); mu_k, Sigma_k) / p(x^(i))
    responsibilities = scaled_densities / total
    return responsibilities.T, log_p


def calculate_responsibilities(
    X: np.ndarray, means: np.ndarray, sigmas: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """The E-step, Eq. (5): the probability that component k caused sample i, shape (N, K).

    X (N, D), means (K, D), sigmas (K, D, D), weights (K,). Raises LinAlgError for a singular
    covariance.
    """
    return e_step(X, means, sigmas, weights)[0]


def update_parameters(
    X: np.ndarray,
    means: np.ndarray,
    sigmas: np.ndarray,
    weights: np.ndarray,
    responsibilities: np.ndarray,
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The M-step, Eqs. (6) to (8): the parameters that fit the responsibilities best.

    X (N, D), means (K, D), sigmas (K, D, D), weights (K,), responsibilities (N, K). Returns new
    means, sigmas and weights. A component that is responsible for no sample keeps its mean and
    covariance, with weight 0. A covariance may come out singular: its next use raises LinAlgError.
    """
    X = as_array('X', X, ('N', 'D'))
    N, D = X.shape
    means = as_array('means', means, ('K', D)).copy()
    K = len(means)
    sigmas = as_array('sigmas', sigmas, (K, D, D)).copy()
    as_array('weights', weights, (K,))  # the shape is checked, the values are not needed
    responsibilities = as_array('responsibilities', responsibilities, (N, K))
    N_k = responsibilities.sum(axis=0)
    for k in np.flatnonzero(N_k):
        shares = responsibilities[:, k] / N_k[k]  # divided first, since N_k may be tiny
        # Eq. (6): mu_k = sum_i gamma_ik x^(i) / N_k. Positions are taken relative to one sample of
        # the component: far from 0 no digits are lost then, and the mean of equal samples is exact.
        origin = X[np.argmax(shares)]
        means[k] = origin + shares @ (X - origin)
        # Eq. (7): Sigma_k = sum_i gamma_ik (x^(i) - mu_k) (x^(i) - mu_k)^T / N_k
        weighted = np.sqrt(shares)[:, np.newaxis] * (X - means[k])
        sigmas[k] = weighted.T @ weighted
    # Eq. (8): w_k = N_k / N
    weights = N_k / N
    return means, sigmas, weights


def as_array(name, value, shape):
    """The value as an array of floats. ValueError unless it has the shape; a letter is any size.

    The same as in k_means.py, since each file of the hand-in has to work without the others.
    """
    array = np.asarray(value, dtype=float)
    fits = array.ndim == len(shape) and array.size > 0
    for size, expected in zip(array.shape, shape):
        if not isinstance(expected, str) and size != expected:
            fits = False
    if not fits:
        expected = ', '.join(str(size) for size in shape)
        raise ValueError(f'{name} must have the shape ({expected}), not {array.shape}')
    return array


def check_arguments(X, K, max_iter):
    """X as a new array of floats. Raises ValueError for an argument that is not allowed."""
    X = as_array('X', X, ('N', 'D'))
    allowed = np.abs(X) < 1e150  # false for NaN; squares of larger numbers may add up to infinity
    if not allowed.all():
        raise ValueError(f'X must hold numbers from -1e150 to 1e150, but holds {X[~allowed][0]}')
    if not isinstance(K, (int, np.integer)) or not 1 <= K <= len(X):
        raise ValueError(f'K must be a whole number from 1 to {len(X)} (N), not {K!r}')
    if not isinstance(max_iter, (int, np.integer)) or max_iter < 1:
        raise ValueError(f'max_iter must be a whole number of at least 1, not {max_iter!r}')
    return X.copy(order='F')  # one column after the other in memory: the steps are faster so


def em(
    X: np.ndarray, K: int, max_iter: int, eps=1e-2, init_variance=1.5
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit a mixture of K Gaussians to X, starting from random means in the unit cube.

    X (N, D) finite numbers, N > D; K from 1 to N; at most max_iter iterations. It stops, from the
    third iteration on, when the log-likelihood changes by less than eps (nats). At the start each
    component has the covariance init_variance I (squared units of the data) and the weight 1/K.
    They are so alike then that the log-likelihood may hardly rise for some iterations: a plateau.
    If EM stops there, a line is printed; use a smaller eps.

    Returns means (K, D); soft_clusters (N, K), the weighted densities w_k N(x^(i); mu_k, Sigma_k)
    of the last parameters; and the log-likelihoods, one an iteration. soft_clusters are not the
    responsibilities: row i adds up to p(x^(i)), not to 1. The logarithms of these sums add up to
    the last log-likelihood, unless a density is too large or too small for a float.

    Raises ValueError for an argument that is not allowed; LinAlgError if a component collapses onto
    so few samples that its covariance is singular, and always if N <= D.
    """
    X = check_arguments(X, K, max_iter)
    N, D = X.shape
    if not 0 < init_variance < np.inf:
        raise ValueError(f'init_variance must be finite and above 0, not {init_variance!r}')
    if N <= D:
        raise np.linalg.LinAlgError(
            f'component 0 and all others collapse: N = {N} samples are too few for D = {D} '
            'features. N must be above D.'
        )
    means = np.random.random((K, D))
    sigmas = np.tile(init_variance * np.eye(D), (K, 1, 1))
    weights = np.full(K, 1 / K)
    print(
        'Initial means:', means, 'Initial covariances:', sigmas, 'Initial weights:', weights,
        sep='\n'
    )
    responsibilities = calculate_responsibilities(X, means, sigmas, weights)
    log_likelihoods = []
    for iteration in range(max_iter):
        means, sigmas, weights = update_parameters(X, means, sigmas, weights, responsibilities)
        # The E-step of the next iteration, here already: Eq. (9) needs its p(x^(i)).
        responsibilities, log_p = e_step(X, means, sigmas, weights)
        # Eq. (9): log p(X) = sum_i log p(x^(i)), with p(x^(i)) of Eq. (4)
        log_likelihoods.append(log_p.sum())
        if iteration > 1 and abs(log_likelihoods[-1] - log_likelihoods[-2]) < eps:
            print(f'EM converged in iteration {iteration + 1}.')
            if K > 1 and log_likelihoods[-1] - log_likelihoods[0] < 1:
                print(
                    'The log-likelihood rose by less than 1 in all. Perhaps EM is still on the '
                    'initial plateau: try a smaller eps, features scaled to standard deviation 1, '
                    'or another seed.'
                )
            break
    else:  # no break
        print(f'EM did not converge in {max_iter} iterations.')
    if not weights.all():
        print(f'{np.sum(weights == 0)} of {K} components end with weight 0.')
    print(f'Log-likelihood: {log_likelihoods[-1]:.2f}')
    print(
        'Fitted means:', means, 'Fitted covariances:', sigmas, 'Fitted weights:', weights,
        sep='\n'
    )
    # w_k N(x^(i); mu_k, Sigma_k) = gamma_ik p(x^(i)), by Eq. (5). A logarithm outside of -708 to
    # 709 is set to the limit: exp of it would be 0 or infinity.
    p = np.exp(np.clip(log_p, -708, 709))
    soft_clusters = responsibilities * p[:, np.newaxis]
    return means, soft_clusters, np.array(log_likelihoods)
