"""The evidence of the report: the fits behind its text and figures, and every number of the text.

Each study below adds fits to what was found so far and returns numbers, by the name of their LaTeX
macro. What the text says in words is asserted beside the numbers.
"""
import contextlib
from types import SimpleNamespace

import numpy as np

import main
from em import e_step, em, log_density, update_parameters
from k_means import closest_centroid, compute_Z, kmeans, recompute_centroids
from k_means import squared_distances, wcss
from utils import NAMES, load_data, number_by_part

EPS, VARIANCE = em.__defaults__  # eps and init_variance
TIGHT = 1e-8  # in place of eps: run on to where the stopping rule no longer matters
STARTS = 200  # random starts
OUTLIER_STARTS = 25  # random starts for each place of an outlier
DISTANCES = [2, 4, 8, 16]  # of an outlier from the centre of the head
DIRECTIONS = np.arange(8) * np.pi / 4
GOOD = 0.9  # an ARI above which head and ears are found
SHOWN = 16  # the distance of the outlier in the figure, straight below
CENTRE = np.array([0.5, 0.5])  # of the head, see data/README.md
PARTS = ['Head', 'Left', 'Right', 'Noise']  # at the end of the name of a macro
UNSURE = 0.9  # a sample whose largest responsibility is smaller belongs to no component for sure
ELLIPSE = 2  # standard deviations
SAMPLES = 500  # drawn from the fitted mixture


# --- Fits with their history: the parameters at the start and after each iteration

def load_mouse():
    """The samples, and the number of the part of each: 0 head, 1 and 2 ears, 3 noise."""
    x, y, labels = load_data(main.DATA)
    parts = [list(NAMES).index(label) for label in labels]
    return np.stack((x, y), axis=1), np.array(parts)


X, parts = load_mouse()
LOW, RANGE = X.min(axis=0), np.ptp(X, axis=0)


def fit_of(value, memberships, history):
    """A fit, its clusters in the order of the parts: head, left ear, right ear.

    memberships (N, K), hard or soft; the clusters (N,) where they are largest; centres first among
    the parameters; the value is the WCSS or the log-likelihood.
    """
    places = (history[-1][0] - LOW) / RANGE
    order = number_by_part(places).argsort()
    history = [[values[order] for values in parameters] for parameters in history]
    memberships = memberships[:, order]
    return SimpleNamespace(
        value=value, memberships=memberships, clusters=memberships.argmax(axis=1),
        history=history, parameters=history[-1], centres=history[-1][0],
        iterations=len(history) - 1,
    )


def descend(samples, centroids):
    """K-means from these centroids until none moves."""
    K = len(centroids)
    history = [[centroids]]
    moved = True
    while moved:
        Z = compute_Z(samples, K, centroids)
        new_centroids = recompute_centroids(samples, K, Z)
        moved = len(history) == 1 or not np.array_equal(new_centroids, centroids)
        centroids = new_centroids
        history.append([centroids])
    return fit_of(wcss(samples, K, Z, centroids), Z, history)


def climb(samples, parameters, eps=TIGHT, restrict=None):
    """EM from means, sigmas and weights by the stopping rule of em().

    If a component collapses, the value is -inf, and the last parameters are those of the collapse.
    """
    history = [parameters]
    values = []
    memberships, _ = e_step(samples, *parameters)
    try:
        while len(values) < 3 or abs(values[-1] - values[-2]) >= eps:
            parameters = update_parameters(samples, *parameters, memberships)
            if restrict:
                parameters = restrict(*parameters)
            history.append(parameters)
            memberships, log_p = e_step(samples, *parameters)
            values.append(log_p.sum())
    except np.linalg.LinAlgError:
        values.append(-np.inf)
    return fit_of(values[-1], memberships, history)


def collapsed(fit):
    return fit.value == -np.inf


