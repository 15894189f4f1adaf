"""The cases that the sheet leaves open, on data that provokes them; tests/tools/stress.py has far more runs of it."""
import re

import numpy as np
import pytest

import k_means
from awkward.checks import check_em, check_kmeans, problems, replay
from awkward.data_sets import DATA_SETS
from conftest import seeded
from em import calculate_responsibilities, em, update_parameters
from k_means import closest_centroid, compute_Z, kmeans, recompute_centroids, wcss

SEEDS = range(4)


def data(name, seed=0):
    return DATA_SETS[name](np.random.RandomState(seed))


# --- Whole runs

@pytest.mark.parametrize('K', [1, 2, 4, 8])
@pytest.mark.parametrize('name', DATA_SETS)
def test_runs_are_sound_on_awkward_data_or_say_that_em_collapsed(name, K):
    for seed in SEEDS:
        assert problems(check_kmeans, data(name, seed), K, seed) == []
        assert problems(check_em, data(name, seed), K, seed, 1e-4) in ([], ['collapse'])


# --- K-means: empty clusters

def test_recompute_centroids_fills_empty_clusters_one_by_one():
    """X = 0, 1, 4, 20, 30 on a line; the first two in cluster 1, the next two in cluster 3.

    Means: 0.5 and 12; 30 is in cluster 3 as well, so that its mean is 54 / 3 = 18.
    Distances to the nearest of 0.5 and 18: 0.5, 0.5, 3.5, 2, 12, so cluster 0 gets 30.
    With 30 too: 0.5, 0.5, 3.5, 2, 0, so cluster 2 gets 4.
    """
    X = np.array([[0.], [1.], [4.], [20.], [30.]])
    Z = np.eye(4)[[1, 1, 3, 3, 3]]
    np.testing.assert_allclose(recompute_centroids(X, 4, Z), [[30], [0.5], [4], [18]], rtol=1e-15)


def test_recompute_centroids_without_any_member_takes_samples():
    X = np.array([[2., 3.], [2., 3.], [5., 7.]])
    np.testing.assert_array_equal(recompute_centroids(X, 2, np.zeros((3, 2))), [[2, 3], [5, 7]])


@pytest.mark.parametrize('magnitude', [1, 1e6, 1e12])
@pytest.mark.parametrize('K', [5, 6, 10, 100])
def test_kmeans_reaches_zero_with_as_many_clusters_as_distinct_points(K, magnitude):
    for seed in SEEDS:
        X = magnitude * data('repeated points', seed)  # 5 distinct ones
        eps = 1e-6 * magnitude**2  # in squared data units, so it has to grow with the data
        Z, _, objective = seeded(seed, kmeans, X, K, 300, eps)
        assert objective[-1] < eps
        assert len(objective) <= 2 * 20
        assert Z.any(axis=0).sum() >= 5


@pytest.mark.parametrize('K', [2, 3, 4, 5])
def test_kmeans_does_not_stop_on_a_cluster_that_was_just_filled(K):
    for seed in range(30):
        Z, _, _ = seeded(seed, kmeans, data('nearly all equal', seed), K, 300)  # 7 distinct ones
        assert Z.any(axis=0).all()


@pytest.mark.parametrize('name', ['mouse', 'uniform', 'five dimensions', 'one dimension'])
def test_kmeans_with_a_cluster_for_each_sample_ends_at_zero(name):
    X = data(name)
    Z, centroids, objective = kmeans(X, len(X), 100)
    np.testing.assert_array_equal(objective, np.zeros(4))
    np.testing.assert_array_equal(Z @ centroids, X)


# --- K-means: distances

@pytest.mark.parametrize('shift', [0, 1e8, -1e8])
def test_assignment_keeps_its_digits_far_from_zero(shift):
    """Whole numbers and quarters are exact at 1e8: a shift must not change one label."""
    rng = np.random.RandomState(0)
    X, centroids = rng.randint(0, 40, (300, 2)) / 4, rng.randint(0, 40, (6, 2)) / 4
    np.testing.assert_array_equal(compute_Z(X + shift, 6, centroids + shift), compute_Z(X, 6, centroids))
    Z = compute_Z(X, 6, centroids)
    assert wcss(X + shift, 6, Z, centroids + shift) == wcss(X, 6, Z, centroids)


# --- EM: idle and collapsed components

