"""The FFT libraries: NumPy's numbers from each, and the choice between them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pydeblur
from pydeblur.backend import fft
from pydeblur.errors import InvalidOptionError

SIDES = st.integers(1, 40)


@pytest.mark.parametrize("library", ["scipy", "ducc0"])
@settings(max_examples=40, deadline=None)
@given(
    shape=st.tuples(SIDES, SIDES) | st.tuples(st.integers(1, 3), SIDES, SIDES),
    dtype=st.sampled_from([np.float32, np.float64]),
    workers=st.sampled_from([1, 2]),
    strided=st.booleans(),
)
def test_numpys_numbers(library, shape, dtype, workers, strided):
    if library == "ducc0":
        pytest.importorskip("ducc0")
    image = np.random.default_rng(0).random(shape).astype(dtype)
    if strided:
        image = np.repeat(image, 2, axis=-2)[..., ::2, ::-1]
    kept, tolerance = image.copy(), np.finfo(dtype).eps * shape[-1] * shape[-2]
    with fft.fft_fixed(library):
        spectrum = fft.rfft2(image, workers)
        assert spectrum.dtype == np.result_type(dtype, np.complex64)
        np.testing.assert_allclose(spectrum, np.fft.rfft2(image.astype(float)), rtol=0, atol=10 * tolerance)
        back = fft.irfft2(spectrum.copy(), image.shape[-1], workers)
        lines = fft.ifft_columns(spectrum.copy(), workers)
        rows = fft.irfft_rows(lines[..., ::2, :], image.shape[-1], workers)
    np.testing.assert_array_equal(image, kept)
    assert back.dtype == dtype
    np.testing.assert_allclose(back, image, rtol=0, atol=10 * tolerance)
    np.testing.assert_allclose(rows, image[..., ::2, :], rtol=0, atol=10 * tolerance)


@pytest.mark.parametrize("library", ["scipy", "ducc0"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(12, 9), (7, 10), (2, 8, 5)], ids=str)
def test_memory_that_is_offered_changes_no_bit(library, dtype, shape):
    if library == "ducc0":
        pytest.importorskip("ducc0")
    image = np.random.default_rng(1).random(shape).astype(dtype)
    with fft.fft_fixed(library):
        spectrum = fft.rfft2(image)
        offered = np.full_like(spectrum, np.nan)
        np.testing.assert_array_equal(fft.rfft2(image, 1, offered), spectrum)
        back, room = fft.irfft2(spectrum.copy(), shape[-1]), np.full_like(image, np.nan)
        np.testing.assert_array_equal(fft.irfft2(spectrum.copy(), shape[-1], 1, room), back)
    if library == "ducc0":
        np.testing.assert_array_equal(offered, spectrum)
        np.testing.assert_array_equal(room, back)


@pytest.mark.parametrize("library", ["scipy", "ducc0"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (5, 4), (11, 13)], ids=str)
def test_sine_transforms(library, dtype, shape):
    """By their definition, a sum of sines."""
    if library == "ducc0":
        pytest.importorskip("ducc0")
    array = np.random.default_rng(2).standard_normal(shape).astype(dtype)
    rows, columns = (2 * np.sin(np.pi * np.outer(np.arange(1, n + 1), np.arange(1, n + 1)) / (n + 1)) for n in shape)
    tolerance = 50 * np.finfo(dtype).eps * array.size
    kept = array.copy()
    with fft.fft_fixed(library):
        found = fft.dst2(array)
        back = fft.idst2(found)
    assert found.dtype == back.dtype == dtype
    np.testing.assert_array_equal(array, kept)
    np.testing.assert_allclose(found, rows @ array.astype(float) @ columns, rtol=0, atol=tolerance)
    np.testing.assert_allclose(back, array, rtol=0, atol=tolerance)


def test_the_choice_holds_and_ends():
    before = fft.fft_library()
    with fft.fft_fixed("scipy"):
        assert fft.fft_library() == "scipy"
    assert fft.fft_library() == before
    with pytest.raises(ZeroDivisionError), fft.fft_fixed("scipy"):
        raise ZeroDivisionError
    assert fft.fft_library() == before


def test_ducc0_is_used_where_it_is_installed():
    pytest.importorskip("ducc0")
    assert fft.fft_library() == "ducc0"


def test_without_ducc0(monkeypatch):
    fft._ducc.cache_clear()
    monkeypatch.setattr(fft, "import_module", _no_ducc0)
    try:
        assert fft.fft_library() == "scipy"
        with pytest.raises(InvalidOptionError, match="needs the package ducc0: pip install"):
            fft.use_fft("ducc0")
    finally:
        fft._ducc.cache_clear()


def _no_ducc0(name):
    raise ImportError(name)


@pytest.mark.parametrize("library", ["fftw", "", None, 3])
def test_unknown_libraries_are_refused(library):
    with pytest.raises(InvalidOptionError, match="FFT library should be"):
        fft.use_fft(library)


def test_both_libraries_find_the_same_kernel(load_golden):
    pytest.importorskip("ducc0")
    blurred = load_golden("inputs/images")
    blurred = next(image for image in blurred.values() if getattr(image, "ndim", 0) == 2)[:96, :96]
    kernels = []
    for library in ("scipy", "ducc0"):
        with fft.fft_fixed(library):
            kernels.append(pydeblur.estimate_kernel(blurred, 7, prior="gradient", kernel_solver="fft").kernel)
    np.testing.assert_allclose(*kernels, rtol=0, atol=1e-10)
