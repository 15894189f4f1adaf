"""Whether figures drawn anew are the committed ones, to the eye: python tests/tools/pictures.py FIGURE...

Each PNG or GIF of the working tree is compared with the one in the last commit; the exit status is 1 where one differs.
"""
import io
import subprocess
import sys

import numpy as np
from PIL import Image, ImageSequence  # matplotlib needs it, too

# Another processor's BLAS, or another release of it, rounds a position differently and so moves the
# antialiased edge of a marker: 445 of 919,800 pixels, by at most 3/255 = 0.012, were seen. So a pixel counts
# as different above 0.02, and 1 in 10,000 may be: some 70 pixels of most figures, about one marker.
LEVEL, SHARE = 0.02, 1e-4


def frames(picture):
    """The frames of a picture, a path or its bytes, as arrays (height, width, RGBA) from 0 to 1."""
    with Image.open(io.BytesIO(picture) if isinstance(picture, bytes) else picture) as image:
        return [np.asarray(frame.convert('RGBA')) / 255 for frame in ImageSequence.Iterator(image)]


def same_picture(one, other):
    """Whether two pictures, each a path or its bytes, have the same frames up to the tolerance."""
    one, other = frames(one), frames(other)
    return [a.shape for a in one] == [b.shape for b in other] and all(
        np.mean(np.abs(a - b).max(axis=2) > LEVEL) < SHARE for a, b in zip(one, other))


if __name__ == '__main__':
    names = sys.argv[1:]
    different = [name for name in names
                 if not same_picture(subprocess.check_output(['git', 'show', f'HEAD:./{name}']), name)]
    print(*(f'{name} is another picture than the committed one\n' for name in different), sep='', end='')
    print(f'{len(names) - len(different)} of {len(names)} pictures are the committed ones')
    sys.exit(bool(different))
