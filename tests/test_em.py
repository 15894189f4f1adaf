"""EM for Gaussian mixtures, section 1.2 of the sheet: what the sheet and the interface fix, and nothing else."""
from functools import lru_cache

import numpy as np
import pytest

from conftest import seeded
from submissions.plain import em as plain

TOLERANCE = 1e-6  # 1e-10 or so added to a denominator, or in a logarithm, passes; 1e-6 on a diagonal does not
ADDED = 1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2  # the usual regularisations


# --- What the tests share

@lru_cache(maxsize=None)
def plain_em(seed, K, max_iter, eps=1e-2, D=2, init_variance=1.5):
    return seeded(seed, plain.em, blobs(seed, D=D), K, max_iter, eps, init_variance)


def log_likelihood(p):
    """Eq. (9) from the weighted densities (N, K)."""
    return np.log(p.sum(axis=1)).sum()


def blobs(seed, N=30, D=2):
    """N samples in D dimensions around two places, about the unit cube."""
    rng = np.random.RandomState(seed)
    return rng.normal(0.3, 0.1, size=(N, D)) + 0.5 * (np.arange(N) % 3 == 0)[:, np.newaxis]


def mixture(seed, K=3, D=2):
    """Means, covariances (correlated) and weights (all different) of a mixture."""
    rng = np.random.RandomState(seed)
    roots = rng.normal(0, 0.3, size=(K, D, D)) + 0.5 * np.eye(D)
    return rng.random_sample((K, D)), roots @ roots.transpose(0, 2, 1), np.arange(1, K + 1) / np.arange(1, K + 1).sum()


def soft(seed, N, K):
    """Responsibilities (N, K)."""
    gamma = np.random.RandomState(seed).random_sample((N, K)) + 0.1
    return gamma / gamma.sum(axis=1, keepdims=True)


@pytest.fixture
def fit(em, judge, monkeypatch, grader, ours):
    """em() from a seed, its start judged; in grading with right steps, so that a mistake in one counts once."""
    starts = []
    if grader:
        monkeypatch.setattr(em, 'update_parameters', ours.em.update_parameters, raising=False)
        monkeypatch.setattr(em, 'calculate_responsibilities', lambda X, means, sigmas, weights: (
            starts.append(np.array(means)) or ours.em.calculate_responsibilities(X, means, sigmas, weights).copy()),
            raising=False)

    def fit(seed, X, K, *args, **kwargs):
        starts.clear()
        means, soft_clusters, values = judge.returns('em()', seeded(seed, em.em, X, K, *args, **kwargs), 3)
        if starts:
            untouched = np.random.random() == seeded(seed, np.random.random)
            shape = K, X.shape[1]
            judge.equal('em(), the initial means', starts[0], seeded(seed, np.random.random, shape), {
                'normal instead of uniform numbers': seeded(seed, np.random.normal, size=shape),
                'nothing is drawn from np.random (but from default_rng()?)': starts[0] if untouched else np.nan})
        return (judge.array('em(), the means', means, (K, X.shape[1])),
                judge.array('em(), soft_clusters', soft_clusters, (len(X), K)),
                judge.array('em(), the log-likelihoods', values, (np.size(values),)))
    return fit


# --- Worked by hand

