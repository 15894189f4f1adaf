"""K-means and EM of ours on data that break careless code, and the cases that the sheet leaves open.

SEEDS=1000 in the environment, in place of 2, makes the whole runs a stress test.
"""
import contextlib
import os
import re

import numpy as np
import pytest

from conftest import ROOT, array, load, same, seeded

k_means, em, plain = load('k_means'), load('em'), load('em', ROOT / 'tests' / 'plain')
MOUSE = np.loadtxt(ROOT / 'data' / 'mouse.txt', usecols=(0, 1))
SEEDS = range(int(os.environ.get('SEEDS', 2)))
EPS = np.finfo(float).eps


def blobs(rng, D=2, N=90):
    """Three groups of samples around random places of the unit cube."""
    return rng.random_sample((3, D))[np.arange(N) % 3] + 0.05 * rng.standard_normal((N, D))


DATA = {  # made from a random state, and from nothing else
    'mouse': lambda rng: MOUSE,
    'three blobs': blobs,
    'one dimension': lambda rng: blobs(rng, D=1),
    'five dimensions': lambda rng: blobs(rng, D=5),
    'more dimensions than points': lambda rng: rng.random_sample((10, 15)),
    'repeated points': lambda rng: np.repeat(rng.random_sample((5, 2)), 20, axis=0),
    'repeated points at 1e8': lambda rng: np.repeat(1e8 * rng.random_sample((5, 2)), 20, axis=0),
    'nearly all equal': lambda rng: np.vstack((np.full((60, 2), 0.1), rng.random_sample((6, 2)))),
    'one point, repeated': lambda rng: np.tile(rng.random_sample((1, 2)), (30, 1)),
    'integer grid': lambda rng: np.indices((7, 7)).reshape(2, -1).T.astype(float),
    'integers, repeated': lambda rng: rng.randint(0, 4, (120, 2)).astype(float),
    'zeros and ones': lambda rng: rng.randint(0, 2, (100, 4)).astype(float),
    'constant column': lambda rng: np.column_stack((blobs(rng), np.full(90, 0.1))),
    'dependent column': lambda rng: blobs(rng) @ np.array([[1, 0, 1], [0, 1, 1]]),
    'column beside its rounding': lambda rng: np.column_stack((x := rng.random_sample(90), x.round(rng.randint(3, 6)))),
    'points on a line': lambda rng: np.outer(rng.random_sample(60), [1.0, 0.7]) + 0.1,
    **{f'outlier at {distance:g}': lambda rng, distance=distance: np.vstack((blobs(rng), [[distance, distance]]))
       for distance in (1e2, 1e3, 1e6, 1e10)},
    'two blobs 1e8 apart': lambda rng: rng.random_sample((80, 2)) + 1e8 * (np.arange(80) % 2)[:, np.newaxis],
    'heavy tails': lambda rng: rng.standard_cauchy((80, 2)),
    'scales 1e-60 and 1': lambda rng: blobs(rng) * [1e-60, 1],
    'scales 1e-9 and 1e9': lambda rng: blobs(rng) * [1e-9, 1e9],
    'scale 1e-8': lambda rng: 1e-8 * blobs(rng),
    'scale 1e8': lambda rng: 1e8 * blobs(rng),
    'shift 1e8': lambda rng: 1e8 + blobs(rng)}
each_K = pytest.mark.parametrize('K', [1, 2, 4, 8])
each_data_set = pytest.mark.parametrize('make', [pytest.param(make, id=name) for name, make in DATA.items()])


@pytest.fixture(autouse=True)
def strict():
    """A division by 0, an overflow or a NaN is an error, as each warning is."""
    with np.errstate(all='raise', under='ignore'):
        yield


# --- What must hold of any run; sums in extended precision, which is wider than a float on most machines

def wide(a):
    return np.asarray(a, dtype=np.longdouble)


