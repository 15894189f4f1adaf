"""Loading the Mickey Mouse data and drawing the figures of the report.

Each plot function saves its figure in report/figures as PDF (for the report)
and as PNG (for everything else), then shows it where there is a display. The
part of the mouse decides colour and marker, in the original and in every
clustering, whatever index its cluster happens to have.
"""
import numpy as np
import matplotlib.pyplot as plt

FIGURES = __file__[:-len('utils.py')] + 'report/figures/'
FILE_BACKENDS = ('agg', 'cairo', 'pdf', 'pgf', 'ps', 'svg', 'template')  # they cannot show a figure

PARTS = {'Head': (0.5, 0.5), 'Ear_left': (0.25, 0.75), 'Ear_right': (0.75, 0.75)}  # where they are
COLOURS = ('#0072B2', '#E69F00', '#009E73', '#CC79A7', '#56B4E9', '#D55E00', '#F0E442')  # Okabe and Ito
MARKERS = 'o^sDvP<>ph'
NOISE_COLOUR, NOISE_MARKER = '#666666', 'x'

plt.rcParams.update({
    'font.size': 10,  # a figure is 13 cm wide: at 10 to 13 cm in print its text stays readable
    'legend.fontsize': 9,
    'figure.figsize': (5.1, 3.5),
    'axes.axisbelow': True,
    'axes.titley': 1,  # given, since looking for a free place takes a tenth of the drawing time
    'grid.color': '#E5E5E5',
})


def load_data(filename):
    """Read samples from a text file with lines of the form `x y label`.

    Fields are separated by white space; blank lines are skipped. Returns
    x (N,), y (N,) and data_labels (N,), an array of strings. Raises ValueError,
    naming file and line, for a line that is not two finite numbers and a label.
    """
    x, y, data_labels = [], [], []
    with open(filename, encoding='utf-8-sig') as file:
        for number, line in enumerate(file, start=1):
            fields = line.split()
            if not fields:
                continue
            try:
                x_field, y_field, label = fields
                position = float(x_field), float(y_field)
            except ValueError:
                position = np.nan, np.nan
            if not np.isfinite(position).all():
                raise ValueError(f'{filename}, line {number}: expected "x y label" with finite '
                                 f'numbers x and y, found {line.strip()!r}')
            x.append(position[0])
            y.append(position[1])
            data_labels.append(label)
    if not x:
        raise ValueError(f'{filename} holds no samples: line 1 is missing')
    return np.array(x), np.array(y), np.array(data_labels)


def plot_original_data(x, y, data_labels):
    """Draw the samples, x (N,) and y (N,), with one colour and marker a label (N,)."""
    x, y, data_labels = np.asarray(x), np.asarray(y), np.asarray(data_labels)
    fig, ax = position_axes(x, y, 'Mickey Mouse data set: original')
    others = [label for label in np.unique(data_labels) if label not in PARTS and label != 'Noise']
    for j, label in enumerate([*PARTS, *others, 'Noise']):
        members = data_labels == label
        if members.any():
            colour, marker = (NOISE_COLOUR, NOISE_MARKER) if label == 'Noise' else part_style(j)
            ax.scatter(x[members], y[members], s=14, linewidth=1 if marker == NOISE_MARKER else 0,
                       color=colour, marker=marker, label=f'{label} ({members.sum()})')
    finish(fig, ax, 'original-data')


def plot_mickey_mouse(X, K, ind_samples_clusters, centroids, cluster_method):
    """Draw the samples X (N, 2), each in the colour of its cluster, and the centroids (K, 2).

    A sample belongs to the largest entry of its row in ind_samples_clusters
    (N, K): the 1 of K-means' Z, or the likeliest component of EM.
    """
    X, centroids = np.asarray(X), np.asarray(centroids)
    clusters = np.argmax(ind_samples_clusters, axis=1)
    style_of = {k: part_style(j) for j, k in enumerate(order_by_part(centroids))}
    fig, ax = position_axes(X[:, 0], X[:, 1], f'Mickey Mouse data set: {cluster_method}, K = {K}')
    for k in range(K):
        members = clusters == k
        colour, marker = style_of[k]
        ax.scatter(X[members, 0], X[members, 1], s=14, linewidth=0, color=colour, marker=marker,
                   label=f'Cluster {k + 1} ({members.sum()})' if K <= 12 else None)
    ax.scatter(centroids[:, 0], centroids[:, 1], s=110, color='white', edgecolor='black',
               marker='X', label='Centroids')
    finish(fig, ax, f'{cluster_method} clusters K {K}')