@pytest.mark.task('1.2.1')
def test_responsibilities_by_hand(em, judge):
    """Two components in the plane about (0, 0): I with weight 1/3 and 4 I with weight 2/3.

    Without the common 1 / (2 pi) the densities at distance r are exp(-r^2/2)
    and exp(-r^2/8) / 4, since |4 I| = 16. At r = 0 the weighted ones are 1/3
    and 1/6: 2/3 and 1/3 of their sum. At r^2 = (8/3) log 8 = 8 log 2, so that
    exp(-r^2/2) = 1/16 and exp(-r^2/8) = 1/2, they are 1/48 and 4/48: 1/5 and 4/5.
    Without the 1/2: 1/768 and 1/24. With 4 I for its inverse: 1/48 and 2^-16 / 6.
    """
    X = np.array([[0, 0], [0, np.sqrt(8 * np.log(2))]])
    means, sigmas, weights = np.zeros((2, 2)), np.array([np.eye(2), 4 * np.eye(2)]), np.array([1 / 3, 2 / 3])
    p = np.array([[16, 8], [1, 4]]) / 48 / (2 * np.pi)
    judge.equal('calculate_responsibilities(), Eq. (5)', em.calculate_responsibilities(X, means, sigmas, weights),
                [[2 / 3, 1 / 3], [1 / 5, 4 / 5]], {
        'not normalised: the rows must sum to 1': p,
        'normalised along the wrong axis: the rows must sum to 1, not the columns': p / p.sum(axis=0),
        'normalised by the sum over everything, not over each row': p / p.sum(),
        'the weights w_k are missing': [[4 / 5, 1 / 5], [1 / 3, 2 / 3]],
        'the determinant of the covariance is missing in the density': [[1 / 3, 2 / 3], [1 / 17, 16 / 17]],
        'the determinant of the covariance is there without its root': [[8 / 9, 1 / 9], [1 / 2, 1 / 2]],
        'the 1/2 in the exponent is missing in the density': [[2 / 3, 1 / 3], [1 / 33, 32 / 33]],
        'the covariance in place of its inverse in the density': [[2 / 3, 1 / 3], [8192 / 8193, 1 / 8193]],
        'one-hot rows (K-means) instead of probabilities': [[1, 0], [0, 1]],
        'transposed: one row a component instead of one a sample': [[2 / 3, 1 / 5], [1 / 3, 4 / 5]]}, TOLERANCE)


@pytest.mark.task('1.2.2')
def test_update_parameters_by_hand(em, judge):
    """Samples 0, 4, 4, 8, 12 on a line; gamma_1 = 1, 1/2, 1/2, 0, 0 and gamma_2 the rest.

    N_1 = 2, mu_1 = (0 + 2 + 2) / 2 = 2, Sigma_1 = (4 + 2 + 2) / 2 = 4, w_1 = 2/5.
    N_2 = 3, mu_2 = (2 + 2 + 8 + 12) / 3 = 8, Sigma_2 = (8 + 8 + 0 + 16) / 3 = 32/3, w_2 = 3/5.
    About the old means 1 and 6: Sigma_1 = (1 + 4.5 + 4.5) / 2 = 5, Sigma_2 = (2 + 2 + 4 + 36) / 3 = 44/3.
    """
    X = np.array([[0.], [4], [4], [8], [12]])
    gamma = np.array([[1, 0], [0.5, 0.5], [0.5, 0.5], [0, 1], [0, 1]])
    old_means, old_sigmas, old_weights = np.array([[1.], [6]]), np.ones((2, 1, 1)), np.array([0.3, 0.7])
    means, sigmas, weights = judge.returns('update_parameters()', em.update_parameters(
        X, old_means.copy(), old_sigmas.copy(), old_weights.copy(), gamma.copy()), 3)
    judge.equal('Eq. (8), the weights', weights, [2 / 5, 3 / 5], {
        'the old weights are returned: the new ones are not stored': old_weights,
        'divided by nothing: N_k instead of N_k / N': [2, 3],
        'divided by K instead of N': [1, 3 / 2],
        'all weights are 1/K': [1 / 2, 1 / 2]})
    judge.equal('Eq. (6), the means', means, [[2], [8]], {
        'the old means are returned: the new ones are not stored': old_means,
        'divided by N instead of N_k': [[4 / 5], [24 / 5]],
        'divided by N_k - 1 instead of N_k': [[4], [12]],
        'divided by nothing': [[4], [24]],
        'not weighted with the responsibilities': [[5.6], [5.6]]})
    judge.equal('Eq. (7), the covariances', sigmas, [[[4]], [[32 / 3]]], {
        'the covariance uses the old means': [[[5]], [[44 / 3]]],
        'the old covariances are returned: the new ones are not stored': old_sigmas,
        'divided by N_k - 1 instead of N_k': [[[8]], [[16]]],
        'divided by N instead of N_k': [[[8 / 5]], [[32 / 5]]],
        'divided by nothing': [[[8]], [[32]]],
        'the root of the variance': [[[2]], [[np.sqrt(32 / 3)]]],
        'not weighted with the responsibilities': [[[29.6]], [[22.4]]],
        'the responsibilities are squared': [[[3]], [[8]]]})


