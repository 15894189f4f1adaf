"""The figures that the report shows besides those of main.py."""
from pathlib import Path

import numpy as np
import matplotlib.pyplot as plt

import main
import utils
from claims import ELLIPSE
from em import e_step
from k_means import squared_distances
from studies import LABELS, PART_NAMES, SAMPLES

FIGURES = Path(__file__).resolve().parent / 'figures'
WIDTH = 6.3  # inches: figures are drawn as wide as they are printed, 16 cm


def save(fig, name):
    """Save a figure as main.py's are saved: PDF and PNG, the same bytes from run to run."""
    with plt.rc_context({'pdf.fonttype': 42}):  # TrueType: text can be searched and copied
        fig.savefig(FIGURES / f'{name}.pdf',
                    metadata={'CreationDate': None, 'Creator': None, 'Producer': None})
    fig.savefig(FIGURES / f'{name}.png', dpi=200, metadata={'Software': None})
    plt.close(fig)


def panels(count, height, X, titles):
    """A row of panels for positions, with the limits of the samples X and one y axis."""
    fig, axes = plt.subplots(1, count, figsize=(WIDTH, height), sharey=True)
    margin = 0.05 * np.ptp(X, axis=0).max()
    (left, low), (right, high) = X.min(axis=0) - margin, X.max(axis=0) + margin
    for ax, title in zip(axes, titles):
        ax.set(xlabel='x', aspect='equal', xlim=(left, right), ylim=(low, high))
        ax.set_title(title, fontsize=10)
        ax.locator_params(nbins=5)
    axes[0].set_ylabel('y')
    return fig, axes


def scatter_parts(ax, X, parts, size=9):
    """Samples in the colour and marker of their part of the mouse."""
    for part, name in enumerate(PART_NAMES):
        colour, marker = utils.part_style(part)
        ax.scatter(*X[parts == part].T, s=size, linewidth=0, color=colour, marker=marker, label=name)


def mark_noise(ax, X):
    """Noise points as grey crosses."""
    ax.scatter(*X.T, s=18, linewidth=1, color=utils.NOISE_COLOUR, marker=utils.NOISE_MARKER, label='noise')


def mark_centres(ax, centres, label='centroid or mean'):
    """Centroids or means, on top."""
    ax.scatter(*centres.T, s=70, color='white', edgecolor='black', marker='X', zorder=4, label=label)


def unit_circle():
    """Points on the unit circle, shape (2, 200)."""
    angles = np.linspace(0, 2 * np.pi, 200)
    return np.stack((np.cos(angles), np.sin(angles)))


def mark_disk(ax, centre, radius):
    """The smallest disk around a centre that holds every sample of the head."""
    ax.plot(*(centre[:, np.newaxis] + radius * unit_circle()), color='black', linewidth=1.2, linestyle=':',
            label='disk of the head')


def shared_legend(fig, axes, columns):
    """One legend below all panels, each label once."""
    entries = {label: handle for ax in axes for handle, label in zip(*ax.get_legend_handles_labels())}
    fig.legend(list(entries.values()), list(entries), loc='lower center', ncol=columns, frameon=False,
               handletextpad=0.3, columnspacing=1.5)


def draw_comparison(e):
    """The original, K-means and EM side by side."""
    fig, axes = panels(3, 2.75, e.X, ('Original', f'K-means, K = {main.K}', f'EM, K = {main.K}'))
    truth = np.array([LABELS.index(label) for label in e.labels])
    scatter_parts(axes[0], e.X, truth)
    mark_noise(axes[0], e.X[e.noise])
    for ax, parts, centres in ((axes[1], e.kmeans_parts, e.centroids), (axes[2], e.em_parts, e.means)):
        scatter_parts(ax, e.X, parts)
        mark_centres(ax, centres)
    shared_legend(fig, axes, 5)
    fig.subplots_adjust(left=0.085, right=0.99, bottom=0.26, top=0.93, wspace=0.08)
    save(fig, 'comparison')


def shade(ax, scores, grid):
    """Colour the region of each part, where its score is the largest, and draw the boundaries."""
    for part, score in enumerate(scores):
        lead = score - np.delete(scores, part, axis=0).max(axis=0)
        ax.contourf(*grid, lead, levels=[0, lead.max()], colors=[utils.part_style(part)[0]], alpha=0.13)
        ax.contour(*grid, lead, levels=[0], colors='black', linewidths=1.2)


