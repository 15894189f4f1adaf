"""K-means, section 1.1 of the sheet: what the sheet and the interface fix, and nothing else."""
import ast

import numpy as np
import pytest

from judge import FOLDER, ROOT, blame_D, blobs, call, check, load, own_where_right, unpack

pytestmark = pytest.mark.filterwarnings('ignore')  # a submission may warn
plain = load('k_means', ROOT / 'tests' / 'plain')

# Seven samples in two clusters of three and four; the centroids are no means.
X = np.array([[0, 0], [0, 3], [3, 1], [8, 8], [8, 9], [9, 8], [12, 8]], dtype=float)
Z = np.array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 1], [0, 1]], dtype=float)
CENTROIDS = np.array([[0, 1], [8, 8]], dtype=float)

# Five samples on a line. Seed 0 draws 4 and 0 as the first centroids of two. By hand:
# 2 is 2 from both, and joins the first: WCSS 4 + 0 + 81 + 169 = 254;
# the means are 9 and 0: 49 + 25 + 16 + 64 = 154.
# 2 and 4 change sides: 0 + 4 + 16 + 16 + 64 = 100;
# the means are 15 and 2: 4 + 0 + 4 + 4 + 4 = 16. Then nothing changes.
LINE = np.array([[0], [2], [4], [13], [17]], dtype=float)
LINE_VALUES = [254, 154, 100, 16, 16, 16]


@pytest.fixture(scope='module')
def k_means():
    """The module that is judged."""
    return load('k_means')


@pytest.fixture(scope='module')
def compute_Z(k_means):
    """compute_Z(), with the plain closest_centroid() if its own is wrong."""
    def own(sample, centroids):
        closest = k_means.closest_centroid(sample, centroids)
        return closest if np.asarray(closest).dtype.kind == 'i' else None

    def closest_of_each(sample, centroids):
        if np.ndim(sample) == 1:
            return plain.closest_centroid(sample, centroids)
        return np.array([plain.closest_centroid(x, centroids) for x in sample])

    step = own_where_right(own, closest_of_each)
    return load('k_means', closest_centroid=step).compute_Z


@pytest.fixture(scope='module')
def module_of_kmeans(k_means):
    """The module with plain steps for kmeans() where its own are wrong."""
    names = ['compute_Z', 'wcss', 'recompute_centroids']
    steps = {}
    for name in names:
        steps[name] = own_where_right(getattr(k_means, name, None), getattr(plain, name))
    return load('k_means', **steps)


@pytest.fixture(scope='module')
def kmeans(module_of_kmeans):
    """kmeans() with a seed: it returns Z, the centroids and the values of the WCSS."""
    def run(X, K, max_iter, seed=0, **options):
        found = call(module_of_kmeans.kmeans, X, K, max_iter, seed=seed, **options)
        return unpack(found, 'Z', 'centroids', 'WCSS values')
    return run


def every_cluster(N, K):
    """One-hot rows (N, K), with at least one sample in each cluster, and different sizes."""
    clusters = np.concatenate((np.arange(K), np.arange(N - K) % (K - 1)))
    return np.eye(K)[clusters]


def test_1_1_1_wcss_by_hand(k_means):
    """Squared distances to the own centroid: 1, 4, 9 and 0, 1, 1, 16. Their sum is 32.

    Not squared: 1 + 2 + 3 + 0 + 1 + 1 + 4 = 12. To the other centroid: 128, 89, 74 and
    113, 128, 130, 193, in all 855.
    """
    check(
        call(k_means.wcss, X, 2, Z, CENTROIDS), 32,
        distances_were_not_squared=12,
        the_root_of_the_sum_were_taken=np.sqrt(32),
        it_were_divided_by_N=32 / 7,
        z_ik_were_left_out=32 + 855,
        only_the_first_cluster_counted=14,
    )


def test_1_1_1_wcss_equals_the_equation(k_means):
    for D in (2, 1, 5):
        arguments = blobs(1, D=D), 6, every_cluster(40, 6), blobs(2, N=6, D=D)
        with blame_D(D):
            check(call(k_means.wcss, *arguments), plain.wcss(*arguments))