@pytest.mark.task('1.2.2')
def test_update_parameters_takes_the_outer_product(em, judge):
    """Samples (1, 1), (-1, -1), (2, -2), (-2, 2), all of one component: mean (0, 0).

    The outer products [[1, 1], [1, 1]] twice and [[4, -4], [-4, 4]] twice: their mean is
    [[2.5, -1.5], [-1.5, 2.5]].
    """
    X = np.array([[1., 1], [-1, -1], [2, -2], [-2, 2]])
    means, sigmas, weights = judge.returns('update_parameters()', em.update_parameters(
        X, np.zeros((1, 2)), np.eye(2)[np.newaxis], np.ones(1), np.ones((4, 1))), 3)
    judge.equal('Eq. (7), the covariances', sigmas, [[[2.5, -1.5], [-1.5, 2.5]]], {
        'the diagonal alone: an outer product belongs here': [np.diag([2.5, 2.5])],
        'the inner product instead of the outer one': [[[5, 5], [5, 5]]],
        'divided by N_k - 1 instead of N_k': [np.array([[10, -6], [-6, 10]]) / 3]})


@pytest.mark.task('1.2.3')
def test_em_with_one_component_by_hand(fit, judge):
    """K = 1 fits mean and variance: of 0, 0, 1, 1 these are 1/2 and 1/4, whatever the start.

    Each sample is one standard deviation off: log N = -(log(2 pi / 4) + 1) / 2, the same four times.
    """
    means, soft_clusters, values = fit(0, np.array([[0.], [0], [1], [1]]), 1, 10)
    density = np.exp(-(np.log(np.pi / 2) + 1) / 2)
    judge.equal('em(), the means', means, [[0.5]])
    judge.equal('em(), the log-likelihoods, Eq. (9)', values, np.full(3, 4 * np.log(density)), {
        'the likelihood instead of its logarithm': np.full(3, density**4),
        'the sum of the densities, without the logarithm': np.full(3, 4 * density),
        'the logarithm of the sum over everything instead of the sum of the logarithms':
            np.full(3, np.log(4 * density)),
        'a mean instead of a sum': np.full(3, np.log(density)),
        'the sign is wrong': np.full(3, -4 * np.log(density)),
        'it stops too early': np.full(2, 4 * np.log(density)),
        'the stop never fires': np.full(10, 4 * np.log(density))})
    judge.equal('em(), soft_clusters', soft_clusters, np.full((4, 1), density), {
        'normalised: the weighted densities themselves belong here': np.ones((4, 1))})


# --- Plain loops

SIZES = (1, 2), (2, 1), (3, 2), (4, 3), (2, 5)  # K, D


@pytest.mark.task('1.2.1')
def test_responsibilities_equal_the_equation(em, judge, grader):
    """Mistakes of the density are right ones of other parameters, since what is common to a row cancels."""
    for K, D in SIZES:
        X, (means, sigmas, weights) = blobs(K, D=D), mixture(D, K, D)
        judge.equal(
            'calculate_responsibilities(), Eq. (5)', em.calculate_responsibilities(X, means, sigmas, weights),
            plain.calculate_responsibilities(X, means, sigmas, weights), lambda: {
                words: plain.calculate_responsibilities(X, means, *other) for words, other in {
                    'the 1/2 in the exponent is missing in the density': (sigmas / 2, weights),
                    'the covariance in place of its inverse in the density':
                        (np.linalg.inv(sigmas), weights / np.linalg.det(sigmas)),
                    **{f'{added:g} is added to the diagonal of the covariances (regularised)':
                        (sigmas + added * np.eye(D), weights) for added in ADDED}}.items()},
            tolerance=TOLERANCE if grader else 2e-15 if D < 5 else 1e-14)  # ours, by another route: rounding alone


