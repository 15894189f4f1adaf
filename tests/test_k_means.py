"""K-means, section 1.1 of the sheet: what the sheet and the interface fix, and nothing else."""
import ast

import numpy as np
import pytest

from conftest import FOLDER, ROOT, agrees, array, load, same, seeded

plain = load('k_means', ROOT / 'tests' / 'plain')

# Seven samples in two clusters of three and four; the centroids are no means.
X = array([[0, 0], [0, 3], [3, 1], [8, 8], [8, 9], [9, 8], [12, 8]])
Z = array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 1], [0, 1]])
CENTROIDS = array([[0, 1], [8, 8]])


def blobs(seed, N=40, D=2):
    """N samples in D dimensions around a few places."""
    rng = np.random.RandomState(seed)
    return array(rng.normal(size=(N, D)) + 5 * rng.randint(0, 2, size=(N, D)))


@pytest.fixture(scope='module')
def k_means():
    """The module that is judged."""
    return load('k_means')


@pytest.fixture(scope='module')
def compute_Z():
    """compute_Z() with the plain closest_centroid(), so that a mistake there counts once; some give it all samples."""
    def closest_of_each(sample, centroids):
        return np.apply_along_axis(plain.closest_centroid, -1, sample, centroids)
    return load('k_means', closest_centroid=closest_of_each).compute_Z


@pytest.fixture(scope='module')
def kmeans(k_means):
    """kmeans() with plain steps; Z is its own where that is right, since its number type may matter."""
    def compute_Z(X, K, centroids):
        right = plain.compute_Z(X, K, centroids)
        try:
            Z = k_means.compute_Z(X, K, centroids)
        except BaseException:
            k_means.compute_Z = plain.compute_Z  # not again: it may be an endless loop
            return right
        return Z if agrees(Z, right) else right

    def of_array(step):
        return lambda X, K, Z, *rest: step(X, K, np.array(Z), *rest)
    return load('k_means', compute_Z=compute_Z, wcss=of_array(plain.wcss),
                recompute_centroids=of_array(plain.recompute_centroids)).kmeans


def test_1_1_1_wcss_by_hand(k_means):
    """Squared distances to the own centroid: 1, 4, 9 and 0, 1, 1, 16. Their sum is 32.

    Not squared: 1 + 2 + 3 + 0 + 1 + 1 + 4 = 12. To the other centroid: 128, 89, 74 and
    113, 128, 130, 193, in all 855.
    """
    same(k_means.wcss(X, 2, Z, CENTROIDS), 32, distances_not_squared=12, divided_by_N=32 / 7,
         root_of_the_sum=np.sqrt(32), half_of_the_sum=16, without_z_ik=32 + 855, distance_to_the_other_centroids=855,
         one_value_a_sample=[1, 4, 9, 0, 1, 1, 16], one_value_a_cluster=[14, 18], the_first_cluster_alone=14)


def test_1_1_1_wcss_equals_the_equation(k_means):
    for D in 1, 2, 5:
        arguments = blobs(D, D=D), 6, array(np.eye(6)[np.arange(40) % 7 % 6]), blobs(D + 10, N=6, D=D)
        same(k_means.wcss(*arguments), plain.wcss(*arguments))


def test_1_1_2_closest_centroid_by_hand(k_means):
    """Squared distances to (3, 0), (-4, -4), (-6, 3), (-3, -4), (2, 0):

    of (3, -6) 36, 53, 162, 40, 37; of (-1, 4) 32, 73, 26, 68, 25; of (-2, -5) 50, 5, 80, 2, 41.
    In city blocks (-1, 4) is closest to (-6, 3), at 6 in place of 7.
    """
    centroids = array([[3, 0], [-4, -4], [-6, 3], [-3, -4], [2, 0]])
    for sample, right, farthest, product in ((3, -6), 0, 2, 3), ((-1, 4), 4, 1, 2), ((-2, -5), 3, 2, 1):
        index = k_means.closest_centroid(array(sample), centroids)
        same(index, right, counted_from_1=right + 1, the_farthest_centroid=farthest, the_largest_product=product,
             in_city_blocks=2, the_distance_and_not_the_index=np.linalg.norm(sample - centroids[right]),
             the_centroid_and_not_its_index=centroids[right], a_one_hot_vector_and_no_index=np.arange(5) == right)
        assert isinstance(index, (int, np.integer)) and not isinstance(index, bool), \
            f'an integer belongs here, not {type(index).__name__}'


