"""EM with scipy's density and einsum: an em.py as the skeleton's import suggests it."""
from typing import Tuple
import numpy as np
from scipy.stats import multivariate_normal


def calculate_responsibilities(X: np.ndarray, means: np.ndarray, sigmas: np.ndarray, weights: np.ndarray) -> np.ndarray:
    r = np.zeros((X.shape[0], means.shape[0]))
    for k, (mean, sigma, w) in enumerate(zip(means, sigmas, weights)):
        r[:, k] = w * multivariate_normal.pdf(X, mean=mean, cov=sigma)
    r /= r.sum(axis=1)[:, None]
    return r


def update_parameters(X: np.ndarray, means: np.ndarray, sigmas: np.ndarray, weights: np.ndarray,
                      responsibilities: np.ndarray) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    N_k = np.sum(responsibilities, axis=0)
    means = responsibilities.T @ X / N_k[:, None]
    d = X[:, None, :] - means
    sigmas = np.einsum('nk,nki,nkj->kij', responsibilities, d, d) / N_k[:, None, None]
    return means, sigmas, N_k / X.shape[0]


def em(X: np.ndarray, K: int, max_iter: int, eps=1e-2, init_variance=1.5) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    N, D = X.shape
    means = np.random.random((K, D))
    sigmas = np.stack([np.eye(D)] * K) * init_variance
    weights = np.repeat(1 / K, K)
    log_likelihood = []
    it, converged = 0, False
    while it < max_iter and not converged:
        r = calculate_responsibilities(X, means, sigmas, weights)
        means, sigmas, weights = update_parameters(X, means, sigmas, weights, r)
        log_likelihood += [np.log(sum(w * multivariate_normal(m, s).pdf(X)
                                      for w, m, s in zip(weights, means, sigmas))).sum()]
        converged = it > 1 and np.abs(log_likelihood[it] - log_likelihood[it - 1]) < eps
        it += 1
    soft_clusters = np.zeros((N, K))
    for k in range(K):
        soft_clusters[:, k] = weights[k] * multivariate_normal(means[k], sigmas[k]).pdf(X)
    return means, soft_clusters, log_likelihood
