"""The numbers of the report, a macro each, and the checks of what its text says in words.

One function a section; each takes the evidence and `add(format, macro=value, ...)`.
"""
import numpy as np

import main
from em import e_step
from k_means import closest_centroid, compute_Z, recompute_centroids, squared_distances, wcss
from studies import (CENTRE, EM_EPS, EM_VARIANCE, OUTLIER_COUNTS, OUTLIER_DISTANCES, RESTARTS, SAMPLES, SEEDS,
                     SHRINKING, SMALLEST_SHARE, TIGHT_EPS, adjusted_rand_index, climb, contingency, descend, em_starts,
                     kmeans_starts, mass_outside, require)

SHORT = ('Head', 'Left', 'Right', 'Noise')  # in the names of macros
UNSURE = 0.9  # a sample whose largest responsibility is below belongs to no component for sure
ELLIPSE = 2  # standard deviations
STRIP = 1, 10, 20, 25, -1  # iterations of EM in the figure of its climb: the second to the fourth around its steps


def numbers_of(evidence):
    """Every number of the text: macro name -> string; stops where a claim does not hold."""
    numbers = {}

    def add(form='d', **values):
        """A macro for each value; one for each part, its name at the end, where there are several. Strings stay."""
        for name, value in values.items():
            for part, number in zip(SHORT, value) if np.ndim(value) else [('', value)]:
                macro = name + part
                require(macro.isalpha() and macro not in numbers, f'{macro} is a new macro of letters')
                numbers[macro] = number if isinstance(number, str) else format(number, form)

    for section in (runs_of_main, choice_of_K, random_starts, climb_of_em, parameters_of_em, clusters,
                    cut_head, noise, outliers_in_kmeans, outliers_in_em, limit_of_gamma, samples):
        section(evidence, add)
    return numbers


def power_of_ten(value):
    """A power of ten as LaTeX writes it."""
    return f'10^{{{round(np.log10(value))}}}'


def ari(e, fit):
    """Agreement of a fit, also of one to further samples, with the labels of head and ears; NaN if it has no value."""
    clean = np.flatnonzero(~e.noise)
    return adjusted_rand_index(e.parts[clean], fit.clusters[clean]) if fit.value > -np.inf else np.nan


def outlier_aris(e, name):
    """The agreement of the outliers' fits of that name, shape (counts, distances)."""
    return np.reshape([ari(e, getattr(study, name)) for study in e.outliers.values()], (len(OUTLIER_COUNTS), -1))


