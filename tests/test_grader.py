"""The grader graded: each wrong submission is caught at its task and in words, and right ones pass.

tests/submissions/wrong.py and right.py hold the tables of both.
"""
import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys

import pytest

import grade
from judge.grader import FILES, ROOT, TASKS
from judge.verdicts import NOT_BEGUN
from submissions.right import RIGHT
from submissions.wrong import WRONG

PLAIN = ROOT / 'tests' / 'submissions' / 'plain'
MISTAKES = {f'{task}: {words}, {number}': (file, task, words, (old, new), others) for file, mistakes in WRONG.items()
            for number, (task, words, old, new, *others) in enumerate(mistakes)}
BODIES = 'pass', 'return 0', 'return np.zeros((4, 2))', 'raise NotImplementedError()', 'return means, sigmas, weights'
BLANK = [(file, body) for file in ('k_means.py', 'em.py') for body in BODIES]


def write(folder, file=None, *changes):
    """The plain submission and our utils.py in a folder, one file changed: pairs of old text (None: all) and new."""
    shutil.copytree(PLAIN, folder, ignore=shutil.ignore_patterns('__pycache__'))
    shutil.copyfile(ROOT / 'utils.py', folder / 'utils.py')
    for old, new in changes:
        text = (folder / file).read_text(encoding='utf-8')
        (folder / file).unlink()
        if old is not None:
            assert text.count(old) == 1, f'{file} holds {text.count(old)} times {old!r}'
            (folder / file).write_text(text.replace(old, new), encoding='utf-8')
    return folder


def write_blank(folder, file, body):
    """The plain submission, in one of its files this body for each function."""
    lines = (write(folder) / file).read_text(encoding='utf-8').splitlines()
    for node in reversed(ast.parse('\n'.join(lines)).body):
        if isinstance(node, ast.FunctionDef):
            lines[node.body[0].lineno - 1:node.end_lineno] = ['    ' + body]
    (folder / file).write_text('\n'.join(lines) + '\n', encoding='utf-8')
    return folder


@pytest.fixture(scope='session', autouse=True)
def sessions(tmp_path_factory):
    """The folders of all submissions, and two processes that judge them while other tests run."""
    place, tables, folders = tmp_path_factory.mktemp('submissions').resolve(), ({}, {}), {'ours': ROOT}
    tables[0][str(ROOT)] = dict(files=FILES, limit=None)

    def add(name, make, file, *what, limit=None):
        folders[name] = make(place / str(len(folders)), file, *what)
        tables[len(folders) % 2][str(folders[name])] = dict(files=[file], limit=limit)

    for name, (file, _, words, change, _) in MISTAKES.items():
        add(name, write, file, change, limit=0.5 if 'loop?' in words else None)
    for name, (file, *changes) in RIGHT.items():
        add(name, write, file, *changes)
    for file, body in BLANK:
        add((file, body), write_blank, file, body)
    command = [sys.executable, str(ROOT / 'tests' / 'judge' / 'many.py')]
    pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding='utf-8')
    started = [subprocess.Popen(command, **pipes) for _ in tables]
    for process, table in zip(started, tables):
        process.stdin.write(json.dumps(table))
        process.stdin.close()
    yield folders, started
    for process in started:
        with process:
            process.kill()


@pytest.fixture(scope='session')
def verdicts(sessions):
    """What the grader says of each submission: task, number of tests, passed, sentences."""
    (folders, started), result = sessions, {}
    for process in started:
        result.update(json.loads(process.stdout.read().splitlines()[-1]))
    return {name: result[str(folder)] for name, folder in folders.items()}


# --- The command itself

def run(*arguments, cwd=ROOT):
    """Exit code and output of `python tests/grade.py` with these arguments."""
    done = subprocess.run([sys.executable, str(ROOT / 'tests' / 'grade.py'), *map(str, arguments)], cwd=cwd,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, encoding='cp1252',
                          env=dict(os.environ, PYTHONIOENCODING='cp1252'))
    return done.returncode, done.stdout


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.is_file() and path.read_bytes() for path in folder.rglob('*')}