def random_kmeans(samples, K, rng):
    """K-means from a random start, drawn as kmeans() draws it."""
    return descend(samples, samples[rng.choice(len(samples), size=K, replace=False)])


def random_em(samples, K, rng):
    """EM from a random start, drawn as em() draws it."""
    means = rng.random_sample((K, 2))
    sigmas = np.tile(VARIANCE * np.eye(2), (K, 1, 1))
    return climb(samples, (means, sigmas, np.full(K, 1 / K)), EPS)


def fits_from(random_fit, samples, K, starts):
    """Fits from the random starts of the seeds 0, 1, ..."""
    return [random_fit(samples, K, np.random.RandomState(seed)) for seed in range(starts)]


def value_of(fit):
    return fit.value


# --- Measures

def counts(fit):
    """How many samples of head, left ear, right ear, noise (rows) each cluster (columns) has."""
    table = np.zeros((4, len(fit.centres)), dtype=int)
    for part, cluster in zip(parts, fit.clusters):
        table[part, cluster] += 1
    return table


def pairs(n):
    """The number of pairs among n things, added up over an array."""
    return np.sum(n * (n - 1) / 2)


def ari(fit):
    """Adjusted Rand index of the clusters with the labels of head and ears; noise is left out."""
    table = counts(fit)[:3]
    rows, columns = pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    expected = rows * columns / pairs(table.sum())
    return (pairs(table) - expected) / ((rows + columns) / 2 - expected)


def widths(sigmas):
    """Of each component, the root of the mean of its two variances."""
    return np.sqrt(np.trace(sigmas, axis1=1, axis2=2) / 2)


def macros(digits, **values):
    """The text of each value; where there are several, of each part, named at its end."""
    texts = {}
    for name, value in values.items():
        if np.ndim(value) == 0:
            texts[name] = f'{value:.{digits}f}'
        else:
            for part, number in zip(PARTS, value):
                texts[name + part] = f'{number:.{digits}f}'
    return texts


# --- Studies

def runs_of_main(found):
    """What main.main() fits, and the same again from the same random numbers, step by step."""
    np.random.seed(main.SEED)
    with contextlib.redirect_stdout(None):
        three = kmeans(X, main.K, main.MAX_ITER_KMEANS)[2]
        five = kmeans(X, main.K_TASK_8, main.MAX_ITER_KMEANS)[2]
        mixture = em(X, main.K, main.MAX_ITER_EM)[2]
    rng = np.random.RandomState(main.SEED)
    found.three = random_kmeans(X, main.K, rng)
    found.five = random_kmeans(X, main.K_TASK_8, rng)
    found.em = random_em(X, main.K, rng)
    fits = [found.three, found.five, found.em]
    for values, fit in zip([three[1::2], five[1::2], mixture], fits):
        assert len(values) == fit.iterations
        assert abs(values[-1] - fit.value) < 1e-9
    changes = np.diff(mixture)
    assert changes.min() > 0 and changes[-1] < EPS <= changes[1:-1].min()
    return {
        **macros(
            0, NumSamples=len(X), Num=np.bincount(parts), Seed=main.SEED,
            KThree=main.K, KFive=main.K_TASK_8,
            MaxIterKmeans=main.MAX_ITER_KMEANS, MaxIterEm=main.MAX_ITER_EM,
            ThreeIter=found.three.iterations, FiveIter=found.five.iterations,
            EmIter=found.em.iterations,
        ),
        **macros(2, EmFirst=mixture[0], EmLogLik=found.em.value),
        **macros(4, ThreeWcss=three[-1], FiveWcss=five[-1], EmLastChange=changes[-1]),
        'EpsEm': f'10^{{{np.log10(EPS):.0f}}}',
        'EpsTight': f'10^{{{np.log10(TIGHT):.0f}}}',
    }


