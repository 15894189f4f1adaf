"""The evidence of the report: fits, and studies of many fits. Draws and writes nothing.

A fit has an objective, WCSS or log-likelihood, and its last value; memberships (N, K), hard or soft; clusters (N,),
where these are largest; and parameters, of which the centres (K, 2) are the first. Clusters are in the order of the
parts: head, left ear, right ear, then others.
"""
import contextlib
import itertools
import operator
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
VALUE = operator.attrgetter('value')  # by which fits are compared


def require(condition, claim):
    """Stop the build if a claim that the text makes in words does not hold."""
    if not condition:
        raise AssertionError(f'the report claims what the numbers do not show: {claim}')


# --- Fits

def fit_of(objective, memberships, *parameters):
    """A fit, with its clusters brought into the order of the parts."""
    order = utils.order_by_part(parameters[0])
    memberships, parameters = memberships[:, order], [values[order] for values in parameters]
    return SimpleNamespace(objective=objective, value=objective[-1], memberships=memberships,
                           clusters=memberships.argmax(axis=1), centres=parameters[0], parameters=parameters,
                           order=order)


def run_main():
    """The three runs of main.main(), and of those with K = 3 the history: what their steps were called with."""
    calls = mock.Mock()
    with contextlib.redirect_stdout(None), \
            mock.patch.multiple(main, plot_original_data=calls.data, plot_objective_function=calls.curve,
                                plot_mickey_mouse=calls.mouse), \
            mock.patch.object(k_means, 'compute_Z', wraps=k_means.compute_Z) as compute_Z, \
            mock.patch.object(em, 'e_step', wraps=em.e_step) as e_step:
        main.main()
    three, five, mixture = (fit_of(curve.args[0], *mouse.args[2:4])
                            for curve, mouse in zip(calls.curve.mock_calls, calls.mouse.mock_calls))
    of_three = [centroids for _, K, centroids in (call.args for call in compute_Z.mock_calls) if K == main.K]
    three.history = [centroids[three.order] for centroids in of_three] + [three.centres]
    mixture.history = [tuple(values[mixture.order] for values in call.args[1:]) for call in e_step.mock_calls]
    return three, five, mixture


def random_runs(method, *arguments):
    """Runs of kmeans or em from many random starts."""
    runs = []
    for seed in range(SEEDS):
        np.random.seed(seed)
        with contextlib.redirect_stdout(None):
            first, second, objective = method(*arguments)
        memberships, centres = (second, first) if method is em.em else (first, second)
        runs.append(fit_of(objective, memberships / memberships.sum(axis=1, keepdims=True), centres))
    return runs


def kmeans_starts(data, K):
    """The centroids that kmeans starts from, K distinct samples, for several seeds."""
    return [data[np.random.RandomState(seed).choice(len(data), size=K, replace=False)] for seed in range(RESTARTS)]


def em_starts(data, K):
    """The responsibilities that em starts with, of random means with all else equal, for several seeds."""
    return [em.calculate_responsibilities(data, np.random.RandomState(seed).random_sample((K, 2)),
                                          EM_VARIANCE * np.tile(np.eye(2), (K, 1, 1)), np.full(K, 1 / K))
            for seed in range(RESTARTS)]


def descend(data, centroids):
    """K-means from these centroids until none moves."""
    K, before = len(centroids), None
    while not np.array_equal(centroids, before):
        before, Z = centroids, k_means.compute_Z(data, K, centroids)
        centroids = k_means.recompute_centroids(data, K, Z)
    return fit_of([k_means.wcss(data, K, Z, centroids)], Z, centroids)


def climb(data, memberships, fewest=0, eps=TIGHT_EPS):
    """EM from these memberships by its stopping rule; the value is -inf if a component collapses or is too small."""
    K, values = memberships.shape[1], []
    parameters = np.zeros((K, 2)), np.zeros((K, 2, 2)), np.zeros(K)
    try:
        while len(values) < 3 or values[-1] - values[-2] >= eps:
            parameters = em.update_parameters(data, *parameters, memberships)
            memberships, log_p = em.e_step(data, *parameters)
            values.append(log_p.sum())
    except np.linalg.LinAlgError:
        values.append(-np.inf)
    if parameters[2].min() * len(data) < fewest:
        values.append(-np.inf)
    return fit_of(values, memberships, *parameters)


def contingency(labels, clusters):
    """How many samples each label and each cluster have in common, shape (labels, clusters)."""
    labels, clusters = np.asarray(labels), np.asarray(clusters)
    return np.array([[np.sum((labels == label) & (clusters == k)) for k in np.unique(clusters)]
                     for label in np.unique(labels)])


def adjusted_rand_index(labels, clusters):
    """Agreement of two partitions: 1 if they are equal, 0 on average if one is random."""
    table = contingency(labels, clusters)
    both, rows, columns, total = (np.sum(n * (n - 1) / 2) for n in  # pairs of samples
                                  (table, table.sum(axis=1), table.sum(axis=0), table.sum()))
    expected = rows * columns / total
    return (both - expected) / ((rows + columns) / 2 - expected)


# --- Evidence

def merge(memberships):
    """Memberships with two clusters made one, for each pair."""
    return [np.column_stack((np.delete(memberships, pair, axis=1), memberships[:, pair].sum(axis=1)))
            for pair in itertools.combinations(range(memberships.shape[1]), 2)]


