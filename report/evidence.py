"""The evidence of the report: the fits behind its text and figures, and every number of the text.

A fit has its history (the parameters at the start and after each iteration, centres first), the last of these,
memberships (N, K), hard or soft, the clusters (N,) where they are largest, and a value: WCSS or log-likelihood.
Clusters are in the order of the parts: head, left ear, right ear. The asserts hold what the text says in words.
"""
import contextlib
from operator import attrgetter
from types import SimpleNamespace

import numpy as np

import main
from em import e_step, em, update_parameters
from k_means import closest_centroid, compute_Z, kmeans, recompute_centroids, squared_distances, wcss
from utils import NAMES, load_data, number_by_part

EPS, VARIANCE = em.__defaults__  # eps and init_variance
TIGHT = 1e-8  # in place of eps: run on to where the stopping rule no longer matters
STARTS, CHOICE_STARTS, OUTLIER_STARTS = 200, 30, 100  # random starts: of main.py's fits, for each K, for an outlier
SMALLEST_SHARE = 0.05  # of the samples, for a component in the choice of K
CENTRE = np.array([0.5, 0.5])  # of the head
CORNER, SIZE = np.array([0.04, 0.14]), np.array([0.88, 0.76])  # of the frame around the mouse
DISTANCES = 1, 2, 3, 4, 6, 8, 12, 16  # of the outlier, straight below the centre
UNSURE = 0.9  # a sample whose largest responsibility is smaller belongs to no component for sure
ELLIPSE, SAMPLES, CORE = 2, 500, 0.1  # standard deviations; drawn from the fitted mixture; radius of the head's middle
by_value = attrgetter('value')


def fit_of(value, memberships, history):
    order = number_by_part((history[-1][0] - CORNER) / SIZE).argsort()
    history = [[values[order] for values in parameters] for parameters in history]
    return SimpleNamespace(value=value, history=history, parameters=history[-1], centres=history[-1][0],
                           memberships=memberships[:, order], clusters=memberships[:, order].argmax(axis=1))


def descend(X, centroids):
    """K-means from these centroids until none moves."""
    K, history = len(centroids), [[centroids]]
    while len(history) < 2 or not np.array_equal(history[-1], history[-2]):
        Z = compute_Z(X, K, history[-1][0])
        history.append([recompute_centroids(X, K, Z)])
    return fit_of(wcss(X, K, Z, history[-1][0]), Z, history)


def climb(X, parameters, eps=TIGHT, restrict=lambda *parameters: parameters):
    """EM from means, sigmas and weights by the stopping rule of em(). The value is -inf if a component collapses."""
    history, values, (memberships, _) = [parameters], [], e_step(X, *parameters)
    try:
        while len(values) < 3 or abs(values[-1] - values[-2]) >= eps:
            history.append(restrict(*update_parameters(X, *history[-1], memberships)))
            memberships, log_p = e_step(X, *history[-1])
            values.append(log_p.sum())
    except np.linalg.LinAlgError:
        values.append(-np.inf)
    return fit_of(values[-1], memberships, history)


def random_fit(method, X, K, rng):
    """From a random start, drawn as kmeans() and em() draw it."""
    if method is kmeans:
        return descend(X, X[rng.choice(len(X), size=K, replace=False)])
    return climb(X, (rng.random_sample((K, 2)), np.tile(VARIANCE * np.eye(2), (K, 1, 1)), np.full(K, 1 / K)), EPS)


def random_fits(method, X, K, starts):
    return [random_fit(method, X, K, np.random.RandomState(seed)) for seed in range(starts)]


def table(e, fit):
    """How many samples of head, left ear, right ear and noise (rows) are in each cluster (columns)."""
    return np.array([np.bincount(fit.clusters[:len(e.X)][e.parts == part], minlength=len(fit.centres))
                     for part in range(4)])


def ari(e, fit):
    """Adjusted Rand index with the labels of head and ears; NaN for a fit that has collapsed."""
    counts = table(e, fit)[:3]
    both, rows, columns, total = (np.sum(n * (n - 1) / 2) for n in  # pairs of samples
                                  (counts, counts.sum(axis=1), counts.sum(axis=0), counts.sum()))
    expected = rows * columns / total
    return (both - expected) / ((rows + columns) / 2 - expected) if fit.value > -np.inf else np.nan


def widths(sigmas):
    """Of each component, the root of the mean of its two variances."""
    return np.sqrt(np.trace(sigmas, axis1=1, axis2=2) / 2)


