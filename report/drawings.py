"""The figures that the report shows besides those of main.py, as wide as they are printed."""
import numpy as np
import matplotlib.pyplot as plt
from matplotlib.colors import to_rgb

import main
import utils
from claims import ELLIPSE, STRIP, outlier_aris
from em import e_step
from k_means import squared_distances
from studies import OUTLIER_COUNTS, OUTLIER_DISTANCES, RESTARTS, SAMPLES

WIDTH = 6.3  # inches: 16 cm, the width of the text
STYLE = {'font.size': 9, 'axes.titlesize': 9, 'legend.fontsize': 9, 'xtick.labelsize': 8, 'ytick.labelsize': 8,
         'grid.color': '#E5E5E5', 'pdf.fonttype': 42}  # TrueType: text can be searched and copied
NO_FIT = -0.15  # the height at which it is marked that EM found no fit
BEST = dict(linestyle='-', markersize=4)  # filled markers on a line for the best known fit
RANDOM = dict(linestyle=':', linewidth=1, markersize=9, markerfacecolor='none')  # around them, for random starts
PART_NAMES = ('head', 'left ear', 'right ear')
PART_COLOURS = np.array([to_rgb(utils.part_style(part)[0]) for part in range(3)])
CIRCLE = np.array([(np.cos(angle), np.sin(angle)) for angle in np.linspace(0, 2 * np.pi, 200)]).T


def save(fig, name, legend_columns=0, **margins):
    """Save a figure as PDF and PNG, the same bytes in every run; a legend in columns stands below all panels."""
    if legend_columns:
        entries = {label: handle for ax in fig.axes for handle, label in zip(*ax.get_legend_handles_labels())}
        fig.legend(list(entries.values()), list(entries), loc='lower center', ncol=legend_columns, frameon=False,
                   handletextpad=0.4, columnspacing=1)
    fig.subplots_adjust(**margins)
    fig.savefig(f'{utils.FIGURES}{name}.pdf', metadata={'CreationDate': None, 'Creator': None, 'Producer': None})
    fig.savefig(f'{utils.FIGURES}{name}.png', dpi=200, metadata={'Software': None})
    plt.close(fig)


def frame(axes, X, titles, ticks=(0.2, 0.4, 0.6, 0.8)):
    """Axes for positions: the limits of the samples X, the same ticks along x and y, one label for y."""
    margin = 0.08 * np.ptp(X, axis=0).max()
    xlim, ylim = zip(X.min(axis=0) - margin, X.max(axis=0) + margin)
    for ax, title in zip(axes, titles):
        ax.set(xlabel='x', title=title, aspect='equal', xlim=xlim, ylim=ylim, xticks=ticks, yticks=ticks)
    axes[0].set_ylabel('y')


def scatter_parts(ax, X, parts, size=9):
    """Samples in the colour and marker of their part of the mouse, noise points as grey crosses."""
    for part, name in enumerate(PART_NAMES):
        colour, marker = utils.part_style(part)
        ax.scatter(*X[parts == part].T, s=size, linewidth=0, color=colour, marker=marker, label=name)
    if np.any(parts == 3):
        ax.scatter(*X[parts == 3].T, s=18, linewidth=1, color=utils.NOISE_COLOUR, marker=utils.NOISE_MARKER,
                   label='noise')


def mark_centres(ax, centres):
    """Centroids or means, on top."""
    ax.scatter(*centres.T, s=50, color='white', edgecolor='black', marker=utils.CENTRE_MARKER, zorder=4,
               label='centroid or mean')


def mark_disk(ax, e):
    """The smallest disk around EM's mean of the head that holds every sample of the head."""
    ax.plot(*(e.means[0][:, np.newaxis] + e.disk * CIRCLE), color='black', linewidth=1.2, linestyle=':',
            label='disk of the head')


