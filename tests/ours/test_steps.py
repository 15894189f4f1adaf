"""Steps of our K-means and EM where the sheet leaves a case open, or where rounding decides."""
import numpy as np
import pytest

from judge import blobs, call, check, load

pytestmark = pytest.mark.filterwarnings('error')
k_means, em = load('k_means'), load('em')
EPS = np.finfo(float).eps


@pytest.fixture(autouse=True)
def strict():
    """A division by 0, an overflow or a NaN is an error, as each warning is."""
    with np.errstate(all='raise', under='ignore'):
        yield


def column(*values):
    """Samples of one feature, (N, 1)."""
    return np.array(values, dtype=float)[:, np.newaxis]


def mixture(K=3, D=2):
    """Means 0, covariances I, equal weights."""
    covariances = np.tile(np.eye(D), (K, 1, 1))
    return np.zeros((K, D)), covariances, np.full(K, 1 / K)


# --- Numbers of scikit-learn 1.9 (KMeans; GaussianMixture without regularisation), on the mouse

@pytest.mark.parametrize('seed, K, wcss', [
    (1, 2, 16.9855427035237),
    (1, 3, 8.11316210827314),
    (0, 5, 4.25464179207888),
])
def test_kmeans_ends_where_scikit_learn_does(mouse, seed, K, wcss):
    check(call(k_means.kmeans, mouse, K, 300, seed=seed, eps=1e-12)[2][-1], wcss, 1e-12)


@pytest.mark.parametrize('seed, K, iterations, log_likelihood', [
    (1, 2, 20, 463.358635615739),
    (0, 3, 2, 334.780045476647),
    (0, 3, 60, 608.499591493144),
    (2, 5, 40, 608.873471189177),
])
def test_em_is_where_scikit_learn_is(mouse, seed, K, iterations, log_likelihood):
    values = call(em.em, mouse, K, iterations, seed=seed, eps=1e-12)[2]
    check(values[-1], log_likelihood, 1e-10)


def test_eps_0_never_stops(mouse):
    """A change of 0 is not below 0."""
    assert len(call(k_means.kmeans, mouse, 1, 5, eps=0)[2]) == 10
    assert len(call(em.em, mouse, 1, 5, eps=0)[2]) == 5


# --- K-means: empty clusters

def test_recompute_centroids_fills_empty_clusters_one_by_one():
    """X = 0, 1, 4, 20, 30: the first two in cluster 1, the others in cluster 3, means 0.5 and 18.

    Distances to the closest of 0.5 and 18: 0.5, 0.5, 3.5, 2, 12, so cluster 0 gets 30. With 30
    too: 0.5, 0.5, 3.5, 2, 0, so cluster 2 gets 4.
    """
    X = column(0, 1, 4, 20, 30)
    centroids = k_means.recompute_centroids(X, 4, np.eye(4)[[1, 1, 3, 3, 3]])
    check(centroids, column(30, 0.5, 4, 18))


def test_recompute_centroids_leaves_out_a_sample_that_has_its_centroid():
    """The mean of 0, 1, 4, 20 is 25/4, and 30 is a cluster of its own: 20 is left."""
    X = column(0, 1, 4, 20, 30)
    centroids = k_means.recompute_centroids(X, 3, np.eye(3)[[0, 0, 0, 0, 1]])
    check(centroids, column(25 / 4, 30, 20))


@pytest.mark.parametrize('K', [3, 4, 5])
def test_kmeans_does_not_stop_on_a_cluster_that_was_just_filled(K):
    for seed in range(30):
        X = np.repeat(blobs(seed, N=5), 20, axis=0)
        Z, _, _ = call(k_means.kmeans, X, K, 300, seed=seed)
        assert Z.any(axis=0).all()


def test_kmeans_says_how_many_clusters_are_empty_at_the_end(capsys):
    """12 distinct samples, but the squares of their differences are below eps."""
    X = 1e-4 * np.repeat(blobs(1, N=12), 10, axis=0)
    Z, _, _ = call(k_means.kmeans, X, 12, 100, seed=1)
    empty = 12 - Z.any(axis=0).sum()
    assert empty > 0
    assert f'\n{empty} of 12 clusters end empty' in capsys.readouterr().out


# --- EM: components without responsibility

def test_update_parameters_keeps_a_component_without_responsibility_with_weight_0(mouse):
    gamma = np.array([[0.5, 0, 0.5]] * 500)
    parameters = np.full((3, 2), 5.0), 2 * mixture()[1], mixture()[2]
    means, sigmas, weights = em.update_parameters(mouse, *parameters, gamma)
    check(means[1], [5, 5], 0)
    check(sigmas[1], 2 * np.eye(2), 0)
    check(weights, [0.5, 0, 0.5])
    check(em.calculate_responsibilities(mouse, means, sigmas, weights), gamma)


