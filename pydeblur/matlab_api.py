"""The MATLAB family's functions under their own names, with its argument order, defaults and shapes.

They are thin: each calls the stage of the solver that it names. Colour images are (H, W, 3), as in MATLAB; array sizes may
be given as one number or as (rows, columns).
"""

from __future__ import annotations

import numpy as np

from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.metrics.levin import comp_upto_shift as _comp_upto_shift
from pydeblur.nonblind.channels import channels_first, channels_last
from pydeblur.nonblind.checked_input import check_deconvolution_input, check_image, check_matrix, check_unit_image
from pydeblur.nonblind.l0 import deconvolve_l0
from pydeblur.nonblind.methods import deconvolve
from pydeblur.priors import load_prior
from pydeblur.solver import boundary, coarse_to_fine
from pydeblur.solver.gradients import valid_gradients
from pydeblur.solver.kernel import KernelProblem
from pydeblur.solver.options import is_finite_number, solver_options
from pydeblur.solver.pyramid import centre_kernel
from pydeblur.solver.threshold import initial_threshold, relaxed_threshold, threshold_gradients

_OPTION_NAMES = {"xk_iter": "iterations", "k_thresh": "kernel_threshold"}
_UNUSED_OPTIONS = ("prescale", "prior")


def blind_deconv(y, lambda_pixel, lambda_grad, opts):
    """Estimate a blur kernel, ``[kernel, interim_latent] = blind_deconv(y, lambda_pixel, lambda_grad, opts)``.

    Parameters
    ----------
    y : (H, W) array_like
        Grey blurred image in [0, 1]; uint8, uint16 and bool are scaled to that, as `im2double` does.
    lambda_pixel : float
        λ, weight of the prior; 0 leaves the L0 gradient prior alone.
    lambda_grad : float
        μ, weight of the L0 gradients.
    opts : dict or object
        ``kernel_size`` and, optionally, ``xk_iter`` (5), ``gamma_correct`` (1), ``k_thresh`` (20), ``prior`` ("intensity",
        the family's own, or any that :func:`pydeblur.load_prior` knows, or a prior object) and every other field of
        :class:`~pydeblur.solver.SolverOptions`. ``prescale`` is accepted and, as in the family, not used here.

    Returns
    -------
    kernel : (n, n) ndarray
    interim_latent : (H, W) ndarray

    Raises
    ------
    InvalidInputError
    """
    given = _as_dict(opts)
    fields = {_OPTION_NAMES.get(name, name): value for name, value in given.items() if name not in _UNUSED_OPTIONS}
    options = solver_options({**fields, "lambda_prior": lambda_pixel, "lambda_grad": lambda_grad})
    prior = given.get("prior", "intensity") if options.lambda_prior else None
    prior = load_prior(prior) if isinstance(prior, str) else prior
    result = coarse_to_fine.blind_deconv(check_unit_image(y), options, prior)
    return result.kernel, result.latent


def _as_dict(opts) -> dict:
    if isinstance(opts, dict):
        return opts
    names = [name for name in dir(opts) if not name.startswith("_")]
    return {name: getattr(opts, name) for name in names if not callable(getattr(opts, name))}


def ringing_artifacts_removal(y, kernel, lambda_tv, lambda_l0, weight_ring):
    """Final image (H, W[, 3]): TV less its ringing; see :func:`pydeblur.nonblind.ringing.remove_ringing`."""
    return deconvolve(y, kernel, "ringing", lambda_tv=lambda_tv, lambda_l0=lambda_l0, weight_ring=weight_ring)


def whyte_deconv(blurred, kernel):
    """Final image (H, W[, 3]) of a saturated photo; see :func:`pydeblur.nonblind.whyte.deconvolve_saturated`."""
    return deconvolve(blurred, kernel, "whyte")


def L0Restoration(Im, kernel, lambda_, kappa=2.0):  # noqa: N802, N803 (the family's name)
    """Deconvolution with L0 gradients (H, W[, 3]); see :func:`pydeblur.nonblind.l0.deconvolve_l0`."""
    image, kernel = check_deconvolution_input(Im, kernel)
    if not (is_finite_number(kappa) and kappa > 1):
        raise InvalidOptionError(f"kappa should be a number greater than 1, but is {kappa!r}")
    if not (is_finite_number(lambda_) and lambda_ >= 0):
        raise InvalidOptionError(f"lambda should be a number of at least 0, but is {lambda_!r}")
    return deconvolve_l0(image, kernel, lambda_, kappa)


