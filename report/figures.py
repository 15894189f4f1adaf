"""The figures of the report besides those of main.py, as they are printed; the animation."""
import matplotlib.pyplot as plt
import numpy as np
from contourpy import contour_generator  # matplotlib needs it, and Pillow, too
from matplotlib.colors import to_rgb
from PIL import Image

from em import e_step
from evidence import CENTRE as MIDDLE
from evidence import ELLIPSE, SHOWN, X, parts
from k_means import compute_Z, squared_distances
from utils import CENTRE, COLOURS, FIGURES, NOISE, STYLE, STYLES, WIDTH

WIDE = 6.3  # inches: 16 cm, the width of the text
STRIP = [1, 10, 20, 42]  # iterations of EM
GROUPS = [  # name and style of the parts and clusters
    ('head, cluster 1', STYLES[0]),
    ('left ear, cluster 2', STYLES[1]),
    ('right ear, cluster 3', STYLES[2]),
    ('noise', NOISE),
]
PART_COLOURS = np.array([to_rgb(style['color']) for _, style in GROUPS[:3]])
UNDECIDED = np.array(to_rgb('#BBBBBB'))
ANGLES = np.linspace(0, 2 * np.pi, 200)
CIRCLE = np.transpose([np.cos(ANGLES), np.sin(ANGLES)])
FRAME, REST = 300, 5000  # milliseconds for an iteration of the animation, and for the last
PALETTE = 64  # colours of the animation


# --- Parts of figures

def panels(titles, height, width=WIDE, **options):
    """Panels that show the same part of the plane, with numbers at the left of the first."""
    fig, axes = plt.subplots(
        1, len(titles), figsize=(width, height), layout='constrained', sharey=True, squeeze=False,
        **options,
    )
    axes = axes[0]
    for ax, title in zip(axes, titles):
        ax.set(aspect='equal', xlabel='x', title=title, xlim=(0, 1), ylim=(0.08, 0.96))
        ax.set(xticks=[0.2, 0.4, 0.6, 0.8], yticks=[0.2, 0.4, 0.6, 0.8])
        ax.tick_params(left=ax is axes[0])
    axes[0].set_ylabel('y')
    return fig, axes


def scatter(ax, samples, groups, s):
    """Samples in the styles of the groups 0 to 3: head, left ear, right ear, noise."""
    for group, (name, style) in enumerate(GROUPS):
        if np.any(groups == group):
            size = s if group < 3 else 2 * s
            ax.scatter(*samples[groups == group].T, **style, s=size, label=name)


def mark_centres(ax, centres, s=50, label='centroid or mean'):
    ax.scatter(*centres.T, **{**CENTRE, 's': s}, label=label)


def draw_ellipse(ax, mean, sigma):
    curve = mean + ELLIPSE * CIRCLE @ np.linalg.cholesky(sigma).T
    label = f'{ELLIPSE} standard deviations'
    ax.plot(*curve.T, color='black', linestyle='dashed', linewidth=0.9, label=label)


def mixed(memberships):
    """Colours of memberships (N, 3): of a part that has all, grey where all have the same."""
    decided = 1.5 * memberships.max(axis=1, keepdims=True) - 0.5
    return decided * memberships @ PART_COLOURS + (1 - decided) * UNDECIDED


def scatter_mixed(ax, memberships, s):
    """The samples in mixed colours, with the marker of the part that has most of them."""
    colours = mixed(memberships)
    for part, (_, style) in enumerate(GROUPS[:3]):
        own = memberships.argmax(axis=1) == part
        ax.scatter(*X[own].T, color=colours[own], marker=style['marker'], s=s)


def boundary(ax, score):
    """Where the two largest of the scores (P, 3) of positions (P, 2) are equal."""
    x = np.linspace(*ax.get_xlim(), 200)
    y = np.linspace(*ax.get_ylim(), 200)
    positions = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    scores = score(positions).T.reshape(3, 200, 200)
    for k in range(3):
        others = np.delete(scores, k, axis=0).max(axis=0)
        for line in contour_generator(x, y, scores[k] - others).lines(0):
            line = np.round(line, 4)  # so that it does not follow the last bits
            ax.plot(*line.T, color='black', linewidth=1.2, label='boundary')


def place(fig, columns=0):
    """Place everything, with a legend of so many columns below."""
    if columns:
        entries = {}
        for ax in fig.axes:
            for handle in ax.get_legend_handles_labels()[0]:
                entries[handle.get_label()] = handle
        fig.legend(
            entries.values(), entries.keys(), loc='outside lower center', ncols=columns,
            handletextpad=0.5,
        )
    for _ in range(3):  # as in utils.py
        fig.get_layout_engine().execute(fig)
    fig.set_layout_engine('none')


def save(fig, name, columns=0):
    """The same bytes in every run."""
    place(fig, columns)
    undated = {'CreationDate': None, 'Creator': None, 'Producer': None}
    fig.savefig(f'{FIGURES}{name}.pdf', metadata=undated)
    fig.savefig(f'{FIGURES}{name}.png', dpi=200, metadata={'Software': None})
    plt.close(fig)


# --- Figures

def choice_of_k(found):
    fig, ax = plt.subplots(figsize=(WIDTH, 2.4), layout='constrained')
    K = np.arange(1, len(found.wcss) + 1)
    ax.plot(K, found.wcss, 'o-', color=COLOURS[0], markersize=4)
    ax.plot(3, found.wcss[2], 'o', color=COLOURS[5], markersize=7)
    for k, value in zip(K, found.wcss):
        ax.annotate(f'{value:.2f}', (k, value), (3, 4), textcoords='offset points')
    ax.set(xlabel='Number of clusters K', ylabel='WCSS', title='WCSS of K-means by K')
    ax.set(xticks=K, xlim=(0.6, 5.9), ylim=(0, 34))
    ax.grid(color='#E5E5E5')
    save(fig, 'choice-of-k')


