"""The evidence of the report: fits, and studies of many fits. Draws and writes nothing.

A fit has a value, the larger the better: minus the WCSS, or the log-likelihood; memberships (N, K), hard or soft;
clusters (N,), where these are largest; centres (K, 2); and parameters, or the objective over the iterations.
"""
import contextlib
import itertools
from types import SimpleNamespace
from unittest import mock

import numpy as np

import em
import k_means
import main
import utils

LABELS = ('Head', 'Ear_left', 'Ear_right', 'Noise')
SEEDS = 100  # random starts of the study of stability
RESTARTS = 10  # random starts for each K of the choice of K and for each set of outliers
LARGEST_K = 5
OUTLIER_COUNTS = (1, 5, 20)
OUTLIER_DISTANCES = (0.5, 1, 2, 4, 8, 16)
CENTRE = np.array([0.5, 0.5])  # of the head, and of the circles on which outliers are placed
EM_EPS, EM_VARIANCE = em.em.__defaults__  # eps and init_variance
TIGHT_EPS = 1e-8  # EM run on to where its stopping rule no longer matters
SMALLEST_SHARE = 0.05  # of the samples: a component of fewer may fit some that lie on a line by chance
FEWEST_OUTLIERS = 4.5  # samples of a component: five outliers are fitted, fewer are next to a collapse
SHRINKING = (0.1, 0.01, 0.001, 0.0001)  # variances s of Sigma = s I
SAMPLES = 500


def require(condition, claim):
    """Stop the build if a claim that the text makes in words does not hold."""
    if not condition:
        raise AssertionError(f'the report claims what the numbers do not show: {claim}')


# --- Fits ---

def fit_of(value, memberships, centres, **more):
    """A fit, and what more is known of it."""
    return SimpleNamespace(value=value, memberships=memberships, clusters=memberships.argmax(axis=1), centres=centres,
                           **more)


def run_main():
    """The three runs of main.main(), clusters in the order of the parts, and the way there of those with K = 3.

    Each step of kmeans and em returns new arrays, so what the steps were called with is the history of a run.
    """
    with contextlib.redirect_stdout(None), \
            mock.patch.multiple(main, plot_original_data=mock.DEFAULT, plot_objective_function=mock.DEFAULT,
                                plot_mickey_mouse=mock.DEFAULT) as plots, \
            mock.patch.object(k_means, 'compute_Z', wraps=k_means.compute_Z) as compute_Z, \
            mock.patch.object(em, 'e_step', wraps=em.e_step) as e_step:
        main.main()
    runs = []
    for curve, mouse in zip(plots['plot_objective_function'].mock_calls, plots['plot_mickey_mouse'].mock_calls):
        (objective, _), (_, _, memberships, centres, method) = curve.args, mouse.args
        order, sign = utils.order_by_part(centres), 1 if method == 'EM' else -1
        runs.append(fit_of(sign * objective[-1], memberships[:, order], centres[order],
                           objective=objective, order=order))
    three, five, mixture = runs
    of_three = [centroids for _, K, centroids in (call.args for call in compute_Z.mock_calls) if K == main.K]
    three.history = [centroids[three.order] for centroids in of_three] + [three.centres]
    mixture.history = [tuple(values[mixture.order] for values in call.args[1:]) for call in e_step.mock_calls]
    return three, five, mixture


def random_runs(method, X, K, max_iter):
    """Runs of kmeans or em from many random starts."""
    runs = []
    for seed in range(SEEDS):
        np.random.seed(seed)
        with contextlib.redirect_stdout(None):
            first, second, objective = method(X, K, max_iter)
        if method is em.em:  # the means come first, and densities, whose shares are the responsibilities
            runs.append(fit_of(objective[-1], second / second.sum(axis=1, keepdims=True), first, objective=objective))
        else:
            runs.append(fit_of(-objective[-1], first, second, objective=objective))
    return runs


def kmeans_starts(data, K):
    """The centroids that kmeans starts from, K distinct samples, for several seeds."""
    return [data[np.random.RandomState(seed).choice(len(data), size=K, replace=False)] for seed in range(RESTARTS)]


def em_starts(K):
    """The parameters that em starts from, with random means and all else equal, for several seeds."""
    return [(np.random.RandomState(seed).random_sample((K, 2)), EM_VARIANCE * np.tile(np.eye(2), (K, 1, 1)),
             np.full(K, 1 / K)) for seed in range(RESTARTS)]


def from_memberships(data, memberships):
    """The parameters that fit these memberships, hard or soft: one M-step. The means are K-means' centroids."""
    K = memberships.shape[1]
    return em.update_parameters(data, np.zeros((K, 2)), np.zeros((K, 2, 2)), np.zeros(K), memberships)