def test_1_1_2_closest_centroid_is_the_first_on_a_tie(k_means):
    """Three centroids are 2 away from (0, 0): each of 20 times it is the first of them."""
    for _ in range(20):
        same(k_means.closest_centroid(array([0, 0]), array([[5, 0], [0, 2], [-2, 0], [2, 0]])), 1,
             the_last_on_a_tie=3, a_random_one_on_a_tie=2)


def test_1_1_2_closest_centroid_equals_the_equation(k_means):
    for D in 1, 2, 5:
        for sample in blobs(D, N=5, D=D):
            arguments = array(sample), blobs(D + 10, N=6, D=D)
            same(k_means.closest_centroid(*arguments), plain.closest_centroid(*arguments))


def test_1_1_3_compute_Z_by_hand(compute_Z):
    """The first three samples are closest to (0, 1), the others to (8, 8)."""
    same(compute_Z(X, 2, CENTROIDS), Z, zeros_and_ones_swapped=1 - Z, the_index_and_no_one_hot_row=Z.argmax(axis=1),
         transposed=Z.T)


def test_1_1_3_compute_Z_calls_closest_centroid(compute_Z):
    """The sheet asks for it: some line outside of closest_centroid() has its name."""
    same(compute_Z(X, 2, CENTROIDS), Z)
    tree = ast.parse((FOLDER / 'k_means.py').read_bytes())
    elsewhere = [node for node in tree.body if getattr(node, 'name', None) != 'closest_centroid']
    assert 'closest_centroid' in [getattr(node, 'id', None) for part in elsewhere for node in ast.walk(part)], \
        'closest_centroid() must be used'


def test_1_1_3_compute_Z_keeps_a_column_for_an_empty_cluster(compute_Z):
    """Nothing is close to (99, 99): its column is zero, be it in the middle or the last."""
    for empty in 1, 2:
        same(compute_Z(X, 3, array(np.insert(CENTROIDS, empty, 99, axis=0))), np.insert(Z, empty, 0, axis=1),
             the_column_of_an_empty_cluster_is_missing=Z)


def test_1_1_3_compute_Z_gives_a_tie_to_one_cluster(compute_Z):
    """(0, 0) is 5 from (3, 4), (5, 0) and (0, -5)."""
    same(compute_Z(array([[0, 0]]), 4, array([[9, 9], [3, 4], [5, 0], [0, -5]])), [[0, 1, 0, 0]],
         more_than_a_single_1_in_a_row=[[0, 1, 1, 1]], the_last_on_a_tie=[[0, 0, 0, 1]])


def test_1_1_3_compute_Z_equals_the_equation(compute_Z):
    for D in 1, 2, 5:
        arguments = blobs(D, D=D), 6, blobs(D + 10, N=6, D=D)
        same(compute_Z(*arguments), plain.compute_Z(*arguments))


def test_1_1_4_recompute_centroids_by_hand(k_means):
    """(0 + 0 + 3, 0 + 3 + 1) / 3 = (1, 4/3) and (8 + 8 + 9 + 12, 8 + 9 + 8 + 8) / 4 = (37/4, 33/4)."""
    sums = array([[3, 4], [37, 33]])
    same(k_means.recompute_centroids(X, 2, Z), sums / [[3], [4]], sum_instead_of_mean=sums, divided_by_N=sums / 7,
         divided_by_the_size_less_1=sums / [[2], [3]], divided_by_K=sums / 2, median_instead_of_mean=[[0, 1], [8.5, 8]],
         mean_of_all_samples=[X.mean(axis=0)] * 2)


