"""Build the report: every number of its text, every figure, and the PDF.

Run `python report/build.py`. It computes the evidence (studies.py), checks what the text says and writes
numbers.tex, one LaTeX macro for each number (claims.py), draws the figures of main.py, those of the report
alone (drawings.py) and the animation of the README (animation.py), and runs pdflatex where it is installed
(typesetting.py). The text states nothing that depends on a number unless a macro holds it or `require` checks it.
"""
import sys
from pathlib import Path

import matplotlib.pyplot as plt

REPORT = Path(__file__).resolve().parent
for folder in (REPORT, REPORT.parent):  # the modules beside this file, and the four files of the homework
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

import animation  # noqa: E402
import claims  # noqa: E402
import drawings  # noqa: E402
import main  # noqa: E402
import studies  # noqa: E402
import typesetting  # noqa: E402


def compute_numbers():
    """Every number of the text: macro name -> string. Draws and writes nothing."""
    return claims.numbers_of(studies.gather())


def build():
    """Numbers first, since the checks of the text are among them; then figures and PDF."""
    plt.switch_backend('Agg')
    say('Computing the evidence')
    evidence = studies.gather()
    say('Checking what the text says, writing numbers.tex')
    typesetting.write_numbers(claims.numbers_of(evidence))
    say('Drawing the figures of main.py')
    studies.quiet(main.main)
    say('Drawing the figures of the report')
    drawings.draw(evidence)
    say('Drawing the animation of the README')
    animation.animate(evidence)
    say('Typesetting report.pdf')
    return typesetting.typeset()


def say(step):
    """Print a step before it begins."""
    print(f'{step} ...', flush=True)


if __name__ == '__main__':
    sys.exit(build())