@pytest.mark.task('1.2.2')
def test_update_parameters_equals_the_equations(em, judge):
    for K, D in SIZES:
        X, old, gamma = blobs(K, D=D), mixture(D, K, D), soft(K, 30, K)
        means, sigmas, weights = judge.returns('update_parameters()', em.update_parameters(
            X, *(a.copy() for a in old), gamma.copy()), 3)
        right_means, right_sigmas, right_weights = plain.update_parameters(X, *old, gamma)
        N_k = gamma.sum(axis=0)[:, np.newaxis, np.newaxis]
        gap, added = old[0] - right_means, (np.ravel(sigmas)[0] - right_sigmas[0, 0, 0]) * np.eye(D)
        judge.equal('Eq. (6), the means', means, right_means)
        judge.equal('Eq. (7), the covariances', sigmas, right_sigmas, {
            'the covariance uses the old means': right_sigmas + gap[:, :, np.newaxis] * gap[:, np.newaxis],
            'divided by N_k - 1 instead of N_k': right_sigmas * N_k / (N_k - 1),
            f'{added[0, 0]:.3g} is added to the diagonal (regularised)': right_sigmas + added})
        judge.equal('Eq. (8), the weights', weights, right_weights)


def plain_densities(seed, K, iterations, D, change=lambda new, old: new):
    """The weighted densities at the start of EM and after each iteration, where the parameters may be changed."""
    X, means = blobs(seed, D=D), seeded(seed, np.random.random, (K, D))
    state = means, 1.5 * np.array([np.eye(D)] * K), np.full(K, 1 / K)
    densities = [plain.weighted_densities(X, *state)]
    for _ in range(iterations):
        state = change(plain.update_parameters(X, *state, plain.calculate_responsibilities(X, *state)), state)
        densities.append(plain.weighted_densities(X, *state))
    return densities


@lru_cache(maxsize=None)
def wrong_log_likelihoods(seed, K, iterations, eps, D):
    """Well-known mistakes in words, and the log-likelihoods that each gives."""
    changes = {
        'the weights stay 1/K: they are not stored': lambda new, old: (*new[:2], old[2]),
        'the covariances stay as they are: they are not stored': lambda new, old: (new[0], old[1], new[2]),
        **{f'{added:g} is added to the diagonal of the covariances (regularised)':
            lambda new, old, added=added: (new[0], new[1] + added * np.eye(D), new[2]) for added in ADDED}}
    start, *densities = plain_densities(seed, K, iterations, D)
    wrong = {
        'the likelihood of the old parameters: the new ones belong here':
            [log_likelihood(p) for p in [start, *densities[:-1]]],
        'the logarithm of the sum over everything instead of the sum of the logarithms':
            [np.log(p.sum()) for p in densities],
        'the sum over k is outside the logarithm': [np.log(p).sum() for p in densities],
        'a mean instead of a sum': [log_likelihood(p) / len(p) for p in densities],
        **{words: [log_likelihood(p) for p in plain_densities(seed, K, iterations, D, change)[1:]]
           for words, change in changes.items()}}
    return {words: values[:next((n for n in range(3, iterations) if abs(values[n - 1] - values[n - 2]) < eps), None)]
            for words, values in wrong.items()}


@pytest.mark.task('1.2.3')
@pytest.mark.parametrize('seed, K, D', [(0, 2, 2), (1, 3, 2), (2, 2, 3), (3, 2, 1)])
def test_em_equals_the_plain_algorithm(fit, judge, seed, K, D):
    """The same seed gives the same iterations and numbers."""
    max_iter, eps = 8, 1e-3
    means, soft_clusters, values = fit(seed, blobs(seed, D=D), K, max_iter, eps)
    right_means, right_soft, right_values = plain_em(seed, K, max_iter, eps, D)
    judge.equal('em(), the log-likelihoods, Eq. (9)', values, right_values,
                lambda: wrong_log_likelihoods(seed, K, max_iter, eps, D), TOLERANCE)
    judge.equal('em(), the means', means, right_means)
    judge.equal('em(), soft_clusters', soft_clusters, right_soft, {
        'normalised: the weighted densities themselves belong here': (right_soft.T / right_soft.sum(axis=1)).T})


