"""EM for Gaussian mixtures, section 1.2 of the sheet: what the sheet and the interface fix, and nothing else."""
import numpy as np
import pytest

from conftest import ROOT, array, load, same, seeded

plain = load('em', ROOT / 'tests' / 'plain')
TOLERANCE = 1e-6  # 1e-10 or so added to a denominator, or in a logarithm, passes; 1e-6 on a diagonal does not
ADDED = 1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2  # the usual regularisations

# Two components on a line: samples, and gamma_1 with gamma_2, the rest; the parameters before.
LINE, GAMMA = array([[0], [4], [4], [8], [12]]), array([[1, 0], [0.5, 0.5], [0.5, 0.5], [0, 1], [0, 1]])
BEFORE = array([[1], [6]]), array(np.ones((2, 1, 1))), array([0.3, 0.7])


@pytest.fixture(scope='module')
def em():
    """The module that is judged."""
    return load('em')


@pytest.fixture(scope='module')
def fit():
    """em() with plain steps, so that a mistake in one of them counts once."""
    return load('em', calculate_responsibilities=plain.calculate_responsibilities,
                update_parameters=plain.update_parameters).em


def blobs(seed, N=30, D=2):
    """N samples in D dimensions around two places, about the unit cube."""
    rng = np.random.RandomState(seed)
    return array(rng.normal(0.3, 0.1, size=(N, D)) + 0.5 * (np.arange(N) % 3 == 0)[:, np.newaxis])


def mixture(seed, K=3, D=2):
    """Means, covariances (correlated) and weights (all different) of a mixture."""
    rng = np.random.RandomState(seed)
    roots = rng.normal(0, 0.3, size=(K, D, D)) + 0.5 * np.eye(D)
    weights = np.arange(1, K + 1) / np.arange(1, K + 1).sum()
    return array(rng.random_sample((K, D))), array(roots @ roots.transpose(0, 2, 1)), array(weights)


SIZES = [(blobs(K, D=D), *mixture(D, K, D)) for K, D in ((1, 2), (2, 1), (3, 2), (4, 3), (2, 5))]


def soft(N, K):
    """Responsibilities (N, K)."""
    gamma = np.random.RandomState(K).random_sample((N, K)) + 0.1
    return array(gamma / gamma.sum(axis=1, keepdims=True))


def log_likelihood(X, means, sigmas, weights):
    """Eq. (9)."""
    return np.log(plain.weighted_densities(X, means, sigmas, weights).sum(axis=1)).sum()


def test_1_2_1_calculate_responsibilities_by_hand(em):
    """Two components in the plane about (0, 0): I with weight 1/3 and 4 I with weight 2/3.

    Without the common 1 / (2 pi) the densities at distance r are exp(-r^2/2)
    and exp(-r^2/8) / 4, since |4 I| = 16. At r = 0 the weighted ones are 1/3
    and 1/6: 2/3 and 1/3 of their sum. At r^2 = (8/3) log 8 = 8 log 2, so that
    exp(-r^2/2) = 1/16 and exp(-r^2/8) = 1/2, they are 1/48 and 4/48: 1/5 and 4/5.
    Without the 1/2: 1/768 and 1/24. With 4 I for its inverse: 1/48 and 2^-16 / 6.
    """
    X, means = array([[0, 0], [0, np.sqrt(8 * np.log(2))]]), array([[0, 0], [0, 0]])
    p = array([[16, 8], [1, 4]]) / 48 / (2 * np.pi)
    gamma = em.calculate_responsibilities(X, means, array([np.eye(2), 4 * np.eye(2)]), array([1 / 3, 2 / 3]))
    same(gamma, [[2 / 3, 1 / 3], [1 / 5, 4 / 5]], TOLERANCE, not_normalised=p, normalised_by_columns=p / p.sum(axis=0),
         normalised_by_the_sum_over_everything=p / p.sum(), weights_missing=[[4 / 5, 1 / 5], [1 / 3, 2 / 3]],
         determinant_missing_in_the_density=[[1 / 3, 2 / 3], [1 / 17, 16 / 17]],
         determinant_without_its_root=[[8 / 9, 1 / 9], [1 / 2, 1 / 2]],
         one_half_missing_in_the_exponent=[[2 / 3, 1 / 3], [1 / 33, 32 / 33]],
         covariance_in_place_of_its_inverse=[[2 / 3, 1 / 3], [8192 / 8193, 1 / 8193]],
         one_hot_rows=[[1, 0], [0, 1]], transposed=[[2 / 3, 1 / 5], [1 / 3, 4 / 5]])


