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
    """Figures are drawn but not saved: saving takes most of the time."""
    monkeypatch.setattr(utils, 'FIGURES', f'{figures}/missing/')


def drawn(label):
    """Positions, colour and marker of the points whose legend entry starts with label."""
    [points] = [c for c in plt.gca().collections if c.get_label().startswith(label)]
    return points.get_offsets().data, tuple(points.get_facecolor()[0]), points.get_paths()[0].vertices.tolist()


def legend():
    return [text.get_text() for text in plt.gca().get_legend().get_texts()]


# --- load_data

@pytest.mark.parametrize('content', [
    b'1 2 Head\n3.5 -4e-1 Noise\n', b'1 2 Head\n3.5 -4e-1 Noise', b'1 2 Head\r\n3.5 -4e-1 Noise\r\n\r\n',
    b'  1\t2   Head \n\n3.5 -4e-1 Noise\n \n', b'\xef\xbb\xbf1 2 Head\n3.5 -4e-1 Noise\n',
], ids=['plain', 'no last newline', 'CRLF', 'white space', 'byte order mark'])
def test_load_data_reads_any_white_space(tmp_path, content):
    (tmp_path / 'samples.txt').write_bytes(content)
    columns = utils.load_data(str(tmp_path / 'samples.txt'))
    assert [column.tolist() for column in columns] == [[1, 3.5], [2, -0.4], ['Head', 'Noise']]


@pytest.mark.parametrize('content, words', [
    *[(f'1 2 Head\n\n{line}\n1 2 Head\n'.encode(), f', line 3: .*{line}') for line in (
        '1 2', '1 2 Head again', 'one 2 Head', '1 nan Head', '1 -inf Head', '1,2,Head')],
    *[(f'1 2 Head\n1 2 {label}\n'.encode('latin-1'), ', line 2: .*UTF-8') for label in ('Kopf Öhr', 'Öhr')],
    (b'', 'no samples'), (b'\n \n', 'no samples')])
def test_load_data_refuses_a_broken_or_empty_file_and_says_where(tmp_path, content, words):
    path = tmp_path / 'samples.txt'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words) as error:
        utils.load_data(path)
    assert str(error.value).startswith(str(path))


# --- plot_original_data

def test_plot_original_data_draws_every_label(unsaved):
    labels = np.array(['Head', 'Noise', 'Ear_left', 'Ear_right', 'Whisker', 'Head'])
    utils.plot_original_data(X[:, 0], X[:, 1], labels)
    for label in np.unique(labels):
        np.testing.assert_array_equal(drawn(label)[0], X[labels == label])
    assert len({drawn(label)[1] for label in labels}) == 5
    assert (drawn('Noise')[1][:3] == np.array([0x66] * 3) / 255).all()
    assert legend() == ['Head (2)', 'Ear_left (1)', 'Ear_right (1)', 'Whisker (1)', 'Noise (1)']


def test_plot_original_data_names_the_labels_that_are_there_also_with_an_underscore(unsaved):
    utils.plot_original_data(X[:, 0], X[:, 1], ['_Head'] * 6)
    assert legend() == [' _Head (6)']


# --- plot_mickey_mouse

@pytest.mark.parametrize('memberships, method, centres', [(Z, 'K-means', 'Centroids'), (0.1 + 3 * Z, 'EM', 'Means')])
def test_plot_mickey_mouse_draws_clusters_by_the_largest_entry_and_centroids(unsaved, memberships, method, centres):
    utils.plot_mickey_mouse(X, 3, memberships, CENTROIDS, method)
    for j, k in enumerate((1, 2, 0)):  # head, left ear, right ear
        np.testing.assert_array_equal(drawn(f'Cluster {j + 1}')[0], X[Z[:, k] == 1])
    np.testing.assert_array_equal(drawn(centres)[0], CENTROIDS)
    ax = plt.gca()
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ('x', 'y', f'{method} clusters, K = 3')
    assert legend() == ['Cluster 1 (3)', 'Cluster 2 (1)', 'Cluster 3 (2)', f'{centres} (3)']


