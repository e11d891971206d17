"""Final steps in tiles against the whole picture at once, and what tiles do with memory and temporary files."""

import subprocess
import sys
import tempfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import rfft2
from skimage import data

import pydeblur
from pydeblur.nonblind import methods
from pydeblur.nonblind.methods import METHODS
from pydeblur.nonblind.tiles import spectrum_file, whyte
from pydeblur.nonblind.tiles.passes import Passes
from pydeblur.nonblind.tiles.rows import ArrayRows, PaddedRows, SpectrumRows
from pydeblur.nonblind.tiles.spectrum_file import SpectrumFile
from pydeblur.nonblind.tiles.steps import deconvolve_in_tiles
from pydeblur.preprocess import noise_of_large
from pydeblur.preprocess.noise import noise_level
from pydeblur.solver.boundary import wrap_boundary
from pydeblur.synthesis import blur
from pydeblur.synthesis.kernels import random_kernel

PICTURE = data.astronaut()[40:140, 100:220] / 255.0
#: Quick settings: few steps are as good a test of the seams as many.
OPTIONS = {
    "tv": {"lambda_tv": 2e-3},
    "l0": {"growth": 8.0},
    "ringing": {"lambda_tv": 2e-3},
    "hyper-laplacian": {},
    "whyte": {"iterations": 4, "light_gamma": 1.4},
}


@pytest.fixture(params=["memory", "file"])
def small_tiles(request, monkeypatch):
    """Strips and blocks of 16 lines, in memory or in temporary files."""
    monkeypatch.setattr(spectrum_file, "TILE_BYTES", 1)
    monkeypatch.setattr(whyte, "TILE_SIDE", 24)
    if request.param == "file":
        monkeypatch.setattr(spectrum_file, "MEMORY_BYTES", 0)


@pytest.fixture
def always_in_tiles(monkeypatch):
    monkeypatch.setattr(methods, "is_large", lambda shape: True)


def picture_of(rows, columns, colour, kernel, seed):
    planes = [blur(PICTURE[:rows, :columns, channel], kernel, noise=0.005, rng=seed + channel) for channel in range(3)]
    return np.clip(np.stack(planes, axis=-1) if colour else planes[1], 0, 1).astype(np.float64)


@settings(max_examples=25, deadline=None)
@given(
    method=st.sampled_from(sorted(OPTIONS)),
    rows=st.integers(25, 90),
    columns=st.integers(25, 90),
    colour=st.booleans(),
    size=st.sampled_from([(3, 3), (9, 9), (5, 13), (21, 21), (1, 7)]),
    workers=st.integers(1, 2),
    seed=st.integers(0, 99),
)
def test_tiles_leave_no_seam(method, rows, columns, colour, size, workers, seed):
    """In double precision they are the whole picture's result but for rounding."""
    kernel = np.random.default_rng(seed).random(size) ** 4
    kernel /= kernel.sum()
    image = picture_of(rows, columns, colour, kernel, seed)
    whole = METHODS[method](image, kernel, **OPTIONS[method])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spectrum_file, "TILE_BYTES", 1)
        patch.setattr(whyte, "TILE_SIDE", 24)
        tiled = deconvolve_in_tiles(image, kernel, method, {**OPTIONS[method], "workers": workers})
    # The bilateral filter of "ringing" is of single precision; "whyte" has windows, which overlap by its whole reach.
    tolerance = 1e-6 if method == "ringing" else 1e-9
    assert tiled.dtype == whole.dtype and np.abs(tiled - whole).max() < tolerance


@pytest.mark.parametrize("method", [*OPTIONS, "epll"])
@pytest.mark.usefixtures("small_tiles")
def test_long_shakes_leave_no_seam(method):
    """The inverse filter of such a kernel rings over the whole picture."""
    kernel = random_kernel(31, 1)
    image = picture_of(60, 50, method != "epll", kernel, 0)
    whole = METHODS[method](image, kernel)
    tolerance = {"ringing": 1e-6, "epll": 1e-5}.get(method, 1e-9)
    if method == "whyte":
        tolerance = 1e-3  # fifty iterations reach farther than the windows' overlap
    assert np.abs(deconvolve_in_tiles(image, kernel, method, {}) - whole).max() < tolerance


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("method", ["tv", "ringing", "l0", "hyper-laplacian", "whyte"])
def test_single_precision_is_kept(method):
    kernel = random_kernel(9, 2)
    image = picture_of(60, 70, True, kernel, 1).astype(np.float32)
    whole = METHODS[method](image.astype(np.float64), kernel, **OPTIONS[method])
    tiled = deconvolve_in_tiles(image, kernel, method, OPTIONS[method])
    assert tiled.dtype == np.float32 and np.abs(tiled - whole).max() < 1e-3


