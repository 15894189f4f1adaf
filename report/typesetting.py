"""numbers.tex and the PDF."""
import os
import shutil
import subprocess
from pathlib import Path

REPORT = Path(__file__).resolve().parent


def write_numbers(numbers):
    """Write numbers.tex, one macro a line."""
    lines = ['% Written by build.py: do not edit, run `python report/build.py`.']
    lines += [f'\\newcommand{{\\{name}}}{{{value}}}' for name, value in numbers.items()]
    (REPORT / 'numbers.tex').write_text('\n'.join(lines) + '\n', encoding='utf-8')


def typeset():
    """Run pdflatex three times: the first two settle the references, the third finds them settled."""
    if not shutil.which('pdflatex'):
        print('pdflatex is not installed: figures and numbers.tex are built, report.pdf is left as it was.')
        return 0
    environment = dict(os.environ, SOURCE_DATE_EPOCH='1720389540', FORCE_SOURCE_DATE='1')
    command = ['pdflatex', '-interaction=nonstopmode', '-halt-on-error', 'report.tex']
    for _ in range(3):
        run = subprocess.run(command, cwd=REPORT, env=environment, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if run.returncode:
            print(run.stdout.decode('utf-8', 'replace')[-3000:])
            print('pdflatex failed: see report/report.log.')
            return 1
    print('Built report/report.pdf.')
    return 0
