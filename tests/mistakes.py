"""The tests of the tests: python tests/mistakes.py [FILE]

Each row of mistakes.txt changes one file of a right solution, the loops of tests/plain with our
main.py and utils.py: lines (-) and what takes their place (+), or no lines for no such file. In its
first line are the tasks that the mistake must cost, and no other, and words that must be said. A
row without tasks is a right variant. FILE, such as k_means, selects rows. It needs scipy, and takes
about three minutes on two cores.
"""
import os
import re
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from conftest import TESTS
from grade import run_tests
from grading import task_of
from judge import ROOT

REMARKS = [f'test_main.py::test_remarks_{name}' for name in ('signatures', 'imports', 'python_3_9')]
HEAD = re.compile(r'(?P<file>\w+):(?P<tasks>[ \w.]*)(: (?P<words>.*))?')
CHANGE = re.compile(r'(?P<old>(^-.*\n)+)(?P<new>(^\+.*\n)*)', re.MULTILINE)


def changed(text, changes):
    """The text of a file with the lines (+) in place of others (-)."""
    for change in CHANGE.finditer(changes):
        old = re.sub('^-', '', change['old'], flags=re.MULTILINE)
        new = re.sub(r'^\+', '', change['new'], flags=re.MULTILINE)
        assert text.count(old) == 1, f'the file holds {text.count(old)} times\n{old}'
        text = text.replace(old, new)
    return text


def judge(row):
    """What is wrong with the verdict on a row; nothing where it is right."""
    head, _, changes = row.partition('\n')
    expected = HEAD.fullmatch(head)
    file = expected['file']
    tasks = set(expected['tasks'].split())
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for path in [ROOT / 'main.py', ROOT / 'utils.py', *(TESTS / 'plain').glob('*.py')]:
            shutil.copy(path, folder)
        path = folder / f'{file}.py'
        if changes:
            path.write_text(changed(path.read_text('utf-8'), changes), 'utf-8')
        else:
            path.unlink()
        tests = ['test_main.py' if file == 'utils' else f'test_{file}.py']
        if file in ('k_means', 'em') and (not tasks or 'remarks' in tasks):
            tests += REMARKS
        verdicts = run_tests(folder, tests)
    said = [words for words in verdicts.values() if words]
    cost = {task_of(test) for test, words in verdicts.items() if words}
    told = not expected['words'] or any(expected['words'] in words for words in said)
    if verdicts and cost == tasks and told:
        return ''
    return f'{row}costs {sorted(cost)}: {said}\n'


def main(file=''):
    rows = (TESTS / 'mistakes.txt').read_text('utf-8').strip().split('\n\n')
    rows = [f'{row}\n' for row in rows if row.startswith(file)]
    if sys.version_info < (3, 12):  # which reads no f-string that Python 3.9 does not
        rows = [row for row in rows if 'f-string' not in row]
    os.environ['GRADED_LIMIT'] = '10'
    with ThreadPoolExecutor(2) as pool:
        wrong = [words for words in pool.map(judge, rows) if words]
    print(*wrong, sep='\n')
    print(f'{len(rows) - len(wrong)} of {len(rows)} rows are judged as they should be')
    return int(bool(wrong) or not rows)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