def mark_ellipses(ax, means, sigmas, **style):
    """The ellipse of each component, in the colour of its part unless the style says another."""
    for mean, factor, colour in zip(means, np.linalg.cholesky(sigmas), PART_COLOURS):
        ax.plot(*(mean[:, np.newaxis] + ELLIPSE * factor @ CIRCLE), **{'color': colour, 'linewidth': 1.2, **style})


def mark_boundaries(ax, score):
    """Where the two largest scores, one a part for positions (P, 2), are equal."""
    grid = np.meshgrid(np.linspace(*ax.get_xlim(), 200), np.linspace(*ax.get_ylim(), 200))
    scores = score(np.stack([g.ravel() for g in grid], axis=1)).reshape(3, *grid[0].shape)
    for part in range(3):
        ax.contour(*grid, scores[part] - np.delete(scores, part, axis=0).max(axis=0), levels=[0], colors='black',
                   linewidths=1.2)
    ax.plot([], [], color='black', linewidth=1.2, label='boundary')


def draw_comparison(e):
    """The original, K-means with its Voronoi cells, and EM with its regions of largest responsibility."""
    fig, axes = plt.subplots(1, 3, figsize=(WIDTH, 2.75), sharey=True)
    frame(axes, e.X, ('Original', f'K-means, K = {main.K}', f'EM, K = {main.K}'))
    for ax, parts in zip(axes, (e.parts, e.three.clusters, e.mixture.clusters)):
        scatter_parts(ax, e.X, parts, 7)
    head, *ears = e.three.centres
    mark_centres(axes[1], e.three.centres)
    mark_boundaries(axes[1], lambda x: -np.stack([squared_distances(x, centroid) for centroid in e.three.centres]))
    mark_disk(axes[1], e)
    for ear in ears:
        axes[1].plot(*np.stack((head, ear)).T, color='black', linewidth=0.8)
        axes[1].plot(*(head + ear) / 2, 'o', color='white', markeredgecolor='black', markersize=5, label='midpoint')
    mark_centres(axes[2], e.means)
    mark_boundaries(axes[2], lambda x: np.log(np.maximum(e_step(x, *e.fitted)[0].T, 1e-300)))
    mark_ellipses(axes[2], e.means, e.sigmas, color='black', linestyle='--', label=f'{ELLIPSE}-sigma ellipse')
    save(fig, 'comparison', legend_columns=5, left=0.075, right=0.995, bottom=0.3, top=0.93, wspace=0.06)


def draw_choice(e):
    """WCSS and BIC over the number of clusters."""
    fig, axes = plt.subplots(1, 2, figsize=(WIDTH, 1.9))
    for ax, method, name, values in zip(axes, ('K-means', 'EM'), ('WCSS', 'BIC'), (e.choice.wcss, e.choice.bic)):
        ax.plot(e.choice.K, values, 'o-', color=utils.COLOURS[0], markersize=4)
        ax.plot(main.K, values[main.K - 1], 'o', color=utils.COLOURS[5], markersize=7, label=f'K = {main.K}')
        ax.set(xlabel='Number of clusters K', ylabel=name, title=f'{method}: {name}', xticks=e.choice.K)
        ax.grid()
        ax.legend(loc='upper right')
    axes[0].set_ylim(bottom=0)
    axes[1].locator_params(axis='y', nbins=5)
    save(fig, 'choice-of-k', left=0.075, right=0.99, bottom=0.21, top=0.89, wspace=0.28)


