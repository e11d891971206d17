"""imresize against its definition in plain loops, hand-computed weights and Pillow."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydeblur.errors import InvalidInputError
from pydeblur.matlab import imresize


def keys(t):
    """Keys' cubic convolution kernel with a = -1/2 (Keys 1981, eq. 15), by Horner."""
    t = abs(t)
    if t <= 1:
        return 1 + t * t * (-2.5 + 1.5 * t)
    return 2 + t * (-4 + t * (2.5 - 0.5 * t)) if t < 2 else 0.0


def triangle(t):
    return max(1 - abs(t), 0.0)


def mirror(i, n):
    """Reflect a 0-based index about the outer edges of the border pixels until it lies inside."""
    while not 0 <= i < n:
        i = -1 - i if i < 0 else 2 * n - 1 - i
    return i


def resize_line(line, length, scale, kernel, support, antialias):
    stretch = 1 / scale if antialias and scale < 1 else 1.0
    out = []
    for k in range(length):
        centre = (k + 0.5) / scale - 0.5
        reach = math.ceil(support * stretch) + 1
        near = range(math.floor(centre) - reach, math.floor(centre) + reach + 1)
        weights = [kernel((centre - i) / stretch) for i in near]
        out.append(sum(w * line[mirror(i, len(line))] for w, i in zip(weights, near)) / sum(weights))
    return out


def resize_by_definition(image, sizes, scales, kernel, support, antialias=True, store=lambda a: a):
    """Rows and columns of a 2-D image, the smaller scale first, each output pixel by itself."""
    image = np.asarray(image, float)
    for axis in (0, 1) if scales[0] <= scales[1] else (1, 0):
        lines = np.moveaxis(image, axis, -1)
        lines = [resize_line(line, sizes[axis], scales[axis], kernel, support, antialias) for line in lines]
        image = store(np.moveaxis(np.array(lines), -1, axis))
    return image


shapes = st.tuples(st.integers(1, 9), st.integers(1, 9))


@settings(deadline=None, max_examples=60)
@given(shapes, st.floats(0.15, 3.5), st.booleans(), st.sampled_from(["bicubic", "bilinear"]))
def test_scale_matches_the_definition(shape, scale, antialiasing, method):
    image = np.random.default_rng(sum(shape)).random(shape)
    sizes = tuple(math.ceil(scale * n) for n in shape)
    kernel, support = {"bicubic": (keys, 2), "bilinear": (triangle, 1)}[method]
    expected = resize_by_definition(image, sizes, (scale, scale), kernel, support, antialiasing)
    np.testing.assert_allclose(imresize(image, scale, method, antialiasing), expected, rtol=0, atol=2e-13)


@settings(deadline=None, max_examples=60)
@given(shapes, shapes)
def test_size_matches_the_definition(shape, sizes):
    image = np.random.default_rng(sum(shape)).random(shape)
    scales = tuple(out / n for out, n in zip(sizes, shape))
    expected = resize_by_definition(image, sizes, scales, keys, 2)
    result = imresize(image, sizes)
    assert result.shape == sizes
    np.testing.assert_allclose(result, expected, rtol=0, atol=2e-13)


@pytest.mark.parametrize("sizes", [(17, 9), (9, 17), (31, 35), (13, 30)])
def test_uint8_is_rounded_and_clipped_after_each_dimension(sizes, rng):
    """Sizes at which no sum is a half, where the order of summation would decide."""
    image = rng.choice([0, 1, 77, 200, 255], (23, 19)).astype(np.uint8)
    scales = tuple(out / n for out, n in zip(sizes, image.shape))
    each = resize_by_definition(image, sizes, scales, keys, 2, store=lambda a: np.clip(np.floor(a + 0.5), 0, 255))
    once = np.clip(np.floor(resize_by_definition(image, sizes, scales, keys, 2) + 0.5), 0, 255)
    result = imresize(image, sizes)
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, each)
    assert (each != once).any()  # so the test sees the difference


def test_uint8_known_case():
    """A step doubled: 26 / 128 and 102 / 128 of 255 at the step; the overshoot beside it is clipped."""
    step = np.array([[0, 0, 255, 255]], np.uint8)
    np.testing.assert_array_equal(imresize(step, (1, 8)), [[0, 0, 0, 52, 203, 255, 255, 255]])


def test_impulse_doubled_gives_the_kernel():
    """Phases 1/4 and 3/4 of Keys' kernel; one dimension by hand."""
    line = np.zeros((1, 7))
    line[0, 3] = 1
    half = [-3 / 128, -9 / 128, 29 / 128, 111 / 128]  # k(7/4), k(5/4), k(3/4), k(1/4)
    expected = np.zeros(14)
    expected[3:11] = half + half[::-1]
    np.testing.assert_allclose(imresize(line, (1, 14))[0], expected, rtol=0, atol=1e-16)


def test_impulse_halved_gives_the_widened_kernel():
    line = np.zeros((1, 16))
    line[0, 8] = 1
    result = imresize(line, (1, 8))[0]
    # pixel k has its centre at 2k + 1/2 (0-based), so the impulse at 8 is 8 - 2k - 1/2 away: 7/2, 3/2, -1/2, -5/2
    by_distance = {7 / 2: -3, 5 / 2: -9, 3 / 2: 29, 1 / 2: 111}
    expected = [by_distance.get(abs(8 - 2 * k - 0.5), 0) / 256 for k in range(8)]
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-16)


