"""The MATLAB family's functions under their own names, with its argument order, defaults and shapes.

They are thin: each calls the stage of the solver that it names. Colour images are (H, W, 3), as in MATLAB; array sizes
may be given as one number or as (rows, columns).
"""

from __future__ import annotations

import numpy as np

from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.metrics.levin import comp_upto_shift as _comp_upto_shift
from pydeblur.nonblind.channels import channels_first, channels_last
from pydeblur.nonblind.l0 import deconvolve_l0
from pydeblur.nonblind.methods import deconvolve
from pydeblur.options import is_finite_number
from pydeblur.preprocess.validation import check_deconvolution_input, check_image, check_matrix, check_unit_image
from pydeblur.priors import load_prior
from pydeblur.solver import boundary, coarse_to_fine
from pydeblur.solver.gradients import valid_gradients
from pydeblur.solver.kernel import KernelProblem
from pydeblur.solver.options import solver_options
from pydeblur.solver.pyramid import centre_kernel
from pydeblur.solver.threshold import initial_threshold, relaxed_threshold, threshold_gradients

_OPTION_NAMES = {"xk_iter": "iterations", "k_thresh": "kernel_threshold"}
_UNUSED_OPTIONS = ("prescale", "prior")


def blind_deconv(y, lambda_pixel, lambda_grad, opts):
    """Estimate a blur kernel: ``[kernel, interim_latent] = blind_deconv(y, lambda_pixel, lambda_grad, opts)``.

    Parameters
    ----------
    y : (H, W) array_like
        Grey blurred image in [0, 1]; uint8, uint16 and bool are scaled to that, as MATLAB's ``im2double`` does.
    lambda_pixel : float
        λ of eq. (4), the weight of the prior; 0 leaves the L0 gradient prior alone.
    lambda_grad : float
        μ of eq. (4), the weight of the L0 norm of the gradients.
    opts : dict or object
        ``kernel_size`` and, optionally, ``xk_iter`` (5), ``gamma_correct`` (1), ``k_thresh`` (20), ``prior``
        ("intensity", the family's own, or any that :func:`pydeblur.load_prior` knows, or a prior object) and every
        other field of :class:`~pydeblur.solver.SolverOptions`. ``prescale`` is accepted and, as in the family, not
        used here.

    Returns
    -------
    kernel : (n, n) ndarray
        Non-negative, of sum 1.
    interim_latent : (H, W) ndarray
        The last latent image of the finest scale.

    Raises
    ------
    InvalidInputError
        If the image is not a finite grey one in [0, 1], is constant or too small for the kernel, an option is unknown
        or out of its range, or the kernel loses all its mass.

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> kernel, latent = pydeblur.blind_deconv(image, 4e-3, 4e-3, {"kernel_size": 5, "xk_iter": 2})
    >>> kernel.shape, latent.shape
    ((5, 5), (36, 36))
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
    """Deblur an image by total variation and take away the ringing.

    See :func:`pydeblur.nonblind.ringing.remove_ringing`.

    Parameters
    ----------
    y : (H, W) or (H, W, 3) array_like
        Blurred image in [0, 1].
    kernel : (n, m) array_like
        Odd sizes, non-negative; it is divided by its sum.
    lambda_tv : float
        Weight of the total variation, from 1e-9 to 999.
    lambda_l0 : float
        Weight of the L0 norm of the gradients, from 0 to 1e9.
    weight_ring : float
        Strength of the ringing removal, from 0 to 1e6; 0 leaves the result of total variation.

    Returns
    -------
    (H, W) or (H, W, 3) ndarray
        The final image, not clipped; float32 for float32, else float64.

    Raises
    ------
    InvalidInputError
        If image or kernel is not as above, or a weight is out of its range.

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> blurred, kernel = np.full((16, 16), 0.5), np.full((3, 3), 1 / 9)
    >>> pydeblur.ringing_artifacts_removal(blurred, kernel, 1e-3, 5e-4, 1.0).shape
    (16, 16)
    """
    return deconvolve(
        y, kernel, "ringing", value_range="full", lambda_tv=lambda_tv, lambda_l0=lambda_l0, weight_ring=weight_ring
    )


def whyte_deconv(blurred, kernel):
    """Deblur an image with saturated pixels.

    See :func:`pydeblur.nonblind.whyte.deconvolve_saturated`.

    Parameters
    ----------
    blurred : (H, W) or (H, W, 3) array_like
        Blurred image in [0, 1], saturated at 1.
    kernel : (n, m) array_like
        Odd sizes, non-negative; it is divided by its sum.

    Returns
    -------
    (H, W) or (H, W, 3) ndarray
        The final image, at least 0 and not clipped at 1; float32 for float32, else float64.

    Raises
    ------
    InvalidInputError
        If image or kernel is not as above.

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> pydeblur.whyte_deconv(np.full((16, 16), 0.5), np.full((3, 3), 1 / 9)).round(6).max().item()
    0.5
    """
    return deconvolve(blurred, kernel, "whyte", value_range="full")


def L0Restoration(Im, kernel, lambda_, kappa=2.0):
    """Deblur an image with the L0 norm of its gradients.

    See :func:`pydeblur.nonblind.l0.deconvolve_l0`.

    Parameters
    ----------
    Im : (H, W) or (H, W, 3) array_like
        Blurred image in [0, 1].
    kernel : (n, m) array_like
        Odd sizes, non-negative; it is divided by its sum.
    lambda_ : float
        Weight of the L0 norm, at least 0.
    kappa : float
        Factor of the penalty from one step to the next, greater than 1.

    Returns
    -------
    (H, W) or (H, W, 3) ndarray
        The latent image, not clipped; float32 for float32, else float64.

    Raises
    ------
    InvalidInputError
        If image or kernel is not as above.
    InvalidOptionError
        If `lambda_` or `kappa` is out of its range.

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> image = np.kron([[0.2, 0.8], [0.6, 0.4]], np.ones((8, 8)))
    >>> bool(np.allclose(pydeblur.L0Restoration(image, np.ones((1, 1)), 1e-4), image, atol=1e-3))
    True
    """
    image, kernel = check_deconvolution_input(Im, kernel)
    if not (is_finite_number(kappa) and kappa > 1):
        raise InvalidOptionError(f"kappa should be a number greater than 1, but is {kappa!r}")
    if not (is_finite_number(lambda_) and lambda_ >= 0):
        raise InvalidOptionError(f"lambda should be a number of at least 0, but is {lambda_!r}")
    return deconvolve_l0(image, kernel, lambda_, kappa)


def estimate_psf(blurred_x, blurred_y, latent_x, latent_y, weight, psf_size):
    """Estimate a kernel from gradients of the blurred and the latent image, eq. (13).

    Parameters
    ----------
    blurred_x, blurred_y, latent_x, latent_y : (H, W) array_like
        Finite gradients of the two images, all of one shape.
    weight : float
        γ of eq. (13), the weight of the kernel's norm, at least 0.
    psf_size : int or (int, int)
        The kernel's size, or its rows and columns; no larger than the gradients.

    Returns
    -------
    (rows, columns) float64 ndarray
        Non-negative, of sum 1; what is below 5 % of its maximum is 0.

    Raises
    ------
    InvalidInputError
        If the gradients are not as above, or `psf_size` is larger than they are.
    InvalidOptionError
        If `weight` is out of its range.
    KernelCollapseError
        If no positive mass is left.

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> x, y = np.random.default_rng(0).standard_normal((2, 24, 24))
    >>> pydeblur.estimate_psf(x, y, x, y, 0.1, 3).round(3).tolist()
    [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    given = {"blurred_x": blurred_x, "blurred_y": blurred_y, "latent_x": latent_x, "latent_y": latent_y}
    gradients = [check_matrix(value, name) for name, value in given.items()]
    if any(gradient.shape != gradients[0].shape for gradient in gradients):
        raise InvalidInputError("the four gradients should be of one shape (H, W)")
    if not (is_finite_number(weight) and weight >= 0):
        raise InvalidOptionError(f"weight should be a number of at least 0, but is {weight!r}")
    shape = _size(psf_size, "psf_size")
    if shape[0] > gradients[0].shape[0] or shape[1] > gradients[0].shape[1]:
        raise InvalidInputError(f"psf_size {shape} should not be larger than the gradients {gradients[0].shape}")
    problem = KernelProblem(gradients[0], gradients[1], weight)
    return problem.estimate(gradients[2], gradients[3], shape)


def wrap_boundary_liu(img, img_size):
    """Extend an image to the right and below so that it is circularly smooth.

    See :func:`pydeblur.solver.boundary.wrap_boundary`.

    Parameters
    ----------
    img : (H, W) or (H, W, 3) array_like
        Finite image.
    img_size : int or (int, int)
        Rows and columns of the result, each at least the image's.

    Returns
    -------
    (rows, columns) or (rows, columns, 3) ndarray
        Its upper left part is the image; float32 for float32, else float64.

    Raises
    ------
    InvalidInputError
        If the image is not finite, or `img_size` is smaller than it is.

    Examples
    --------
    >>> import pydeblur
    >>> pydeblur.wrap_boundary_liu([[0.0, 1.0], [0.0, 1.0]], (2, 5)).round(3).tolist()
    [[0.0, 1.0, 1.0, 0.5, 0.0], [0.0, 1.0, 1.0, 0.5, 0.0]]
    """
    image = check_image(img)
    shape = _size(img_size, "img_size")
    if shape[0] < image.shape[0] or shape[1] < image.shape[1]:
        raise InvalidInputError(f"img_size {shape} should not be smaller than the image {image.shape[:2]}")
    return channels_last(boundary.wrap_boundary(channels_first(image), shape))


def opt_fft_size(n):
    """Find good lengths of Fourier transforms.

    Parameters
    ----------
    n : int or array_like of int
        Lengths of at least 1.

    Returns
    -------
    int or ndarray of int64
        The smallest good length that is at least `n`, for each one given: a number 2^a 3^b 5^c 7^d, or 11 or 13 times
        such a number.

    Raises
    ------
    InvalidInputError
        If `n` is something else.

    Examples
    --------
    >>> import pydeblur
    >>> pydeblur.opt_fft_size(251), pydeblur.opt_fft_size([17, 121]).tolist()
    (252, [18, 125])
    """
    lengths = _whole_numbers(n, "n")
    if lengths.ndim == 0:
        return boundary.opt_fft_size(int(lengths))
    return np.vectorize(boundary.opt_fft_size, otypes=[np.int64])(lengths)


def threshold_pxpy_v1(latent, psf_size, threshold=None):
    """Find the strong gradients of an image, which take part in the kernel step.

    Parameters
    ----------
    latent : (H, W) array_like
        Finite grey image, at least 2 x 2.
    psf_size : int or (int, int)
        The kernel's size, or its rows and columns; it only counts where no threshold is given.
    threshold : float, optional
        For the squared magnitude, at least 0. Without one the first threshold is found from the image, and is returned
        as it was used; a given one is divided by 1.1 for the next iteration.

    Returns
    -------
    px, py : (H-1, W-1) ndarray
        The gradients, 0 where they are weaker than the threshold.
    threshold : float
        The threshold for the next iteration.

    Raises
    ------
    InvalidInputError
        If `latent` or `psf_size` is not as above.
    InvalidOptionError
        If `threshold` is out of its range.

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> px, py, following = pydeblur.threshold_pxpy_v1(np.outer(np.ones(3), [0.0, 0.1, 1.0]), 3, threshold=0.11)
    >>> np.abs(px).round(3).tolist(), np.abs(py).max().item(), round(float(following), 3)
    ([[0.0, 0.9], [0.0, 0.9]], 0.0, 0.1)
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
    """Shift a kernel by whole pixels so that its centroid is next to the centre.

    Parameters
    ----------
    psf : (n, m) array_like
        Finite, of sum 1.

    Returns
    -------
    (n, m) float64 ndarray
        The shifted kernel; what comes in from outside is 0.

    Raises
    ------
    InvalidInputError
        If `psf` is not a finite array (n, m).

    Examples
    --------
    >>> import pydeblur
    >>> pydeblur.adjust_psf_center([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]).tolist()
    [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    return centre_kernel(check_matrix(psf, "psf"))


def comp_upto_shift(I1, I2, maxshift=5):
    """Compute Levin et al.'s sum of squared differences after the best shift.

    See :func:`pydeblur.metrics.levin.comp_upto_shift`.

    Parameters
    ----------
    I1 : (H, W) or (H, W, C) array_like
        The restored image.
    I2 : the same shape
        The sharp image; 15 pixels on each side of it do not count.
    maxshift : int
        Largest shift in pixels, from 0 to 15.

    Returns
    -------
    ssde : float
    aligned : (H - 30, W - 30[, C]) float64 ndarray
        `I1` at the best shift.

    Raises
    ------
    InvalidInputError
        If the shapes differ or are too small, or a value is not finite.
    InvalidOptionError
        If `maxshift` is out of its range.

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> sharp = np.random.default_rng(0).random((40, 40))
    >>> ssde, aligned = pydeblur.comp_upto_shift(np.roll(sharp, 1, axis=0), sharp)
    >>> round(ssde, 9), aligned.shape
    (0.0, (10, 10))
    """
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
