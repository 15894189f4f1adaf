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
STARTS = 200  # random starts of EM
KMEANS_STARTS = 2000  # for each K
DISTANCES = [2, 4, 8, 16, 32]  # of an outlier from the centre of the head
OUTLIERS = 200  # at each distance, each in a random direction of its own and with a random start
DIRECTIONS = 50  # of these directions, in which the best solutions are searched for
GOOD = 0.9  # an ARI above which head and ears are found
SHOWN = 16  # the distance of the outlier in the figure, straight below
MODEL_STARTS = 10  # random starts for each restricted model
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
    return climb(samples, random_parameters(K, rng), EPS)


def random_parameters(K, rng):
    sigmas = np.tile(VARIANCE * np.eye(2), (K, 1, 1))
    return rng.random_sample((K, 2)), sigmas, np.full(K, 1 / K)


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
    return adjusted_rand_index(counts(fit)[:3])


def adjusted_rand_index(table):
    """Of two partitions, from how many samples each pair of their clusters shares."""
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
        **macros(4, ThreeWcss=three[-1], FiveWcss=five[-1]),
        'EpsEm': f'10^{{{np.log10(EPS):.0f}}}',
        'EpsTight': f'10^{{{np.log10(TIGHT):.0f}}}',
    }


def kmeans_from_random_starts(found):
    """What K-means finds for K = 1 to 5."""
    fits = {K: fits_from(random_kmeans, X, K, KMEANS_STARTS) for K in range(1, 6)}
    found.wcss = np.array([min(map(value_of, fits[K])) for K in fits])
    found.two = min(fits[2], key=value_of)
    partitions = {}
    for K in (3, 5):
        partitions[K] = {frozenset(map(bytes, fit.memberships.T)) for fit in fits[K]}
    assert len(partitions[3]) == 1
    saved = -np.diff(found.wcss)
    assert (saved[:-1] / saved[1:]).argmax() == 1  # the elbow is at K = 3
    return {
        **macros(
            0, NumStartsKmeans=KMEANS_STARTS, FivePartitions=len(partitions[5]),
            KmeansIterMax=max(fit.iterations for fit in fits[3] + fits[5]),
        ),
        **macros(1, FiveUsual=100 * np.mean([cuts_only_the_head(fit) for fit in fits[5]])),
        **macros(1, SavedTwo=saved[0], SavedThree=saved[1], SavedFour=saved[2]),
        **macros(2, KmWcss=found.wcss[2]),
        **macros(2, FiveWcssMin=found.wcss[4], FiveWcssMax=max(map(value_of, fits[5]))),
    }


def cuts_only_the_head(fit):
    """Whether no ear is split, and three other clusters share most of the head."""
    head, *ears, _ = counts(fit)
    of_ears = np.max(ears, axis=0)
    return sorted(of_ears) == [0, 0, 0, 100, 100] and head[of_ears == 0].sum() > 290 / 2


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
            0, NumStarts=STARTS, StopSeed=seed, StopIter=plateau.iterations,
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
            HeadFromNoise=received[3, 0],
            HeadFromEars=received[1:3, 0].sum() - received[0, 1:].sum(),
            EllipseMass=100 - 100 * np.exp(-ELLIPSE**2 / 2),
        ),
        **macros(
            2, GammaMin=gamma.min(), GammaMax=gamma.max(),
            DataVar=np.var(X, axis=0).max(), Share=np.bincount(parts) / len(X),
            EmFitVarX=1e3 * sigmas[-1, :, 0, 0], EmFitVarY=1e3 * sigmas[-1, :, 1, 1],
            EmFitCov=1e3 * sigmas[-1, :, 0, 1],
        ),
        **macros(
            3, EmInitX=means[0, :, 0], EmInitY=means[0, :, 1],
            EmFitX=means[-1, :, 0], EmFitY=means[-1, :, 1],
            EmFitW=weights[-1], EmTightW=tight_weights,
        ),
        **macros(0, EllipseLevel=ELLIPSE, HeadTotal=received[:, 0].sum()),
    }


