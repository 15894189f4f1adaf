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
from k_means import closest_centroid, compute_Z, kmeans, squared_distances

LABELS = ('Head', 'Ear_left', 'Ear_right', 'Noise')
PART_NAMES = ('head', 'left ear', 'right ear')
SEEDS = 100  # random starts of the study of stability
RESTARTS = 10  # random starts for each K of the choice of K
OUTLIER_SEEDS = 20  # random starts for each set of outliers
LARGEST_K = 8
OUTLIER_COUNTS = (1, 5, 20)
OUTLIER_DISTANCES = (0.5, 1, 2, 4, 8, 16)
CENTRE = np.array([0.5, 0.5])  # of the head, and of the circles on which outliers are placed
EM_EPS, EM_VARIANCE = (inspect.signature(em).parameters[name].default for name in ('eps', 'init_variance'))
TIGHT_EPS, TIGHT_MAX_ITER = 1e-8, 5000  # EM run on to where its stopping rule no longer matters
SHRINKING = (0.1, 0.01, 0.001, 0.0001)  # variances s of Sigma = s I
SAMPLES = 500
UNSURE = 0.9  # a sample whose largest responsibility is below belongs to no component for sure


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


def em_parameters(X, K, state, result):
    """Initial and fitted means, covariances and weights of a finished run of em.

    em returns the fitted means alone. The same steps from the same random state
    give the covariances and the weights as well; the means prove that it is so.
    """
    means, _, log_likelihoods = result
    np.random.set_state(state)
    start = np.random.random((K, 2)), EM_VARIANCE * np.tile(np.eye(2), (K, 1, 1)), np.full(K, 1 / K)
    fitted = start
    for _ in log_likelihoods:
        responsibilities, _ = e_step(X, *fitted)
        fitted = update_parameters(X, *fitted, responsibilities)
    _, log_p = e_step(X, *fitted)
    require(np.abs(fitted[0] - means).max() < 1e-10, 'the parameters are those of the run')
    require(abs(log_p.sum() - log_likelihoods[-1]) < 1e-6, 'the parameters are those of the run')
    return start, fitted


def seeded(method, seed, *arguments):
    """The result of a method for a random seed; None where a component collapses."""
    np.random.seed(seed)
    try:
        return quiet(method, *arguments)
    except np.linalg.LinAlgError:
        return None


def by_part(memberships, centres):
    """The part (0 head, 1 left ear, 2 right ear, then others) of each sample's cluster."""
    return np.argsort(utils.order_by_part(centres))[np.argmax(memberships, axis=1)]


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


def largest_move(before, after):
    """The largest distance between matched centres, for the matching that makes it smallest."""
    return min(np.sqrt(np.sum((after[list(order)] - before)**2, axis=1)).max()
               for order in itertools.permutations(range(len(before))))


# --- Evidence ---

def choice_of_K(X):
    """WCSS and BIC of the best of some random starts for each K, and the EM runs that collapsed."""
    wcss, bic, collapsed = [], [], []
    for K in range(1, LARGEST_K + 1):
        wcss.append(min(seeded(kmeans, seed, X, K, main.MAX_ITER_KMEANS)[2][-1] for seed in range(RESTARTS)))
        runs = [seeded(em, seed, X, K, 1000) for seed in range(RESTARTS)]
        parameters = 6 * K - 1  # K - 1 weights, 2 K means, 3 K covariances
        bic.append(parameters * np.log(len(X)) - 2 * max(run[2][-1] for run in runs if run))
        collapsed.append(sum(run is None for run in runs))
    return SimpleNamespace(K=np.arange(1, LARGEST_K + 1), wcss=np.array(wcss), bic=np.array(bic),
                           collapsed=np.array(collapsed))


