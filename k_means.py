"""K-means clustering (sheet, section 1.1).

Minimise the within-cluster sum of squares, Eq. (1), by turns: every sample joins its closest
centroid, Eq. (2); every centroid moves to the mean of its members, Eq. (3). Neither step can raise
the objective, so it falls until nothing changes: a local minimum, which depends on the start.

N samples, D features, K clusters
X          (N, D)  one sample x^(i) a row
Z          (N, K)  one-hot rows: z_ik = 1 if sample i belongs to cluster k
centroids  (K, D)  one centroid mu^(k) a row
wcss       squared data units

For speed alone, kmeans stores X and Z column by column, so Z is built transposed.
"""
from typing import Tuple

import numpy as np

BLOCK = 32768  # samples assigned at a time, for speed: their distances (256 KiB) stay in the processor's cache


def squared_distances(samples, centroid):
    """||x - mu^(k)||^2 for samples (..., D) and one centroid (D,): shape (...).

    Differences first: ||x||^2 - 2 x.mu + ||mu||^2 is the same on paper, but subtracts nearly equal
    numbers where samples lie far from 0.
    """
    return sum((samples[..., d] - centroid[d])**2 for d in range(len(centroid)))


def wcss(X: np.ndarray, K: int, Z: np.ndarray, centroids: np.ndarray) -> float:
    """Within-cluster sum of squares of an assignment, Eq. (1).

    X (N, D), Z (N, K) one-hot rows, centroids (K, D). Returns a scalar, in squared data units.
    """
    X, Z, centroids = (np.asarray(a, dtype=float) for a in (X, Z, centroids))
    # Eq. (1): sum_i sum_k z_ik ||x^(i) - mu^(k)||^2. Column i of centroids.T @ Z.T is the sample's own
    # centroid, since row i of Z holds a single 1: the other terms of the sum over k are 0.
    return float(((centroids.T @ Z.T - X.T)**2).sum())


def closest_centroid(sample: np.ndarray, centroids: np.ndarray) -> int:
    """Index of the centroid closest to a sample: the argmin of Eq. (2).

    sample (D,), centroids (K, D). Returns an int from 0 to K-1, on a tie the lowest. A stack of
    samples (..., D) gives an integer array (...). Raises ValueError where the number D differs.
    """
    sample, centroids = np.asarray(sample, dtype=float), np.asarray(centroids, dtype=float)
    if sample.shape[-1:] != centroids.shape[1:]:
        raise ValueError(f'sample {sample.shape} and centroids {centroids.shape} must have as many features each')
    # Eq. (2): argmin_j ||x - mu^(j)||^2, by going through the centroids and keeping the smallest
    # squared distance so far. np.argmin over all of them gives the same, slower for many samples.
    smallest = squared_distances(sample, centroids[0])
    closest = np.zeros(smallest.shape, dtype=int)
    for k in range(1, len(centroids)):
        distances = squared_distances(sample, centroids[k])
        # k where centroid k is closer (k exceeds every index so far), else as before: a faster np.where.
        closest = np.maximum(closest, k * (distances < smallest))
        smallest = np.minimum(smallest, distances)
    return closest if closest.ndim else int(closest)


def compute_Z(X: np.ndarray, K: int, centroids: np.ndarray) -> np.ndarray:
    """Assign every sample to its closest centroid, Eq. (2).

    X (N, D), centroids (K, D). Returns Z (N, K), a single 1 in each row. Raises ValueError if K is
    not the number of centroids, or D differs.
    """
    X = np.asarray(X)
    if len(centroids) != K:
        raise ValueError(f'K must be the number of centroids, {len(centroids)}, not {K}')
    Z_transposed = np.empty((K, len(X)))
    for start in range(0, len(X), BLOCK):
        block = slice(start, start + BLOCK)
        # Eq. (2): z_ik = 1 if k = argmin_j ||x^(i) - mu^(j)||^2, else 0. Row k compares k with each argmin.
        Z_transposed[:, block] = np.arange(K)[:, np.newaxis] == closest_centroid(X[block], centroids)
    return Z_transposed.T


def recompute_centroids(X: np.ndarray, K: int, Z: np.ndarray) -> np.ndarray:
    """Move every centroid to the mean of its members, Eq. (3).

    X (N, D), Z (N, K) one-hot rows. Returns the centroids (K, D). The mean of an empty cluster is
    not defined: see `fill_empty_clusters`.
    """
    X, Z = np.asarray(X, dtype=float), np.asarray(Z, dtype=float)
    sizes = Z.sum(axis=0)
    # Eq. (3): mu^(k) = sum_i z_ik x^(i) / sum_i z_ik, for an empty cluster 0 / 1
    centroids = Z.T @ X / np.where(sizes > 0, sizes, 1)[:, np.newaxis]
    return centroids if sizes.all() else fill_empty_clusters(X, centroids, sizes)


def fill_empty_clusters(X, centroids, sizes):
    """Move the centroid of each empty cluster, one by one, to the sample farthest from its closest centroid.

    X (N, D), centroids (K, D), sizes (K,). Returns new centroids, the others as they were.
    """
    centroids, smallest = centroids.copy(), np.full(len(X), np.inf)
    for centroid in centroids[sizes > 0]:
        smallest = np.minimum(smallest, squared_distances(X, centroid))
    for k in np.flatnonzero(sizes == 0):
        centroids[k] = X[np.argmax(smallest)]
        smallest = np.minimum(smallest, squared_distances(X, centroids[k]))
    return centroids


def check_arguments(X, K, max_iter, eps):
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
    return X


def kmeans(X: np.ndarray, K: int, max_iter: int, eps=1e-6) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit K clusters to X, starting from K distinct random rows of X.

    X (N, D) finite numbers; K from 1 to N; at most max_iter iterations. It stops, from the second
    iteration on, when the update of the centroids changes the WCSS by less than eps (squared data
    units; an absolute bound, so scale it with the data). It does not stop while a cluster is empty,
    unless the WCSS itself is below eps.

    Returns Z (N, K), the last assignment; centroids (K, D), the means of its clusters (of an empty one
    see `fill_empty_clusters`); and the WCSS, two values an iteration, after the assignment and after the
    update. The last is that of the returned Z and centroids. Raises ValueError for an unfit argument.
    """
    X = check_arguments(X, K, max_iter, eps)
    centroids = X[np.random.choice(len(X), size=K, replace=False)]
    print('Initial centroids:', centroids, sep='\n')
    objective = []
    for iteration in range(max_iter):
        Z = compute_Z(X, K, centroids)
        objective.append(wcss(X, K, Z, centroids))
        centroids = recompute_centroids(X, K, Z)
        objective.append(wcss(X, K, Z, centroids))
        # The new centroid of an empty cluster has no members yet: it changes the next WCSS, not this one.
        if (iteration > 0 and abs(objective[-1] - objective[-2]) < eps
                and (Z.any(axis=0).all() or objective[-1] < eps)):
            print(f'K-means converged in iteration {iteration + 1}.')
            break
    else:  # no break
        print(f'K-means did not converge in {max_iter} iterations.')
    print(f'WCSS: {objective[-1]:.4f}')
    print('Fitted centroids:', centroids, sep='\n')
    return Z, centroids, np.array(objective)