def test_update_parameters_leaves_a_component_without_responsibility_alone():
    rng = np.random.RandomState(0)
    X, means = rng.random_sample((20, 2)), rng.random_sample((3, 2))
    sigmas = np.array([np.eye(2), [[2., 1.], [1., 2.]], np.eye(2)])
    gamma = rng.random_sample((20, 3)) * [1, 0, 1]
    gamma /= gamma.sum(axis=1, keepdims=True)
    new_means, new_sigmas, weights = update_parameters(X, means, sigmas, np.full(3, 1 / 3), gamma)
    np.testing.assert_array_equal(new_means[1], means[1])
    np.testing.assert_array_equal(new_sigmas[1], sigmas[1])
    assert weights[1] == 0
    for k in (0, 2):  # the definition, by numpy's own weighted moments
        np.testing.assert_allclose(new_means[k], np.average(X, axis=0, weights=gamma[:, k]), rtol=1e-13)
        np.testing.assert_allclose(new_sigmas[k], np.cov(X.T, aweights=gamma[:, k], bias=True), rtol=1e-12)
    responsibilities = calculate_responsibilities(X, new_means, new_sigmas, weights)
    np.testing.assert_array_equal(responsibilities[:, 1], np.zeros(20))
    np.testing.assert_allclose(responsibilities.sum(axis=1), 1, rtol=1e-14)


def test_update_parameters_is_exact_for_subnormal_responsibilities():
    """Component 0 has 1, 2, 1 times the least float above 0: shares 1/4, 1/2, 1/4 of 0, 4, 8.

    Mean 4, variance (16 + 0 + 16) / 4 = 8. Component 1 has the three samples: mean 4, 32/3.
    """
    least = np.nextafter(0, 1)
    gamma = np.array([[least, 1], [2 * least, 1], [least, 1]])
    X = np.array([[0.], [4.], [8.]])
    means, sigmas, weights = update_parameters(X, np.zeros((2, 1)), np.ones((2, 1, 1)), np.full(2, 0.5), gamma)
    np.testing.assert_allclose(means, [[4], [4]], rtol=1e-15)
    np.testing.assert_allclose(sigmas, [[[8]], [[32 / 3]]], rtol=1e-15)
    assert weights[0] < 1e-300 and weights[1] == 1


UNSOUND = {
    'zero': np.zeros((2, 2)),
    'singular': np.ones((2, 2)),
    'singular up to rounding': np.array([[1., 1.], [1., 1. + 4e-16]]),
    'a feature without variance': np.diag([0., 1.]),
    'a trace of rounding': np.array([[1e-34, 1e-34], [1e-34, 1e-34 * (1 + 2e-16)]]),
    'indefinite': np.array([[1., 2.], [2., 1.]]),
    'negative': -np.eye(2),
    'NaN': np.full((2, 2), np.nan),
    'NaN in a corner': np.array([[1., 0.], [0., np.nan]]),
    'infinite': np.diag([1., np.inf]),
    'too small for all its digits': np.diag([1., 1e-318]),
}


@pytest.mark.parametrize('k', [0, 1, 2])
@pytest.mark.parametrize('case', UNSOUND)
def test_an_unsound_covariance_raises_and_names_its_component(case, k):
    sigmas = np.tile(np.eye(2), (3, 1, 1))
    sigmas[k] = UNSOUND[case]
    with pytest.raises(np.linalg.LinAlgError, match=rf'component {k}\b') as caught:
        calculate_responsibilities(np.zeros((4, 2)), np.zeros((3, 2)), sigmas, np.full(3, 1 / 3))
    for help_ in ('fewer components', 'seed', 'duplicate', 'constant', 'collinear'):
        assert help_ in str(caught.value)


@pytest.mark.parametrize('sigma', [[[1, 1 - 1e-9], [1 - 1e-9, 1]], [[1e-16, 0], [0, 1e16]],
                                   [[1e-200, 0], [0, 1e-200]], [[1e12, 1e6], [1e6, 1 + 1e-6]]])
def test_an_ill_conditioned_covariance_is_no_collapse(sigma):
    responsibilities = calculate_responsibilities(np.zeros((4, 2)), np.zeros((1, 2)), np.array([sigma]), np.ones(1))
    np.testing.assert_array_equal(responsibilities, np.ones((4, 1)))


def test_a_pivot_within_ten_D_eps_of_its_variance_is_noise():
    """The second pivot of [[1, r], [r, 1]] is 1 - r^2; the bound for D = 2 is 20 eps, between the two tried."""
    def sigmas(pivot):
        r = np.sqrt(1 - pivot * np.finfo(float).eps)
        return np.array([[[1, r], [r, 1]]])

    X = np.zeros((1, 2))
    assert calculate_responsibilities(X, X, sigmas(21), np.ones(1)) == 1
    with pytest.raises(np.linalg.LinAlgError, match='component 0'):
        calculate_responsibilities(X, X, sigmas(19), np.ones(1))