def test_without_antialiasing_halving_takes_the_unwidened_kernel():
    line = np.zeros((1, 16))
    line[0, 8] = 1
    expected = [{0.5: 0.5625, 1.5: -0.0625}.get(abs(8 - 2 * k - 0.5), 0) for k in range(8)]  # k(1/2), k(3/2)
    np.testing.assert_allclose(imresize(line, (1, 8), antialiasing=False)[0], expected, rtol=0, atol=1e-16)


@pytest.mark.parametrize("scale", [math.sqrt(2), 2, 3.3])
def test_ramp_is_reproduced_inside(scale):
    ramp = np.arange(20.0)[:, None] * np.ones(4)
    result = imresize(ramp, scale)[:, 0]
    position = (np.arange(result.size) + 0.5) / scale - 0.5
    inside = (position >= 2) & (position <= 17)
    assert inside.sum() > 15
    np.testing.assert_allclose(result[inside], position[inside], rtol=0, atol=1e-13)


def test_halved_ramp_is_reproduced_inside():
    result = imresize(np.arange(40.0)[None, :], (1, 20))[0]
    np.testing.assert_allclose(result[3:-3], 2 * np.arange(20)[3:-3] + 0.5, rtol=0, atol=1e-13)


@pytest.mark.parametrize("method", ["bicubic", "bilinear"])
@pytest.mark.parametrize("sizes", [(31, 17), (13, 40), (90, 100), (20, 20)])
def test_pillow_agrees_inside(method, sizes, rng):
    """Pillow has the same kernels and widening; only its border (cut off, not mirrored) differs."""
    pillow = pytest.importorskip("PIL.Image")
    image = rng.random((60, 70)).astype(np.float32)
    filters = {"bicubic": pillow.Resampling.BICUBIC, "bilinear": pillow.Resampling.BILINEAR}
    theirs = np.asarray(pillow.fromarray(image).resize(sizes[::-1], filters[method]))
    ours = imresize(image.astype(float), sizes, method)
    margin = [math.ceil(2 * max(1, out / n)) + 1 for out, n in zip(sizes, image.shape)]
    inside = tuple(slice(m, -m) for m in margin)
    assert ours[inside].size > 20
    np.testing.assert_allclose(ours[inside], theirs[inside], rtol=0, atol=2e-6)


def test_output_size_is_ceil():
    ret = math.sqrt(0.5)
    image = np.ones((27, 25))
    assert imresize(image, 1 / ret).shape == (math.ceil(27 / ret), math.ceil(25 / ret)) == (39, 36)
    assert imresize(image, 0.5).shape == (14, 13)


def test_ceil_of_the_product_as_it_rounds():
    """26 * sqrt(0.5)^2 is a hair above 13 in double, and MATLAB takes its ceil as it is."""
    assert imresize(np.ones((26, 30)), math.sqrt(0.5) ** 2).shape == (14, 16)


@settings(deadline=None, max_examples=30)
@given(shapes, shapes, st.sampled_from(["bicubic", "bilinear", "nearest"]))
def test_constant_stays_constant(shape, sizes, method):
    np.testing.assert_allclose(imresize(np.full(shape, 0.7), sizes, method), 0.7, rtol=1e-14)


def test_same_size_is_the_identity(rng):
    image = rng.random((6, 5, 3))
    np.testing.assert_array_equal(imresize(image, 1.0), image)
    np.testing.assert_array_equal(imresize(image, (6, 5)), image)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.uint8, np.uint16])
def test_colour_is_resized_channel_by_channel(dtype, rng):
    image = (rng.random((9, 8, 3)) * (1 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max)).astype(dtype)
    result = imresize(image, 0.6)
    assert result.dtype == dtype
    for channel in range(3):
        np.testing.assert_array_equal(result[..., channel], imresize(image[..., channel], 0.6))


def test_float32_is_close_to_float64(rng):
    image = rng.random((30, 30))
    single = imresize(image.astype(np.float32), 0.7)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, imresize(image, 0.7), rtol=0, atol=3e-7)


def test_nearest_repeats_when_doubling():
    image = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(imresize(image, 2, "nearest"), image.repeat(2, 0).repeat(2, 1))


def test_nearest_takes_the_right_one_of_two_when_halving():
    """Centres 1.5, 3.5, … lie half-way; MATLAB's box is closed on the left, so the larger index is taken."""
    np.testing.assert_array_equal(imresize(np.arange(1.0, 9)[None, :], (1, 4), "nearest"), [[2, 4, 6, 8]])


def test_input_is_left_alone(rng):
    image = rng.random((5, 5))
    copy = image.copy()
    imresize(image, (3, 9))[:] = -1
    np.testing.assert_array_equal(image, copy)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((np.ones(4), 2), "image must be 2-D or 3-D"),
        ((np.ones((0, 4)), 2), "image must not be empty"),
        ((np.ones((4, 4), bool), 2), "image must be float32"),
        ((np.ones((4, 4), complex), 2), "image must be real"),
        ((np.ones((4, 4)), 0), "scale_or_size must be a positive finite number"),
        ((np.ones((4, 4)), -1.0), "scale_or_size must be a positive finite number"),
        ((np.ones((4, 4)), math.nan), "scale_or_size must be a positive finite number"),
        ((np.ones((4, 4)), math.inf), "scale_or_size must be a positive finite number"),
        ((np.ones((4, 4)), "2"), "scale_or_size must be a positive finite number"),
        ((np.ones((4, 4)), (2, 0)), "scale_or_size must be two whole numbers"),
        ((np.ones((4, 4)), (2, 2.5)), "scale_or_size must be two whole numbers"),
        ((np.ones((4, 4)), (2, 2, 2)), "scale_or_size must be two whole numbers"),
        ((np.ones((4, 4)), 2, "lanczos"), "method must be one of"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(InvalidInputError, match=message):
        imresize(*arguments)
