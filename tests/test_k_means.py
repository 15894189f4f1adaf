"""K-means, section 1.1 of the sheet: what the sheet and the interface fix, and nothing else."""
import numpy as np
import pytest

# Seven samples in two clusters of three and four; the centroids are no means.
X = np.array([[0., 0], [0, 2], [3, 1], [8, 8], [8, 9], [9, 8], [12, 8]])
Z = np.array([[1., 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 1], [0, 1]])
CENTROIDS = np.array([[0., 1], [8, 8]])


# --- Naive oracle: the equations as plain loops

def squared_distance(x, mu):
    return sum((a - b)**2 for a, b in zip(x, mu))


def naive_wcss(X, K, Z, centroids):
    return sum(Z[i, k] * squared_distance(X[i], centroids[k]) for i in range(len(X)) for k in range(K))


def naive_closest(sample, centroids):
    distances = [squared_distance(sample, mu) for mu in centroids]
    return distances.index(min(distances))


def naive_Z(X, K, centroids):
    Z = np.zeros((len(X), K))
    for i, x in enumerate(X):
        Z[i, naive_closest(x, centroids)] = 1
    return Z


def naive_centroids(X, K, Z):
    centroids = np.zeros((K, X.shape[1]))
    for k in range(K):
        members = [x for x, z in zip(X, Z[:, k]) if z == 1]
        centroids[k] = sum(members) / max(len(members), 1)  # the sheet does not say what becomes of an empty cluster
    return centroids


def naive_kmeans(X, K, max_iter, eps=1e-6, replace=False, values=2, first_stop=1):
    """K-means after the skeleton. The last three arguments make well-known mistakes."""
    centroids = X[np.random.choice(len(X), size=K, replace=replace)]
    objective = []
    for iteration in range(max_iter):
        Z = naive_Z(X, K, centroids)
        before = naive_wcss(X, K, Z, centroids)
        centroids = naive_centroids(X, K, Z)
        after = naive_wcss(X, K, Z, centroids)
        objective += [before, after][-values:]
        if iteration >= first_stop and abs(after - before) < eps:
            break
    return Z, centroids, np.array(objective)


def blobs(seed, N=40, D=2):
    """N samples in D dimensions around four places."""
    rng = np.random.RandomState(seed)
    return rng.normal(size=(N, D)) + 5 * rng.randint(0, 2, size=(N, D))


def seeded(seed, function, *args, **kwargs):
    np.random.seed(seed)
    return function(*args, **kwargs)


@pytest.fixture
def kmeans(k_means, monkeypatch, grader):
    """kmeans() of the module. In grading, its steps are replaced by right ones:
    a mistake in one of them then counts once, at its own task."""
    if grader:
        for name, right in {'wcss': naive_wcss, 'compute_Z': naive_Z, 'recompute_centroids': naive_centroids}.items():
            monkeypatch.setattr(k_means, name, right, raising=False)
    return k_means.kmeans


# --- Worked by hand

