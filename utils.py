"""Loading the Mickey Mouse data, and drawing the figures of the report.

Each plot function draws one figure, saves it in report/figures as PDF (for the report) and as PNG
(for everything else), and shows it where there is a display. The figures are 7.9 cm wide: two of
them stand side by side on a page. Head, left ear and right ear have the same colour and marker in
all figures, whatever the index of their cluster.
"""
import numpy as np
import matplotlib.pyplot as plt

FIGURES = __file__.rpartition('utils.py')[0] + 'report/figures/'  # beside this file
# The parts of the mouse, and where their centres are in the ranges of x and y (0 to 1).
PARTS = {'Head': (0.52, 0.48), 'Ear_left': (0.24, 0.81), 'Ear_right': (0.81, 0.81)}
NAMES = {'Head': 'head', 'Ear_left': 'left ear', 'Ear_right': 'right ear', 'Noise': 'noise'}
# The palette of Okabe and Ito, which colour-blind readers can tell apart.
COLOURS = ['#0072B2', '#E69F00', '#CC79A7', '#009E73', '#56B4E9', '#D55E00', '#000000']
MARKERS = 'o^sDvP<>ph'
# For clusters and labels: as 7 and 10 have no common divisor, the first 70 styles all differ.
STYLES = [{'color': COLOURS[j % 7], 'marker': MARKERS[j % 10]} for j in range(70)]
NOISE = {'color': '#666666', 'marker': 'x', 'linewidth': 0.9}
CENTRE = {
    'color': 'white', 'edgecolor': 'black', 'marker': 'X', 'linewidth': 0.9, 'zorder': 3, 's': 70,
}
WIDTH = 3.1  # inches
# On top of matplotlib's own style, not of the user's.
STYLE = ['default', {
    'font.size': 8.5,
    'axes.titlesize': 9,
    'axes.axisbelow': True,
    'figure.dpi': 150,
    'legend.frameon': False,
    'legend.handletextpad': 0.1,
    'legend.labelspacing': 0.25,
    'legend.columnspacing': 1,
    'legend.borderpad': 0,
    'text.parse_math': False,  # a $ in a label is a $
    'pdf.fonttype': 42,  # TrueType, as printers want it
}]


def load_data(filename):
    """Read samples from a text file with lines of the form `x y label`, separated by spaces.

    Returns x (N,), y (N,) and data_labels (N,), an array of strings. Raises ValueError for any
    other line that is not empty.
    """
    samples = []
    # A file that is not UTF-8 has the character U+FFFD wherever it cannot be read.
    with open(filename, encoding='utf-8-sig', errors='replace') as file:
        for number, line in enumerate(file, start=1):
            if line.isspace():
                continue
            try:
                samples.append(read_sample(line))
            except ValueError:
                raise ValueError(
                    f'{filename}, line {number}: expected two finite numbers and a label in UTF-8, '
                    f'separated by spaces, and no header, found {line.strip()[:80]!r}'
                ) from None
    if not samples:
        raise ValueError(f'{filename} holds no samples: line 1 is missing')
    x, y, data_labels = zip(*samples)
    return np.array(x), np.array(y), np.array(data_labels)


def read_sample(line):
    """x, y and label of a line. Raises ValueError if it does not consist of these."""
    x, y, label = line.split()
    sample = float(x), float(y), label
    are_numbers = np.isfinite(sample[:2]).all() and '_' not in x + y  # float('0_5') would be 5
    if not are_numbers or '\ufffd' in line:
        raise ValueError
    return sample


def finite_array(name, value, shape):
    """The value as an array of floats. ValueError unless all are finite and it has the shape."""
    array = np.asarray(value, dtype=float)
    if array.size == 0:
        raise ValueError(f'{name} is empty')
    if array.shape != shape:
        raise ValueError(f'{name} must have the shape {shape}, not {array.shape}')
    if not np.isfinite(array).all():
        raise ValueError(f'{name} holds NaN or infinity')
    return array


