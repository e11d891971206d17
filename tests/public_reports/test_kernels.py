"""Reports about blur kernels: orientation, parity, borders, delta kernels."""

import numpy as np
import pytest
import scipy.io
from scipy.signal import convolve2d
from skimage import data
from skimage.restoration import wiener

import pydeblur
from pydeblur.files import read_kernel
from tests.public_reports.scenes import KERNEL, blurred_picture, rms, sharp_picture


@pytest.mark.parametrize("method", ["ringing", "hyper-laplacian", "whyte"])
def test_the_kernel_is_that_of_a_convolution_not_turned(method):
    """ISET/isetcam#30, kornia/kornia#2263: convolution and correlation differ by a kernel turned by 180 degrees."""
    blurred = blurred_picture()
    right, turned = (pydeblur.deconvolve(blurred, kernel, method) for kernel in (KERNEL, KERNEL[::-1, ::-1]))
    assert rms(right - sharp_picture()) < 0.9 * rms(blurred - sharp_picture()) < rms(turned - sharp_picture())


def test_even_kernels_are_refused(tmp_path):
    """sefibk/KernelGAN#27: kernels of even size shift a picture by half a pixel."""
    np.save(tmp_path / "even.npy", np.ones((4, 5)))
    with pytest.raises(pydeblur.FileFormatError, match="odd"):
        read_kernel(tmp_path / "even.npy")
    with pytest.raises(pydeblur.InvalidInputError, match="odd"):
        pydeblur.deconvolve(blurred_picture(), np.ones((5, 4)))


def test_a_kernel_in_the_middle_does_not_shift_the_picture():
    """arrayfire/arrayfire#3008 and KupynOrest/DeblurGAN#218: results were shifted by some pixels."""
    kernel = np.zeros((7, 7))
    kernel[3, 2:5] = 1 / 3
    result = pydeblur.deconvolve(blurred_picture(kernel=kernel), kernel)
    inner = (slice(8, -8), slice(8, -8))
    shifts = {
        (down, right): rms(np.roll(result, (down, right), (0, 1))[inner] - sharp_picture()[inner])
        for down in (-1, 0, 1)
        for right in (-1, 0, 1)
    }
    assert min(shifts, key=shifts.get) == (0, 0)


def test_there_is_little_ringing_at_the_border():
    """scikit-image/scikit-image#3859, BioimageAnalysisCoreWEHI/napari_lattice#13: ringing came in from the edges.

    A method for which the picture goes on at its other side is what it is compared with.
    """
    blurred = blurred_picture()
    border = np.ones(blurred.shape, bool)
    border[4:-4, 4:-4] = False
    periodic = wiener(blurred, KERNEL, 1e-3, clip=False)
    errors = [np.abs(image - sharp_picture())[border] for image in (pydeblur.deconvolve(blurred, KERNEL), periodic)]
    assert errors[0].mean() < 0.25 * errors[1].mean() and errors[0].max() < 0.5


def test_pictures_that_are_not_square_keep_their_axes():
    """ercius/openNCEM#10 and dials/dials#2740: width and height were exchanged."""
    blurred = blurred_picture(70, 130)
    result = pydeblur.deconvolve(blurred, KERNEL)
    assert result.shape == (70, 130)
    # What is assumed beyond the border depends on the order of rows and columns, so that there are small differences.
    difference = np.abs(pydeblur.deconvolve(blurred.T, KERNEL.T).T - result)[8:-8, 8:-8]
    assert difference.max() < 0.05 and difference.mean() < 2e-3


def test_a_sharp_picture_gives_a_point_and_says_so():
    """sefibk/KernelGAN#32: what is sharp already has an impulse for its kernel, which should not pass for an estimate."""
    noise = np.random.default_rng(0).random((40, 40))
    with pytest.warns(pydeblur.KernelCollapseWarning):
        kernel = pydeblur.estimate_kernel(noise, 3, prior="gradient", kernel_threshold=1).kernel
    assert kernel[1, 1] == 1


def test_clipped_highlights_spoil_less_with_the_step_that_knows_them():
    """punch-mission/regularizepsf#241: saturated pixels left artefacts around them."""
    scene = data.camera()[60:160, 160:290] / 255.0
    scene[40:44, 50:54] = scene[60:63, 90:93] = 8
    blurred = np.clip(convolve2d(scene, KERNEL, mode="same", boundary="symm"), 0, 1)
    errors = {
        method: rms(np.clip(pydeblur.deconvolve(blurred, KERNEL, method), 0, 1) - np.clip(scene, 0, 1))
        for method in ("whyte", "hyper-laplacian")
    }
    assert errors["whyte"] < 0.8 * errors["hyper-laplacian"]


def test_kernels_of_matlab_files_are_not_transposed(tmp_path):
    """AdaptiveParticles/LibAPR#103: arrays came back with other axes; MATLAB stores columns, NumPy rows."""
    scipy.io.savemat(tmp_path / "kernel.mat", {"kernel": KERNEL[1:6]})
    assert np.allclose(read_kernel(tmp_path / "kernel.mat"), KERNEL[1:6] / KERNEL[1:6].sum())