@pytest.mark.parametrize('X', [[[-1, 4, 4], [4, -4, 1], [4, -3, -2]], np.eye(6), np.arange(6).reshape(2, 3), [[7]]])
def test_em_never_fits_as_many_samples_as_features_or_fewer(X):
    """Their covariance has the rank N - 1 at most. The first one passed as a fit with log-likelihood 34.69."""
    with pytest.raises(np.linalg.LinAlgError, match=f'N = {len(X)} samples with D = {len(X[0])} features'):
        em(X, 1, 10)


@pytest.mark.parametrize('name', ['one point, repeated', 'constant column', 'points on a line'])
def test_update_parameters_returns_a_singular_covariance(name):
    """Its equation is defined there; only the next use of the covariance is not."""
    X = data(name)
    D = X.shape[1]
    start = np.zeros((1, D))
    _, sigmas, weights = update_parameters(X, start, np.eye(D)[np.newaxis], np.ones(1), np.ones((len(X), 1)))
    np.testing.assert_allclose(sigmas[0], np.cov(X.T, bias=True), rtol=1e-12, atol=1e-15)
    assert weights == 1
    with pytest.raises(np.linalg.LinAlgError, match='component 0 '):
        calculate_responsibilities(X, start, sigmas, weights)


# --- EM: densities beyond a float

@pytest.mark.parametrize('d', [1e2, 1e3, 1e6, 1e12])
def test_calculate_responsibilities_of_far_samples(d):
    """Means 0 and 1, variance 1: the odds of the second are exp(x - 1/2), also where they are beyond 1e40."""
    X = np.array([[d], [-d], [0.5]])
    gamma = calculate_responsibilities(X, np.array([[0.], [1.]]), np.ones((2, 1, 1)), np.full(2, 0.5))
    np.testing.assert_allclose(gamma, [[np.exp(0.5 - d), 1], [1, np.exp(-0.5 - d)], [0.5, 0.5]], rtol=1e-11)


def test_em_keeps_high_dimensional_densities_finite():
    """p(x) is about 1e880 for a spread of 0.01 in 600 dimensions, and 1e-1400 for one of 100."""
    for spread in (0.01, 100):
        _, soft_clusters, objective = em(spread * np.random.RandomState(0).standard_normal((1300, 600)), 1, 3)
        assert np.isfinite(soft_clusters).all() and (soft_clusters > 0).all()
        assert np.isfinite(objective).all() and abs(objective[-1]) > 1000 * 1300


def test_soft_clusters_tell_the_clusters_where_every_density_underflows():
    """Two groups 2e6 apart in each of 120 dimensions, spread 1e4: p(x) is about 1e-550."""
    rng = np.random.RandomState(1)
    group = np.arange(600) % 2
    X = 1e4 * rng.standard_normal((600, 120)) + 1e6 * (2 * group[:, np.newaxis] - 1)
    means, soft_clusters, objective = seeded(0, em, X, 2, 100)
    assert objective[-1] < -1000 * 600
    assert abs(means[0, 0] - means[1, 0]) > 1e6
    np.testing.assert_array_equal(soft_clusters.argmax(axis=1) == np.argmax(means[:, 0]), group == 1)


@pytest.mark.parametrize('tiny', [1e-3, 2.0**-60, 2.0**-178, 2.0**-400])
def test_calculate_responsibilities_where_one_feature_has_all_but_no_variance(tiny):
    """Sigma = L L^T with L = [[t, 0, 0], [t, t, 0], [2t, 1, 1]]; x = (0, t, 1): L^-1 x = (0, 1, 0).

    With diag(t^2, t^2, 1) instead it is (0, 1, 1), and the determinants are equal:
    the odds are exp(-1/2) to exp(-1).
    """
    root = np.array([[tiny, 0, 0], [tiny, tiny, 0], [2 * tiny, 1, 1]])
    sigmas = np.array([root @ root.T, np.diag([tiny**2, tiny**2, 1])])
    gamma = calculate_responsibilities(np.array([[0, tiny, 1]]), np.zeros((2, 3)), sigmas, np.full(2, 0.5))
    np.testing.assert_allclose(gamma, [[1 / (1 + np.exp(-0.5)), 1 / (1 + np.exp(0.5))]], rtol=1e-12)


