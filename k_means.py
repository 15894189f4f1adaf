"""K-means clustering (sheet, section 1.1).

Minimise the within-cluster sum of squares (WCSS), Eq. (1), by turns: every sample joins its closest
centroid, Eq. (2); every centroid moves to the mean of its members, Eq. (3). Neither step can raise
the objective, so it falls until nothing changes: a local minimum, which depends on the start.

N samples, D features, K clusters
X          (N, D)  one sample x^(i) a row
Z          (N, K)  one-hot rows: z_ik = 1 if sample i belongs to cluster k
centroids  (K, D)  one centroid mu^(k) a row
wcss       squared data units

Each step raises ValueError where the shapes of its arguments disagree.
"""
from typing import Tuple

import numpy as np


def squared_distances(samples, centroid):
    """||x - mu||^2 of samples (..., D) and a centroid (D,): shape (...). Differences first, as x may be far from 0."""
    return ((samples - centroid)**2).sum(axis=-1)


def wcss(X: np.ndarray, K: int, Z: np.ndarray, centroids: np.ndarray) -> float:
    """Within-cluster sum of squares, Eq. (1), in squared data units: X (N, D), Z (N, K) one-hot, centroids (K, D)."""
    X, Z, centroids = arrays(K, X_ND=X, Z_NK=Z, centroids_KD=centroids)
    # Eq. (1): sum_i sum_k z_ik ||x^(i) - mu^(k)||^2, where row i of Z @ centroids is the centroid whose z_ik is 1
    own_centroids = (centroids.T @ Z.T).T  # Z @ centroids, stored column by column as X is: faster
    return float(((X - own_centroids)**2).sum())


def closest_centroid(sample: np.ndarray, centroids: np.ndarray) -> int:
    """Index of the centroid closest to a sample: the argmin of Eq. (2).

    sample (D,), centroids (K, D). Returns an int from 0 to K-1, on a tie the lowest. Of samples (N, D), which
    compute_Z has, it returns the indices (N,).
    """
    several = np.ndim(sample) > 1
    sample, centroids = (arrays(sample_ND=sample, centroids_KD=centroids) if several else
                         arrays(sample_D=sample, centroids_KD=centroids))
    # Eq. (2): argmin_j ||x - mu^(j)||^2, by going through the centroids (np.argmin is slower for many samples)
    smallest = squared_distances(sample, centroids[0])
    closest = np.zeros(smallest.shape, dtype=int)
    for k in range(1, len(centroids)):
        distances = squared_distances(sample, centroids[k])
        closer = distances < smallest
        closest = closer * k + ~closer * closest  # np.where(closer, k, closest), but faster
        smallest = np.minimum(distances, smallest)
    return closest if several else int(closest)


def compute_Z(X: np.ndarray, K: int, centroids: np.ndarray) -> np.ndarray:
    """Assign every sample to its closest centroid, Eq. (2): X (N, D), centroids (K, D). Returns Z (N, K), one-hot."""
    X, centroids = arrays(K, X_ND=X, centroids_KD=centroids)
    # Eq. (2): z_ik = 1 if k = argmin_j ||x^(i) - mu^(j)||^2, else 0. Row k of the table compares k with each argmin.
    return np.equal(np.arange(K)[:, np.newaxis], closest_centroid(X, centroids)).astype(float).T


def recompute_centroids(X: np.ndarray, K: int, Z: np.ndarray) -> np.ndarray:
    """Move every centroid to the mean of its members, Eq. (3).

    X (N, D), Z (N, K) one-hot rows. Returns the centroids (K, D). The mean of an empty cluster is not
    defined: its centroid moves to the sample that is farthest from its closest centroid.
    """
    X, Z = arrays(K, X_ND=X, Z_NK=Z)
    sizes = Z.sum(axis=0)
    # Eq. (3): mu^(k) = sum_i z_ik x^(i) / sum_i z_ik, for an empty cluster 0 / 1
    centroids = Z.T @ X / np.where(sizes > 0, sizes, 1)[:, np.newaxis]
    if not sizes.all():  # one by one, to the sample that adds most to the WCSS, Eq. (1)
        smallest = np.min([squared_distances(X, centroid) for centroid in centroids[sizes > 0]], axis=0, initial=np.inf)
        for k in np.flatnonzero(sizes == 0):
            centroids[k] = X[smallest.argmax()]
            smallest = np.minimum(smallest, squared_distances(X, centroids[k]))
    return centroids


def arrays(K=None, **arguments):
    """The arguments as arrays of floats, X_ND for X of shape (N, D). ValueError where a dimension is not as before."""
    found, sizes = [], {} if K is None else {'K': K}
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
    """X as a copy, column by column for speed. Raises ValueError for an argument that does not fit."""
    X = arrays(X_ND=X)[0].copy(order='F')
    fit = np.abs(X) < 1e150  # not so for NaN; the squares of larger numbers may add up to infinity
    if not fit.all():
        raise ValueError(f'X must be finite and below 1e150, but holds {X[~fit][0]}')
    for name, value, most in ('K', K, len(X)), ('max_iter', max_iter, np.inf):
        if not isinstance(value, (int, np.integer)) or not 1 <= value <= most:
            raise ValueError(f'{name} must be a whole number from 1 to {most}, not {value!r}')
    return X


def kmeans(X: np.ndarray, K: int, max_iter: int, eps=1e-6) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit K clusters to X, starting from K distinct random rows of X.

    X (N, D) finite numbers; K from 1 to N; at most max_iter iterations. It stops, from the second on, when
    the update of the centroids changes the WCSS by less than eps (squared data units; an absolute bound, so
    scale it with the data), but not while a cluster is empty, unless the WCSS itself is below eps.

    Returns Z (N, K), the last assignment; centroids (K, D), those of its clusters by `recompute_centroids`;
    and the WCSS, two values an iteration, after the assignment and after the update. The last is that of
    the returned Z and centroids. Raises ValueError for an unfit argument.
    """
    X = check_arguments(X, K, max_iter)
    centroids = X[np.random.choice(len(X), size=K, replace=False)]
    print('Initial centroids:', centroids, sep='\n')
    objective = []
    for iteration in range(max_iter):
        Z = None  # frees the last one, before the next is computed
        Z = compute_Z(X, K, centroids)
        objective.append(wcss(X, K, Z, centroids))
        centroids = recompute_centroids(X, K, Z)
        objective.append(wcss(X, K, Z, centroids))
        change, none_empty = abs(objective[-1] - objective[-2]), Z.any(axis=0).all()
        # Not while a cluster is empty: the sample that it is moved to joins it in the next assignment, and lowers the
        # next WCSS, not this one. With more clusters than distinct samples some stay empty, and the WCSS reaches 0.
        if iteration > 0 and change < eps and (none_empty or objective[-1] < eps):
            print(f'K-means converged in iteration {iteration + 1}.')
            break
    else:  # no break
        print(f'K-means did not converge in {max_iter} iterations.')
    print(f'WCSS: {objective[-1]:.5g}')
    print('Fitted centroids:', centroids, sep='\n')
    return Z, centroids, np.array(objective)
