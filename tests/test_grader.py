"""The grader graded: wrong submissions are caught, each at its task and in words; right ones pass.

A wrong submission is the plain one of tests/submissions/plain with one mistake
written into it: see MISTAKES.
"""
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from judge.grader import FILES, ROOT, TASKS

PLAIN = ROOT / 'tests' / 'submissions' / 'plain'

# name: (task that is blamed, words of the message, file, old text, new text)
MISTAKES = {
    # 1.1.1 wcss()
    'distance not squared': ('1.1.1', 'not squared', 'k_means.py', 'centroids[k]) ** 2', 'centroids[k])'),
    'wcss is a mean': ('1.1.1', 'divided by N', 'k_means.py',
        '    return total\n', '    return total / len(X)\n'),
    'wcss without z': ('1.1.1', 'without z_ik', 'k_means.py', 'total += Z[i, k] *', 'total +='),
    'wcss writes into X': ('1.1.1', 'changes its input X in place', 'k_means.py',
        '    total = 0\n', '    X -= 0.5\n    centroids = centroids - 0.5\n    total = 0\n'),
    'wcss returns nothing': ('1.1.1', 'None is returned', 'k_means.py', '    return total\n', ''),
    # 1.1.2 closest_centroid()
    'argmax': ('1.1.2', 'argmax instead of argmin', 'k_means.py',
        'np.argmin(distances)', 'np.argmax(distances)'),
    'index from 1': ('1.1.2', 'counted from 1', 'k_means.py',
        'np.argmin(distances)', 'np.argmin(distances) + 1'),
    'index is a float': ('1.1.2', 'integer index, not float', 'k_means.py',
        'np.argmin(distances)', 'float(np.argmin(distances))'),
    'index is an array': ('1.1.2', 'must have shape (), not (1,)', 'k_means.py',
        'return np.argmin(distances)', 'return np.where(distances == min(distances))[0]'),
    'highest index on a tie': ('1.1.2', 'highest index instead of the lowest', 'k_means.py',
        'np.argmin(distances)', 'len(distances) - 1 - np.argmin(distances[::-1])'),
    'city blocks': ('1.1.2', 'city blocks', 'k_means.py',
        'np.linalg.norm(sample - c)', 'abs(sample - c).sum()'),
    'closest_centroid never ends': ('1.1.2', 'an endless loop?', 'k_means.py',
        '    distances = [np', '    while True:\n        pass\n    distances = [np'),
    # 1.1.3 compute_Z()
    'Z transposed': ('1.1.3', 'transposed', 'k_means.py', '    return Z\n', '    return Z.T\n'),
    'Z holds indices': ('1.1.3', 'one-hot row', 'k_means.py',
        '    return Z\n', '    return Z.argmax(axis=1)\n'),
    'closest_centroid not used': ('1.1.3', 'must use closest_centroid()', 'k_means.py',
        'closest_centroid(X[i], centroids)] = 1', 'np.argmin(((X[i] - centroids)**2).sum(axis=1))] = 1'),
    # 1.1.4 recompute_centroids()
    'centroid divided by N': ('1.1.4', 'divided by N', 'k_means.py', '/ len(members)', '/ len(X)'),
    'centroid is a sum': ('1.1.4', 'the sum of the members', 'k_means.py', ' / len(members)', ''),
    'centroid is a median': ('1.1.4', 'median', 'k_means.py',
        'members.sum(axis=0) / len(members)', 'np.median(members, axis=0)'),
    # 1.1.5 kmeans()
    'with replacement': ('1.1.5', 'drawn with replacement', 'k_means.py', 'replace=False', 'replace=True'),
    'first samples': ('1.1.5', 'the first K samples', 'k_means.py',
        'X[np.random.choice(N, size=K, replace=False)]', 'X[:K]'),
    'random centroids': ('1.1.5', 'the first WCSS', 'k_means.py',
        'X[np.random.choice(N, size=K, replace=False)]', 'np.random.random((K, D))'),
    'two draws': ('1.1.5', 'draws more random numbers', 'k_means.py',
        '    values = []\n', '    values = []\n    np.random.random()\n'),
    'one WCSS an iteration': ('1.1.5', 'one value an iteration instead of two', 'k_means.py',
        ('        values.append(wcss(X, K, Z, centroids))\n'
         '        if it > 0 and abs(values[-1] - values[-2])'),
        '        if it > 0 and abs(values[-1] - values[-2])'),
    'stop in the first iteration': ('1.1.5', 'stops in the first iteration', 'k_means.py',
        'if it > 0 and abs', 'if it >= 0 and abs'),
    'k-means never stops': ('1.1.5', 'never stops before max_iter', 'k_means.py', '            break\n', ''),
    'k-means always stops': ('1.1.5', 'in the second iteration at once', 'k_means.py',
        'abs(values[-1] - values[-2]) < eps', 'True'),
    'eps not used': ('1.1.5', 'eps is not used', 'k_means.py', '< eps', '< 1e-6'),
    'k-means compares iterations': ('1.1.5', 'the last two WCSS values', 'k_means.py',
        'abs(values[-1] - values[-2]) < eps', 'abs(values[-1] - values[-3]) < eps'),
    'max_iter not used': ('1.1.5', 'an endless loop?', 'k_means.py',
        'for it in range(max_iter):', 'for it in range(1000000000):'),
    'k-means scales X': ('1.1.5', 'changes its input X in place', 'k_means.py',
        '    N, D = X.shape\n', '    X -= X.mean(axis=0)\n    N, D = X.shape\n'),
    'k-means returns two': ('1.1.5', 'must return 3 values', 'k_means.py',
        'return Z, centroids, np.array(values)', 'return Z, centroids'),
    # 1.1.6
    'K = 4': ('1.1.6', 'must use K = 3', 'main.py', 'K = 3\n', 'K = 4\n'),
    # 1.1.7
    'clusters not plotted': ('1.1.7', 'must plot the clusters', 'main.py',
        "    plot_mickey_mouse(X, K, Z, centroids, cluster_method='K-means')\n", ''),
    # 1.2.1 calculate_responsibilities()
    'not normalised': ('1.2.1', 'not normalised', 'em.py',
        'return p / p.sum(axis=1, keepdims=True)', 'return p'),
    'wrong axis': ('1.2.1', 'along the wrong axis', 'em.py',
        'p.sum(axis=1, keepdims=True)', 'p.sum(axis=0, keepdims=True)'),
    'sum over everything': ('1.2.1', 'over everything', 'em.py', 'p.sum(axis=1, keepdims=True)', 'p.sum()'),
    'no weights': ('1.2.1', 'the weights w_k are missing', 'em.py', 'weights[k] * density', 'density'),
    'no determinant': ('1.2.1', 'determinant', 'em.py', ' / np.sqrt((2 * np.pi) ** len(x) * det)', ''),
    'no root': ('1.2.1', 'without its root', 'em.py',
        'np.sqrt((2 * np.pi) ** len(x) * det)', '((2 * np.pi) ** (len(x) / 2) * det)'),
    'module missing': ('1.2.1', 'em.py is missing', 'em.py', None, None),
    # 1.2.2 update_parameters()
    'old means': ('1.2.2', 'Eq. (7), the covariances: the covariance uses the old means', 'em.py',
        'd = X[i] - new_means[k]', 'd = X[i] - means[k]'),
    'N_k - 1': ('1.2.2', 'divided by N_k - 1', 'em.py', 'np.outer(d, d) / N_k', 'np.outer(d, d) / (N_k - 1)'),
    'mean divided by N': ('1.2.2', 'Eq. (6), the means: divided by N instead of N_k', 'em.py',
        'X[i] / N_k', 'X[i] / N'),
    'weights not stored': ('1.2.2', 'not stored', 'em.py',
        '        new_weights[k] = N_k / N\n', '        new_weights[k] = weights[k]\n'),
    'weights not returned': ('1.2.2', 'must return 3 values', 'em.py',
        'return new_means, new_sigmas, new_weights', 'return new_means, new_sigmas'),
    'weights are N_k': ('1.2.2', 'N_k instead of N_k / N', 'em.py',
        'new_weights[k] = N_k / N', 'new_weights[k] = N_k'),
    'diagonal covariance': ('1.2.2', 'the diagonal alone', 'em.py', 'np.outer(d, d) /', 'np.diag(d**2) /'),
    'inner product': ('1.2.2', 'inner product', 'em.py', 'np.outer(d, d) /', 'np.dot(d, d) /'),
    'in place': ('1.2.2', 'changes its input weights in place', 'em.py',
        'new_weights = np.zeros(K)', 'new_weights = weights'),
    # 1.2.3 em()
    'likelihood of the old parameters': ('1.2.3', 'likelihood of the old parameters', 'em.py',
        ('        means, sigmas, weights = update_parameters(X, means, sigmas, weights, gamma)\n'
         '        soft_clusters = weighted_densities(X, means, sigmas, weights)\n'),
        ('        soft_clusters = weighted_densities(X, means, sigmas, weights)\n'
         '        means, sigmas, weights = update_parameters(X, means, sigmas, weights, gamma)\n')),
    'log of the sum': ('1.2.3', 'logarithm of the sum over everything', 'em.py',
        'np.sum(np.log(np.sum(soft_clusters, axis=1)))', 'np.log(np.sum(soft_clusters))'),
    'sum outside the logarithm': ('1.2.3', 'the sum over k is outside the logarithm', 'em.py',
        'np.sum(np.log(np.sum(soft_clusters, axis=1)))', 'np.sum(np.log(soft_clusters))'),
    'mean log-likelihood': ('1.2.3', 'a mean instead of a sum', 'em.py',
        'np.sum(np.log(np', 'np.mean(np.log(np'),
    'weights dropped': ('1.2.3', 'the weights stay 1/K', 'em.py',
        'means, sigmas, weights = update_parameters', 'means, sigmas, _ = update_parameters'),
    'soft clusters normalised': ('1.2.3', 'normalised', 'em.py',
        'return means, soft_clusters, ', 'return means, gamma, '),
    'normal means': ('1.2.3', 'draws more random numbers', 'em.py',
        'np.random.random((K, D))', 'np.random.randn(K, D)'),
    'init_variance not used': ('1.2.3', 'init_variance is not used', 'em.py',
        'init_variance * np.eye(D)', '1.5 * np.eye(D)'),
    'em stops early': ('1.2.3', 'stops in iteration 2', 'em.py', 'if it > 1 and', 'if it > 0 and'),
    'em never stops': ('1.2.3', 'the stop never fires', 'em.py', '            break\n', ''),
    'em never ends': ('1.2.3', 'an endless loop?', 'em.py',
        'for it in range(max_iter):', 'it = 0\n    while True:'),
    # 1.2.4
    'another K for EM': ('1.2.4', 'must use the K of K-means', 'main.py', 'number = 3\n', 'number = 2\n'),
    'max_iter too small': ('1.2.4', 'too small to converge', 'main.py',
        'em(X, number, 100)', 'em(X, number, 10)'),
    'em not called': ('1.2.4', 'never calls em()', 'main.py', '    task_em(X)\n', ''),
    'main never ends': ('1.2.4', 'an endless loop?', 'main.py',
        "    print('EM')\n", "    while True:\n        print('EM')\n"),
    # remarks
    'parameter added': ('remarks', 'seed=None', 'em.py',
        'eps=1e-2,\n       init_variance=1.5)', 'eps=1e-2,\n       init_variance=1.5, seed=None)'),
    'parameter renamed': ('remarks', 'changed to closest_centroid(x, centroids)', 'k_means.py',
        'def closest_centroid(sample: np.ndarray', 'def closest_centroid(x: np.ndarray'),
    'default changed': ('remarks', 'eps=0.0001', 'k_means.py', 'eps=1e-6', 'eps=1e-4'),
    'import added': ('remarks', 'additional import `import random`', 'k_means.py',
        'import numpy as np\n', 'import numpy as np\nimport random\n'),
    'import in a function': ('remarks', 'additional import `from numpy import linalg`', 'em.py',
        '    N, K = len(X)', '    from numpy import linalg\n    N, K = len(X)'),
    'hidden import': ('remarks', 'additional import `__import__`', 'em.py',
        '    d = x - mean\n', "    math = __import__('math')\n    d = x - mean\n"),
    'name added to an import': ('remarks', 'from em import density', 'main.py',
        'from em import em\n', 'from em import em, density\n'),
    'Python 3.10': ('remarks', 'no Python 3.9', 'utils.py',
        '    plt.title(cluster_method)\n',
        '    match cluster_method:\n        case name:\n            plt.title(name)\n'),
    'syntax error': ('remarks', 'em.py is no Python 3.9', 'em.py',
        'def density(x, mean, inverse, det):', 'def density(x, mean, inverse, det)'),
    'file missing': ('remarks', 'utils.py is missing', 'utils.py', None, None),
    'task_em missing': ('remarks', 'function task_em() is missing', 'main.py',
        'def task_em(X):', 'def task_EM(X):'),
    'no shape': ('remarks', 'print that shape', 'main.py', '    print(X.shape)\n', ''),
    'X transposed': ('remarks', 'print that shape', 'main.py', 'np.array([x, y]).T', 'np.array([x, y])'),
}
# The tests that judge it; without an entry, those of the file.
TESTS = {'remarks': 'test_interface.py', 'no shape': 'test_main.py', 'X transposed': 'test_main.py'}
# Which of them: not the slow ones; and of an endless loop's a few.
QUICK = 'not on_the_mouse and not main_runs'
KEYWORD = {'closest_centroid never ends': 'closest_centroid_is', 'em never ends': 'em_with_one',
           'max_iter not used': 'kmeans_keeps_to'}

