"""Loading the Mickey Mouse data and drawing the figures of the report.

Each plot function saves its figure in report/figures as PDF (for the report) and as PNG (for
everything else), then shows it where there is a display. At 7.9 cm, two of them stand side by side.
A cluster's colour, marker and number are those of the part of the mouse closest to it, not its index.
"""
import numpy as np
import matplotlib.pyplot as plt

# The folder of this file, by hand: os and pathlib may not be imported.
FIGURES = __file__[:max(__file__.rfind('/'), __file__.rfind('\\')) + 1] + 'report/figures/'
FILE_BACKENDS = ('agg', 'cairo', 'pdf', 'pgf', 'ps', 'svg', 'template')  # they cannot show a figure

PARTS = {'Head': (0.5, 0.5), 'Ear_left': (0.25, 0.75), 'Ear_right': (0.75, 0.75)}  # each with its centre
COLOURS = ('#0072B2', '#E69F00', '#009E73', '#CC79A7', '#56B4E9', '#D55E00', '#F0E442')  # Okabe and Ito
MARKERS = 'o^sDvP<>ph'
NOISE_COLOUR, NOISE_MARKER, CENTRE_MARKER = '#666666', 'x', 'X'
WIDTH = 3.1  # inches, of each figure
LEGEND_ENTRIES = 14  # at most, so that the legend is not longer than the axes
LEGEND_STYLE = dict(frameon=False, handletextpad=0.3, labelspacing=0.25, columnspacing=1)

plt.rcParams.update({
    'font.size': 8.5,
    'axes.titlesize': 9,
    'figure.dpi': 150,  # of a window on the screen
    'axes.axisbelow': True,
    'axes.titley': 1,  # given, since looking for a free place takes a tenth of the drawing time
})


def load_data(filename):
    """Read samples from a text file with lines of the form `x y label`.

    Fields are separated by white space; blank lines are skipped. Returns x (N,), y (N,), data_labels
    (N,), an array of strings. Raises ValueError, naming file and line, for a line that is not two
    finite numbers and a label in UTF-8, and for an empty file.
    """
    samples = []
    with open(filename, encoding='utf-8-sig', errors='replace') as file:
        for number, line in enumerate(file, start=1):
            fields = line.split()
            if not fields:
                continue
            try:
                x_field, y_field, label = fields
                position = float(x_field), float(y_field)
            except ValueError:
                position = np.nan, np.nan
            if not np.isfinite(position).all() or '\ufffd' in line:  # \ufffd replaces what is not UTF-8
                raise ValueError(f'{filename}, line {number}: expected "x y label" in UTF-8 with finite '
                                 f'numbers x and y, found {line.strip()!r}')
            samples.append((*position, label))
    if not samples:
        raise ValueError(f'{filename} holds no samples: line 1 is missing')
    return tuple(np.array(column) for column in zip(*samples))


def plot_original_data(x, y, data_labels):
    """Draw the samples, x (N,) and y (N,), with one colour and marker a label (N,).

    Raises ValueError where a position is not finite.
    """
    X, data_labels = np.stack((x, y), axis=1), np.asarray(data_labels)
    others = [label for label in np.unique(data_labels) if label not in PARTS and label != 'Noise']
    styles = {label: part_style(j) for j, label in enumerate([*PARTS, *others])}
    styles['Noise'] = NOISE_COLOUR, NOISE_MARKER
    groups = [(X[data_labels == label], label, *style) for label, style in styles.items() if label in data_labels]
    draw_positions(X, groups, 'Original data')


def plot_mickey_mouse(X, K, ind_samples_clusters, centroids, cluster_method):
    """Draw the samples X (N, 2), each in the colour of its cluster, and the centroids (K, 2).

    A sample belongs to the largest entry of its row in ind_samples_clusters (N, K): the 1 of
    K-means' Z, or the likeliest component of EM. Clusters are numbered by their part of the mouse:
    number 1 is closest to the head's centre. Raises ValueError where a position is not finite.
    """
    X, centroids = np.asarray(X), np.asarray(centroids)
    clusters = np.argmax(ind_samples_clusters, axis=1)
    groups = [(X[clusters == k], f'Cluster {j + 1}', *part_style(j)) for j, k in enumerate(order_by_part(centroids))]
    groups.append((centroids, 'Means' if 'EM' in cluster_method else 'Centroids', 'white', CENTRE_MARKER))
    draw_positions(X, groups, f'{cluster_method} clusters, K = {K}')


