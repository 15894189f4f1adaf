"""The numbers of the report, a macro each, and the checks of what its text says in words.

One function a section; each takes the evidence and `add(name, value, format)`.
"""
import numpy as np

import main
import utils
from em import e_step
from k_means import closest_centroid, squared_distances
from studies import (EM_EPS, EM_VARIANCE, LABELS, OUTLIER_COUNTS, OUTLIER_DISTANCES, CENTRE, RESTARTS, SAMPLES, SEEDS,
                     SHRINKING, SMALLEST_SHARE, TIGHT_EPS, adjusted_rand_index, climb, mass_outside, parts_of, require,
                     seeded, start_of_em)

SHORT = ('Head', 'Left', 'Right', 'Noise')  # in the names of macros
UNSURE = 0.9  # a sample whose largest responsibility is below belongs to no component for sure
ELLIPSE = 2  # standard deviations


def numbers_of(evidence):
    """Every number of the text: macro name -> string; stops where a claim does not hold."""
    numbers = {}

    def add(name, value, form='d'):
        require(name.isalpha() and name not in numbers, f'{name} is a new macro of letters')
        numbers[name] = value if isinstance(value, str) else format(value, form)

    for section in (choices, choice_of_K, random_starts, runs_of_main, climb_of_em, parameters_of_em, clusters,
                    cut_head, noise, outliers_in_kmeans, outliers_in_em, limit_of_gamma, samples):
        section(evidence, add)
    return numbers


def power_of_ten(value):
    """A power of ten as LaTeX writes it."""
    return f'10^{{{round(np.log10(value))}}}'


def choices(e, add):
    """The data, and what main.py chooses."""
    add('NumSamples', len(e.X))
    for label, short in zip(LABELS, SHORT):
        add(f'Num{short}', int(np.sum(e.labels == label)))
    add('Seed', main.SEED)
    add('KThree', main.K)
    add('KFive', main.K_TASK_8)
    add('MaxIterKmeans', main.MAX_ITER_KMEANS)
    add('MaxIterEm', main.MAX_ITER_EM)
    add('NumSeeds', SEEDS)


def choice_of_K(e, add):
    """WCSS, BIC and what a further component gains."""
    c = e.choice
    saved, gains, price = -np.diff(c.wcss), np.diff(c.log_likelihoods), 3 * np.log(len(e.X))
    add('WcssDropThree', saved[1], '.2f')
    add('WcssDropFour', saved[2], '.2f')
    for K, name in ((2, 'Two'), (3, 'Three'), (4, 'Four')):
        add(f'BicAt{name}', c.bic[K - 1], '.1f')
    add('PriceOfComponent', price, '.1f')
    add('GainThree', gains[1], '.1f')
    add('GainFour', gains[2], '.1f')
    add('SmallestShare', 100 * SMALLEST_SHARE, 'g')
    add('TripleGain', e.triple.value - e.tight.value, '.1f')
    require(np.all(saved > 0), 'the WCSS falls with every further cluster')
    require(np.all(np.diff(saved) < 0) and np.argmax(saved[:-1] / saved[1:]) == 1, 'the elbow is at K = 3')
    require(np.argmin(c.bic) == 2 and np.all((gains > price) == (c.K[1:] <= 3)), 'the BIC is smallest at K = 3')
    require(e.triple.value - e.tight.value > price and abs(e.triple.parameters[2][-1] * len(e.X) - 3) < 0.1,
            'a component on three samples pays')