def test_1_2_1_calculate_responsibilities_equals_the_equation(em):
    for X, means, sigmas, weights in SIZES:
        regularised = {f'{added:g}_is_added_to_the_diagonals': plain.calculate_responsibilities(
            X, means, sigmas + added * np.eye(X.shape[1]), weights) for added in ADDED}
        same(em.calculate_responsibilities(X, means, sigmas, weights),
             plain.calculate_responsibilities(X, means, sigmas, weights), TOLERANCE, **regularised)


def test_1_2_2_update_parameters_means_by_hand(em):
    """N_1 = 2, mu_1 = (0 + 2 + 2) / 2 = 2; N_2 = 3, mu_2 = (2 + 2 + 8 + 12) / 3 = 8."""
    means, _, _ = em.update_parameters(LINE, *BEFORE, GAMMA)
    same(means, [[2], [8]], the_old_means=BEFORE[0], divided_by_N=[[4 / 5], [24 / 5]], divided_by_nothing=[[4], [24]],
         divided_by_N_k_less_1=[[4], [12]], not_weighted_with_the_responsibilities=[[5.6], [5.6]])


def test_1_2_2_update_parameters_covariances_by_hand(em):
    """With the new means 2 and 8: Sigma_1 = (4 + 2 + 2) / 2 = 4, Sigma_2 = (8 + 8 + 0 + 16) / 3 = 32/3.

    About the old means 1 and 6: (1 + 4.5 + 4.5) / 2 = 5 and (2 + 2 + 4 + 36) / 3 = 44/3.
    """
    _, sigmas, _ = em.update_parameters(LINE, *BEFORE, GAMMA)
    same(sigmas, [[[4]], [[32 / 3]]], about_the_old_means=[[[5]], [[44 / 3]]], the_old_covariances=BEFORE[1],
         divided_by_N_k_less_1=[[[8]], [[16]]], divided_by_N=[[[8 / 5]], [[32 / 5]]],
         root_of_the_variance=[[[2]], [[np.sqrt(32 / 3)]]], responsibilities_squared=[[[3]], [[8]]],
         not_weighted_with_the_responsibilities=[[[29.6]], [[22.4]]])


def test_1_2_2_update_parameters_covariances_are_outer_products(em):
    """Samples (1, 1), (-1, -1), (2, -2), (-2, 2), all of one component: mean (0, 0).

    The outer products [[1, 1], [1, 1]] twice and [[4, -4], [-4, 4]] twice: their mean is
    [[2.5, -1.5], [-1.5, 2.5]].
    """
    X = array([[1, 1], [-1, -1], [2, -2], [-2, 2]])
    _, sigmas, _ = em.update_parameters(X, array([[0, 0]]), array([np.eye(2)]), array([1]), array(np.ones((4, 1))))
    same(sigmas, [[[2.5, -1.5], [-1.5, 2.5]]], the_diagonal_alone=[np.diag([2.5, 2.5])],
         inner_product=[[[5, 5], [5, 5]]], divided_by_N_k_less_1=[np.array([[10, -6], [-6, 10]]) / 3])


def test_1_2_2_update_parameters_weights_by_hand(em):
    """w_1 = 2/5, w_2 = 3/5."""
    _, _, weights = em.update_parameters(LINE, *BEFORE, GAMMA)
    same(weights, [2 / 5, 3 / 5], the_old_weights=BEFORE[2], not_divided_by_N=[2, 3], divided_by_K=[1, 3 / 2],
         always_1_divided_by_K=[1 / 2, 1 / 2])


@pytest.mark.parametrize('what, index', [('means', 0), ('covariances', 1), ('weights', 2)])
def test_1_2_2_update_parameters_equals_the_equations(em, what, index):
    for X, *before in SIZES:
        gamma = soft(len(X), len(before[0]))
        found, right = em.update_parameters(X, *before, gamma), plain.update_parameters(X, *before, gamma)
        gap, N_k = before[0] - right[0], gamma.sum(axis=0)[:, np.newaxis, np.newaxis]
        wrong = {'about_the_old_means': right[1] + gap[:, :, np.newaxis] * gap[:, np.newaxis],
                 'divided_by_N_k_less_1': right[1] * N_k / (N_k - 1),
                 **{f'{a:g}_is_added_to_the_diagonals': right[1] + a * np.eye(X.shape[1]) for a in ADDED}}
        same(found[index], right[index], **wrong if what == 'covariances' else {})


