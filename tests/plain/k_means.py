"""K-means with plain loops: what the tests compare with, beside section 1.1 of the sheet."""
import numpy as np


def wcss(X, K, Z, centroids):
    total = 0
    for i in range(X.shape[0]):
        for k in range(K):
            # Eq. (1): sum_i sum_k z_ik ||x^(i) - mu^(k)||^2
            total += Z[i, k] * np.linalg.norm(X[i] - centroids[k]) ** 2
    return total


def closest_centroid(sample, centroids):
    distances = [np.linalg.norm(sample - c) for c in centroids]
    # Eq. (2): argmin_j ||x - mu^(j)||^2; the distance itself has the same argmin as its square
    return int(np.argmin(distances))


def compute_Z(X, K, centroids):
    Z = np.zeros((X.shape[0], K))
    for i in range(X.shape[0]):
        # Eq. (2): z_ik = 1 for the closest centroid k, 0 for the others
        Z[i, closest_centroid(X[i], centroids)] = 1
    return Z


def recompute_centroids(X, K, Z):
    centroids = np.zeros((K, X.shape[1]))
    for k in range(K):
        members = X[Z[:, k] == 1]
        # Eq. (3): mu^(k) = sum_i z_ik x^(i) / sum_i z_ik
        centroids[k] = members.sum(axis=0) / len(members)
    return centroids


def kmeans(X, K, max_iter, eps=1e-6):
    centroids = X[np.random.choice(len(X), size=K, replace=False)]
    values = []
    for it in range(max_iter):
        Z = compute_Z(X, K, centroids)
        values.append(wcss(X, K, Z, centroids))
        centroids = recompute_centroids(X, K, Z)
        values.append(wcss(X, K, Z, centroids))
        if it > 0 and abs(values[-1] - values[-2]) < eps:
            break
    return Z, centroids, np.array(values)