needs_scipy = pytest.mark.skipif(importlib.util.find_spec('scipy') is None, reason='needs scipy')


def judging_tests(name):
    task, _, file, _, _ = MISTAKES[name]
    return (TESTS.get(name) or TESTS.get(task) or f'test_{file}').split('.')[0]


def grade(*arguments, cwd=ROOT):
    """Exit code and output of `python tests/grade.py` with these arguments."""
    command = [sys.executable, str(ROOT / 'tests' / 'grade.py'), *map(str, arguments)]
    env = {name: value for name, value in os.environ.items() if not name.startswith('PYTEST_')}
    done = subprocess.run(command, cwd=str(cwd), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
                          universal_newlines=True, env=env)
    return done.returncode, done.stdout


def score(output, task):
    """Tests passed, and all tests, of a task in the table at the end."""
    row = re.search(rf'^{re.escape(task)} .* (\d+) of (\d+)$', output, flags=re.MULTILINE)
    return tuple(map(int, row.groups()))


def write_wrong(name, folder):
    """The plain submission with a mistake, in a folder."""
    _, _, file, old, new = MISTAKES[name]
    shutil.copytree(str(PLAIN), str(folder), ignore=shutil.ignore_patterns('__pycache__'))
    if old is None:
        (folder / file).unlink()
    else:
        text = (folder / file).read_text(encoding='utf-8')
        assert text.count(old) == 1, f'the plain {file} must hold the old text once, not {text.count(old)} times'
        (folder / file).write_text(text.replace(old, new), encoding='utf-8')
    return folder


