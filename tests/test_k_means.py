"""K-means, section 1.1 of the sheet: what the sheet and the interface fix, and nothing else."""
import contextlib
import sys
from functools import lru_cache

import numpy as np
import pytest

from conftest import seeded
from judge.grader import within
from submissions.plain import k_means as plain

# Seven samples in two clusters of three and four; the centroids are no means.
X = np.array([[0., 0], [0, 2], [3, 1], [8, 8], [8, 9], [9, 8], [12, 8]])
Z = np.array([[1., 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 1], [0, 1]])
CENTROIDS = np.array([[0., 1], [8, 8]])
TIED = np.array([[5., 0], [0, 2], [-2, 0], [2, 0]])  # three of them are 2 away from (0, 0)
CITY_BLOCKS = np.array([[9., 0], [3, 3], [8, 0], [0, 5], [9, 9]])  # from (0, 0): the second; in city blocks the fourth
FARTHEST = 'the farthest centroid (argmax instead of argmin)'


# --- What the tests share

@lru_cache(maxsize=None)
def plain_kmeans(seed, K, max_iter, D=2, eps=1e-6):
    return seeded(seed, plain.kmeans, blobs(seed, D=D), K, max_iter, eps)


def blobs(seed, N=40, D=2):
    """N samples in D dimensions around four places."""
    rng = np.random.RandomState(seed)
    return rng.normal(size=(N, D)) + 5 * rng.randint(0, 2, size=(N, D))


@pytest.fixture(scope='module')
def closest_is_right(k_means, limit):
    """Whether closest_centroid() of the module serves to judge compute_Z()."""
    trials = [(x, CENTROIDS) for x in X] + [(np.zeros(2), TIED), (np.zeros(2), CITY_BLOCKS)]
    with contextlib.suppress(Exception):
        values = [within(limit and limit / 5, k_means.closest_centroid, *map(np.copy, trial)) for trial in trials]
        return all(isinstance(value, (int, np.integer)) and value == plain.closest_centroid(*trial)
                   for value, trial in zip(values, trials))


@pytest.fixture
def compute_Z(k_means, monkeypatch, grader, closest_is_right, ours):
    """compute_Z() of the module; in grading, with a right closest_centroid() where its own is wrong."""
    if grader and not closest_is_right:
        monkeypatch.setattr(k_means, 'closest_centroid', ours.k_means.closest_centroid, raising=False)
    return k_means.compute_Z


@pytest.fixture(scope='module')
def dtype_of_Z(k_means, limit):
    """The number type of Z, on which kmeans() of the module may rely."""
    with contextlib.suppress(Exception):
        dtype = np.asarray(within(limit and limit / 5, k_means.compute_Z, X.copy(), 2, CENTROIDS.copy())).dtype
        return dtype if dtype.kind in 'biuf' else None


@pytest.fixture
def fit(k_means, judge, monkeypatch, grader, ours, dtype_of_Z):
    """kmeans() from a seed, its start judged; in grading with right steps, so that a mistake in one counts once."""
    starts = []
    if grader:
        monkeypatch.setattr(k_means, 'wcss', ours.k_means.wcss, raising=False)
        monkeypatch.setattr(k_means, 'recompute_centroids', ours.k_means.recompute_centroids, raising=False)
        monkeypatch.setattr(k_means, 'compute_Z', lambda X, K, centroids: (
            starts.append(np.array(centroids))
            or np.array(ours.k_means.compute_Z(X, K, centroids), dtype_of_Z, order='C')), raising=False)

    def fit(seed, X, K, *args, **kwargs):
        starts.clear()
        Z, centroids, objective = judge.returns('kmeans()', seeded(seed, k_means.kmeans, X, K, *args, **kwargs), 3)
        if starts:
            untouched = np.random.random() == seeded(seed, np.random.random)
            right, again = (X[seeded(seed, np.random.choice, len(X), size=K, replace=replace)]
                            for replace in (False, True))
            judge.equal('kmeans(), the initial centroids', starts[0], right, {
                'they are drawn with replacement': again,
                'they are the first K samples, nothing is drawn': X[:K],
                'nothing is drawn from np.random (but from default_rng()?)': starts[0] if untouched else np.nan})
        return (judge.array('kmeans(), Z', Z, (len(X), K)),
                judge.array('kmeans(), the centroids', centroids, (K, X.shape[1])),
                judge.array('kmeans(), the WCSS', objective, (np.size(objective),)))
    return fit


# --- Worked by hand

