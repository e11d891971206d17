"""The solver's functions on PyTorch tensors: the same numbers as on NumPy arrays."""

import numpy as np
import pytest
from skimage import data

import pydeblur
from pydeblur.backend.arrays import (
    block_rows,
    irfft2,
    irfft2_around_origin,
    is_on_cpu,
    placed,
    rfft2,
    to_numpy,
    transfer_function,
)
from pydeblur.errors import InvalidOptionError
from pydeblur.matlab import psf2otf_half
from pydeblur.solver import SolverOptions
from pydeblur.solver.gradients import SparseGradients, valid_gradients
from pydeblur.solver.kernel import KernelProblem
from pydeblur.solver.latent import LatentProblem
from pydeblur.solver.threshold import threshold_gradients

torch = pytest.importorskip("torch")
pytest.importorskip("array_api_compat")
torch.set_num_threads(1)

RNG = np.random.default_rng(0)
IMAGE = RNG.random((50, 63))
#: The GPU where there is one.
DEVICES = [
    "torch/cpu",
    pytest.param("torch/cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")),
]


def test_transforms_agree_and_invert():
    tensor = torch.asarray(IMAGE)
    for image in (IMAGE, tensor):
        spectrum = rfft2(image)
        np.testing.assert_allclose(to_numpy(spectrum), np.fft.rfft2(IMAGE), rtol=0, atol=1e-11)
        np.testing.assert_allclose(to_numpy(irfft2(spectrum, 63)), IMAGE, rtol=0, atol=1e-14)


@pytest.mark.parametrize("window", [(5, 5), (4, 7), (49, 63), (1, 1)])
def test_window_around_the_origin(window):
    expected = np.roll(IMAGE, [n // 2 for n in window], (0, 1))[: window[0], : window[1]]
    for image in (IMAGE, torch.asarray(IMAGE)):
        actual = irfft2_around_origin(rfft2(image), 63, window)
        assert isinstance(actual, np.ndarray)
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (4, 6), (50, 63)])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_transfer_function_is_matlabs(shape, channels):
    kernel = RNG.random(shape)
    for like in (np.empty((*channels, 50, 63)), torch.empty((*channels, 50, 63), dtype=torch.float64)):
        actual = to_numpy(transfer_function(kernel, like))
        np.testing.assert_allclose(actual, psf2otf_half(kernel, (50, 63)), rtol=0, atol=1e-12)


