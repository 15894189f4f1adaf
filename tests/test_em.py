"""EM for Gaussian mixtures, section 1.2 of the sheet: what the sheet and the interface fix."""
import numpy as np
import pytest

from judge import ROOT, blame_D, blobs, call, check, load, own_where_right, unpack

pytestmark = pytest.mark.filterwarnings('ignore')  # a submission may warn
plain = load('em', ROOT / 'tests' / 'plain')
TOLERANCE = 1e-6  # 1e-10 or so added to a denominator, or in a logarithm, passes
ADDED = [1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2]  # usual regularisations of a diagonal do not

# Two components on a line: samples, gamma_1 with the rest for gamma_2, and the parameters before.
LINE = np.array([[0], [4], [4], [8], [12]], dtype=float)
GAMMA = np.array([[1, 0], [0.5, 0.5], [0.5, 0.5], [0, 1], [0, 1]])
BEFORE = np.array([[1.0], [6.0]]), np.ones((2, 1, 1)), np.array([0.3, 0.7])


@pytest.fixture(scope='module')
def em():
    """The module that is judged."""
    return load('em')


@pytest.fixture(scope='module')
def update(em):
    """update_parameters(), which may write into the parameters that it gets, not into the data."""
    def run(X, means, sigmas, weights, gamma):
        found = call(
            em.update_parameters, X, means, sigmas, weights, gamma,
            may_change=('means', 'sigmas', 'weights'),
        )
        return unpack(found, 'means', 'covariances', 'weights')
    return run


@pytest.fixture(scope='module')
def module_of_em(em):
    """The module with plain steps for em() where its own are wrong."""
    e_step = getattr(em, 'calculate_responsibilities', None)
    m_step = getattr(em, 'update_parameters', None)
    parameters = slice(1, 4)
    return load(
        'em',
        calculate_responsibilities=own_where_right(e_step, plain.calculate_responsibilities),
        update_parameters=own_where_right(m_step, plain.update_parameters, parameters),
    )


@pytest.fixture(scope='module')
def fit(module_of_em):
    """em() with a seed: it returns means, weighted densities and log-likelihoods."""
    def run(X, K, max_iter, seed=0, **options):
        found = call(module_of_em.em, X, K, max_iter, seed=seed, **options)
        return unpack(found, 'means', 'soft_clusters', 'log-likelihoods')
    return run


def mixture(seed, K=3, D=2):
    """Means, covariances (correlated) and weights (all different) of a mixture."""
    rng = np.random.RandomState(seed)
    means = rng.random_sample((K, D))
    roots = 0.5 * np.eye(D) + rng.normal(0, 0.3, size=(K, D, D))
    weights = np.arange(1, K + 1) / np.arange(1, K + 1).sum()
    return means, roots @ roots.transpose(0, 2, 1), weights


def soft(N, K):
    """Responsibilities (N, K)."""
    gamma = np.random.RandomState(K).random_sample((N, K)) + 0.1
    return gamma / gamma.sum(axis=1, keepdims=True)


def log_likelihood(X, *parameters):
    """Eq. (9)."""
    return np.log(plain.weighted_densities(X, *parameters).sum(axis=1)).sum()


def regularised(function):
    """What the function returns for the usual numbers that are added to a diagonal."""
    return {f'{added:g}_were_added_to_the_diagonals': function(added) for added in ADDED}


