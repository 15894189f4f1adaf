"""load_data and the three plot functions: what is drawn is read back from the axes."""
import matplotlib.pyplot as plt
import numpy as np
import pytest

import utils

X = np.array([[0.5, 0.5], [0.55, 0.45], [0.25, 0.75], [0.75, 0.75], [0.8, 0.7], [0.1, 0.1]])
CENTROIDS = np.array([[0.75, 0.74], [0.5, 0.5], [0.24, 0.75]])  # right ear, head, left ear
Z = np.eye(3)[[1, 1, 2, 0, 0, 1]]


@pytest.fixture
def figures(tmp_path, monkeypatch):
    """A folder of its own for the saved figures; figures stay open until the test ends."""
    plt.switch_backend('agg')
    monkeypatch.setattr(utils, 'FIGURES', f'{tmp_path}/')
    monkeypatch.setattr(utils.plt, 'close', lambda fig: None)
    yield tmp_path
    monkeypatch.undo()
    plt.close('all')


@pytest.fixture
def unsaved(figures, monkeypatch):
    """Figures are drawn and not saved, which takes most of the time."""
    monkeypatch.setattr(utils, 'FIGURES', f'{figures}/missing/')


def write(folder, content):
    path = folder / 'samples.txt'
    path.write_bytes(content)
    return str(path)


def drawn(label):
    """Positions, colour and marker of the points whose legend entry starts with label."""
    [points] = [c for c in plt.gca().collections if c.get_label().startswith(label)]
    return points.get_offsets().data, tuple(points.get_facecolor()[0]), points.get_paths()[0].vertices.tolist()


# --- load_data

def test_load_data_reads_the_mouse():
    x, y, data_labels = utils.load_data(utils.FIGURES[:-len('report/figures/')] + 'data/mouse.txt')
    assert x.shape == y.shape == data_labels.shape == (500,)
    assert x.dtype == y.dtype == float
    labels, counts = np.unique(data_labels, return_counts=True)
    assert dict(zip(labels, counts)) == {'Head': 290, 'Ear_left': 100, 'Ear_right': 100, 'Noise': 10}
    assert (x[0], y[0], data_labels[0]) == (0.45660137634625386, 0.43280640922410835, 'Head')


@pytest.mark.parametrize('content', [
    b'1 2 Head\n3.5 -4e-1 Noise\n',
    b'1 2 Head\n3.5 -4e-1 Noise',
    b'1 2 Head\r\n3.5 -4e-1 Noise\r\n\r\n',
    b'  1\t2   Head \n\n3.5 -4e-1 Noise\n \n',
    b'\xef\xbb\xbf1 2 Head\n3.5 -4e-1 Noise\n',
], ids=['plain', 'no last newline', 'CRLF', 'white space', 'byte order mark'])
def test_load_data_reads_any_white_space(tmp_path, content):
    x, y, data_labels = utils.load_data(write(tmp_path, content))
    assert x.tolist() == [1, 3.5]
    assert y.tolist() == [2, -0.4]
    assert data_labels.tolist() == ['Head', 'Noise']


@pytest.mark.parametrize('line', ['1 2', '1 2 Head again', 'one 2 Head', '1 nan Head', '1 -inf Head', '1,2,Head'])
def test_load_data_refuses_a_broken_line_and_names_file_and_line(tmp_path, line):
    path = write(tmp_path, f'1 2 Head\n\n{line}\n1 2 Head\n'.encode())
    with pytest.raises(ValueError) as error:
        utils.load_data(path)
    assert f'{path}, line 3' in str(error.value)
    assert line in str(error.value)


@pytest.mark.parametrize('content', [b'', b'\n \n'])
def test_load_data_refuses_an_empty_file(tmp_path, content):
    path = write(tmp_path, content)
    with pytest.raises(ValueError, match='no samples') as error:
        utils.load_data(path)
    assert path in str(error.value)


# --- plot_original_data

def test_plot_original_data_draws_every_label(unsaved):
    labels = np.array(['Head', 'Noise', 'Ear_left', 'Ear_right', 'Whisker', 'Head'])
    utils.plot_original_data(X[:, 0], X[:, 1], labels)
    for label in np.unique(labels):
        np.testing.assert_array_equal(drawn(label)[0], X[labels == label])
    assert len({drawn(label)[1] for label in labels}) == 5
    assert (drawn('Noise')[1][:3] == np.array([0x66] * 3) / 255).all()
    legend = [text.get_text() for text in plt.gca().get_legend().get_texts()]
    assert legend == ['Head (2)', 'Ear_left (1)', 'Ear_right (1)', 'Whisker (1)', 'Noise (1)']


def test_plot_original_data_names_no_label_that_is_missing(unsaved):
    utils.plot_original_data(X[:, 0], X[:, 1], ['Head'] * 6)
    assert [text.get_text() for text in plt.gca().get_legend().get_texts()] == ['Head (6)']


