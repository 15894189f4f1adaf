"""K-means clustering (sheet, section 1.1).

K-means minimises the within-cluster sum of squares (WCSS), Eq. (1), in two alternating steps: every
sample joins the cluster of its closest centroid, Eq. (2), then every centroid moves to the mean of
its cluster, Eq. (3). In exact arithmetic neither step can raise the WCSS, so it falls until nothing
changes any more. That is a local minimum: another random start may find a lower one.

N samples, D features, K clusters
X          (N, D)  one sample x^(i) a row
Z          (N, K)  one-hot rows: z_ik = 1 if sample i belongs to cluster k, else 0
centroids  (K, D)  one centroid mu^(k) a row
WCSS       in squared units of the data

Each step raises ValueError if the shapes of its arguments do not fit together.
"""
from typing import Tuple

import numpy as np


def squared_distances(samples, centroid):
    """||x - mu||^2 of samples (N, D), or of one sample (D,), to a centroid (D,).

    The difference is taken before the square: ||x||^2 - 2 x^T mu + ||mu||^2 loses digits where the
    samples are far from 0.
    """
    return ((samples - centroid)**2).sum(axis=-1)


def wcss(X: np.ndarray, K: int, Z: np.ndarray, centroids: np.ndarray) -> float:
    """The within-cluster sum of squares, Eq. (1), in squared units of the data.

    X (N, D), Z (N, K) with one-hot rows, centroids (K, D).
    """
    X = as_array('X', X, ('N', 'D'))
    N, D = X.shape
    Z = as_array('Z', Z, (N, K))
    centroids = as_array('centroids', centroids, (K, D))
    # Eq. (1): sum_i sum_k z_ik ||x^(i) - mu^(k)||^2. Row i of Z @ centroids is the one mu^(k) that
    # has z_ik = 1.
    return float(((X - Z @ centroids)**2).sum())


def closest_centroid(sample: np.ndarray, centroids: np.ndarray) -> int:
    """The index of the centroid closest to a sample, from 0 to K-1: the argmin of Eq. (2).

    sample (D,), centroids (K, D). On a tie it is the lowest index. For samples (N, D), as compute_Z
    has them, it returns an array of N indices.
    """
    centroids = as_array('centroids', centroids, ('K', 'D'))
    K, D = centroids.shape
    one_sample = np.ndim(sample) < 2
    sample = as_array('sample', sample, (D,) if one_sample else ('N', D))
    # Eq. (2): argmin_j ||x - mu^(j)||^2
    distances = [squared_distances(sample, centroid) for centroid in centroids]
    closest = np.stack(distances, axis=-1).argmin(axis=-1)
    return int(closest) if one_sample else closest


def compute_Z(X: np.ndarray, K: int, centroids: np.ndarray) -> np.ndarray:
    """Assign each sample to its closest centroid, Eq. (2).

    X (N, D), centroids (K, D). Returns Z (N, K) with one-hot rows.
    """
    X = as_array('X', X, ('N', 'D'))
    centroids = as_array('centroids', centroids, (K, X.shape[1]))
    closest = closest_centroid(X, centroids)
    # Eq. (2): z_ik = 1 if k = argmin_j ||x^(i) - mu^(j)||^2, else 0
    return np.array([closest == k for k in range(K)], dtype=float).T


def recompute_centroids(X: np.ndarray, K: int, Z: np.ndarray) -> np.ndarray:
    """Move each centroid to the mean of its cluster, Eq. (3).

    X (N, D), Z (N, K) with one-hot rows. Returns the centroids (K, D). An empty cluster has no
    mean: its centroid moves to the sample that is farthest from the centroid closest to it.
    """
    X = as_array('X', X, ('N', 'D'))
    Z = as_array('Z', Z, (len(X), K))
    sizes = Z.sum(axis=0)
    # Eq. (3): mu^(k) = sum_i z_ik x^(i) / sum_i z_ik, and 0 / 1 for an empty cluster at first
    centroids = Z.T @ X / np.maximum(sizes, 1)[:, np.newaxis]
    if not sizes.all():
        others = centroids[sizes > 0]
        # The squared distance of each sample to the centroid closest to it.
        distances = np.min([squared_distances(X, centroid) for centroid in others], axis=0)
        for k in np.flatnonzero(sizes == 0):
            centroids[k] = X[distances.argmax()]
            distances = np.minimum(distances, squared_distances(X, centroids[k]))
    return centroids


def as_array(name, value, shape):
    """The value as an array of floats. ValueError unless it has the shape; a letter is any size.

    as_array('Z', [[1, 0]], ('N', 2)) is array([[1., 0.]]), and with the shape (3, 2) it is
    ValueError: Z must have the shape (3, 2), not (1, 2).
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


def kmeans(
    X: np.ndarray, K: int, max_iter: int, eps=1e-6
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit K clusters to X, starting from K distinct random rows of X.

    X (N, D) finite numbers; K from 1 to N; at most max_iter iterations. It stops, from the second
    iteration on, when moving the centroids changes the WCSS by less than eps. (eps is in squared
    units of the data: for data in smaller units use a smaller one.) It does not stop while a
    cluster is empty, unless the WCSS itself is below eps.

    Returns Z (N, K), the last assignment; centroids (K, D), computed from it by
    recompute_centroids; and the WCSS, two values an iteration: after the assignment, and after the
    centroids moved. The last value is the WCSS of the returned Z and centroids. Raises ValueError
    for an argument that is not allowed.
    """
    X = check_arguments(X, K, max_iter)
    centroids = X[np.random.choice(len(X), size=K, replace=False)]
    print('Initial centroids:', centroids, sep='\n')
    objective = []
    for iteration in range(max_iter):
        Z = compute_Z(X, K, centroids)
        objective.append(wcss(X, K, Z, centroids))
        centroids = recompute_centroids(X, K, Z)
        objective.append(wcss(X, K, Z, centroids))
        small_change = abs(objective[-1] - objective[-2]) < eps
        # The centroid of an empty cluster has just moved onto a sample. That lowers the WCSS only
        # when samples are assigned again, so go on. Where the WCSS is 0 there is nothing to lower.
        empty = np.sum(~Z.any(axis=0))
        nothing_to_gain = not empty or objective[-1] < eps
        if iteration > 0 and small_change and nothing_to_gain:
            print(f'K-means converged in iteration {iteration + 1}.')
            break
    else:  # no break
        print(f'K-means did not converge in {max_iter} iterations.')
    if empty:
        print(
            f'{empty} of {K} clusters end empty, as the WCSS is below eps or max_iter was reached. '
            'For data in small units use a smaller eps.'
        )
    print(f'WCSS: {objective[-1]:.5g}')
    print('Fitted centroids:', centroids, sep='\n')
    return Z, centroids, np.array(objective)