def add_component(memberships, size, rows):
    """Memberships of so many samples, where a further component has these rows to itself."""
    memberships = np.pad(memberships, ((0, size - len(memberships)), (0, 1)))
    memberships[rows] = np.eye(memberships.shape[1])[-1]
    return memberships


def choice_of_K(X):
    """The best known fits for each K: from random starts, for EM from K-means, and with two clusters merged."""
    clusters, mixtures, merged = {}, {}, ([], [])
    for K in range(LARGEST_K + 1, 0, -1):  # one more, only to be merged: its components may be smaller
        fewest = (SMALLEST_SHARE if K <= LARGEST_K else SMALLEST_SHARE / 2) * len(X)
        starts = kmeans_starts(X, K) + [k_means.recompute_centroids(X, K, Z) for Z in merged[0]]
        clusters[K] = min((descend(X, start) for start in starts), key=VALUE)
        groups = [*em_starts(X, K), clusters[K].memberships], merged[1]
        bests = [max((climb(X, start, fewest, EM_EPS) for start in group), key=VALUE) for group in groups if group]
        mixtures[K] = max((climb(X, best.memberships, fewest) for best in bests), key=VALUE)
        merged = merge(clusters[K].memberships), merge(mixtures[K].memberships)
    K = np.arange(1, LARGEST_K + 1)
    wcss, log_likelihoods = (np.array([fits[k].value for k in K]) for fits in (clusters, mixtures))
    # And a further component for three samples that nearly coincide
    nearest = np.argsort([k_means.squared_distances(X, x) for x in X], axis=1)[:, :3]
    tightest = min(nearest, key=lambda rows: np.linalg.det(np.cov(X[rows].T)))
    return SimpleNamespace(K=K, clusters=clusters, mixtures=mixtures, wcss=wcss, log_likelihoods=log_likelihoods,
                           bic=(6 * K - 1) * np.log(len(X)) - 2 * log_likelihoods,
                           triple=climb(X, add_component(mixtures[main.K].memberships, len(X), tightest)))


def outlier_study(X, choice):
    """Both methods on the data plus outliers: the best known fit, and the best of random starts alone."""
    study = {}
    clusters, mixture = choice.clusters[main.K], choice.mixtures[main.K]
    for count, distance in itertools.product(OUTLIER_COUNTS, OUTLIER_DISTANCES):
        angles = -np.pi / 2 + 2 * np.pi * np.arange(count) / count  # the first outlier is straight below
        ring = CENTRE + distance * np.stack((np.cos(angles), np.sin(angles)), axis=1)
        data = np.vstack((X, ring))
        # Informed starts: the fit without outliers; two clusters of it merged and the third centroid on an outlier;
        # one centroid for the mouse and two between neighbouring outliers
        starts = [*kmeans_starts(data, main.K), clusters.centres]
        pairs = [k_means.recompute_centroids(X, 2, Z) for Z in merge(clusters.memberships)]
        starts += [np.vstack((centroids, outlier)) for centroids in pairs for outlier in ring]
        between = (ring + np.roll(ring, 1, axis=0)) / 2
        starts += [np.vstack((X.mean(axis=0), *pair)) for pair in itertools.combinations(between, 2)]
        of_kmeans = [descend(data, start) for start in starts]
        kmeans = min(of_kmeans, key=VALUE)
        # Informed starts: the fit without outliers; K-means; two components merged and the third for all outliers
        starts = [*em_starts(data, main.K), em.e_step(data, *mixture.parameters)[0], kmeans.memberships]
        starts += [add_component(gamma, len(data), slice(len(X), None)) for gamma in merge(mixture.memberships)]
        of_em = [climb(data, start, FEWEST_OUTLIERS) for start in starts]
        study[count, distance] = SimpleNamespace(
            data=data, kmeans_random=min(of_kmeans[:RESTARTS], key=VALUE), kmeans=kmeans,
            em_random=max(of_em[:RESTARTS], key=VALUE), em=max(of_em, key=VALUE))
    return study


def sample_mixture(means, sigmas, weights, size):
    """Ancestral sampling: a component by its weight, then a sample of that component."""
    rng = np.random.RandomState(main.SEED)  # a stream that is the same in every version of numpy
    components = np.searchsorted(np.cumsum(weights)[:-1], rng.random_sample(size), side='right')
    noise = rng.standard_normal((size, 2))
    return means[components] + np.einsum('nij,nj->ni', np.linalg.cholesky(sigmas)[components], noise), components


def mass_outside(sigma, radius):
    """Share of a Gaussian in the plane beyond a radius: over the radius in closed form, over the angle in steps."""
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
    e.random = [random_runs(k_means.kmeans, X, K, main.MAX_ITER_KMEANS) for K in (main.K, main.K_TASK_8)]
    e.random.append(random_runs(em.em, X, main.K, main.MAX_ITER_EM))
    e.outliers = outlier_study(X, e.choice)
    # Both methods with and without the noise, EM to its optimum so that the stopping rule plays no part
    e.tight, e.clean = e.choice.mixtures[main.K], climb(X[~e.noise], e.gamma[~e.noise])
    e.clean_kmeans = descend(X[~e.noise], e.three.centres)
    e.samples, e.components = sample_mixture(*e.fitted, SAMPLES)
    e.disk = np.sqrt(k_means.squared_distances(X[parts == 0], e.means[0]).max())
    return e