def runs_of_main(e, add):
    """What main.main() fits, and the same again from the same random numbers, step by step."""
    np.random.seed(main.SEED)
    with contextlib.redirect_stdout(None):
        runs = [kmeans(e.X, K, main.MAX_ITER_KMEANS)[2] for K in (main.K, main.K_TASK_8)]
        runs.append(em(e.X, main.K, main.MAX_ITER_EM)[2])
    rng = np.random.RandomState(main.SEED)
    e.three, e.five = (random_fit(kmeans, e.X, K, rng) for K in (main.K, main.K_TASK_8))
    e.em = random_fit(em, e.X, main.K, rng)
    for values, fit, times in zip(runs, (e.three, e.five, e.em), (2, 2, 1)):
        assert len(values) == times * (len(fit.history) - 1) and abs(values[-1] - fit.value) < 1e-9
    rises = np.diff(runs[2])
    assert rises.min() > 0 and rises[-1] < EPS
    add(0, NumSamples=len(e.X), Num=np.bincount(e.parts), Seed=main.SEED, KThree=main.K, KFive=main.K_TASK_8,
        MaxIterKmeans=main.MAX_ITER_KMEANS, MaxIterEm=main.MAX_ITER_EM, ThreeIter=len(runs[0]) / 2,
        FiveIter=len(runs[1]) / 2, EmIter=len(runs[2]), EllipseLevel=ELLIPSE)
    add(2, ThreeFirst=runs[0][0], FiveFirst=runs[1][0], EmFirst=runs[2][0], EmLogLik=e.em.value)
    add(4, ThreeWcss=e.three.value, FiveWcss=e.five.value, EmLastChange=rises[-1])


def random_starts(e, add):
    """What many random starts find, and by that the choice of K."""
    hard = {K: random_fits(kmeans, e.X, K, STARTS) for K in range(1, 6)}
    soft = {K: random_fits(em, e.X, K, STARTS if K == 3 else CHOICE_STARTS) for K in range(1, 6)}
    e.two, e.single = min(hard[2], key=by_value), soft[1][0]
    partitions = [len({frozenset(map(bytes, fit.memberships.T)) for fit in hard[K]}) for K in (3, 5)]
    assert partitions[0] == 1
    assert all(sorted(table(e, fit)[1:3].max(axis=0)) == [0, 0, 0, 100, 100] for fit in hard[5])  # no ear is split
    tight = [climb(e.X, fit.parameters) for fit in soft[3]]
    e.tight = max(tight, key=by_value)
    assert min(fit.value for fit in tight) > e.tight.value - 1e-5
    (seed, plateau), = [(seed, fit) for seed, fit in enumerate(soft[3]) if fit.value < e.tight.value - 0.02]
    soft[3].remove(plateau)
    three, five, iterations = ([len(fit.history) - 1 for fit in fits] for fits in (hard[3], hard[5], soft[3]))
    add(0, ThreeIterMax=max(three), FiveIterMax=max(five), EmIterMin=min(iterations), EmIterMax=max(iterations))
    e.wcss = np.array([min(hard[K], key=by_value).value for K in hard])
    large = {K: [fit for fit in soft[K] if fit.parameters[2].min() >= SMALLEST_SHARE] for K in soft}
    optima = np.array([climb(e.X, max(large[K], key=by_value).parameters).value for K in soft])
    e.bic, saved = (6 * np.array(list(soft)) - 1) * np.log(len(e.X)) - 2 * optima, -np.diff(e.wcss)
    assert e.bic.argmin() == 2 and (saved[:-1] / saved[1:]).argmax() == 1
    add(0, NumStarts=STARTS, ChoiceStarts=CHOICE_STARTS, SmallestShare=100 * SMALLEST_SHARE, StopSeed=seed,
        FivePartitions=partitions[1], StopIter=len(plateau.history) - 1, BicThree=e.bic[2])
    add(1, IsolationDistance=np.sqrt(saved[1]))
    add(2, StopLogLik=plateau.value, SavedThree=saved[1], SavedFour=saved[2], WcssTwo=e.wcss[1], KmWcss=e.wcss[2])
    add(4, FiveWcssMin=e.wcss[4], FiveWcssMax=max(hard[5], key=by_value).value, EmTight=e.tight.value)