def eliminate(sigma, deviations):
    """Gaussian elimination: the pivots (D,) of a covariance; d^T Sigma^-1 d for each of the deviations d (D, N)."""
    D, rows = len(sigma), np.hstack((wide(sigma), wide(deviations)))
    for j in range(D):
        if rows[j, j] > 0:
            rows[j + 1:] -= rows[j + 1:, [j]] / rows[j, j] * rows[j]
    pivots = np.diagonal(rows)
    return pivots, (rows[:, D:]**2 / pivots[:, np.newaxis]).sum(axis=0)


def exact_covariance(X, gamma):
    """Eq. (7) from its definition, and its pivots."""
    shares = wide(gamma) / wide(gamma).sum()
    deviations = wide(X) - shares @ wide(X)
    sigma = (shares[:, np.newaxis] * deviations).T @ deviations
    return sigma, eliminate(sigma, np.empty((len(sigma), 0)))[0]


def replay(X, K, seed, steps):
    """The parameters and responsibilities of each iteration, from the public steps."""
    X, D = np.asfortranarray(X), X.shape[1]  # as em() keeps it, for the same rounding
    parameters = seeded(seed, np.random.random, (K, D)), np.tile(1.5 * np.eye(D), (K, 1, 1)), np.full(K, 1 / K)
    for _ in range(steps):
        gamma = em.calculate_responsibilities(X, *parameters)
        parameters = em.update_parameters(X, *parameters, gamma)
        yield (*parameters, gamma)


@each_K
@each_data_set
def test_kmeans_is_sound(make, K):
    for seed in SEEDS:
        X = make(np.random.RandomState(seed))
        Z, centroids, objective = seeded(seed, k_means.kmeans, X, K, 500)
        full, distances = Z.any(axis=0), ((wide(X)[:, np.newaxis] - wide(centroids))**2).sum(axis=2)
        assert ((Z == 0) | (Z == 1)).all() and (Z.sum(axis=1) == 1).all() and len(objective) < 1000
        assert (np.diff(objective) <= 1e-12 * objective[:-1] + X.size * (4 * EPS * abs(X).max())**2).all(), 'it rises'
        exact = (wide(Z) * distances).sum()
        assert abs(objective[-1] - exact) <= 1e-12 * exact, 'the last WCSS is not that of the returned arrays'
        assert full.sum() >= min(K, len(np.unique(X, axis=0))) or objective[-1] < 1e-6
        means = (wide(Z).T @ wide(X))[full] / wide(Z).sum(axis=0)[full, np.newaxis]
        assert (abs(centroids[full] - means) <= len(X) * EPS * np.abs(X).max()).all()
        chosen = distances[np.arange(len(X)), k_means.closest_centroid(X, centroids)]
        assert (chosen <= distances.min(axis=1) * (1 + 1e-12)).all()


@each_K
@each_data_set
def test_em_is_sound_or_says_which_component_collapsed(make, K):
    for seed in SEEDS:
        X = make(np.random.RandomState(seed))
        try:
            means, soft_clusters, values = seeded(seed, em.em, X, K, 200, eps=(1e-2, 1e-8)[seed % 2])
        except np.linalg.LinAlgError as error:
            check_collapse(X, K, seed, int(str(error).split()[1]))
            continue
        states = list(replay(X, K, seed, len(values)))
        last_means, sigmas, weights, gamma = states[-1]
        rounding, own = 1e-9 * max(len(X), np.abs(values).max()), np.flatnonzero(weights)
        assert (np.diff(values) >= -rounding).all(), 'it falls'
        assert all((abs(r.sum(axis=1) - 1) < 1e-12).all() and abs(w.sum() - 1) < 1e-12 and
                   (s == s.transpose(0, 2, 1)).all() for _, s, w, r in states)
        same(means, last_means, 1e-6)  # threads of BLAS may round differently from run to run, and EM enlarges it
        parts = [eliminate(sigmas[k], (wide(X) - wide(means[k])).T) for k in own]
        terms = np.array([np.log(wide(weights[k])) - (np.log(2 * wide(np.pi) * pivots).sum() + squares) / 2
                          for k, (pivots, squares) in zip(own, parts)])
        top, density = terms.max(axis=0), soft_clusters.sum(axis=1)
        assert abs((top + np.log(np.exp(terms - top).sum(axis=0))).sum() - values[-1]) < rounding, 'Eq. (9)'
        assert density.min() <= 1e-300 or abs(np.log(density).sum() - values[-1]) < rounding
        for k, (pivots, _) in zip(own, parts):
            sigma, exact = exact_covariance(X, gamma[:, k])
            assert (exact > EPS * np.diag(sigma)).all() and (abs(pivots - exact) <= 0.1 * exact).all(), 'rounding noise'


