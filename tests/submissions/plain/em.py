"""EM with plain loops and densities: read this first, beside section 1.2 of the sheet.

The same numbers as em.py at the top level, which works with logarithms: here a far sample ends in 0/0.
"""
from typing import Tuple

import numpy as np


def density(x, mean, inverse, det):
    d = x - mean
    # N(x; mu, Sigma) = exp(-(x - mu)^T Sigma^-1 (x - mu) / 2) / sqrt((2 pi)^D |Sigma|)
    return np.exp(-0.5 * d @ inverse @ d) / np.sqrt((2 * np.pi) ** len(x) * det)


def weighted_densities(X, means, sigmas, weights):
    N, K = len(X), len(means)
    p = np.zeros((N, K))
    for k in range(K):
        inverse, det = np.linalg.inv(sigmas[k]), np.linalg.det(sigmas[k])
        for i in range(N):
            # the terms of Eq. (4): w_k N(x^(i); mu_k, Sigma_k)
            p[i, k] = weights[k] * density(X[i], means[k], inverse, det)
    return p


def calculate_responsibilities(X: np.ndarray, means: np.ndarray, sigmas: np.ndarray,
                               weights: np.ndarray) -> np.ndarray:
    p = weighted_densities(X, means, sigmas, weights)
    # Eq. (5): gamma_ik, each row divided by its sum over k
    return p / p.sum(axis=1, keepdims=True)


def update_parameters(X: np.ndarray, means: np.ndarray, sigmas: np.ndarray, weights: np.ndarray,
                      responsibilities: np.ndarray) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    N, D = X.shape
    K = means.shape[0]
    new_means = np.zeros((K, D))
    new_sigmas = np.zeros((K, D, D))
    new_weights = np.zeros(K)
    for k in range(K):
        gamma = responsibilities[:, k]
        N_k = gamma.sum()
        # Eq. (6): mu_k = sum_i gamma_ik x^(i) / N_k
        for i in range(N):
            new_means[k] += gamma[i] * X[i] / N_k
        # Eq. (7): Sigma_k = sum_i gamma_ik (x^(i) - mu_k) (x^(i) - mu_k)^T / N_k
        for i in range(N):
            d = X[i] - new_means[k]
            new_sigmas[k] += gamma[i] * np.outer(d, d) / N_k
        # Eq. (8): w_k = N_k / N
        new_weights[k] = N_k / N
    return new_means, new_sigmas, new_weights


def em(X: np.ndarray, K: int, max_iter: int, eps=1e-2,
       init_variance=1.5) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    N, D = X.shape
    means = np.random.random((K, D))
    sigmas = np.array([init_variance * np.eye(D) for _ in range(K)])
    weights = np.ones(K) / K
    print('start:', means, sigmas, weights)
    log_likelihood = []
    for it in range(max_iter):
        gamma = calculate_responsibilities(X, means, sigmas, weights)
        means, sigmas, weights = update_parameters(X, means, sigmas, weights, gamma)
        soft_clusters = weighted_densities(X, means, sigmas, weights)
        # Eq. (9): sum_i log(sum_k w_k N(x^(i); mu_k, Sigma_k))
        log_likelihood.append(np.sum(np.log(np.sum(soft_clusters, axis=1))))
        if it > 1 and abs(log_likelihood[-1] - log_likelihood[-2]) < eps:
            print('converged in iteration', it + 1)
            break
    print('end:', means, sigmas, weights)
    return means, soft_clusters, np.array(log_likelihood)