def test_em_says_how_many_components_have_weight_0(capsys):
    """Around (1e5, 1e5) the density of a mean is 0 beside that of the closest: it takes all."""
    call(em.em, 1e5 + 1e4 * blobs(0), 3, 3)
    assert '\n2 of 3 components end with weight 0.\n' in capsys.readouterr().out


def test_update_parameters_is_exact_for_subnormal_responsibilities():
    """Component 0 has 1, 2, 1 times the least float above 0 of 0, 4, 8.

    Mean 4, variance (16 + 0 + 16) / 4 = 8. Component 1 has all: 4 and 32 / 3.
    """
    gamma = np.transpose([np.nextafter(0, 1) * np.array([1, 2, 1]), np.ones(3)])
    means, sigmas, weights = em.update_parameters(column(0, 4, 8), *mixture(2, 1), gamma)
    check(means, [[4], [4]])
    check(sigmas, [[[8]], [[32 / 3]]])
    assert weights[0] < 1e-300 and weights[1] == 1


def test_update_parameters_loses_no_digits_to_a_far_sample_without_a_share():
    X, gamma = column(1e20, 0, 4, 8), column(0, 1, 1, 1)
    means, sigmas, _ = em.update_parameters(X, *mixture(1, 1), gamma)
    check([means[0, 0], sigmas[0, 0, 0]], [4, 32 / 3])


# --- EM: covariances that are singular, or nearly

SINGULAR = [
    [[0, 0], [0, 0]], [[1, 1], [1, 1]], [[1, 1], [1, 1 + 4e-16]], [[0, 0], [0, 1]],
    [[1e-34, 1e-34], [1e-34, 1e-34]], [[1, 2], [2, 1]], [[-1, 0], [0, -1]],
    [[np.nan, np.nan], [np.nan, np.nan]], [[1, 0], [0, np.nan]], [[1, np.nan], [0, 1]],
    [[1, 0], [0, np.inf]], [[1, 0], [0, 1e-318]],
]
SOUND = [[[1e-16, 0], [0, 1e16]], 1e-200 * np.eye(2), [[1e12, 1e6], [1e6, 1 + 1e-6]]]


def responsibilities_with(sigma, k):
    """What calculate_responsibilities() returns if component k has the covariance sigma."""
    D = len(sigma)
    means, sigmas, weights = mixture(3, D)
    sigmas[k] = sigma
    return em.calculate_responsibilities(np.zeros((4, D)), means, sigmas, weights)


def correlated(left):
    """A covariance that leaves a feature this share of its variance once the other is known."""
    correlation = np.sqrt(1 - left)
    return [[1, correlation], [correlation, 1]]


@pytest.mark.parametrize('k', [0, 2])
@pytest.mark.parametrize('sigma', SINGULAR + [correlated(1990 * EPS)])
def test_a_singular_covariance_raises_and_names_its_component(sigma, k):
    message = rf'component {k} (?s:.*)seed, fewer components, .*deviation 1, .*collinear'
    with pytest.raises(np.linalg.LinAlgError, match=message):
        responsibilities_with(sigma, k)


@pytest.mark.parametrize('sigma', SOUND + [correlated(2010 * EPS)])
def test_a_covariance_that_is_far_from_round_does_not_raise(sigma):
    """The bound on what is left is 1000 D eps, that is 2000 eps for two features."""
    check(responsibilities_with(sigma, 0).sum(axis=1), np.ones(4))


U = np.random.RandomState(1).random_sample(1000)
A, B, C = np.random.RandomState(0).standard_normal((3, 1000))
LONG = np.random.RandomState(1).randint(0, 10**6, 200)
SHORT = np.random.RandomState(2).randint(0, 99, 200)
DEPENDENT = [
    [U, U.round(7)], [U, U + 3e-8 * np.sin(1e4 * U)],
    [U, U**2, (U + U**2).round(6)], [U, U / 3],
    [A + 1e-5 * B + 1e-9 * C, A, B], [LONG, LONG + SHORT, SHORT],
]
INDEPENDENT = [
    [U, U + 1e-5 * np.sin(1e4 * U)],
    [1e-9 * U, 1e9 * U[::-1]],
    [1e4 + U, 1e4 + U**2],
]


@pytest.mark.parametrize('features', DEPENDENT)
@pytest.mark.parametrize('first', [0, 1, 2])
def test_em_fits_no_feature_that_follows_from_the_others(features, first):
    """In no order: where the pivots were tested, the log-likelihood fell by up to 7 nats."""
    X = np.roll(np.array(features, dtype=float), first, axis=0).T
    for K in (1, 2):
        with pytest.raises(np.linalg.LinAlgError):
            call(em.em, X, K, 300, seed=3)