def test_1_2_1_calculate_responsibilities_by_hand(em):
    """Two components in the plane about (0, 0): I with weight 1/3 and 4 I with weight 2/3.

    Without the common 1 / (2 pi) the densities at distance r are exp(-r^2/2)
    and exp(-r^2/8) / 4, since |4 I| = 16. At r = 0 the weighted ones are 1/3
    and 1/6: 2/3 and 1/3 of their sum. At r^2 = (8/3) log 8 = 8 log 2, so that
    exp(-r^2/2) = 1/16 and exp(-r^2/8) = 1/2, they are 1/48 and 4/48: 1/5 and 4/5.
    Without the 1/2: 1/768 and 1/24. With 4 I for its inverse: 1/48 and 2^-16 / 6.
    """
    X = np.array([[0, 0], [0, np.sqrt(8 * np.log(2))]])
    means = np.zeros((2, 2))
    sigmas = np.array([np.eye(2), 4 * np.eye(2)])
    weights = np.array([1 / 3, 2 / 3])
    p = np.array([[16, 8], [1, 4]]) / 48 / (2 * np.pi)
    check(
        call(em.calculate_responsibilities, X, means, sigmas, weights),
        [[2 / 3, 1 / 3], [1 / 5, 4 / 5]],
        TOLERANCE,
        they_were_not_normalised=p,
        they_were_normalised_by_columns=p / p.sum(axis=0),
        the_weights_were_left_out=[[4 / 5, 1 / 5], [1 / 3, 2 / 3]],
        the_determinant_were_left_out=[[1 / 3, 2 / 3], [1 / 17, 16 / 17]],
        one_half_were_missing_in_the_exponent=[[2 / 3, 1 / 3], [1 / 33, 32 / 33]],
        covariances_were_not_inverted=[[2 / 3, 1 / 3], [8192 / 8193, 1 / 8193]],
        rows_were_one_hot=[[1, 0], [0, 1]],
    )


def test_1_2_1_calculate_responsibilities_equals_the_equation(em):
    for K, D in [(1, 2), (3, 2), (4, 3), (2, 1), (2, 5)]:
        X = blobs(K, N=30, D=D)
        means, sigmas, weights = mixture(D, K, D)

        def with_added(number):
            identity = np.eye(D)
            return plain.calculate_responsibilities(X, means, sigmas + number * identity, weights)

        right = with_added(0)
        with blame_D(D):
            found = call(em.calculate_responsibilities, X, means, sigmas, weights)
            check(found, right, TOLERANCE, **regularised(with_added))


def test_1_2_2_update_parameters_means_by_hand(update):
    """N_1 = 2, mu_1 = (0 + 2 + 2) / 2 = 2; N_2 = 3, mu_2 = (2 + 2 + 8 + 12) / 3 = 8."""
    means, _, _ = update(LINE, *BEFORE, GAMMA)
    check(
        means, [[2], [8]],
        they_were_the_old_means=BEFORE[0],
        they_were_divided_by_N=[[4 / 5], [24 / 5]],
        they_were_not_weighted_by_the_responsibilities=[[5.6], [5.6]],
    )


def test_1_2_2_update_parameters_covariances_by_hand(update):
    """About the new means 2 and 8: (4 + 2 + 2) / 2 = 4 and (8 + 8 + 0 + 16) / 3 = 32/3.

    About the old means 1 and 6: (1 + 4.5 + 4.5) / 2 = 5 and (2 + 2 + 4 + 36) / 3 = 44/3.
    """
    _, sigmas, _ = update(LINE, *BEFORE, GAMMA)
    check(
        sigmas, [[[4]], [[32 / 3]]],
        they_were_about_the_old_means=[[[5]], [[44 / 3]]],
        they_were_the_old_covariances=BEFORE[1],
        they_were_divided_by_N_k_less_1=[[[8]], [[16]]],
        they_were_divided_by_N=[[[8 / 5]], [[32 / 5]]],
        they_were_roots_of_the_variances=[[[2]], [[np.sqrt(32 / 3)]]],
        responsibilities_were_squared=[[[3]], [[8]]],
        they_were_not_weighted_by_the_responsibilities=[[[29.6]], [[22.4]]],
    )


def test_1_2_2_update_parameters_covariances_are_outer_products(update):
    """Samples (1, 1), (-1, -1), (2, -2), (-2, 2), all of one component: mean (0, 0).

    The outer products [[1, 1], [1, 1]] twice and [[4, -4], [-4, 4]] twice: their mean is
    [[2.5, -1.5], [-1.5, 2.5]].
    """
    X = np.array([[1, 1], [-1, -1], [2, -2], [-2, 2]], dtype=float)
    before = np.zeros((1, 2)), np.eye(2)[np.newaxis], np.ones(1)
    _, sigmas, _ = update(X, *before, np.ones((4, 1)))
    right = np.array([[[2.5, -1.5], [-1.5, 2.5]]])
    check(
        sigmas, right,
        only_the_diagonal_were_computed=[np.diag([2.5, 2.5])],
        inner_products_were_taken=[[[5, 5], [5, 5]]],
        they_were_divided_by_N_k_less_1=4 / 3 * right,
    )