def draw_boundaries(e):
    """K-means' Voronoi cells beside EM's decision regions with their ellipses."""
    fig, axes = panels(2, 3.65, e.X, ('K-means: Voronoi cells', 'EM: regions of largest responsibility'))
    grid = np.meshgrid(np.linspace(*axes[0].get_xlim(), 300), np.linspace(*axes[0].get_ylim(), 300))
    points = np.stack([g.ravel() for g in grid], axis=1)
    scores = -np.stack([squared_distances(points, centroid) for centroid in e.centroids])
    shade(axes[0], scores.reshape(3, *grid[0].shape), grid)
    with np.errstate(divide='ignore'):
        scores = np.log(e_step(points, e.means, e.sigmas, e.weights)[0].T)
    shade(axes[1], np.maximum(scores, -300).reshape(3, *grid[0].shape), grid)
    truth = np.array([LABELS.index(label) for label in e.labels])
    for ax, centres in zip(axes, (e.centroids, e.means)):
        scatter_parts(ax, e.X, truth)
        mark_noise(ax, e.X[e.noise])
        mark_centres(ax, centres)
    mark_disk(axes[0], e.class_means[0], e.radius)
    for ear in e.centroids[1:]:
        axes[0].plot(*np.stack((e.centroids[0], ear)).T, color='black', linewidth=0.8)
    middles = (e.centroids[0] + e.centroids[1:]) / 2
    axes[0].plot(*middles.T, 'o', color='white', markeredgecolor='black', markersize=6, label='midpoint')
    for part in range(3):
        ellipse = e.means[part][:, np.newaxis] + ELLIPSE * np.linalg.cholesky(e.sigmas[part]) @ unit_circle()
        axes[1].plot(*ellipse, color='black', linewidth=1.2, linestyle='--', label=f'{ELLIPSE}-sigma ellipse')
    shared_legend(fig, axes, 4)
    fig.subplots_adjust(left=0.085, right=0.985, bottom=0.25, top=0.94, wspace=0.06)
    save(fig, 'boundaries')


def draw_choice(e):
    """WCSS and BIC over the number of clusters."""
    fig, axes = plt.subplots(1, 2, figsize=(WIDTH, 2.2))
    for ax, values, ylabel, title in ((axes[0], e.choice.wcss, 'WCSS', 'K-means: lowest WCSS'),
                                      (axes[1], e.choice.bic, 'BIC', 'EM: BIC of the best run')):
        ax.plot(e.choice.K, values, 'o-', color=utils.COLOURS[0], markersize=4)
        ax.plot(main.K, values[main.K - 1], 'o', color=utils.COLOURS[5], markersize=8, label=f'K = {main.K}')
        ax.set(xlabel='Number of clusters K', ylabel=ylabel)
        ax.set_title(title, fontsize=10)
        ax.set_xticks(e.choice.K)
        ax.grid()
        ax.legend(loc='upper right')
    axes[0].set_ylim(bottom=0)
    axes[1].locator_params(axis='y', nbins=6)
    fig.subplots_adjust(left=0.085, right=0.99, bottom=0.2, top=0.89, wspace=0.33)
    save(fig, 'choice-of-k')


def draw_samples(e):
    """The data beside as many samples from the fitted mixture."""
    limits = np.vstack((e.X, e.samples))
    fig, axes = panels(2, 3.65, limits, (f'Data: {len(e.X)} samples', f'Fitted mixture: {SAMPLES} samples'))
    truth = np.array([LABELS.index(label) for label in e.labels])
    scatter_parts(axes[0], e.X, truth)
    mark_noise(axes[0], e.X[e.noise])
    scatter_parts(axes[1], e.samples, e.components)
    for ax in axes:
        mark_disk(ax, e.means[0], e.disk)
    shared_legend(fig, axes, 5)
    fig.subplots_adjust(left=0.085, right=0.985, bottom=0.21, top=0.94, wspace=0.06)
    save(fig, 'samples')


def draw(evidence):
    """All figures of the report alone."""
    for figure in (draw_comparison, draw_boundaries, draw_choice, draw_samples):
        figure(evidence)
