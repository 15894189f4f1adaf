"""The evidence of the report: fits, and studies of many fits. Draws and writes nothing."""
import contextlib
import inspect
import io
import itertools
from types import SimpleNamespace
from unittest import mock

import numpy as np

import main
import utils
from em import e_step, em, update_parameters
from k_means import closest_centroid, compute_Z, kmeans, recompute_centroids, squared_distances, wcss

LABELS = ('Head', 'Ear_left', 'Ear_right', 'Noise')
PART_NAMES = ('head', 'left ear', 'right ear')
SEEDS = 100  # random starts of the study of stability
RESTARTS = 10  # random starts for each K of the choice of K and for each set of outliers
LARGEST_K = 5
OUTLIER_COUNTS = (1, 5, 20)
OUTLIER_DISTANCES = (0.5, 1, 2, 4, 8, 16)
CENTRE = np.array([0.5, 0.5])  # of the head, and of the circles on which outliers are placed
EM_EPS, EM_VARIANCE = (inspect.signature(em).parameters[name].default for name in ('eps', 'init_variance'))
TIGHT_EPS, TIGHT_MAX_ITER = 1e-8, 5000  # EM run on to where its stopping rule no longer matters
SMALLEST_SHARE = 0.05  # of the samples: a component of fewer may fit some that lie on a line by chance
FEWEST_OUTLIERS = 4.5  # samples of a component: five outliers are fitted, fewer are next to a collapse
SHRINKING = (0.1, 0.01, 0.001, 0.0001)  # variances s of Sigma = s I
SAMPLES = 500


def require(condition, claim):
    """Stop the build if a claim that the text makes in words does not hold."""
    if not condition:
        raise AssertionError(f'the report claims what the numbers do not show: {claim}')


def quiet(function, *arguments, **options):
    """Call a function without what it prints."""
    with contextlib.redirect_stdout(io.StringIO()):
        return function(*arguments, **options)


# --- Fits ---

def run_main():
    """The results of main.main(), without its figures: two K-means fits and the EM fit."""
    fits = []

    def recorded(method):
        def fit(X, K, max_iter):
            state = np.random.get_state()
            result = method(X, K, max_iter)
            fits.append(SimpleNamespace(K=K, max_iter=max_iter, state=state, result=result))
            return result
        return fit

    nothing = mock.Mock()
    with mock.patch.multiple(main, kmeans=recorded(kmeans), em=recorded(em), plot_mickey_mouse=nothing,
                             plot_original_data=nothing, plot_objective_function=nothing):
        quiet(main.main)
    return fits


def start_of_em(K):
    """The parameters that em starts from: means from the random stream, equal covariances and weights."""
    return np.random.random((K, 2)), EM_VARIANCE * np.tile(np.eye(2), (K, 1, 1)), np.full(K, 1 / K)


def em_history(X, run):
    """The parameters of a finished run of em: at its start and after each iteration.

    em returns the last means alone. The same steps from the same random state
    give all the others; means and log-likelihood prove that it is so.
    """
    means, _, log_likelihoods = run.result
    np.random.set_state(run.state)
    history = [start_of_em(run.K)]
    for _ in log_likelihoods:
        history.append(update_parameters(X, *history[-1], e_step(X, *history[-1])[0]))
    require(np.abs(history[-1][0] - means).max() < 1e-10, 'the parameters are those of the run')
    require(abs(e_step(X, *history[-1])[1].sum() - log_likelihoods[-1]) < 1e-6, 'the parameters are those of the run')
    return history


def descend(data, centroids):
    """K-means from these centroids until no sample changes its cluster; value is the negative WCSS."""
    K, before = len(centroids), None
    while True:
        Z = compute_Z(data, K, centroids)
        if before is not None and np.array_equal(Z, before):
            return SimpleNamespace(value=-wcss(data, K, Z, centroids), memberships=Z, centres=centroids)
        before, centroids = Z, recompute_centroids(data, K, Z)


