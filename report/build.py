"""Build the report: every number of its text, every figure, and the PDF.

Run `python report/build.py`. It computes the evidence (studies.py), checks what the text says and writes numbers.tex,
a LaTeX macro for each number (claims.py), draws the figures of main.py, those of the report alone (drawings.py) and
the animation of the README (animation.py), and runs pdflatex where it is installed. The text states nothing that
depends on a number unless a macro holds it or `require` checks it.
"""
import contextlib
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt

REPORT = Path(__file__).resolve().parent
sys.path[:0] = [str(REPORT), str(REPORT.parent)]  # the modules beside this file, and the four files of the homework

import animation  # noqa: E402
import claims  # noqa: E402
import drawings  # noqa: E402
import main  # noqa: E402
import studies  # noqa: E402


def compute_numbers():
    """Every number of the text: macro name -> string. Draws and writes nothing."""
    return claims.numbers_of(studies.gather())


def build():
    """Numbers first, since the checks of the text are among them; then figures and PDF."""
    plt.switch_backend('Agg')
    print('Computing the evidence ...', flush=True)
    evidence = studies.gather()
    print('Checking what the text says, writing numbers.tex ...', flush=True)
    macros = [f'\\newcommand{{\\{name}}}{{{value}}}\n' for name, value in claims.numbers_of(evidence).items()]
    note = '% Written by build.py: do not edit, run `python report/build.py`.\n'
    (REPORT / 'numbers.tex').write_text(note + ''.join(macros), encoding='utf-8')
    print('Drawing the figures of main.py ...', flush=True)
    with contextlib.redirect_stdout(None):
        main.main()
    print('Drawing the figures of the report ...', flush=True)
    drawings.draw(evidence)
    print('Drawing the animation of the README ...', flush=True)
    animation.animate(evidence)
    print('Typesetting report.pdf ...', flush=True)
    return typeset()


def typeset():
    """Run pdflatex three times: the first two settle the references, the third finds them settled."""
    if not shutil.which('pdflatex'):
        print('pdflatex is not installed: figures and numbers.tex are built, report.pdf is left as it was.')
        return 0
    command = ['pdflatex', '-interaction=nonstopmode', '-halt-on-error', 'report.tex']
    for _ in range(3):
        run = subprocess.run(command, cwd=REPORT, stdin=subprocess.DEVNULL, capture_output=True, encoding='utf-8',
                             errors='replace')
        if run.returncode:
            print(run.stdout[-3000:], 'pdflatex failed: see report/report.log.', sep='\n')
            return 1
    print('Built report/report.pdf.')
    return 0


if __name__ == '__main__':
    sys.exit(build())
