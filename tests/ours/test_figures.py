"""load_data and the plot functions of our utils.py: what is drawn is read back from the axes."""
import itertools

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from judge import load

pytestmark = pytest.mark.filterwarnings(
    'error', 'ignore::DeprecationWarning:matplotlib', 'ignore::DeprecationWarning:pyparsing'
)
utils = load('utils')
# A small mouse: two samples of the head, one of the left and two of the right ear, and one far off.
X = np.array([[0.5, 0.5], [0.55, 0.45], [0.25, 0.75], [0.75, 0.75], [0.8, 0.7], [0.1, 0.1]])
CENTROIDS = np.array([[0.75, 0.74], [0.5, 0.5], [0.24, 0.75]])  # right ear, head, left ear
Z = np.eye(3)[[1, 1, 2, 0, 0, 1]]
U = np.random.RandomState(0).random_sample(60)


@pytest.fixture(autouse=True)
def figures(tmp_path, monkeypatch):
    """The folder for figures, once a test has made it. Figures stay open until the test ends."""
    close = plt.close
    plt.switch_backend('agg')
    monkeypatch.setattr(utils, 'FIGURES', f'{tmp_path}/figures/')
    monkeypatch.setattr(plt, 'close', lambda figure: None)
    yield tmp_path / 'figures'
    close('all')


def drawn():
    """By the name in the legend, such as 'head (290)': positions and style of its points."""
    found = {}
    for text, points in zip(plt.gcf().legends[0].get_texts(), plt.gca().collections):
        style = tuple(points.get_facecolor()[0]), points.get_paths()[0].vertices.tobytes()
        found[text.get_text().strip()] = points.get_offsets().tolist(), style
    return found


def styles():
    return [style for _, style in drawn().values()]


# --- load_data

@pytest.mark.parametrize('content', [
    b'1 2 Head\n3.5 -4 Noise', b'\xef\xbb\xbf 1\t2 Head \r\n\r\n3.5 -4e0 Noise\n \n',
])
def test_load_data_reads_any_white_space(tmp_path, content):
    (tmp_path / 'samples').write_bytes(content)
    columns = utils.load_data(tmp_path / 'samples')
    assert [column.tolist() for column in columns] == [[1, 3.5], [2, -4], ['Head', 'Noise']]


@pytest.mark.parametrize('line', [
    b'1 2', b'1 2 Head again', b'x y label', b'1 nan Head', b'1 -inf Head', b'1,2,Head',
    b'0_5 1 Head', '1 2 Öhr'.encode('latin-1'), b'1 2 ' + 200 * b'a b',
])
def test_load_data_says_which_line_is_broken_and_what_is_expected(tmp_path, line):
    path = tmp_path / 'samples'
    path.write_bytes(b'1 2 Head\n\n' + line + b'\n1 2 Head\n')
    with pytest.raises(ValueError, match=', line 3: expected two finite .* no header, found') as e:
        utils.load_data(path)
    assert len(str(e.value)) < len(str(path)) + 220
    path.write_bytes(b'\n \n')
    with pytest.raises(ValueError, match='holds no samples'):
        utils.load_data(path)


# --- Labels

def test_labels_are_drawn_in_the_order_of_the_file_and_noise_last():
    utils.plot_original_data(*X.T, ['NOISE', 'b_10', 'noise', '$x_1$', None, 'x' * 33])
    names = ['b_10 (1)', '$x_1$ (1)', 'None (1)', f'{"x" * 31}… (1)', 'noise (2)']
    assert list(drawn()) == names
    assert drawn()['noise (2)'][0] == X[[0, 2]].tolist()


def test_the_parts_of_the_mouse_are_drawn_first_and_have_their_names_and_styles():
    utils.plot_original_data(*X.T, ['tail', 'Ear_right', 'Head', 'Noise', 'Ear_left', 'Ear_right'])
    names = ['head (1)', 'left ear (1)', 'right ear (2)', 'tail (1)', 'noise (1)']
    assert list(drawn()) == names
    whole = styles()
    utils.plot_original_data(*X.T, ['Ear_right', 'Noise'] * 3)
    assert styles() == [whole[2], whole[4]]
    utils.plot_original_data(*X.T, ['tail', 'Noise'] * 3)
    assert styles() == [whole[0], whole[4]]


# --- Clusters

