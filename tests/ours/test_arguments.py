"""Arguments of our functions: what is refused and how, and which forms of the same numbers do."""
import re

import numpy as np
import pytest

from judge import call, check, load

pytestmark = pytest.mark.filterwarnings('error')
k_means, em = load('k_means'), load('em')
each_fit = pytest.mark.parametrize('fit', [k_means.kmeans, em.em])

# Arguments of each function that fit together, in whole numbers: 60 samples, 3 clusters.
X = np.random.RandomState(3).randint(0, 250, (60, 2)).astype(float)
Z = np.eye(3)[np.arange(60) % 3]
MEANS = np.array([[20.0, 30.0], [200.0, 90.0], [120.0, 240.0]])
SIGMAS = 100 * np.array([[[9.0, 2.0], [2.0, 7.0]]] * 3)
PARAMETERS = {'means': MEANS, 'sigmas': SIGMAS, 'weights': np.array([1.0, 0.0, 0.0])}
STEPS = {
    k_means.wcss: {'X': X, 'K': 3, 'Z': Z, 'centroids': MEANS},
    k_means.closest_centroid: {'sample': X[7], 'centroids': MEANS},
    k_means.compute_Z: {'X': X, 'K': 3, 'centroids': MEANS},
    k_means.recompute_centroids: {'X': X, 'K': 3, 'Z': Z},
    em.calculate_responsibilities: {'X': X, **PARAMETERS},
    em.update_parameters: {'X': X, **PARAMETERS, 'responsibilities': Z},
}
FITS = {
    k_means.kmeans: {'X': X, 'K': 3, 'max_iter': 30},
    em.em: {'X': X, 'K': 2, 'max_iter': 30},
}


# --- Refused before anything is drawn or printed

@each_fit
@pytest.mark.parametrize('name, value, words', [
    ('X', [[0, 1], [np.nan, 2]], 'nan'),
    ('X', [[0, 1], [3, 1e150]], '1e+150'),
    ('X', np.arange(6), '(6,)'),
    ('X', np.zeros((0, 2)), '(0, 2)'),
    ('X', None, '()'),
    ('K', 0, '1 to 60 (N), not 0'),
    ('K', 61, '1 to 60 (N), not 61'),
    ('K', 2.0, 'not 2.0'),
    ('K', None, 'not None'),
    ('max_iter', 0, 'at least 1, not 0'),
    ('max_iter', 10.0, 'not 10.0'),
])
def test_an_unfit_argument_is_named(fit, name, value, words, capsys):
    check_refused(fit, name, value, words, capsys)


@pytest.mark.parametrize('variance', [0, -1.5, np.nan, np.inf])
def test_an_unfit_init_variance_is_named(variance, capsys):
    check_refused(em.em, 'init_variance', variance, f'not {variance!r}', capsys)


def check_refused(fit, name, value, words, capsys):
    expected = call(np.random.random, seed=5)
    np.random.seed(5)
    with pytest.raises(ValueError, match=f'^{name} .*{re.escape(words)}'):
        fit(**{**FITS[fit], name: value})
    assert np.random.random() == expected
    assert capsys.readouterr().out == ''


# Where only one argument has a dimension, another size is no mistake.
FREE = {('compute_Z', 'X', 0), ('calculate_responsibilities', 'X', 0)}
FREE |= {('closest_centroid', 'centroids', 0), ('recompute_centroids', 'X', 1)}


def wrong_shapes(step, name):
    """A dimension missing, one too many, and 0, 1, one less or one more in place of each."""
    shape = STEPS[step][name].shape
    yield shape[1:]
    yield (*shape, 1)
    if name != 'sample':  # a stack of samples is none
        yield (1, *shape)
    for axis, size in enumerate(shape):
        for other in (0, 1, size - 1, size + 1):
            if other == 0 or (other != size and (step.__name__, name, axis) not in FREE):
                yield (*shape[:axis], other, *shape[axis + 1:])


@pytest.mark.parametrize('step, name', [(step, name) for step in STEPS for name in STEPS[step]])
def test_a_wrong_shape_is_named_and_never_broadcasts(step, name):
    wrong = [1, 2, 4]
    if name != 'K':
        wrong = [np.resize(STEPS[step][name], shape) for shape in wrong_shapes(step, name)]
    for value in wrong:
        with pytest.raises(ValueError, match=r'^\w+ must have the shape \(.+\), not \('):
            step(**{**STEPS[step], name: value})


# --- The same numbers in other forms

FORMS = {
    'int64': lambda a: a.astype(np.int64),
    'uint8': lambda a: a.astype(np.uint8 if a.max() < 256 else np.uint16),  # differences wrap
    'float32': lambda a: a.astype(np.float32),
    'list': lambda a: a.astype(int).tolist(),
    'Fortran order': np.asfortranarray,
    'strided': lambda a: np.stack((a, a + 1), axis=-1)[..., 0],
    'read-only': lambda a: np.broadcast_to(a, a.shape),
}


@pytest.mark.parametrize('form', FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize('function', [*STEPS, *FITS])
def test_every_form_of_the_same_numbers_gives_the_same_result(function, form):
    """New arrays of floats, none of them an argument."""
    usual = {**STEPS, **FITS}[function]
    given = {name: form(a) if isinstance(a, np.ndarray) else a for name, a in usual.items()}
    right = call(lambda: function(**usual))
    found = call(lambda: function(**given))
    if not isinstance(right, tuple):
        right, found = [right], [found]
    for one, other in zip(found, right):
        check(one, other, 1e-12)
        assert type(one) is type(other)
        assert getattr(one, 'dtype', float) == float
        assert not any(np.shares_memory(one, argument) for argument in given.values())


@each_fit
def test_the_largest_samples_and_whole_numbers_of_numpy_are_fit(fit):
    fit([[0.99e150], [0.5], [-0.99e150], [-0.5]], np.uint8(1), np.int64(3))


def test_closest_centroid_returns_an_int():
    assert type(k_means.closest_centroid(X[0], MEANS)) is int