def estimate_psf(blurred_x, blurred_y, latent_x, latent_y, weight, psf_size):
    """Kernel (rows, columns) from gradients of the blurred and the latent image, all of one shape (H, W)."""
    given = {"blurred_x": blurred_x, "blurred_y": blurred_y, "latent_x": latent_x, "latent_y": latent_y}
    gradients = [check_matrix(value, name) for name, value in given.items()]
    if any(gradient.shape != gradients[0].shape for gradient in gradients):
        raise InvalidInputError("the four gradients should be of one shape (H, W)")
    if not (is_finite_number(weight) and weight >= 0):
        raise InvalidOptionError(f"weight should be a number of at least 0, but is {weight!r}")
    shape = _size(psf_size, "psf_size")
    if shape[0] > gradients[0].shape[0] or shape[1] > gradients[0].shape[1]:
        raise InvalidInputError(f"psf_size {shape} should not be larger than the gradients {gradients[0].shape}")
    return KernelProblem(*gradients[:2], weight).estimate(*gradients[2:], shape)


def wrap_boundary_liu(img, img_size):
    """Image (H, W[, 3]) extended to `img_size` so that it is circularly smooth."""
    image = check_image(img)
    shape = _size(img_size, "img_size")
    if shape[0] < image.shape[0] or shape[1] < image.shape[1]:
        raise InvalidInputError(f"img_size {shape} should not be smaller than the image {image.shape[:2]}")
    return channels_last(boundary.wrap_boundary(channels_first(image), shape))


def opt_fft_size(n):
    """Good FFT lengths, of `n`'s shape: the smallest >= n of the form 2^a 3^b 5^c 7^d, or 11 or 13 times such a number."""
    lengths = _whole_numbers(n, "n")
    if lengths.ndim == 0:
        return boundary.opt_fft_size(int(lengths))
    return np.vectorize(boundary.opt_fft_size, otypes=[np.int64])(lengths)


def threshold_pxpy_v1(latent, psf_size, threshold=None):
    """Strong gradients of an image: (px, py, threshold); without a threshold, the first one is found (and not lowered).

    ``px, py`` are (H-1, W-1).
    """
    image = check_image(latent)
    if image.ndim != 2 or min(image.shape) < 2:
        raise InvalidInputError(f"latent should be an array (H, W), 2 x 2 or larger, but its shape is {image.shape}")
    if threshold is None:
        threshold = initial_threshold(image, int(np.max(_whole_numbers(psf_size, "psf_size"))))
        px, py = valid_gradients(image)
        threshold = relaxed_threshold(px**2 + py**2, threshold)
        return *threshold_gradients(image, threshold)[:2], threshold
    if not (is_finite_number(threshold) and threshold >= 0):
        raise InvalidOptionError(f"threshold should be a number of at least 0, but is {threshold!r}")
    return threshold_gradients(image, float(threshold))


def adjust_psf_center(psf):
    """Kernel (n, m) shifted by whole pixels so that its centroid is next to the centre."""
    return centre_kernel(check_matrix(psf, "psf"))


def comp_upto_shift(I1, I2, maxshift=5):  # noqa: N803 (the family's names)
    """Levin's SSD after the best shift: (ssde, aligned I1); see :func:`pydeblur.metrics.levin.comp_upto_shift`."""
    return _comp_upto_shift(I1, I2, maxshift)


def _size(value, name) -> tuple[int, int]:
    """(rows, columns) of one number or of MATLAB's size vector, whose further entries don't count."""
    sizes = _whole_numbers(value, name).ravel()
    return int(sizes[0]), int(sizes[min(1, sizes.size - 1)])


def _whole_numbers(value, name) -> np.ndarray:
    try:
        numbers = np.asarray(value)
    except ValueError:  # rows that differ in length
        numbers = np.empty(0)
    good = numbers.dtype.kind in "iuf" and numbers.size and np.all(np.isfinite(numbers) & (numbers >= 1))
    if not good or np.any(numbers % 1):
        raise InvalidInputError(f"{name} should be whole numbers of at least 1, but is {value!r}")
    return numbers
