"""Our program as a whole: the files it saves, what it prints, and where the README leads."""
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from judge import ROOT, call, load

pytestmark = pytest.mark.filterwarnings('error')
FILES = ['main.py', 'k_means.py', 'em.py', 'utils.py']
README = (ROOT / 'README.md').read_text('utf-8')
k_means, em = load('k_means'), load('em')


# --- python main.py

def start(folder, name):
    """Run a copy of our files in the folder, with main.py under this name, from the one above."""
    (folder / 'report' / 'figures').mkdir(parents=True)
    shutil.copytree(ROOT / 'data', folder / 'data')
    for file in FILES:
        shutil.copy(ROOT / file, folder / file)
    (folder / 'main.py').rename(folder / name)
    environment = {**os.environ, 'MPLBACKEND': 'agg', 'PYTHONIOENCODING': 'cp1252'}
    return subprocess.Popen(
        [sys.executable, str(folder / name)], cwd=folder.parent, env=environment,
        stdout=subprocess.PIPE,
    )


def test_main_py_saves_the_same_files_again_from_another_folder_and_under_another_name(tmp_path):
    """Also where the console cannot write the name of the folder."""
    folders = [tmp_path / '作业4', tmp_path / 'ml1-main']
    runs = [start(folder, name) for folder, name in zip(folders, ['main.py', 'hw4.py'])]
    said = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert said[0] == said[1] and said[0].count(b'Saved ') == 7
    saved = []
    for folder in folders:
        paths = sorted(folder.glob('report/figures/*'))
        saved.append({path.name: path.read_bytes() for path in paths})
    assert saved[0] == saved[1] and len(saved[0]) == 14


# --- What is printed

@pytest.mark.parametrize('max_iter', [100, 1])
def test_kmeans_prints_start_convergence_and_fit(mouse, max_iter, capsys):
    start = mouse[call(np.random.choice, 500, size=3, replace=False)]
    _, centroids, values = call(k_means.kmeans, mouse, 3, max_iter)
    end = ending(max_iter, len(values) // 2)
    assert capsys.readouterr().out == (
        f'Initial centroids:\n{start}\nK-means {end}.\nWCSS: {values[-1]:.5g}\n'
        f'Fitted centroids:\n{centroids}\n'
    )


def ending(max_iter, iterations):
    if max_iter == 1:
        return 'did not converge in 1 iterations'
    return f'converged in iteration {iterations}'


@pytest.mark.parametrize('max_iter', [300, 1])
def test_em_prints_start_convergence_and_fit(mouse, max_iter, capsys):
    start = call(np.random.random, (3, 2))
    means, _, values = call(em.em, mouse, 3, max_iter)
    said = capsys.readouterr().out
    sigmas = 1.5 * np.array([np.eye(2)] * 3)
    assert said.startswith(
        f'Initial means:\n{start}\nInitial covariances:\n{sigmas}\n'
        f'Initial weights:\n{np.full(3, 1 / 3)}\nEM {ending(max_iter, len(values))}.\n'
        f'Log-likelihood: {values[-1]:.2f}\nFitted means:\n{means}\nFitted covariances:\n[[['
    )
    weights = said.partition('Fitted weights:\n')[2].strip(' []\n').split()
    assert len(weights) == 3 and abs(sum(map(float, weights)) - 1) < 1e-6


@pytest.mark.parametrize('seed, K, eps, told', [
    (149, 3, 1e-2, True), (149, 3, 1e-8, False), (0, 3, 1e-2, False), (0, 1, 1e-2, False),
])
def test_em_says_where_it_may_have_stopped_on_the_plateau(mouse, seed, K, eps, told, capsys):
    """Of the seeds from 0 on 149 is the first with which three components stop there."""
    values = call(em.em, mouse, K, 300, seed=seed, eps=eps)[2]
    words = 'Perhaps EM is still on the initial plateau: try a smaller eps, '
    assert (words in capsys.readouterr().out) == told
    assert K == 1 or (values[-1] - values[0] < 1) == told


def test_em_says_so_after_more_than_three_iterations_too(capsys):
    """Two components for samples of one Gaussian."""
    X = np.random.RandomState(2).standard_normal((100, 1))
    values = call(em.em, X, 2, 300, seed=5)[2]
    assert len(values) > 3 and values[-1] - values[0] < 1
    assert 'rose by less than 1 in all. Perhaps EM is still on' in capsys.readouterr().out


# --- README

def test_links_files_functions_and_figures_are_there():
    paths = re.findall(r'\]\(([\w./]+)\)', README)
    paths += re.findall(r'`((?:data|report|tests)/[\w./]*)`', README)
    figures = re.findall(r'`([\w-]+-k-\d|comparison|outlier|samples)`', README)
    paths += [f'report/figures/{name}.png' for name in figures]
    assert len(paths) > 25
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_table_names_functions_and_equations_that_are_in_the_code():
    rows = re.findall(r'\]\((\w+\.py)\) `(\w+)` \| ([^|]*)\|', README)
    assert len(rows) > 8
    for file, function, equations in rows:
        source = (ROOT / file).read_text('utf-8')
        assert f'def {function}(' in source
        for number in re.findall(r'\((\d)\)', equations):
            assert f'Eq. ({number})' in source
