"""psf2otf and otf2psf against the Fourier sums themselves and closed forms."""

import numpy as np
import pytest
import scipy.fft
from hypothesis import given, settings
from hypothesis import strategies as st

from pydeblur.errors import InvalidInputError
from pydeblur.matlab import otf2psf, otf2psf_half, psf2otf, psf2otf_half


def otf_by_definition(psf, shape):
    """Sum psf(m, n) exp(-2 pi i (k (m - M') / H + l (n - N') / W)) with the centre (M', N') = floor(size / 2)."""
    rows, columns = (
        np.exp(-2j * np.pi * np.outer(np.arange(size), np.arange(n) - n // 2) / size)
        for n, size in zip(psf.shape, shape)
    )
    return rows @ psf @ columns.T


@st.composite
def psf_and_shape(draw):
    psf_shape = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    shape = tuple(n + draw(st.integers(0, 6)) for n in psf_shape)
    return np.random.default_rng(draw(st.integers(0, 99))).random(psf_shape), shape


@settings(deadline=None)
@given(psf_and_shape())
def test_psf2otf_is_the_fourier_sum(case):
    psf, shape = case
    expected = otf_by_definition(psf, shape)
    np.testing.assert_allclose(psf2otf(psf, shape), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(psf2otf_half(psf, shape), expected[:, : shape[1] // 2 + 1], rtol=0, atol=1e-12)


@settings(deadline=None)
@given(psf_and_shape())
def test_otf2psf_inverts(case):
    """Even sizes and crops included, where Octave's otf2psf is one off."""
    psf, shape = case
    otf = otf_by_definition(psf, shape)
    result = otf2psf(otf, psf.shape)
    assert result.dtype == np.float64
    np.testing.assert_allclose(result, psf, rtol=0, atol=1e-13)
    half = otf[:, : shape[1] // 2 + 1]
    np.testing.assert_allclose(otf2psf_half(half, shape, psf.shape), psf, rtol=0, atol=1e-13)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6])
def test_delta_lands_on_the_centre_of_the_crop(size):
    """A spectrum of ones is a delta at 1-based element floor(size / 2) + 1 of the result."""
    expected = np.zeros((size, size))
    expected[size // 2, size // 2] = 1
    np.testing.assert_allclose(otf2psf(np.ones((8, 7)), (size, size)), expected, rtol=0, atol=1e-16)
    np.testing.assert_allclose(otf2psf_half(np.ones((8, 4)), (8, 7), (size, size)), expected, rtol=0, atol=1e-16)


def test_crop_takes_the_neighbours_of_the_origin():
    """Impulse response h(x) = x on the line: a crop of 4 holds h(-2), h(-1), h(0), h(1); of 3, h(-1), h(0), h(1)."""
    line = np.zeros((1, 9))
    line[0, [7, 8, 0, 1, 2]] = [-2, -1, 0.5, 1, 2]
    otf = scipy.fft.fft2(line)
    np.testing.assert_allclose(otf2psf(otf, (1, 4)), [[-2, -1, 0.5, 1]], rtol=0, atol=1e-15)
    np.testing.assert_allclose(otf2psf(otf, (1, 3)), [[-1, 0.5, 1]], rtol=0, atol=1e-15)


def test_box_has_the_dirichlet_kernel():
    k = np.arange(1, 16)
    expected = np.concatenate([[1], np.sin(5 * np.pi * k / 16) / (5 * np.sin(np.pi * k / 16))])
    np.testing.assert_allclose(psf2otf(np.full((1, 5), 0.2), (1, 16))[0], expected, rtol=0, atol=1e-14)


def test_multiplying_spectra_convolves_circularly(rng):
    psf, image = rng.random((3, 4)), rng.random((7, 6))
    expected = np.zeros_like(image)
    for y, x in np.ndindex(image.shape):
        for m, n in np.ndindex(psf.shape):
            expected[y, x] += psf[m, n] * image[(y - m + 1) % 7, (x - n + 2) % 6]  # centre floor(size / 2) = (1, 2)
    spectrum = psf2otf_half(psf, image.shape) * scipy.fft.rfft2(image)
    np.testing.assert_allclose(scipy.fft.irfft2(spectrum, s=image.shape), expected, rtol=0, atol=1e-14)


def test_round_off_imaginary_parts_are_dropped():
    x = np.arange(-4, 5)
    psf = np.exp(-(x[:, None] ** 2 + x**2) / 5)
    psf /= psf.sum()
    otf = psf2otf(psf, (32, 27))
    assert otf.dtype == np.complex128
    assert not otf.imag.any()
    assert psf2otf_half(psf, (32, 27)).imag.any()  # which shows that there was something to drop


def test_real_imaginary_parts_stay():
    """One part in 1e10 of asymmetry is far above round-off: 81 log2(81) eps is 1e-13."""
    psf = np.ones((9, 9)) / 81
    psf[0, 0] += 1e-10
    imaginary = psf2otf(psf, (16, 16)).imag
    assert 1e-11 < np.abs(imaginary).max() < 2e-10


def test_spectrum_of_no_real_psf_gives_a_complex_one():
    otf = np.zeros((4, 4), complex)
    otf[0, 1] = 1
    psf = otf2psf(otf)
    assert psf.dtype == np.complex128 and np.abs(psf.imag).max() > 0.01


def test_all_zero_stays_zero():
    assert not psf2otf(np.zeros((3, 3)), (5, 5)).any()
    assert not otf2psf(np.zeros((5, 5)), (3, 3)).any()


@pytest.mark.parametrize(
    "dtype, spectrum", [(np.float32, np.complex64), (np.float64, np.complex128), (np.uint8, np.complex128)]
)
def test_dtype_follows_the_psf(dtype, spectrum):
    psf = np.arange(9).reshape(3, 3).astype(dtype)
    real = np.float32 if dtype == np.float32 else np.float64
    assert psf2otf(psf, (8, 8)).dtype == spectrum
    assert psf2otf_half(psf, (8, 8)).dtype == spectrum
    back = otf2psf(psf2otf(psf, (8, 8)), (3, 3))
    back_half = otf2psf_half(psf2otf_half(psf, (8, 8)), (8, 8), (3, 3))
    assert back.dtype == back_half.dtype == real
    np.testing.assert_allclose(back, psf, rtol=0, atol=1e-5)
    np.testing.assert_allclose(back_half, psf, rtol=0, atol=1e-5)


def test_shape_defaults_to_the_input():
    psf = np.arange(12.0).reshape(3, 4)
    assert psf2otf(psf).shape == (3, 4)
    np.testing.assert_allclose(otf2psf(psf2otf(psf)), psf, rtol=0, atol=1e-14)


def test_workers_do_not_change_the_result(rng):
    psf = rng.random((5, 5))
    half = psf2otf_half(psf, (64, 65), workers=2)
    np.testing.assert_array_equal(half, psf2otf_half(psf, (64, 65)))
    np.testing.assert_array_equal(otf2psf_half(half, (64, 65), (5, 5), workers=2), otf2psf_half(half, (64, 65), (5, 5)))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: psf2otf(np.ones((3, 3)), (2, 5)), "shape must be at least the psf's"),
        (lambda: psf2otf_half(np.ones((3, 3)), (5, 2)), "shape must be at least the psf's"),
        (lambda: psf2otf(np.ones(3), (5, 5)), "psf must be 2-D"),
        (lambda: psf2otf(np.ones((0, 3)), (5, 5)), "psf must not be empty"),
        (lambda: psf2otf(np.ones((3, 3)), 5), "shape must be two whole numbers"),
        (lambda: psf2otf(np.ones((3, 3)) * 1j), "psf must be real"),
        (lambda: otf2psf(np.ones((3, 3)), (4, 3)), "the psf's shape must be at most"),
        (lambda: otf2psf(np.ones((3, 3)), (0, 3)), "shape must be two whole numbers"),
        (lambda: otf2psf_half(np.ones((8, 5)), (8, 8), (9, 3)), "the psf's shape must be at most"),
        (lambda: otf2psf_half(np.ones((8, 5)), (8, 10), (3, 3)), "otf_half must be"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()
