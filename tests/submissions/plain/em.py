"""EM with plain loops and densities."""
from typing import Tuple

import numpy as np


def density(x, mean, inverse, det):
    d = x - mean
    return np.exp(-0.5 * d @ inverse @ d) / np.sqrt((2 * np.pi) ** len(x) * det)


def weighted_densities(X, means, sigmas, weights):
    N, K = len(X), len(means)
    p = np.zeros((N, K))
    for k in range(K):
        inverse, det = np.linalg.inv(sigmas[k]), np.linalg.det(sigmas[k])
        for i in range(N):
            p[i, k] = weights[k] * density(X[i], means[k], inverse, det)
    return p


def calculate_responsibilities(X: np.ndarray, means: np.ndarray, sigmas: np.ndarray,
                               weights: np.ndarray) -> np.ndarray:
    p = weighted_densities(X, means, sigmas, weights)
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
        for i in range(N):
            new_means[k] += gamma[i] * X[i] / N_k
        for i in range(N):
            d = X[i] - new_means[k]
            new_sigmas[k] += gamma[i] * np.outer(d, d) / N_k
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
        log_likelihood.append(np.sum(np.log(np.sum(soft_clusters, axis=1))))
        if it > 1 and abs(log_likelihood[-1] - log_likelihood[-2]) < eps:
            print('converged after iteration', it)
            break
    print('end:', means, sigmas, weights)
    return means, soft_clusters, np.array(log_likelihood)