def climb(data, parameters, eps=TIGHT_EPS, max_iter=TIGHT_MAX_ITER):
    """EM from these parameters by the rule of em; value is the log-likelihood, -inf if a component collapses."""
    values, responsibilities = [], None
    try:
        responsibilities, _ = e_step(data, *parameters)
        for iteration in range(max_iter):
            parameters = update_parameters(data, *parameters, responsibilities)
            responsibilities, log_p = e_step(data, *parameters)
            values.append(log_p.sum())
            if iteration > 1 and values[-1] - values[-2] < eps:
                break
    except np.linalg.LinAlgError:
        values = [-np.inf]
    return SimpleNamespace(value=values[-1], memberships=responsibilities, centres=parameters[0],
                           parameters=parameters)


def from_memberships(data, memberships):
    """The parameters that fit these memberships (N, K), hard or soft: one M-step."""
    K = memberships.shape[1]
    return update_parameters(data, np.zeros((K, 2)), np.zeros((K, 2, 2)), np.zeros(K), memberships)


def best_of(fits):
    """The fit of the largest value."""
    return max(fits, key=lambda fit: fit.value)


def best_em(data, starts, fewest):
    """The best local optimum that EM reaches from these starts, run on to its end.

    None where none is left with all components standing for `fewest` samples:
    the likelihood is unbounded, and a component on a few samples that lie
    together, or on a line, can have any.
    """
    fits = [climb(data, start, EM_EPS, main.MAX_ITER_EM) for start in starts]
    for fit in sorted((fit for fit in fits if fit.value > -np.inf), key=lambda fit: -fit.value):
        fit = climb(data, fit.parameters)
        if fit.value > -np.inf and fit.parameters[2].min() * len(data) >= fewest:
            return fit
    return None


def seeded(function, seed, *arguments):
    """The result of a function for a random seed, without what it prints."""
    np.random.seed(seed)
    return quiet(function, *arguments)


def random_rows(data, K):
    """The centroids that kmeans starts from: K distinct samples."""
    return data[np.random.choice(len(data), size=K, replace=False)]


def parts_of(fit):
    """The part (0 head, 1 left ear, 2 right ear, then others) of each sample's cluster."""
    return np.argsort(utils.order_by_part(fit.centres))[np.argmax(fit.memberships, axis=1)]


def adjusted_rand_index(labels, clusters):
    """Agreement of two partitions: 1 if they are equal, 0 on average if one is random."""
    _, rows = np.unique(labels, return_inverse=True)
    _, columns = np.unique(clusters, return_inverse=True)
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(table, (rows, columns), 1)
    pairs, rows, columns, total = (np.sum(n * (n - 1) / 2) for n in
                                   (table, table.sum(axis=1), table.sum(axis=0), np.array(len(labels))))
    expected = rows * columns / total
    return (pairs - expected) / ((rows + columns) / 2 - expected)


# --- Evidence ---

def merge(memberships):
    """Memberships with two clusters made one, for each pair."""
    for pair in itertools.combinations(range(memberships.shape[1]), 2):
        yield np.column_stack((np.delete(memberships, pair, axis=1), memberships[:, pair].sum(axis=1)))


def choice_of_K(X):
    """The best known fits for each K: from random starts, for EM from K-means, and with two clusters merged."""
    clusters, mixtures = {}, {}
    for K in range(1, LARGEST_K + 2):  # one more, with smaller components, to be merged
        fewest = (SMALLEST_SHARE if K <= LARGEST_K else SMALLEST_SHARE / 2) * len(X)
        clusters[K] = best_of(descend(X, seeded(random_rows, seed, X, K)) for seed in range(RESTARTS))
        starts = [seeded(start_of_em, seed, K) for seed in range(RESTARTS)]
        mixtures[K] = best_em(X, [*starts, from_memberships(X, clusters[K].memberships)], fewest)
    fewest = SMALLEST_SHARE * len(X)
    for K in range(LARGEST_K, 0, -1):
        starts = [from_memberships(X, M) for M in merge(mixtures[K + 1].memberships)]
        mixtures[K] = best_of(fit for fit in (mixtures[K], best_em(X, starts, fewest)) if fit)
        clusters[K] = best_of([clusters[K], *(descend(X, from_memberships(X, M)[0])
                                              for M in merge(clusters[K + 1].memberships))])
    K = np.arange(1, LARGEST_K + 1)
    wcss_of, log_likelihoods = (np.array([fits[k].value for k in K]) for fits in (clusters, mixtures))
    bic = (6 * K - 1) * np.log(len(X)) - 2 * log_likelihoods
    return SimpleNamespace(K=K, wcss=-wcss_of, bic=bic, log_likelihoods=log_likelihoods,
                           clusters=clusters, mixtures=mixtures)


