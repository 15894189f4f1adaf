"""load_data and the plot functions of our utils.py: what is drawn is read back from the axes."""
import itertools

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from conftest import array, load

utils = load('utils')
X = array([[0.5, 0.5], [0.55, 0.45], [0.25, 0.75], [0.75, 0.75], [0.8, 0.7], [0.1, 0.1]])
CENTROIDS = array([[0.75, 0.74], [0.5, 0.5], [0.24, 0.75]])  # right ear, head, left ear
Z = array(np.eye(3)[[1, 1, 2, 0, 0, 1]])
U = np.random.RandomState(0).random_sample(60)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Figures stay open until the test ends; they are saved in tmp_path/figures, once a test has made it."""
    plt.switch_backend('agg')
    monkeypatch.setattr(utils, 'FIGURES', f'{tmp_path}/figures/')
    monkeypatch.setattr(plt, 'close', lambda fig: None)
    yield tmp_path / 'figures'
    monkeypatch.undo()
    plt.close('all')


def drawn():
    """By the name in the legend, such as 'head (290)': positions, and colour and marker, of its points."""
    names = [text.get_text().strip() for text in plt.gcf().legends[0].get_texts()]
    return {name: (c.get_offsets().data.tolist(), (tuple(c.get_facecolor()[0]), c.get_paths()[0].vertices.tolist()))
            for name, c in zip(names, plt.gca().collections)}


@pytest.mark.parametrize('content', [b'1 2 Head\n3.5 -4 Noise', b'\xef\xbb\xbf 1\t2 Head \r\n\r\n3.5 -4e0 Noise\n \n'])
def test_load_data_reads_any_white_space(tmp_path, content):
    (tmp_path / 'samples').write_bytes(content)
    columns = utils.load_data(tmp_path / 'samples')
    assert [column.tolist() for column in columns] == [[1, 3.5], [2, -4], ['Head', 'Noise']]


@pytest.mark.parametrize('line', [b'1 2', b'1 2 Head again', b'x y label', b'1 nan Head', b'1 -inf Head', b'1,2,Head',
                                  b'0_5 1 Head', '1 2 Öhr'.encode('latin-1'), b'1 2 ' + 200 * b'a b'])
def test_load_data_says_which_line_is_broken_and_what_is_expected(tmp_path, line):
    path = tmp_path / 'samples'
    path.write_bytes(b'1 2 Head\n\n' + line + b'\n1 2 Head\n')
    with pytest.raises(ValueError, match=', line 3: expected two finite numbers .* no header, found') as error:
        utils.load_data(path)
    assert str(error.value).startswith(str(path)) and len(str(error.value)) < len(str(path)) + 220
    path.write_bytes(b'\n \n')
    with pytest.raises(ValueError, match='no samples'):
        utils.load_data(path)


def test_plot_original_data_names_its_labels_whatever_they_are():
    utils.plot_original_data(*X.T, ['Head', 'Noise', '_x', '$x_1$ and $', None, 3])
    names = 'head', '_x', '$x_1$ and $', 'None', '3', 'noise'
    assert [(name, points) for name, (points, _) in drawn().items()] == [
        (f'{name} (1)', X[[row]].tolist()) for name, row in zip(names, (0, 2, 3, 4, 5, 1))]
    utils.plot_original_data(*X.T, list('aabbcc'))
    own = [style for _, style in drawn().values()]
    utils.plot_mickey_mouse(X, 3, Z, CENTROIDS, 'K-means')
    assert own == [style for _, style in drawn().values()][:3]  # the colours of clusters


@pytest.mark.parametrize('method, memberships, centres', [('K-means', Z, 'centroids'), ('EM', 0.1 + 3 * Z, 'means')])
@pytest.mark.parametrize('order', [[0, 1, 2], [1, 2, 0], [2, 1, 0]])
def test_a_cluster_has_colour_marker_and_number_of_its_part(method, memberships, centres, order):
    utils.plot_original_data(*X.T, ['Head', 'Head', 'Ear_left', 'Ear_right', 'Ear_right', 'Head'])
    original, limits = list(drawn().values()), plt.axis()
    utils.plot_mickey_mouse(X, 3, memberships[:, order], CENTROIDS[order], method)
    assert list(drawn()) == ['cluster 1 (3)', 'cluster 2 (1)', 'cluster 3 (2)', f'{centres} (3)']
    assert list(drawn().values())[:3] == original and drawn()[f'{centres} (3)'][0] == CENTROIDS[order].tolist()
    ax = plt.gca()
    assert plt.axis() == limits == pytest.approx((0.065, 0.835, 0.04, 0.81)) and ax.get_aspect() == 1  # 0.7 and a tenth
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ('x', 'y', f'{method} clusters, K = 3')


@pytest.mark.parametrize('K', [1, 2, 7, 40])
def test_no_two_clusters_look_alike(K):
    utils.plot_mickey_mouse(X, K, np.resize(np.eye(K), (6, K)), np.random.RandomState(K).rand(K, 2), 'K-means')
    assert len({str(style) for _, style in drawn().values()}) == len(drawn()) == K + 1


@pytest.mark.parametrize('decoy', [(0.5, 0.1), (0.1, 0.75), (0.25, 1.2), (0.75, 1.2), (1.1, 0.75), (0.75, 0.4)])
def test_the_part_nearest_to_its_place_is_taken_for_it(decoy):
    """Other clusters follow, from left to right."""
    places = np.array([(2, 0), decoy, (0.76, 0.81), (0.29, 0.81), (0.52, 0.48), (-1, 3)])
    assert list(utils.number_by_part(places).argsort()) == [4, 3, 2, 5, 1, 0]


@pytest.mark.parametrize('wrong', [np.nan, np.inf])
def test_positions_that_cannot_be_drawn_are_refused(wrong):
    with pytest.raises(ValueError, match='holds NaN or infinity'):
        utils.plot_original_data([wrong, *X[1:, 0]], X[:, 1], ['Head'] * 6)
    with pytest.raises(ValueError, match='holds NaN or infinity'):
        utils.plot_mickey_mouse(X, 3, Z, np.where(CENTROIDS < 0.3, wrong, CENTROIDS), 'EM')
    for K, centroids in (2, CENTROIDS), (3, CENTROIDS[:2]), (3, CENTROIDS[:, :1]):
        with pytest.raises(ValueError, match=r'must have the shape \(.*\), not \('):
            utils.plot_mickey_mouse(X, K, Z, centroids, 'EM')


@pytest.mark.parametrize('scale', [
    lambda X: (X - X.mean(axis=0)) / X.std(axis=0), lambda X: X + 1e8, lambda X: 1e-9 * X,
    lambda X: (255 * X).astype(np.uint8), lambda X: (254 * X - 127).astype(np.int8)])
def test_parts_are_found_and_samples_seen_in_other_units(scale, mouse):
    X, parts = scale(mouse), np.repeat([2, 0, 1], [290, 100, 110])
    utils.plot_mickey_mouse(X, 3, np.eye(3)[parts], [X[parts == k].mean(axis=0) for k in range(3)], 'EM')
    assert list(drawn()) == ['cluster 1 (290)', 'cluster 2 (100)', 'cluster 3 (110)', 'means (3)']
    seen = (np.ptp(X.astype(float), axis=0) / np.ptp(np.reshape(plt.axis(), (2, 2)), axis=1)).max()
    assert seen == pytest.approx(1 / 1.1)
    assert np.all(plt.axis()[::2] < X.min(axis=0)) and np.all(plt.axis()[1::2] > X.max(axis=0))


def test_plot_objective_function_has_two_values_an_iteration_for_k_means():
    values = [9.0, 5.0, 4.0, 3.5, 3.5, 3.5]
    utils.plot_objective_function(values)
    line, after_assignment, after_update = plt.gca().get_lines()
    assert line.get_xydata().tolist() == [list(pair) for pair in zip([0.5, 1, 1.5, 2, 2.5, 3], values)]
    assert after_assignment.get_xydata().tolist() == [[0.5, 9], [1.5, 4], [2.5, 3.5]]
    assert after_update.get_xydata().tolist() == [[1, 5], [2, 3.5], [3, 3.5]]
    [legend] = plt.gcf().legends
    assert [text.get_text() for text in legend.get_texts()] == ['after the assignment', 'after the update']
    assert after_assignment.get_markerfacecolor() == 'white' != after_update.get_markerfacecolor()
    for values, label in ([2.0, 2.0], 'Objective'), ([3e-24, 1e-24, 5e-24, 4e-24], 'a WCSS that rises'):
        utils.plot_objective_function(values, label)
        assert plt.gca().get_lines()[0].get_xdata().tolist() == [0.5, 1, 1.5, 2][:len(values)]
        assert plt.gca().get_ylim()[1] <= 1.1 * max(values)


@pytest.mark.parametrize('values, ylabel', [([-3, 1, 2], 'LL'), ([334.831, 334.832], 'log p'), ([2, 2], 'Likelihood'),
                                            ([0, 0], 'likelihood'), ([608.499, 608.49995, 608.49996], 'Likelihood')])
def test_plot_objective_function_has_one_value_an_iteration_for_em_and_1_percent_of_it_at_least(values, ylabel):
    utils.plot_objective_function(values, f'{ylabel} (EM)')
    [line], ax = plt.gca().get_lines(), plt.gca()
    assert line.get_xydata().tolist() == [list(pair) for pair in enumerate(values, start=1)]
    assert ax.get_ylabel().startswith(ylabel) and ax.get_title() == f'{ylabel} (EM)'
    low, high = ax.get_ylim()
    span = max(np.ptp(values), 0.01 * abs(min(values) + max(values)) / 2)
    assert low < min(values) and max(values) < high
    assert span == 0 or high - low == pytest.approx(1.1 * span)
    assert (ax.get_xticks() % 1 == 0).all() and ax.get_xlim()[0] == 0


@pytest.mark.parametrize('draw', [
    *(lambda low=low, span=span: utils.plot_original_data(low + span * U, low + span * U[::-1], ['Head'] * 60)
      for low, span in ((0, 1), (47.38, 0.01), (0, 1e-3), (-5e5, 1e5), (0, 1e-8), (0, 1e13), (1e13, 1), (1, 0))),
    *(lambda low=low, span=span: utils.plot_objective_function(low + span * U, 'Log-likelihood (EM, K = 3)')
      for low, span in ((0, 600), (-137627, 500), (0, 1e6), (1e13, 1), (-1e-8, 1e-9), (334.8312, 1e-4))),
    lambda: utils.plot_objective_function([20.25, 8.125], 'a label with $x_1$ and $' + 12 * ' more'),
    lambda: utils.plot_original_data(U, U, [f'a label of 19 chars {j}' for j in range(60)]),
    lambda: utils.plot_original_data(U, U, ['x' * 60] * 60),
    lambda: utils.plot_mickey_mouse(X, 3, Z, CENTROIDS, 'Expectation-Maximization with random starts'),
    *(lambda K=K: utils.plot_mickey_mouse(X, K, np.resize(np.eye(K), (6, K)), np.random.rand(K, 2), 'K-means')
      for K in (*range(1, 13), 40))])
def test_no_text_is_outside_or_on_another(draw):
    draw()
    figure, [ax] = plt.gcf(), plt.gcf().axes
    figure.canvas.draw()
    axes = ax.xaxis, ax.yaxis
    ticks = [tick.label1 for axis in axes for tick in axis.get_major_ticks()
             if axis.get_view_interval()[0] <= tick.get_loc() <= axis.get_view_interval()[1]]
    texts = [ax.title, *ticks, *(text for axis in axes for text in (axis.label, axis.get_offset_text())),
             *(text for legend in figure.legends for text in legend.get_texts())]
    boxes = [text.get_window_extent() for text in texts if text.get_visible() and text.get_text()]
    assert not any(axis.get_offset_text().get_text() and axis.get_offset_text().get_visible() for axis in axes)
    assert all(axis.get_offset_text().get_text() in axis.get_label_text() for axis in axes)  # a common factor
    inside = figure.bbox.padded(0.5)  # half a pixel, for rounding
    assert all(inside.contains(box.x0, box.y0) and inside.contains(box.x1, box.y1) for box in boxes)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    assert len(ticks) >= 4 and not any(text.get_parse_math() for text in texts)  # a $ is a $
    assert all(text.get_fontsize() >= 8.5 for text in texts)  # printed as it is, two side by side
    assert figure.get_figwidth() <= 8 / 2.54 and ax.get_window_extent().width > figure.bbox.width / 2


def test_figures_are_saved_without_date_in_truetype_then_shown_where_there_is_a_display(folder, capsys, monkeypatch):
    before, shown = matplotlib.rcParams.copy(), []
    utils.plot_objective_function([2.0, 1.0], 'Ψ')
    said = capsys.readouterr().out
    assert said.count('\n') == 1 and said.isascii() and ' is not saved: ' in said and 'make the folder ' in said
    folder.mkdir()
    monkeypatch.setattr(plt, 'show', lambda: shown.append(len(list(folder.iterdir()))))
    utils.plot_mickey_mouse(X, 3, Z, CENTROIDS, 'K-means')
    monkeypatch.setattr(plt, 'get_backend', lambda: 'TkAgg')
    utils.plot_objective_function([2.0, 1.0], '$')
    stems = 'k-means-clusters-k-3', 'figure'
    said = capsys.readouterr().out
    assert said == ''.join(f"Saved '{stem}.pdf' and .png in report/figures\n" for stem in stems)
    assert {path.name for path in folder.iterdir()} == {f'{stem}.{end}' for stem in stems for end in ('pdf', 'png')}
    for path in folder.iterdir():
        content = path.read_bytes()
        assert content[:4] == (b'%PDF' if path.suffix == '.pdf' else b'\x89PNG')
        assert b'CreationDate' not in content and b'/Type3' not in content
    assert shown == [4] and matplotlib.rcParams == before
