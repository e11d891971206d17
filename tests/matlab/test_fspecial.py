"""fspecial against MATLAB's documented values, the areas by quadrature, and closed forms."""

import itertools
import math

import numpy as np
import pytest
import scipy.integrate
from hypothesis import given, settings
from hypothesis import strategies as st

from pydeblur.errors import InvalidInputError
from pydeblur.matlab import fspecial


def test_gaussian_documented_values():
    h = fspecial("gaussian", 3, 0.5)
    np.testing.assert_allclose(h[0], [0.0113, 0.0838, 0.0113], rtol=0, atol=5e-5)
    np.testing.assert_allclose(h[1], [0.0838, 0.6193, 0.0838], rtol=0, atol=5e-5)
    np.testing.assert_array_equal(fspecial("gaussian"), h)


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.floats(0.3, 20))
def test_gaussian_by_definition(rows, columns, sigma):
    values = [
        [math.exp(-(((i - (rows - 1) / 2) ** 2 + (j - (columns - 1) / 2) ** 2) / 2) / sigma**2) for j in range(columns)]
        for i in range(rows)
    ]
    peak = max(map(max, values))
    values = [[v if v >= 2.0**-52 * peak else 0.0 for v in row] for row in values]
    expected = np.array(values) / math.fsum(v for row in values for v in row)
    np.testing.assert_allclose(fspecial("gaussian", (rows, columns), sigma), expected, rtol=1e-11, atol=1e-17)


def test_gaussian_is_cut_below_eps_times_its_maximum():
    """exp(-r^2 / 2) < 2^-52 beyond r = 8.49: 8 stays, 9 goes."""
    row = fspecial("gaussian", (1, 21), 1)[0]
    assert row[10 - 9] == row[10 + 9] == 0 and row[10 - 8] > 0


def test_motion_documented_values():
    """Posted MATLAB output: mathworks.com/matlabcentral/answers/307822."""
    expected = [[0, 0.0754, 0.1883], [0.0754, 0.3215, 0.0754], [0.1883, 0.0754, 0]]
    np.testing.assert_allclose(fspecial("motion", 3, 45), expected, rtol=0, atol=5e-5)


def test_motion_by_hand():
    """Length 9 at 45 degrees: 1 on the line, 1 - 1/sqrt(2) beside it, the ends 4 - 3 sqrt(2) past the segment."""
    beside, end = 1 - math.sqrt(0.5), 1 - (3 * math.sqrt(2) - 4)
    expected = np.zeros((7, 7))
    for k in range(7):
        expected[6 - k, k] = end if k in (0, 6) else 1
    for k in range(6):
        expected[5 - k, k] = expected[6 - k, k + 1] = beside
    np.testing.assert_allclose(fspecial("motion", 9, 45), expected / expected.sum(), rtol=0, atol=1e-14)


@pytest.mark.parametrize("length", [1, 3, 4, 9, 12.5])
def test_motion_horizontal_and_vertical(length):
    half = (length - 1) / 2
    reach = math.ceil(half)
    row = np.array([max(0, 1 - max(abs(x) - half, 0)) for x in range(-reach, reach + 1)])
    h = fspecial("motion", length, 0)
    assert h.shape == (1, 2 * reach + 1)
    np.testing.assert_allclose(h[0], row / row.sum(), rtol=0, atol=1e-14)
    np.testing.assert_allclose(fspecial("motion", length, 90), h.T, rtol=0, atol=1e-14)


@settings(deadline=None, max_examples=60)
@given(st.floats(1, 30), st.floats(-400, 400))
def test_motion_symmetries(length, angle):
    h = fspecial("motion", length, angle)
    assert h.shape[0] % 2 == h.shape[1] % 2 == 1
    assert h.min() >= 0 and h.sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(h, h[::-1, ::-1], rtol=0, atol=1e-12)


@pytest.mark.parametrize("length, angle", [(9, 30), (15, 67), (21, 5), (6, 45)])
def test_motion_mirrored_angle(length, angle):
    h = fspecial("motion", length, angle)
    np.testing.assert_allclose(fspecial("motion", length, 180 - angle), h[:, ::-1], rtol=0, atol=1e-12)
    np.testing.assert_allclose(fspecial("motion", length, angle - 180), h, rtol=0, atol=1e-12)


@pytest.mark.parametrize("length, angle", [(9, 30), (15, 67), (21, 5)])
def test_motion_points_counter_clockwise(length, angle):
    """The second moments' main axis is at `angle` above the horizontal, rows running down."""
    h = fspecial("motion", length, angle)
    y, x = np.mgrid[: h.shape[0], : h.shape[1]] - np.array(h.shape).reshape(2, 1, 1) // 2
    main = 0.5 * math.degrees(math.atan2(2 * (-h * x * y).sum(), (h * (x**2 - y**2)).sum()))
    assert main == pytest.approx(angle, abs=2)


