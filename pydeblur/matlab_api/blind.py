"""Estimation of the blur kernel, under the MATLAB family's names.

See docs/algorithm, sections 2 and 3.
"""

from __future__ import annotations

from pydeblur.errors import InvalidInputError
from pydeblur.matlab_api.arguments import number, number_from
from pydeblur.matlab_api.options import as_dict, read_options
from pydeblur.preprocess.validation import check_deconvolution_input, check_unit_image
from pydeblur.solver import coarse_to_fine
from pydeblur.solver.single_scale import ScaleProblem


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
        other field of :class:`~pydeblur.solver.SolverOptions`. Numbers may be
        MATLAB's: 25.0, or [25, 25] for the size. ``patch`` is that of the priors with minima. ``prescale`` and what
        else the family's scripts keep there for themselves (``saturation``, ``lambda_tv``, ...) is not used here.

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
    return estimate(y, *read_options(opts, lambda_prior=lambda_pixel, lambda_grad=lambda_grad))


def estimate(y, options, prior):
    """Estimate a blur kernel with options and a prior that have been read.

    Parameters
    ----------
    y : (H, W) array_like
        As :func:`blind_deconv` takes it.
    options : SolverOptions
    prior : object or None

    Returns
    -------
    kernel : (n, n) ndarray
    interim_latent : (H, W) ndarray

    Raises
    ------
    InvalidInputError
        As :func:`blind_deconv`.

    Examples
    --------
    >>> import numpy as np
    >>> options, prior = read_options({"kernel_size": 5}, lambda_prior=0, lambda_grad=4e-3)
    >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> estimate(image, options, prior)[0].shape
    (5, 5)
    """
    result = coarse_to_fine.blind_deconv(check_unit_image(y), options, prior)
    return result.kernel, result.latent


def blind_deconv_main(blur_B, k, lambda_pixel, lambda_grad, threshold, opts):
    """Estimate the latent image and the kernel in turn at one scale.

    It is what :func:`blind_deconv` does at each scale (docs/algorithm, section 3; eq. (5) and (13) of the paper).

    Parameters
    ----------
    blur_B : (H, W) array_like
        Grey blurred image of that scale, in [0, 1].
    k : (n, n) array_like
        The kernel so far, of an odd side of at least 3; it is divided by its sum.
    lambda_pixel, lambda_grad : float
        The weights λ and μ of the first iteration.
    threshold : float
        For the squared gradients of the first iteration, at least 0: :func:`pydeblur.threshold_pxpy_v1` finds one.
    opts : dict or object
        As :func:`pydeblur.blind_deconv` takes it; ``kernel_size``, ``gamma_correct`` and ``k_thresh`` are not used here.
        With the prior "pmp", ``is_fine`` says whether it is one of the finer scales; it is, unless said otherwise.

    Returns
    -------
    k : (n, n) ndarray
        The kernel, not centred; of sum 1.
    lambda_pixel, lambda_grad : float
        The weights for the next scale.
    S : (H, W) ndarray
        The last latent image.

    Raises
    ------
    InvalidInputError
        If image, kernel or an option is not as above, or the kernel loses all its mass.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.matlab_api import blind_deconv_main, init_kernel
    >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> k, lambda_pixel, lambda_grad, S = blind_deconv_main(image, init_kernel(5), 0, 4e-3, 0.01, {"xk_iter": 2})
    >>> k.shape, lambda_pixel, round(lambda_grad * 1.1**2, 6), S.shape
    ((5, 5), 0.0, 0.004, (36, 36))
    """
    return iterate(blur_B, k, lambda_pixel, lambda_grad, threshold, opts)


def iterate(blur_B, k, lambda_pixel, lambda_grad, threshold, opts, *, as_in_scripts: bool = False):
    """Do what :func:`blind_deconv_main` does; ``as_in_scripts`` is that of :func:`~.options.read_options`.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.matlab_api import init_kernel
    >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> iterate(image, init_kernel(5), 0, 4e-3, 0.01, {"xk_iter": 1.0})[0].shape
    (5, 5)
    """
    fields = dict(as_dict(opts))
    is_fine = bool(number(fields.pop("is_fine", True)))
    _, kernel = check_deconvolution_input(blur_B, k)
    if kernel.shape[0] != kernel.shape[1]:
        raise InvalidInputError(f"k should be square, but its shape is {kernel.shape}")
    fields["kernel_size"] = len(kernel)
    options, prior = read_options(
        fields, as_in_scripts=as_in_scripts, lambda_prior=lambda_pixel, lambda_grad=lambda_grad
    )
    image = coarse_to_fine.check_blurred_image(check_unit_image(blur_B), options)
    if hasattr(prior, "at_scale"):
        # Of four scales the finest is one of the finer half, the coarsest is not.
        prior = prior.at_scale(0 if is_fine else 3, 4, image.shape)
    start = number_from(0, threshold, "threshold")
    problem = ScaleProblem(image, len(kernel), prior, options)
    found = problem.solve(kernel, options.lambda_prior, options.lambda_grad, start, _never_stop)
    return found.kernel, found.lambda_prior, found.lambda_grad, found.latent


def _never_stop(_state) -> bool:
    return False
