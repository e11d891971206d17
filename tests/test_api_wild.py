"""Wild calls of the Python face: whatever is given, only the package's own errors come out, and nothing of it is changed.

``HYPOTHESIS_PROFILE=thorough`` makes ten times as many calls.
"""

import inspect
import pickle
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import pydeblur
from pydeblur.nonblind.options import OPTIONS
from pydeblur.options import option_infos

MANY = settings(max_examples=3 * settings().max_examples, deadline=None)

TEXTURE = np.random.default_rng(0).random((14, 15))
WILD_IMAGES = [
    TEXTURE,
    TEXTURE.astype(np.float32),
    TEXTURE.astype(">f8"),
    TEXTURE.astype(np.float16),
    TEXTURE.tolist(),
    np.stack([TEXTURE] * 3, axis=-1),
    np.asfortranarray(TEXTURE)[::-1],
    (TEXTURE * 4095).astype(">u2"),
    (TEXTURE * 4095 - 1000).astype(np.int64),
    (TEXTURE * 1e9).astype(np.uint64),
    (TEXTURE * 200).astype(np.int16),
    TEXTURE * 1e99,
    TEXTURE * 1e-99,
    TEXTURE * 1e-310,
    TEXTURE - 0.5,
    TEXTURE > 0.5,
    np.ma.masked_array(TEXTURE),
    np.ma.masked_greater(TEXTURE, 0.9),
    np.zeros((14, 15)),
    np.full((14, 15), 7),
    np.ones((1, 1)),
    np.ones((1, 40)),
    np.eye(3),
    np.zeros((0, 5)),
    np.full((9, 9), np.nan),
    np.full((9, 9), 1e308),
    TEXTURE[..., None],
    TEXTURE + 1j,
    np.array([["a"] * 9] * 9),
    np.full((9, 9), None),
    np.zeros((9, 9), "datetime64[s]"),
    np.zeros((9, 9), [("r", "u1"), ("g", "u1")]),
    [[1, 2], [3]],
    [[10**400] * 9] * 9,
    "photo.png",
    None,
    5,
    {},
]


class Unprintable:
    """An object whose description fails."""

    def __repr__(self):
        raise RuntimeError("no description")


WILD_VALUES = [
    *(None, True, False, np.True_, 0, 1, 2, 3, 5, 7, -1, 0.0, 0.5, -0.5, 1.0, 3.0, 20.0, 1e-320, 1e300, -1e300),
    *(float("nan"), float("inf"), 10**9, 10**400, 10**5000, 1j, Fraction(1, 3), Decimal("0.5"), np.float32(0.5)),
    *(np.int64(3), np.uint8(3), np.array(3), np.array([0, 1]), np.zeros((2, 2)), "", "auto", "full", "cpu", "a\nb"),
    *("gradient", "intensity", "tv", "whyte", "column", "fft", "float32", "pixels", "ä" * 1000, b"cpu", [], [1], ()),
    *((0, 1), (0, 4095.0), (1, 1, 9, 9), (0, 0, 10**400, 1), {}, {"threads": 10**6}, {"lambda_tv": 0.1}, {3: 4}),
    *(object(), Unprintable(), int, len, print, range(4), range(10**9), set(), memoryview(b"0123"), slice(2)),
]

FIELDS = [*option_infos(pydeblur.SolverOptions)][1:]
FINAL_FIELDS = sorted({name for options_class in OPTIONS.values() for name in option_infos(options_class)})
images = st.sampled_from(WILD_IMAGES) | arrays(
    st.sampled_from([np.uint8, np.int8, np.uint16, np.int32, np.float32, np.float64]), st.just((11, 12))
)
values = st.sampled_from(WILD_VALUES)


def names_of(function, *others):
    """What may be given by name: the function's own arguments, all options, and names that there are not."""
    own = [name for name, each in inspect.signature(function).parameters.items() if each.kind == each.KEYWORD_ONLY]
    # A bar on the terminal is no matter of this test, and calls of a callback are another one's.
    return st.sampled_from([*(name for name in own if name != "progress"), *others, "lamda", "zoom"])


def contents(arguments):
    """The bytes of all arrays among the arguments, their masks included."""
    return [pickle.dumps(each) for each in arguments if isinstance(each, (np.ndarray, list))]


def refused_or_done(function, *arguments, **words):
    """Call, and check what was raised and that the arguments are as they were."""
    before = contents(arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", pydeblur.KernelCollapseWarning)
        warnings.simplefilter("ignore", pydeblur.BlurNotFoundWarning)
        try:
            result = function(*arguments, **words)
        except pydeblur.InvalidInputError as error:
            message, result = str(error), None
            assert "\n" not in message and 10 < len(message) < 300, message
    assert contents(arguments) == before
    return result


@MANY
@given(images, st.sampled_from([3, 3, 5, 5, *WILD_VALUES]), st.data())
@pytest.mark.parametrize("function", [pydeblur.deblur, pydeblur.estimate_kernel])
def test_wild_calls_of_the_estimation(function, image, kernel_size, data):
    given_words = data.draw(st.dictionaries(names_of(function, *FIELDS), values, max_size=3))
    # Callables are good callbacks, whose own errors pass through.
    given_words = {
        name: None if name == "callback" and callable(value) else value for name, value in given_words.items()
    }
    plain = {"prior": "gradient", "iterations": 1}
    result = refused_or_done(function, image, kernel_size, **{**plain, **given_words})
    if result is not None:
        assert np.all(np.isfinite(result.kernel)) and result.kernel.sum() == pytest.approx(1)
        assert function is not pydeblur.deblur or np.all(np.isfinite(result.image))


@MANY
@given(images, st.sampled_from([np.ones((3, 3)), np.eye(5), *WILD_IMAGES]), values, st.data())
def test_wild_calls_of_the_final_step(image, kernel, method, data):
    words = data.draw(st.dictionaries(names_of(pydeblur.deconvolve, *FINAL_FIELDS), values, max_size=3))
    method = data.draw(st.sampled_from([*OPTIONS, None, method]))
    result = refused_or_done(pydeblur.deconvolve, image, kernel, method, **words)
    assert result is None or (np.all(np.isfinite(result)) and result.shape == np.shape(image))


@MANY
@given(st.dictionaries(st.sampled_from([*FIELDS, "zoom"]), values, max_size=4), values)
def test_wild_options_of_the_solver(fields, kernel_size):
    result = refused_or_done(
        lambda: pydeblur.SolverOptions(kernel_size, **{n: v for n, v in fields.items() if n != "zoom"})
    )
    assert result is None or result.kernel_size == kernel_size