def check_collapse(X, K, seed, k):
    """The covariance of component k is singular to rounding, exactly computed."""
    gamma = np.full((len(X), K), 1 / K)
    with contextlib.suppress(np.linalg.LinAlgError):
        for *_, gamma in replay(X, K, seed, 201):
            pass
    sigma, exact = exact_covariance(X, gamma[:, k])
    noise = (len(X) * np.finfo(np.longdouble).eps * np.abs(X).max())**2
    assert (exact <= 2000 * X.shape[1] * EPS * np.diag(sigma) + noise).any(), 'a false alarm'


# --- Numbers of scikit-learn 1.9 (KMeans, and GaussianMixture without regularisation) from the same start on the mouse

@pytest.mark.parametrize('fit, seed, K, iterations, value', [
    (k_means.kmeans, 0, 1, 300, 30.6282546798888), (k_means.kmeans, 0, 2, 300, 21.1012520287827),
    (k_means.kmeans, 1, 2, 300, 16.9855427035237), (k_means.kmeans, 1, 3, 300, 8.11316210827314),
    (k_means.kmeans, 0, 5, 300, 4.25464179207888), (em.em, 0, 1, 3, 334.746321100439),
    (em.em, 1, 2, 20, 463.358635615739), (em.em, 0, 3, 2, 334.780045476647), (em.em, 0, 3, 60, 608.499591493144),
    (em.em, 2, 5, 40, 608.873471189177)])
def test_fits_are_those_of_scikit_learn(fit, seed, K, iterations, value):
    values = seeded(seed, fit, MOUSE, K, iterations, eps=1e-12)[2]
    np.testing.assert_allclose(values[-1], value, rtol=1e-12 if fit is k_means.kmeans else 1e-10)
    assert len(seeded(0, fit, MOUSE, 1, 5, eps=0)[2]) == (10 if fit is k_means.kmeans else 5)  # 0 is not below 0


# --- K-means

def test_recompute_centroids_fills_empty_clusters_one_by_one():
    """X = 0, 1, 4, 20, 30 on a line; the first two in cluster 1, the others in cluster 3: means 0.5 and 54 / 3 = 18.

    Distances to the nearest of 0.5 and 18: 0.5, 0.5, 3.5, 2, 12, so cluster 0 gets 30. With 30 too: 0.5, 0.5, 3.5, 2,
    0, so cluster 2 gets 4. Without any member: the first sample, then the farthest.
    """
    X = array([[0], [1], [4], [20], [30]])
    same(k_means.recompute_centroids(X, 4, np.eye(4)[[1, 1, 3, 3, 3]]), [[30], [0.5], [4], [18]])
    same(k_means.recompute_centroids(X, 2, np.zeros((5, 2))), [[0], [30]])
    same(k_means.recompute_centroids(X, 3, np.eye(3)[[0, 0, 0, 0, 1]]), [[25 / 4], [30], [20]])  # 30 has its centroid


def test_kmeans_does_not_stop_on_a_cluster_that_was_just_filled():
    for seed in range(30):
        X = DATA['repeated points'](np.random.RandomState(seed))  # 5 distinct ones
        for K in 3, 4, 5:
            assert seeded(seed, k_means.kmeans, X, K, 300)[0].any(axis=0).all()


# --- EM: idle and collapsed components, densities beyond a float