# --- Unfit arguments

GOOD = np.arange(12.).reshape(6, 2) % 5
NAN, INF = float('nan'), float('inf')
UNFIT = [
    *[('X', X, words) for X, words in (
        ([[0, 1], [NAN, 2]], 'nan'), ([[0, 1], [3, INF]], 'inf'), ([[0, 1], [3, -INF]], '-inf'),
        ([[0, 1], [3, 1e150]], '1e+150'), ([[0, 1], [-1e150, 3]], '-1e+150'), (np.arange(6.), '(6,)'),
        (np.zeros((2, 3, 4)), '(2, 3, 4)'), (np.zeros((0, 2)), '(0, 2)'), (np.zeros((3, 0)), '(3, 0)'), ([], '(0,)'),
        (3.0, '()'), (None, ''), ([['a', 'b']], "'a'"), ([[10**400, 1]], 'too large'))],
    *[('K', value, f'1 to N = 6, not {value!r}') for value in (0, -1, 7, 2.0, NAN, '3', None, True)],
    *[('max_iter', value, f'1 on, not {value!r}') for value in (0, -3, 10.0, None, True)],
    *[('eps', value, f'not {value!r}') for value in (None, '1e-6', NAN, np.complex128(1))]]
UNFIT_VARIANCE = [('init_variance', value, f'not {value!r}') for value in (
    0, -1.5, NAN, INF, 1e-310, None, '1.5', np.complex128(1))]


@pytest.mark.parametrize('function, name, value, words', [(function, *case) for function in (kmeans, em)
                                                          for case in UNFIT] + [(em, *case) for case in UNFIT_VARIANCE])
def test_unfit_arguments_are_named_before_anything_is_drawn(function, name, value, words, capsys):
    expected = seeded(5, np.random.random)
    with pytest.raises(ValueError, match=f'^{name} .*{re.escape(words)}'):
        seeded(5, function, **{**dict(X=GOOD, K=2, max_iter=5), name: value})
    assert np.random.random() == expected
    assert capsys.readouterr().out == ''


def test_centroids_that_do_not_match_are_refused():
    for sample in (np.zeros(3), np.zeros((5, 3)), np.zeros(())):
        with pytest.raises(ValueError, match=rf'sample \({str(sample.shape)[1:-1]}\) and centroids \(4, 2\)'):
            closest_centroid(sample, np.ones((4, 2)))
    for K in (2, 4):
        with pytest.raises(ValueError, match=f'centroids, 3, not {K}'):
            compute_Z(np.zeros((5, 2)), K, np.ones((3, 2)))
    with pytest.raises(ValueError, match=r'\(5, 3\) and centroids \(4, 2\)'):
        compute_Z(np.zeros((5, 3)), 4, np.ones((4, 2)))


@pytest.mark.parametrize('function', [kmeans, em])
@pytest.mark.parametrize('integer', [np.int64, np.uint8])
def test_whole_numbers_of_numpy_are_fit(function, integer):
    for ours, expected in zip(*(seeded(0, function, data('mouse'), make(3), make(5)) for make in (int, integer))):
        np.testing.assert_array_equal(ours, expected)


# --- Number types and memory layouts

def arguments():
    """For each public function: arguments that are whole numbers, as float64."""
    X = np.random.RandomState(3).randint(0, 250, (60, 2)).astype(float)
    centroids, means = X[:3] + 5, np.array([[20., 30.], [200., 90.], [120., 240.]])
    Z = np.eye(3)[np.arange(60) % 3]
    sigmas, weights = np.array([[[9., 2.], [2., 7.]]] * 3) * 100, np.array([1., 0., 0.])
    return {wcss: [X, 3, Z, centroids], closest_centroid: [X[7], centroids], compute_Z: [X, 3, centroids],
            recompute_centroids: [X, 3, Z], kmeans: [X, 3, 30], em: [X, 2, 30],
            calculate_responsibilities: [X, means, sigmas, weights],
            update_parameters: [X, means, sigmas, weights, Z]}


def results(function, arguments):
    """What the function returns for this seed, as a tuple."""
    returned = seeded(0, function, *arguments)
    return returned if isinstance(returned, tuple) else (returned,)