def test_1_1_2_closest_centroid_by_hand(k_means):
    """Squared distances to (3, 0), (-4, -4), (-6, 3), (-3, -4), (2, 0):

    of (3, -6) 36, 53, 162, 40, 37; of (-1, 4) 32, 73, 26, 68, 25; of (-2, -5) 50, 5, 80, 2, 41.
    In city blocks (-1, 4) is closest to (-6, 3), at 6 in place of 7, and (3, -6) and (-2, -5) stay.
    The largest products with the centroids are 9, 24 - 6 = 18 and 26.
    """
    centroids = np.array([[3, 0], [-4, -4], [-6, 3], [-3, -4], [2, 0]], dtype=float)
    samples = np.array([[3, -6], [-1, 4], [-2, -5]], dtype=float)
    right = [0, 4, 3]
    found = [call(k_means.closest_centroid, sample, centroids) for sample in samples]
    check(
        found, right,
        indices_were_counted_from_1=[1, 5, 4],
        it_were_the_farthest_centroid=[2, 1, 2],
        it_were_the_centroid_with_the_largest_product=np.argmax(samples @ centroids.T, axis=1),
        distances_were_in_city_blocks=[0, 2, 3],
        the_distance_were_returned=[6, 5, np.sqrt(2)],
        the_centroid_itself_were_returned=centroids[right],
        a_one_hot_vector_were_returned=np.eye(5)[right],
        an_array_of_one_index_were_returned=[[0], [4], [3]],
    )
    for index in found:
        is_integer = isinstance(index, (int, np.integer)) and not isinstance(index, bool)
        assert is_integer, f'got the {type(index).__name__} {index!r}, expected an integer'


def test_1_1_2_closest_centroid_is_the_first_on_a_tie(k_means):
    """Three centroids are 2 away from (0, 0): each of 20 times it is the first of them."""
    centroids = np.array([[5, 0], [0, 2], [-2, 0], [2, 0]], dtype=float)
    found = [call(k_means.closest_centroid, np.zeros(2), centroids, seed=s) for s in range(20)]
    check(found, [1] * 20, it_were_the_last_on_a_tie=[3] * 20)


def test_1_1_2_closest_centroid_may_be_far_away(k_means):
    """Of (5000, 0), (0, -3000), (4000, 0) the second is closest to (0, 0)."""
    centroids = np.array([[5000, 0], [0, -3000], [4000, 0]], dtype=float)
    check(
        call(k_means.closest_centroid, np.zeros(2), centroids), 1,
        the_search_began_at_a_fixed_distance=0,
    )


def test_1_1_2_closest_centroid_equals_the_equation(k_means):
    for D in (2, 1, 5):
        centroids = blobs(2, N=6, D=D)
        samples = blobs(1, N=15, D=D)
        with blame_D(D):
            found = [call(k_means.closest_centroid, sample, centroids) for sample in samples]
            check(found, [plain.closest_centroid(sample, centroids) for sample in samples])


def test_1_1_3_compute_Z_by_hand(compute_Z):
    """The first three samples are closest to (0, 1), the others to (8, 8)."""
    check(
        call(compute_Z, X, 2, CENTROIDS), Z,
        indices_were_returned_and_no_one_hot_rows=Z.argmax(axis=1),
        it_were_transposed=Z.T,
    )


def test_1_1_3_compute_Z_calls_closest_centroid(compute_Z):
    """The sheet asks for it: some line outside of closest_centroid() has its name."""
    check(call(compute_Z, X, 2, CENTROIDS), Z)
    tree = ast.parse((FOLDER / 'k_means.py').read_bytes())
    names = set()
    for part in tree.body:
        if getattr(part, 'name', '') != 'closest_centroid':
            names |= {node.id for node in ast.walk(part) if isinstance(node, ast.Name)}
    assert 'closest_centroid' in names, 'closest_centroid() must be used'


def test_1_1_3_compute_Z_keeps_a_column_for_an_empty_cluster(compute_Z):
    """Nothing is close to (99, 99): its column is zero, be it in the middle or the last."""
    for empty in (1, 2):
        centroids = np.insert(CENTROIDS, empty, 99, axis=0)
        check(
            call(compute_Z, X, 3, centroids), np.insert(Z, empty, 0, axis=1),
            the_column_of_an_empty_cluster_were_left_out=Z,
        )


def test_1_1_3_compute_Z_gives_a_tie_to_one_cluster(compute_Z):
    """(0, 0) is 5 from (3, 4), (5, 0) and (0, -5)."""
    centroids = np.array([[9, 9], [3, 4], [5, 0], [0, -5]], dtype=float)
    check(
        call(compute_Z, np.zeros((1, 2)), 4, centroids), [[0, 1, 0, 0]],
        a_tie_went_to_all=[[0, 1, 1, 1]],
        a_tie_went_to_the_last=[[0, 0, 0, 1]],
    )


def test_1_1_3_compute_Z_equals_the_equation(compute_Z):
    for D in (2, 1, 5):
        arguments = blobs(1, D=D), 6, blobs(2, N=6, D=D)
        with blame_D(D):
            check(call(compute_Z, *arguments), plain.compute_Z(*arguments))


def test_1_1_4_recompute_centroids_by_hand(k_means):
    """(0 + 0 + 3, 0 + 3 + 1) / 3 = (1, 4/3); (8 + 8 + 9 + 12, 8 + 9 + 8 + 8) / 4 = (37/4, 33/4).

    The medians are (0, 1) and (8.5, 8).
    """
    sums = np.array([[3, 4], [37, 33]])
    check(
        call(k_means.recompute_centroids, X, 2, Z), sums / [[3], [4]],
        sums_were_not_divided=sums,
        sums_were_divided_by_N=sums / 7,
        sums_were_over_all_features=[[7 / 3, 7 / 3], [70 / 4, 70 / 4]],
        medians_were_taken=[[0, 1], [8.5, 8]],
        all_samples_counted_for_each_cluster=[X.mean(axis=0)] * 2,
    )