def mixture(K=3, D=2):
    return np.zeros((K, D)), np.tile(np.eye(D), (K, 1, 1)), np.full(K, 1 / K)


def test_a_component_without_responsibility_stays_as_it_is_with_weight_0(capsys):
    """Around (1e5, 1e5) the density of a mean is 0 beside that of the closest: all but one get nothing."""
    gamma = np.array([[0.5, 0, 0.5]] * 50)
    parameters = em.update_parameters(MOUSE[::10], np.full((3, 2), 5), 2 * mixture()[1], mixture()[2], gamma)
    same(parameters[0][1], [5, 5], 0)
    same(parameters[1][1], 2 * np.eye(2), 0)
    same(parameters[2], [0.5, 0, 0.5])
    same(em.calculate_responsibilities(MOUSE[::10], *parameters), gamma)
    seeded(0, em.em, 1e5 + 1e4 * np.random.RandomState(0).standard_normal((90, 2)), 3, 3)
    assert '\n2 of 3 components end with weight 0.\n' in capsys.readouterr().out


def test_update_parameters_is_exact_for_subnormal_responsibilities_and_beside_far_samples():
    """Component 0 has 1, 2, 1 times the least float above 0 of 0, 4, 8: mean 4, variance (16 + 0 + 16) / 4 = 8."""
    gamma = np.transpose([np.nextafter(0, 1) * np.array([1, 2, 1]), [1, 1, 1]])
    means, sigmas, weights = em.update_parameters([[0], [4], [8]], *mixture(2, 1), gamma)
    same(means, [[4], [4]])
    same(sigmas, [[[8]], [[32 / 3]]])
    assert weights[0] < 1e-300 and weights[1] == 1
    means, sigmas, _ = em.update_parameters([[0], [4], [8], [1e20]], *mixture(1, 1), [[1], [1], [1], [0]])
    same([means[0, 0], sigmas[0, 0, 0]], [4, 32 / 3])  # the far sample, which has no share, costs no digits


@pytest.mark.parametrize('sigma, sound', [
    *[(sigma, False) for sigma in (
        np.zeros((2, 2)), np.ones((2, 2)), [[1, 1], [1, 1 + 4e-16]], np.diag([0, 1]), 1e-34 * np.ones((2, 2)),
        [[1, 2], [2, 1]], -np.eye(2), np.full((2, 2), np.nan), [[1, 0], [0, np.nan]], [[1, np.nan], [0, 1]],
        np.diag([1, np.inf]), np.diag([1, 1e-318]),
        [[1, (1 - 1990 * EPS)**0.5], [(1 - 1990 * EPS)**0.5, 1]])],  # the pivot is 1990 eps, ...
    *[(sigma, True) for sigma in ([[1, (1 - 2010 * EPS)**0.5], [(1 - 2010 * EPS)**0.5, 1]],  # ... 1000 D eps is 2000
                                  [[1e-16, 0], [0, 1e16]], 1e-200 * np.eye(2), [[1e12, 1e6], [1e6, 1 + 1e-6]])]])
@pytest.mark.parametrize('k', [0, 2])
def test_an_unsound_covariance_raises_and_names_its_component_and_an_ill_conditioned_one_does_not(sigma, sound, k):
    means, sigmas, weights = mixture()
    sigmas[k] = sigma
    message = rf'component {k} (?s:.*)seed, fewer components, .*standard deviation 1, .*duplicate samples, constant features'
    with contextlib.nullcontext() if sound else pytest.raises(np.linalg.LinAlgError, match=message):
        same(em.calculate_responsibilities(np.zeros((4, 2)), means, sigmas, weights).sum(axis=1), np.ones(4))


@pytest.mark.parametrize('X, fits', [
    ([x := np.random.RandomState(1).random_sample(1000), x.round(7)], False), ([x, x + 3e-8 * np.sin(1e4 * x)], False),
    ([x, x**2, (x + x**2).round(6)], False), ([x, x / 3], False), ([x, x + 1e-5 * np.sin(1e4 * x)], True),
    ([1e-9 * x, 1e9 * x[::-1]], True), ([1e4 + x, 1e4 + x**2], True), ([x[:3], x[3:6]], True)])