def test_1_2_2_update_parameters_weights_by_hand(update):
    """w_1 = 2/5, w_2 = 3/5."""
    _, _, weights = update(LINE, *BEFORE, GAMMA)
    check(
        weights, [2 / 5, 3 / 5],
        they_were_the_old_weights=BEFORE[2],
        they_were_not_divided_by_N=[2, 3],
        they_were_always_1_divided_by_K=[1 / 2, 1 / 2],
    )


def test_1_2_2_update_parameters_equals_the_equations(update):
    for K, D in [(1, 2), (3, 2), (4, 3), (2, 1), (2, 5)]:
        X = blobs(K, N=30, D=D)
        before = mixture(D, K, D)
        gamma = soft(30, K)
        right_means, right_sigmas, right_weights = plain.update_parameters(X, *before, gamma)
        with blame_D(D):
            means, sigmas, weights = update(X, *before, gamma)
            check(means, right_means)
            mistakes = regularised(lambda added: right_sigmas + added * np.eye(D))
            check(sigmas, right_sigmas, **mistakes)
            check(weights, right_weights)


def test_1_2_3_em_with_one_component_by_hand(fit):
    """K = 1 fits mean and variance: of 0, 0, 1, 1 these are 1/2 and 1/4, whatever the start.

    Each sample is one standard deviation off: log N = -(log(2 pi / 4) + 1) / 2, four times.
    """
    means, soft_clusters, values = fit(np.array([[0.0], [0.0], [1.0], [1.0]]), 1, 10)
    log_density = -(np.log(np.pi / 2) + 1) / 2
    density = np.exp(log_density)
    three = np.ones(3)
    check(
        values, 4 * log_density * three, TOLERANCE, what='log-likelihoods',
        they_were_likelihoods_without_a_logarithm=density**4 * three,
        it_were_the_mean_and_no_sum=log_density * three,
        it_stopped_too_early=[4 * log_density] * 2,
        it_never_stopped_before_max_iter=[4 * log_density] * 10,
    )
    check(means, [[0.5]], what='means')
    check(soft_clusters, [[density]] * 4, what='soft_clusters')


@pytest.mark.parametrize('variance', [1.5, 0.2])
def test_1_2_3_em_makes_a_first_iteration_by_the_equations(fit, variance):
    """Start, E-step, M-step, and the log-likelihood of the new parameters, Eq. (9)."""
    X = blobs(1, N=30)
    means, soft_clusters, values = fit(X, 2, 1, seed=1, init_variance=variance)

    def start(means, variance=variance):
        return means, np.array([variance * np.eye(2)] * 2), np.full(2, 1 / 2)

    def after(before):
        gamma = plain.calculate_responsibilities(X, *before)
        return plain.update_parameters(X, *before, gamma)

    before = start(call(np.random.random, (2, 2), seed=1))
    new_means, new_sigmas, new_weights = after(before)
    samples = start(X[call(np.random.choice, 30, 2, False, seed=1)])
    p = plain.weighted_densities(X, new_means, new_sigmas, new_weights)
    right = log_likelihood(X, new_means, new_sigmas, new_weights)
    old = log_likelihood(X, *before)
    check(
        values, [right], TOLERANCE, what='log-likelihood',
        the_old_parameters_were_used=[old],
        there_were_a_value_before_the_first_iteration=[old, right],
        the_sum_over_i_were_inside_the_logarithm=[np.log(p.sum())],
        the_sum_over_k_were_outside_of_the_logarithm=[np.log(p).sum()],
        sums_were_over_i_in_place_of_k=[np.log(p.sum(axis=0)).sum()],
        the_new_weights_were_not_used=[log_likelihood(X, new_means, new_sigmas, before[2])],
        the_new_covariances_were_not_used=[log_likelihood(X, new_means, before[1], new_weights)],
        the_first_means_were_samples=[log_likelihood(X, *after(samples))],
        init_variance_were_ignored=[log_likelihood(X, *after(start(before[0], 1.5)))],
    )
    check(means, new_means, what='means')
    check(
        soft_clusters, p, TOLERANCE, what='soft_clusters',
        weights_were_left_out=p / new_weights,
        rows_were_normalised=p / p.sum(axis=1, keepdims=True),
        they_were_the_densities_before=plain.weighted_densities(X, *before),
        rows_were_one_hot=np.eye(2)[p.argmax(axis=1)],
    )