@pytest.mark.parametrize('method, memberships, centre, order', [
    ('K-means', Z, 'centroids', [1, 2, 0]),
    ('EM', 0.1 + 3 * Z, 'means', [2, 1, 0]),
])
def test_a_cluster_has_the_style_and_number_of_its_part(method, memberships, centre, order):
    parts = ['Head', 'Head', 'Ear_left', 'Ear_right', 'Ear_right', 'Head']
    utils.plot_original_data(*X.T, parts)
    original = list(drawn().values())
    limits = plt.axis()
    utils.plot_mickey_mouse(X, 3, memberships[:, order], CENTROIDS[order], method)
    names = ['cluster 1 (3)', 'cluster 2 (1)', 'cluster 3 (2)', f'{centre} (3)']
    assert list(drawn()) == names
    assert list(drawn().values())[:3] == original
    assert drawn()[names[3]][0] == CENTROIDS[order].tolist()
    assert plt.axis() == limits == pytest.approx((0.065, 0.835, 0.04, 0.81))  # 0.7 and a tenth
    ax = plt.gca()
    labels = ax.get_xlabel(), ax.get_ylabel(), ax.get_title()
    assert labels == ('x', 'y', f'{method} clusters, K = 3')


def test_the_closest_pair_of_part_and_centroid_comes_first_and_others_from_the_left():
    """(0.52, 0.28) is closest to the head, at 0.2, but (0.5, 0.6) is closer: it is left over."""
    places = np.array([(2, 0), (0.52, 0.28), (0.28, 0.78), (0.5, 0.6), (-1, 3), (0.81, 0.8)])
    assert utils.number_by_part(places).tolist() == [5, 4, 1, 0, 3, 2]
    assert utils.number_by_part(places[[2, 1]]).tolist() == [1, 0]


def test_parts_are_found_where_one_feature_is_constant():
    """The means of 0.1 miss it by rounding, which is no distance."""
    X = np.transpose([[0, 0.5, 1], [0.1, 0.1, 0.1]])
    missed = np.nextafter(0.1, 1)
    utils.plot_mickey_mouse(X, 3, np.eye(3), [[0, 0.1], [0.5, missed], [1, 0.1]], 'K-means')
    cluster = plt.gca().collections[0]
    assert cluster.get_offsets().tolist() == [[0.5, 0.1]]


def test_no_two_of_70_clusters_look_alike():
    clusters(70)()
    assert len(set(styles())) == 71


@pytest.mark.parametrize('scale', [
    lambda X: X + 1e8, lambda X: X * [1e-9, 1e3], lambda X: (255 * X).astype(np.uint8),
])
def test_parts_are_found_and_samples_seen_in_other_units(scale, mouse):
    scaled = scale(mouse)
    clusters = np.repeat([2, 0, 1], [290, 100, 110])
    centroids = [scaled[clusters == k].mean(axis=0) for k in range(3)]
    utils.plot_mickey_mouse(scaled, 3, np.eye(3)[clusters], centroids, 'EM')
    assert list(drawn()) == ['cluster 1 (290)', 'cluster 2 (100)', 'cluster 3 (110)', 'means (3)']
    left, right, bottom, top = plt.axis()
    ranges = np.ptp(scaled.astype(float), axis=0) / [right - left, top - bottom]
    assert ranges.max() == pytest.approx(1 / 1.1)  # the wider one fills its axis but for a tenth
    assert np.all(scaled.min(axis=0) > [left, bottom])


@pytest.mark.parametrize('height, aspect', [
    (2.9, 1), (3.1, 'auto'), (1 / 3.1, 'auto'), (0, 1), (1e-12, 1),
])
def test_both_axes_have_one_scale_unless_the_ranges_differ_much(height, aspect):
    """A range of 0, or of rounding errors, is none."""
    utils.plot_original_data([0, 1], [0.1, 0.1 + height], ['a', 'b'])
    assert plt.gca().get_aspect() == aspect


def test_small_whole_numbers_do_not_wrap():
    utils.plot_original_data(np.uint8([0, 255]), np.int8([-128, 127]), ['a', 'b'])
    assert plt.axis() == pytest.approx((-12.75, 267.75, -140.75, 139.75))


# --- What cannot be drawn

ORIGINAL = utils.plot_original_data
CLUSTERS = utils.plot_mickey_mouse
OBJECTIVE = utils.plot_objective_function