# --- plot_mickey_mouse

def test_plot_mickey_mouse_draws_clusters_and_centroids(unsaved):
    utils.plot_mickey_mouse(X, 3, Z, CENTROIDS, 'K-means')
    for k in range(3):
        np.testing.assert_array_equal(drawn(f'Cluster {k + 1}')[0], X[Z[:, k] == 1])
    np.testing.assert_array_equal(drawn('Centroids')[0], CENTROIDS)
    ax = plt.gca()
    assert ax.get_legend() and ax.get_xlabel() and ax.get_ylabel()
    assert 'K-means' in ax.get_title() and 'K = 3' in ax.get_title()


def test_plot_mickey_mouse_takes_the_largest_entry_of_soft_clusters(unsaved):
    utils.plot_mickey_mouse(X, 3, 0.1 + 3 * Z, CENTROIDS, 'EM')
    np.testing.assert_array_equal(drawn('Cluster 3')[0], X[2:3])
    assert 'EM' in plt.gca().get_title()


@pytest.mark.parametrize('order', [[0, 1, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
def test_a_part_of_the_mouse_keeps_colour_and_marker(unsaved, order):
    labels = np.array(['Head', 'Head', 'Ear_left', 'Ear_right', 'Ear_right', 'Head'])
    utils.plot_original_data(X[:, 0], X[:, 1], labels)
    original = {part: drawn(part)[1:] for part in utils.PARTS}
    limits = plt.gca().get_xlim(), plt.gca().get_ylim()
    utils.plot_mickey_mouse(X, 3, Z[:, order], CENTROIDS[order], 'EM')
    for part, k in zip(('Ear_right', 'Head', 'Ear_left'), np.argsort(order)):
        assert drawn(f'Cluster {k + 1} ')[1:] == original[part]
    assert (plt.gca().get_xlim(), plt.gca().get_ylim()) == limits
    assert plt.gca().get_aspect() in (1, 'equal')


@pytest.mark.parametrize('K', [1, 2, 7, 12])
def test_plot_mickey_mouse_gives_each_cluster_its_own_style(unsaved, K):
    points = np.random.RandomState(K).rand(K, 2)
    utils.plot_mickey_mouse(points, K, np.eye(K), points, 'K-means')
    styles = {str(drawn(f'Cluster {k + 1} ')[1:]) for k in range(K)}
    assert len(styles) == K


@pytest.mark.parametrize('decoy', [(0.5, 0.1), (0.1, 0.75), (0.25, 1.2), (0.75, 1.2), (1.1, 0.75), (0.75, 0.4)])
def test_the_part_nearest_to_its_place_is_taken_for_it(decoy):
    """Other clusters follow, from left to right."""
    places = np.array([(2, 0), decoy, (0.7, 0.75), (0.3, 0.75), (0.5, 0.5), (-1, 3)])
    assert list(utils.order_by_part(places)) == [4, 3, 2, 5, 1, 0]


@pytest.mark.parametrize('K, entries', [(12, 13), (13, 1)])
def test_a_legend_of_more_than_twelve_clusters_would_not_fit(unsaved, K, entries):
    utils.plot_mickey_mouse(X, K, np.eye(K)[:6], np.random.RandomState(0).rand(K, 2), 'K-means')
    assert len(plt.gca().get_legend().get_texts()) == entries


def test_plot_mickey_mouse_draws_an_empty_cluster_and_equal_samples(unsaved):
    utils.plot_mickey_mouse(np.ones((4, 2)), 2, np.eye(2)[[0, 0, 0, 0]], np.ones((2, 2)), 'K-means')
    np.testing.assert_allclose([plt.gca().get_xlim(), plt.gca().get_ylim()], [(0.95, 1.05)] * 2)
    assert len(drawn('Cluster 1')[0]) == 4
    assert 'Cluster 2 (0)' in [text.get_text() for text in plt.gca().get_legend().get_texts()]


# --- plot_objective_function

def test_plot_objective_function_has_two_values_an_iteration_for_k_means(unsaved):
    values = [9.0, 5.0, 4.0, 3.5, 3.5, 3.5]
    utils.plot_objective_function(values)
    line, after_assignment, after_update = plt.gca().get_lines()
    np.testing.assert_array_equal(line.get_xydata(), np.column_stack(([0.5, 1, 1.5, 2, 2.5, 3], values)))
    np.testing.assert_array_equal(after_assignment.get_xydata(), [[0.5, 9], [1.5, 4], [2.5, 3.5]])
    np.testing.assert_array_equal(after_update.get_xydata(), [[1, 5], [2, 3.5], [3, 3.5]])
    assert plt.gca().get_ylabel() == 'Objective function'


def test_plot_objective_function_has_one_value_an_iteration_for_a_log_likelihood(unsaved):
    utils.plot_objective_function(np.array([-3.0, 1.0, 2.0]), 'Log-likelihood (EM)')
    [line] = plt.gca().get_lines()
    np.testing.assert_array_equal(line.get_xydata(), [[1, -3], [2, 1], [3, 2]])
    assert plt.gca().get_ylabel() == 'Log-likelihood (EM)'


@pytest.mark.parametrize('count', [2, 6, 40, 200])
def test_plot_objective_function_ticks_whole_iterations(unsaved, count):
    utils.plot_objective_function(np.linspace(9, 1, count))
    ticks = plt.gca().get_xticks()
    np.testing.assert_array_equal(ticks, np.round(ticks))


# --- The look of all figures

@pytest.mark.parametrize('draw', [
    lambda: utils.plot_original_data(*X.T, np.array(['Head', 'Head', 'Ear_left', 'Ear_right', 'Noise', 'x'])),
    lambda: utils.plot_mickey_mouse(X, 12, np.eye(12)[:6], np.vstack((X, X)), 'K-means'),
    lambda: utils.plot_mickey_mouse(-100 * X, 3, Z, CENTROIDS, 'EM'),
    lambda: utils.plot_objective_function([20.25, 8.125], 'WCSS (K-means, K = 3)'),
    lambda: utils.plot_objective_function([-1234.5, -1230.0, 10], 'Log-likelihood (EM, K = 3)'),
], ids=['original', 'K = 12', 'EM', 'WCSS', 'log-likelihood'])
def test_texts_are_large_enough_inside_the_figure_and_apart(unsaved, draw):
    draw()
    figure, ax = plt.gcf(), plt.gca()
    figure.canvas.draw()
    legend = ax.get_legend()
    texts = [ax.title, ax.xaxis.label, ax.yaxis.label, *(legend.get_texts() if legend else []),
             *(tick.label1 for axis in (ax.xaxis, ax.yaxis) for tick in axis.get_major_ticks()
               if axis.get_view_interval()[0] <= tick.get_loc() <= axis.get_view_interval()[1])]
    boxes = [text.get_window_extent() for text in texts]
    for text, box in zip(texts, boxes):
        assert text.get_text() and text.get_fontsize() >= 8.5
        assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1, text
        assert figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1, text
    assert [(a, b) for i, a in enumerate(texts) for b, box in zip(texts[:i], boxes) if boxes[i].overlaps(box)] == []


# --- Saving and showing

def draw_all():
    utils.plot_original_data(X[:, 0], X[:, 1], np.array(['Head'] * 6))
    for K, method in ((3, 'K-means'), (3, 'EM')):
        utils.plot_mickey_mouse(X, K, Z, CENTROIDS, method)
    utils.plot_mickey_mouse(X, 2, Z[:, :2], CENTROIDS[:2], 'EM')
    utils.plot_objective_function([2.0, 1.0])
    utils.plot_objective_function([2.0, 1.0], 'WCSS (K-means, K = 3)')


def test_each_figure_is_saved_as_pdf_and_png_under_a_name_of_its_own(figures):
    draw_all()
    stems = ('original-data', 'k-means-clusters-k-3', 'em-clusters-k-3', 'em-clusters-k-2',
             'objective-function', 'wcss-k-means-k-3')
    assert {path.name for path in figures.iterdir()} == {f'{stem}.{end}' for stem in stems for end in ('pdf', 'png')}
    assert all(path.read_bytes()[:4] == (b'%PDF' if path.suffix == '.pdf' else b'\x89PNG')
               for path in figures.iterdir())


def test_the_same_figure_is_the_same_file(figures):
    draw_all()
    first = {path.name: path.read_bytes() for path in figures.iterdir()}
    draw_all()
    assert first == {path.name: path.read_bytes() for path in figures.iterdir()}
    assert not any(b'CreationDate' in content for content in first.values())


def test_a_folder_that_is_missing_is_said_in_one_line(figures, monkeypatch, capsys):
    monkeypatch.setattr(utils, 'FIGURES', f'{figures}/missing/')
    utils.plot_objective_function([2.0, 1.0])
    said = capsys.readouterr().out
    assert said.count('\n') == 1 and 'not saved' in said and 'missing' in said


def test_figures_are_shown_after_saving_where_there_is_a_display_and_only_there(figures, monkeypatch):
    shown = []
    monkeypatch.setattr(utils.plt, 'show', lambda: shown.append(len(list(figures.iterdir()))))
    utils.plot_objective_function([2.0, 1.0])
    assert shown == []
    monkeypatch.setattr(utils.plt, 'get_backend', lambda: 'TkAgg')
    utils.plot_objective_function([2.0, 1.0])
    assert shown == [2]


def test_figures_are_closed(tmp_path, monkeypatch):
    plt.switch_backend('agg')
    monkeypatch.setattr(utils, 'FIGURES', f'{tmp_path}/')
    draw_all()
    assert plt.get_fignums() == []
