"""Loading the Mickey Mouse data and drawing the figures of the report.

Each plot function saves its figure in report/figures as PDF (for the report) and as PNG (for
everything else), then shows it where there is a display. At 7.9 cm, two of them stand side by side.
The clusters closest to head, left and right ear have their colours and the numbers 1 to 3, whatever their index.
"""
import numpy as np
import matplotlib.pyplot as plt

FIGURES = __file__.rpartition('utils.py')[0] + 'report/figures/'  # beside this file
PARTS = {'Head': (0.5, 0.5), 'Ear_left': (0.25, 0.75), 'Ear_right': (0.75, 0.75)}  # each with its centre
NAMES = {'Head': 'head', 'Ear_left': 'left ear', 'Ear_right': 'right ear', 'Noise': 'noise'}
COLOURS = ('#0072B2', '#E69F00', '#009E73', '#CC79A7', '#56B4E9', '#D55E00', '#000000')  # Okabe and Ito
STYLES = [dict(color=COLOURS[j % 7], marker='o^sDvP<>ph'[j % 10]) for j in range(70)]  # of parts and clusters
NOISE = dict(color='#666666', marker='x', linewidth=0.9)
CENTRE = dict(color='white', edgecolor='black', marker='X', linewidth=0.9, zorder=3, s=70)
WIDTH = 3.1  # inches, of each figure
RC = {'font.size': 8.5, 'axes.titlesize': 9, 'axes.axisbelow': True, 'figure.dpi': 150, 'legend.frameon': False,
      'legend.handletextpad': 0.1, 'legend.labelspacing': 0.25, 'legend.columnspacing': 1, 'legend.borderpad': 0,
      'text.parse_math': False, 'pdf.fonttype': 42}  # a $ is a $; TrueType, as printers want it


def load_data(filename):
    """Read samples from a text file with lines of the form `x y label`, separated by blanks.

    Returns x (N,), y (N,), data_labels (N,), an array of strings. Raises ValueError for any other line.
    """
    with open(filename, encoding='utf-8-sig', errors='replace') as file:
        lines = [(number, line) for number, line in enumerate(file, start=1) if not line.isspace()]
    samples = []
    for number, line in lines:
        try:
            x, y, label = line.split()
            samples.append((float(x), float(y), label))
            fit = np.isfinite(samples[-1][:2]).all() and '_' not in x + y  # float('0_5') is 5
        except ValueError:
            fit = False
        if not fit or '\ufffd' in line:  # which stands for what is not UTF-8
            raise ValueError(f'{filename}, line {number}: expected two finite numbers and a label in UTF-8, separated '
                             f'by blanks, and no header, found {line.strip()[:80]!r}')
    if not samples:
        raise ValueError(f'{filename} holds no samples: line 1 is missing')
    return tuple(np.array(column) for column in zip(*samples))  # rows to columns


def plot_original_data(x, y, data_labels):
    """Draw the samples, x (N,) and y (N,), with one colour and marker a label (N,), whatever the labels are."""
    X, labels = np.stack((x, y), axis=1).astype(float), np.array([str(label) for label in data_labels])
    known = PARTS if set(PARTS) & set(labels) else ()  # without the parts of the mouse, the others have their colours
    others = [label for label in np.unique(labels) if label not in NAMES]
    styles = dict(zip([*known, *others], STYLES * len(labels)), Noise=NOISE)
    groups = [(X[labels == label], NAMES.get(label, label), styles[label]) for label in styles if label in labels]
    draw_positions(X, groups, 'Original data')


def plot_mickey_mouse(X, K, ind_samples_clusters, centroids, cluster_method):
    """Draw the samples X (N, 2), each in the colour of its cluster, and the centroids (K, 2).

    A sample belongs to the largest entry of its row in ind_samples_clusters (N, K): the 1 of K-means' Z, or
    the likeliest component of EM. Cluster 1 is the closest to the head. Raises ValueError where shapes disagree.
    """
    X, centroids, memberships = (np.asarray(a, dtype=float) for a in (X, centroids, ind_samples_clusters))
    if memberships.shape != (len(X), K) or centroids.shape != (K, 2):
        raise ValueError(f'ind_samples_clusters and centroids must have the shapes (N = {len(X)}, K = {K}) and '
                         f'(K = {K}, 2), not {memberships.shape} and {centroids.shape}')
    clusters = memberships.argmax(axis=1)
    order = order_by_part((centroids - X.min(axis=0)) / np.maximum(np.ptp(X, axis=0), 1e-300))  # X in the unit square
    groups = [(X[clusters == k], f'cluster {j + 1}', STYLES[j % 70]) for j, k in enumerate(order)]
    groups.append((centroids, 'means' if 'EM' in cluster_method else 'centroids', CENTRE))
    draw_positions(X, groups, f'{cluster_method} clusters, K = {K}')