def test_em_fits_what_depends_on_another_feature_only_where_that_is_no_noise(X, fits):
    """Where the pivot is mostly rounding, log-likelihoods fell by up to 7 nats, and were called converged."""
    with contextlib.nullcontext() if fits else pytest.raises(np.linalg.LinAlgError):
        values = seeded(3, em.em, np.transpose(X), 2 if len(X[0]) > 3 else 1, 300)[2]
        assert (np.diff(values) >= -1e-9 * abs(values[-1])).all()


def test_em_never_fits_as_many_samples_as_features_or_fewer():
    """Their covariance has the rank N - 1 at most. The first one passed as a fit with log-likelihood 34.69."""
    for X in [[-1, 4, 4], [4, -4, 1], [4, -3, -2]], np.eye(6), np.arange(6).reshape(2, 3), [[7]]:
        with pytest.raises(np.linalg.LinAlgError, match=f'component 0 .* N = {len(X)} is not above D = {len(X[0])}'):
            em.em(X, 1, 10)


def test_update_parameters_returns_a_singular_covariance():
    """Its equation is defined there; only the next use of the covariance is not."""
    for name in 'one point, repeated', 'constant column', 'points on a line':
        X = DATA[name](np.random.RandomState(0))
        means, sigmas, weights = em.update_parameters(X, *mixture(1, X.shape[1]), np.ones((len(X), 1)))
        same(sigmas[0], np.cov(X.T, bias=True), 1e-14)
        with pytest.raises(np.linalg.LinAlgError, match='component 0 '):
            em.calculate_responsibilities(X, means, sigmas, weights)


def test_responsibilities_keep_their_digits_near_and_far():
    """Means 0 and 1, variance 1: the odds of the second are exp(x - 1/2), also where they are beyond 1e40."""
    for d in 1e2, 1e3, 1e6, 1e12:
        gamma = em.calculate_responsibilities([[d], [-d], [0.5]], [[0], [1]], np.ones((2, 1, 1)), [0.5, 0.5])
        np.testing.assert_allclose(gamma, [[np.exp(0.5 - d), 1], [1, np.exp(-0.5 - d)], [0.5, 0.5]], rtol=1e-11)
    sigmas = np.array([[[0.03, 0.01], [0.01, 0.02]]] * 3)
    right = plain.calculate_responsibilities(MOUSE, MOUSE[:3], sigmas, np.array([1, 2, 3]) / 6)
    found = em.calculate_responsibilities(MOUSE, MOUSE[:3], sigmas, np.array([1, 2, 3]) / 6)
    np.testing.assert_allclose(found, right, rtol=1e-12)  # however small they are


def test_soft_clusters_are_finite_and_tell_the_clusters_where_densities_are_no_floats():
    """In 300 dimensions p(x) is about 1e436 for a spread of 0.01, and 1e-764 for one of 100.

    Two groups 2e6 apart in each of 120 dimensions, spread 1e4: about 1e-550.
    """
    for spread in 0.01, 100:
        _, soft_clusters, values = em.em(spread * np.random.RandomState(0).standard_normal((600, 300)), 1, 3)
        assert (0 < soft_clusters).all() and np.isfinite(soft_clusters).all() and 1000 * 600 < abs(values[-1]) < np.inf
    group = np.arange(600) % 2
    X = 1e4 * np.random.RandomState(1).standard_normal((600, 120)) + 1e6 * (2 * group[:, np.newaxis] - 1)
    means, soft_clusters, values = seeded(0, em.em, X, 2, 100)
    assert values[-1] < -1000 * 600
    same(soft_clusters.argmax(axis=1) == np.argmax(means[:, 0]), group == 1)