FORMS = {
    'int64': lambda a: a.astype(np.int64),
    'uint8': lambda a: a.astype(np.uint8 if a.max() < 256 else np.uint16),  # small numbers wrap where subtracted
    'float32': lambda a: a.astype(np.float32),
    'list': lambda a: a.astype(int).tolist(),
    'Fortran order': np.asfortranarray,
    'strided': lambda a: np.stack((a, a + np.nan), axis=-1)[..., 0],
    'reversed twice': lambda a: a[::-1].copy()[::-1],
}


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('function', arguments())
def test_every_form_of_the_same_numbers_gives_the_same_result(function, form):
    right = arguments()[function]
    converted = [FORMS[form](a) if isinstance(a, np.ndarray) else a for a in right]
    for ours, theirs in zip(results(function, converted), results(function, right)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
        assert np.asarray(ours).dtype == np.asarray(theirs).dtype


@pytest.mark.parametrize('function', arguments())
def test_inputs_are_not_returned(function):
    given = arguments()[function]
    for array in results(function, given):
        assert not any(np.shares_memory(array, a) for a in given if isinstance(a, np.ndarray))


def test_closest_centroid_returns_an_int_of_python():
    assert type(closest_centroid(np.zeros(2), np.ones((3, 2)))) is int


# --- Blocks

@pytest.mark.parametrize('block', [1, 7, 20])
def test_samples_are_assigned_in_blocks_of_any_size(monkeypatch, block):
    X = data('integer grid')
    whole = compute_Z(X, 3, X[::20])
    monkeypatch.setattr(k_means, 'BLOCK', block)
    np.testing.assert_array_equal(compute_Z(X, 3, X[::20]), whole)


# --- Bounds

@pytest.mark.parametrize('function', [kmeans, em])
def test_the_largest_samples_and_the_largest_K_are_fit(function):
    seeded(0, function, [[0.99e150], [0.5], [-0.99e150], [-0.5]], 1, 3)
    assert len(seeded(0, function, data('uniform')[:6], 6, 1)[0]) == 6


@pytest.mark.parametrize('function, values', [(kmeans, 40), (em, 20)])
def test_a_change_of_zero_is_not_below_an_eps_of_zero(function, values):
    assert len(seeded(0, function, data('uniform'), 1, 20, eps=0)[2]) == values


@pytest.mark.parametrize('scale, least', [(1e-3, 1e-300), (0.5, 1e-300), (1e3, 1e-294), (1e149, 0.01)])
def test_em_refuses_a_variance_too_small_for_the_samples_or_too_large(scale, least):
    """Samples and initial means are up to max(1, max |x|) apart: its square is divided by the variance."""
    X = scale * np.array([[1.0], [-0.5]])
    for variance in 1.01 * least, 0.9e150:
        seeded(0, em, X, 1, 3, init_variance=variance)
    for variance in 0.3 * least, 0.7 * least, 0.99 * least, 1e150:
        with pytest.raises(ValueError, match=f'init_variance must be from {least:.1e} to 1e150'):
            em(X, 1, 3, init_variance=variance)


# --- What is printed

def said(when, means, sigmas, weights):
    return f'{when} means:\n{means}\n{when} covariances:\n{sigmas}\n{when} weights:\n{weights}\n'


@pytest.mark.parametrize('max_iter, end', [(100, 'converged in'), (1, 'did not converge in')])
def test_kmeans_prints_start_convergence_and_fit(capsys, max_iter, end):
    X = data('uniform')
    start = X[np.random.RandomState(0).choice(len(X), size=3, replace=False)]
    _, centroids, objective = seeded(0, kmeans, X, 3, max_iter)
    end += f' iteration {len(objective) // 2}.' if max_iter > 1 else ' 1 iterations.'
    assert capsys.readouterr().out == (f'Initial centroids:\n{start}\nK-means {end}\nWCSS: {objective[-1]:.4f}\n'
                                       f'Fitted centroids:\n{centroids}\n')


@pytest.mark.parametrize('max_iter, end', [(300, 'converged in'), (9, 'did not converge in')])
def test_em_prints_start_convergence_and_fit(capsys, max_iter, end):
    X = data('mouse')
    start = np.random.RandomState(0).random_sample((3, 2)), 1.5 * np.array([np.eye(2)] * 3), np.full(3, 1 / 3)
    objective = seeded(0, em, X, 3, max_iter)[2]
    *_, (*fitted, _) = replay(X, 3, len(objective), seed=0)
    end += f' iteration {len(objective)}.' if max_iter > 9 else ' 9 iterations.'
    assert capsys.readouterr().out == (said('Initial', *start) + f'EM {end}\nLog-likelihood: {objective[-1]:.2f}\n'
                                       + said('Fitted', *fitted))