@pytest.mark.task('1.2.3')
def test_em_draws_once_from_the_random_stream(fit, em, judge):
    seeded(3, em.em, blobs(3), 3, 5)
    found = np.random.random()
    seeded(3, np.random.random, (3, 2))
    judge.holds(found == np.random.random(), 'em() draws more random numbers than the K initial means, or others')


@pytest.mark.task('1.2.3')
def test_em_on_the_mouse(fit, judge, mouse):
    """K = 3 ends at log-likelihood 608.49, for some seeds 608.50."""
    _, soft_clusters, values = fit(0, mouse.copy(), 3, 100)
    judge.equal('em(), the last log-likelihood of the mouse data', values[-1], 608.49, tolerance=0.02 / 608.49)
    sizes = np.sort(np.bincount(soft_clusters.argmax(axis=1), minlength=3))
    judge.holds((abs(sizes - [100, 100, 300]) < 20).all(), f'em(), clusters of the mouse data: sizes {sizes}, '
                'where the ears have about 100 samples each and the head has 300')


# --- Invariants over seeds

@pytest.mark.task('1.2.3')
def test_em_never_lowers_the_log_likelihood_and_returns_values_that_belong_together(fit, judge):
    """The logarithms of the row sums of soft_clusters add up to the last log-likelihood."""
    for seed in range(4):
        _, soft_clusters, values = fit(seed, blobs(seed), 2, 8)
        judge.holds((np.diff(values) >= -1e-9 * abs(values[:-1])).all(), 'em(): the log-likelihood falls')
        judge.holds((soft_clusters > 0).all(), 'em(), soft_clusters must be weighted densities, all positive')
        judge.equal('em(), soft_clusters, whose rows give the last log-likelihood',
                    log_likelihood(soft_clusters), values[-1],
                    {'normalised: the weighted densities themselves belong here': 0}, TOLERANCE)


# --- Edge cases

@pytest.mark.task('1.2.3')
def test_em_keeps_to_max_iter(fit, judge):
    """With eps = 0 it cannot stop earlier: no change is less than 0."""
    for max_iter in 1, 2, 4:
        values = fit(0, blobs(0), 2, max_iter, eps=0)[2]
        judge.holds(len(values) == max_iter, f'em() with max_iter = {max_iter} and eps = 0 must make {max_iter} '
                    f'iterations, one log-likelihood each, but returns {len(values)} values')


@pytest.mark.task('1.2.3')
def test_em_stops_by_eps(fit, judge):
    """With a huge eps it stops at the first chance, which is the third iteration."""
    values = fit(0, blobs(0), 2, 10, eps=1e9)[2]
    judge.holds(len(values) > 2, f'em() with a huge eps stops in iteration {len(values)}; it may not before the third')
    judge.holds(len(values) == 3, 'em() with a huge eps must stop in the third iteration, after 3 log-likelihoods, '
                f'but returns {len(values)}: eps is not used, or the stop is wrong')


@pytest.mark.task('1.2.3')
def test_em_starts_from_the_covariance_init_variance(fit, judge):
    X = blobs(1)
    values = fit(1, X, 2, 1, init_variance=0.2)[2]
    right, unused, squared = (plain_em(1, 2, 1, init_variance=v)[2] for v in (0.2, 1.5, 0.04))
    judge.equal('em() with init_variance = 0.2, the first log-likelihood', values, right,
                {'init_variance is not used': unused, 'init_variance is squared': squared}, TOLERANCE)


STATE = dict(zip(('X', 'means', 'sigmas', 'weights'), (blobs(0), *mixture(0))))


@pytest.mark.task('1.2.1')
def test_calculate_responsibilities_leaves_its_inputs_alone(em, judge):
    judge.unchanged(em.calculate_responsibilities, **STATE)


@pytest.mark.task('1.2.2')
def test_update_parameters_leaves_its_inputs_alone(em, judge):
    judge.unchanged(em.update_parameters, **STATE, responsibilities=soft(0, 30, 3))


@pytest.mark.task('1.2.3')
def test_em_leaves_the_samples_alone(fit, em, judge):
    np.random.seed(0)
    judge.unchanged(em.em, X=blobs(0), K=2, max_iter=3)