def clusters(found):
    """Who is in which cluster, and why K-means cuts the head."""
    three, five, mixture = counts(found.three), counts(found.five), counts(found.em)
    of_head = np.sort(five[0, five[1:3].sum(axis=0) == 0])
    assert three[1, 1] == three[2, 2] == 100
    middles = (found.three.centres[0] + found.three.centres[1:]) / 2
    assert np.sqrt(squared_distances(middles, CENTRE)).max() < 0.2  # well inside of the head
    true_means, true_sigmas, _ = update_parameters(
        X, np.zeros((4, 2)), np.zeros((4, 2, 2)), np.zeros(4), np.eye(4)[parts]
    )
    own = descend(X, found.em.centres)  # K-means from the means of EM
    assert abs(own.value - found.three.value) < 1e-9
    Z = np.eye(3)[found.em.clusters]
    return {
        **macros(
            0, KmHeadLost=three[0, 1:].sum(),
            KmHeadLostShare=100 * three[0, 1:].sum() / 290,
            EmHeadLost=290 - mixture[0, 0],
            EmEarsLost=200 - mixture[1, 1] - mixture[2, 2],
            EmNoiseInHead=mixture[3, 0], EmNoiseInEars=mixture[3, 1:].sum(),
            FiveHeadSmall=of_head[0], FiveHeadMiddle=of_head[1], FiveHeadLarge=of_head[2],
            FiveHeadInEars=290 - of_head.sum(),
            TrueMeansHeadLost=np.sum(closest_centroid(X[parts == 0], true_means[:3]) > 0),
            Unsure=np.sum(found.em.memberships.max(axis=1) < UNSURE),
        ),
        **macros(
            1, UnsureLevel=UNSURE, WidthRatio=widths(true_sigmas)[0] / widths(true_sigmas)[:3]
        ),
        **macros(2, EmWcss=wcss(X, 3, Z, recompute_centroids(X, 3, Z))),
        **macros(3, KmAri=ari(found.three), KmFiveAri=ari(found.five), EmAri=ari(found.em)),
    }


def noise(found):
    """What the noise points do; they have the lowest densities."""
    is_noise = parts == 3
    for fit in (found.em, found.tight):
        _, log_p = e_step(X, *fit.parameters)
        assert is_noise[log_p.argsort()[:10]].all()
    kmeans_without = descend(X[~is_noise], found.three.centres)
    em_without = climb(X[~is_noise], found.tight.parameters)
    moves = [
        np.linalg.norm(kmeans_without.centres - found.three.centres, axis=1).max(),
        np.linalg.norm(em_without.centres - found.tight.centres, axis=1).max(),
    ]
    ratios = em_without.parameters[1] / found.tight.parameters[1]
    shrunk = 100 - 100 * np.diagonal(ratios, axis1=1, axis2=2)
    assert shrunk.min() > 0
    return {**macros(0, ShrinkMax=shrunk.max()), **macros(3, CentreMove=max(moves))}


def outliers(found):
    """One outlier: what random starts find, and what the best solutions are that are known."""
    numbers = {}
    rng = np.random.RandomState(main.SEED)
    for distance, name in zip(DISTANCES, ['Two', 'Four', 'Eight', 'Sixteen', 'ThirtyTwo']):
        alone, found_parts, ended = 0, 0, 0
        best_alone, good = 0, 0
        for i in range(OUTLIERS):
            samples = with_outlier(distance, rng.uniform(0, 2 * np.pi))
            hard = random_kmeans(samples, 3, rng)
            soft = random_em(samples, 3, rng)
            alone += is_alone(hard)
            if collapsed(soft):  # a component has the outlier and at most one more sample
                ended += 1
                assert soft.memberships[:, soft.clusters[-1]].sum() < 2
            found_parts += is_good(soft)
            if i < DIRECTIONS:
                best_alone += is_alone(best_kmeans(samples, found, hard))
                good += is_good(climb(samples, found.tight.parameters))
        assert best_alone == (0 if distance == 2 else DIRECTIONS)
        assert alone < OUTLIERS / 2 or distance == 32
        assert alone > 0.95 * OUTLIERS or distance < 32
        assert ended > 0.95 * OUTLIERS or distance == 2
        assert found_parts < 0.05 * OUTLIERS
        numbers.update(macros(0, **{
            f'{name}Alone': alone, f'{name}Ended': ended, f'{name}Found': found_parts,
            f'{name}Best': best_alone, f'{name}Good': good,
        }))
    samples = with_outlier(SHOWN, -np.pi / 2)
    found.alone = best_kmeans(samples, found)
    return {
        **numbers,
        **macros(0, OutAll=OUTLIERS, OutDirections=DIRECTIONS, Shown=SHOWN),
        **macros(1, Good=GOOD),
    }


