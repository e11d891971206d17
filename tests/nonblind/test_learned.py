"""The final step "learned": what it is made of, tiles, colour, kernels beyond the training, and its options on all faces."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
from skimage import data

import pydeblur
from pydeblur.errors import KernelBeyondTrainingWarning
from pydeblur.matlab import rgb2gray
from pydeblur.nonblind import methods
from pydeblur.nonblind.hyper_laplacian import deconvolve_hyper_laplacian
from pydeblur.nonblind.learned import deconvolve_learned
from pydeblur.nonblind.luminance import deconvolve_difference
from pydeblur.nonblind.restoration_inputs import INPUTS, restoration_inputs
from pydeblur.nonblind.restoration_network import read_network
from pydeblur.nonblind.restoration_session import RestorationSession
from pydeblur.nonblind.tiles import learned as tiled
from pydeblur.nonblind.tiles import spectrum_file
from pydeblur.nonblind.tiles.rows import ArrayRows
from pydeblur.nonblind.tiles.steps import deconvolve_in_tiles
from pydeblur.nonblind.tv import deconvolve_tv
from pydeblur.preprocess.noise import noise_level
from pydeblur.synthesis import blur
from pydeblur.synthesis.kernels import random_kernel

KERNEL = random_kernel(11, 3)


@pytest.fixture(scope="module")
def picture():
    sharp = data.astronaut()[60:190, 140:300] / 255.0
    return np.stack([blur(sharp[..., c], KERNEL, rng=c) for c in range(3)], axis=-1).astype(np.float64)


@pytest.fixture
def small_tiles(monkeypatch):
    monkeypatch.setattr(spectrum_file, "TILE_BYTES", 1)
    monkeypatch.setattr(tiled, "ROWS", 40)
    monkeypatch.setattr(tiled, "COLUMNS", 48)


def test_the_network_s_correction_is_added_to_the_base(picture, network_file):
    channel = picture[..., 1]
    planes = restoration_inputs(channel, KERNEL, 0.01)
    base = planes[INPUTS.index("hyper-laplacian")]
    assert np.allclose(base, deconvolve_hyper_laplacian(channel, KERNEL, 7e-4), rtol=0, atol=1e-5)
    found = deconvolve_learned(channel, KERNEL, noise=0.01, weights=network_file)
    expected = RestorationSession(network_file).restored(planes)
    assert np.array_equal(found, expected) and np.abs(found - base).mean() > 0.01


def test_the_noise_is_that_of_the_image_where_it_is_left_out(picture, network_file):
    channel = picture[..., 1]
    found, given, other = (
        deconvolve_learned(channel, KERNEL, noise=noise, weights=network_file)
        for noise in (None, noise_level(channel), 0.05)
    )
    assert np.array_equal(found, given) and not np.allclose(found, other, rtol=0, atol=1e-3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_types_and_scales_are_kept(dtype, picture, network_file):
    is_float = dtype in (np.float32, np.float64)
    image = picture.astype(dtype) if is_float else np.rint(picture * np.iinfo(dtype).max).astype(dtype)
    before = image.copy()
    result = pydeblur.deconvolve(image, KERNEL, "learned", weights=network_file, noise=0.01)
    assert result.dtype == (np.float32 if dtype == np.float32 else np.float64) and result.shape == image.shape
    exact = pydeblur.deconvolve(picture, KERNEL, "learned", weights=network_file, noise=0.01)
    assert np.array_equal(image, before) and np.abs(result - exact).max() < 0.02


def test_of_colour_the_network_restores_the_luminance(picture, network_file):
    """The rest is total variation's."""
    restored = deconvolve_learned(picture, KERNEL, noise=0.01, weights=network_file)
    luminance, restored_luminance = rgb2gray(picture), rgb2gray(restored)
    luma = rgb2gray(np.eye(3)[None])[0]
    expected = deconvolve_learned(luminance, KERNEL, noise=0.01 * np.linalg.norm(luma), weights=network_file)
    assert np.allclose(restored_luminance, expected, rtol=0, atol=1e-4)
    for channel in (0, 2):
        noise = 0.01 * np.linalg.norm(np.eye(3)[channel] - luma)
        difference = deconvolve_difference(picture[..., channel] - luminance, KERNEL, noise)
        assert np.allclose(restored[..., channel] - restored_luminance, difference, rtol=0, atol=1e-4)