def kmeans_from_random_starts(found):
    """What K-means finds for K = 1 to 5."""
    fits = {K: fits_from(random_kmeans, X, K, STARTS) for K in range(1, 6)}
    found.wcss = np.array([min(map(value_of, fits[K])) for K in fits])
    partitions = {}
    for K in (3, 5):
        partitions[K] = {frozenset(map(bytes, fit.memberships.T)) for fit in fits[K]}
    assert len(partitions[3]) == 1
    for fit in fits[5]:  # no ear is split, three clusters have no sample of an ear
        assert sorted(counts(fit)[1:3].max(axis=0)) == [0, 0, 0, 100, 100]
    saved = -np.diff(found.wcss)
    assert (saved[:-1] / saved[1:]).argmax() == 1  # the elbow is at K = 3
    return {
        **macros(
            0, NumStarts=STARTS, FivePartitions=len(partitions[5]),
            ThreeIterMax=max(fit.iterations for fit in fits[3]),
            FiveIterMax=max(fit.iterations for fit in fits[5]),
        ),
        **macros(2, SavedThree=saved[1], SavedFour=saved[2], KmWcss=found.wcss[2]),
        **macros(2, FiveWcssMin=found.wcss[4], FiveWcssMax=max(map(value_of, fits[5]))),
    }


def em_from_random_starts(found):
    """What EM with three components finds, and where it stops too early."""
    found.single = random_em(X, 1, np.random.RandomState(0))
    fits = fits_from(random_em, X, 3, STARTS)
    tight = [climb(X, fit.parameters) for fit in fits]
    found.tight = max(tight, key=value_of)
    assert min(map(value_of, tight)) > found.tight.value - 1e-5
    early = [seed for seed, fit in enumerate(fits) if fit.value < found.tight.value - 0.02]
    [seed] = early
    plateau = fits.pop(seed)
    return {
        **macros(
            0, StopSeed=seed, StopIter=plateau.iterations,
            EmIterMin=min(fit.iterations for fit in fits),
            EmIterMax=max(fit.iterations for fit in fits),
        ),
        **macros(2, StopLogLik=plateau.value, LogLikSingle=found.single.value),
        **macros(2, EmTight=found.tight.value),
    }


def way_of_em(found):
    """EM's parameters before, on the way and after."""
    means, sigmas, weights = [np.array(values) for values in zip(*found.em.history)]
    gamma, _ = e_step(X, *found.em.history[0])
    assert np.abs(means[1] - found.single.centres).max() < 0.02
    assert np.all(weights[0] == 1 / 3)
    assert np.all(widths(sigmas[-1])[1:] < widths(sigmas[20])[1:] / 2)  # the ears' shrink late
    received = np.array([found.em.memberships[parts == part].sum(axis=0) for part in range(4)])
    tight_weights = found.tight.parameters[2]
    assert np.abs(weights[-1] - tight_weights).max() < 0.0015
    return {
        **macros(
            1, EmInitVar=VARIANCE,
            HeadFromNoise=received[3, 0], HeadFromEars=received[1:3, 0].sum(),
            HeadToEars=received[0, 1:].sum(),
            WidthRatio=widths(sigmas[-1])[0] / widths(sigmas[-1]),
            EllipseMass=100 - 100 * np.exp(-ELLIPSE**2 / 2),
        ),
        **macros(
            2, GammaMin=gamma.min(), GammaMax=gamma.max(),
            DataVar=np.var(X, axis=0).max(), Share=np.bincount(parts)[:3] / len(X),
            EmFitVarX=1e3 * sigmas[-1, :, 0, 0], EmFitVarY=1e3 * sigmas[-1, :, 1, 1],
            EmFitCov=1e3 * sigmas[-1, :, 0, 1],
        ),
        **macros(
            3, EmWidth=widths(sigmas[-1]), EmInitX=means[0, :, 0], EmInitY=means[0, :, 1],
            EmFitX=means[-1, :, 0], EmFitY=means[-1, :, 1],
            EmFitW=weights[-1], EmTightW=tight_weights,
        ),
        **macros(0, EllipseLevel=ELLIPSE),
    }


