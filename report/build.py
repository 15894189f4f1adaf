"""Build the report: every figure, every number of its text, and the PDF.

Run `python report/build.py`. It draws the figures of main.py and those of the
report alone, writes numbers.tex (one LaTeX macro for each number that the
text uses), and runs pdflatex where it is installed. The text states nothing
that depends on a number unless a macro holds it or `require` checks it here.
"""
import contextlib
import inspect
import io
import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
import matplotlib.pyplot as plt

REPORT = Path(__file__).resolve().parent
if str(REPORT.parent) not in sys.path:
    sys.path.insert(0, str(REPORT.parent))

import main  # noqa: E402
import utils  # noqa: E402
from em import e_step, em, update_parameters  # noqa: E402
from k_means import closest_centroid, compute_Z, kmeans, squared_distances  # noqa: E402

LABELS = ('Head', 'Ear_left', 'Ear_right', 'Noise')
PART_NAMES = ('head', 'left ear', 'right ear')
SHORT = ('Head', 'Left', 'Right', 'Noise')  # in the names of macros
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
NEAR = 0.01  # an optimum this near to the best, relatively, counts as about as good
PLATEAU = 10  # nats: less is hardly a rise of the log-likelihood
ELLIPSE = 2  # standard deviations
WIDTH = 6.3  # inches: figures are drawn as wide as they are printed, 16 cm


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


def draw_samples(means, sigmas, weights, size):
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
    """Everything that the report shows, as numbers; draws and writes nothing."""
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

    e.samples, e.components = draw_samples(e.means, e.sigmas, e.weights, SAMPLES)
    e.disk = np.sqrt(squared_distances(X[labels == 'Head'], e.means[0]).max())
    return e


# --- Numbers ---

def power_of_ten(value):
    """A power of ten as LaTeX writes it."""
    return f'10^{{{round(np.log10(value))}}}'


def compute_numbers():
    """Every number of the text: macro name -> string. Draws and writes nothing."""
    return numbers_of(gather())