@pytest.fixture(scope='module')
def graded(request, tmp_path_factory):
    """Name to future result of the grader, for the mistakes that this session asks for; two at a time."""
    names = list(dict.fromkeys(item.callspec.params['name'] for item in request.session.items
                               if 'graded' in getattr(item, 'fixturenames', ())))
    place = tmp_path_factory.mktemp('wrong')

    def one(number, name):
        directory = write_wrong(name, place / str(number))
        return grade(directory, '--time-limit=2', '-k', f'{judging_tests(name)} and {KEYWORD.get(name, QUICK)}')

    with ThreadPoolExecutor(max_workers=2) as pool:
        yield {name: pool.submit(one, number, name) for number, name in enumerate(names)}


@pytest.mark.parametrize('name', MISTAKES)
def test_wrong_submission_is_caught(graded, name):
    task, words, *_ = MISTAKES[name]
    code, output = graded[name].result()
    assert code == 1, output
    passed, every = score(output, task)
    assert passed < every, output
    assert words in output, output
    assert re.search(r'=+ .*\bin [\d.]+s.* =+\s*$', output), 'the closing line of pytest is missing'


@pytest.mark.parametrize('name', ['wcss is a mean', 'Z transposed', 'centroid is a sum', 'wrong axis', 'old means'])
def test_wrong_step_costs_no_points_of_the_algorithm(graded, name):
    """kmeans() and em() are judged with right steps."""
    passed, every = score(graded[name].result()[1], '1.1.5' if MISTAKES[name][2] == 'k_means.py' else '1.2.3')
    assert passed == every


