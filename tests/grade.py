"""Grade a submission: python tests/grade.py DIR [options of pytest]

The graded tests judge a copy of the four files in DIR: a table counts those passed by task of the sheet, and what
failed is said in a line each (-v says all). It runs the submission's code on this machine and is no sandbox.
The exit status is 0 where all passed, 1 where not, 2 where nothing was graded.
"""
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
FILES = 'main.py', 'k_means.py', 'em.py', 'utils.py'
TASKS = {
    'remarks': 'general remarks: signatures, imports, Python 3.9',
    'utils': 'utils.py, given by the course: data and plots',
    '1.1.1': 'wcss(), Eq. (1)',
    '1.1.2': 'closest_centroid(), the argmin of Eq. (2)',
    '1.1.3': 'compute_Z(), Eq. (2)',
    '1.1.4': 'recompute_centroids(), Eq. (3)',
    '1.1.5': 'kmeans(), the steps of K-means',
    '1.1.6': 'task_kmeans(), K, max_iter and plot of the WCSS',
    '1.1.7': 'task_kmeans(), plot of the clusters',
    '1.2.1': 'calculate_responsibilities(), Eq. (5)',
    '1.2.2': 'update_parameters(), Eqs. (6) to (8)',
    '1.2.3': 'em(), the steps of EM and Eq. (9)',
    '1.2.4': 'task_em(), K, max_iter and plot of the log-likelihood',
    '1.2.5': 'task_em(), plot of the clusters'}


def run_tests(folder, options, names=('main', 'k_means', 'em')):
    """(task, what is wrong) of each graded test of tests/test_{name}.py, run on a copy of the files in the folder."""
    with tempfile.TemporaryDirectory() as place:
        copy, report = Path(place).resolve() / 'copy', Path(place) / 'report.xml'
        shutil.copytree(ROOT / 'data', copy / 'data')
        for name in FILES:
            if (folder / name).is_file():
                shutil.copyfile(folder / name, copy / name)
        command = [sys.executable, '-m', 'pytest', '-c', ROOT / 'pytest.ini', '--rootdir', ROOT, '-s', '-W', 'ignore',
                   '-p', 'no:cacheprovider', '-p', 'no:randomly', '--basetemp', Path(place) / 'temp',
                   '--junitxml', report, '-k', 'not test_ours', *options,
                   *(ROOT / 'tests' / f'test_{name}.py' for name in names)]
        environment = dict(os.environ, GRADED_FOLDER=str(copy), PYTEST_ADDOPTS='', PYTHONDONTWRITEBYTECODE='1',
                           MPLBACKEND='Agg')
        done = subprocess.run(list(map(str, command)), cwd=place, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cases = ElementTree.parse(report).iter('testcase') if report.exists() and done.returncode < 2 else []
        return [(re.match(r'test_(remarks|utils|\d_\d_\d)', case.get('name'))[1].replace('_', '.'), words(case))
                for case in cases]


def words(case):
    """What a test says; nothing where it passed."""
    said = [part.get('message') for part in case if part.tag in ('failure', 'error')] + ['']
    return re.sub(r'^(failed on setup with ")?(Failed|AssertionError): ', '', said[0].partition('\n')[0]).rstrip('"')


def main(directory='', *options):
    sys.stdout.reconfigure(errors='replace')  # whatever the console can write
    folder = Path(directory)
    if not directory.strip() or not any((folder / name).is_file() for name in FILES):
        print(f'{directory!r} has none of the files {", ".join(FILES)}\n\n{__doc__}')
        return 2
    uses_scipy = any(re.search(rb'^\s*(from|import) +scipy', path.read_bytes(), re.M) for path in folder.glob('em.py'))
    if uses_scipy and not importlib.util.find_spec('scipy'):
        print('em.py imports scipy, as the skeleton does: python -m pip install scipy, and grade again')
        return 2
    verdicts, lines = run_tests(folder, options), []
    for task, what in TASKS.items():
        said = Counter(wrong for judged, wrong in verdicts if judged == task)
        print(f'{task:<9}{what:<56}{said[""]:>3} of {sum(said.values())}')
        wrong = [line for line in said if line]
        named = [line for line in wrong if not line.startswith('expected ')]
        lines += [f'{task:<9}{line}' for line in (wrong if '-v' in options else named or wrong[:1])]
    print(*lines if '-v' in options else lines[:11], sep='\n')
    if not verdicts:
        print('nothing was graded: the submission, or an option of pytest, ended the tests')
        return 2
    return int(any(wrong for _, wrong in verdicts))


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