@pytest.mark.task('1.1.1')
def test_wcss_by_hand(k_means, judge):
    """Squared distances to the own centroid: 1, 1, 9 and 0, 1, 1, 16. Their sum is 29.

    Not squared: 1 + 1 + 3 + 0 + 1 + 1 + 4 = 11. To the other centroid: 128, 100,
    74 and 113, 128, 130, 193, in all 866.
    """
    judge.equal('wcss(), Eq. (1)', k_means.wcss(X.copy(), 2, Z.copy(), CENTROIDS.copy()), 29, {
        'the distances are not squared': 11,
        'the sum is divided by N (a mean)': 29 / 7,
        'the root is taken of the sum': np.sqrt(29),
        'the sum is halved': 29 / 2,
        'the sum runs over all clusters, without z_ik': 29 + 866,
        'the distances are taken to the clusters that a sample does not belong to': 866,
        'the value of the last sample alone': 16,
        'one value a sample: the sum over i is missing': [1, 1, 9, 0, 1, 1, 16],
        'one value a cluster: the sum over k is missing': [11, 18]})


@pytest.mark.task('1.1.2')
def test_closest_centroid_by_hand(k_means, judge):
    """Squared distances to (4, 5), (1, 3), (-4, 1), (8, -6): from (1, 1) 25, 4, 25, 98;
    from (4, 4) 1, 10, 73, 116; from (-3, 1) 65, 20, 1, 170; from (7, -6) 130, 117, 170, 1.
    """
    for sample, right, farthest in ((-3, 1), 2, 3), ((1, 1), 1, 3), ((4, 4), 0, 3), ((7, -6), 3, 2):
        centroids = np.array([[4., 5], [1, 3], [-4, 1], [8, -6]])
        value = k_means.closest_centroid(np.array(sample, dtype=float), centroids.copy())
        judge.equal('closest_centroid(), Eq. (2)', value, right, {
            'the index is counted from 1': right + 1,
            FARTHEST: farthest,
            'the distance instead of the index': np.linalg.norm(sample - centroids[right]),
            'the centroid instead of its index': centroids[right],
            'one-hot vector instead of the index': np.arange(4) == right})


@pytest.mark.task('1.1.2')
@pytest.mark.parametrize('centroids, mistakes', [
    (CITY_BLOCKS, {'city blocks instead of the Euclidean distance': 3, FARTHEST: 4}),
    (TIED, {'on a tie the highest index instead of the lowest': 3, FARTHEST: 0})])
def test_closest_centroid_by_euclidean_distance_and_on_a_tie(k_means, judge, centroids, mistakes):
    """From (0, 0): (3, 3) is sqrt(18) away, (0, 5) is 5; in city blocks 6 and 5. Then three are at the distance 2."""
    judge.equal('closest_centroid(), Eq. (2)', k_means.closest_centroid(np.zeros(2), centroids.copy()), 1,
                {'the index is counted from 1': 2, **mistakes})


@pytest.mark.task('1.1.3')
def test_compute_Z_by_hand(compute_Z, judge):
    """The first three samples are closest to (0, 1), the others to (8, 8)."""
    judge.equal('compute_Z(), Eq. (2)', compute_Z(X.copy(), 2, CENTROIDS.copy()), Z, {
        'ones where zeros belong, and zeros where ones belong': 1 - Z,
        'the index of the cluster instead of a one-hot row': Z.argmax(axis=1),
        'transposed: one row a cluster instead of one a sample': Z.T})


@pytest.mark.task('1.1.4')
def test_recompute_centroids_by_hand(k_means, judge):
    """(0 + 0 + 3, 0 + 2 + 1) / 3 = (1, 1) and (8 + 8 + 9 + 12, 8 + 9 + 8 + 8) / 4 = (9.25, 8.25)."""
    sums = np.array([[3., 3], [37, 33]])
    value = k_means.recompute_centroids(X.copy(), 2, Z.copy())
    judge.equal('recompute_centroids(), Eq. (3)', value, sums / [[3], [4]], {
        'the sum of the members instead of their mean': sums,
        'divided by N instead of the size of the cluster': sums / 7,
        'divided by the size of the cluster less 1': sums / [[2], [3]],
        'divided by K': sums / 2,
        'the median instead of the mean': [[0, 1], [8.5, 8]],
        'the mean of all samples': [X.mean(axis=0)] * 2})