def test_differences_approach_the_minimum_of_total_variation(picture):
    """With the weight for 1 % noise, on the picture less its border."""
    plane, inner = picture[..., 0] - picture[..., 1], np.s_[15:-15, 15:-15]
    found = deconvolve_difference(plane, KERNEL, 0.01)
    minimum = deconvolve_tv(plane, KERNEL, 2.4e-3)
    start = deconvolve_tv(plane, KERNEL, 0.24)
    assert found.dtype == np.float32
    assert np.mean((found - minimum)[inner] ** 2) < 0.1 * np.mean((start - minimum)[inner] ** 2)


def test_a_grey_picture_in_colour_stays_grey(picture, network_file):
    grey = picture[..., 1]
    restored = deconvolve_learned(np.stack([grey] * 3, axis=-1), KERNEL, weights=network_file)
    assert np.ptp(restored, axis=-1).max() < 1e-6
    assert np.allclose(restored[..., 0], deconvolve_learned(grey, KERNEL, weights=network_file), rtol=0, atol=1e-4)


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("dtype, in_files", [(np.float32, True), (np.float64, False)])
def test_tiles_leave_no_seam(dtype, in_files, picture, network_file, monkeypatch):
    if in_files:
        monkeypatch.setattr(spectrum_file, "MEMORY_BYTES", 0)
    image = picture[:90, :110].astype(dtype)
    options = {"weights": network_file, "workers": 2}
    whole = methods.METHODS["learned"](image, KERNEL, **options)
    in_tiles = deconvolve_in_tiles(image, KERNEL, "learned", options)
    assert in_tiles.dtype == dtype and np.abs(in_tiles - whole).max() < 1e-4


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("shape, size", [((50, 70), 5), ((33, 90), 31), ((64, 64), 1)])
def test_the_planes_in_tiles_are_those_of_the_whole(shape, size):
    image = np.random.default_rng(0).random(shape).astype(np.float32)
    kernel = random_kernel(size, 1) if size > 1 else np.ones((1, 1))
    whole = restoration_inputs(image, kernel, 0.005)
    inputs = tiled.TiledInputs(ArrayRows(image), kernel, 0.005, workers=2)
    in_tiles = np.concatenate(
        [inputs.read(first, min(first + 20, shape[0])) for first in range(0, shape[0], 20)], axis=1
    )
    assert np.abs(in_tiles - whole).max() < 1e-4