def order_by_part(centroids):
    """Indices of centroids (K, 2) in the unit square: closest to head, left and right ear, others from the left."""
    others = list(np.argsort(centroids[:, 0], kind='stable'))
    order = []
    for centre in list(PARTS.values())[:len(centroids)]:
        order.append(min(others, key=lambda k: np.sum((centroids[k] - centre)**2)))
        others.remove(order[-1])
    return order + others


def draw_positions(X, groups, title):
    """Draw groups of points (n, 2), name, style in a square around X (N, 2). ValueError where one is not finite."""
    if not all(np.isfinite(points).all() for points, _, _ in groups):
        raise ValueError(f'{title}: a position is NaN or infinite')
    middle = (X.min(axis=0) + X.max(axis=0)) / 2
    half = 0.55 * (max(np.ptp(X, axis=0).max(), 1e-9 * np.abs(middle).max()) or 1e-12)  # not 0 for equal samples
    names = [f' {name[:34]} ({len(points)})' for points, name, _ in groups]  # a blank, since matplotlib hides _names
    columns = 2 if max(map(len, names)) <= 21 else 1
    with plt.rc_context(RC):
        fig, ax = plt.subplots(figsize=(WIDTH, 3 + 0.19 * np.ceil(len(names) / columns)), layout='constrained')
        ax.axis([middle[0] - half, middle[0] + half, middle[1] - half, middle[1] + half])
        ax.set(aspect='equal', xlabel='x', ylabel='y')
        ax.ticklabel_format(scilimits=(-3, 4))  # beyond, with a common factor
        handles = [ax.scatter(*points.T, **{'s': 10, **style}) for points, _, style in groups]
        fig.legend(handles, names, loc='outside lower center', ncols=columns)
        save_and_show(fig, ax, title)


def plot_objective_function(objective_function_over_its, ylabel='Objective function'):
    """Draw an objective function over the iterations: of EM, which rises or whose label says likelihood, one value an
    iteration; of K-means two, that after the assignment half an iteration before that after the update.
    """
    values = np.asarray(objective_function_over_its, dtype=float)
    of_em = 'likelihood' in ylabel.lower() or 'wcss' not in ylabel.lower() and values[-1] > values[0]
    iterations = np.arange(1, len(values) + 1) / (1 if of_em else 2)
    mid = (values.min() + values.max()) / 2
    half = 0.55 * (max(np.ptp(values), 0.01 * abs(mid)) or 1e-12)  # at least 1 % of the value: less is no curve
    with plt.rc_context(RC):
        fig, ax = plt.subplots(figsize=(WIDTH, 2.5 if of_em else 2.7), layout='constrained')
        ax.plot(iterations, values, marker='.' if of_em else None, color=COLOURS[0])
        if not of_em:
            for first, fill, label in ((0, 'white', 'after the assignment'), (1, None, 'after the update')):
                ax.plot(iterations[first::2], values[first::2], 'o', c=COLOURS[0], mfc=fill, ms=4.5, label=label)
            fig.legend(loc='outside lower center', ncols=2)
        ax.set(xlabel='Iteration', ylabel=ylabel.split(' (')[0][:34], xlim=(0, None), ylim=(mid - half, mid + half))
        ax.grid(color='#E5E5E5')
        ax.locator_params(axis='x', integer=True)
        save_and_show(fig, ax, ylabel)


def save_and_show(fig, ax, name):
    """Place what is drawn, save it under its name ('EM, K = 3' as em-k-3.pdf, .png), show it if there is a display."""
    ax.set_title(name, wrap=True)
    ax.locator_params(nbins=5)
    for _ in range(3):  # a square and a legend below it settle in three rounds
        fig.get_layout_engine().execute(fig)
    fig.set_layout_engine('none')
    for axis in ax.xaxis, ax.yaxis:  # a common factor or offset of the tick labels, such as 1e6, joins the label
        if axis.get_major_formatter().get_offset():
            axis.set_label_text(f'{axis.get_label_text()} ({axis.get_major_formatter().get_offset()})')
            axis.get_offset_text().set_visible(False)
    stem = '-'.join(''.join(c if c.isalnum() else ' ' for c in name.lower()).split()) or 'figure'
    try:  # without dates and versions in them, so that the same figure is the same file
        fig.savefig(f'{FIGURES}{stem}.pdf', metadata={'CreationDate': None, 'Creator': None, 'Producer': None})
        fig.savefig(f'{FIGURES}{stem}.png', dpi=200, metadata={'Software': None})
        print(f'Saved {stem + ".pdf"!a} and .png in report/figures')
    except OSError as error:
        print(f'{stem!a} is not saved, {error.strerror}: make the folder report/figures beside utils.py')
    if plt.get_backend().lower() != 'agg':  # which has no display
        plt.show()
    plt.close(fig)