def parameters(e, add):
    """EM's way, and its parameters before and after."""
    means, sigmas, weights = (np.array(values) for values in zip(*e.em.history))
    gamma, _ = e_step(e.X, *e.em.history[0])
    assert np.abs(means[1] - e.single.centres).max() < 0.02 and np.all(weights[0] == 1 / 3)
    assert means[10, 1, 0] < means[10, 0, 0] < means[10, 2, 0] and weights[20, 0] < 0.4 < weights[25, 0]
    assert np.all(widths(sigmas[-1])[1:] < widths(sigmas[20])[1:] / 2)
    received = np.array([e.em.memberships[e.parts == part].sum(axis=0) for part in range(4)])
    add(1, EmInitVar=VARIANCE, HeadFromNoise=received[3, 0], HeadFromEars=received[1:3, 0].sum(),
        HeadToEars=received[0, 1:].sum(), WidthRatio=widths(sigmas[-1])[0] / widths(sigmas[-1]),
        EllipseMass=100 - 100 * np.exp(-ELLIPSE**2 / 2))
    add(2, LogLikSingle=e.single.value, GammaMin=gamma.min(), GammaMax=gamma.max(),
        Share=np.bincount(e.parts)[:3] / len(e.X))
    add(3, EmFitVarX=1e3 * sigmas[-1, :, 0, 0], EmFitVarY=1e3 * sigmas[-1, :, 1, 1],
        EmFitCov=1e3 * sigmas[-1, :, 0, 1], EmWidth=widths(sigmas[-1]))
    add(4, EmInitX=means[0, :, 0], EmInitY=means[0, :, 1], EmFitX=means[-1, :, 0], EmFitY=means[-1, :, 1],
        EmFitW=weights[-1])


def clusters(e, add):
    """Who is in which cluster, and why K-means cuts the head."""
    km, five, mixture, tight = (table(e, fit) for fit in (e.three, e.five, e.em, e.tight))
    pieces = np.sort(five[0, five[1:3].sum(axis=0) == 0])
    assert km[1, 1] == km[2, 2] == 100 and tight[0, 0] == 290 and tight[1, 1] + tight[2, 2] == 199
    head, *ears = e.three.centres
    assert all(np.linalg.norm((head + ear) / 2 - CENTRE) < 0.2 for ear in ears)  # the midpoints lie inside the head
    true_means, Z = recompute_centroids(e.X, 4, np.eye(4)[e.parts])[:3], np.eye(3)[e.em.clusters]
    add(0, KmHeadLost=km[0, 1:].sum(), KmHeadIn=km[0], KmHeadLostShare=100 * km[0, 1:].sum() / 290,
        EmHeadLost=290 - mixture[0, 0], EmEarsLost=200 - mixture[1, 1] - mixture[2, 2], EmNoiseInHead=mixture[3, 0],
        EmNoiseInEars=mixture[3, 1:].sum(), FiveHeadSmall=pieces[0], FiveHeadMiddle=pieces[1],
        FiveHeadLarge=pieces[2], FiveHeadInEars=290 - pieces.sum(),
        TrueMeansHeadLost=np.sum(closest_centroid(e.X[e.parts == 0], true_means) > 0),
        Unsure=np.sum(e.em.memberships.max(axis=1) < UNSURE))
    add(1, UnsureLevel=UNSURE)
    add(2, EmWcss=wcss(e.X, 3, Z, recompute_centroids(e.X, 3, Z)))
    add(3, KmAri=ari(e, e.three), KmFiveAri=ari(e, e.five), EmAri=ari(e, e.em))


def noise(e, add):
    """What the noise points do, and what can find them."""
    X, is_noise = e.X, e.parts == 3
    _, log_p = e_step(X, *e.em.parameters)
    assert is_noise[log_p.argsort()[:10]].all() and np.diff(np.sort(log_p)).argmax() != 9
    distances = np.min([squared_distances(X, centroid) for centroid in e.three.centres], axis=0)
    fourth = np.column_stack((e.tight.memberships * ~is_noise[:, np.newaxis], is_noise))
    fourth = climb(X, update_parameters(X, np.zeros((4, 2)), np.zeros((4, 2, 2)), np.zeros(4), fourth))
    pairs = (descend(X[~is_noise], e.three.centres), e.three), (climb(X[~is_noise], e.tight.parameters), e.tight)
    assert [np.sum(clean.clusters != fit.clusters[~is_noise]) for clean, fit in pairs] == [0, 1]
    moves = [np.linalg.norm(clean.centres - fit.centres, axis=1).max() for clean, fit in pairs]
    shrunk = 100 - 100 * np.diagonal(pairs[1][0].parameters[1] / e.tight.parameters[1], axis1=1, axis2=2)
    assert shrunk.min() > 0
    add(0, KmFarNoise=is_noise[distances.argsort()[-10:]].sum(), ShrinkMax=shrunk.max(),
        FourthKeeps=table(e, fourth)[3, 3])
    add(1, NoiseGain=fourth.value - e.tight.value, Price=3 * np.log(len(X)))
    add(3, CentreMove=max(moves))