@pytest.mark.task('1.1.5')
def test_kmeans_by_hand(fit, judge):
    """Samples 0 and 2, each its own cluster: WCSS 0, centroids 0 and 2, in two iterations."""
    Z, centroids, objective = fit(0, np.array([[0.], [2]]), 2, 10)
    judge.equal('kmeans(), the sorted centroids', np.sort(centroids, axis=0), [[0], [2]])
    judge.equal('kmeans(), the centroids by way of Z', Z @ centroids, [[0], [2]])
    judge.equal('kmeans(), the WCSS', objective, np.zeros(4), {
        'one value an iteration instead of two': np.zeros(2),
        'it stops in the first iteration already': np.zeros(1),
        'the stop never fires': np.zeros(20)})


# --- Plain loops

EACH_STEP = pytest.mark.parametrize('name', [pytest.param(name, marks=pytest.mark.task(task)) for name, task in (
    ('wcss', '1.1.1'), ('closest_centroid', '1.1.2'), ('compute_Z', '1.1.3'), ('recompute_centroids', '1.1.4'))])


@pytest.fixture
def step(request, k_means, name):
    return request.getfixturevalue('compute_Z') if name == 'compute_Z' else getattr(k_means, name)


def step_arguments(name, D):
    X, centroids, Z = blobs(D, D=D), blobs(D + 10, N=6, D=D), np.eye(6)[np.arange(40) % 7 % 6]
    return {'wcss': dict(X=X, K=6, Z=Z, centroids=centroids), 'recompute_centroids': dict(X=X, K=6, Z=Z),
            'compute_Z': dict(X=X, K=6, centroids=centroids),
            'closest_centroid': dict(sample=X[0], centroids=centroids)}[name]


@EACH_STEP
def test_step_equals_plain_loops(step, judge, name):
    for D in 1, 2, 5:
        right = getattr(plain, name)(*step_arguments(name, D).values())
        judge.equal(f'{name}(), D = {D}', step(*step_arguments(name, D).values()), right, {
            'the index is counted from 1': right + 1} if name == 'closest_centroid' else {})


@pytest.mark.task('1.1.5')
@pytest.mark.parametrize('seed, K, D, max_iter', [(0, 2, 2, 50), (2, 4, 3, 50), (3, 2, 1, 50), (5, 5, 2, 50),
                                                  (5, 5, 2, 1)])
def test_kmeans_equals_the_plain_algorithm(fit, judge, seed, K, D, max_iter):
    """The same seed gives the same iterations and numbers."""
    X = blobs(seed, D=D)
    Z, centroids, objective = fit(seed, X, K, max_iter)
    right_Z, right_centroids, right = plain_kmeans(seed, K, max_iter, D)
    judge.equal('kmeans(), the WCSS', objective, right, lambda: {
        'one value an iteration instead of two (after the update alone)': right[1::2],
        'one value an iteration instead of two (after the assignment alone)': right[::2],
        'it stops in the second iteration at once': right[:4] if len(right) > 4 else np.nan,
        'it stops in the first iteration already': right[:2],
        'it never stops before max_iter': plain_kmeans(seed, K, max_iter, D, eps=-1)[2]})
    judge.equal('kmeans(), Z', Z, right_Z, lambda: {
        'it does not belong to the last WCSS (one more assignment after the last update)':
            plain.compute_Z(X, K, right_centroids)})
    judge.equal('kmeans(), the centroids', centroids, right_centroids)


@pytest.mark.task('1.1.5')
def test_kmeans_draws_once_from_the_random_stream(fit, k_means, judge):
    X = blobs(3)
    seeded(3, k_means.kmeans, X, 3, 10)
    found = np.random.random()
    seeded(3, np.random.choice, len(X), size=3, replace=False)
    judge.holds(found == np.random.random(),
                'kmeans() draws more random numbers than the K initial centroids, or others')


@pytest.mark.task('1.1.5')
def test_kmeans_on_the_mouse(fit, judge, mouse):
    """K = 3 ends at WCSS 8.1132 from every seed."""
    for seed in range(2):
        judge.equal('kmeans(), the last WCSS of the mouse data', fit(seed, mouse.copy(), 3, 100)[2][-1], 8.1132,
                    tolerance=1e-5)


# --- Invariants over seeds

@pytest.mark.task('1.1.5')
def test_kmeans_never_raises_the_wcss_and_returns_values_that_belong_together(fit, judge):
    """The last WCSS is that of Z and the centroids, and these are the means of the clusters."""
    for seed in range(5):
        X = blobs(seed)
        Z, centroids, objective = fit(seed, X, 3, 50)
        judge.holds((np.diff(objective) <= 1e-9 * objective[0]).all(), 'kmeans(): the WCSS rises')
        judge.equal('kmeans(), the last WCSS', objective[-1], plain.wcss(X, 3, Z, centroids))
        judge.equal('kmeans(), the centroids', centroids, plain.recompute_centroids(X, 3, Z))