def draw_strip(e):
    """Iterations of EM: where they lie on the climb, and samples in the mixed colours of their responsibilities."""
    values, history = e.mixture.objective, e.mixture.history
    iterations = np.arange(len(history))[list(STRIP)]
    fig = plt.figure(figsize=(WIDTH, 3.4))
    top = fig.add_axes((0.1, 0.63, 0.88, 0.34))
    top.plot(range(1, len(history)), values, '.-', color='#666666', markersize=4)
    top.plot(iterations, values[iterations - 1], 'o', color='black', markersize=7)
    for i in iterations:
        top.annotate(str(i), (i, values[i - 1]), (6, -4), textcoords='offset points', va='top')
    top.set(xlabel='Iteration', ylabel='Log-likelihood', xlim=(0, len(values) + 3), ylim=(270, 650))
    top.grid()
    axes = fig.subplots(1, len(STRIP), sharey=True)
    frame(axes, e.X, [f'Iteration {i}' for i in iterations], (0.2, 0.5, 0.8))
    for ax, i in zip(axes, iterations):
        means, sigmas, _ = history[i]
        gamma, _ = e_step(e.X, *history[i])
        for part, colour in enumerate(PART_COLOURS):
            rows = gamma.argmax(axis=1) == part
            ax.scatter(*e.X[rows].T, s=4, linewidth=0, c=gamma[rows] @ PART_COLOURS, marker=utils.part_style(part)[1])
            ax.scatter(*means[part], s=30, color=colour, edgecolor='black', linewidth=0.8, zorder=4,
                       marker=utils.CENTRE_MARKER)
        mark_ellipses(ax, means, sigmas)
    save(fig, 'how-em-gets-there', left=0.075, right=0.995, bottom=0.1, top=0.47, wspace=0.08)


def draw_outliers(e):
    """Agreement with the labels over the distance of added outliers: K-means beside EM."""
    fig, axes = plt.subplots(1, 2, figsize=(WIDTH, 2.6), sharey=True)
    for ax, title, method in zip(axes, ('K-means', 'EM'), ('kmeans', 'em')):
        for j, count in enumerate(OUTLIER_COUNTS):
            x = np.array(OUTLIER_DISTANCES) * 1.05**(j - 1)  # apart, where lines lie on each other
            for name, style, label in ((method, BEST, f'{count} outlier{"s" * (count > 1)}'),
                                       (f'{method}_random', RANDOM, None)):
                style = dict(style, color=utils.COLOURS[3 + j], marker='Dvp'[j])
                y = outlier_aris(e, name)[j]
                missing = np.isnan(y)
                ax.plot(x, y, **style, label=label)
                ax.plot(x[missing], np.full(missing.sum(), NO_FIT), **dict(style, linestyle=''))
        ax.set(xlabel='Distance of the outliers', title=title, xscale='log', ylim=(-0.25, 1.08))
        ax.set_yticks([NO_FIT, 0, 0.2, 0.4, 0.6, 0.8, 1], ['no fit', '0', '0.2', '0.4', '0.6', '0.8', '1'])
        ax.set_xticks(OUTLIER_DISTANCES, [f'{d:g}' for d in OUTLIER_DISTANCES])
        ax.minorticks_off()
        ax.grid()
    axes[0].set_ylabel('ARI of head and ears')
    for style, label in ((BEST, 'best known'), (RANDOM, f'best of {RESTARTS} random starts')):
        axes[1].plot([], [], **style, color='black', marker='o', label=label)
    save(fig, 'outliers', legend_columns=3, left=0.1, right=0.99, bottom=0.33, top=0.91, wspace=0.06)


def draw_samples(e):
    """The data beside as many samples from the fitted mixture."""
    fig, axes = plt.subplots(1, 2, figsize=(WIDTH, 3.3), sharey=True)
    frame(axes, np.vstack((e.X, e.samples)), (f'Data: {len(e.X)} samples', f'Fitted mixture: {SAMPLES} samples'))
    scatter_parts(axes[0], e.X, e.parts)
    scatter_parts(axes[1], e.samples, e.components)
    for ax in axes:
        mark_disk(ax, e)
    save(fig, 'samples', legend_columns=5, left=0.085, right=0.985, bottom=0.2, top=0.94, wspace=0.06)


def draw(evidence):
    """All figures of the report alone."""
    with plt.rc_context(STYLE):
        for figure in (draw_comparison, draw_choice, draw_strip, draw_outliers, draw_samples):
            figure(evidence)