@pytest.mark.parametrize('tiny', [1e-3, 2.0**-60, 2.0**-178, 2.0**-400])
def test_calculate_responsibilities_where_one_feature_has_all_but_no_variance(tiny):
    """Sigma = L L^T with L = [[t, 0, 0], [t, t, 0], [2t, 1, 1]]; x = (0, t, 1): L^-1 x = (0, 1, 0).

    With diag(t^2, t^2, 1) instead it is (0, 1, 1), and the determinants are equal: the odds are exp(1/2).
    """
    root = np.array([[tiny, 0, 0], [tiny, tiny, 0], [2 * tiny, 1, 1]])
    sigmas = [root @ root.T, np.diag([tiny**2, tiny**2, 1])]
    gamma = em.calculate_responsibilities([[0, tiny, 1]], np.zeros((2, 3)), sigmas, [0.5, 0.5])
    same(gamma, [[1 / (1 + np.exp(-0.5)), 1 / (1 + np.exp(0.5))]], 1e-12)


# --- Arguments: unfit ones, wrong shapes, number types and memory layouts

each_fit = pytest.mark.parametrize('fit', [k_means.kmeans, em.em])


@each_fit
@pytest.mark.parametrize('name, value, words', [
    *[('X', X, words) for X, words in (
        ([[0, 1], [np.nan, 2]], 'nan'), ([[0, 1], [3, -np.inf]], '-inf'), ([[0, 1], [3, 1e150]], '1e+150'),
        (np.arange(6.), '(6,)'), (np.zeros((2, 3, 4)), '(2, 3, 4)'), (np.zeros((0, 2)), '(0, 2)'), (None, '()'))],
    *[('K', value, f'1 to 500 (N), not {value!r}') for value in (0, -1, 501, 2.0, np.nan, '3', None)],
    *[('max_iter', value, f'not {value!r}') for value in (0, -3, 10.0, None)]])
def test_unfit_arguments_are_named_before_anything_is_drawn(fit, name, value, words, capsys):
    expected = seeded(5, np.random.random)
    with pytest.raises(ValueError, match=f'^{name} .*{re.escape(words)}'):
        seeded(5, fit, **{**dict(X=MOUSE, K=2, max_iter=5), name: value})
    assert np.random.random() == expected and capsys.readouterr().out == ''


def arguments():
    """Of each function, whole numbers."""
    X = np.random.RandomState(3).randint(0, 250, (60, 2)).astype(float)
    means, Z = np.array([[20., 30.], [200., 90.], [120., 240.]]), np.eye(3)[np.arange(60) % 3]
    state = dict(X=X, means=means, sigmas=np.array([[[9., 2.], [2., 7.]]] * 3) * 100, weights=np.array([1., 0., 0.]))
    return {k_means.wcss: dict(X=X, K=3, Z=Z, centroids=means), k_means.compute_Z: dict(X=X, K=3, centroids=means),
            k_means.closest_centroid: dict(sample=X[7], centroids=means),
            k_means.recompute_centroids: dict(X=X, K=3, Z=Z), em.calculate_responsibilities: state,
            em.update_parameters: dict(state, responsibilities=Z),
            k_means.kmeans: dict(X=X, K=3, max_iter=30), em.em: dict(X=X, K=2, max_iter=30)}


@pytest.mark.parametrize('step, name', [(step, name) for step in list(arguments())[:6] for name in arguments()[step]])
def test_a_wrong_shape_is_named_and_never_broadcasts(step, name):
    """A dimension missing, one too many, 0, and 1, one less or one more where another argument has it, too."""
    given, free = arguments()[step], [('compute_Z', 'X', 0), ('calculate_responsibilities', 'X', 0),
                                      ('closest_centroid', 'centroids', 0), ('recompute_centroids', 'X', 1)]
    shape = np.shape(given[name])
    shapes = [shape[1:], (1, *shape), (*shape, 1), (0, *shape[1:]), *(
        (*shape[:axis], n, *shape[axis + 1:]) for axis, size in enumerate(shape) for n in (1, size - 1, size + 1)
        if n != size and (step.__name__, name, axis) not in free)]
    for value in [1, 2, 4] if name == 'K' else [np.resize(given[name], shape) for shape in shapes]:
        if np.shape(value) != (1, 2) or name != 'sample':  # which is a stack of one sample
            with pytest.raises(ValueError, match=r'^\w+ must have the shape \(.+\), not \('):
                step(**{**given, name: value})
    with pytest.raises(ValueError, match=r'centroids must have the shape \(3, 2\), not \(3, 4\)'):
        k_means.compute_Z(np.ones((5, 2)), 3, np.ones((3, 4)))
    with pytest.raises(ValueError, match=r'responsibilities must have the shape \(60, 3\), not \(5, 3\)'):
        em.update_parameters(**{**arguments()[em.update_parameters], 'responsibilities': np.ones((5, 3))})