def stability(X, labels):
    """Iterations, objectives and distinct partitions over many random starts."""
    study = {}
    for name, method, K, max_iter in (('three', kmeans, main.K, main.MAX_ITER_KMEANS),
                                      ('five', kmeans, main.K_TASK_8, main.MAX_ITER_KMEANS),
                                      ('em', em, main.K, main.MAX_ITER_EM)):
        iterations, objectives, partitions, tables = [], [], set(), []
        for seed in range(SEEDS):
            result = seeded(method, seed, X, K, max_iter)
            memberships, centres = result[:2] if method is kmeans else (result[1], result[0])
            clusters = np.argmax(memberships, axis=1)
            first = [np.flatnonzero(clusters == k)[0] for k in range(K)]  # an index-free name of a partition
            partitions.add(tuple(np.argsort(np.argsort(first))[clusters]))
            iterations.append(len(result[2]) // (2 if method is kmeans else 1))
            objectives.append(result[2][-1])
            tables.append([[np.sum(labels[clusters == k] == label) for label in LABELS] for k in range(K)])
            if method is kmeans:
                require(np.array_equal(compute_Z(X, K, centres), memberships), 'K-means ends in a local optimum')
        study[name] = SimpleNamespace(iterations=np.array(iterations), objectives=np.array(objectives),
                                      partitions=len(partitions), tables=np.array(tables))
        require(max(iterations) < max_iter, f'every run of {name} converges')
    tight = [seeded(em, seed, X, main.K, TIGHT_MAX_ITER, TIGHT_EPS)[2][-1] for seed in range(OUTLIER_SEEDS)]
    study['tight'] = np.array(tight)
    return study


def outlier_study(X, labels, centroids, parameters):
    """Both methods on the data plus outliers, evenly spaced on a circle around the head.

    For K-means and EM from random starts, the run with the best objective: how
    far its centres moved, and its agreement with the labels of the old samples
    that are no noise. For EM also from the fitted parameters of the data alone.
    """
    clean = np.flatnonzero(labels != 'Noise')

    def outcome(memberships, centres, before):
        return (largest_move(before, centres),
                adjusted_rand_index(labels[clean], np.argmax(memberships[clean], axis=1)))

    study = {}
    for count, distance in itertools.product(OUTLIER_COUNTS, OUTLIER_DISTANCES):
        angles = -np.pi / 2 + 2 * np.pi * np.arange(count) / count  # the first one straight below
        ring = CENTRE + distance * np.stack((np.cos(angles), np.sin(angles)), axis=1)
        data = np.vstack((X, ring))
        runs = [seeded(kmeans, seed, data, main.K, 1000) for seed in range(OUTLIER_SEEDS)]
        Z, centres, _ = min(runs, key=lambda run: run[2][-1])
        own = closest_centroid(ring, centres)
        entry = SimpleNamespace(kmeans=outcome(Z, centres, centroids),
                                alone=not Z[:len(X), own].any())
        runs = [seeded(em, seed, data, main.K, 1000) for seed in range(OUTLIER_SEEDS)]
        failed = [seed for seed, run in enumerate(runs) if run is None]
        entry.collapsed = len(failed)
        if count == 1 and distance >= 4:
            require(all(collapses_onto(data, seed, ring[0]) for seed in failed),
                    'a component that collapses does so onto the single outlier')
        runs = [run for run in runs if run]
        entry.em = entry.table = None
        if runs:
            means, soft, values = max(runs, key=lambda run: run[2][-1])
            if (count, distance) == (1, 2):
                best = [seed for seed in range(OUTLIER_SEEDS) if seed not in failed][
                    [run[2][-1] for run in runs].index(values[-1])]
                require(seeded(em, best, data, main.K, TIGHT_MAX_ITER, TIGHT_EPS) is None,
                        'one outlier at the distance 2: the best run collapses once run on')
            entry.em = outcome(soft, means, parameters[0])
            clusters = np.argmax(soft[:len(X)], axis=1)
            # Which component holds most of each part, in an order that does not depend on indices
            entry.table = sorted([int(np.bincount(clusters[labels == label]).argmax() == k)
                                  for label in LABELS[:3]] for k in range(main.K))
        entry.warm = warm_start(data, parameters)
        if entry.warm:
            responsibilities, fitted = entry.warm
            entry.warm = outcome(responsibilities, fitted[0], parameters[0])
            entry.growth = (fitted[1] / parameters[1])[:, 1, 1].max()  # of a variance in y
            entry.grown = (fitted[1] / parameters[1])[:, 1, 1].argmax()
        study[count, distance] = entry
    return study


def warm_start(data, parameters):
    """Responsibilities and parameters of EM from given parameters; None if a component collapses."""
    previous = -np.inf
    try:
        for _ in range(1000):
            responsibilities, log_p = e_step(data, *parameters)
            if abs(log_p.sum() - previous) < EM_EPS:
                break
            previous = log_p.sum()
            parameters = update_parameters(data, *parameters, responsibilities)
    except np.linalg.LinAlgError:
        return None
    return responsibilities, parameters


def collapses_onto(data, seed, outlier):
    """Whether EM from this start loses a component to nothing but that outlier."""
    np.random.seed(seed)
    parameters = np.random.random((main.K, 2)), EM_VARIANCE * np.tile(np.eye(2), (main.K, 1, 1)), \
        np.full(main.K, 1 / main.K)
    with contextlib.suppress(np.linalg.LinAlgError):
        while True:
            parameters = update_parameters(data, *parameters, e_step(data, *parameters)[0])
    means, _, weights = parameters
    return np.any((squared_distances(means, outlier) < 1e-12) & (abs(weights * len(data) - 1) < 1e-6))


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
    e = SimpleNamespace(X=X, labels=labels, three=three, five=five, mixture=mixture)
    require((three.K, five.K, mixture.K) == (3, 5, 3), 'K is 3, 5 and 3')
    e.noise = labels == 'Noise'

    Z, e.centroids, e.wcss = three.result
    e.start, e.fitted = em_parameters(X, mixture.K, mixture.state, mixture.result)
    means, sigmas, weights = e.fitted
    e.gamma, e.log_p = e_step(X, *e.fitted)
    # Everything of K = 3 below is in the order of the parts: head, left ear, right ear.
    e.order = utils.order_by_part(means)
    e.centroids = e.centroids[utils.order_by_part(e.centroids)]
    e.means, e.sigmas, e.weights = means[e.order], sigmas[e.order], weights[e.order]
    e.kmeans_parts = by_part(Z, three.result[1])
    e.em_parts = by_part(mixture.result[1], means)
    e.five_clusters = np.argmax(five.result[0], axis=1)

    e.class_means = np.array([X[labels == label].mean(axis=0) for label in LABELS[:3]])
    e.radius = np.sqrt(squared_distances(X[labels == 'Head'], e.class_means[0]).max())
    e.choice = choice_of_K(X)
    e.stability = stability(X, labels)
    e.outliers = outlier_study(X, labels, e.centroids, (e.means, e.sigmas, e.weights))

    # Both methods without the noise, EM to its optimum so that the stopping rule plays no part.
    clean = X[~e.noise]
    result = seeded(kmeans, main.SEED, clean, main.K, main.MAX_ITER_KMEANS)
    e.clean_kmeans_parts, e.clean_centroids = by_part(result[0], result[1]), result[1]
    tight = []
    for data in (X, clean):
        np.random.seed(main.SEED)
        state = np.random.get_state()
        result = seeded(em, main.SEED, data, main.K, TIGHT_MAX_ITER, TIGHT_EPS)
        _, (means, sigmas, _) = em_parameters(data, main.K, state, result)
        order = utils.order_by_part(means)
        tight.append(SimpleNamespace(means=means[order], sigmas=sigmas[order], parts=by_part(result[1], means)))
    e.tight, e.clean = tight

    e.samples, e.components = sample_mixture(e.means, e.sigmas, e.weights, SAMPLES)
    e.disk = np.sqrt(squared_distances(X[labels == 'Head'], e.means[0]).max())
    return e