@pytest.fixture(params=['plain', 'ours', pytest.param('scipy', marks=needs_scipy)])
def right(request, tmp_path):
    """A folder with a right submission, and with files that try to lead the grader astray."""
    folder = tmp_path / 'group 7'
    folder.mkdir()
    for name in FILES:
        shutil.copyfile(str((ROOT if request.param == 'ours' else PLAIN) / name), str(folder / name))
    if request.param == 'scipy':
        shutil.copyfile(str(PLAIN.parent / 'scipy' / 'em.py'), str(folder / 'em.py'))
    (folder / 'conftest.py').write_text('raise SystemExit("the conftest.py of the submission was read")')
    (folder / 'pytest.ini').write_text('[pytest]\npython_files = nothing.py\naddopts = --collect-only\n')
    (folder / 'test_k_means.py').write_text('def test_mine(): assert False\n')
    (folder / 'tests').mkdir()
    (folder / 'tests' / 'test_x.py').write_text('def test_mine(): assert False\n')
    (folder / 'random.py').write_text('raise SystemExit("a file of the submission hides a module")')
    return folder


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.is_file() and path.read_bytes() for path in folder.rglob('*')}


def test_right_submission_passes_and_stays_as_it_was(right):
    """From its own folder, where its files would be found first."""
    before = contents(right)
    code, output = grade('.', cwd=right)
    assert code == 0, output
    for task in TASKS:
        passed, every = score(output, task)
        assert passed == every > 0, output
    assert 'test_mine' not in output
    assert re.search(r'configfile: pytest.ini', output) and f'rootdir: {ROOT}' in output
    assert contents(right) == before


@pytest.mark.parametrize('arguments', [[], [''], [' '], ['no/such/folder'], ['-v', PLAIN], [PLAIN / 'em.py']])
def test_without_a_folder_nothing_is_graded(arguments):
    """An empty variable of a shell must not grade our own files."""
    code, output = grade(*arguments)
    assert code == 2 and 'there is no folder' in output and 'passed' not in output.split('Grade a')[0]


def test_a_folder_without_the_four_files_is_not_graded(tmp_path):
    code, output = grade(tmp_path)
    assert code == 2 and f'{tmp_path} has none of the files main.py, k_means.py, em.py, utils.py' in output