def random_starts(e, add):
    """What many random starts find."""
    three, five, mixture = (e.stability[name] for name in ('three', 'five', 'em'))
    for name, study in (('Three', three), ('Five', five), ('Em', mixture)):
        add(f'{name}IterMin', min(study.iterations))
        add(f'{name}IterMax', max(study.iterations))
    require(len(three.partitions) == 1, 'K-means, K = 3: one optimum')
    require(abs(min(three.objectives) - e.choice.wcss[2]) < 1e-9, 'it is the best known')
    add('FivePartitions', len(five.partitions))
    add('FiveWcssMin', min(five.objectives), '.4f')
    add('FiveWcssMax', max(five.objectives), '.4f')
    tables = np.array(five.tables)
    majority = np.sort(np.argmax(tables, axis=2), axis=1)
    require(np.all(majority == [0, 0, 0, 1, 2]), 'K = 5: three clusters of the head and one for each ear, each seed')
    require(np.all(tables[:, :, 1:3].max(axis=1) == 100), 'K = 5: no ear is split, whatever the seed')
    add('EmTight', max(mixture.tight), '.4f')
    add('EpsEm', power_of_ten(EM_EPS))
    add('EpsTight', power_of_ten(TIGHT_EPS))
    require(np.ptp(mixture.tight) < 1e-5, 'EM, K = 3: one optimum, once run to the end')
    require(max(mixture.tight) > e.choice.log_likelihoods[2] - 1e-5, 'it is the best known')


