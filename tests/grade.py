"""Grade a submission: python tests/grade.py DIR

The graded tests judge a copy of the four files in DIR. A table counts by task of the sheet how many
tests passed, and each fault is said in a line. This runs the submission's code: it is no sandbox.
The exit status is 0 if all tests passed, 1 if not, 2 if nothing was graded.
"""
import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from conftest import SCIPY, TESTS
from grading import task_of
from judge import ROOT

LIMIT = 600  # seconds for all tests, by the clock
LINES = 11  # for the faults, unless all are asked for
FILES = ('main.py', 'k_means.py', 'em.py', 'utils.py')
GRADED = ('test_k_means.py', 'test_em.py', 'test_main.py')
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
    '1.2.5': 'task_em(), plot of the clusters',
}


def run_tests(folder, graded=GRADED):
    """For each graded test what is wrong with the files in the folder, '' where it passed."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place).resolve() / 'copy'
        results = Path(place).resolve() / 'results'
        shutil.copytree(ROOT / 'data', copy / 'data')
        for file in FILES:
            if (folder / file).is_file():
                shutil.copyfile(folder / file, copy / file)
        command = [
            sys.executable, TESTS / 'grading.py', '-c', ROOT / 'pytest.ini', '--rootdir', ROOT,
            '-s', '-p', 'no:cacheprovider', *(TESTS / file for file in graded),
        ]
        environment = {
            **os.environ, 'GRADED_FOLDER': str(copy), 'GRADED_RESULTS': str(results),
            'MPLBACKEND': 'agg', 'PYTHONDONTWRITEBYTECODE': '1', 'PYTEST_ADDOPTS': '',
            'PYTEST_DISABLE_PLUGIN_AUTOLOAD': '1', 'PYTHONPATH': '',
        }
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(
                list(map(str, command)), cwd=copy, env=environment, timeout=LIMIT,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
        lines = results.read_text('utf-8').splitlines() if results.exists() else []
        return dict(map(json.loads, lines))


def is_telling(what):
    """Whether the words say more than two numbers that differ."""
    return ': as if ' in what or 'got ' not in what


def main():
    parser = argparse.ArgumentParser(description='Grade a submission.')
    parser.add_argument('folder', metavar='DIR', type=Path, help='the folder of its four files')
    parser.add_argument('-v', action='store_true', help='say all that failed')
    options = parser.parse_args()
    sys.stdout.reconfigure(errors='replace')  # whatever the console can write
    if not any((options.folder / name).is_file() for name in FILES):
        print(f'there is none of the files {", ".join(FILES)} in {str(options.folder)!r}')
        return 2
    verdicts = run_tests(options.folder)
    if SCIPY in verdicts.values():
        print(SCIPY)
        return 2
    if not verdicts:
        print('nothing was graded: no test was run')
        return 2
    shown = []
    every = []
    for task, title in TASKS.items():
        tests = [test for test in verdicts if task_of(test) == task]
        wrong = [verdicts[test] for test in tests if verdicts[test]]
        print(f'{task:<9}{title:<56}{len(tests) - len(wrong):>3} of {len(tests)}')
        faults = list(dict.fromkeys(wrong))  # the same words once
        telling = [what for what in faults if is_telling(what)]
        every += [f'{task:<9}{what}' for what in faults]
        shown += [f'{task:<9}{what}' for what in telling or faults[:1]]
    if options.v or len(every) <= LINES:
        shown = every
    else:
        shown = shown[:LINES]
        shown.append(f'and {len(every) - len(shown)} more: -v')
    for line in shown:
        print(line)
    return int(bool(every))


if __name__ == '__main__':
    sys.exit(main())