def test_right_submission_in_a_hostile_folder(tmp_path):
    """From that folder, where its files would be found first; it prints what a Windows console cannot."""
    folder = write(tmp_path / 'group 7', 'main.py', ('print(X.shape)', "print('μ', X.shape)"))
    for name in 'conftest.py', 'random.py', 'numpy.py', 'judge.py':
        (folder / name).write_text(f'raise SystemExit("{name} of the submission was read")')
    (folder / 'pytest.ini').write_text('[pytest]\npython_files = nothing.py\naddopts = --collect-only\n')
    (folder / 'tests').mkdir()
    for name in 'test_k_means.py', 'tests/test_x.py':
        (folder / name).write_text('def test_mine(): assert False\n')
    before = contents(folder)
    code, output = run('.', f'--junitxml={tmp_path / "result.xml"}', cwd=folder)
    assert code == 0, output
    for task in TASKS:
        passed, every = re.search(rf'^{re.escape(task)} .* (\d+) of (\d+)$', output, flags=re.MULTILINE).groups()
        assert passed == every != '0', output
    assert re.search(r'^\d+ passed in [\d.]+s', output, flags=re.MULTILINE)
    assert contents(folder) == before
    assert 'errors="0" failures="0"' in (tmp_path / 'result.xml').read_text(encoding='utf-8')


def test_half_done_submission_gets_what_it_earned_in_thirty_lines(tmp_path):
    """An index counted from 1, an endless loop, the second half not begun, an exception in task_em."""
    folder = write_blank(tmp_path / 'half', 'em.py', 'return None')
    for file, old, new in (('k_means.py', 'np.argmin(distances)', 'np.argmin(distances) + 1'),
                           ('k_means.py', 'for it in range(max_iter):', 'while (it := 0) == 0:'),
                           ('main.py', '    number = 3\n', '    number = three\n')):
        text = (folder / file).read_text(encoding='utf-8')
        (folder / file).write_text(text.replace(old, new), encoding='utf-8')
    code, output = run(folder, '--time-limit=1')
    assert code == 1 and len(output.splitlines()) <= 30, output
    for row in ('1.1.1 .* 3 of 3', '1.1.2 .*: the index is counted from 1', '1.1.3 .* 7 of 7', '1.1.5 .* 0 of 13',
                r'1.1.5 +kmeans\(\) did not finish within 1 s, an endless loop\? \(k_means.py, line \d+: .*\)',
                r'1.1.5 +not run, since 3 tests of this task did not finish \(10 tests\)', '1.2.3 .* not begun',
                r"1.2.4 +task_em\(\) raises NameError: name 'three' is not defined \(main.py, line 20: number ="):
        assert re.search(f'^{row}', output, flags=re.MULTILINE), (row, output)


def test_more_is_said_where_asked(tmp_path):
    """The calls of the submission that led to an exception, and arrays at full length."""
    folder = write(tmp_path / 'wrong', 'k_means.py', ('    return Z\n', '    return Z * unknown\n'),
                   (' / len(members)', ''))
    code, output = run(folder, '-v', '-k', 'test_step_equals')
    assert code == 1 and 'in compute_Z\n    return Z * unknown' in output and 'PASSED' in output
    assert 'expected\n[[' in output and 'but got\n[[' in output


@pytest.mark.parametrize('arguments, words', [
    *[(arguments, 'there is no folder') for arguments in (
        [], [''], [' '], ['no/such/folder'], ['-v', str(PLAIN)], [str(PLAIN / 'em.py')])],
    ([str(ROOT / 'data')], 'data has none of the files main.py, k_means.py, em.py, utils.py')])
def test_without_a_submission_nothing_is_graded(arguments, words, capsys):
    """An empty variable of a shell must not grade our own files."""
    assert grade.main(*arguments) == 2
    assert words in capsys.readouterr().out


# --- Many submissions

@pytest.mark.parametrize('name', MISTAKES)
def test_wrong_submission_is_caught_at_its_task_alone(verdicts, name):
    _, blamed, words, _, others = MISTAKES[name]
    verdict = verdicts[name]
    assert any(words in sentence for sentence in verdict[blamed][2]), verdict[blamed]
    assert {task for task, (every, passed, _) in verdict.items() if passed < every} <= {blamed, *others}, verdict


@pytest.mark.parametrize('name', ['ours', *RIGHT])
def test_right_submission_passes(verdicts, name):
    if name == 'scipy' and not importlib.util.find_spec('scipy'):
        pytest.skip('needs scipy')
    assert sum(every for every, _, _ in verdicts[name].values()) >= 7
    assert {task: sentences for task, (every, passed, sentences) in verdicts[name].items()
            if passed < every or sentences} == {}


@pytest.mark.parametrize('file, body', BLANK)
def test_what_is_not_begun_earns_nothing_and_is_said_so(verdicts, file, body):
    tasks = [task for task in TASKS if task.startswith('1.1' if file == 'k_means.py' else '1.2')]
    verdict = {task: verdicts[file, body][task] for task in tasks if verdicts[file, body][task][0]}
    assert len(verdict) == (5 if file == 'k_means.py' else 3)
    assert all(passed == 0 and sentences == [NOT_BEGUN] for _, passed, sentences in verdict.values()), verdict