def test_the_result_of_tiles_may_take_the_image_s_place(picture, network_file, monkeypatch):
    monkeypatch.setattr(methods, "is_large", lambda shape: True)
    image = picture.copy()
    expected = pydeblur.deconvolve(picture, KERNEL, "learned", weights=network_file)
    result = pydeblur.deconvolve(image, KERNEL, "learned", weights=network_file, out=image, value_range="full")
    assert result is image and np.allclose(result, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("large", [False, True])
def test_what_is_flat_stays_as_it_is(large, network_file, monkeypatch):
    monkeypatch.setattr(methods, "is_large", lambda shape: large)
    image = np.stack([np.full((30, 40), 0.4), np.zeros((30, 40)), np.ones((30, 40))], axis=-1)
    result = pydeblur.deconvolve(image, KERNEL, "learned", weights=network_file)
    assert np.allclose(result, image, rtol=0, atol=1e-7)
    assert np.array_equal(pydeblur.deconvolve(0 * image, KERNEL, "learned", weights=network_file), 0 * image)


def test_the_shipped_network_restores_a_natural_image_better_than_what_it_is_shown(natural_case):
    _, blurred, kernel, error = natural_case
    restored = error(pydeblur.deconvolve(blurred, kernel, "learned"))
    others = [error(pydeblur.deconvolve(blurred, kernel, method)) for method in (None, "tv", "hyper-laplacian")]
    assert restored < 0.95 * min(others)


def test_the_shipped_file_is_small_and_was_trained_for_usual_kernels():
    weights = read_network("restoration")
    assert len(weights.model) < 3e6 and weights.kernel_sizes == (5, 91)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_same_threads_give_the_same_bits(workers, picture, network_file):
    results = [deconvolve_learned(picture, KERNEL, weights=network_file, workers=workers) for _ in range(3)]
    assert all(np.array_equal(results[0], result) for result in results)


def test_kernels_beyond_the_training_are_told(picture, network_file, monkeypatch):
    wide, narrow = np.zeros((41, 41)), np.zeros((41, 41))
    wide[20, 3:38], narrow[20, 6:36] = 1 / 35, 1 / 30
    narrow[20, 0] = 1e-5  # dust does not count
    for large in (False, True):
        monkeypatch.setattr(methods, "is_large", lambda shape, large=large: large)
        with pytest.warns(
            KernelBeyondTrainingWarning, match=r"^the kernel spans 35 pixels, [^\n]* up to 31: [^\n]*$"
        ) as caught:
            pydeblur.deconvolve(picture, wide, "learned", weights=network_file)
        assert len(caught) == 1 and len(str(caught[0].message)) < 300
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            pydeblur.deconvolve(picture, narrow, "learned", weights=network_file)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_deblur_makes_it(picture, network_file):
    words = {"prior": "gradient", "iterations": 1, "nonblind": "learned"}
    result = pydeblur.deblur(picture, 5, nonblind_options={"weights": network_file, "noise": 0.01}, **words)
    assert result.nonblind == "learned" and "device" not in result.nonblind_options
    expected = deconvolve_learned(picture, result.kernel, 0.01, network_file)
    assert np.allclose(result.unclipped, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("weights", ["missing.onnx", "kernel-ranking"])
def test_weights_are_looked_for_before_a_kernel_is_estimated(weights, picture):
    def fail(state):
        pytest.fail("an iteration was made")

    with pytest.raises(
        pydeblur.FileFormatError, match=r"^weights should be 'restoration' or the path of an ONNX file; "
    ):
        pydeblur.deblur(picture, 5, nonblind="learned", nonblind_options={"weights": weights}, callback=fail)


@pytest.mark.parametrize(
    "options",
    [
        *({"noise": value} for value in (-0.1, 2, np.nan, "0.1", True)),
        *({"device": value} for value in ("gpu", 0, None)),
        *({"weights": value} for value in ("", 3, None)),
        {"backend": "torch"},
        {"workers": 0},
    ],
    ids=str,
)
def test_bad_options_are_refused_in_one_sentence(options, picture, network_file):
    with pytest.raises(pydeblur.InvalidOptionError, match=r"^[^\n]+$"):
        pydeblur.deconvolve(picture, KERNEL, "learned", **{"weights": network_file, **options})


def test_a_gpu_that_is_not_there_is_told(picture, network_file):
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("there may be a GPU")
    with pytest.raises(pydeblur.InvalidInputError, match=r"^device should be 'cpu'[^\n]*$"):
        pydeblur.deconvolve(picture, KERNEL, "learned", weights=network_file, device="cuda")


def test_a_gpu_gives_what_the_processor_gives(picture, network_file):
    from pydeblur.backend.onnx_session import cuda_works
    from pydeblur.nonblind.restoration_network import read_network

    network = read_network(network_file)
    if not cuda_works(network.model, str(network.path)):
        pytest.skip("there is no GPU")
    here, there = (
        pydeblur.deconvolve(picture, KERNEL, "learned", weights=network_file, device=device)
        for device in ("cpu", "cuda")
    )
    np.testing.assert_allclose(there, here, rtol=0, atol=2e-3)


_WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
import numpy as np, pydeblur
image = np.random.default_rng(0).random((40, 50))
pydeblur.deconvolve(image, np.ones((3, 3)), "learned", weights=sys.argv[1])
"""


def test_it_needs_no_pytorch(network_file):
    subprocess.run([sys.executable, "-c", _WITHOUT_TORCH, network_file], check=True)


def test_a_report_names_the_weights_by_their_hash(network_file):
    import json

    from pydeblur.evaluation.protocols import Protocol, all_options

    words = {"nonblind": "learned", "nonblind_options": {"weights": network_file}}
    options = json.loads(json.dumps(all_options(Protocol("levin", prior="gradient", **words))))
    assert options["nonblind_weights"]["weights_hash"] == read_network(network_file).metadata["parameters_sha256"]
    assert options["nonblind_options"]["weights"] == str(network_file)