def descend(data, centroids):
    """K-means from these centroids until none moves."""
    K, before = len(centroids), None
    while not np.array_equal(centroids, before):
        before, Z = centroids, k_means.compute_Z(data, K, centroids)
        centroids = k_means.recompute_centroids(data, K, Z)
    return fit_of(-k_means.wcss(data, K, Z, centroids), Z, centroids)


def climb(data, parameters, fewest=0, eps=TIGHT_EPS):
    """EM from these parameters by the rule of em.

    The value is -inf where a component collapses, or is left with fewer samples than `fewest`: the likelihood is
    unbounded, and a component on a few samples that lie together, or on a line, can have any.
    """
    values, responsibilities = [], np.zeros((len(data), len(parameters[0])))
    try:
        responsibilities, _ = em.e_step(data, *parameters)
        while len(values) < 3 or values[-1] - values[-2] >= eps:
            parameters = em.update_parameters(data, *parameters, responsibilities)
            responsibilities, log_p = em.e_step(data, *parameters)
            values.append(log_p.sum())
        value = values[-1] if parameters[2].min() * len(data) >= fewest else -np.inf
    except np.linalg.LinAlgError:
        value = -np.inf
    return fit_of(value, responsibilities, parameters[0], parameters=parameters)


def best_of(fits):
    """The fit of the largest value."""
    return max(fits, key=lambda fit: fit.value)


def contingency(labels, clusters):
    """How many samples each label and each cluster have in common, shape (labels, clusters)."""
    (_, rows), (_, columns) = (np.unique(names, return_inverse=True) for names in (labels, clusters))
    table = np.zeros((rows.max() + 1, columns.max() + 1), dtype=int)
    np.add.at(table, (rows, columns), 1)
    return table


def adjusted_rand_index(labels, clusters):
    """Agreement of two partitions: 1 if they are equal, 0 on average if one is random."""
    table = contingency(labels, clusters)
    both, rows, columns, total = (np.sum(n * (n - 1) / 2) for n in  # pairs of samples
                                  (table, table.sum(axis=1), table.sum(axis=0), table.sum()))
    expected = rows * columns / total
    return (both - expected) / ((rows + columns) / 2 - expected)


# --- Evidence ---

def merge(memberships):
    """Memberships with two clusters made one, for each pair."""
    return [np.column_stack((np.delete(memberships, pair, axis=1), memberships[:, pair].sum(axis=1)))
            for pair in itertools.combinations(range(memberships.shape[1]), 2)]


def add_component(memberships, size, rows):
    """Memberships of so many samples, where a further component has these rows to itself."""
    K = memberships.shape[1]
    memberships = np.pad(memberships, ((0, size - len(memberships)), (0, 1)))
    memberships[rows] = np.eye(K + 1)[K]
    return memberships


def choice_of_K(X):
    """The best known fits for each K: from random starts, for EM from K-means, and with two clusters merged."""
    clusters, mixtures, merged = {}, {}, ([], [])
    for K in range(LARGEST_K + 1, 0, -1):  # the first, with smaller components, is there to be merged
        fewest = (SMALLEST_SHARE if K <= LARGEST_K else SMALLEST_SHARE / 2) * len(X)
        clusters[K] = best_of(descend(X, start) for start in
                              [*kmeans_starts(X, K), *(from_memberships(X, M)[0] for M in merged[0])])
        uninformed = [*em_starts(K), from_memberships(X, clusters[K].memberships)]
        bests = [best_of(climb(X, start, fewest, EM_EPS) for start in starts)
                 for starts in (uninformed, [from_memberships(X, M) for M in merged[1]]) if starts]
        mixtures[K] = best_of(climb(X, best.parameters, fewest) for best in bests)
        merged = merge(clusters[K].memberships), merge(mixtures[K].memberships)
    K = np.arange(1, LARGEST_K + 1)
    wcss, log_likelihoods = -np.array([clusters[k].value for k in K]), np.array([mixtures[k].value for k in K])
    return SimpleNamespace(K=K, clusters=clusters, mixtures=mixtures, wcss=wcss, log_likelihoods=log_likelihoods,
                           bic=(6 * K - 1) * np.log(len(X)) - 2 * log_likelihoods)


def tightest_triple(X, responsibilities):
    """A mixture whose further component stands for three samples that nearly coincide."""
    nearest = np.argsort([k_means.squared_distances(X, x) for x in X], axis=1)[:, :3]
    triple = min(nearest, key=lambda rows: np.linalg.det(np.cov(X[rows].T)))
    return climb(X, from_memberships(X, add_component(responsibilities, len(X), triple)))