@pytest.mark.parametrize('order', [[0, 1, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
def test_a_part_of_the_mouse_keeps_colour_and_marker(unsaved, order):
    labels = np.array(['Head', 'Head', 'Ear_left', 'Ear_right', 'Ear_right', 'Head'])
    utils.plot_original_data(X[:, 0], X[:, 1], labels)
    original = {part: drawn(part)[1:] for part in utils.PARTS}
    limits = plt.gca().get_xlim(), plt.gca().get_ylim()
    utils.plot_mickey_mouse(X, 3, Z[:, order], CENTROIDS[order], 'EM')
    for j, part in enumerate(utils.PARTS):
        assert drawn(f'Cluster {j + 1}')[1:] == original[part]
    assert (plt.gca().get_xlim(), plt.gca().get_ylim()) == limits
    assert plt.gca().get_aspect() in (1, 'equal')


@pytest.mark.parametrize('K', [1, 2, 7, 12])
def test_plot_mickey_mouse_gives_each_cluster_its_own_style(unsaved, K):
    points = np.random.RandomState(K).rand(K, 2)
    utils.plot_mickey_mouse(points, K, np.eye(K), points, 'K-means')
    styles = {str((tuple(c.get_facecolor()[0]), c.get_paths()[0].vertices.tolist())) for c in plt.gca().collections}
    assert len(styles) == K + 1  # and the centroids'


@pytest.mark.parametrize('decoy', [(0.5, 0.1), (0.1, 0.75), (0.25, 1.2), (0.75, 1.2), (1.1, 0.75), (0.75, 0.4)])
def test_the_part_nearest_to_its_place_is_taken_for_it(decoy):
    """Other clusters follow, from left to right."""
    places = np.array([(2, 0), decoy, (0.7, 0.75), (0.3, 0.75), (0.5, 0.5), (-1, 3)])
    assert list(utils.order_by_part(places)) == [4, 3, 2, 5, 1, 0]


@pytest.mark.parametrize('K, last', [(13, 'Centroids (13)'), (14, 'and 2 more'), (40, 'and 28 more')])
def test_a_long_legend_ends_with_the_number_of_further_entries(unsaved, K, last):
    utils.plot_mickey_mouse(X, K, np.eye(K)[:6], np.random.RandomState(0).rand(K, 2), 'K-means')
    assert len(legend()) == 14 and legend()[12].startswith('Cluster 13') and legend()[-1] == last


@pytest.mark.parametrize('value', [np.nan, np.inf])
def test_positions_that_are_not_finite_are_refused(unsaved, value):
    wrong = np.where(np.arange(12).reshape(6, 2) == 5, value, X)
    for draw in (lambda: utils.plot_original_data(*wrong.T, ['Head'] * 6),
                 lambda: utils.plot_mickey_mouse(wrong, 3, Z, CENTROIDS, 'EM'),
                 lambda: utils.plot_mickey_mouse(X, 3, Z, np.where(CENTROIDS < 0.3, value, CENTROIDS), 'EM')):
        with pytest.raises(ValueError, match='NaN or infinite'):
            draw()
    assert plt.get_fignums() == []


def test_plot_mickey_mouse_draws_an_empty_cluster_and_equal_samples(unsaved):
    utils.plot_mickey_mouse(np.ones((4, 2)), 2, np.eye(2)[[0, 0, 0, 0]], np.ones((2, 2)), 'K-means')
    np.testing.assert_allclose([plt.gca().get_xlim(), plt.gca().get_ylim()], [(0.95, 1.05)] * 2)
    assert len(drawn('Cluster 1')[0]) == 4
    assert 'Cluster 2 (0)' in legend()


# --- plot_objective_function

def test_plot_objective_function_has_two_values_an_iteration_for_k_means(unsaved):
    values = [9.0, 5.0, 4.0, 3.5, 3.5, 3.5]
    utils.plot_objective_function(values)
    line, after_assignment, after_update = plt.gca().get_lines()
    np.testing.assert_array_equal(line.get_xydata(), np.column_stack(([0.5, 1, 1.5, 2, 2.5, 3], values)))
    np.testing.assert_array_equal(after_assignment.get_xydata(), [[0.5, 9], [1.5, 4], [2.5, 3.5]])
    np.testing.assert_array_equal(after_update.get_xydata(), [[1, 5], [2, 3.5], [3, 3.5]])
    assert plt.gca().get_ylabel() == 'Objective function'


@pytest.mark.parametrize('values, ylabel', [([-3, 1, 2], 'Log-likelihood (EM)'), ([-3, 1, 2], 'LL'),
                                            ([-3, 1], 'log p(D)'), ([2, 2], 'Likelihood, the same twice')])
def test_plot_objective_function_has_one_value_an_iteration_for_em(unsaved, values, ylabel):
    utils.plot_objective_function(values, ylabel)
    [line] = plt.gca().get_lines()
    np.testing.assert_array_equal(line.get_xydata(), list(enumerate(values, start=1)))
    assert plt.gca().get_ylabel() == ylabel


@pytest.mark.parametrize('values', [[334.8312, 334.8313], [-30000, -29999], [0, 0], [608.4999, 608.49995, 608.49996]])
def test_plot_objective_function_writes_whole_values_of_a_curve_that_hardly_changes(unsaved, values):
    utils.plot_objective_function(values, 'Log-likelihood')
    plt.gcf().canvas.draw()
    assert plt.gca().yaxis.get_offset_text().get_text() == ''
    low, high = plt.gca().get_ylim()
    assert low < min(values) and max(values) < high and high - low >= 0.01 * abs(values[0])


@pytest.mark.parametrize('count', [2, 6, 40, 200])
def test_plot_objective_function_ticks_whole_iterations(unsaved, count):
    utils.plot_objective_function(np.linspace(9, 1, count))
    ticks = plt.gca().get_xticks()
    np.testing.assert_array_equal(ticks, np.round(ticks))


# --- The look of all figures

@pytest.mark.parametrize('draw', [
    lambda: utils.plot_original_data(*X.T, np.array(['Head', 'Head', 'Ear_left', 'Ear_right', 'Noise', '_x'])),
    lambda: utils.plot_original_data(*np.tile(X.T, 4), np.array([f'a label of 19 chars {j}' for j in range(24)])),
    lambda: utils.plot_mickey_mouse(X, 12, np.eye(12)[:6], np.vstack((X, X)), 'K-means'),
    lambda: utils.plot_mickey_mouse(-100 * X, 3, Z, CENTROIDS, 'EM'),
    lambda: utils.plot_objective_function([20.25, 8.125], 'WCSS (K-means, K = 3)'),
    lambda: utils.plot_objective_function([334.8312, 334.8313], 'Log-likelihood (EM, K = 3)'),
    lambda: utils.plot_objective_function([-1234.5, -1230.0, 10], 'Log-likelihood (EM, K = 3)'),
], ids=['original', 'many labels', 'K = 12', 'EM', 'WCSS', 'two iterations', 'log-likelihood'])
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
        assert text.get_text() and text.get_fontsize() >= 8.5  # printed as it is, two figures beside each other
        assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1, text
        assert figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1, text
    assert figure.get_figwidth() <= 8 / 2.54
    assert [(a, b) for i, a in enumerate(texts) for b, box in zip(texts[:i], boxes) if boxes[i].overlaps(box)] == []


# --- Saving and showing

def draw_all():
    utils.plot_original_data(X[:, 0], X[:, 1], np.array(['Head'] * 6))
    for K, method in ((3, 'K-means'), (3, 'EM')):
        utils.plot_mickey_mouse(X, K, Z, CENTROIDS, method)
    utils.plot_mickey_mouse(X, 2, Z[:, :2], CENTROIDS[:2], 'EM')
    utils.plot_objective_function([2.0, 1.0])
    utils.plot_objective_function([2.0, 1.0], 'WCSS (K-means, K = 3)')


def test_each_figure_is_saved_as_pdf_and_png_without_its_date_and_printed(figures, capsys):
    draw_all()
    stems = ('original-data', 'k-means-clusters-k-3', 'em-clusters-k-3', 'em-clusters-k-2',
             'objective-function', 'wcss-k-means-k-3')
    assert capsys.readouterr().out == ''.join(f'Saved {figures}/{stem}.pdf and .png\n' for stem in stems)
    assert {path.name for path in figures.iterdir()} == {f'{stem}.{end}' for stem in stems for end in ('pdf', 'png')}
    for path in figures.iterdir():
        content = path.read_bytes()
        assert content[:4] == (b'%PDF' if path.suffix == '.pdf' else b'\x89PNG') and b'CreationDate' not in content


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


def test_figures_are_closed_also_where_drawing_fails(tmp_path, monkeypatch):
    plt.switch_backend('agg')
    monkeypatch.setattr(utils, 'FIGURES', f'{tmp_path}/')
    draw_all()
    monkeypatch.setattr(utils, 'save_and_show', lambda fig, name: 1 / 0)
    for draw in (lambda: utils.plot_original_data(*X.T, ['Head'] * 6), lambda: utils.plot_objective_function([2, 1])):
        with pytest.raises(ZeroDivisionError):
            draw()
    assert plt.get_fignums() == []