def clusters(found):
    """Who is in which cluster, and why K-means cuts the head."""
    three, five, mixture = counts(found.three), counts(found.five), counts(found.em)
    of_head = np.sort(five[0, five[1:3].sum(axis=0) == 0])
    assert three[1, 1] == three[2, 2] == 100
    middles = (found.three.centres[0] + found.three.centres[1:]) / 2
    assert np.sqrt(squared_distances(middles, CENTRE)).max() < 0.2  # well inside of the head
    true_means = recompute_centroids(X, 4, np.eye(4)[parts])[:3]
    Z = np.eye(3)[found.em.clusters]
    return {
        **macros(
            0, KmHeadLost=three[0, 1:].sum(), KmHeadIn=three[0],
            KmHeadLostShare=100 * three[0, 1:].sum() / 290,
            EmHeadLost=290 - mixture[0, 0],
            EmEarsLost=200 - mixture[1, 1] - mixture[2, 2],
            EmNoiseInHead=mixture[3, 0], EmNoiseInEars=mixture[3, 1:].sum(),
            FiveHeadSmall=of_head[0], FiveHeadMiddle=of_head[1], FiveHeadLarge=of_head[2],
            FiveHeadInEars=290 - of_head.sum(),
            TrueMeansHeadLost=np.sum(closest_centroid(X[parts == 0], true_means) > 0),
            Unsure=np.sum(found.em.memberships.max(axis=1) < UNSURE),
        ),
        **macros(1, UnsureLevel=UNSURE),
        **macros(2, EmWcss=wcss(X, 3, Z, recompute_centroids(X, 3, Z))),
        **macros(3, KmAri=ari(found.three), KmFiveAri=ari(found.five), EmAri=ari(found.em)),
    }


def noise(found):
    """What the noise points do, and that EM tells them by their density."""
    is_noise = parts == 3
    _, log_p = e_step(X, *found.tight.parameters)
    assert is_noise[log_p.argsort()[:10]].all()
    kmeans_without = descend(X[~is_noise], found.three.centres)
    em_without = climb(X[~is_noise], found.tight.parameters)
    moves = [
        np.abs(kmeans_without.centres - found.three.centres).max(),
        np.abs(em_without.centres - found.tight.centres).max(),
    ]
    ratios = em_without.parameters[1] / found.tight.parameters[1]
    shrunk = 100 - 100 * np.diagonal(ratios, axis1=1, axis2=2)
    assert shrunk.min() > 0
    return {**macros(0, ShrinkMax=shrunk.max()), **macros(3, CentreMove=max(moves))}


def outliers(found):
    """One outlier in eight directions: what random starts do, and where a good solution exists."""
    numbers = {}
    for distance, name in zip(DISTANCES, ['Two', 'Four', 'Eight', 'Sixteen']):
        alone, ended, good = [], [], []
        for direction in DIRECTIONS:
            samples = with_outlier(distance, direction)
            hard = fits_from(random_kmeans, samples, 3, OUTLIER_STARTS)
            soft = fits_from(random_em, samples, 3, OUTLIER_STARTS)
            alone.append(sum(is_alone(fit) for fit in hard))
            ended.append(sum(collapsed(fit) for fit in soft))
            from_solution = climb(samples, found.tight.parameters)
            good.append(not collapsed(from_solution) and ari(from_solution) > GOOD)
            for fit in soft:  # a collapsed component has the outlier and at most one more sample
                assert not collapsed(fit) or fit.parameters[2].min() * len(samples) < 2.1
        if distance == 2:  # the direction decides
            assert min(ended) == 0 and max(ended) == OUTLIER_STARTS
        numbers.update(macros(0, **{
            f'{name}Alone': sum(alone), f'{name}Ended': sum(ended), f'{name}Good': sum(good),
        }))
    samples = with_outlier(SHOWN, -np.pi / 2)
    found.alone = next(filter(is_alone, fits_from(random_kmeans, samples, 3, OUTLIER_STARTS)))
    found.ended = next(filter(collapsed, fits_from(random_em, samples, 3, OUTLIER_STARTS)))
    return {
        **numbers,
        **macros(0, OutStarts=OUTLIER_STARTS, OutAll=OUTLIER_STARTS * len(DIRECTIONS), Shown=SHOWN),
        **macros(1, Good=GOOD),
    }


