"""The range of a picture's values: ordinary pictures are left alone to the bit, all others are mapped to [0, 1] and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import gaussian_filter
from skimage import data

from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.matlab import im2double
from pydeblur.preprocess.value_range import ValueRange, check_value_range, in_unit_range

PHOTOGRAPHS = ("camera", "coins", "moon", "page", "text", "astronaut", "chelsea", "coffee", "rocket")


@pytest.fixture(scope="module", params=PHOTOGRAPHS)
def photograph(request):
    """uint8, of 8 bits."""
    return getattr(data, request.param)()[::2, ::2]


def unit(photograph):
    return photograph / 255


def blurred(photograph):
    """In [0, 1], of arbitrary floating values."""
    return gaussian_filter(unit(photograph), (2, 2) + (0,) * (photograph.ndim - 2))


def stretched(photograph):
    """The same from 0 to 1."""
    return (blurred(photograph) - blurred(photograph).min()) / np.ptp(blurred(photograph))


def codes(photograph, bits, dtype):
    return np.rint(blurred(photograph) * (2**bits - 1)).astype(dtype)


ORDINARY = {
    "8 bits": lambda x: x,
    "dark, 8 bits": lambda x: (x * 0.24).astype(np.uint8),
    "nearly black, 8 bits": lambda x: (x // 40),
    "of low contrast, 8 bits": lambda x: (100 + 0.08 * x).astype(np.uint8),
    "black and white": lambda x: x > 100,
    "16 bits from 8": lambda x: x.astype(np.uint16) * 257,
    "16 bits from dark 8": lambda x: (x * 0.24).astype(np.uint16) * 257,
    "16 bits from shifted 8": lambda x: (x * 0.24).astype(np.uint16) << 8,
    "16 bits": lambda x: codes(x, 16, np.uint16),
    "16 bits, darker": lambda x: np.rint(blurred(x) * 0.45 * 65535).astype(np.uint16),
    "16 bits from shifted 14": lambda x: codes(x, 14, np.uint16) << 2,
    "16 bits from shifted dark 14": lambda x: np.rint(blurred(x) * 0.4 * 16383).astype(np.uint16) << 2,
    "floating, from 8 bits": unit,
    "floating, from dark 8 bits": lambda x: (x // 8) / 255,
    "float32, from dark 8 bits": lambda x: ((x // 8) / 255).astype(np.float32),
    "floating": blurred,
    "float32": lambda x: blurred(x).astype(np.float32),
    "floating, dark": lambda x: 0.3 * blurred(x),
    "floating, of low contrast": lambda x: 0.4 + 0.1 * blurred(x),
    "floating, noisy": lambda x: unit(x) + 0.08 * np.random.default_rng(0).standard_normal(x.shape),
    "floating, sharpened": lambda x: 1.4 * unit(x) - 0.4 * blurred(x),
    "around a black level": lambda x: 0.35 * blurred(x) - 0.05,
    "black": np.zeros_like,
}


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_pictures_are_left_alone_to_the_bit(photograph, name):
    image = ORDINARY[name](photograph)
    found = in_unit_range(image)
    expected = image if image.dtype == np.float32 else im2double(image)
    assert found.is_full and np.array_equal(found.pixels, expected) and found.pixels.dtype == expected.dtype
    assert found.restored(found.pixels) is found.pixels


#: Name: picture of a uint8 photograph, and its range; None is from 0 to its brightest value.
FOUND = {
    "10 bits in 16": (lambda x: codes(x, 10, np.uint16), (0, 1023)),
    "12 bits in 16": (lambda x: codes(x, 12, np.uint16), (0, 4095)),
    "14 bits in 16": (lambda x: codes(x, 14, np.uint16), (0, 16383)),
    "8 bits in 16": (lambda x: x.astype(np.uint16), (0, 255)),
    "12 bits, big-endian": (lambda x: codes(x, 12, ">u2"), (0, 4095)),
    "12 bits in int16": (lambda x: codes(x, 12, np.int16), (0, 4095)),
    "12 bits in int64": (lambda x: codes(x, 12, np.int64), (0, 4095)),
    "16 bits in uint32": (lambda x: codes(x, 16, np.uint32), (0, 65535)),
    "8 bits in int32": (lambda x: x.astype(np.int32), (0, 255)),
    "7 bits in int8": (lambda x: codes(x, 7, np.int8), (0, 127)),
    "12 bits of 16, divided": (lambda x: codes(x, 12, np.uint16) / 65535, (0, 4095 / 65535)),
    "8 bits, floating": (lambda x: x.astype(float), (0, 255)),
    "12 bits, float32": (lambda x: codes(x, 12, np.float32), (0, 4095)),
    "times 255": (lambda x: 255 * blurred(x), (0, 255)),
    "times 4095": (lambda x: 4095 * blurred(x), (0, 4095)),
    "times 4": (lambda x: 4 * blurred(x), None),
    "times 0.1": (lambda x: 0.1 * blurred(x), None),
    "8 bits times 0.1": (lambda x: 0.1 * unit(x), None),
    "times 0.001": (lambda x: 0.001 * blurred(x), None),
    "times 1e-30, float32": (lambda x: (1e-30 * blurred(x)).astype(np.float32), None),
    "from -1 to 1": (lambda x: 2 * stretched(x) - 1, (-1, 1)),
    "from -2 to 3": (lambda x: 5 * stretched(x) - 2, (-2, 3)),
}


@pytest.mark.parametrize("name", FOUND)
def test_other_ranges_are_found_and_undone(photograph, name):
    make, expected = FOUND[name]
    image = make(photograph)
    found = in_unit_range(image)
    low, high = (0, image.max()) if expected is None else expected
    assert found.value_range == pytest.approx((low, high), rel=1e-6) and not found.is_full
    own = image.astype(np.float64)
    np.testing.assert_allclose(found.pixels, (own - low) / (high - low), atol=1e-6)
    native = image.astype(image.dtype.newbyteorder("="))
    returned = im2double(native) if native.dtype in (np.uint16, np.int16) else own
    np.testing.assert_allclose(found.restored(found.pixels), returned, rtol=1e-6, atol=1e-6 * np.abs(returned).max())


def test_few_lights_do_not_make_a_picture_dark():
    image = blurred(data.camera()[100:300, 100:300])
    image[[10, 60, 90], [20, 80, 140]] = 1000.0
    found = in_unit_range(image)
    assert found.value_range.high == pytest.approx(10) and found.pixels.max() == pytest.approx(100)
    assert found.for_clipping.max() == pytest.approx(1)


@pytest.mark.parametrize(
    ("image", "value_range", "unit_values"),
    [
        (np.array([[0, 1000, 4000]], np.uint16), (0, 4000), [0, 0.25, 1]),
        (np.array([[50, 100, 250]], np.uint8), (50, 250), [0, 0.25, 1]),
        (np.array([[-3.0, 0.0, 9.0]]), (-3, 9), [0, 0.25, 1]),
        (np.array([[-3.0, 0.0, 9.0]]), np.array([-3.0, 9.0]), [0, 0.25, 1]),
        (np.array([[-32768, 0]], np.int16), "full", [0, 32768 / 65535]),
        (np.array([[0, 2**32 - 1]], np.uint32), "full", [0, 1]),
        (np.array([[0.0, 0.01]]), "full", [0, 0.01]),
        (np.array([[0, 20000]], np.uint16), (0, 10000), [0, 2]),
    ],
    ids=str,
)
def test_a_range_that_is_given_is_used(image, value_range, unit_values):
    found = in_unit_range(image, value_range)
    np.testing.assert_allclose(found.pixels[0], unit_values, rtol=1e-12)
    if not isinstance(value_range, str):
        assert found.value_range == ValueRange(*map(float, value_range))


def test_the_full_range_changes_no_bit_whether_given_or_not():
    image = np.random.default_rng(0).integers(0, 65536, (8, 9)).astype(np.uint16)
    for value_range in ("full", "auto", (0, 65535), (0.0, 65535.0)):
        assert np.array_equal(in_unit_range(image, value_range).pixels, image / 65535)


@pytest.mark.parametrize(
    "value_range",
    ["wide", None, 3, (1, 0), (0, np.nan), [0], (0, 1, 2), "01", {}, np.zeros((2, 2)), (True, 2)],
    ids=str,
)
def test_what_is_no_range(value_range):
    with pytest.raises(InvalidOptionError, match=r'^value_range should be "auto", "full" or \(low, high\)[^\n]+$'):
        check_value_range(value_range)


@pytest.mark.parametrize(
    ("image", "value_range"),
    [(np.array([[0.0, 255.0]]), "full"), (np.array([[0, 255]]), (0, 1)), (np.array([[1e300, 1.0]]), (0, 1e-30))],
    ids=str,
)
def test_pictures_far_outside_the_range_are_refused(image, value_range):
    with pytest.raises(InvalidInputError, match=r"^the image should lie in its value range[^\n]+$"):
        in_unit_range(image, value_range)


@given(
    arrays(
        st.sampled_from([">u2", "<i2", "u1", "i1", ">i4", "u4", "i8", "u8", "f2", ">f4", "f4", ">f8", "f8", "g", "?"]),
        st.tuples(st.integers(1, 4), st.integers(1, 4)) | st.tuples(st.integers(1, 4), st.integers(1, 4), st.just(3)),
    )
)
def test_every_type_is_mapped_and_restored_or_refused_and_left_alone(image):
    before = image.copy()
    is_too_large = image.dtype.kind == "f" and not np.all(np.abs(image.astype(np.longdouble)) <= 1e34)
    if is_too_large or (image.dtype.kind in "iu" and image.dtype.itemsize > 2 and np.ptp(image) == 0):
        with pytest.raises(InvalidInputError, match=r"^the image [^\n]{,290}$"):
            in_unit_range(image)
        return
    found = in_unit_range(image)
    assert image.tobytes() == before.tobytes()
    assert found.pixels.dtype == (np.float32 if image.dtype.newbyteorder("=") == np.float32 else np.float64)
    scaled = image.dtype.kind in "ui" and image.dtype.newbyteorder("=") in (np.uint8, np.uint16, np.int16)
    native = image.astype(image.dtype.newbyteorder("="))
    own = im2double(native) if scaled else native.astype(np.float64)
    scale = np.abs(own).max()
    np.testing.assert_allclose(found.restored(found.pixels), own, rtol=1e-5, atol=1e-5 * scale)


class TestConvention:
    """The type and the range of the picture, for a result that is like it."""

    @pytest.mark.parametrize(
        "picture, expected",
        [
            (np.array([[0, 200, 255]], np.uint8), [[0, 100, 255]]),
            (np.array([[0, 3000, 4000]], np.uint16), [[0, 2048, 4095]]),
            (np.array([[0, 40000, 65535]], np.uint16), [[0, 32768, 65535]]),
            (np.array([[-32768, 0, 32767]], np.int16), [[-32768, 0, 32767]]),
            (np.array([[0, 70000, 2**20 - 5]], np.uint32), [[0, 2**19, 2**20 - 1]]),
            (np.array([[0, 5, 2**64 - 1]], np.uint64), [[0, 2**63, 2**64 - 1]]),
            (np.array([[0.0, 0.2, 1.0]]), [[0.0, 0.5, 1.0]]),
            (np.array([[0.0, 0.2, 1.0]], np.float32), [[0.0, 0.5, 1.0]]),
            (np.array([[0.0, 0.2, 1.0]], np.float16), [[0.0, 0.5, 1.0]]),
            (np.array([[-1.0, 0.2, 1.0]]), [[-1.0, 0.0, 1.0]]),
            (np.array([[False, True, True]]), [[0.0, 0.5, 1.0]]),
        ],
    )
    def test_black_grey_white_and_what_is_beyond(self, picture, expected):
        ranged = in_unit_range(picture)
        middle = 100 / 255 if picture.dtype == np.uint8 else 0.5
        image = ranged.convention.applied(ranged.restored(np.array([[-0.3, middle, 1.3]])))
        assert image.dtype == (np.float64 if picture.dtype == bool else picture.dtype)
        assert np.max(np.abs(image.astype(float) - np.array(expected, float))) <= 1e-7 * np.max(expected) + (
            image.dtype.kind in "iu"
        )

    def test_lights_beyond_the_range_are_not_cut_off(self):
        picture = np.full((40, 40), 0.02)
        picture[::3] = 0.04
        picture[5, 5] = 3.0
        ranged = in_unit_range(picture)
        assert ranged.value_range.high < 3
        assert ranged.convention.applied(picture).max() == pytest.approx(3)
