"""main.py: sections 1.1 and 1.2 of the sheet, tasks on main.py; and what ours does beyond them."""
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib import ft2font

from judge.grader import FILES, ROOT, copy_files
from tools.pictures import same_picture

DRAWN_WITH = '3.11.2', '2.14.3'  # matplotlib and FreeType; others draw the same figures a little differently

# Stand-ins for the other three files: right shapes, known numbers, no drawing. main.py is judged alone.
STAND_INS = {
    'k_means': '''
import numpy as np
calls = []
def kmeans(X, K, max_iter, eps=1e-6):
    X = np.asarray(X)
    Z = np.eye(K)[np.arange(len(X)) * 7 % 11 % K]
    calls.append(dict(X=X.tolist(), K=int(K), max_iter=int(max_iter), clusters=Z.argmax(axis=1).tolist()))
    return Z, X[:K] + 0.001, 100.0 - np.arange(10)
''',
    'em': '''
import numpy as np
calls = []
def em(X, K, max_iter, eps=1e-2, init_variance=1.5):
    X = np.asarray(X)
    soft = 0.1 + np.eye(K)[np.arange(len(X)) * 5 % 13 % K]
    calls.append(dict(X=X.tolist(), K=int(K), max_iter=int(max_iter), clusters=soft.argmax(axis=1).tolist()))
    return X[:K] + 0.002, soft, 600.0 + np.arange(7)
''',
    'utils': '''
import numpy as np
originals, clusters, objectives = [], [], []
def load_data(filename):
    data = np.loadtxt(DATA, dtype=str)
    return data[:, 0].astype(float), data[:, 1].astype(float), data[:, 2]
def plot_original_data(x, y, data_labels):
    originals.append(len(x))
def plot_mickey_mouse(X, K, ind_samples_clusters, centroids, cluster_method):
    clusters.append(dict(K=int(K), clusters=np.argmax(ind_samples_clusters, axis=1).tolist(),
                         centroids=np.asarray(centroids).tolist()))
def plot_objective_function(objective_function_over_its, ylabel='Objective function'):
    objectives.append(np.asarray(objective_function_over_its).tolist())
''',
}
DRIVER = '''
import json, sys
sys.path.insert(0, '.')
import main
main.main()
import k_means, em, utils
json.dump(dict(kmeans=k_means.calls, em=em.calls, clusters=utils.clusters, objectives=utils.objectives,
               originals=utils.originals), open('calls.json', 'w'))
'''


def run(grader, cwd, *arguments):
    """Run Python in the folder cwd, without a display."""
    limit = 3 * grader.time_limit if grader else None
    try:
        return subprocess.run([sys.executable, *arguments], cwd=str(cwd), timeout=limit, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True,
                              env=dict(os.environ, MPLBACKEND='Agg', PYTHONDONTWRITEBYTECODE='1'))
    except subprocess.TimeoutExpired:
        pytest.fail(f'main.py did not finish within {limit:g} s (an endless loop?)', pytrace=False)


@pytest.fixture(scope='module')
def whole_run(grader, folder, tmp_path_factory):
    """`python main.py` with the four files and the data alone in a folder."""
    place = tmp_path_factory.mktemp('whole')
    copy_files(folder, place)
    return run(grader, place, 'main.py')


@pytest.fixture(scope='module')
def calls(grader, folder, tmp_path_factory):
    """What main() of main.py asks of the other three files, and what it prints."""
    place = tmp_path_factory.mktemp('alone')
    copy_files(folder, place)
    for name, code in STAND_INS.items():
        (place / f'{name}.py').write_text(f'DATA = {str(place / "data" / "mouse.txt")!r}\n{code}', encoding='utf-8')
    done = run(grader, place, '-c', DRIVER)
    if done.returncode:
        pytest.fail('main.py does not run with other right files beside it:\n' + done.stderr[-2000:], pytrace=False)
    return dict(json.loads((place / 'calls.json').read_text()), output=done.stdout)


# --- The whole program

@pytest.mark.task('remarks')
def test_main_runs(whole_run, judge):
    judge.holds(whole_run.returncode == 0, 'python main.py ends with an error:\n' + whole_run.stderr[-2000:])


@pytest.mark.task('remarks')
def test_main_prints_the_shape_of_X(calls, judge):
    judge.holds(re.search(r'\(\s*500\s*,\s*2\s*\)', calls['output']),
                'main() must stack x and y to X of shape (500, 2), and print that shape')


@pytest.mark.task('remarks')
def test_main_plots_the_original_data(calls, judge):
    judge.holds(500 in calls['originals'], 'main() must plot the original data')


# --- The two tasks, with stand-ins for the other files

@pytest.mark.parametrize('name', [pytest.param('kmeans', marks=pytest.mark.task('1.1.6')),
                                  pytest.param('em', marks=pytest.mark.task('1.2.4'))])
def test_task_fits_the_mouse_data(calls, judge, mouse, name):
    judge.holds(calls[name], f'task_{name}() never calls {name}()')
    for call in calls[name]:
        judge.equal(f'task_{name}(), X', call['X'], mouse, {'transposed': mouse.T})


