"""Build the report: `python report/build.py` computes its numbers, draws its figures and runs pdflatex.

evidence.py computes and checks what the text says; its numbers go to numbers.tex, a LaTeX macro each. figures.py draws.
"""
import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib

REPORT = Path(__file__).resolve().parent
sys.path.insert(0, str(REPORT.parent))  # the files of the homework
matplotlib.use('Agg')

import evidence  # noqa: E402
import figures  # noqa: E402
import main  # noqa: E402


def typeset():
    """Three runs: two settle the references, the third finds them settled. A mistake leaves the old PDF as it is."""
    if not shutil.which('pdflatex'):
        return 'pdflatex is not installed: report.pdf is left as it was.'
    for _ in range(3):
        run = subprocess.run(['pdflatex', '-interaction=nonstopmode', '-halt-on-error', '-jobname=draft', 'report.tex'],
                             cwd=REPORT, stdin=subprocess.DEVNULL, capture_output=True)
        if run.returncode:
            sys.exit(run.stdout.decode(errors='replace')[-1500:] + 'See draft.log; report.pdf is left as it was.')
    os.replace(REPORT / 'draft.pdf', REPORT / 'report.pdf')
    return 'Built report/report.pdf.'


if __name__ == '__main__':
    print('Computing the numbers ...', flush=True)
    found, numbers = evidence.gather()
    macros = [f'\\newcommand{{\\{name}}}{{{text}}}\n' for name, text in numbers.items()]
    (REPORT / 'numbers.tex').write_text('% Written by build.py.\n' + ''.join(macros), encoding='utf-8')
    print('Drawing the figures ...', flush=True)
    with contextlib.redirect_stdout(None):
        main.main()
    figures.draw(found)
    print(typeset())