@pytest.mark.task('1.1.1')
def test_wcss_by_hand(k_means, judge):
    """Squared distances to the own centroid: 1, 1, 9 and 0, 1, 1, 16. Their sum is 29.

    Not squared: 1 + 1 + 3 + 0 + 1 + 1 + 4 = 11. To the other centroid: 128, 100,
    74 and 113, 128, 130, 193, in all 866.
    """
    judge.equal('wcss(), Eq. (1)', k_means.wcss(X, 2, Z, CENTROIDS), 29, {
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
@pytest.mark.parametrize('sample, right, farthest', [((1, 1), 1, 2), ((4, 4), 0, 2), ((-3, 1), 2, 0), ((7, -6), 3, 2)])
def test_closest_centroid_by_hand(k_means, judge, sample, right, farthest):
    """Squared distances to (4, 5), (1, 3), (-4, 1), (8, -6): from (1, 1) 25, 4, 25, 98;
    from (4, 4) 1, 10, 73, 116; from (-3, 1) 65, 20, 1, 170; from (7, -6) 130, 117, 170, 1.
    """
    centroids = np.array([[4., 5], [1, 3], [-4, 1], [8, -6]])
    distances = ((centroids - np.array(sample))**2).sum(axis=1)
    assert np.argmin(distances) == right
    value = k_means.closest_centroid(np.array(sample, dtype=float), centroids)
    judge.equal('closest_centroid(), Eq. (2)', value, right, {
        'the index is counted from 1': right + 1,
        'the farthest centroid (argmax instead of argmin)': np.argmax(distances),
        'one-hot vector instead of the index': np.arange(4) == right})


@pytest.mark.task('1.1.2')
def test_closest_centroid_uses_the_euclidean_distance(k_means, judge):
    """From (0, 0): (3, 3) is sqrt(18) away, (0, 5) is 5; in city blocks 6 and 5."""
    value = k_means.closest_centroid(np.zeros(2), np.array([[3., 3], [0, 5]]))
    judge.equal('closest_centroid(), Eq. (2)', value, 0, {'city blocks instead of the Euclidean distance': 1})


@pytest.mark.task('1.1.3')
def test_compute_Z_by_hand(k_means, judge):
    """The first three samples are closest to (0, 1), the others to (8, 8)."""
    judge.equal('compute_Z(), Eq. (2)', k_means.compute_Z(X, 2, CENTROIDS), Z, {
        'ones where zeros belong, and zeros where ones belong': 1 - Z,
        'the index of the cluster instead of a one-hot row': Z.argmax(axis=1),
        'transposed: one row a cluster instead of one a sample': Z.T})


@pytest.mark.task('1.1.4')
def test_recompute_centroids_by_hand(k_means, judge):
    """(0 + 0 + 3, 0 + 2 + 1) / 3 = (1, 1) and (8 + 8 + 9 + 12, 8 + 9 + 8 + 8) / 4 = (9.25, 8.25)."""
    sums = np.array([[3., 3], [37, 33]])
    judge.equal('recompute_centroids(), Eq. (3)', k_means.recompute_centroids(X, 2, Z), sums / [[3], [4]], {
        'the sum of the members instead of their mean': sums,
        'divided by N instead of the size of the cluster': sums / 7,
        'divided by the size of the cluster less 1': sums / [[2], [3]],
        'divided by K': sums / 2,
        'the median instead of the mean': [[0, 1], [8.5, 8]],
        'the mean of all samples': [X.mean(axis=0)] * 2})


@pytest.mark.task('1.1.5')
def test_kmeans_by_hand(kmeans, judge):
    """Samples 0 and 2, each its own cluster: WCSS 0, centroids 0 and 2, in two iterations."""
    Z, centroids, objective = judge.returns('kmeans()', seeded(0, kmeans, np.array([[0.], [2]]), 2, 10), 3)
    judge.equal('kmeans(), the sorted centroids', np.sort(centroids, axis=0), [[0], [2]], {
        'both are the same sample (drawn with replacement)': [[0], [0]]})
    judge.equal('kmeans(), the WCSS', objective, np.zeros(4), {
        'one value an iteration instead of two': np.zeros(2),
        'it stops in the first iteration already': np.zeros(1),
        'the stop never fires': np.zeros(20)})


# --- Naive oracle

@pytest.mark.parametrize('D', [1, 2, 5])
class TestSteps:
    """The steps equal the equations in plain loops, in any dimension."""

    @pytest.mark.task('1.1.1')
    def test_wcss_equals_the_double_sum(self, k_means, judge, D):
        X, rng = blobs(D, D=D), np.random.RandomState(D)
        centroids, Z = rng.normal(size=(3, D)), np.eye(3)[rng.randint(3, size=40)]
        judge.equal('wcss(), Eq. (1)', k_means.wcss(X, 3, Z, centroids), naive_wcss(X, 3, Z, centroids))

    @pytest.mark.task('1.1.2')
    def test_closest_centroid_equals_the_argmin(self, k_means, judge, D):
        X, centroids = blobs(D, D=D), blobs(D + 10, N=6, D=D)
        judge.equal('closest_centroid(), Eq. (2)', [k_means.closest_centroid(x, centroids) for x in X],
                    [naive_closest(x, centroids) for x in X])

    @pytest.mark.task('1.1.3')
    def test_compute_Z_equals_the_argmin_of_each_sample(self, k_means, judge, D):
        X, centroids = blobs(D, D=D), blobs(D + 10, N=6, D=D)
        judge.equal('compute_Z(), Eq. (2)', k_means.compute_Z(X, 6, centroids), naive_Z(X, 6, centroids))

    @pytest.mark.task('1.1.4')
    def test_recompute_centroids_equals_the_means_of_the_members(self, k_means, judge, D):
        X, Z = blobs(D, D=D), np.eye(3)[np.arange(40) % 7 % 3]
        judge.equal('recompute_centroids(), Eq. (3)', k_means.recompute_centroids(X, 3, Z), naive_centroids(X, 3, Z))


@pytest.mark.task('1.1.5')
@pytest.mark.parametrize('seed, K, D', [(0, 2, 2), (1, 3, 2), (2, 4, 3), (3, 2, 1), (4, 1, 2), (5, 5, 2)])
def test_kmeans_equals_the_plain_algorithm(kmeans, judge, seed, K, D):
    """The same seed gives the same iterations and numbers."""
    X = blobs(seed, D=D)
    Z, centroids, objective = judge.returns('kmeans()', seeded(seed, kmeans, X, K, 50), 3)
    right_Z, right_centroids, right_objective = seeded(seed, naive_kmeans, X, K, 50)
    judge.equal('kmeans(), the WCSS', objective, right_objective, lambda: {
        'one value an iteration instead of two (after the update alone)': right_objective[1::2],
        'one value an iteration instead of two (after the assignment alone)': right_objective[::2],
        'it stops in the second iteration at once': right_objective[:4] if len(right_objective) > 4 else np.nan,
        'it stops in the first iteration already': right_objective[:2],
        'it never stops before max_iter': seeded(seed, naive_kmeans, X, K, 50, first_stop=50)[2]})
    judge.equal('kmeans(), Z', Z, right_Z)
    judge.equal('kmeans(), the centroids', centroids, right_centroids)


@pytest.mark.task('1.1.5')
def test_kmeans_draws_the_start_without_replacement(kmeans, judge):
    """One call of np.random.choice, K distinct samples: with one iteration the first WCSS tells."""
    X = blobs(7)
    for seed in range(5):
        objective = judge.returns('kmeans()', seeded(seed, kmeans, X, 4, 1), 3)[2]
        right, again, first = (naive_wcss(X, 4, naive_Z(X, 4, start), start) for start in (
            X[seeded(seed, np.random.choice, len(X), size=4, replace=False)],
            X[seeded(seed, np.random.choice, len(X), size=4, replace=True)],
            X[:4]))
        judge.equal('kmeans(), the first WCSS', objective[0], right, {
            'the initial centroids are drawn with replacement': again,
            'the initial centroids are the first K samples': first})


@pytest.mark.task('1.1.5')
def test_kmeans_draws_once_from_the_random_stream(kmeans, judge):
    X = blobs(3)
    seeded(3, kmeans, X, 3, 10)
    found = np.random.random()
    seeded(3, np.random.choice, len(X), size=3, replace=False)
    judge.holds(found == np.random.random(),
                'kmeans() draws more random numbers than the K initial centroids, or others')


@pytest.mark.task('1.1.5')
def test_kmeans_on_the_mouse(kmeans, judge, mouse):
    """K = 3 ends at WCSS 8.1132 from every seed."""
    for seed in range(2):
        objective = judge.returns('kmeans()', seeded(seed, kmeans, mouse, 3, 100), 3)[2]
        judge.equal('kmeans(), the last WCSS of the mouse data', objective[-1], 8.1132, tolerance=1e-5)


# --- Invariants over seeds

@pytest.mark.task('1.1.3')
def test_compute_Z_has_one_1_in_each_row(k_means, judge):
    for seed in range(5):
        Z = judge.array('compute_Z()', k_means.compute_Z(blobs(seed), 4, blobs(seed + 10, N=4)), (40, 4))
        judge.holds(np.isin(Z, (0, 1)).all() and (Z.sum(axis=1) == 1).all(),
                    'compute_Z(): each row of Z must hold a single 1, and zeros')


@pytest.mark.task('1.1.5')
def test_kmeans_never_raises_the_wcss(kmeans, judge):
    for seed in range(5):
        objective = np.asarray(judge.returns('kmeans()', seeded(seed, kmeans, blobs(seed), 3, 50), 3)[2])
        judge.holds((np.diff(objective) <= 1e-9 * objective[0]).all(), 'kmeans(): the WCSS rises')


@pytest.mark.task('1.1.5')
def test_kmeans_returns_values_that_belong_together(kmeans, judge):
    """The last WCSS is that of Z and the centroids, and these are the means of the clusters."""
    for seed in range(5):
        X = blobs(seed)
        Z, centroids, objective = judge.returns('kmeans()', seeded(seed, kmeans, X, 3, 50), 3)
        Z, centroids = judge.array('kmeans(), Z', Z, (40, 3)), judge.array('kmeans(), the centroids', centroids, (3, 2))
        judge.equal('kmeans(), the last WCSS', objective[-1], naive_wcss(X, 3, Z, centroids))
        judge.equal('kmeans(), the centroids', centroids, naive_centroids(X, 3, Z))


# --- Edge cases

@pytest.mark.task('1.1.2')
def test_closest_centroid_is_an_integer(k_means, judge):
    value = k_means.closest_centroid(X[0], CENTROIDS)
    judge.holds(isinstance(value, (int, np.integer)) and not isinstance(value, bool),
                f'closest_centroid() must return an integer index, not {type(value).__name__}')


@pytest.mark.task('1.1.2')
def test_closest_centroid_takes_the_lowest_index_on_a_tie(k_means, judge):
    value = k_means.closest_centroid(np.zeros(2), np.array([[5., 0], [0, 2], [-2, 0], [2, 0]]))
    judge.equal('closest_centroid(), a tie', value, 1, {'the highest index instead of the lowest': 3})


@pytest.mark.task('1.1.3')
def test_compute_Z_calls_closest_centroid(k_means, judge, monkeypatch):
    calls, original = [], k_means.closest_centroid
    monkeypatch.setattr(k_means, 'closest_centroid', lambda *a, **k: calls.append(1) or original(*a, **k))
    k_means.compute_Z(X, 2, CENTROIDS)
    judge.holds(calls, 'compute_Z() must use closest_centroid()')


@pytest.mark.task('1.1.3')
def test_compute_Z_keeps_a_column_for_an_empty_cluster(k_means, judge):
    """Nothing is close to (99, 99): its column is zero."""
    centroids = np.array([[0., 1], [99, 99], [8, 8]])
    judge.equal('compute_Z(), a cluster without samples',
                k_means.compute_Z(X, 3, centroids), np.insert(Z, 1, 0, axis=1))


@pytest.mark.task('1.1.5')
@pytest.mark.parametrize('max_iter', [1, 2, 3])
def test_kmeans_keeps_to_max_iter(kmeans, judge, max_iter):
    """With eps = 0 it cannot stop earlier: no change is less than 0."""
    objective = judge.returns('kmeans()', seeded(0, kmeans, blobs(0), 3, max_iter, eps=0), 3)[2]
    judge.holds(len(objective) != max_iter, 'kmeans(), the WCSS: one value an iteration instead of two')
    judge.holds(len(objective) == 2 * max_iter, f'kmeans() with max_iter = {max_iter} and eps = 0 must make '
                f'{max_iter} iterations, two WCSS values each, but returns {len(objective)} values')


@pytest.mark.task('1.1.5')
def test_kmeans_stops_by_eps(kmeans, judge):
    """With a huge eps it stops at the first chance, which is the second iteration."""
    objective = judge.returns('kmeans()', seeded(0, kmeans, blobs(0), 3, 20, eps=1e9), 3)[2]
    judge.holds(len(objective) != 2,
                'kmeans() with a huge eps stops in the first iteration; it may not before the second')
    judge.holds(len(objective) == 4, 'kmeans() with a huge eps must stop in the second iteration, after 4 WCSS values, '
                f'but returns {len(objective)}' + ': eps is not used, or the stop is wrong' * (len(objective) > 4))


@pytest.mark.task('1.1.5')
def test_kmeans_stops_by_the_last_two_values(kmeans, judge):
    """In the second iteration the update lowers the WCSS by 56.7, the assignment before it by 61.6 more."""
    objective = judge.returns('kmeans()', seeded(0, kmeans, blobs(0), 3, 20, eps=80), 3)[2]
    judge.holds(len(objective) == 4, 'kmeans() must compare eps with the difference of the last two WCSS values, '
                f'after the assignment and after the update; it returns {len(objective)} values instead of 4')


@pytest.mark.task('1.1.1')
def test_wcss_leaves_its_inputs_alone(k_means, judge):
    judge.unchanged(k_means.wcss, X=X, K=2, Z=Z, centroids=CENTROIDS)


@pytest.mark.task('1.1.2')
def test_closest_centroid_leaves_its_inputs_alone(k_means, judge):
    judge.unchanged(k_means.closest_centroid, sample=X[2], centroids=CENTROIDS)


@pytest.mark.task('1.1.3')
def test_compute_Z_leaves_its_inputs_alone(k_means, judge):
    judge.unchanged(k_means.compute_Z, X=X, K=2, centroids=CENTROIDS)


@pytest.mark.task('1.1.4')
def test_recompute_centroids_leaves_its_inputs_alone(k_means, judge):
    judge.unchanged(k_means.recompute_centroids, X=X, K=2, Z=Z)


@pytest.mark.task('1.1.5')
def test_kmeans_leaves_the_samples_alone(kmeans, judge):
    np.random.seed(0)
    judge.unchanged(kmeans, X=blobs(0), K=3, max_iter=10)