def test_1_2_3_em_with_one_component_by_hand(fit):
    """K = 1 fits mean and variance: of 0, 0, 1, 1 these are 1/2 and 1/4, whatever the start.

    Each sample is one standard deviation off: log N = -(log(2 pi / 4) + 1) / 2, the same four times.
    """
    means, soft_clusters, values = seeded(0, fit, array([[0], [0], [1], [1]]), 1, 10)
    log_density = -(np.log(np.pi / 2) + 1) / 2
    density, once = np.exp(log_density), np.ones(3)
    same(values, 4 * log_density * once, TOLERANCE, no_logarithm_of_the_likelihood=density**4 * once,
         no_logarithm_of_the_densities=4 * density * once, mean_instead_of_sum=log_density * once,
         logarithm_of_the_sum_over_everything=np.log(4 * density) * once, wrong_sign=-4 * log_density * once,
         it_stops_too_early=[4 * log_density] * 2, it_never_stops_before_max_iter=[4 * log_density] * 10)
    same(means, [[0.5]])
    same(soft_clusters, [[density]] * 4, normalised=np.ones((4, 1)))


@pytest.mark.parametrize('variance', [1.5, 0.2])
def test_1_2_3_em_makes_a_first_iteration_by_the_equations(fit, variance):
    """Start, E-step, M-step, and the log-likelihood of the new parameters, Eq. (9)."""
    X = blobs(1)
    means, soft_clusters, values = seeded(1, fit, X, 2, 1, init_variance=variance)

    def value(*parameters):
        return [np.log(plain.weighted_densities(X, *parameters).sum(axis=1)).sum()]

    def after(start, variance=variance):
        before = start, np.array([variance * np.eye(2)] * 2), np.full(2, 1 / 2)
        return before, plain.update_parameters(X, *before, plain.calculate_responsibilities(X, *before))
    before, new = after(seeded(1, np.random.random, (2, 2)))
    p = plain.weighted_densities(X, *new)
    same(np.ravel(values), value(*new), TOLERANCE, likelihood_of_the_old_parameters=value(*before),
         logarithm_of_the_sum_over_everything=[np.log(p.sum())], sum_over_k_outside_of_the_logarithm=[np.log(p).sum()],
         weights_not_stored=value(*new[:2], before[2]), covariances_not_stored=value(new[0], before[1], new[2]),
         start_by_normal_numbers=value(*after(seeded(1, np.random.normal, size=(2, 2)))[1]),
         init_variance_not_used=value(*after(before[0], 1.5)[1]),
         **{f'{a:g}_is_added_to_the_diagonals': value(new[0], new[1] + a * np.eye(2), new[2]) for a in ADDED})
    same(means, new[0])
    same(soft_clusters, p, TOLERANCE, normalised=p / p.sum(axis=1, keepdims=True))


@pytest.mark.parametrize('seed, K, D, max_iter', [(0, 2, 2, 8), (1, 3, 2, 8), (2, 2, 3, 8), (3, 2, 1, 8), (0, 2, 2, 2),
                                                  (5, 3, 1, 60)])
def test_1_2_3_em_equals_the_plain_loops(fit, seed, K, D, max_iter):
    """The same seed gives the same start, iterations and numbers, and the same number is drawn next."""
    means, soft_clusters, values = seeded(seed, fit, blobs(seed, D=D), K, max_iter, eps=1e-9)
    next_number = np.random.random()
    right_means, right_soft, right_values = seeded(seed, plain.em, blobs(seed, D=D), K, max_iter, 1e-9)
    same(values, right_values, TOLERANCE)
    same(means, right_means)
    same(soft_clusters, right_soft, TOLERANCE)
    seeded(seed, np.random.random, (K, D))
    same(next_number, np.random.random())


@pytest.mark.parametrize('eps, iterations', [(1e9, 3), (5, 4), (1, 5), (0.5, 8)])
def test_1_2_3_em_stops_where_the_last_two_values_differ_by_less_than_eps(fit, eps, iterations):
    """From the third iteration on. The changes from the second on: 3.7, 6.1, 1.6, 0.88, 1.2, 0.90, 0.07."""
    values = seeded(3, fit, blobs(3), 2, 20, eps=eps, init_variance=0.1)[2]
    same(values, seeded(3, plain.em, blobs(3), 2, iterations, 1e-9, 0.1)[2], TOLERANCE)


def test_1_2_3_em_on_the_mouse(fit, mouse):
    """K = 3 ends at the log-likelihood 608.49, in iteration 35."""
    means, soft_clusters, values = seeded(3, fit, mouse, 3, 100)
    right_means, right_soft, right_values = seeded(3, plain.em, mouse, 3, 100)
    same(values[-1], 608.49, 1e-4)
    same(values, right_values, TOLERANCE)
    same(means, right_means)
    same(soft_clusters, right_soft, TOLERANCE)