def runs_of_main(e, add):
    """The three runs that main.py shows."""
    for name, values in (('Three', e.wcss), ('Five', e.five.result[2])):
        add(f'{name}Iter', len(values) // 2)
        add(f'{name}WcssFirst', values[0], '.2f')
        add(f'{name}Wcss', values[-1], '.4f')
        require(np.all(np.diff(values) < 1e-12), 'the WCSS never rises')
    values = e.mixture.result[2]
    add('EmIter', len(values))
    add('EmLogLikFirst', values[0], '.2f')
    add('EmLogLik', values[-1], '.2f')
    add('EmLastChange', values[-1] - values[-2], '.4f')
    require(np.all(np.diff(values) > 0), 'the log-likelihood never falls')
    require(0 < values[-1] - values[-2] < EM_EPS < values[-2] - values[-3], 'the stopping rule ends the run')
    for run in (e.three, e.five, e.mixture):
        require(len(run.result[2]) < run.max_iter, 'the runs of main.py converge')


def climb_of_em(e, add):
    """EM parts its components, then shrinks two of them."""
    X, values, history = e.X, e.mixture.result[2], e.history
    single = X.mean(axis=0), np.cov(X.T, bias=True)
    add('LogLikSingle', e_step(X, single[0][np.newaxis], single[1][np.newaxis], np.ones(1))[1].sum(), '.2f')
    gamma, _ = e_step(X, *history[0])
    add('GammaMin', gamma.min(), '.2f')
    add('GammaMax', gamma.max(), '.2f')
    means, sigmas, _ = history[1]
    require(np.abs(means - single[0]).max() < 0.02 and np.abs(sigmas - single[1]).max() < 0.001,
            'after the first M-step all components are nearly the Gaussian of all data')
    rises = np.diff(values)
    peaks = (rises[1:-1] > rises[:-2]) & (rises[1:-1] > rises[2:])
    require(peaks.sum() == 2, 'the log-likelihood has two steep parts')
    first, second = np.flatnonzero(peaks) + 3  # the iterations that rise most
    require(first <= 10 < 20 < second <= 25, 'the strip shows both')
    x = history[10][0][:, 0]
    require(x[2] == x.max() and x[1] == x.min() and np.ptp(x) > 0.15, 'first one moves right and one left')
    sizes = np.array([[np.trace(sigma) for sigma in parameters[1]] for parameters in history])
    require(history[20][2][0] < 0.4 < history[25][2][0], 'then the third takes over the head')
    require(np.all(sizes[-1, 1:] < sizes[20, 1:] / 4), 'the others shrink to the ears')


def parameters_of_em(e, add):
    """The parameters of EM, in the order of the parts."""
    for part, short in enumerate(SHORT[:3]):
        for name, (means, sigmas, weights) in (('Init', e.history[0]), ('Fit', e.fitted)):
            add(f'Em{name}X{short}', means[part, 0], '.4f')
            add(f'Em{name}Y{short}', means[part, 1], '.4f')
        add(f'EmFitW{short}', weights[part], '.4f')
        add(f'EmFitVarX{short}', 1e3 * sigmas[part, 0, 0], '.3f')  # in thousandths
        add(f'EmFitVarY{short}', 1e3 * sigmas[part, 1, 1], '.3f')
        add(f'EmFitCov{short}', 1e3 * sigmas[part, 0, 1], '.3f')
    require(np.all(e.history[0][2] == 1 / 3), 'the initial weights are 1/3')
    add('EmInitVar', EM_VARIANCE, '.1f')
    deviation = [np.sqrt(np.trace(sigma) / 2) for sigma in e.sigmas]
    for short, value, label in zip(SHORT, deviation, LABELS):
        add(f'EmDev{short}', value, '.3f')
        add(f'Share{short}', np.mean(e.labels == label), '.2f')
    add('DevRatio', 2 * deviation[0] / (deviation[1] + deviation[2]), '.1f')
    require(round(2 * e.weights[0] / (e.weights[1] + e.weights[2])) == 3, 'the head is thrice as heavy as an ear')
    received = np.array([e.gamma[e.labels == label, 0].sum() for label in LABELS])
    add('HeadFromNoise', received[3], '.1f')
    add('HeadFromEars', received[1] + received[2] - np.sum(e.labels == 'Head') + received[0], '.1f')


def clusters(e, add):
    """Who is in which cluster."""
    labels, noise = e.labels, e.noise
    own = np.array([LABELS.index(label) for label in labels])
    for method, parts in (('Km', e.kmeans_parts), ('Em', e.em_parts)):
        add(f'{method}HeadLost', int(np.sum((own == 0) & (parts != own))))
        add(f'{method}Ari', adjusted_rand_index(labels[~noise], parts[~noise]), '.3f')
    ears = (own == 1) | (own == 2)
    require(np.all(e.kmeans_parts[ears] == own[ears]), 'K-means loses no ear sample')
    add('EmEarsLost', int(np.sum(ears & (e.em_parts != own))))
    add('EmNoiseInHead', int(np.sum(noise & (e.em_parts == 0))))
    add('EmNoiseInEars', int(np.sum(noise & (e.em_parts > 0))))
    for part in (1, 2):
        add(f'KmHeadIn{SHORT[part]}', int(np.sum((labels == 'Head') & (e.kmeans_parts == part))))
    add('KmHeadLostShare', 100 * np.mean(e.kmeans_parts[labels == 'Head'] > 0), '.0f')
    add('KmFiveAri', adjusted_rand_index(labels[~noise], e.five_clusters[~noise]), '.3f')
    tables = np.array([[np.sum((e.five_clusters == k) & (labels == label)) for label in LABELS] for k in range(5)])
    head_clusters = np.sort(tables[np.argmax(tables, axis=1) == 0, 0])
    for name, size in zip(('Small', 'Middle', 'Large'), head_clusters):
        add(f'FiveHead{name}', int(size))
    add('FiveHeadInEars', int(np.sum(labels == 'Head') - head_clusters.sum()))


def cut_head(e, add):
    """Why K-means cuts the head."""
    X, labels = e.X, e.labels
    add('HeadRadius', e.disk, '.3f')
    head, *ears = e.centroids
    for short, ear in zip(('Left', 'Right'), ears):
        middle = (head + ear) / 2
        gap = (middle - e.means[0]) @ (ear - head) / np.sqrt(np.sum((ear - head)**2))
        add(f'Gap{short}', gap, '.3f')
        require(0 < gap < e.disk, 'the boundary of K-means cuts the disk of the head')
        require(np.sum((middle - e.means[0])**2) < e.disk**2, 'the midpoint lies inside the head')
    add('TrueCentresHeadLost', int(np.sum((labels == 'Head') & (closest_centroid(X, e.class_means) > 0))))
    centres = np.array([X[e.em_parts == k].mean(axis=0) for k in range(3)])
    add('EmWcss', np.sum((X - centres[e.em_parts])**2), '.2f')
    add('KmWcss', e.wcss[-1], '.2f')
    require(np.sum((X - centres[e.em_parts])**2) > e.wcss[-1], 'the WCSS of the better clustering is larger')
    add('EllipseLevel', str(ELLIPSE))
    add('EllipseMass', 100 * (1 - np.exp(-ELLIPSE**2 / 2)), '.1f')


def noise(e, add):
    """What the noise points do."""
    labels, noise = e.labels, e.noise
    require(noise[np.argsort(e.log_p)[:noise.sum()]].all(), 'the samples of lowest density are the noise')
    unsure = e.gamma.max(axis=1) < UNSURE
    rivals = np.sort(np.argsort(e.gamma[unsure], axis=1)[:, 1:], axis=1)  # the two largest
    require(np.all(rivals[:, 0] == 0), 'where EM is unsure, the head competes')
    distances = [squared_distances(e.X[unsure], mean) for mean in e.means[1:]]
    require(np.min(distances, axis=0).max() < 0.2**2, 'EM is unsure around the ears')
    add('UnsureLevel', UNSURE, 'g')
    add('UnsureSamples', int(unsure.sum()))
    in_order = e.clean_kmeans.centres[utils.order_by_part(e.clean_kmeans.centres)]
    for name, moves in (('Km', in_order - e.centroids), ('Em', e.clean.centres - e.tight.centres)):
        add(f'Clean{name}Move', np.sqrt(np.sum(moves**2, axis=1)).max(), '.3f')
    require(np.all(parts_of(e.clean_kmeans) == e.kmeans_parts[~noise]), 'K-means: no other sample changes')
    require(np.sum(parts_of(e.clean) != parts_of(e.tight)[~noise]) == 1, 'EM: one other sample changes')
    for short, before, after in zip(SHORT, e.tight.parameters[1], e.clean.parameters[1]):
        change = 100 * (np.trace(after) / np.trace(before) - 1)
        require(change < 0, 'without the noise every variance is smaller')
        add(f'CleanVar{short}', -change, '.0f')


def outlier_ari(e, fit):
    """Agreement of a fit to data with outliers with the labels of head and ears; NaN without a fit."""
    clean = np.flatnonzero(~e.noise)
    return adjusted_rand_index(e.labels[clean], fit.memberships[clean].argmax(axis=1)) if fit else np.nan


def outliers_in_kmeans(e, add):
    """A centroid for an outlier."""
    o, c = e.outliers, e.choice
    add('OutFew', OUTLIER_COUNTS[1])
    for distance, name in zip(OUTLIER_DISTANCES[1:5], ('One', 'Two', 'Four', 'Eight')):
        add(f'Out{name}', distance, 'g')
    add('RingX', CENTRE[0], 'g')
    add('RingY', CENTRE[1], 'g')
    add('WcssTwo', c.wcss[1], '.2f')
    add('IsolationPrice', c.wcss[1] - c.wcss[2], '.1f')
    add('IsolationDistance', np.sqrt(c.wcss[1] - c.wcss[2]), '.1f')
    isolated = [np.sum(fit.memberships[:, fit.memberships[-1] == 1]) == 1
                for fit in (o[1, d].kmeans for d in OUTLIER_DISTANCES)]
    require(isolated == [False] * 3 + [True] * 3, 'K-means isolates a single outlier between the distances 2 and 4')
    require([o[1, d].kmeans_random.value < o[1, d].kmeans.value - 1 for d in OUTLIER_DISTANCES]
            == [False] * 3 + [True, True, False], 'at 4 and 8 the random starts miss it')
    missed = [s for s in o.values() if s.kmeans_random.value < s.kmeans.value - 0.1]
    better = [outlier_ari(e, s.kmeans_random) > outlier_ari(e, s.kmeans) + 0.1 for s in missed]
    require(sum(better) > len(missed) / 2, 'where random starts of K-means miss the best WCSS, the ARI is often better')
    halves = parts_of(o[1, 16].kmeans)[:len(e.X)]
    ears = [set(halves[e.labels == label]) for label in LABELS[1:3]]
    require([len(ear) for ear in ears] == [1, 1] and ears[0] != ears[1]
            and set(halves[e.labels == 'Head']) == ears[0] | ears[1], 'each ear gets a part of the head')
    add('IsolatedAri', outlier_ari(e, o[1, 16].kmeans), '.2f')
    far = [outlier_ari(e, o[count, d].kmeans) for count in OUTLIER_COUNTS[1:] for d in OUTLIER_DISTANCES[3:]]
    require(np.all(np.array(far) == 0), 'several outliers: at 4 and farther the mouse is one cluster')
    require(all(outlier_ari(e, o[count, d].kmeans) > 0.4 for count in OUTLIER_COUNTS for d in OUTLIER_DISTANCES[:3]),
            'up to the distance 2 the mouse keeps several clusters')


def outliers_in_em(e, add):
    """A component for the outliers, and the collapse onto a single one."""
    o = e.outliers
    require([bool(o[1, d].em) for d in OUTLIER_DISTANCES] == [True] * 4 + [False] * 2, 'one outlier: a fit up to 4')
    require([bool(o[1, d].em_random) for d in OUTLIER_DISTANCES] == [True] * 2 + [False] * 4, 'at random: up to 1')
    require(min(outlier_ari(e, o[1, d].em) for d in OUTLIER_DISTANCES[:4]) > 0.97, 'these fits are good')
    add('WarmGrowth', (o[1, 4].em.parameters[1] / e.sigmas)[0, 1, 1], '.1f')
    for distance in OUTLIER_DISTANCES[3:]:
        s = o[1, distance]
        ends = [climb(s.data, seeded(start_of_em, seed, main.K), EM_EPS) for seed in range(RESTARTS)]
        for end in [*ends, *([climb(s.data, e.fitted)] if distance > 4 else [])]:
            k = np.argmin(end.parameters[2])
            require(end.value == -np.inf and abs(end.parameters[2][k] * len(s.data) - 1) < 1e-6
                    and squared_distances(end.centres[k], s.ring[0]) < 1e-12, 'it collapses onto the outlier')
    require(outlier_ari(e, o[5, 1].em) > 0.97 and outlier_ari(e, o[5, 1].em_random) < 0.6,
            'five outliers at 1: the random starts miss the good optimum')
    merged = [o[count, d] for count in OUTLIER_COUNTS[1:] for d in OUTLIER_DISTANCES[1:] if (count, d) != (5, 1)]
    for s in merged:
        clusters = s.em.memberships.argmax(axis=1)
        head, left, right = (set(clusters[:len(e.X)][e.labels == label]) for label in LABELS[:3])
        require(len(head) == len(left) == 1 and head == right != left, 'head and right ear are merged, whole')
        require(abs(s.em.value - s.em_random.value) < 1e-4, 'the random starts find that, too')
    add('MergedAri', outlier_ari(e, merged[0].em), '.2f')


def limit_of_gamma(e, add):
    """z is the limit of gamma."""
    for name, s in zip('ABCD', SHRINKING):
        add(f'Shrink{name}', power_of_ten(s))
        gamma, _ = e_step(e.X, e.centroids, s * np.tile(np.eye(2), (3, 1, 1)), np.full(3, 1 / 3))
        require(np.all(gamma.argmax(axis=1) == e.kmeans_parts), 'the largest gamma is where z is 1')
        add(f'ShrinkGamma{name}', gamma.max(axis=1).mean(), '.4f')


def samples(e, add):
    """Samples from the fitted mixture."""
    outside = mass_outside(e.sigmas[0], e.disk)
    spilt = (e.components == 0) & (squared_distances(e.samples, e.means[0]) > e.disk**2)
    x, y = e.samples[spilt].T
    require(np.any((x > e.means[1, 0]) & (x < e.means[2, 0]) & (y > e.means[1:, 1].mean())),
            'head samples spill into the gap between the ears')
    add('NumDrawn', SAMPLES)
    add('OutsideShare', 100 * outside, '.0f')
    add('OutsideDrawn', int(spilt.sum()))
    for part in range(3):
        add(f'Drawn{SHORT[part]}', int(np.sum(e.components == part)))