def plot_objective_function(objective_function_over_its, ylabel='Objective function'):
    """Draw an objective function over the iterations.

    EM gives one value an iteration, K-means two: after the assignment, drawn half an iteration
    early, and after the update of the centroids. Values that rise, or a ylabel with likelihood, are EM's.
    """
    values = np.asarray(objective_function_over_its, dtype=float)
    of_em = 'likelihood' in ylabel.lower() or values[-1] > values[0]
    iterations = np.arange(1, len(values) + 1) / (1 if of_em else 2)
    middle = (values.min() + values.max()) / 2
    half = 0.55 * max(np.ptp(values), 0.01 * abs(middle)) or 0.05  # the axis spans 1 % of the value at least
    title = f'{ylabel.split(" (")[0]} over the iterations'
    fig, ax = labelled_axes('Iteration', ylabel, title, left=0.75, height=1.9, below=0.62)
    try:
        ax.plot(iterations, values, marker='.' if of_em else None, color=COLOURS[0])
        if not of_em:
            for first, fill, label in ((0, 'white', 'after the assignment'), (1, COLOURS[0], 'after the update')):
                ax.plot(iterations[first::2], values[first::2], 'o', color=COLOURS[0], markerfacecolor=fill,
                        markersize=4.5, label=label)
            ax.legend(loc='upper center', bbox_to_anchor=(0.36, -0.2), ncol=2, **LEGEND_STYLE)
        ax.set_xlim(left=0)
        ax.set_ylim(middle - half, middle + half)
        ax.grid(color='#E5E5E5')
        ax.locator_params(axis='x', integer=True)
        ax.ticklabel_format(useOffset=False)  # whole values at the ticks
        save_and_show(fig, ylabel)
    finally:
        plt.close(fig)


def part_style(j):
    """Colour and marker of part or cluster j: no two of the first 70 share both."""
    return COLOURS[j % len(COLOURS)], MARKERS[j % len(MARKERS)]


def order_by_part(centroids):
    """Indices of the centroids (K, 2): head, left ear, right ear, then the others from left to right.

    Each part takes the centroid that is closest to its centre and not yet taken.
    """
    others = list(np.argsort(centroids[:, 0], kind='stable'))
    order = []
    for centre in list(PARTS.values())[:len(centroids)]:
        order.append(min(others, key=lambda k: np.sum((centroids[k] - centre)**2)))
        others.remove(order[-1])
    return order + others


def draw_positions(X, groups, title):
    """Draw groups of points (n, 2), label, colour, marker in a square around the samples X (N, 2)."""
    if not all(np.isfinite(points).all() for points, *_ in groups):
        raise ValueError(f'{title}: cannot be drawn, since a position is NaN or infinite')
    middle, half = (X.min(axis=0) + X.max(axis=0)) / 2, 0.55 * np.ptp(X, axis=0).max() or 0.05  # 0.05 for equal samples
    # A blank before a leading _, which would hide the label from matplotlib
    labels = [f'{" " * label.startswith("_")}{label} ({len(points)})' for points, label, *_ in groups]
    if len(labels) > LEGEND_ENTRIES:
        labels[LEGEND_ENTRIES - 1:] = [f'and {len(labels) - LEGEND_ENTRIES + 1} more']
    columns = 2 if max(map(len, labels)) <= 20 else 1
    rows = max(3, -(-len(labels) // columns))  # rounded up; 3 at least: figures side by side have one height
    fig, ax = labelled_axes('x', 'y', title, left=0.55, height=2.45, below=0.48 + 0.17 * rows)
    try:
        ax.set(aspect='equal', xlim=middle[0] + [-half, half], ylim=middle[1] + [-half, half])
        handles = []
        for points, label, colour, marker in groups:
            size, edge = (70, 'black') if marker == CENTRE_MARKER else (10, None)
            handles.append(ax.scatter(*points.T, s=size, color=colour, edgecolor=edge, marker=marker,
                                      linewidth=0.9 * (marker in 'xX'), label=label))
        ax.legend(handles[:len(labels)], labels, ncol=columns, loc='upper center', bbox_to_anchor=(0.45, -0.15),
                  **LEGEND_STYLE)
        save_and_show(fig, title)
    finally:
        plt.close(fig)


def labelled_axes(xlabel, ylabel, title, left, height, below):
    """Figure and axes of a height, with a margin left and below, all in inches.

    Labels get fixed places, the one of the y axis at the edge, where there is room for any tick
    labels: looking for free places takes time.
    """
    whole = 0.27 + height + below
    fig, ax = plt.subplots(figsize=(WIDTH, whole))
    fig.subplots_adjust(left=left / WIDTH, right=1 - 0.1 / WIDTH, bottom=below / whole, top=1 - 0.27 / whole)
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    ax.xaxis.set_label_coords(0.5, -0.24 / height)
    ax.yaxis.set_label_coords(0.13 / WIDTH, (below + height / 2) / whole, transform=fig.transFigure)
    ax.locator_params(nbins=5)
    return fig, ax


def save_and_show(fig, name):
    """Save the figure, and show it where there is a display."""
    path = FIGURES + '-'.join(''.join(c if c.isalnum() else ' ' for c in name.lower()).split())
    try:  # without dates and versions in them, so that the same figure is the same file
        fig.savefig(f'{path}.pdf', metadata={'CreationDate': None, 'Creator': None, 'Producer': None})
        fig.savefig(f'{path}.png', dpi=250, metadata={'Software': None},
                    pil_kwargs={'compress_level': 3})  # up to 15 % larger than by default, in 2/3 of the time
        print(f'Saved {path}.pdf and .png')
    except OSError as error:
        print(f'Figure not saved: {error}')
    if plt.get_backend().lower() not in FILE_BACKENDS:
        plt.show()
