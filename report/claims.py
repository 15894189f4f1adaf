"""The numbers of the report, a macro each, and the checks of what its text says in words.

One function a section; each takes the evidence and `add(name, value, format)`.
"""
import numpy as np

import main
from em import e_step, update_parameters
from k_means import closest_centroid, squared_distances
from studies import (EM_EPS, LABELS, LARGEST_K, OUTLIER_COUNTS, OUTLIER_DISTANCES, OUTLIER_SEEDS, CENTRE, PART_NAMES,
                     RESTARTS, SAMPLES, SEEDS, SHRINKING, TIGHT_EPS, UNSURE, adjusted_rand_index, largest_move,
                     mass_outside, require)

SHORT = ('Head', 'Left', 'Right', 'Noise')  # in the names of macros
NEAR = 0.01  # an optimum this near to the best, relatively, counts as about as good
PLATEAU = 10  # nats: less is hardly a rise of the log-likelihood
ELLIPSE = 2  # standard deviations


def numbers_of(evidence):
    """Every number of the text: macro name -> string; stops where a claim does not hold."""
    numbers = {}

    def add(name, value, form='d'):
        require(name.isalpha() and name not in numbers, f'{name} is a new macro of letters')
        numbers[name] = value if isinstance(value, str) else format(value, form)

    for section in (choices, choice_of_K, random_starts, runs_of_main, climb_of_em, centroids_of_kmeans,
                    parameters_of_em, clusters, cut_head, noise, outliers, limit_of_gamma, samples):
        section(evidence, add)
    return numbers


def power_of_ten(value):
    """A power of ten as LaTeX writes it."""
    return f'10^{{{round(np.log10(value))}}}'


def choices(e, add):
    """The data, and what main.py chooses."""
    X, labels = e.X, e.labels
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


def choice_of_K(e, add):
    """The choice of K."""
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


def random_starts(e, add):
    """What many random starts find."""
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


def runs_of_main(e, add):
    """The three runs that main.py shows."""
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
    for run in (e.three, e.five, e.mixture):
        objective = run.result[2]
        require(len(objective) < run.max_iter, 'the runs of main.py converge')


def climb_of_em(e, add):
    """EM parts its components, then shrinks two of them."""
    X, values = e.X, e.mixture.result[2]
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


def centroids_of_kmeans(e, add):
    """The centroids of K-means and the true means."""
    for short, centre in zip(SHORT, e.centroids):
        add(f'KmX{short}', centre[0], '.3f')
        add(f'KmY{short}', centre[1], '.3f')
    for short, centre in zip(SHORT, e.class_means):
        add(f'TrueX{short}', centre[0], '.3f')
        add(f'TrueY{short}', centre[1], '.3f')


def parameters_of_em(e, add):
    """The parameters of EM, component by component as main.py numbers them."""
    labels, deviation = e.labels, [np.sqrt(np.trace(sigma) / 2) for sigma in e.sigmas]
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


def clusters(e, add):
    """Who is in which cluster."""
    labels, noise = e.labels, e.noise
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


def cut_head(e, add):
    """Why K-means cuts the head."""
    X, labels = e.X, e.labels
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


def noise(e, add):
    """What the noise points do."""
    X, labels, noise = e.X, e.labels, e.noise
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


def outliers(e, add):
    """What added outliers do."""
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


def limit_of_gamma(e, add):
    """z is the limit of gamma."""
    X = e.X
    for name, s in zip(('A', 'B', 'C', 'D'), SHRINKING):
        add(f'Shrink{name}', power_of_ten(s))
        sigmas = s * np.tile(np.eye(2), (3, 1, 1))
        gamma, _ = e_step(X, e.centroids, sigmas, np.full(3, 1 / 3))
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
    add('DiskRadius', e.disk, '.3f')
    add('OutsideShare', 100 * outside, '.0f')
    add('OutsideDrawn', int(spilt.sum()))
    for part in range(3):
        add(f'Drawn{SHORT[part]}', int(np.sum(e.components == part)))
    add('EllipseLevel', str(ELLIPSE))
    add('EllipseMass', 100 * (1 - np.exp(-ELLIPSE**2 / 2)), '.1f')