@pytest.mark.parametrize('plot, arguments, words', [
    (ORIGINAL, (X[:, 0], [np.inf, *X[1:, 1]], ['a'] * 6), 'y holds NaN or infinity'),
    (ORIGINAL, (*X.T, ['a'] * 5), r'x must have the shape \(5,\), not \(6,\)'),
    (ORIGINAL, (*X.T, ['a'] * 7), r'x must have the shape \(7,\), not \(6,\)'),
    (ORIGINAL, ([], [], []), 'x is empty'),
    (ORIGINAL, [range(71)] * 3, '71 different labels, .* third column should hold a class'),
    (CLUSTERS, (np.where(X < 0.2, np.nan, X), 3, Z, CENTROIDS, 'EM'), 'X holds NaN'),
    (CLUSTERS, (X, 3, np.where(Z, np.nan, Z), CENTROIDS, 'EM'), 'ind_samples_clusters holds NaN'),
    (CLUSTERS, (X[:, :1], 3, Z, CENTROIDS, 'EM'), r'X must have the shape \(6, 2\)'),
    (CLUSTERS, (X, 2, Z, CENTROIDS, 'EM'), r'ind_samples_clusters must have the shape \(6, 2\)'),
    (CLUSTERS, (X, 3, Z, CENTROIDS[:2], 'EM'), r'centroids must have the shape \(3, 2\)'),
    (CLUSTERS, (X, 71, np.eye(71)[:6], np.ones((71, 2)), 'EM'), 'K is 71, but only 70'),
    (OBJECTIVE, ([2, np.nan],), 'objective_function_over_its holds NaN'),
    (OBJECTIVE, ([],), 'objective_function_over_its is empty'),
])
def test_what_cannot_be_drawn_is_refused(plot, arguments, words):
    with pytest.raises(ValueError, match=words):
        plot(*arguments)


# --- Objective functions

@pytest.mark.parametrize('values, label', [
    ([9.0, 5.0, 4.0, 3.5, 3.5, 3.5], 'Objective function'), ([2.0, 2.0], 'J'),
    ([3e-24, 1e-24, 5e-24, 4e-24], 'a WCSS that rises'),
])
def test_k_means_has_two_values_an_iteration(values, label):
    utils.plot_objective_function(values, label)
    line, after_assignment, after_update = plt.gca().get_lines()
    iterations = np.arange(1, len(values) + 1) / 2
    assert line.get_xydata().tolist() == np.transpose([iterations, values]).tolist()
    assert after_assignment.get_xdata().tolist() == iterations[::2].tolist()
    assert after_update.get_ydata().tolist() == values[1::2]
    assert after_assignment.get_markerfacecolor() == 'white' != after_update.get_markerfacecolor()
    names = [text.get_text() for text in plt.gcf().legends[0].get_texts()]
    assert names == ['after the assignment', 'after the update']
    assert plt.gca().get_ylim()[1] <= 1.1 * max(values)


@pytest.mark.parametrize('values, label', [
    ([-3, 1, 2], 'LL'), ([2, 2], 'Likelihood'), ([608.49, 608.495, 608.496], 'Log-likelihood'),
])
def test_em_has_one_value_an_iteration_and_an_axis_of_1_percent_at_least(values, label):
    utils.plot_objective_function(values, f'{label} (EM)')
    ax = plt.gca()
    [line] = ax.get_lines()
    assert line.get_xydata().tolist() == [list(pair) for pair in enumerate(values, start=1)]
    assert (ax.get_ylabel(), ax.get_title()) == (label, f'{label} (EM)')
    assert (ax.get_xticks() % 1 == 0).all() and ax.get_xlim()[0] == 0
    low, high = ax.get_ylim()
    assert low < min(values) and max(values) < high
    shown = max(np.ptp(values), 0.01 * abs(min(values) + max(values)) / 2)
    assert high - low == pytest.approx(1.1 * shown)


# --- How it looks

def original(low, span, labels=('Head',) * 60):
    return lambda: utils.plot_original_data(low + span * U, low + span * U[::-1], labels)


def objective(low, span, label='Log-likelihood (EM, K = 3)'):
    return lambda: utils.plot_objective_function(low + span * U, label)


def clusters(K, method='K-means'):
    centroids = np.random.RandomState(K).rand(K, 2)
    return lambda: utils.plot_mickey_mouse(X, K, np.resize(np.eye(K), (6, K)), centroids, method)


