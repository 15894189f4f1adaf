"""The tests of the tests: python tests/mistakes.py [FILE]

Each row of mistakes.txt changes one file of a right solution, the loops of tests/plain with our main.py and utils.py:
lines (-) and what takes their place (+), or no lines for no such file. The graded tests judge it: a mistake has to cost
the tasks in the row's first line and no other, a right variant (no tasks) none. FILE, such as k_means, selects rows.
"""
import re
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from grade import ROOT, run_tests


def judge(row):
    """What is wrong with the verdict on a row; nothing where it is right."""
    head, _, changes = row.partition('\n')
    file, tasks = re.match(r'(\w+): ?([\w. ]*)', head).groups()
    with tempfile.TemporaryDirectory() as place:
        for path in (ROOT / 'main.py', ROOT / 'utils.py', *(ROOT / 'tests' / 'plain').glob('*.py')):
            shutil.copy(path, place)
        path = Path(place) / f'{file}.py'
        text = path.read_text('utf-8')
        path.unlink()
        for old, new in re.findall(r'((?:^-.*\n)+)((?:^\+.*\n)*)', changes, flags=re.MULTILINE):
            old, new = (re.sub('^[-+]', '', lines, flags=re.MULTILINE) for lines in (old, new))
            assert text.count(old) == 1, f'{file}.py holds {text.count(old)} times\n{old}'
            path.write_text(text := text.replace(old, new), 'utf-8')
        names = {'main' if file == 'utils' else file, *(['main'] if 'remarks' in tasks or not tasks else [])}
        verdicts = run_tests(Path(place), [], names)
    cost = {task for task, wrong in verdicts if wrong}
    return '' if verdicts and cost == set(tasks.split()) else f'{row}costs {" ".join(sorted(cost)) or "nothing"}\n'


def main(file=''):
    rows = (ROOT / 'tests' / 'mistakes.txt').read_text('utf-8').split('\n\n')
    rows = [row.rstrip('\n') + '\n' for row in rows if row.startswith(file)]
    if sys.version_info < (3, 12):
        rows = [row for row in rows if '(from Python 3.12 on)' not in row]
    with ThreadPoolExecutor(2) as pool:
        wrong = [words for words in pool.map(judge, rows) if words]
    print(*wrong, f'{len(rows) - len(wrong)} of {len(rows)} rows are judged as they should be', sep='\n')
    return int(bool(wrong) or not rows)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
