"""EM with plain loops and densities: what tests compare with, beside section 1.2 of the sheet."""
import numpy as np


def weighted_densities(X, means, sigmas, weights):
    p = np.zeros((len(X), len(means)))
    for k in range(len(means)):
        inverse = np.linalg.inv(sigmas[k])
        volume = np.sqrt(np.linalg.det(2 * np.pi * sigmas[k]))
        for i in range(len(X)):
            d = X[i] - means[k]
            # the terms of Eq. (4): w_k exp(-(x - mu)^T Sigma^-1 (x - mu) / 2) / sqrt(|2 pi Sigma|)
            p[i, k] = weights[k] * np.exp(-(d @ inverse @ d) / 2) / volume
    return p


def calculate_responsibilities(X, means, sigmas, weights):
    p = weighted_densities(X, means, sigmas, weights)
    # Eq. (5): gamma_ik, each row divided by its sum over k
    return p / p.sum(axis=1, keepdims=True)


def update_parameters(X, means, sigmas, weights, responsibilities):
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


def em(X, K, max_iter, eps=1e-2, init_variance=1.5):
    D = X.shape[1]
    means = np.random.random((K, D))
    sigmas = np.array([init_variance * np.eye(D) for _ in range(K)])
    weights = np.ones(K) / K
    values = []
    for it in range(max_iter):
        gamma = calculate_responsibilities(X, means, sigmas, weights)
        means, sigmas, weights = update_parameters(X, means, sigmas, weights, gamma)
        soft_clusters = weighted_densities(X, means, sigmas, weights)
        # Eq. (9): sum_i log(sum_k w_k N(x^(i); mu_k, Sigma_k))
        values.append(np.sum(np.log(np.sum(soft_clusters, axis=1))))
        if it > 1 and abs(values[-1] - values[-2]) < eps:
            break
    return means, soft_clusters, np.array(values)