@pytest.mark.parametrize("library", [np.asarray, torch.asarray])
def test_the_latent_image_keeps_the_mean(library):
    """In single precision too, where α = 1e5 times what a divergence's sum is off would move it by a thousandth."""
    image = np.tile(IMAGE, (4, 4)).astype(np.float32)
    problem = LatentProblem(library(image), image.shape)
    problem.set_kernel(np.outer([1, 2, 1], [1, 1, 2]) / 16)
    latent = to_numpy(problem.solve(4e-3).image)
    assert abs(latent.mean(dtype=float) - image.mean(dtype=float)) < 1e-6


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_stage_agrees_with_numpy(dtype, device):
    image = IMAGE.astype(dtype)
    tensor = placed(image, device)
    tolerance = 1e-10 if dtype == np.float64 else 2e-4
    kernel = np.outer([1, 2, 1], [1, 1, 2]) / 16
    ours, theirs = SparseGradients(image).divergence(image, 0.1), SparseGradients(tensor).divergence(tensor, 0.1)
    np.testing.assert_array_equal(to_numpy(theirs), ours)
    estimates = []
    for blurred in (image, tensor):
        problem = LatentProblem(blurred, (48, 60))
        problem.set_kernel(kernel)
        estimate = problem.solve(4e-3)
        assert type(estimate.image) is type(blurred) and estimate.image.dtype == blurred.dtype
        latent = estimate.image[:48, :60]
        gradients = threshold_gradients(latent, 0.02)[:2]
        found = KernelProblem(*valid_gradients(blurred[:48, :60]), 2.0, 0.3).estimate(*gradients, (5, 5))
        estimates.append((to_numpy(estimate.image), problem.residual_energy(estimate), found))
    for ours, theirs in zip(*estimates):
        np.testing.assert_allclose(theirs, ours, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(
    "options", [{"dtype": "float64"}, {"kernel_solver": "fft", "dtype": "float64"}, {"prior": "intensity"}]
)
def test_a_whole_run_agrees_with_numpy(options, device):
    blurred = _blurred()
    ours, theirs = (pydeblur.estimate_kernel(blurred, 7, device=name, **options) for name in ("cpu", device))
    assert isinstance(theirs.latent, np.ndarray) and theirs.options.device == device
    np.testing.assert_allclose(theirs.kernel, ours.kernel, rtol=0, atol=1e-6)
    np.testing.assert_allclose(theirs.latent, ours.latent, rtol=0, atol=1e-5)


def test_a_prior_that_knows_numpy_only_gets_numpy():
    class Quadratic:
        name = "quadratic"

        def value_and_grad(self, u):
            assert type(u) is np.ndarray
            return float((u * u).sum()), 2 * u

    ours, theirs = (
        pydeblur.estimate_kernel(
            _blurred(), 7, prior=Quadratic(), prior_scale=0.01, iterations=2, beta_growth=8.0, device=device
        )
        for device in ("cpu", "torch/cpu")
    )
    np.testing.assert_allclose(theirs.kernel, ours.kernel, rtol=0, atol=1e-6)
    np.testing.assert_allclose(theirs.history.column("energy"), ours.history.column("energy"), rtol=1e-5)


@pytest.mark.parametrize("backend", ["onnxruntime", "torch"])
def test_the_classifier_takes_tensors_where_they_are(backend):
    prior = pydeblur.load_prior("classifier", weights="classifier-compact", backend=backend, form="logit", threads=1)
    image = IMAGE[:, 2:51]  # not contiguous
    assert prior.takes(image) and prior.takes(torch.asarray(image))
    value, gradient = prior.value_and_grad(torch.asarray(image))
    expected_value, expected = prior.value_and_grad(np.ascontiguousarray(image))
    assert isinstance(gradient, torch.Tensor)
    np.testing.assert_allclose(value, expected_value, rtol=1e-5)
    np.testing.assert_allclose(gradient.numpy(), expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_the_numpy_classifier_gets_numpy():
    prior = pydeblur.load_prior("classifier", weights="classifier-compact", backend="numpy")
    assert not prior.takes(torch.asarray(IMAGE))


def test_auto_falls_back_to_the_cpu():
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    assert placed(IMAGE, "auto") is IMAGE and is_on_cpu("auto")


def test_the_device_says_which_library_computes():
    assert placed(IMAGE, "cpu") is IMAGE and is_on_cpu("cpu")
    tensor = placed(IMAGE, "torch/cpu")
    assert isinstance(tensor, torch.Tensor) and not is_on_cpu("torch/cpu")
    np.testing.assert_array_equal(to_numpy(tensor), IMAGE)


def test_rows_of_a_block_fit_a_cache_of_a_mebibyte():
    assert block_rows(np.empty((4000, 1024))) == 128  # 8 KiB a row
    assert block_rows(np.empty((3, 4000, 1024), np.float32)) == 85  # 12 KiB a row of three channels
    assert block_rows(np.empty((8, 10**6))) == 4  # never fewer
    assert block_rows(torch.empty((4000, 1024))) == 4000  # other libraries work on the whole


@pytest.mark.parametrize("device", ["gpu", "cuda:x", "numpy/cpu", "", None, 3])
def test_unknown_devices_are_refused(device):
    with pytest.raises(InvalidOptionError, match="device should be"):
        SolverOptions(kernel_size=5, device=device)


def test_a_device_that_is_not_there_is_named():
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(InvalidOptionError, match="torch/cuda"):
        placed(IMAGE, "torch/cuda")


def _blurred():
    """A part of a photograph, moved over 5 pixels; with a little noise, so that no two gradients are alike."""
    sharp = data.camera()[100:196, 100:200] / 255
    moved = (sharp[:, :-4] + sharp[:, 1:-3] + sharp[:, 2:-2] + sharp[:, 3:-1] + sharp[:, 4:]) / 5
    return moved + 0.003 * np.random.default_rng(1).random(moved.shape)