FORMS = {
    'int64': lambda a: a.astype(np.int64),
    'uint8': lambda a: a.astype(np.uint8 if a.max() < 256 else np.uint16),  # differences of small numbers wrap
    'float32': lambda a: a.astype(np.float32),
    'list': lambda a: a.astype(int).tolist(),
    'Fortran order': np.asfortranarray,
    'strided': lambda a: np.stack((a, a + 1), axis=-1)[..., 0]}


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('step', arguments())
def test_every_form_of_the_same_numbers_gives_the_same_result(step, form):
    """New arrays of floats, none of them an argument."""
    given = {name: FORMS[form](a) if isinstance(a, np.ndarray) else a for name, a in arguments()[step].items()}
    found, right = seeded(0, step, **given), seeded(0, step, **arguments()[step])
    for a, b in zip(found, right) if isinstance(right, tuple) else [(found, right)]:
        same(a, b, 1e-12)
        assert type(a) is type(b) and getattr(a, 'dtype', float) == float
        assert not any(np.shares_memory(a, array) for array in given.values() if isinstance(array, np.ndarray))


@each_fit
def test_the_largest_samples_and_whole_numbers_of_numpy_are_fit(fit):
    seeded(0, fit, [[0.99e150], [0.5], [-0.99e150], [-0.5]], 1, 3)
    assert len(seeded(0, fit, MOUSE[:6], np.uint8(6), np.int64(1))) == 3
    assert type(k_means.closest_centroid(MOUSE[0], MOUSE)) is int


# --- What is printed

@pytest.mark.parametrize('max_iter', [100, 1])
def test_start_convergence_and_fit_are_printed(max_iter, capsys):
    """Seed 149 is the first whose third log-likelihood differs by less than 0.01 from the second: it says so."""
    start = MOUSE[seeded(149, np.random.choice, 500, size=3, replace=False)]
    _, centroids, values = seeded(149, k_means.kmeans, MOUSE, 3, max_iter)
    end = f'converged in iteration {len(values) // 2}' if max_iter > 1 else 'did not converge in 1 iterations'
    assert capsys.readouterr().out == (f'Initial centroids:\n{start}\nK-means {end}.\nWCSS: {values[-1]:.5g}\n'
                                       f'Fitted centroids:\n{centroids}\n')
    start = seeded(149, np.random.random, (3, 2)), 1.5 * np.array([np.eye(2)] * 3), np.full(3, 1 / 3)
    values = seeded(149, em.em, MOUSE, 3, max_iter)[2]
    *_, (*fit, _) = replay(MOUSE, 3, 149, len(values))
    words = '{0} means:\n{1}\n{0} covariances:\n{2}\n{0} weights:\n{3}\n'
    end = ('converged in iteration 3.\nThe log-likelihood rose by less than 1 in all. Perhaps EM is still on the '
           'initial plateau: try a smaller eps, then another seed' if max_iter > 1 else 'did not converge in 1 iterations')
    assert capsys.readouterr().out == (
        f'{words.format("Initial", *start)}EM {end}.\nLog-likelihood: {values[-1]:.2f}\n{words.format("Fitted", *fit)}')
    assert 'plateau' not in (seeded(0, em.em, MOUSE, 3, 300), em.em(MOUSE, 1, 300), capsys.readouterr().out)[2]
