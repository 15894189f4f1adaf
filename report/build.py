"""Build the report: `python report/build.py` computes numbers, draws figures, runs pdflatex.

evidence.py computes and checks what the text says; its numbers go to numbers.tex, a LaTeX macro
each. figures.py draws.
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
    """Three runs: two settle the references, the third finds them settled.

    A mistake leaves the old PDF as it is.
    """
    if not shutil.which('pdflatex'):
        return 'pdflatex is not installed: report.pdf is left as it was.'
    command = ['pdflatex', '-interaction=nonstopmode', '-halt-on-error', '-jobname=draft']
    for _ in range(3):
        run = subprocess.run(
            [*command, 'report.tex'], cwd=REPORT, stdin=subprocess.DEVNULL, capture_output=True
        )
        if run.returncode:
            sys.exit(
                f'{run.stdout.decode(errors="replace")[-1500:]}'
                'See draft.log; report.pdf is left as it was.'
            )
    os.replace(REPORT / 'draft.pdf', REPORT / 'report.pdf')
    return 'Built report/report.pdf.'


def write_numbers(numbers):
    lines = ['% Written by build.py.']
    for name, text in numbers.items():
        lines.append(f'\\newcommand{{\\{name}}}{{{text}}}')
    (REPORT / 'numbers.tex').write_text('\n'.join(lines) + '\n', encoding='utf-8')


if __name__ == '__main__':
    print('Computing the numbers ...', flush=True)
    found, numbers = evidence.gather()
    write_numbers(numbers)
    print('Drawing the figures ...', flush=True)
    with contextlib.redirect_stdout(None):
        main.main()
    figures.draw(found)
    print(typeset())
