"""Deconvolution with a known kernel, under the MATLAB family's names.

See docs/algorithm, section 7.
"""

from __future__ import annotations

from pydeblur.errors import InvalidOptionError
from pydeblur.matlab_api.arguments import number, number_from
from pydeblur.nonblind import bilateral
from pydeblur.nonblind.channels import channels_first, channels_last, each_channel
from pydeblur.nonblind.l0 import deconvolve_l0
from pydeblur.nonblind.methods import check_final_step, deconvolve
from pydeblur.nonblind.tv import deconvolve_tv_periodic
from pydeblur.options import is_finite_number, shown
from pydeblur.preprocess.validation import check_deconvolution_input, check_image
from pydeblur.priors import load_prior
from pydeblur.solver.auxiliary import ProximalStep
from pydeblur.solver.latent import LatentProblem, Splitting

_SMALLEST_WIDTH, _LARGEST_WIDTH = 1e-6, 100


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
    weights = {"lambda_tv": lambda_tv, "lambda_l0": lambda_l0, "weight_ring": weight_ring}
    weights = {name: number(weight) for name, weight in weights.items()}
    return deconvolve(y, kernel, "ringing", value_range="full", **weights)


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
    return deconvolve_l0(image, kernel, number_from(0, lambda_, "lambda"), _growth(kappa))


def L0Deblur_whole(Im, kernel, lambda_, wei_grad, kappa=2.0):
    """Estimate a latent image with the L0 norms of its intensities and gradients, eq. (7) to (11) of the paper.

    It is one latent step of the text program [26] (docs/algorithm, section 4).

    Parameters
    ----------
    Im : (H, W) or (H, W, 3) array_like
        Blurred image in [0, 1], taken as periodic: :func:`pydeblur.wrap_boundary_liu` makes it so.
    kernel : (n, m) array_like
        Odd sizes, non-negative; it is divided by its sum.
    lambda_ : float
        Weight of the intensities, at least 0; with 0 there are the gradients alone.
    wei_grad : float
        Weight of the gradients, at least 0.
    kappa : float
        Factor of both penalties from one step to the next, greater than 1.

    Returns
    -------
    (H, W) or (H, W, 3) ndarray
        The latent image, not clipped; float32 for float32, else float64.

    Raises
    ------
    InvalidInputError
        If image or kernel is not as above.
    InvalidOptionError
        If a weight or `kappa` is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.matlab_api import L0Deblur_whole
    >>> image = np.kron([[0.0, 0.8], [0.6, 0.9]], np.ones((8, 8)))
    >>> bool(np.allclose(L0Deblur_whole(image, np.ones((1, 1)), 1e-4, 1e-4), image, atol=1e-3))
    True
    """
    image, kernel = check_deconvolution_input(Im, kernel)
    weight, growth = number_from(0, lambda_, "lambda"), _growth(kappa)
    shape = image.shape[:2]
    problem = LatentProblem(channels_first(image), shape, Splitting(beta_growth=growth, alpha_growth=growth))
    problem.set_kernel(kernel)
    step = ProximalStep(load_prior("intensity"), shape)
    return channels_last(problem.solve(number_from(0, wei_grad, "wei_grad"), weight, step).image)


def deblurring_adm_aniso(B, k, lambda_, alpha=1.0):
    """Deblur a periodic image by anisotropic total variation.

    See :func:`pydeblur.nonblind.tv.deconvolve_tv_periodic`, and docs/algorithm, section 7.

    Parameters
    ----------
    B : (H, W) or (H, W, 3) array_like
        Blurred image in [0, 1], taken as periodic: :func:`pydeblur.wrap_boundary_liu` makes it so. Channels are
        deblurred one by one.
    k : (n, m) array_like
        Odd sizes, non-negative; it is divided by its sum.
    lambda_ : float
        Weight of the total variation, from 1e-9 to 999.
    alpha : float
        The exponent of the gradients, which can only be 1.

    Returns
    -------
    (H, W) or (H, W, 3) ndarray
        The final image, not clipped; float32 for float32, else float64.

    Raises
    ------
    InvalidInputError
        If image or kernel is not as above.
    InvalidOptionError
        If `lambda_` is out of its range, or `alpha` is not 1.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.matlab_api import deblurring_adm_aniso
    >>> deblurring_adm_aniso(np.full((16, 16), 0.5), np.full((3, 3), 1 / 9), 1e-3, 1).round(6).max().item()
    0.5
    """
    image, kernel = check_deconvolution_input(B, k)
    if number(alpha) != 1:
        raise InvalidOptionError(f"alpha should be 1, but is {shown(alpha)}")
    weight = number(lambda_)
    check_final_step("tv", {"lambda_tv": weight})
    return each_channel(lambda channel: deconvolve_tv_periodic(channel, kernel, weight), image)


def bilateral_filter(img, sigma_s=3.0, sigma_r=0.1, boundary="replicate"):
    """Filter an image by the bilateral filter.

    See :func:`pydeblur.nonblind.bilateral.bilateral_filter`.

    Parameters
    ----------
    img : (H, W) or (H, W, 3) array_like
        Finite image. The distances of a colour image are taken in CIE Lab, with 100 times `sigma_r`.
    sigma_s, sigma_r : float
        Widths in space (pixels, up to 100) and in range, positive.
    boundary : {"replicate"}
        How the image goes on beyond its border.

    Returns
    -------
    (H, W) or (H, W, 3) float32 ndarray
        Of single precision, as in the family.

    Raises
    ------
    InvalidInputError
        If the image is not as above.
    InvalidOptionError
        If a width or `boundary` is.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.matlab_api import bilateral_filter
    >>> step = np.repeat([[0.0, 1.0]], 8, axis=1)
    >>> bool(np.allclose(bilateral_filter(step, 3, 0.1), step, atol=1e-6))  # edges stay
    True
    """
    image = check_image(img)
    if boundary != "replicate":
        raise InvalidOptionError(f"boundary should be 'replicate', but is {shown(boundary)}")
    spatial = number_from(_SMALLEST_WIDTH, sigma_s, "sigma_s")
    if spatial > _LARGEST_WIDTH:
        raise InvalidOptionError(f"sigma_s should be at most {_LARGEST_WIDTH} pixels, but is {spatial:g}")
    return bilateral.bilateral_filter(image, spatial, number_from(_SMALLEST_WIDTH, sigma_r, "sigma_r"))


def _growth(kappa) -> float:
    growth = number(kappa)
    if not (is_finite_number(growth) and growth > 1):
        raise InvalidOptionError(f"kappa should be a number greater than 1, but is {shown(growth)}")
    return float(growth)