def test_1_1_4_recompute_centroids_equals_the_equation(k_means):
    for D in (2, 1, 5):
        arguments = blobs(1, D=D), 6, every_cluster(40, 6)
        with blame_D(D):
            found = call(k_means.recompute_centroids, *arguments)
            check(found, plain.recompute_centroids(*arguments))


def test_1_1_5_kmeans_by_hand(kmeans):
    """The values above; the first three samples end in the second cluster."""
    Z, centroids, values = kmeans(LINE, 2, 10)
    check(
        values, LINE_VALUES, what='WCSS values',
        only_the_value_after_the_update_were_kept=LINE_VALUES[1::2],
        only_the_value_after_the_assignment_were_kept=LINE_VALUES[::2],
        there_were_a_value_before_the_first_iteration=[254, *LINE_VALUES],
        it_stopped_in_the_first_iteration=LINE_VALUES[:2],
        the_new_centroids_were_not_used=[254] * 4,
        both_values_were_for_the_old_centroids=[254, 254, 100, 100],
        it_made_one_iteration_too_many=[*LINE_VALUES, 16, 16],
        it_never_stopped_before_max_iter=[*LINE_VALUES, *[16] * 14],
    )
    check(Z, [[0, 1], [0, 1], [0, 1], [1, 0], [1, 0]], what='Z')
    check(centroids, [[15], [2]], what='centroids')


@pytest.mark.parametrize('max_iter', [1, 2])
def test_1_1_5_kmeans_makes_at_most_max_iter_iterations(kmeans, max_iter):
    check(
        kmeans(LINE, 2, max_iter)[2], LINE_VALUES[:2 * max_iter], what='WCSS values',
        it_made_one_iteration_less=LINE_VALUES[:2 * max_iter - 2],
        it_made_one_iteration_more=LINE_VALUES[:2 * max_iter + 2],
    )


@pytest.mark.parametrize('eps, iterations', [(84, 3), (85, 2), (1e9, 2), (1e-9, 3)])
def test_1_1_5_kmeans_stops_where_the_last_two_values_differ_by_less_than_eps(
    kmeans, eps, iterations
):
    """By hand: the updates lower the WCSS by 100, 84 and 0, and the first is too early to stop.

    84 is not less than 84. The assignment before lowers it by 54, and the centroids move by 6.
    """
    values = kmeans(LINE, 2, 10, eps=eps)[2]
    if eps > 84:
        check(values, LINE_VALUES[:2 * iterations], eps_were_ignored=LINE_VALUES)
    else:
        check(
            values, LINE_VALUES[:2 * iterations],
            it_did_not_test_whether_the_last_change_is_less_than_eps=LINE_VALUES[:4],
        )


def test_1_1_5_kmeans_does_not_seed(module_of_kmeans, monkeypatch):
    """Whoever calls it sets the seed. With a seed inside, all random starts are the same."""
    seeds = []
    monkeypatch.setattr(np.random, 'seed', lambda *seed: seeds.append(seed))
    unpack(module_of_kmeans.kmeans(LINE.copy(), 2, 10), 'Z', 'centroids', 'WCSS values')
    assert not seeds, 'np.random.seed() is called inside: all random starts are the same'


@pytest.mark.parametrize('seed, K, D, max_iter', [
    (298, 4, 2, 50), (2, 4, 3, 50), (3, 2, 1, 50), (5, 5, 2, 50), (5, 5, 2, 1), (5, 5, 2, 3),
])
def test_1_1_5_kmeans_equals_the_plain_loops(kmeans, seed, K, D, max_iter):
    """The same seed gives the same start, iterations and numbers, and the same number is next.

    With the seed 298 it makes 13 iterations.
    """
    X = blobs(seed, D=D)
    Z, centroids, values = kmeans(X, K, max_iter, seed)
    next_number = np.random.random()
    right_Z, right_centroids, right = call(plain.kmeans, X, K, max_iter, seed=seed)
    right_next_number = np.random.random()

    def first_value(centroids):
        return [plain.wcss(X, K, plain.compute_Z(X, K, centroids), centroids)]

    again = call(np.random.choice, len(X), size=K, seed=seed)
    check(
        np.ravel(values)[:1], right[:1],
        centroids_were_drawn_with_replacement=first_value(X[again]),
        the_first_K_samples_were_the_centroids=first_value(X[:K]),
    )
    check(values, right)
    once_more = plain.compute_Z(X, K, right_centroids)
    check(Z, right_Z, what='Z', samples_were_assigned_once_more=once_more)
    check(centroids, right_centroids, what='centroids')
    check(next_number, right_next_number)