def test_motion_defaults_and_short_lengths():
    np.testing.assert_allclose(fspecial("motion"), np.full((1, 9), 1 / 9), rtol=1e-13)
    np.testing.assert_array_equal(fspecial("motion", 0.2, 30), fspecial("motion", 1, 30))


def test_disk_documented_values():
    """MATLAB prints these for fspecial('disk', 5); the quadrant is repeated by symmetry."""
    quadrant = [
        [0, 0, 0, 0.0012, 0.0050, 0.0063],
        [0, 0.0000, 0.0062, 0.0124, 0.0127, 0.0127],
        [0, 0.0062, 0.0127, 0.0127, 0.0127, 0.0127],
        [0.0012, 0.0124, 0.0127, 0.0127, 0.0127, 0.0127],
        [0.0050, 0.0127, 0.0127, 0.0127, 0.0127, 0.0127],
        [0.0063, 0.0127, 0.0127, 0.0127, 0.0127, 0.0127],
    ]
    h = fspecial("disk", 5)
    assert h.shape == (11, 11)
    np.testing.assert_allclose(h[:6, :6], quadrant, rtol=0, atol=5e-5)
    np.testing.assert_array_equal(fspecial("disk"), h)


def area_of_pixel_in_circle(column, row, radius):
    """Integrate the height of the circle inside the pixel centred at (column, row), by quadrature."""

    def height(x):
        reach = math.sqrt(max(radius**2 - x**2, 0))
        return max(min(row + 0.5, reach) - max(row - 0.5, -reach), 0)

    kinks = {math.sqrt(radius**2 - y**2) for y in (row - 0.5, row + 0.5) if abs(y) < radius} | {radius}
    kinks = sorted(k for s in kinks for k in (s, -s) if column - 0.5 < k < column + 0.5)
    ends = [column - 0.5, *kinks, column + 0.5]
    return sum(scipy.integrate.quad(height, a, b, epsabs=1e-12)[0] for a, b in itertools.pairwise(ends))


@pytest.mark.parametrize("radius", [0.75, 1, 1.5, 1.55, 2, 2.5, 3, 3.3, 4.51, 5, 6.7])
def test_disk_is_the_area_inside_the_circle(radius):
    half = math.ceil(radius - 0.5)
    offsets = range(-half, half + 1)
    area = np.array([[area_of_pixel_in_circle(x, y, radius) for x in offsets] for y in offsets])
    assert area.sum() == pytest.approx(math.pi * radius**2, abs=1e-9)
    np.testing.assert_allclose(fspecial("disk", radius), area / area.sum(), rtol=0, atol=1e-9)


@settings(deadline=None, max_examples=60)
@given(st.floats(0.05, 30))
def test_disk_symmetries(radius):
    h = fspecial("disk", radius)
    assert h.shape == (2 * math.ceil(max(radius - 0.5, 0)) + 1,) * 2
    assert h.sum() == pytest.approx(1, abs=1e-12) and h.min() > -1e-12
    np.testing.assert_array_equal(h, h.T)
    np.testing.assert_array_equal(h, h[::-1])


def test_small_disk_is_a_delta():
    np.testing.assert_array_equal(fspecial("disk", 0.3), [[1]])


@pytest.mark.parametrize("size, shape", [((), (3, 3)), ((4,), (4, 4)), (((2, 5),), (2, 5))])
def test_average(size, shape):
    np.testing.assert_array_equal(fspecial("average", *size), np.full(shape, 1 / math.prod(shape)))


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("laplacian",), "kind must be one of"),
        (("gaussian", 0, 1), "size must be two whole numbers"),
        (("gaussian", 2.5, 1), "size must be two whole numbers"),
        (("gaussian", 3, 0), "sigma must be a positive finite number"),
        (("gaussian", 3, "1"), "sigma must be a positive finite number"),
        (("gaussian", 3, 1, 1), "takes at most 2 parameters, but got 3"),
        (("motion", 0, 0), "length must be a positive finite number"),
        (("motion", 9, math.inf), "angle must be a finite number"),
        (("disk", -1), "radius must be a positive finite number"),
        (("disk", math.nan), "radius must be a positive finite number"),
        (("average", (3, 3, 3)), "size must be two whole numbers"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(InvalidInputError, match=message):
        fspecial(*arguments)