def plot_original_data(x, y, data_labels):
    """Draw the samples, x (N,) and y (N,), with a colour and marker for each label (N,).

    Labels are drawn in the order in which they first appear; those of the mouse come first, noise
    comes last. Raises ValueError for arguments that do not fit together, or too many labels.
    """
    labels = [str(label) for label in data_labels]
    labels = np.array(['Noise' if label.lower() == 'noise' else label for label in labels])
    x = finite_array('x', x, labels.shape)
    y = finite_array('y', y, labels.shape)
    X = np.stack((x, y), axis=1)
    in_order = dict.fromkeys(labels[labels != 'Noise'])  # each label once; a dict keeps the order
    if set(PARTS) & set(in_order):
        in_order = {**PARTS, **in_order}
    if len(in_order) > len(STYLES):
        raise ValueError(
            f'found {len(in_order)} different labels, of which {len(STYLES)} can be told apart: '
            'the third column should hold a class'
        )
    styles = dict(zip(in_order, STYLES))
    styles['Noise'] = NOISE
    groups = []
    for label, style in styles.items():
        if label in labels:
            groups.append((X[labels == label], NAMES.get(label, label), style))
    draw_positions(X, groups, 'Original data')


def plot_mickey_mouse(X, K, ind_samples_clusters, centroids, cluster_method):
    """Draw the samples X (N, 2) in the colours of their clusters, and the centroids (K, 2).

    A sample belongs to the largest entry of its row in ind_samples_clusters (N, K): the 1 in Z of
    K-means, or the likeliest component of EM. Raises ValueError for arguments that do not fit
    together, or too many clusters.
    """
    N = len(X)
    X = finite_array('X', X, (N, 2))
    memberships = finite_array('ind_samples_clusters', ind_samples_clusters, (N, K))
    centroids = finite_array('centroids', centroids, (K, 2))
    if K > len(STYLES):
        raise ValueError(f'K is {K}, but only {len(STYLES)} clusters can be told apart')
    clusters = memberships.argmax(axis=1)
    ranges = np.ptp(X, axis=0)
    ranges[ranges == 0] = 1
    numbers = number_by_part((centroids - X.min(axis=0)) / ranges)
    groups = []
    for k in np.argsort(numbers):
        groups.append((X[clusters == k], f'cluster {len(groups) + 1}', STYLES[numbers[k]]))
    centre = 'centroids' if 'means' in cluster_method.lower() else 'means'
    groups.append((centroids, centre, CENTRE))
    draw_positions(X, groups, f'{cluster_method} clusters, K = {K}')


def number_by_part(centroids):
    """For each of the centroids (K, 2), as places in the ranges of x and y, a number for its style.

    0, 1 and 2 go to those that are closest to the centre of the head, the left and the right ear,
    the closest pair first; 3 and more to the others, from left to right.
    """
    differences = np.array(list(PARTS.values()))[:, np.newaxis] - centroids
    distances = (differences**2).sum(axis=-1)
    numbers = np.full(len(centroids), -1)
    for pair in np.argsort(distances, axis=None):
        part, k = np.unravel_index(pair, distances.shape)
        if numbers[k] == -1 and part not in numbers:
            numbers[k] = part
    others = np.flatnonzero(numbers == -1)
    from_left = others[np.argsort(centroids[others, 0], kind='stable')]
    numbers[from_left] = np.arange(3, 3 + len(others))
    return numbers


def draw_positions(X, groups, title):
    """Draw groups of points, each (points (n, 2), name, style), in a frame around X (N, 2).

    Both axes have the same scale, unless the ranges of x and y differ by a factor of 3 or more.
    """
    middle = (X.min(axis=0) + X.max(axis=0)) / 2
    ranges = np.ptp(X, axis=0)
    smallest = 1e-9 * np.abs(middle) + 1e-300  # the ticks of a smaller range would look alike
    aspect = 'auto'
    if ranges.max() < 3 * ranges.min() or (ranges < smallest).any():
        ranges = np.full(2, max(*ranges, *smallest))
        aspect = 'equal'
    # With a space in front, as matplotlib leaves out names that begin with _.
    names = [f' {shorten(name)} ({len(points)})' for points, name, _ in groups]
    columns = 2 if max(map(len, names)) <= 21 else 1
    height = 3 + 0.19 * np.ceil(len(names) / columns)
    with plt.style.context(STYLE):
        fig, ax = plt.subplots(figsize=(WIDTH, height), layout='constrained')
        limits = np.array([middle - 0.55 * ranges, middle + 0.55 * ranges])
        ax.axis(limits.T.ravel())  # left, right, bottom, top
        ax.set(aspect=aspect, xlabel='x', ylabel='y')
        ax.ticklabel_format(scilimits=(-3, 4))  # beyond, with a common factor
        handles = [ax.scatter(*points.T, **{'s': 10, **style}) for points, _, style in groups]
        fig.legend(handles, names, loc='outside lower center', ncols=columns)
        save_and_show(fig, ax, title)