@pytest.mark.parametrize("method", ["tv", "ringing", "l0", "hyper-laplacian", "whyte"])
def test_the_result_may_take_the_image_s_place(method):
    kernel = random_kernel(5, 0)
    image = picture_of(40, 50, True, kernel, 2)
    expected = deconvolve_in_tiles(image, kernel, method, OPTIONS[method])
    result = deconvolve_in_tiles(image, kernel, method, OPTIONS[method], out=image)
    assert result is image and np.array_equal(result, expected)


@pytest.mark.usefixtures("small_tiles", "always_in_tiles")
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_large_pictures_of_all_types_come_back_in_their_scale(dtype):
    kernel = random_kernel(5, 0)
    image = picture_of(40, 50, True, kernel, 2)
    given = (
        image.astype(dtype) if dtype in (np.float32, np.float64) else np.rint(image * np.iinfo(dtype).max).astype(dtype)
    )
    before = given.copy()
    tiled = pydeblur.deconvolve(given, kernel)
    whole = METHODS["ringing"](image, kernel, **pydeblur.nonblind.weights_for_noise(image))
    assert tiled.dtype == (np.float32 if dtype == np.float32 else np.float64)
    assert np.array_equal(given, before) and np.abs(tiled - whole).max() < 0.02


def test_small_pictures_are_computed_at_once(monkeypatch):
    monkeypatch.setattr(methods, "deconvolve_in_tiles", lambda *arguments: pytest.fail("a small picture in tiles"))
    kernel = random_kernel(5, 0)
    image = picture_of(40, 50, False, kernel, 2)
    assert np.array_equal(pydeblur.deconvolve(image, kernel, "tv"), METHODS["tv"](image, kernel))


@pytest.mark.parametrize("large", [False, True])
def test_out_is_filled(large, monkeypatch):
    monkeypatch.setattr(methods, "is_large", lambda shape: large)
    kernel = random_kernel(5, 0)
    image = picture_of(40, 50, True, kernel, 2)
    out = np.empty_like(image)
    assert pydeblur.deconvolve(image, kernel, "tv", out=out) is out
    assert np.allclose(out, METHODS["tv"](image, kernel), rtol=0, atol=1e-9)


@pytest.mark.parametrize("out", [np.empty((40, 50)), np.empty((40, 50, 3), np.float32), "array", 3, [[0.0]]])
def test_out_that_does_not_fit_is_refused_in_one_sentence(out):
    with pytest.raises(pydeblur.InvalidInputError, match=r"^out should be an array of float64 [^\n]*$"):
        pydeblur.deconvolve(np.full((40, 50, 3), 0.5), np.ones((3, 3)), "tv", out=out)


@given(st.integers(3, 40), st.integers(3, 40), st.integers(0, 9), st.integers(0, 9), st.integers(0, 60))
def test_padded_rows_are_those_of_the_padded_image(height, width, below, right, cut):
    image = np.random.default_rng(0).random((height, width))
    shape = height + below, width + right
    first = cut % shape[0]
    for last in (first, first + 1, shape[0]):
        assert np.array_equal(
            PaddedRows(ArrayRows(image), shape).read(first, last), wrap_boundary(image, shape)[first:last]
        )


@pytest.mark.usefixtures("small_tiles", "each_fft")
@pytest.mark.parametrize("shape", [(40, 63), (7, 50), (33, 18)])
def test_two_passes_are_a_fourier_transform(shape):
    picture, kernel = np.random.default_rng(0).random(shape), random_kernel(5, 0)
    passes = Passes(shape, picture.dtype, workers=2)
    (spectrum,) = passes.new_spectra(1)
    passes.over_rows([ArrayRows(picture)], [spectrum], lambda strips, first: strips)
    passes.over_columns([spectrum], [spectrum], lambda columns, block: columns, inverse=False)
    assert np.allclose(spectrum.read_rows(0, shape[0]), rfft2(picture), rtol=0, atol=1e-10)
    otf = np.concatenate([passes.transfer_function(kernel, block) for block in passes.blocks], axis=1)
    from pydeblur.matlab import psf2otf_half

    assert np.allclose(otf, psf2otf_half(kernel, shape), rtol=0, atol=1e-12)


