"""The figures of the report besides those of main.py, as wide as they are printed, and the README's animation."""
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from PIL import Image  # matplotlib needs it, too

from em import e_step
from evidence import CENTRE as MIDDLE, ELLIPSE, OUTLIER_STARTS
from k_means import compute_Z, squared_distances
from utils import CENTRE, COLOURS, FIGURES, NAMES, NOISE, STYLE, STYLES

WIDTH = 6.3  # inches: 16 cm, the width of the text
STRIP = 1, 10, 20, 25, 42  # iterations of EM
PART_COLOURS = np.array([to_rgb(style['color']) for style in STYLES[:3]])
UNDECIDED = np.array(to_rgb('#BBBBBB'))
COLLAPSED, BIN, AREA = -0.15, 0.05, 2.2  # the height of collapsed fits; fits so close are one bubble; pt^2 for each
BUBBLE = dict(color='#666666', alpha=0.5, linewidth=0)
CIRCLE = np.exp(2j * np.pi * np.linspace(0, 1, 200)).view(float).reshape(-1, 2)
FRAME, REST, PALETTE = 300, 5000, 64  # milliseconds for an iteration and for the last; colours of all together


def panels(titles, height, ticks=(0.2, 0.4, 0.6, 0.8), **options):
    """Panels that show the same part of the plane, with numbers at the left of the first."""
    fig, axes = plt.subplots(1, len(titles), figsize=(WIDTH, height), layout='constrained', sharey=True, **options)
    for ax, title in zip(axes, titles):
        ax.set(aspect='equal', xlim=(0, 1), ylim=(0.08, 0.96), xticks=ticks, yticks=ticks, xlabel='x', title=title)
        ax.tick_params(left=ax is axes[0])
    axes[0].set_ylabel('y')
    return fig, axes


def scatter(ax, X, parts, s):
    """Samples in the colours and markers of head, left ear, right ear and noise."""
    for part, (name, style) in enumerate(zip(NAMES.values(), (*STYLES[:3], NOISE))):
        if np.any(parts == part):
            ax.scatter(*X[parts == part].T, **style, s=s if part < 3 else 2 * s, label=name)


def mixed(memberships):
    """Colours of memberships (N, 3): of a part that has all, grey where all have the same."""
    decided = 1.5 * memberships.max(axis=1, keepdims=True) - 0.5
    return decided * memberships @ PART_COLOURS + (1 - decided) * UNDECIDED


def ellipse(mean, sigma):
    return (mean + ELLIPSE * CIRCLE @ np.linalg.cholesky(sigma).T).T


def boundary(ax, score):
    """Where the two largest of the scores (P, 3) of positions (P, 2) are equal."""
    grid = np.meshgrid(np.linspace(*ax.get_xlim(), 200), np.linspace(*ax.get_ylim(), 200))
    scores = score(np.stack(grid, axis=-1).reshape(-1, 2)).T.reshape(3, 200, 200)
    for k in range(3):
        ax.contour(*grid, scores[k] - np.delete(scores, k, axis=0).max(axis=0), [0], colors='black', linewidths=1.2)
    ax.plot([], [], color='black', linewidth=1.2, label='boundary')


def place(fig, columns=0):
    """Place everything, with a legend of so many columns below."""
    if columns:
        entries = {handle.get_label(): handle for ax in fig.axes for handle in ax.get_legend_handles_labels()[0]}
        fig.legend(entries.values(), entries, loc='outside lower center', ncols=columns, handletextpad=0.5)
    for _ in range(3):  # as in utils.py
        fig.get_layout_engine().execute(fig)
    fig.set_layout_engine('none')


def save(fig, name, columns=0):
    """The same bytes in every run."""
    place(fig, columns)
    fig.savefig(f'{FIGURES}{name}.pdf', metadata={'CreationDate': None, 'Creator': None, 'Producer': None})
    fig.savefig(f'{FIGURES}{name}.png', dpi=200, metadata={'Software': None})
    plt.close(fig)


def choice_of_k(e):
    fig, axes = plt.subplots(1, 2, figsize=(WIDTH, 1.9), layout='constrained')
    for ax, title, values, digits in (axes[0], 'WCSS of K-means', e.wcss, 2), (axes[1], 'BIC of EM', e.bic, 0):
        K = np.arange(1, len(values) + 1)
        ax.plot(K, values, 'o-', color=COLOURS[0], markersize=4)
        ax.plot(3, values[2], 'o', color=COLOURS[5], markersize=7, label='K = 3')
        for k, value in zip(K, values):
            offset, side = ((0, 6), 'center') if value > values[k - 2] and k > 1 else ((-3, -11), 'right')
            ax.annotate(f'{value:.{digits}f}'.replace('-', '\u2212'), (k, value), offset, textcoords='offset points',
                        horizontalalignment=side)
        ax.set(xlabel='Number of clusters K', ylabel=title[:4], title=title, xticks=K, xlim=(0.1, K[-1] + 0.6))
        ax.margins(y=0.25)
        ax.grid(color='#E5E5E5')
        ax.legend(loc='upper right')
    save(fig, 'choice-of-k')


def way_of_em(e):
    fig, axes = panels([f'Iteration {i}' for i in STRIP], 1.65, (0.2, 0.5, 0.8))
    for ax, i in zip(axes, STRIP):
        means, sigmas, weights = e.em.history[i]
        ax.scatter(*e.X.T, s=3, color=mixed(e_step(e.X, means, sigmas, weights)[0]))
        for mean, sigma in zip(means, sigmas):
            ax.plot(*ellipse(mean, sigma), '--', color='black', linewidth=0.8)
        ax.scatter(*means.T, **{**CENTRE, 's': 40})
    save(fig, 'how-em-gets-there')