def with_outlier(distance, direction):
    place = CENTRE + distance * np.array([np.cos(direction), np.sin(direction)])
    return np.vstack((X, place))


def is_alone(fit):
    """Whether the last sample is a cluster of its own."""
    return np.sum(fit.clusters == fit.clusters[-1]) == 1


def restricted_fits(found):
    """The full model, and round components of their own widths or of one; free weights or 1/K."""
    def unchanged(sigmas, weights):
        return sigmas

    def own_width(sigmas, weights):
        return widths(sigmas)[:, np.newaxis, np.newaxis]**2 * np.eye(2)

    def one_width(sigmas, weights):
        return np.tile(weights @ widths(sigmas)**2 * np.eye(2), (3, 1, 1))

    numbers = {}
    bic = {}
    for name, shape, size in [('Full', unchanged, 9), ('Own', own_width, 3), ('One', one_width, 1)]:
        for weighting, free in [('Free', 2), ('Equal', 0)]:
            def restrict(means, sigmas, weights):
                new_weights = weights if free else np.full(3, 1 / 3)
                return means, shape(sigmas, weights), new_weights

            fit = climb(X, found.tight.parameters, restrict=restrict)
            bic[name, weighting] = (6 + size + free) * np.log(len(X)) - 2 * fit.value
            numbers.update(macros(2, **{f'{name}{weighting}LogLik': fit.value}))
            numbers.update(macros(3, **{f'{name}{weighting}Ari': ari(fit)}))
    assert min(bic, key=bic.get) == ('Own', 'Free')
    better = bic['Full', 'Free'] - bic['Own', 'Free']
    return {**numbers, **macros(0, RoundBic=better)}


def samples_of_the_mixture(found):
    """Ancestral samples, and how much of the fitted head lies outside of the head."""
    means, sigmas, weights = found.em.parameters
    rng = np.random.RandomState(main.SEED)
    found.drawn_from = rng.choice(3, size=SAMPLES, p=weights)
    L = np.linalg.cholesky(sigmas)[found.drawn_from]
    normal = rng.standard_normal((SAMPLES, 2, 1))
    found.drawn = means[found.drawn_from] + (L @ normal)[:, :, 0]
    found.edge = np.sqrt(squared_distances(X[parts == 0], CENTRE).max())
    outside = mass_outside(means[0], sigmas[0], found.edge)
    return {
        **macros(0, NumDrawn=SAMPLES, Drawn=np.bincount(found.drawn_from)),
        **macros(1, Outside=100 * outside),
        **macros(3, Edge=found.edge),
    }


def mass_outside(mean, sigma, radius):
    """The probability of a Gaussian outside of a circle about the centre, from a fine grid."""
    cells = 1000
    steps = radius * ((np.arange(cells) + 0.5) / cells * 2 - 1)
    offsets = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    inside = offsets[(offsets**2).sum(axis=1) < radius**2]
    density = np.exp(log_density(CENTRE + inside, mean, sigma, 0))
    return 1 - density.sum() * (2 * radius / cells)**2


STUDIES = [
    runs_of_main, kmeans_from_random_starts, em_from_random_starts, way_of_em, clusters, noise,
    outliers, restricted_fits, samples_of_the_mixture,
]


def gather():
    """All that was found, and every number of the text: macro name -> text."""
    found = SimpleNamespace()
    numbers = {}
    for study in STUDIES:
        numbers.update(study(found))
    return found, numbers