@pytest.mark.task('1.1.6')
def test_task_kmeans_chooses_K(calls, judge):
    """A head and two ears: K = 3. A file handed in after task 1.1.8 may have K = 5."""
    found = [call['K'] for call in calls['kmeans']]
    judge.holds(set(found) & {3, 5}, f'task_kmeans() must use K = 3 (a head and two ears), not {found}')


@pytest.mark.task('1.2.4')
def test_task_em_chooses_the_K_of_kmeans(calls, judge):
    found, before = [call['K'] for call in calls['em']], [call['K'] for call in calls['kmeans']]
    judge.holds(set(found) & ({3} | set(before)), f'task_em() must use the K of K-means, {before}, not {found}')


# Of 40 seeds, no run on the mouse data with K = 3 converged in fewer iterations than these.
@pytest.mark.parametrize('name, fewest', [pytest.param('kmeans', 5, marks=pytest.mark.task('1.1.6')),
                                          pytest.param('em', 35, marks=pytest.mark.task('1.2.4'))])
def test_task_chooses_a_max_iter_that_lets_it_converge(calls, judge, name, fewest):
    found = max((call['max_iter'] for call in calls[name]), default=0)
    judge.holds(found >= fewest, f'task_{name}(): max_iter = {found} is too small to converge')


@pytest.mark.task('1.2.4')
def test_task_em_plots_the_log_likelihood(calls, judge):
    judge.holds((600. + np.arange(7)).tolist() in calls['objectives'],
                'task_em() must plot the log-likelihood that em() returns')


@pytest.mark.parametrize('name, shift', [pytest.param('kmeans', 0.001, marks=pytest.mark.task('1.1.7')),
                                         pytest.param('em', 0.002, marks=pytest.mark.task('1.2.5'))])
def test_task_plots_the_clusters(calls, judge, mouse, name, shift):
    right = [(call['K'], call['clusters'], (mouse[:call['K']] + shift).tolist()) for call in calls[name]]
    found = [(call['K'], call['clusters'], call['centroids']) for call in calls['clusters']]
    judge.holds(any(call in found for call in right),
                f'task_{name}() must plot the clusters and centroids that {name}() returns')


# --- Ours alone

@pytest.mark.ours
def test_our_task_kmeans_runs_with_3_and_5_clusters(calls):
    assert [call['K'] for call in calls['kmeans']] == [3, 5]
    assert [call['K'] for call in calls['em']] == [3]


@pytest.mark.ours
def test_our_centroids_of_the_mouse(whole_run):
    """The ears about (1/4, 3/4) and (3/4, 3/4), the head about (1/2, 1/2), each drawn towards the others."""
    fitted = whole_run.stdout.split('Fitted centroids:')[1]
    found = np.array(re.findall(r'\d\.\d+', fitted)[:6], dtype=float).reshape(3, 2)
    right = [[0.273, 0.734], [0.493, 0.448], [0.714, 0.694]]
    np.testing.assert_allclose(found[np.argsort(found[:, 0])], right, atol=5e-4)


@pytest.fixture(scope='module')
def twice(grader, tmp_path_factory):
    """Our main.py run two times from another folder: the files that each run leaves in the project."""
    project, elsewhere = tmp_path_factory.mktemp('project'), tmp_path_factory.mktemp('elsewhere')
    copy_files(ROOT, project)
    (project / 'report' / 'figures').mkdir(parents=True)
    runs = []
    for _ in range(2):
        done = run(grader, elsewhere, str(project / 'main.py'))
        assert done.returncode == 0, done.stderr
        assert not any(name in done.stderr for name in FILES), 'a warning: ' + done.stderr
        runs.append({path.relative_to(project).as_posix(): path.read_bytes()
                     for path in project.rglob('*') if path.is_file()})
    assert list(Path(elsewhere).iterdir()) == []
    shutil.rmtree(str(project))
    return runs


@pytest.mark.ours
def test_our_main_saves_seven_figures_as_pdf_and_png(twice):
    figures = [name for name in twice[0] if name.startswith('report/figures/')]
    assert sorted(Path(name).suffix for name in figures) == ['.pdf'] * 7 + ['.png'] * 7


@pytest.mark.ours
def test_our_main_leaves_the_same_bytes_twice(twice):
    assert twice[0] == twice[1]


@pytest.mark.ours
@pytest.mark.skipif((matplotlib.__version__, ft2font.__freetype_version__) != DRAWN_WITH,
                    reason=f'the figures were drawn with matplotlib {DRAWN_WITH[0]}, FreeType {DRAWN_WITH[1]}')
def test_our_figures_are_those_of_the_report(twice):
    drawn = {Path(name).name: content for name, content in twice[0].items() if name.endswith('.png')}
    assert len(drawn) == 7
    assert [name for name, content in drawn.items()
            if not same_picture(content, ROOT / 'report' / 'figures' / name)] == []
    assert not same_picture(drawn['em-clusters-k-3.png'], drawn['k-means-clusters-k-3.png'])


@pytest.mark.ours
def test_our_main_says_that_it_could_not_save(whole_run):
    """Without report/figures the run goes on: one line for each of the seven figures."""
    assert whole_run.returncode == 0
    assert whole_run.stdout.count('Figure not saved') == 7