@pytest.mark.parametrize('draw', [
    original(0, 1), original(47.38, 0.01), original(-5e5, 1e5), original(0, 1e-8),
    original(1e13, 1), original(1, 0), objective(0, 600), objective(-137627, 500),
    objective(0, 1e6), objective(1e13, 1), objective(-1e-8, 1e-9), objective(334.8312, 1e-4),
    objective(0, 0), objective(9, 9, 'a label with $x_1$ and $' + 12 * ' more'),
    original(0, 1, [f'a label of 19 chars {j}' for j in range(60)]),
    original(0, 1, ['x' * 60] * 60),
    lambda: utils.plot_original_data(U, 4000 * U, ['a'] * 60),
    clusters(1), clusters(2), clusters(5), clusters(6), clusters(8), clusters(11), clusters(70),
    clusters(3, 'Expectation-Maximization with random starts'),
])
def test_no_text_is_outside_or_on_another(draw):
    draw()
    figure = plt.gcf()
    [ax] = figure.axes
    figure.canvas.draw()
    texts = [ax.title, ax.xaxis.label, ax.yaxis.label]
    for axis in (ax.xaxis, ax.yaxis):
        factor = axis.get_offset_text()
        assert not (factor.get_text() and factor.get_visible())
        assert factor.get_text() in axis.get_label_text()
        low, high = axis.get_view_interval()
        ticks = [t.label1 for t in axis.get_major_ticks() if low <= t.get_loc() <= high]
        assert len(ticks) >= 2
        texts += ticks
    for legend in figure.legends:
        texts += legend.get_texts()
    boxes = [text.get_window_extent() for text in texts]
    inside = figure.bbox.padded(0.5)  # half a pixel, for rounding
    for box in boxes:
        assert inside.contains(box.x0, box.y0) and inside.contains(box.x1, box.y1)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    assert all(text.get_fontsize() >= 8.5 for text in texts)  # printed as it is, two side by side
    assert not any(text.get_parse_math() for text in texts)  # a $ is a $
    assert figure.get_figwidth() <= 8 / 2.54
    assert ax.get_window_extent().width > 0.5 * figure.bbox.width


DRAWINGS = [original(0, 1), clusters(3), objective(9, 9, 'WCSS')]


@pytest.mark.parametrize('draw', DRAWINGS)
def test_the_style_of_the_user_does_not_reach_in_and_stays_as_it_is(draw, figures):
    figures.mkdir()
    seen = []
    user = {'axes.formatter.use_mathtext': True, 'legend.fontsize': 20, 'savefig.bbox': 'tight'}
    for style in [[], ['dark_background', user]]:
        with plt.style.context(style):
            before = matplotlib.rcParams.copy()
            draw()
            assert matplotlib.rcParams == before
        seen.append([path.read_bytes() for path in sorted(figures.iterdir())])
    assert seen[0] == seen[1]


# --- Saving and showing

def test_files_are_named_by_the_title_without_date_and_in_truetype(figures, capsys):
    """What is printed can be printed anywhere."""
    figures.mkdir()
    for title in ('K-means, K = 3', '$', 'Ψ'):
        objective(9, 9, title)()
    assert capsys.readouterr().out == (
        "Saved 'k-means-k-3.pdf' and .png in report/figures\n"
        "Saved 'figure.pdf' and .png in report/figures\n"
        "Saved '\\u03c8.pdf' and .png in report/figures\n"
    )
    assert len(list(figures.iterdir())) == 6
    for path in figures.iterdir():
        content = path.read_bytes()
        assert content[:4] == (b'%PDF' if path.suffix == '.pdf' else b'\x89PNG')
        assert b'CreationDate' not in content and b'/Type3' not in content


@pytest.mark.parametrize('error, words', [
    (None, ': make the folder report/figures beside utils.py'),
    (PermissionError(13, 'Permission denied'), ' in report/figures: Permission denied'),
])
def test_where_nothing_can_be_saved_the_reason_is_said(monkeypatch, capsys, error, words):
    def refuse(*_, **__):
        raise error

    if error:
        monkeypatch.setattr(Figure, 'savefig', refuse)
    objective(9, 9, 'Ψ')()
    assert capsys.readouterr().out == f"'\\u03c8' is not saved{words}\n"


@pytest.mark.parametrize('backend, framework, shown, words', [
    ('agg', None, 0, ''), ('inline', None, 1, ''), ('QtAgg', 'qt', 1, 'Close the window'),
])
def test_a_figure_is_shown_where_there_is_a_display_and_closed(
    monkeypatch, capsys, backend, framework, shown, words
):
    calls = []
    monkeypatch.setattr(plt, 'get_backend', lambda: backend)
    monkeypatch.setattr(plt, 'show', lambda block: calls.append('show' * block))
    monkeypatch.setattr(plt, 'close', lambda figure: calls.append(figure))
    monkeypatch.setattr(FigureCanvasAgg, 'required_interactive_framework', framework)
    objective(9, 9)()
    assert calls == shown * ['show'] + [plt.gcf()]
    assert words in capsys.readouterr().out.partition('\n')[2]