def comparison(e):
    fig, axes = panels(('Original', 'K-means, K = 3', 'EM, K = 3'), 2.9)
    for ax, parts in zip(axes, (e.parts, e.three.clusters, e.em.clusters)):
        scatter(ax, e.X, parts, 5)
    boundary(axes[1], lambda x: -np.stack([squared_distances(x, centroid) for centroid in e.three.centres], axis=1))
    boundary(axes[2], lambda x: e_step(x, *e.em.parameters)[0])
    for ear in e.three.centres[1:]:
        line = np.linspace(e.three.centres[0], ear, 3)
        axes[1].plot(*line.T, ':o', color='black', markerfacecolor='white', markersize=5, markevery=[1],
                     label='line between centroids, midpoint')
    for ax, fit in (axes[1], e.three), (axes[2], e.em):
        ax.scatter(*fit.centres.T, **{**CENTRE, 's': 50}, label='centroid or mean')
    for mean, sigma in zip(*e.em.parameters[:2]):
        axes[2].plot(*ellipse(mean, sigma), 'k--', linewidth=0.9, label=f'{ELLIPSE} standard deviations')
    save(fig, 'comparison', 4)


def outliers(e):
    fig, axes = plt.subplots(1, 2, figsize=(WIDTH, 2.5), layout='constrained', sharey=True)
    for j, (ax, title) in enumerate(zip(axes, ('K-means', 'EM'))):
        for distance, runs in e.outliers.items():
            values = np.nan_to_num(runs[j], nan=COLLAPSED)
            _, bins, counts = np.unique(np.round(values / BIN), return_inverse=True, return_counts=True)
            ax.scatter(np.full(len(counts), distance), np.bincount(bins, values) / counts, AREA * counts, **BUBBLE)
        ax.set(xscale='log', xlabel='Distance of the outlier (logarithmic)', title=title, ylim=(-0.28, 1.1))
        ax.set_xticks(list(e.outliers), list(e.outliers))
        ax.minorticks_off()
        ax.tick_params(left=j == 0)
        ax.grid(color='#E5E5E5')
    axes[0].set(ylabel='ARI of head and ears', yticks=np.arange(6) / 5)
    axes[0].scatter([], [], AREA * 50, **BUBBLE, label=f'50 of {OUTLIER_STARTS} random starts')
    axes[0].scatter(list(e.outliers), [runs[2] for runs in e.outliers.values()], 60, COLOURS[5], '_', linewidth=2,
                    zorder=0.9, label='least WCSS known')
    axes[1].plot(*np.transpose(e.followed), color='black', label='the good fit, followed outwards')
    axes[1].axhline(COLLAPSED / 3, color='black', linewidth=0.8)
    axes[1].text(0.93, COLLAPSED, 'collapse', verticalalignment='center')
    axes[1].set_xlim(axes[0].get_xlim())
    save(fig, 'outliers', 3)


def samples(e):
    fig, axes = panels((f'Data: {len(e.X)} samples', f'Fitted mixture: {len(e.samples)} samples'), 2.6)
    for ax, X, parts in (axes[0], e.X, e.parts), (axes[1], e.samples, e.components):
        scatter(ax, X, parts, 8)
        ax.plot(*(MIDDLE + e.edge * CIRCLE).T, 'k:', linewidth=1.2, label='edge of the head')
    save(fig, 'samples', 5)


def animation(e):
    """K-means and EM side by side from their random starts to convergence, a frame an iteration."""
    fig, axes = panels(('K-means', 'EM'), 3.55, dpi=125)
    runs = [[(step[0], compute_Z(e.X, 3, step[0])) for step in e.three.history],
            [(step[0], e_step(e.X, *step)[0]) for step in e.em.history]]
    points = [ax.scatter(*e.X.T, s=7) for ax in axes]
    ellipses = [axes[1].plot([], [], 'k--', linewidth=0.9, label=f'{ELLIPSE} standard deviations')[0] for _ in range(3)]
    centres = [ax.scatter([], [], **CENTRE, label='centroid or mean') for ax in axes]
    axes[1].scatter([], [], s=15, color=[UNDECIDED], label='undecided sample')
    place(fig, 3)
    frames = []
    for i, (means, sigmas, _) in enumerate(e.em.history):  # the longer of both
        for ax, name, run, dots, marks in zip(axes, ('K-means', 'EM'), runs, points, centres):
            step, last = min(i, len(run) - 1), len(run) - 1
            state = f'iteration {step}' if step else 'random start'
            ax.set_title(f'{name}: {state}{", converged" * (step == last)}')
            marks.set_offsets(run[step][0])
            dots.set_color(mixed(run[step][1]))
        for curve, mean, sigma in zip(ellipses, means, sigmas):
            curve.set_data(*ellipse(mean, sigma))
        fig.canvas.draw()
        frames.append(np.array(fig.canvas.buffer_rgba())[:, :, :3])
    plt.close(fig)
    palette = Image.fromarray(np.concatenate(frames[::6])).quantize(PALETTE)
    colours = np.array(palette.getpalette()).reshape(-1, 3)
    colours[colours.min(axis=1) > 245] = 255  # white itself
    palette.putpalette(colours.ravel().tolist())
    first, *others = [Image.fromarray(frame).quantize(palette=palette, dither=0) for frame in frames]
    first.save(f'{FIGURES}animation.gif', save_all=True, append_images=others, loop=0,
               duration=[FRAME] * len(others) + [REST])


def draw(e):
    with plt.style.context(STYLE):
        for figure in choice_of_k, way_of_em, comparison, outliers, samples, animation:
            figure(e)