# --- Edge cases

@pytest.mark.task('1.1.2')
def test_closest_centroid_is_an_integer(k_means, judge):
    value = k_means.closest_centroid(X[0].copy(), CENTROIDS.copy())
    judge.holds(isinstance(value, (int, np.integer)) and not isinstance(value, bool),
                f'closest_centroid() must return an integer index, not {type(value).__name__}')


@pytest.mark.task('1.1.3')
def test_compute_Z_calls_closest_centroid(k_means, judge):
    """By that name, or by another such as that of np.vectorize(closest_centroid)."""
    code, entered, before = getattr(k_means.closest_centroid, '__code__', None), [], sys.getprofile()

    def profile(frame, event, arg):
        if frame.f_code is code:
            entered.append(1)
            raise StopIteration  # what it returns is judged elsewhere

    sys.setprofile(profile)
    with contextlib.suppress(Exception):
        k_means.compute_Z(X.copy(), 2, CENTROIDS.copy())
    sys.setprofile(before)
    judge.holds(entered or code is None, 'compute_Z() must use closest_centroid()')


@pytest.mark.task('1.1.3')
@pytest.mark.parametrize('empty', [1, 2])
def test_compute_Z_keeps_a_column_for_an_empty_cluster(compute_Z, judge, empty):
    """Nothing is close to (99, 99): its column is zero, be it in the middle or the last."""
    value = compute_Z(X.copy(), 3, np.insert(CENTROIDS, empty, 99, axis=0))
    judge.equal('compute_Z(), a cluster without samples', value, np.insert(Z, empty, 0, axis=1),
                {'its column is missing': Z})


@pytest.mark.task('1.1.3')
def test_compute_Z_gives_a_tie_to_one_cluster(compute_Z, judge):
    """(0, 0) is 5 from (3, 4), (5, 0) and (0, -5)."""
    judge.equal('compute_Z(), a tie', compute_Z(np.zeros((1, 2)), 4, np.array([[9., 9], [3, 4], [5, 0], [0, -5]])),
                [[0, 1, 0, 0]], {'a row holds more than a single 1': [[0, 1, 1, 1]],
                                 'the highest index instead of the lowest': [[0, 0, 0, 1]]})


@pytest.mark.task('1.1.5')
def test_kmeans_keeps_to_max_iter(fit, judge):
    """With eps = 0 it cannot stop earlier: no change is less than 0."""
    for max_iter in 1, 2, 3:
        objective = fit(0, blobs(0), 3, max_iter, eps=0)[2]
        judge.holds(len(objective) != max_iter, 'kmeans(), the WCSS: one value an iteration instead of two')
        judge.holds(len(objective) == 2 * max_iter, f'kmeans() with max_iter = {max_iter} and eps = 0 must make '
                    f'{max_iter} iterations, two WCSS values each, but returns {len(objective)} values')


@pytest.mark.task('1.1.5')
def test_kmeans_stops_by_eps(fit, judge):
    """With a huge eps it stops at the first chance, which is the second iteration."""
    objective = fit(0, blobs(0), 3, 20, eps=1e9)[2]
    judge.holds(len(objective) != 2,
                'kmeans() with a huge eps stops in the first iteration; it may not before the second')
    judge.holds(len(objective) == 4, 'kmeans() with a huge eps must stop in the second iteration, after 4 WCSS values, '
                f'but returns {len(objective)}' + ': eps is not used, or the stop is wrong' * (len(objective) > 4))


@pytest.mark.task('1.1.5')
def test_kmeans_stops_by_the_last_two_values(fit, judge):
    """In the second iteration the update lowers the WCSS by 56.7, the assignment before it by 61.6 more."""
    objective = fit(0, blobs(0), 3, 20, eps=80)[2]
    judge.holds(len(objective) == 4, 'kmeans() must compare eps with the difference of the last two WCSS values, '
                f'after the assignment and after the update; it returns {len(objective)} values instead of 4')


@EACH_STEP
def test_step_leaves_its_inputs_alone(step, judge, name):
    judge.unchanged(step, **step_arguments(name, 2))


@pytest.mark.task('1.1.5')
def test_kmeans_leaves_the_samples_alone(fit, k_means, judge):
    np.random.seed(0)
    judge.unchanged(k_means.kmeans, X=blobs(0), K=3, max_iter=10)