def runs_of_main(e, add):
    """The data, what main.py chooses, and the three runs that it shows."""
    three, five, mixture = (run.objective for run in (e.three, e.five, e.mixture))
    rises = np.diff(mixture)
    add(NumSamples=len(e.X), Num=np.bincount(e.parts), NumSeeds=SEEDS, Seed=main.SEED, KThree=main.K,
        KFive=main.K_TASK_8, MaxIterKmeans=main.MAX_ITER_KMEANS, MaxIterEm=main.MAX_ITER_EM,
        ThreeIter=len(three) // 2, FiveIter=len(five) // 2, EmIter=len(mixture))
    add('.2f', ThreeWcssFirst=three[0], FiveWcssFirst=five[0], EmLogLikFirst=mixture[0], EmLogLik=mixture[-1])
    add('.4f', ThreeWcss=three[-1], FiveWcss=five[-1], EmLastChange=rises[-1])
    require([len(run.centres) for run in (e.three, e.five, e.mixture)] == [3, 5, 3], 'K is 3, 5 and 3')
    require(np.all(np.diff(three) < 1e-12) and np.all(np.diff(five) < 1e-12), 'the WCSS never rises')
    require(np.all(rises > 0), 'the log-likelihood never falls')
    require(0 < rises[-1] < EM_EPS < rises[-2], 'the stopping rule ends the run')
    require(max(len(three), len(five)) < 2 * main.MAX_ITER_KMEANS and len(mixture) < main.MAX_ITER_EM,
            'the runs of main.py converge')


def choice_of_K(e, add):
    """WCSS, BIC and what a further component gains."""
    c = e.choice
    saved, gains, price = -np.diff(c.wcss), np.diff(c.log_likelihoods), 3 * np.log(len(e.X))
    gain_of_triple = c.triple.value - e.tight.value
    add('.2f', WcssDropThree=saved[1], WcssDropFour=saved[2])
    add('.1f', BicAtTwo=c.bic[1], BicAtThree=c.bic[2], BicAtFour=c.bic[3], PriceOfComponent=price, GainThree=gains[1],
        GainFour=gains[2], TripleGain=gain_of_triple)
    add('g', SmallestShare=100 * SMALLEST_SHARE)
    require(np.all(saved > 0), 'the WCSS falls with every further cluster')
    require(np.all(np.diff(saved) < 0) and np.argmax(saved[:-1] / saved[1:]) == 1, 'the elbow is at K = 3')
    require(np.argmin(c.bic) == 2 and np.all((gains > price) == (c.K[1:] <= 3)), 'the BIC is smallest at K = 3')
    require(gain_of_triple > price and abs(c.triple.parameters[2].min() * len(e.X) - 3) < 0.1,
            'a component on three samples pays')


def random_starts(e, add):
    """What many random starts find."""
    three, five, mixture = e.random
    iterations = np.array([[len(run.objective) for run in runs] for runs in e.random]) // [[2], [2], [1]]
    fewest, most = iterations.min(axis=1), iterations.max(axis=1)
    require(np.all(most < [main.MAX_ITER_KMEANS, main.MAX_ITER_KMEANS, main.MAX_ITER_EM]), 'every run converges')
    require(all(np.array_equal(compute_Z(e.X, len(run.centres), run.centres), run.memberships) for run in three + five),
            'K-means ends in a local optimum')
    # A partition is a set of clusters, in no order
    partitions = [len({frozenset(map(bytes, run.memberships.T)) for run in runs}) for runs in (three, five)]
    require(partitions[0] == 1, 'K-means, K = 3: one optimum')
    require(abs(min(run.value for run in three) - e.choice.wcss[2]) < 1e-9, 'it is the best known')
    ends, tight = [run.value for run in five], [climb(e.X, run.memberships).value for run in mixture]
    add(ThreeIterMin=fewest[0], ThreeIterMax=most[0], FiveIterMin=fewest[1], FiveIterMax=most[1], EmIterMin=fewest[2],
        EmIterMax=most[2], FivePartitions=partitions[1], EpsEm=power_of_ten(EM_EPS), EpsTight=power_of_ten(TIGHT_EPS))
    add('.4f', FiveWcssMin=min(ends), FiveWcssMax=max(ends), EmTight=max(tight))
    tables = np.array([contingency(e.parts, run.clusters) for run in five])
    majority = np.sort(np.argmax(tables, axis=1), axis=1)
    require(np.all(majority == [0, 0, 0, 1, 2]), 'K = 5: three clusters of the head and one for each ear, each seed')
    require(np.all(tables[:, 1:3].max(axis=2) == 100), 'K = 5: no ear is split, whatever the seed')
    require(np.ptp(tight) < 1e-5, 'EM, K = 3: one optimum, once run to the end')
    require(max(tight) > e.choice.log_likelihoods[2] - 1e-5, 'it is the best known')
    again = [climb(e.X, start, eps=EM_EPS).value for start in em_starts(e.X, main.K)]
    require(np.allclose(again, [run.value for run in mixture[:RESTARTS]], rtol=0, atol=1e-6), 'climb does what em does')


def climb_of_em(e, add):
    """EM parts its components, then shrinks two of them."""
    single, rises = e.choice.mixtures[1], np.diff(e.mixture.objective)
    gamma, _ = e_step(e.X, *e.mixture.history[0])
    add('.2f', LogLikSingle=single.value, GammaMin=gamma.min(), GammaMax=gamma.max())
    means, sigmas, weights = (np.array(values) for values in zip(*e.mixture.history))
    require(np.abs(means[1] - single.parameters[0]).max() < 0.02
            and np.abs(sigmas[1] - single.parameters[1]).max() < 0.001,
            'after the first M-step all components are nearly the Gaussian of all data')
    peaks = (rises[1:-1] > rises[:-2]) & (rises[1:-1] > rises[2:])
    require(peaks.sum() == 2, 'the log-likelihood has two steep parts')
    first, second = np.flatnonzero(peaks) + 3  # the iterations that rise most
    _, apart, before, after, _ = STRIP
    require(first <= apart < before < second <= after, 'the strip shows both')
    x = means[apart, :, 0]
    require(x[2] == x.max() and x[1] == x.min() and np.ptp(x) > 0.15, 'first one moves right and one left')
    sizes = np.trace(sigmas, axis1=2, axis2=3)
    require(weights[before, 0] < 0.4 < weights[after, 0], 'then the third takes over the head')
    require(np.all(sizes[-1, 1:] < sizes[before, 1:] / 4), 'the others shrink to the ears')


def parameters_of_em(e, add):
    """The parameters of EM, in the order of the parts."""
    means, _, weights = e.mixture.history[0]
    require(np.all(weights == 1 / 3), 'the initial weights are 1/3')
    thousandths, deviation = 1e3 * e.sigmas, np.sqrt(np.trace(e.sigmas, axis1=1, axis2=2) / 2)
    received = np.bincount(e.parts, e.gamma[:, 0])  # by the head, from each part
    add('.4f', EmInitX=means[:, 0], EmInitY=means[:, 1], EmFitX=e.means[:, 0], EmFitY=e.means[:, 1], EmFitW=e.weights)
    add('.3f', EmFitVarX=thousandths[:, 0, 0], EmFitVarY=thousandths[:, 1, 1], EmFitCov=thousandths[:, 0, 1],
        EmDev=deviation)
    add('.2f', Share=np.bincount(e.parts)[:3] / len(e.X))
    add('.1f', EmInitVar=EM_VARIANCE, DevRatio=deviation[0] / deviation[1:].mean(), HeadFromNoise=received[3],
        HeadFromEars=received[:3].sum() - np.sum(e.parts == 0))
    require(round(e.weights[0] / e.weights[1:].mean()) == 3, 'the head is thrice as heavy as an ear')


def clusters(e, add):
    """Who is in which cluster."""
    km, em, five = (contingency(e.parts, run.clusters) for run in (e.three, e.mixture, e.five))
    small, middle, large = np.sort(five[0, np.argmax(five, axis=0) == 0])  # the clusters of the head
    add(KmHeadLost=km[0, 1:].sum(), KmHeadInLeft=km[0, 1], KmHeadInRight=km[0, 2],
        EmHeadLost=em[0, 1:].sum(), EmEarsLost=em[1:3].sum() - em[1, 1] - em[2, 2],
        EmNoiseInHead=em[3, 0], EmNoiseInEars=em[3, 1:].sum(), FiveHeadSmall=small, FiveHeadMiddle=middle,
        FiveHeadLarge=large, FiveHeadInEars=five[0].sum() - small - middle - large)
    add('.0f', KmHeadLostShare=100 * km[0, 1:].sum() / km[0].sum())
    add('.3f', KmAri=ari(e, e.three), EmAri=ari(e, e.mixture), KmFiveAri=ari(e, e.five))
    require(km[1, 1] == km[1].sum() and km[2, 2] == km[2].sum(), 'K-means loses no ear sample')


def cut_head(e, add):
    """Why K-means cuts the head."""
    head, ears = e.three.centres[0], e.three.centres[1:]
    middles = (head + ears) / 2 - e.means[0]  # seen from EM's mean of the head
    gaps = np.sum(middles * (ears - head), axis=1) / np.linalg.norm(ears - head, axis=1)
    add('.3f', HeadRadius=e.disk, GapLeft=gaps[0], GapRight=gaps[1])
    require(np.all((0 < gaps) & (gaps < e.disk)), 'the boundary of K-means cuts the disk of the head')
    require(np.linalg.norm(middles, axis=1).max() < e.disk, 'the midpoint lies inside the head')
    true_means = recompute_centroids(e.X, 4, np.eye(4)[e.parts])[:3]
    add(TrueCentresHeadLost=np.sum(closest_centroid(e.X[e.parts == 0], true_means) > 0), EllipseLevel=ELLIPSE)
    Z = np.eye(3)[e.mixture.clusters]
    of_em, of_kmeans = wcss(e.X, 3, Z, recompute_centroids(e.X, 3, Z)), e.three.value
    add('.2f', EmWcss=of_em, KmWcss=of_kmeans)
    require(of_em > of_kmeans, 'the WCSS of the better clustering is larger')
    add('.1f', EllipseMass=100 * (1 - np.exp(-ELLIPSE**2 / 2)))


def noise(e, add):
    """What the noise points do."""
    require(e.noise[np.argsort(e.log_p)[:e.noise.sum()]].all(), 'the samples of lowest density are the noise')
    unsure = e.gamma.max(axis=1) < UNSURE
    require(np.all(e.gamma[unsure].argmin(axis=1) > 0), 'where EM is unsure, the head competes')
    distances = [squared_distances(e.X[unsure], mean) for mean in e.means[1:]]
    require(np.min(distances, axis=0).max() < 0.2**2, 'EM is unsure around the ears')
    add('g', UnsureLevel=UNSURE, UnsureSamples=unsure.sum())
    km_move, em_move = (np.linalg.norm(clean.centres - fit.centres, axis=1).max()
                        for clean, fit in ((e.clean_kmeans, e.three), (e.clean, e.tight)))
    shrinkage = 100 - 100 * np.divide(*(np.trace(fit.parameters[1], axis1=1, axis2=2) for fit in (e.clean, e.tight)))
    add('.3f', CleanKmMove=km_move, CleanEmMove=em_move)
    add('.0f', CleanVar=shrinkage)
    clean = e.X[~e.noise]
    require(e.clean_kmeans.value < min(descend(clean, start).value for start in kmeans_starts(clean, main.K)) + 1e-9,
            'K-means without the noise: the best known')
    require(np.all(e.clean_kmeans.clusters == e.three.clusters[~e.noise]), 'K-means: no other sample changes')
    require(np.sum(e.clean.clusters != e.tight.clusters[~e.noise]) == 1, 'EM: one other sample changes')
    require(np.all(shrinkage > 0), 'without the noise every variance is smaller')


def outliers_in_kmeans(e, add):
    """A centroid for an outlier."""
    o, c = e.outliers, e.choice
    price, aris, aris_random = c.wcss[1] - c.wcss[2], outlier_aris(e, 'kmeans'), outlier_aris(e, 'kmeans_random')
    distances = dict(zip(('OutOne', 'OutTwo', 'OutFour', 'OutEight'), OUTLIER_DISTANCES[1:]))
    add('g', OutFew=OUTLIER_COUNTS[1], OutMany=OUTLIER_COUNTS[2], **distances, RingX=CENTRE[0], RingY=CENTRE[1])
    add('.1f', IsolationPrice=price, IsolationDistance=np.sqrt(price))
    add('.2f', WcssTwo=c.wcss[1], IsolatedAri=aris[0, -1])
    single = [o[1, d] for d in OUTLIER_DISTANCES]
    require([np.sum(s.kmeans.clusters == s.kmeans.clusters[-1]) == 1 for s in single] == [False] * 3 + [True] * 3,
            'K-means isolates a single outlier between the distances 2 and 4')
    excess = np.reshape([s.kmeans_random.value - s.kmeans.value for s in o.values()], aris.shape)
    require(np.all((excess[0] > 1) == [False] * 3 + [True, True, False]), 'at 4 and 8 the random starts miss it')
    require(np.mean((aris_random > aris + 0.1)[excess > 0.1]) > 0.5,
            'where random starts of K-means miss the best WCSS, the ARI is often better')
    head, left, right, _ = contingency(e.parts, o[1, 16].kmeans.clusters[:len(e.X)]) > 0
    require(left.sum() == right.sum() == 1 and np.all(head == left ^ right), 'each ear gets a part of the head')
    require(np.all(aris[1:, 3:] == 0), 'several outliers: at 4 and farther the mouse is one cluster')
    require(np.all(aris[:, :3] > 0.4), 'up to the distance 2 the mouse keeps several clusters')


def outliers_in_em(e, add):
    """A component for the outliers, and the collapse onto a single one."""
    o, aris, aris_random = e.outliers, outlier_aris(e, 'em'), outlier_aris(e, 'em_random')
    require(np.all(np.isnan(aris[0]) == [False] * 4 + [True] * 2), 'one outlier: a fit up to 4')
    require(np.all(np.isnan(aris_random[0]) == [False] * 2 + [True] * 4), 'at random: up to 1')
    require(np.all(aris[0, :4] > 0.97), 'these fits are good')
    add('.1f', WarmGrowth=o[1, 4].em.parameters[1][0, 1, 1] / e.sigmas[0, 1, 1])
    for distance in OUTLIER_DISTANCES[3:]:
        data = o[1, distance].data
        ends = [climb(data, start, eps=EM_EPS) for start in em_starts(data, main.K)]
        for end in ends + ([climb(data, e_step(data, *e.fitted)[0])] if distance > 4 else []):
            k = np.argmin(end.parameters[2])
            require(end.value == -np.inf and abs(end.parameters[2][k] * len(data) - 1) < 1e-6
                    and squared_distances(end.centres[k], data[-1]) < 1e-12, 'it collapses onto the outlier')
    require(aris[1, 1] > 0.97 and aris_random[1, 1] < 0.6, 'five outliers at 1: random starts miss the good optimum')
    merged = [o[count, d] for count in OUTLIER_COUNTS[1:] for d in OUTLIER_DISTANCES[1:] if (count, d) != (5, 1)]
    for s in merged:
        head, left, right, _ = contingency(e.parts, s.em.clusters[:len(e.X)]) > 0
        require(head.sum() == left.sum() == 1 and np.all(head == right) and np.any(head != left),
                'head and right ear are merged, whole')
        require(abs(s.em.value - s.em_random.value) < 1e-4, 'the random starts find that, too')
    add('.2f', MergedAri=aris[1, 2])


def limit_of_gamma(e, add):
    """z is the limit of gamma."""
    for name, s in zip('ABCD', SHRINKING):
        gamma, _ = e_step(e.X, e.three.centres, s * np.tile(np.eye(2), (3, 1, 1)), np.full(3, 1 / 3))
        require(np.all(gamma.argmax(axis=1) == e.three.clusters), 'the largest gamma is where z is 1')
        add('.4f', **{f'Shrink{name}': power_of_ten(s), f'ShrinkGamma{name}': gamma.max(axis=1).mean()})


def samples(e, add):
    """Samples from the fitted mixture."""
    spilt = (e.components == 0) & (squared_distances(e.samples, e.means[0]) > e.disk**2)
    x, y = e.samples[spilt].T
    require(np.any((x > e.means[1, 0]) & (x < e.means[2, 0]) & (y > e.means[1:, 1].mean())),
            'head samples spill into the gap between the ears')
    add(NumDrawn=SAMPLES, Drawn=np.bincount(e.components), OutsideDrawn=spilt.sum())
    add('.0f', OutsideShare=100 * mass_outside(e.sigmas[0], e.disk))