def numbers_of(e):
    """The macros for the evidence, and the checks of what the text says in words."""
    numbers = {}

    def add(name, value, form='d'):
        require(name.isalpha() and name not in numbers, f'{name} is a new macro of letters')
        numbers[name] = value if isinstance(value, str) else format(value, form)

    X, labels, noise = e.X, e.labels, e.noise
    deviation = [np.sqrt(np.trace(sigma) / 2) for sigma in e.sigmas]

    # Data and choices
    add('NumSamples', len(X))
    for label, short in zip(LABELS, SHORT):
        add(f'Num{short}', int(np.sum(labels == label)))
    add('Seed', main.SEED)
    add('KThree', main.K)
    add('KFive', main.K_TASK_8)
    add('MaxIterKmeans', main.MAX_ITER_KMEANS)
    add('MaxIterEm', main.MAX_ITER_EM)
    add('NumSeeds', SEEDS)
    add('NumRestarts', RESTARTS)
    add('LargestK', LARGEST_K)

    # Choice of K
    c = e.choice
    drops = c.wcss[:-1] - c.wcss[1:]
    add('WcssAtTwo', c.wcss[1], '.2f')
    add('WcssAtThree', c.wcss[2], '.2f')
    add('WcssAtFour', c.wcss[3], '.2f')
    add('WcssDropThree', drops[1], '.2f')
    add('WcssDropFour', drops[2], '.2f')
    add('BicAtThree', c.bic[2], '.1f')
    add('BicAtTwo', c.bic[1], '.1f')
    add('BicAtFour', c.bic[3], '.1f')
    collapsed_Ks = c.K[c.collapsed > 0]
    require(np.argmin(c.bic) == 2, 'the BIC is smallest at K = 3')
    require(np.all(drops > 0), 'the WCSS falls with every further cluster')
    require(np.all(np.diff(drops) < 0) and np.argmax(drops[:-1] / drops[1:]) == 1, 'the drop shrinks most after K = 3')
    require(len(collapsed_Ks) > 0 and collapsed_Ks.min() > 3, 'EM collapses for large K alone')
    add('CollapsedRuns', int(c.collapsed.sum()))
    add('CollapsedFromK', int(collapsed_Ks.min()))

    # Stability
    three, five, mixture, tight = (e.stability[name] for name in ('three', 'five', 'em', 'tight'))
    for name, study in (('Three', three), ('Five', five), ('Em', mixture)):
        add(f'{name}IterMin', int(study.iterations.min()))
        add(f'{name}IterMedian', float(np.median(study.iterations)), 'g')
        add(f'{name}IterMax', int(study.iterations.max()))
    add('ThreeWcssMin', three.objectives.min(), '.4f')
    require(three.partitions == 1 and np.ptp(three.objectives) < 1e-9, 'K-means, K = 3: one optimum')
    add('FivePartitions', five.partitions)
    add('FiveWcssMin', five.objectives.min(), '.4f')
    add('FiveWcssMax', five.objectives.max(), '.4f')
    near = five.objectives < (1 + NEAR) * five.objectives.min()
    add('NearPercent', 100 * NEAR, 'g')
    add('FiveNear', int(near.sum()))
    add('FiveFar', int((~near).sum()))
    require(0 < (~near).sum() < near.sum(), 'K-means, K = 5: few runs end in a clearly worse optimum')
    majority = np.sort(np.argmax(five.tables, axis=2), axis=1)
    require(np.all(majority == [0, 0, 0, 1, 2]), 'K = 5: three clusters of the head and one for each ear, each seed')
    require(np.all(five.tables[:, :, 1:3].max(axis=1) == 100), 'K = 5: no ear is split, whatever the seed')
    add('EmLogLikMin', mixture.objectives.min(), '.3f')
    add('EmLogLikMax', mixture.objectives.max(), '.3f')
    add('EmTight', tight.max(), '.4f')
    add('EmTightSeeds', len(tight))
    add('EpsEm', power_of_ten(EM_EPS))
    add('EpsTight', power_of_ten(TIGHT_EPS))
    require(np.ptp(tight) < 1e-5, 'EM, K = 3: one optimum, once run to the end')

    # The runs of main.py
    add('ThreeIter', len(e.wcss) // 2)
    add('ThreeWcssFirst', e.wcss[0], '.2f')
    add('ThreeWcss', e.wcss[-1], '.4f')
    values = e.five.result[2]
    add('FiveIter', len(values) // 2)
    add('FiveWcssFirst', values[0], '.2f')
    add('FiveWcss', values[-1], '.4f')
    for run in (e.wcss, values):
        require(np.all(np.diff(run) < 1e-12), 'the WCSS never rises')
    values = e.mixture.result[2]
    add('EmIter', len(values))
    add('EmLogLikFirst', values[0], '.2f')
    add('EmLogLik', values[-1], '.2f')
    add('EmLastChange', values[-1] - values[-2], '.4f')
    add('PlateauGain', PLATEAU)
    add('EmPlateauIter', int(np.sum(values - values[0] < PLATEAU)))
    rises = np.diff(values)
    require(np.all(rises > 0), 'the log-likelihood never falls')
    peaks = (rises[1:-1] > rises[:-2]) & (rises[1:-1] > rises[2:])
    require(peaks.sum() == 2, 'the log-likelihood has two steep parts')
    first, second = np.flatnonzero(peaks) + 2  # iterations after which the components have parted, and shrink
    history, parameters = [], e.start
    for _ in values:
        parameters = update_parameters(X, *parameters, e_step(X, *parameters)[0])
        history.append(parameters)
    x = history[first][0][:, 0]
    sizes = [[np.trace(sigma) for sigma in history[i][1]] for i in (first, second + 5)]
    head, left, right = e.order
    require(x[right] == x.max() and x[left] == x.min() and np.ptp(x) > 0.15, 'first one moves right and one left')
    require(history[first][2][head] < 0.4 and history[second + 5][2][head] > 0.45, 'then the third takes over the head')
    require(sizes[1][left] < sizes[0][left] / 2 and sizes[1][right] < sizes[0][right] / 2, 'the others shrink')
    for run in (e.three, e.five, e.mixture):
        objective = run.result[2]
        require(len(objective) < run.max_iter, 'the runs of main.py converge')

    # Centres of K-means
    for short, centre in zip(SHORT, e.centroids):
        add(f'KmX{short}', centre[0], '.3f')
        add(f'KmY{short}', centre[1], '.3f')
    for short, centre in zip(SHORT, e.class_means):
        add(f'TrueX{short}', centre[0], '.3f')
        add(f'TrueY{short}', centre[1], '.3f')

    # Parameters of EM, component by component as main.py numbers them
    for letter, k in zip('ABC', range(3)):
        add(f'EmPart{letter}', PART_NAMES[e.order.index(k)])
        for name, (means, sigmas, weights), digits in (('Init', e.start, 0), ('Fit', e.fitted, 1)):
            add(f'Em{name}W{letter}', weights[k], '.4f')
            add(f'Em{name}X{letter}', means[k, 0], '.4f')
            add(f'Em{name}Y{letter}', means[k, 1], '.4f')
            if name == 'Fit':  # in thousandths
                add(f'EmFitVarX{letter}', 1e3 * sigmas[k, 0, 0], '.3f')
                add(f'EmFitVarY{letter}', 1e3 * sigmas[k, 1, 1], '.3f')
                add(f'EmFitCov{letter}', 1e3 * sigmas[k, 0, 1], '.3f')
    add('EmInitVar', e.start[1][0, 0, 0], '.1f')
    for short, value, weight, label in zip(SHORT, deviation, e.weights, LABELS):
        add(f'EmDev{short}', value, '.3f')
        add(f'Share{short}', np.mean(labels == label), '.2f')
    add('DevRatio', 2 * deviation[0] / (deviation[1] + deviation[2]), '.1f')
    require(round(2 * e.weights[0] / (e.weights[1] + e.weights[2])) == 3, 'the head is thrice as heavy as an ear')
    require(np.abs(e.start[1] - e.start[1][0, 0, 0] * np.eye(2)).max() == 0, 'initial covariances are isotropic')

    # Who is in which cluster
    for method, parts in (('Km', e.kmeans_parts), ('Em', e.em_parts)):
        for label, short in zip(LABELS, SHORT):
            for part in range(3):
                add(f'{method}{short}In{SHORT[part]}', int(np.sum((labels == label) & (parts == part))))
        for part in range(3):
            add(f'{method}Size{SHORT[part]}', int(np.sum(parts == part)))
        wrong = (labels == 'Head') & (parts > 0)
        add(f'{method}HeadLost', int(wrong.sum()))
        add(f'{method}NoiseInEars', int(np.sum(noise & (parts > 0))))
        add(f'{method}Ari', adjusted_rand_index(labels, parts), '.3f')
        add(f'{method}AriClean', adjusted_rand_index(labels[~noise], parts[~noise]), '.3f')
    add('KmHeadLostShare', 100 * np.mean(e.kmeans_parts[labels == 'Head'] > 0), '.0f')
    add('KmFiveAriClean', adjusted_rand_index(labels[~noise], e.five_clusters[~noise]), '.3f')
    ears = (labels == 'Ear_left') | (labels == 'Ear_right')
    right_part = np.where(labels == 'Ear_left', 1, 2)
    require(np.all(e.kmeans_parts[ears] == right_part[ears]), 'K-means loses no ear sample')
    add('EmEarsLost', int(np.sum(ears & (e.em_parts != right_part))))
    tables = np.array([[np.sum((e.five_clusters == k) & (labels == label)) for label in LABELS] for k in range(5)])
    head_clusters = np.sort(tables[np.argmax(tables, axis=1) == 0, 0])
    for name, size in zip(('Small', 'Middle', 'Large'), head_clusters):
        add(f'FiveHead{name}', int(size))
    add('FiveHeadInEars', int(np.sum(labels == 'Head') - head_clusters.sum()))

    # Why K-means cuts the head
    add('HeadRadius', e.radius, '.3f')
    head, left, right = e.centroids
    for short, ear in (('Left', left), ('Right', right)):
        middle = (head + ear) / 2
        add(f'MidX{short}', middle[0], '.3f')
        add(f'MidY{short}', middle[1], '.3f')
        gap = (middle - e.class_means[0]) @ (ear - head) / np.sqrt(np.sum((ear - head)**2))
        add(f'Gap{short}', gap, '.3f')
        require(0 < gap < e.radius, 'the boundary of K-means cuts the disk of the head')
        require(np.sum((middle - e.class_means[0])**2) < e.radius**2, 'the midpoint lies inside the head')
    truth = closest_centroid(X, e.class_means)
    add('TrueCentresHeadLost', int(np.sum((labels == 'Head') & (truth > 0))))
    parts = e.em_parts
    centres = np.array([X[parts == k].mean(axis=0) for k in range(3)])
    em_wcss = np.sum((X - centres[parts])**2)
    add('EmWcss', em_wcss, '.2f')
    require(em_wcss > e.wcss[-1], 'the WCSS of the better clustering is larger')

    # Noise
    lowest = np.argsort(e.log_p)[:noise.sum()]
    add('LowestNoise', int(noise[lowest].sum()))
    require(noise[lowest].all(), 'the samples of lowest density are the noise')
    unsure = e.gamma.max(axis=1) < UNSURE
    rivals = np.sort(np.argsort(e.gamma[unsure], axis=1)[:, 1:], axis=1)  # the two largest
    require(np.all(np.any(rivals == e.order[0], axis=1)), 'where EM is unsure, the head competes')
    ears = [squared_distances(X[unsure], mean) for mean in e.means[1:]]
    require(np.min(ears, axis=0).max() < 0.2**2, 'EM is unsure around the ears')
    add('UnsureLevel', UNSURE, 'g')
    add('UnsureSamples', int(unsure.sum()))
    add('CleanKmMove', largest_move(e.centroids, e.clean_centroids), '.4f')
    add('CleanEmMove', largest_move(e.tight.means, e.clean.means), '.4f')
    add('TightEmAri', adjusted_rand_index(labels[~noise], e.tight.parts[~noise]), '.3f')
    add('CleanKmAri', adjusted_rand_index(labels[~noise], e.clean_kmeans_parts), '.3f')
    add('CleanEmAri', adjusted_rand_index(labels[~noise], e.clean.parts), '.3f')
    add('CleanKmChanged', int(np.sum(e.clean_kmeans_parts != e.kmeans_parts[~noise])))
    add('CleanEmChanged', int(np.sum(e.clean.parts != e.tight.parts[~noise])))
    for short, before, after in zip(SHORT, e.tight.sigmas, e.clean.sigmas):
        change = 100 * (np.trace(after) / np.trace(before) - 1)
        require(change < 0, 'without the noise every variance is smaller')
        add(f'CleanVar{short}', -change, '.0f')

    # Outliers
    add('OutlierSeeds', OUTLIER_SEEDS)
    add('RingX', CENTRE[0], 'g')
    add('RingY', CENTRE[1], 'g')
    o = e.outliers
    names = {0.5: 'Half', 1: 'One', 2: 'Two', 4: 'Four', 8: 'Eight', 16: 'Sixteen'}
    for distance, name in names.items():
        for count, word in zip(OUTLIER_COUNTS, ('Single', 'Few', 'Many')):
            entry = o[count, distance]
            add(f'Out{word}{name}KmMove', entry.kmeans[0], '.2f')
            add(f'Out{word}{name}KmAri', entry.kmeans[1], '.2f')
            add(f'Out{word}{name}EmMove', entry.em[0] if entry.em else '--', '.2f')
            add(f'Out{word}{name}EmAri', entry.em[1] if entry.em else '--', '.2f')
            add(f'Out{word}{name}Lost', entry.collapsed)
        add(f'Out{name}', distance, 'g')
    for count, word in zip(OUTLIER_COUNTS, ('Single', 'Few', 'Many')):
        add(f'Out{word}', count)
    require(all(o[1, d].em is None and o[1, d].collapsed == OUTLIER_SEEDS for d in OUTLIER_DISTANCES[3:]),
            'EM collapses from every start for one far outlier')
    require(all(entry.em for (count, _), entry in o.items() if count > 1), 'EM survives several outliers')
    survived = [d for d in OUTLIER_DISTANCES if o[1, d].warm]
    require(survived == list(OUTLIER_DISTANCES[:4]), 'the good optimum is lost between the distances 4 and 8')
    add('WarmFourMove', o[1, 4].warm[0], '.3f')
    add('WarmFourGrowth', o[1, 4].growth, '.1f')
    require(o[1, 4].grown == 0, 'it is the head that grows to include the outlier')
    require(all(entry.kmeans[1] == 0 or entry.kmeans[1] > 0.05 for entry in o.values()),
            'K-means: where the index is printed as 0, the parts share one cluster')
    alone = [d for d in OUTLIER_DISTANCES if o[1, d].alone]
    require(alone == [16], 'K-means gives a single outlier a cluster of its own at the distance 16 first')
    merged = [entry.em for (count, d), entry in o.items() if count > 1 and d > 0.5]
    require(np.ptp([ari for _, ari in merged]) == 0 and max(move for move, _ in merged) < 0.3,
            'EM answers several outliers with one and the same partition of the mouse')
    require(o[5, 4].table == o[20, 16].table == [[0, 0, 0], [0, 1, 0], [1, 0, 1]],
            'EM: one component for outliers, one for the left ear, one for the head and the right ear')

    # z as the limit of gamma
    for name, s in zip(('A', 'B', 'C', 'D'), SHRINKING):
        add(f'Shrink{name}', power_of_ten(s))
        sigmas = s * np.tile(np.eye(2), (3, 1, 1))
        gamma, _ = e_step(X, e.centroids, sigmas, np.full(3, 1 / 3))
        require(np.all(gamma.argmax(axis=1) == e.kmeans_parts), 'the largest gamma is where z is 1')
        add(f'ShrinkGamma{name}', gamma.max(axis=1).mean(), '.4f')

    # Samples
    inside = mass_outside(e.sigmas[0], e.disk)
    spilt = (e.components == 0) & (squared_distances(e.samples, e.means[0]) > e.disk**2)
    x, y = e.samples[spilt].T
    require(np.any((x > e.means[1, 0]) & (x < e.means[2, 0]) & (y > e.means[1:, 1].mean())),
            'head samples spill into the gap between the ears')
    add('NumDrawn', SAMPLES)
    add('DiskRadius', e.disk, '.3f')
    add('OutsideShare', 100 * inside, '.0f')
    add('OutsideDrawn', int(spilt.sum()))
    for part in range(3):
        add(f'Drawn{SHORT[part]}', int(np.sum(e.components == part)))
    add('EllipseLevel', str(ELLIPSE))
    add('EllipseMass', 100 * (1 - np.exp(-ELLIPSE**2 / 2)), '.1f')
    return numbers


def write_numbers(numbers):
    """Write numbers.tex, one macro a line."""
    lines = ['% Written by build.py: do not edit, run `python report/build.py`.']
    lines += [f'\\newcommand{{\\{name}}}{{{value}}}' for name, value in numbers.items()]
    (REPORT / 'numbers.tex').write_text('\n'.join(lines) + '\n', encoding='utf-8')


# --- Figures ---

def save(fig, name):
    """Save a figure as main.py's are saved: PDF and PNG, the same bytes from run to run."""
    with plt.rc_context({'pdf.fonttype': 42}):  # TrueType: text can be searched and copied
        fig.savefig(REPORT / 'figures' / f'{name}.pdf',
                    metadata={'CreationDate': None, 'Creator': None, 'Producer': None})
    fig.savefig(REPORT / 'figures' / f'{name}.png', dpi=200, metadata={'Software': None})
    plt.close(fig)


def panels(count, height, X, titles):
    """A row of panels for positions, with the limits of the samples X and one y axis."""
    fig, axes = plt.subplots(1, count, figsize=(WIDTH, height), sharey=True)
    margin = 0.05 * np.ptp(X, axis=0).max()
    (left, low), (right, high) = X.min(axis=0) - margin, X.max(axis=0) + margin
    for ax, title in zip(axes, titles):
        ax.set(xlabel='x', aspect='equal', xlim=(left, right), ylim=(low, high))
        ax.set_title(title, fontsize=10)
        ax.locator_params(nbins=5)
    axes[0].set_ylabel('y')
    return fig, axes


def scatter_parts(ax, X, parts, size=9):
    """Samples in the colour and marker of their part of the mouse."""
    for part, name in enumerate(PART_NAMES):
        colour, marker = utils.part_style(part)
        ax.scatter(*X[parts == part].T, s=size, linewidth=0, color=colour, marker=marker, label=name)


def mark_noise(ax, X):
    """Noise points as grey crosses."""
    ax.scatter(*X.T, s=18, linewidth=1, color=utils.NOISE_COLOUR, marker=utils.NOISE_MARKER, label='noise')


def mark_centres(ax, centres, label='centroid or mean'):
    """Centroids or means, on top."""
    ax.scatter(*centres.T, s=70, color='white', edgecolor='black', marker='X', zorder=4, label=label)


def unit_circle():
    """Points on the unit circle, shape (2, 200)."""
    angles = np.linspace(0, 2 * np.pi, 200)
    return np.stack((np.cos(angles), np.sin(angles)))


def mark_disk(ax, centre, radius):
    """The smallest disk around a centre that holds every sample of the head."""
    ax.plot(*(centre[:, np.newaxis] + radius * unit_circle()), color='black', linewidth=1.2, linestyle=':',
            label='disk of the head')


def shared_legend(fig, axes, columns):
    """One legend below all panels, each label once."""
    entries = {label: handle for ax in axes for handle, label in zip(*ax.get_legend_handles_labels())}
    fig.legend(list(entries.values()), list(entries), loc='lower center', ncol=columns, frameon=False,
               handletextpad=0.3, columnspacing=1.5)


def draw_comparison(e):
    """The original, K-means and EM side by side."""
    fig, axes = panels(3, 2.75, e.X, ('Original', f'K-means, K = {main.K}', f'EM, K = {main.K}'))
    truth = np.array([LABELS.index(label) for label in e.labels])
    scatter_parts(axes[0], e.X, truth)
    mark_noise(axes[0], e.X[e.noise])
    for ax, parts, centres in ((axes[1], e.kmeans_parts, e.centroids), (axes[2], e.em_parts, e.means)):
        scatter_parts(ax, e.X, parts)
        mark_centres(ax, centres)
    shared_legend(fig, axes, 5)
    fig.subplots_adjust(left=0.085, right=0.99, bottom=0.26, top=0.93, wspace=0.08)
    save(fig, 'comparison')


def shade(ax, scores, grid):
    """Colour the region of each part, where its score is the largest, and draw the boundaries."""
    for part, score in enumerate(scores):
        lead = score - np.delete(scores, part, axis=0).max(axis=0)
        ax.contourf(*grid, lead, levels=[0, lead.max()], colors=[utils.part_style(part)[0]], alpha=0.13)
        ax.contour(*grid, lead, levels=[0], colors='black', linewidths=1.2)


def draw_boundaries(e):
    """K-means' Voronoi cells beside EM's decision regions with their ellipses."""
    fig, axes = panels(2, 3.65, e.X, ('K-means: Voronoi cells', 'EM: regions of largest responsibility'))
    grid = np.meshgrid(np.linspace(*axes[0].get_xlim(), 300), np.linspace(*axes[0].get_ylim(), 300))
    points = np.stack([g.ravel() for g in grid], axis=1)
    scores = -np.stack([squared_distances(points, centroid) for centroid in e.centroids])
    shade(axes[0], scores.reshape(3, *grid[0].shape), grid)
    with np.errstate(divide='ignore'):
        scores = np.log(e_step(points, e.means, e.sigmas, e.weights)[0].T)
    shade(axes[1], np.maximum(scores, -300).reshape(3, *grid[0].shape), grid)
    truth = np.array([LABELS.index(label) for label in e.labels])
    for ax, centres in zip(axes, (e.centroids, e.means)):
        scatter_parts(ax, e.X, truth)
        mark_noise(ax, e.X[e.noise])
        mark_centres(ax, centres)
    mark_disk(axes[0], e.class_means[0], e.radius)
    for ear in e.centroids[1:]:
        axes[0].plot(*np.stack((e.centroids[0], ear)).T, color='black', linewidth=0.8)
    middles = (e.centroids[0] + e.centroids[1:]) / 2
    axes[0].plot(*middles.T, 'o', color='white', markeredgecolor='black', markersize=6, label='midpoint')
    for part in range(3):
        ellipse = e.means[part][:, np.newaxis] + ELLIPSE * np.linalg.cholesky(e.sigmas[part]) @ unit_circle()
        axes[1].plot(*ellipse, color='black', linewidth=1.2, linestyle='--', label=f'{ELLIPSE}-sigma ellipse')
    shared_legend(fig, axes, 4)
    fig.subplots_adjust(left=0.085, right=0.985, bottom=0.25, top=0.94, wspace=0.06)
    save(fig, 'boundaries')


def draw_choice(e):
    """WCSS and BIC over the number of clusters."""
    fig, axes = plt.subplots(1, 2, figsize=(WIDTH, 2.2))
    for ax, values, ylabel, title in ((axes[0], e.choice.wcss, 'WCSS', 'K-means: lowest WCSS'),
                                      (axes[1], e.choice.bic, 'BIC', 'EM: BIC of the best run')):
        ax.plot(e.choice.K, values, 'o-', color=utils.COLOURS[0], markersize=4)
        ax.plot(main.K, values[main.K - 1], 'o', color=utils.COLOURS[5], markersize=8, label=f'K = {main.K}')
        ax.set(xlabel='Number of clusters K', ylabel=ylabel)
        ax.set_title(title, fontsize=10)
        ax.set_xticks(e.choice.K)
        ax.grid()
        ax.legend(loc='upper right')
    axes[0].set_ylim(bottom=0)
    axes[1].locator_params(axis='y', nbins=6)
    fig.subplots_adjust(left=0.085, right=0.99, bottom=0.2, top=0.89, wspace=0.33)
    save(fig, 'choice-of-k')


def draw_samples_figure(e):
    """The data beside as many samples from the fitted mixture."""
    limits = np.vstack((e.X, e.samples))
    fig, axes = panels(2, 3.65, limits, (f'Data: {len(e.X)} samples', f'Fitted mixture: {SAMPLES} samples'))
    truth = np.array([LABELS.index(label) for label in e.labels])
    scatter_parts(axes[0], e.X, truth)
    mark_noise(axes[0], e.X[e.noise])
    scatter_parts(axes[1], e.samples, e.components)
    for ax in axes:
        mark_disk(ax, e.means[0], e.disk)
    shared_legend(fig, axes, 5)
    fig.subplots_adjust(left=0.085, right=0.985, bottom=0.21, top=0.94, wspace=0.06)
    save(fig, 'samples')


def draw(e):
    """All figures: those of main.py, then those of the report alone."""
    quiet(main.main)
    for figure in (draw_comparison, draw_boundaries, draw_choice, draw_samples_figure):
        figure(e)


# --- PDF ---

def typeset():
    """Run pdflatex three times: the first two settle the references, the third finds them settled."""
    if not shutil.which('pdflatex'):
        print('pdflatex is not installed: figures and numbers.tex are built, report.pdf is left as it was.')
        return 0
    environment = dict(os.environ, SOURCE_DATE_EPOCH='1720389540', FORCE_SOURCE_DATE='1')
    command = ['pdflatex', '-interaction=nonstopmode', '-halt-on-error', 'report.tex']
    for _ in range(3):
        run = subprocess.run(command, cwd=REPORT, env=environment, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if run.returncode:
            print(run.stdout.decode('utf-8', 'replace')[-3000:])
            print('pdflatex failed: see report/report.log.')
            return 1
    print('Built report/report.pdf.')
    return 0


def build():
    """Numbers first, since the checks of the text are among them; then figures and PDF."""
    plt.switch_backend('Agg')
    evidence = gather()
    write_numbers(numbers_of(evidence))
    draw(evidence)
    return typeset()


if __name__ == '__main__':
    sys.exit(build())