def plot_objective_function(objective_function_over_its, ylabel='Objective function'):
    """Draw an objective function over the iterations.

    A log-likelihood, recognised by its ylabel, has one value an iteration
    (EM); any other objective has two (K-means): after the assignment, drawn
    half an iteration early, and after the update of the centroids.
    """
    values = np.asarray(objective_function_over_its)
    fig, ax = labelled_axes('Iteration', ylabel, f'{ylabel} over the iterations')
    if 'likelihood' in ylabel.lower():
        iterations = np.arange(1, len(values) + 1)
        ax.plot(iterations, values, marker='.', color=COLOURS[0])
    else:
        iterations = np.arange(1, len(values) + 1) / 2
        ax.plot(iterations, values, color=COLOURS[0])
        ax.plot(iterations[::2], values[::2], 'o', color=COLOURS[0], markerfacecolor='white',
                label='after the assignment')
        ax.plot(iterations[1::2], values[1::2], 'o', color=COLOURS[0], label='after the update')
        ax.legend(loc='upper right')
    ax.set_xlim(left=0)
    ax.grid()
    ax.locator_params(axis='x', integer=True)
    fig.subplots_adjust(left=0.16, right=0.97, bottom=0.13, top=0.91)
    save_and_show(fig, ylabel)


def part_style(j):
    """Colour and marker of part or cluster j; all differ up to the product of their numbers."""
    return COLOURS[j % len(COLOURS)], MARKERS[j % len(MARKERS)]


def order_by_part(centroids):
    """Cluster indices in the order of PARTS, nearest first come; then the others from left to right."""
    others = list(np.argsort(centroids[:, 0], kind='stable'))
    order = []
    for position in PARTS.values():
        if others:
            order.append(min(others, key=lambda k: np.sum((centroids[k] - position)**2)))
            others.remove(order[-1])
    return order + others


def labelled_axes(xlabel, ylabel, title):
    """Figure and axes with few ticks, and with labels at fixed places: finding free ones takes time."""
    fig, ax = plt.subplots()
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    ax.locator_params(nbins=5)
    ax.xaxis.set_label_coords(0.5, -0.1)
    ax.yaxis.set_label_coords(0.045, 0.52, transform=fig.transFigure)  # at the edge: room for any tick labels
    return fig, ax


def position_axes(x, y, title):
    """Figure and axes for positions: equal aspect, and limits that depend on the samples alone."""
    fig, ax = labelled_axes('x', 'y', title)
    margin = 0.05 * (max(np.ptp(x), np.ptp(y)) or 1)
    ax.set(aspect='equal', xlim=(np.min(x) - margin, np.max(x) + margin), ylim=(np.min(y) - margin, np.max(y) + margin))
    return fig, ax


def finish(fig, ax, name):
    """Put the legend beside the axes and save the figure."""
    ax.legend(loc='upper left', bbox_to_anchor=(1.02, 1), borderaxespad=0, handletextpad=0.3,
              frameon=False)
    fig.subplots_adjust(left=0.12, right=0.72, bottom=0.13, top=0.91)
    save_and_show(fig, name)


def save_and_show(fig, name):
    """Save the figure, show it where there is a display, and close it."""
    name = '-'.join(''.join(c if c.isalnum() else ' ' for c in name.lower()).split())
    try:  # without dates and versions in them, so that the same figure is the same file
        fig.savefig(f'{FIGURES}{name}.pdf', metadata={'CreationDate': None, 'Creator': None, 'Producer': None})
        fig.savefig(f'{FIGURES}{name}.png', dpi=200, metadata={'Software': None},
                    pil_kwargs={'compress_level': 3})  # up to 15 % larger than by default, in 2/3 of the time
    except OSError as error:
        print(f'Figure not saved: {error}')
    if plt.get_backend().lower() not in FILE_BACKENDS:
        plt.show()
    plt.close(fig)
