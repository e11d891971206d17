"""The colour conversions against MATLAB's documented outputs, exact arithmetic and scikit-image."""

from fractions import Fraction

import numpy as np
import pytest
import skimage.color
from hypothesis import given
from hypothesis import strategies as st

from pydeblur.errors import InvalidInputError
from pydeblur.matlab import im2double, im2uint8, rgb2gray, rgb2lab

# Rounded published matrices (Lindbloom), not the primaries that the code starts from.
SRGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
ADOBE_TO_XYZ = np.array(
    [[0.5767309, 0.1855540, 0.1881852], [0.2973769, 0.6273491, 0.0752741], [0.0270343, 0.0706872, 0.9911085]]
)


def srgb_of_xyz(xyz):
    """Encode CIE XYZ as sRGB (IEC 61966-2-1)."""
    linear = np.linalg.solve(SRGB_TO_XYZ, xyz)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def lab_of(colour):
    return rgb2lab(np.asarray(colour, float).reshape(1, 1, 3))[0, 0]


def test_im2double_integers():
    np.testing.assert_array_equal(im2double(np.array([0, 51, 255], np.uint8)), [0, 0.2, 1])
    np.testing.assert_array_equal(im2double(np.array([0, 13107, 65535], np.uint16)), [0, 0.2, 1])
    np.testing.assert_array_equal(im2double(np.array([-32768, 32767], np.int16)), [0, 1])
    np.testing.assert_array_equal(im2double(np.array([False, True])), [0, 1])


def test_im2double_is_correctly_rounded():
    for value in range(256):
        assert im2double(np.uint8(value)) == float(Fraction(value, 255))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_im2double_floats_keep_their_values(dtype):
    image = np.array([-1.5, 0.1, 300], dtype)
    result = im2double(image)
    assert result.dtype == np.float64
    np.testing.assert_array_equal(result, image)


@given(st.floats(-1, 2))
def test_im2uint8_rounds_halves_away_from_zero(value):
    expected = min(max(int(np.floor(Fraction(value * 255) + Fraction(1, 2))), 0), 255)
    assert im2uint8(np.float64(value)) == expected


def test_im2uint8_of_integers():
    every = np.arange(65536).astype(np.uint16)
    expected = [(2 * v + 257) // 514 for v in range(65536)]
    np.testing.assert_array_equal(im2uint8(every), expected)
    np.testing.assert_array_equal(im2uint8((every.astype(int) - 32768).astype(np.int16)), expected)
    np.testing.assert_array_equal(im2uint8([True, False]), [255, 0])
    np.testing.assert_array_equal(im2uint8(np.arange(256).astype(np.uint8)), np.arange(256))


def test_im2uint8_of_nan_and_infinities():
    np.testing.assert_array_equal(im2uint8([np.nan, np.inf, -np.inf]), [0, 255, 0])


def test_rgb2gray_has_the_yiq_matrix_s_first_row():
    yiq = np.array([[1, 0.956, 0.621], [1, -0.272, -0.647], [1, -1.106, 1.703]])
    weights = [rgb2gray(np.eye(3)[c].reshape(1, 1, 3))[0, 0] for c in range(3)]
    np.testing.assert_allclose(weights, np.linalg.inv(yiq)[0], rtol=1e-14)
    np.testing.assert_allclose(weights, [0.2989, 0.5870, 0.1140], rtol=0, atol=5e-5)  # MATLAB's documentation
    assert sum(weights) == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_rgb2gray_rounds_integers(dtype, rng):
    image = rng.integers(0, np.iinfo(dtype).max + 1, (30, 40, 3)).astype(dtype)
    exact = image.astype(float) @ [0.298936021293775, 0.587043074451121, 0.114020904255103]
    grey = rgb2gray(image)
    assert grey.dtype == dtype
    np.testing.assert_array_equal(grey, np.floor(exact + 0.5))


def test_rgb2gray_known_integers():
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    np.testing.assert_array_equal(rgb2gray(colours), [[76, 150, 29, 255]])


def test_rgb2gray_floats_are_not_clipped():
    image = np.full((1, 1, 3), 2.0)
    assert rgb2gray(image)[0, 0] == pytest.approx(2, abs=1e-14)
    assert rgb2gray(image.astype(np.float32)).dtype == np.float32


def test_rgb2lab_white_and_black():
    """MATLAB's documentation: rgb2lab([1 1 1]) is 100 0 0."""
    np.testing.assert_allclose(lab_of([1, 1, 1]), [100, 0, 0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(lab_of([0, 0, 0]), [0, 0, 0], rtol=0, atol=1e-12)


def test_rgb2lab_documented_colour():
    """MATLAB's documentation: rgb2lab([.2 .3 .4], 'ColorSpace', 'adobe-rgb-1998'); the same colour, given as sRGB."""
    xyz = ADOBE_TO_XYZ @ np.array([0.2, 0.3, 0.4]) ** (563 / 256)
    np.testing.assert_allclose(lab_of(srgb_of_xyz(xyz)), [30.1783, -5.6902, -20.8223], rtol=0, atol=1e-4)


def test_rgb2lab_inverts_the_documented_lab2xyz():
    """MATLAB's documentation: lab2xyz([50 10 -5]) is 0.1942 0.1842 0.2282, here to these four digits."""
    np.testing.assert_allclose(lab_of(srgb_of_xyz([0.1942, 0.1842, 0.2282])), [50, 10, -5], rtol=0, atol=0.03)


@given(st.floats(0, 1))
def test_rgb2lab_of_greys(value):
    """a* and b* vanish; L* = 116 Y^(1/3) - 16 (or 24389 / 27 Y in the dark) of the linear grey."""
    linear = value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
    lightness = 116 * linear ** (1 / 3) - 16 if linear > 216 / 24389 else 24389 / 27 * linear
    np.testing.assert_allclose(lab_of([value] * 3), [lightness, 0, 0], rtol=0, atol=1e-11)


def test_rgb2lab_of_the_primaries():
    """Published CIE L*a*b* of the sRGB primaries (Lindbloom's calculator)."""
    np.testing.assert_allclose(lab_of([1, 0, 0]), [53.2408, 80.0925, 67.2032], rtol=0, atol=2e-3)
    np.testing.assert_allclose(lab_of([0, 1, 0]), [87.7347, -86.1827, 83.1793], rtol=0, atol=2e-3)
    np.testing.assert_allclose(lab_of([0, 0, 1]), [32.2970, 79.1875, -107.8602], rtol=0, atol=2e-3)


def test_skimage_agrees(rng):
    """scikit-image's matrix has six digits and its white point is 0.95047, 1, 1.08883 too."""
    image = rng.random((20, 20, 3))
    np.testing.assert_allclose(rgb2lab(image), skimage.color.rgb2lab(image), rtol=0, atol=0.02)


def test_rgb2lab_scales_integers(rng):
    image = rng.integers(0, 256, (5, 5, 3), dtype=np.uint8)
    np.testing.assert_array_equal(rgb2lab(image), rgb2lab(image / 255))
    assert rgb2lab(image.astype(np.float32) / 255).dtype == np.float64


@pytest.mark.parametrize("convert", [rgb2gray, rgb2lab])
@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (3,)])
def test_not_rgb(convert, shape):
    with pytest.raises(InvalidInputError, match="image must be"):
        convert(np.ones(shape))


@pytest.mark.parametrize("convert", [im2double, im2uint8, rgb2gray, rgb2lab])
def test_bad_dtype(convert):
    for dtype in (np.int64, complex):
        with pytest.raises(InvalidInputError, match="image must be"):
            convert(np.ones((2, 2, 3), dtype))
