"""The animation of the README: K-means and EM side by side, from their random starts to convergence."""
import numpy as np
import matplotlib.pyplot as plt
from PIL import Image  # matplotlib needs it, too

import utils
from drawings import PART_COLOURS, STYLE, mark_centres, mark_ellipses
from em import e_step
from k_means import compute_Z

DURATION, REST = 300, 5000  # milliseconds for an iteration, and for the last one
PALETTE_SIZE = 96  # of all frames together: what stays from frame to frame then takes no bytes


def draw_frames(e):
    """The runs of main.py with K = 3, a picture (height, width, RGB) an iteration, in the colours of the parts."""
    kmeans = [(centroids, compute_Z(e.X, 3, centroids)) for centroids in e.three.history]
    mixture = [(parameters[0], e_step(e.X, *parameters)[0]) for parameters in e.mixture.history]
    low, high = e.X.min() - 0.05, e.X.max() + 0.05
    fig, axes = plt.subplots(1, 2, figsize=(6.4, 3.35), dpi=125, sharey=True)
    fig.subplots_adjust(left=0.075, right=0.99, bottom=0.125, top=0.92, wspace=0.05)
    frames = []
    for i, (means, sigmas, _) in enumerate(e.mixture.history):  # the longer of both
        for ax, name, history in zip(axes, ('K-means', 'EM'), (kmeans, mixture)):
            last = len(history) - 1
            when = 'random start' if i == 0 else f'iteration {i}' if i < last else f'converged in iteration {last}'
            centres, memberships = history[min(i, last)]
            ax.clear()
            ax.set(aspect='equal', xlim=(low, high), ylim=(low, high), xlabel='x', title=f'{name}, {when}')
            ax.scatter(*e.X.T, s=7, linewidth=0, color=memberships @ PART_COLOURS)  # those of EM are mixtures
            mark_centres(ax, centres)
        mark_ellipses(axes[1], means, sigmas)
        axes[0].set_ylabel('y')
        fig.canvas.draw()
        frames.append(np.array(fig.canvas.buffer_rgba())[:, :, :3])
    plt.close(fig)
    return frames


def animate(e):
    """Save figures/animation.gif, with one palette for all frames."""
    with plt.rc_context(STYLE):
        frames = draw_frames(e)
    palette = Image.fromarray(np.concatenate(frames)).quantize(PALETTE_SIZE)
    colours = np.array(palette.getpalette()).reshape(-1, 3)
    colours[colours.min(axis=1) > 245] = 255  # white itself, in place of means of white and what is near it
    palette.putpalette(colours.ravel().tolist())
    first, *others = [Image.fromarray(frame).quantize(palette=palette, dither=0) for frame in frames]
    first.save(f'{utils.FIGURES}animation.gif', save_all=True, append_images=others, loop=0,
               duration=[DURATION] * len(others) + [REST])