def way_of_em(found):
    fig, axes = panels([f'EM, iteration {i}' for i in STRIP], 2.15)
    for ax, i in zip(axes, STRIP):
        means, sigmas, weights = found.em.history[i]
        memberships, _ = e_step(X, means, sigmas, weights)
        scatter_mixed(ax, memberships, 4)
        for mean, sigma in zip(means, sigmas):
            draw_ellipse(ax, mean, sigma)
        mark_centres(ax, means, 40, 'mean')
    add_key(axes[0], ' component')
    save(fig, 'how-em-gets-there', 3)


def add_key(ax, ending=''):
    """Legend entries for the colours and markers of samples on the way."""
    for name, (_, style) in zip(['head', 'left ear', 'right ear'], GROUPS):
        ax.scatter([], [], **style, s=15, label=name + ending)
    ax.fill_between([], [], color=UNDECIDED, label='undecided')


def comparison(found):
    fig, axes = panels(['Original data', 'K-means, K = 3', 'EM, K = 3'], 2.85)
    for ax, groups in zip(axes, [parts, found.three.clusters, found.em.clusters]):
        scatter(ax, X, groups, 5)
    centroids = found.three.centres
    boundary(axes[1], lambda x: -np.transpose([squared_distances(x, c) for c in centroids]))
    boundary(axes[2], lambda x: e_step(x, *found.em.parameters)[0])
    head, *ears = centroids
    for ear in ears:
        line = np.array([head, (head + ear) / 2, ear])
        axes[1].plot(
            *line.T, color='black', linestyle='dotted', marker='o', markevery=[1],
            markerfacecolor='white', markersize=5, label='midpoint between centroids',
        )
    mark_centres(axes[1], found.three.centres)
    mark_centres(axes[2], found.em.centres)
    for mean, sigma in zip(*found.em.parameters[:2]):
        draw_ellipse(axes[2], mean, sigma)
    save(fig, 'comparison', 3)


def outlier(found):
    """The mouse with one outlier far below, in the best solution of K-means that is known."""
    fig, [ax] = panels(['K-means, K = 3'], 2.2, 2.0)
    styles = iter(STYLES[3:])  # not those of the parts, as two clusters share three of them
    for cluster in range(3):
        if cluster != found.alone.clusters[-1]:
            own = found.alone.clusters[:-1] == cluster
            ax.scatter(*X[own].T, **next(styles), s=5)
            mark_centres(ax, found.alone.centres[[cluster]])
    ax.set(xticks=[0.2, 0.5, 0.8], ylim=(-0.34, 0.96))
    ax.annotate(
        f'outlier {SHOWN} below:\nits own cluster', (0.5, -0.32), (0.5, -0.12),
        horizontalalignment='center', arrowprops={'arrowstyle': '->'},
    )
    save(fig, 'outlier')


def samples(found):
    fig, axes = panels([f'Data: {len(X)} samples', f'EM: {len(found.drawn)} drawn samples'], 2.7)
    for ax, positions, groups in [(axes[0], X, parts), (axes[1], found.drawn, found.drawn_from)]:
        scatter(ax, positions, groups, 8)
        edge = MIDDLE + found.edge * CIRCLE
        ax.plot(*edge.T, color='black', linestyle='dotted', linewidth=1.2, label='edge of the head')
    save(fig, 'samples', 3)


# --- The animation of the README

def animation(found):
    """K-means and EM side by side from their random starts to convergence, a frame an iteration."""
    fig, axes = panels(['K-means', 'EM'], 3.75, dpi=125)
    add_key(axes[0])
    mark_centres(axes[0], np.empty((0, 2)))
    draw_ellipse(axes[1], *[values[0] for values in found.em.history[0][:2]])
    place(fig, 3)
    frames = []
    for i in range(found.em.iterations + 1):  # EM is the longer of both
        for ax in axes:
            for artist in [*ax.collections, *ax.lines]:
                artist.remove()
        step = min(i, found.three.iterations)
        [centroids] = found.three.history[step]
        show_step(axes[0], 'K-means', found.three, step, centroids, compute_Z(X, 3, centroids))
        means, sigmas, weights = found.em.history[i]
        memberships, _ = e_step(X, means, sigmas, weights)
        show_step(axes[1], 'EM', found.em, i, means, memberships)
        for mean, sigma in zip(means, sigmas):
            draw_ellipse(axes[1], mean, sigma)
        fig.canvas.draw()
        frames.append(np.array(fig.canvas.buffer_rgba())[:, :, :3])
    plt.close(fig)
    palette = Image.fromarray(np.concatenate(frames[::6])).quantize(PALETTE)
    colours = np.array(palette.getpalette()).reshape(-1, 3)
    colours[colours.min(axis=1) > 245] = 255  # white itself
    palette.putpalette(colours.ravel().tolist())
    images = [Image.fromarray(frame).quantize(palette=palette, dither=0) for frame in frames]
    images[0].save(
        f'{FIGURES}animation.gif', save_all=True, append_images=images[1:], loop=0,
        duration=[FRAME] * (len(images) - 1) + [REST],
    )


def show_step(ax, name, fit, step, centres, memberships):
    scatter_mixed(ax, memberships, 7)
    mark_centres(ax, centres, 70)
    state = f'iteration {step}'
    if step == 0:
        state = 'random start'
    if step == fit.iterations:
        state += ', converged'
    ax.set_title(f'{name}: {state}')


def draw(found):
    with plt.style.context(STYLE):
        for figure in (choice_of_k, way_of_em, comparison, outlier, samples, animation):
            figure(found)