def circle(count, distance):
    """Outliers, evenly spaced on a circle around the head; the first one straight below."""
    angles = -np.pi / 2 + 2 * np.pi * np.arange(count) / count
    return CENTRE + distance * np.stack((np.cos(angles), np.sin(angles)), axis=1)


def outlier_study(X, choice):
    """Both methods on the data plus outliers: the best of random starts, and the best known fit."""
    study = {}
    clusters, mixture = choice.clusters[main.K], choice.mixtures[main.K]
    for count, distance in itertools.product(OUTLIER_COUNTS, OUTLIER_DISTANCES):
        ring = circle(count, distance)
        data = np.vstack((X, ring))
        kmeans_random = best_of(descend(data, start) for start in kmeans_starts(data, main.K))
        # From the fit without outliers; with two clusters of it merged and the third centroid on an outlier;
        # with one centroid for the mouse and two between neighbouring outliers
        between = (ring + np.roll(ring, 1, axis=0)) / 2
        starts = [clusters.centres]
        starts += [np.vstack((from_memberships(X, M)[0], x)) for M in merge(clusters.memberships) for x in ring]
        starts += [np.vstack((X.mean(axis=0), *pair)) for pair in itertools.combinations(between, 2)]
        kmeans = best_of([kmeans_random, *(descend(data, start) for start in starts)])
        em_random = best_of(climb(data, start, FEWEST_OUTLIERS) for start in em_starts(main.K))
        # From the fit without outliers, from K-means, and with two components merged and the third for all outliers
        alone = [add_component(M, len(data), slice(len(X), None)) for M in merge(mixture.memberships)]
        starts = [mixture.parameters, *(from_memberships(data, M) for M in [kmeans.memberships, *alone])]
        best = best_of([em_random, *(climb(data, start, FEWEST_OUTLIERS) for start in starts)])
        study[count, distance] = SimpleNamespace(ring=ring, data=data, kmeans_random=kmeans_random, kmeans=kmeans,
                                                 em_random=em_random, em=best)
    return study


def sample_mixture(means, sigmas, weights, size):
    """Ancestral sampling: a component by its weight, then a sample of that component."""
    random = np.random.RandomState(main.SEED)  # a stream that is the same in every version of numpy
    components = np.searchsorted(np.cumsum(weights)[:-1], random.random_sample(size), side='right')
    noise = random.standard_normal((size, 2))
    return means[components] + np.einsum('nij,nj->ni', np.linalg.cholesky(sigmas)[components], noise), components


def mass_outside(sigma, radius):
    """Share of a centred Gaussian in the plane that lies farther than a radius from its mean.

    In polar coordinates the integral over the radius is closed; the one over the angle is periodic, where equal
    steps are as good as exact.
    """
    angles = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    direction = np.stack((np.cos(angles), np.sin(angles)))
    a = np.sum(direction * np.linalg.solve(sigma, direction), axis=0)
    return np.mean(np.exp(-a * radius**2 / 2) / a) / np.sqrt(np.linalg.det(sigma))


def gather():
    """Everything that the report shows, as numbers."""
    x, y, labels = utils.load_data(main.DATA)
    X, parts = np.stack((x, y), axis=1), np.array([LABELS.index(label) for label in labels])
    e = SimpleNamespace(X=X, parts=parts, noise=parts == 3)  # a part is the index of its label
    e.three, e.five, e.mixture = run_main()
    e.fitted = e.means, e.sigmas, e.weights = e.mixture.history[-1]
    e.gamma, e.log_p = em.e_step(X, *e.fitted)
    e.choice = choice_of_K(X)
    e.triple = tightest_triple(X, e.gamma)
    e.random = [random_runs(method, X, K, max_iter) for method, K, max_iter in (
        (k_means.kmeans, main.K, main.MAX_ITER_KMEANS), (k_means.kmeans, main.K_TASK_8, main.MAX_ITER_KMEANS),
        (em.em, main.K, main.MAX_ITER_EM))]
    e.outliers = outlier_study(X, e.choice)
    # Both methods with and without the noise, EM to its optimum so that the stopping rule plays no part
    clean = X[~e.noise]
    e.tight, e.clean, e.clean_kmeans = climb(X, e.fitted), climb(clean, e.fitted), descend(clean, e.three.centres)
    e.samples, e.components = sample_mixture(*e.fitted, SAMPLES)
    e.disk = np.sqrt(k_means.squared_distances(X[parts == 0], e.means[0]).max())
    return e