def tightest_triple(X, parameters):
    """The log-likelihood of a fit whose further component stands for three samples that nearly coincide."""
    nearest = np.argsort([squared_distances(X, x) for x in X], axis=1)[:, :3]
    triple = min(nearest, key=lambda rows: np.linalg.det(np.cov(X[rows].T)))
    memberships = np.column_stack((e_step(X, *parameters)[0], np.zeros(len(X))))
    memberships[triple] = np.eye(len(parameters[2]) + 1)[-1]
    return climb(X, from_memberships(X, memberships))


def stability(X, labels):
    """Iterations, objectives and distinct partitions over many random starts; EM's run on as well."""
    study = {}
    for name, method, K, max_iter in (('three', kmeans, main.K, main.MAX_ITER_KMEANS),
                                      ('five', kmeans, main.K_TASK_8, main.MAX_ITER_KMEANS),
                                      ('em', em, main.K, main.MAX_ITER_EM)):
        s = study[name] = SimpleNamespace(iterations=[], objectives=[], partitions=set(), tables=[], tight=[])
        for seed in range(SEEDS):
            result = seeded(method, seed, X, K, max_iter)
            memberships, centres = result[:2] if method is kmeans else (result[1], result[0])
            clusters = np.argmax(memberships, axis=1)
            first = [np.flatnonzero(clusters == k)[0] for k in range(K)]  # an index-free name of a partition
            s.partitions.add(tuple(np.argsort(np.argsort(first))[clusters]))
            s.iterations.append(len(result[2]) // (2 if method is kmeans else 1))
            s.objectives.append(result[2][-1])
            s.tables.append([[np.sum(labels[clusters == k] == label) for label in LABELS] for k in range(K)])
            if method is em:
                gamma = memberships / memberships.sum(axis=1, keepdims=True)
                s.tight.append(climb(X, from_memberships(X, gamma)).value)
            else:
                require(np.array_equal(compute_Z(X, K, centres), memberships), 'K-means ends in a local optimum')
        require(max(s.iterations) < max_iter, f'every run of {name} converges')
    return study


def circle(count, distance):
    """Outliers, evenly spaced on a circle around the head; the first one straight below."""
    angles = -np.pi / 2 + 2 * np.pi * np.arange(count) / count
    return CENTRE + distance * np.stack((np.cos(angles), np.sin(angles)), axis=1)


def informed_centroids(X, choice, ring):
    """Starts of K-means: the fit without outliers; two clusters and neighbouring outliers; outliers in arcs."""
    n, arc = len(ring), round(len(ring) / main.K)
    clusters = choice.clusters[main.K].memberships
    yield choice.clusters[main.K].centres
    for first in range(n):
        turned = np.roll(ring, -first, axis=0)
        for M in [choice.clusters[2].memberships, *merge(clusters)]:
            for size in {1, arc} - {0}:
                yield np.vstack((from_memberships(X, M)[0], turned[:size].mean(axis=0)))
        if arc:  # the whole mouse together with one of three arcs
            arcs = turned[:arc], turned[arc:2 * arc], np.vstack((turned[2 * arc:], X))
            yield np.array([positions.mean(axis=0) for positions in arcs])


def outlier_study(X, choice, fitted):
    """Both methods on the data plus outliers: the best of random starts, and the best known fit."""
    study = {}
    mixture = choice.mixtures[main.K].memberships
    for count, distance in itertools.product(OUTLIER_COUNTS, OUTLIER_DISTANCES):
        ring = circle(count, distance)
        s = study[count, distance] = SimpleNamespace(ring=ring, data=np.vstack((X, ring)))
        s.kmeans_random = best_of(descend(s.data, seeded(random_rows, seed, s.data, main.K))
                                  for seed in range(RESTARTS))
        s.kmeans = best_of([s.kmeans_random, *(descend(s.data, centroids)
                                               for centroids in informed_centroids(X, choice, ring))])
        s.em_random = best_em(s.data, [seeded(start_of_em, seed, main.K) for seed in range(RESTARTS)],
                              FEWEST_OUTLIERS)
        # EM from the fit without outliers, from K-means, and with a component for the outliers alone
        alone = [np.vstack((np.column_stack((M, np.zeros(len(X)))), np.tile([0, 0, 1], (count, 1))))
                 for M in merge(mixture)]
        starts = [fitted] + [from_memberships(s.data, M) for M in [s.kmeans.memberships, *alone]]
        starts += [s.em_random.parameters] if s.em_random else []
        s.em = best_em(s.data, starts, FEWEST_OUTLIERS)
    return study


def sample_mixture(means, sigmas, weights, size):
    """Ancestral sampling: a component by its weight, then a sample of that component."""
    random = np.random.RandomState(main.SEED)  # a stream that is the same in every version of numpy
    components = np.searchsorted(np.cumsum(weights)[:-1], random.random_sample(size), side='right')
    noise = random.standard_normal((size, 2))
    return means[components] + np.einsum('nij,nj->ni', np.linalg.cholesky(sigmas)[components], noise), components


def mass_outside(sigma, radius):
    """Share of a centred Gaussian in the plane that lies farther than a radius from its mean.

    In polar coordinates the integral over the radius is closed; the one over
    the angle is periodic, where equal steps are as good as exact.
    """
    angles = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    direction = np.stack((np.cos(angles), np.sin(angles)))
    a = np.sum(direction * np.linalg.solve(sigma, direction), axis=0)
    return np.mean(np.exp(-a * radius**2 / 2) / a) / np.sqrt(np.linalg.det(sigma))


def gather():
    """Everything that the report shows, as numbers."""
    x, y, labels = utils.load_data(main.DATA)
    X = np.stack((x, y), axis=1)
    three, five, mixture = run_main()
    e = SimpleNamespace(X=X, labels=labels, noise=labels == 'Noise', three=three, five=five, mixture=mixture)
    require((three.K, five.K, mixture.K) == (3, 5, 3), 'K is 3, 5 and 3')

    # The runs of main.py. All of K = 3 is in the order of the parts: head, left ear, right ear.
    Z, centroids, e.wcss = three.result
    e.centroids = centroids[utils.order_by_part(centroids)]
    e.kmeans_parts = parts_of(SimpleNamespace(memberships=Z, centres=centroids))
    order = utils.order_by_part(mixture.result[0])
    e.history = [tuple(values[order] for values in parameters) for parameters in em_history(X, mixture)]
    e.fitted = e.means, e.sigmas, e.weights = e.history[-1]
    e.gamma, e.log_p = e_step(X, *e.fitted)
    e.em_parts = parts_of(SimpleNamespace(memberships=e.gamma, centres=e.means))
    e.five_clusters = np.argmax(five.result[0], axis=1)

    e.class_means = np.array([X[labels == label].mean(axis=0) for label in LABELS[:3]])
    e.choice = choice_of_K(X)
    e.triple = tightest_triple(X, e.fitted)
    e.stability = stability(X, labels)
    e.outliers = outlier_study(X, e.choice, e.fitted)
    # Both methods with and without the noise, EM to its optimum so that the stopping rule plays no part
    e.tight, e.clean = climb(X, e.fitted), climb(X[~e.noise], e.fitted)
    e.clean_kmeans = best_of(descend(X[~e.noise], start) for start in
                             [e.centroids, *(seeded(random_rows, seed, X[~e.noise], 3) for seed in range(RESTARTS))])
    e.samples, e.components = sample_mixture(e.means, e.sigmas, e.weights, SAMPLES)
    e.disk = np.sqrt(squared_distances(X[labels == 'Head'], e.means[0]).max())
    return e