def shorten(text):
    """The text, cut to 32 letters if it has more, with … at its end."""
    return text if len(text) <= 32 else text[:31] + '…'


def plot_objective_function(objective_function_over_its, ylabel='Objective function'):
    """Draw the values of an objective function over the iterations.

    EM has one value an iteration. The curve is EM's if its label says likelihood, or, where it says
    neither that nor WCSS, if its values rise. K-means has two values an iteration: the one after
    the assignment is drawn half an iteration before the one after the update. Raises ValueError if
    there is no value, or one that is not finite.
    """
    N = len(objective_function_over_its)
    values = finite_array('objective_function_over_its', objective_function_over_its, (N,))
    label = ylabel.lower()
    of_em = 'likelihood' in label
    if not of_em and 'wcss' not in label:
        of_em = values[-1] > values[0]
    iterations = np.arange(1, N + 1) / (1 if of_em else 2)
    middle = (values.min() + values.max()) / 2
    half = 0.55 * max(np.ptp(values), 0.01 * abs(middle), 1e-300)  # the axis spans 1 % at least
    with plt.style.context(STYLE):
        fig, ax = plt.subplots(figsize=(WIDTH, 2.4), layout='constrained')
        ax.plot(iterations, values, color=COLOURS[0], marker='.' if of_em else None)
        if not of_em:
            ax.plot(
                iterations[::2], values[::2], 'o', color=COLOURS[0], markersize=4.5,
                markerfacecolor='white', label='after the assignment',
            )
            ax.plot(
                iterations[1::2], values[1::2], 'o', color=COLOURS[0], markersize=4.5,
                label='after the update',
            )
            fig.legend(loc='outside lower center', ncols=2)
        ax.set(
            xlabel='Iteration', ylabel=shorten(ylabel.split(' (')[0]),
            xlim=(0, None), ylim=(middle - half, middle + half),
        )
        ax.grid(color='#E5E5E5')
        ax.locator_params(axis='x', integer=True)
        save_and_show(fig, ax, ylabel)


def save_and_show(fig, ax, name):
    """Give the figure its title, save it, and show it where there is a display.

    The file is called by the name: 'EM, K = 3' is saved as em-k-3.pdf and em-k-3.png.
    """
    ax.set_title(name, wrap=True)
    ax.locator_params(nbins=5)
    for _ in range(3):  # a square above a legend has its final place after three rounds
        fig.get_layout_engine().execute(fig)
    fig.set_layout_engine('none')
    for axis in (ax.xaxis, ax.yaxis):  # a factor of all tick labels, such as 1e6, joins the label
        factor = axis.get_major_formatter().get_offset()
        if factor:
            axis.set_label_text(f'{axis.get_label_text()} ({factor})')
            axis.get_offset_text().set_visible(False)
    words = ''.join(letter if letter.isalnum() else ' ' for letter in name.lower()).split()
    stem = '-'.join(words) or 'figure'
    try:  # without dates and versions in them, so that the same figure is the same file
        undated = {'CreationDate': None, 'Creator': None, 'Producer': None}
        fig.savefig(f'{FIGURES}{stem}.pdf', metadata=undated)
        fig.savefig(f'{FIGURES}{stem}.png', dpi=300, metadata={'Software': None})
        print(f'Saved {stem + ".pdf"!a} and .png in report/figures')
    except FileNotFoundError:
        print(f'{stem!a} is not saved: make the folder report/figures beside utils.py')
    except OSError as error:
        print(f'{stem!a} is not saved in report/figures: {error.strerror}')
    if fig.canvas.required_interactive_framework:  # a window will open
        print('Close the window of the figure to go on.')
    if plt.get_backend() != 'agg':  # which has no display
        plt.show(block=True)  # also where IPython would not wait
    plt.close(fig)