def outliers(e, add):
    """One outlier straight below: what random starts do, the least WCSS, and how far EM's good fit lasts."""
    e.outliers, e.followed, alone, collapsed, good = {}, [], {}, {}, e.tight
    for distance in DISTANCES:
        X = np.vstack((e.X, CENTRE - (0, distance)))
        hard, soft = (random_fits(method, X, 3, OUTLIER_STARTS) for method in (kmeans, em))
        least = min(*hard, descend(X, e.three.centres), descend(X, np.vstack((e.two.centres, X[-1]))), key=by_value)
        alone[distance] = [np.sum(fit.clusters == fit.clusters[-1]) == 1 for fit in (least, *hard)]
        collapsed[distance] = [fit.parameters[2].min() * len(X) for fit in soft if fit.value == -np.inf]
        assert all(size < 2.01 for size in collapsed[distance])  # the outlier and at most one other sample
        e.outliers[distance] = [ari(e, fit) for fit in hard], [ari(e, fit) for fit in soft], ari(e, least)
        assert alone[distance][0] == (distance > 3) and (len(collapsed[distance]) == OUTLIER_STARTS or distance < 3)
    for distance in np.arange(0.25, DISTANCES[-1], 0.25):
        good = climb(np.vstack((e.X, CENTRE - (0, distance))), good.parameters)
        if good.value == -np.inf:
            break
        e.followed.append((distance, ari(e, good)))
    add(0, OutStarts=OUTLIER_STARTS, CollapsedTwo=len(collapsed[2]), IsolatedTwelve=sum(alone[12][1:]),
        IsolatedSixteen=sum(alone[16][1:]),
        IsolatedEight=max(sum(alone[distance][1:]) for distance in DISTANCES[:6]))
    add(1, GoodUntil=e.followed[-1][0])


def round_refits(e, add):
    """Round components, of their own widths or of one, with free weights or equal ones."""
    for name, own, free in ('OwnFree', 1, 1), ('OwnEqual', 1, 0), ('OneFree', 0, 1), ('OneEqual', 0, 0):
        def restrict(means, sigmas, weights, own=own, free=free):
            variances = widths(sigmas)**2 if own else np.full(3, weights @ widths(sigmas)**2)
            return means, variances[:, np.newaxis, np.newaxis] * np.eye(2), weights if free else np.full(3, 1 / 3)

        fit = climb(e.X, e.tight.parameters, TIGHT, restrict)
        bic = (7 + 2 * own + 2 * free) * np.log(len(e.X)) - 2 * fit.value  # 6 entries of means, 1 or 3 widths, ...
        add(0, **{f'{name}Bic': bic})
        add(1, **{f'{name}LogLik': fit.value})
        add(3, **{f'{name}Ari': ari(e, fit)})


def samples(e, add):
    """Ancestral samples, and where the head ends."""
    means, sigmas, weights = e.em.parameters
    rng = np.random.RandomState(main.SEED)
    e.components = np.searchsorted(np.cumsum(weights)[:-1], rng.random_sample(SAMPLES), side='right')
    factors, normal = np.linalg.cholesky(sigmas)[e.components], rng.standard_normal((SAMPLES, 2, 1))
    e.samples = means[e.components] + (factors @ normal)[:, :, 0]
    e.edge = np.sqrt(squared_distances(e.X[e.parts == 0], CENTRE).max())
    spilt = (e.components == 0) & (squared_distances(e.samples, CENTRE) > e.edge**2)
    heads, core = e.X[e.parts == 0], 1 - np.exp(-CORE**2 / 2 / widths(sigmas)[0]**2)  # the mass there, taken as round
    add(0, Drawn=np.bincount(e.components), NumDrawn=SAMPLES, Spilt=spilt.sum(), CoreExpected=core * len(heads),
        CoreSeen=np.sum(squared_distances(heads, means[0]) < CORE**2))
    add(1, CoreRadius=CORE)
    add(3, Edge=e.edge)


def gather():
    """The evidence, and every number of the text: macro name -> text."""
    x, y, labels = load_data(main.DATA)
    e = SimpleNamespace(X=np.stack((x, y), axis=1), parts=np.array([list(NAMES).index(label) for label in labels]))
    numbers = {name: f'10^{{{np.log10(eps):.0f}}}' for name, eps in (('EpsEm', EPS), ('EpsTight', TIGHT))}

    def add(digits, **values):
        """A macro for each value; where there are several, one for each part, named at its end."""
        for name, value in values.items():
            parts = ('Head', 'Left', 'Right', 'Noise') if np.ndim(value) else ('',)
            numbers.update({name + part: f'{x:.{digits}f}' for part, x in zip(parts, np.atleast_1d(value))})

    for study in runs_of_main, random_starts, parameters, clusters, noise, outliers, round_refits, samples:
        study(e, add)
    return e, numbers