@pytest.mark.parametrize('features', INDEPENDENT)
def test_em_fits_features_that_depend_on_each_other_a_little_less(features):
    values = call(em.em, np.transpose(features), 2, 300, seed=3)[2]
    assert (np.diff(values) >= -1e-9 * np.abs(values[-1])).all()


@pytest.mark.parametrize('X', [
    [[-1, 4, 4], [4, -4, 1], [4, -3, -2]], np.eye(6), np.arange(6).reshape(2, 3), [[7]],
])
def test_em_never_fits_as_many_samples_as_features_or_fewer(X):
    """The covariance has the rank N - 1 at most. The first one passed as a fit, with 34.69."""
    message = f'component 0 .* N = {len(X)} samples are too few for D = {len(X[0])} features'
    with pytest.raises(np.linalg.LinAlgError, match=message):
        em.em(X, 1, 10)


def test_update_parameters_returns_a_singular_covariance():
    """Its equation is defined there; only the next use of the covariance is not."""
    X = np.insert(blobs(0), 2, 0.1, axis=1)
    parameters = em.update_parameters(X, *mixture(1, X.shape[1]), np.ones((len(X), 1)))
    check(parameters[1][0], np.cov(X.T, bias=True), 1e-14)
    with pytest.raises(np.linalg.LinAlgError, match='component 0 '):
        em.calculate_responsibilities(X, *parameters)


# --- EM: densities beyond a float

@pytest.mark.parametrize('d', [1e2, 1e3, 1e6, 1e12])
def test_responsibilities_keep_their_digits_near_and_far(d):
    """Means 0 and 1, variance 1: the odds of the second are exp(x - 1/2)."""
    gamma = em.calculate_responsibilities(
        column(d, -d, 0.5), column(0, 1), np.ones((2, 1, 1)), [0.5, 0.5]
    )
    right = [[np.exp(0.5 - d), 1], [1, np.exp(-0.5 - d)], [0.5, 0.5]]
    np.testing.assert_allclose(gamma, right, rtol=1e-11)


def test_soft_clusters_tell_the_clusters_where_densities_are_no_floats():
    """Two groups 2e6 apart in each of 120 dimensions, spread 1e4: p(x) is about 1e-550."""
    group = np.arange(600) % 2
    X = 1e4 * np.random.RandomState(1).standard_normal((600, 120))
    X += 1e6 * (2 * group[:, np.newaxis] - 1)
    means, soft_clusters, values = call(em.em, X, 2, 100)
    assert -np.inf < values[-1] < -1000 * 600
    check(soft_clusters.argmax(axis=1) == np.argmax(means[:, 0]), group == 1)


def test_soft_clusters_are_finite_where_densities_are_no_floats():
    """In 300 dimensions p(x) is about 1e436 for a spread of 0.01."""
    _, soft_clusters, _ = em.em(0.01 * np.random.RandomState(0).standard_normal((600, 300)), 1, 3)
    assert np.isfinite(soft_clusters).all()


def test_a_distance_that_is_no_float_when_squared_is_a_density_of_0():
    gamma = em.calculate_responsibilities([[100]], [[0], [0]], [[[1e-307]], [[1]]], [0.5, 0.5])
    check(gamma, [[0, 1]], 0)


def test_a_sample_with_the_density_0_in_all_components_is_an_error():
    with pytest.raises(ValueError, match='a sample is too far from every component'):
        em.calculate_responsibilities([[1e160], [0]], [[0], [1]], [[[1]], [[1]]], [0.5, 0.5])


@pytest.mark.parametrize('tiny', [1e-3, 2.0**-60, 2.0**-178, 2.0**-400])
def test_calculate_responsibilities_where_one_feature_has_all_but_no_variance(tiny):
    """Sigma = L L^T with L = [[t, 0, 0], [t, t, 0], [2t, 1, 1]]; x = (0, t, 1): L^-1 x = (0, 1, 0).

    With diag(t^2, t^2, 1) instead it is (0, 1, 1), and the determinants are equal: odds exp(1/2).
    """
    root = np.array([[tiny, 0, 0], [tiny, tiny, 0], [2 * tiny, 1, 1]])
    sigmas = [root @ root.T, np.diag([tiny**2, tiny**2, 1])]
    gamma = em.calculate_responsibilities([[0, tiny, 1]], np.zeros((2, 3)), sigmas, [0.5, 0.5])
    check(gamma, [[1 / (1 + np.exp(-0.5)), 1 / (1 + np.exp(0.5))]], 1e-12)