def test_1_2_3_em_starts_with_equal_weights(module_of_em, monkeypatch):
    """1/K each: they cancel in Eq. (5), and stand in the report."""
    first = []
    step = module_of_em.calculate_responsibilities

    def recorded(X, means, sigmas, weights, *rest):
        first.append(np.array(weights, dtype=float))
        return step(X, means, sigmas, weights, *rest)

    monkeypatch.setattr(module_of_em, 'calculate_responsibilities', recorded)
    found = call(module_of_em.em, blobs(1, N=30), 3, 1)
    unpack(found, 'means', 'soft_clusters', 'log-likelihoods')
    if first:  # em() may also do without its step
        check(first[0], np.full(3, 1 / 3), initial_weights_were_1=np.ones(3))


def test_1_2_3_em_does_not_seed(module_of_em, monkeypatch):
    """Whoever calls it sets the seed. With a seed inside, all random starts are the same."""
    seeds = []
    monkeypatch.setattr(np.random, 'seed', lambda *seed: seeds.append(seed))
    found = module_of_em.em(blobs(1, N=30), 2, 1)
    unpack(found, 'means', 'soft_clusters', 'log-likelihoods')
    assert not seeds, 'np.random.seed() is called inside: all random starts are the same'


@pytest.mark.parametrize('seed, K, D, max_iter', [
    (14, 2, 2, 8), (24, 3, 2, 8), (34, 2, 3, 8), (34, 2, 1, 8), (14, 2, 2, 2), (10, 3, 1, 20),
])
def test_1_2_3_em_equals_the_plain_loops(fit, seed, K, D, max_iter):
    """The same seed gives the same start, iterations and numbers, and the same number is next."""
    X = blobs(seed, N=30, D=D)
    means, soft_clusters, values = fit(X, K, max_iter, seed, eps=1e-9)
    next_number = np.random.random()
    right_means, right_soft, right = call(plain.em, X, K, max_iter, seed=seed, eps=1e-9)
    right_next_number = np.random.random()
    check(
        values, right, TOLERANCE,
        it_made_one_iteration_less=right[:-1],
        eps_were_ignored=call(plain.em, X, K, max_iter, seed=seed)[2],
    )
    check(means, right_means, what='means')
    check(soft_clusters, right_soft, TOLERANCE, what='soft_clusters')
    check(next_number, right_next_number)


@pytest.mark.parametrize('eps, iterations', [(1e9, 3), (2, 6), (0.5, 7)])
def test_1_2_3_em_stops_where_the_last_two_values_differ_by_less_than_eps(fit, eps, iterations):
    """From the third iteration on. The changes are 1.4, 2.9, 4.1, 4.9, 0.72, 0.16."""
    X = blobs(6, N=30)
    values = fit(X, 2, 9, seed=6, eps=eps, init_variance=0.1)[2]
    every = call(plain.em, X, 2, 9, seed=6, init_variance=0.1)[2]
    check(
        values, every[:iterations], TOLERANCE,
        eps_were_ignored=every,
        it_stopped_in_the_second_iteration=every[:2],
        it_made_one_iteration_too_many=every[:iterations + 1],
    )


def test_1_2_3_em_makes_max_iter_iterations_unless_it_stops(fit):
    """From this start each change is above 6e-4."""
    values = fit(blobs(23, N=10, D=1), 2, 60, seed=23, eps=1e-9)[2]
    check(len(values), 60, what='number of iterations')
