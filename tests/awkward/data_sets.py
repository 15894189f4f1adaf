"""Data sets that break K-means and EM where anything is careless: of the stress command and of test_policy.py."""
from pathlib import Path

import numpy as np

MOUSE = Path(__file__).resolve().parents[2] / 'data' / 'mouse.txt'


def blobs(rng, D=2, N=90, spread=0.05):
    """Three groups of samples around random places of the unit cube."""
    return rng.random_sample((3, D))[np.arange(N) % 3] + spread * rng.standard_normal((N, D))


# Each entry makes its data from a random state, and from nothing else.
DATA_SETS = {
    'mouse': lambda rng: np.loadtxt(MOUSE, usecols=(0, 1)),
    'three blobs': blobs,
    'uniform': lambda rng: rng.random_sample((80, 2)),
    'repeated points': lambda rng: np.repeat(rng.random_sample((5, 2)), 20, axis=0),
    'repeated points at 1e8': lambda rng: np.repeat(1e8 * rng.random_sample((5, 2)), 20, axis=0),
    'nearly all equal': lambda rng: np.vstack((np.full((60, 2), 0.1), rng.random_sample((6, 2)))),
    'one point, repeated': lambda rng: np.tile(rng.random_sample((1, 2)), (30, 1)),
    'integer grid': lambda rng: np.indices((7, 7)).reshape(2, -1).T.astype(float),
    'integers, repeated': lambda rng: rng.randint(0, 4, (120, 2)).astype(float),
    'zeros and ones': lambda rng: rng.randint(0, 2, (100, 4)).astype(float),
    'constant column': lambda rng: np.column_stack((blobs(rng), np.full(90, 0.1))),
    'duplicated column': lambda rng: blobs(rng)[:, [0, 1, 0]],
    'dependent column': lambda rng: blobs(rng) @ np.array([[1, 0, 1], [0, 1, 1]]),
    'points on a line': lambda rng: np.outer(rng.random_sample(60), [1.0, 0.7]) + 0.1,
    **{f'outlier at {distance:g}': lambda rng, distance=distance: np.vstack((blobs(rng), [[distance, distance]]))
       for distance in (1e2, 1e3, 1e6, 1e10)},
    'two blobs 1e8 apart': lambda rng: rng.random_sample((80, 2)) + 1e8 * (np.arange(80) % 2)[:, np.newaxis],
    'heavy tails': lambda rng: rng.standard_cauchy((80, 2)),
    'scales 1e-60 and 1': lambda rng: blobs(rng) * [1e-60, 1],
    'scale 1e-8': lambda rng: 1e-8 * blobs(rng),
    'scale 1e8': lambda rng: 1e8 * blobs(rng),
    'shift 1e8': lambda rng: 1e8 + blobs(rng),
    'one dimension': lambda rng: blobs(rng, D=1),
    'five dimensions': lambda rng: blobs(rng, D=5),
    'more dimensions than points': lambda rng: rng.random_sample((10, 15)),
}