@pytest.mark.usefixtures("small_tiles")
def test_a_strip_sees_the_rows_around_it_as_they_were():
    picture = np.random.default_rng(0).random((50, 12))
    passes = Passes(picture.shape, picture.dtype)
    (spectrum,) = passes.new_spectra(1)
    passes.over_rows([ArrayRows(picture)], [spectrum], lambda strips, first: strips)
    rows = SpectrumRows(spectrum, 12)
    passes.over_rows([rows], [spectrum], lambda strips, first: [strips[0][4:] - strips[0][:-4]], reach=2)
    assert np.allclose(rows.read(0, 50), np.roll(picture, -2, 0) - np.roll(picture, 2, 0), rtol=0, atol=1e-12)


def test_an_error_in_a_thread_arrives():
    passes = Passes((40, 40), np.float64, workers=2)
    with pytest.raises(ZeroDivisionError):
        passes.over_rows([ArrayRows(np.zeros((40, 40)))], [], lambda strips, first: 1 / 0)


def test_memory_is_given_back(monkeypatch):
    monkeypatch.setattr(spectrum_file, "MEMORY_BYTES", 3000)
    for _ in range(5):
        spectrum = SpectrumFile((10, 20), np.complex64)
        assert isinstance(spectrum._bytes, spectrum_file._InMemory)
        assert isinstance(SpectrumFile((10, 20), np.complex64)._bytes, spectrum_file._InFile)
        del spectrum


def test_too_little_room_is_said_in_one_sentence(monkeypatch, always_in_tiles):
    monkeypatch.setattr(spectrum_file, "MEMORY_BYTES", 0)
    full = type("Usage", (), {"free": 10})
    monkeypatch.setattr(spectrum_file.shutil, "disk_usage", lambda folder: full)
    with pytest.raises(pydeblur.InvalidInputError, match=r"^a picture of this size needs [^\n]*TMPDIR[^\n]*$"):
        pydeblur.deconvolve(np.full((40, 50), 0.5), np.ones((3, 3)), "tv")


@settings(deadline=None, max_examples=40)
@given(st.integers(3, 90), st.integers(3, 60), st.sampled_from([2, 255, 4095, 0]), st.integers(0, 99))
def test_noise_by_strips_is_the_whole_picture_s_to_the_last_bit(height, width, levels, seed):
    image = np.random.default_rng(seed).random((height, width)) ** 2
    if levels:
        image = np.rint(levels * image) / levels
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(noise_of_large, "_STRIP", 500)
        assert noise_of_large.noise_level_by_strips(image) == noise_level(image)


_PEAK = """
import sys
import numpy as np
import pydeblur
from pydeblur.nonblind.tiles import spectrum_file
spectrum_file.MEMORY_BYTES = 0
image = np.random.default_rng(0).random((int(sys.argv[1]), 2400), dtype=np.float32)
kernel = np.full((5, 5), 1 / 25)
def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
pydeblur.deconvolve(image[:64, :64], kernel, "tv")
before = peak()
pydeblur.deconvolve(image, kernel, "tv", lambda_tv=900.0, out=image)
print(peak() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the system tells the peak there")
def test_memory_follows_from_the_tile_not_from_the_picture():
    """An image of three times the rows takes no more memory beside itself."""
    small, large = (
        int(subprocess.run([sys.executable, "-c", _PEAK, rows], capture_output=True, text=True, check=True).stdout)
        for rows in ("900", "2700")
    )
    # The larger picture has 17 MB more for each array of its size.
    assert large < small + 15_000


def test_no_temporary_file_stays(tmp_path, monkeypatch, always_in_tiles):
    monkeypatch.setattr(spectrum_file, "MEMORY_BYTES", 0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    pydeblur.deconvolve(PICTURE[:40, :50], np.ones((3, 3)), "tv")
    assert list(tmp_path.iterdir()) == []