def best_kmeans(samples, found, *others):
    """The fit of least WCSS from two informed starts, and among others."""
    without = descend(samples, found.three.centres)
    with_own = descend(samples, np.vstack((found.two.centres, samples[-1])))
    return min([without, with_own, *others], key=value_of)


def is_good(fit):
    return not collapsed(fit) and ari(fit) > GOOD


def with_outlier(distance, direction):
    place = CENTRE + distance * np.array([np.cos(direction), np.sin(direction)])
    return np.vstack((X, place))


def is_alone(fit):
    """Whether the last sample is a cluster of its own."""
    return np.sum(fit.clusters == fit.clusters[-1]) == 1


def restricted_fits(found):
    """Any covariances, round ones of their own widths or of one; free weights or equal ones."""
    numbers = {}
    values, bic = {}, {}
    models = [('Full', unchanged, 9), ('Own', own_width, 3), ('One', one_width, 1)]
    for name, shape, size in models:
        for weighting, free in [('Free', 2), ('Equal', 0)]:
            def restrict(means, sigmas, weights):
                new_weights = weights if free else np.full(3, 1 / 3)
                return means, shape(sigmas, weights), new_weights

            fits = restricted_em(found, restrict)
            fit = max(fits, key=value_of)
            if (name, weighting) == ('Full', 'Equal'):
                other = fits[0]  # from EM's solution
            values[name, weighting] = fit.value
            bic[name, weighting] = (6 + size + free) * np.log(len(X)) - 2 * fit.value
            numbers.update(macros(2, **{f'{name}{weighting}LogLik': fit.value}))
            numbers.update(macros(3, **{f'{name}{weighting}Ari': ari(fit)}))
    assert min(bic, key=bic.get) == ('Own', 'Free')
    for name in ('Full', 'Own', 'One'):
        assert values[name, 'Equal'] < values[name, 'Free']
    for name in ('Full', 'Own'):
        assert values['One', 'Free'] < values[name, 'Equal']
    kept = parts < 3  # without noise
    shared = np.zeros((3, 3))  # between the last model, the narrowest, and K-means
    np.add.at(shared, (fit.clusters[kept], found.three.clusters[kept]), 1)
    return {
        **numbers,
        **macros(3, OtherAri=ari(other)),
        **macros(0, RoundBic=bic['Full', 'Free'] - bic['Own', 'Free'], ModelStarts=MODEL_STARTS),
        **macros(2, SharedAri=adjusted_rand_index(shared), OtherLogLik=other.value),
    }


def unchanged(sigmas, weights):
    return sigmas


def own_width(sigmas, weights):
    return widths(sigmas)[:, np.newaxis, np.newaxis]**2 * np.eye(2)


def one_width(sigmas, weights):
    return np.tile(weights @ widths(sigmas)**2 * np.eye(2), (3, 1, 1))


def restricted_em(found, restrict):
    """Fits so restricted: from the solutions of EM and K-means, and from random starts."""
    _, *rest = update_parameters(X, *found.tight.parameters, found.three.memberships)
    starts = [found.tight.parameters, (found.three.centres, *rest)]
    for seed in range(MODEL_STARTS):
        starts.append(random_parameters(3, np.random.RandomState(seed)))
    return [climb(X, start, restrict=restrict) for start in starts]


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
        **macros(0, NumDrawn=SAMPLES),
        **macros(1, Outside=100 * outside),
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