def test_1_1_4_recompute_centroids_equals_the_equation(k_means):
    for D in 1, 2, 5:
        arguments = blobs(D, D=D), 6, array(np.eye(6)[np.arange(40) % 7 % 6])
        same(k_means.recompute_centroids(*arguments), plain.recompute_centroids(*arguments))


def test_1_1_5_kmeans_by_hand(kmeans):
    """Samples 0, 2, 4, 13, 17; seed 0 draws 4 and 0 as the centroids. WCSS by assignment and update:

    2 is 2 from both and joins the first: 4 + 0 + 81 + 169 = 254; means 9 and 0: 49 + 25 + 16 + 64 = 154.
    2 and 4 change sides: 0 + 4 + 16 + 16 + 64 = 100; means 15 and 2: 4 + 0 + 4 + 4 + 4 = 16. Then nothing changes.
    """
    Z, centroids, objective = seeded(0, kmeans, array([[0], [2], [4], [13], [17]]), 2, 10)
    right = array([254, 154, 100, 16, 16, 16])
    same(objective, right, after_the_update_alone=right[1::2], after_the_assignment_alone=right[::2],
         it_stops_in_the_first_iteration=right[:2], it_stops_in_the_second_iteration=right[:4],
         it_never_stops_before_max_iter=[*right, *[16] * 14])
    same(Z, [[0, 1], [0, 1], [0, 1], [1, 0], [1, 0]])
    same(centroids, [[15], [2]])


@pytest.mark.parametrize('eps, values', [(84, 6), (85, 4), (1e9, 4), (1e-9, 6)])
def test_1_1_5_kmeans_stops_where_the_last_two_values_differ_by_less_than_eps(kmeans, eps, values):
    """By hand, as above: the updates lower the WCSS by 100, 84 and 0, and the first is too early to stop.

    84 is not less than 84. The assignment before lowers it by 54, and the centroids move by 6.
    """
    objective = seeded(0, kmeans, array([[0], [2], [4], [13], [17]]), 2, 10, eps=eps)[2]
    same(objective, [254, 154, 100, 16, 16, 16][:values])


@pytest.mark.parametrize('seed, K, D, max_iter', [(0, 2, 2, 50), (2, 4, 3, 50), (3, 2, 1, 50), (5, 5, 2, 50),
                                                  (5, 5, 2, 1), (5, 5, 2, 3)])
def test_1_1_5_kmeans_equals_the_plain_loops(kmeans, seed, K, D, max_iter):
    """The same seed gives the same start, iterations and numbers, and the same number is drawn next."""
    X = blobs(seed, D=D)
    Z, centroids, objective = seeded(seed, kmeans, X, K, max_iter)
    next_number = np.random.random()
    right_Z, right_centroids, right = seeded(seed, plain.kmeans, X, K, max_iter)
    again = X[seeded(seed, np.random.choice, len(X), size=K)]
    same(np.ravel(objective)[:1], right[:1],
         initial_centroids_drawn_with_replacement=[plain.wcss(X, K, plain.compute_Z(X, K, again), again)],
         initial_centroids_are_the_first_K_samples=[plain.wcss(X, K, plain.compute_Z(X, K, X[:K]), X[:K])])
    same(objective, right)
    same(Z, right_Z, one_more_assignment_after_the_last_update=plain.compute_Z(X, K, right_centroids))
    same(centroids, right_centroids)
    seeded(seed, np.random.choice, len(X), size=K, replace=False)
    same(next_number, np.random.random())


@pytest.mark.parametrize('K', [3, 5])
def test_1_1_5_kmeans_on_the_mouse(kmeans, mouse, K):
    """K = 3 ends at the WCSS 8.1132 in iteration 11, K = 5 at 4.2491 in iteration 12."""
    Z, centroids, objective = seeded(11, kmeans, mouse, K, 100)
    right_Z, right_centroids, right = seeded(11, plain.kmeans, mouse, K, 100)
    same(objective, right)
    same(objective[-1], {3: 8.1132, 5: 4.2491}[K], tolerance=1e-5)
    same(Z, right_Z)
    same(centroids, right_centroids)
