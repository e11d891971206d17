"""The stages of the blind solver, under the MATLAB family's names.

See docs/algorithm, sections 2, 3, 5 and 6.
"""

from __future__ import annotations

import numpy as np

from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.matlab import imresize
from pydeblur.matlab_api.arguments import matrix_size, number, number_from, whole, whole_numbers
from pydeblur.metrics.levin import comp_upto_shift as _comp_upto_shift
from pydeblur.nonblind.channels import channels_first, channels_last
from pydeblur.preprocess.validation import check_image, check_matrix
from pydeblur.solver import boundary, pyramid
from pydeblur.solver.gradients import valid_gradients
from pydeblur.solver.kernel import KernelProblem
from pydeblur.solver.threshold import initial_threshold, relaxed_threshold, threshold_gradients

_SMALLEST_RATIO = 0.01


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
    weight = number_from(0, weight, "weight")
    shape = matrix_size(psf_size, "psf_size")
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
    shape = matrix_size(img_size, "img_size")
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
    lengths = whole_numbers(n, "n")
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
    threshold = number(threshold)
    if threshold is None:
        threshold = initial_threshold(image, int(np.max(whole_numbers(psf_size, "psf_size"))))
        px, py = valid_gradients(image)
        threshold = relaxed_threshold(px**2 + py**2, threshold)
        return *threshold_gradients(image, threshold)[:2], threshold
    return threshold_gradients(image, number_from(0, threshold, "threshold"))


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
    return pyramid.centre_kernel(check_matrix(psf, "psf"))


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
    return _comp_upto_shift(I1, I2, whole(number(maxshift)))


def init_kernel(minsize):
    """Make the kernel that the coarsest scale starts from: two equal neighbours in a row.

    Parameters
    ----------
    minsize : int
        Its side, odd, at least 3.

    Returns
    -------
    (minsize, minsize) float64 ndarray
        Of sum 1.

    Raises
    ------
    InvalidInputError
        If `minsize` is something else.

    Examples
    --------
    >>> from pydeblur.matlab_api import init_kernel
    >>> init_kernel(3).tolist()
    [[0.5, 0.5, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    side = matrix_size(minsize, "minsize")[0]
    if side < 3 or side % 2 == 0:
        raise InvalidInputError(f"minsize should be an odd whole number of at least 3, but is {side}")
    return pyramid.initial_kernel(side)


def downSmpImC(I, ret):  # noqa: E741 - the family's name
    """Shrink an image: a low-pass filter, then linear interpolation.

    See :func:`pydeblur.solver.pyramid.downsample_image`.

    Parameters
    ----------
    I : (H, W) array_like
        Finite grey image.
    ret : float
        The factor, greater than 0, at most 1.

    Returns
    -------
    (h, w) ndarray
        A little smaller than ret * (H, W), since only valid pixels of the low-pass are kept.

    Raises
    ------
    InvalidInputError
        If the image is not as above, or nothing is left of it.
    InvalidOptionError
        If `ret` is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.matlab_api import downSmpImC
    >>> downSmpImC(np.zeros((40, 60)), 0.5).shape
    (18, 28)
    """
    image, ratio = check_matrix(I, "I"), number_from(_SMALLEST_RATIO, ret, "ret")
    if ratio > 1:
        raise InvalidOptionError(f"ret should be at most 1, but is {ratio:g}")
    smaller = pyramid.downsample_image(image, ratio)
    if smaller.size == 0:
        raise InvalidInputError(f"the image {image.shape} is too small to be reduced by {ratio:g}")
    return smaller


def resizeKer(k, ret, k1, k2):
    """Carry a kernel over to the next scale.

    Parameters
    ----------
    k : (n, m) array_like
        Finite.
    ret : float
        The factor of the bicubic interpolation, from 0.01 to 100.
    k1, k2 : int
        Rows and columns of the result, which :func:`fixsize` makes.

    Returns
    -------
    (k1, k2) float64 ndarray
        Non-negative; of sum 1, unless nothing is left of it.

    Raises
    ------
    InvalidInputError
        If `k` or a size is not as above.
    InvalidOptionError
        If `ret` is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.matlab_api import init_kernel, resizeKer
    >>> kernel = resizeKer(init_kernel(5), np.sqrt(2), 7, 7)
    >>> kernel.shape, round(kernel.sum().item(), 12)
    ((7, 7), 1.0)
    """
    kernel, ratio = check_matrix(k, "k"), number_from(_SMALLEST_RATIO, ret, "ret")
    if ratio > 1 / _SMALLEST_RATIO:
        raise InvalidOptionError(f"ret should be at most {1 / _SMALLEST_RATIO:g}, but is {ratio:g}")
    kernel = fixsize(np.maximum(imresize(kernel, ratio), 0), k1, k2)
    total = kernel.sum()
    return kernel / total if total > 0 else kernel


def fixsize(f, nk1, nk2):
    """Bring a kernel to a size by dropping or adding lines at its borders.

    See :func:`pydeblur.solver.pyramid.fix_size`.

    Parameters
    ----------
    f : (n, m) array_like
        Finite.
    nk1, nk2 : int
        Rows and columns of the result.

    Returns
    -------
    (nk1, nk2) float64 ndarray

    Raises
    ------
    InvalidInputError
        If `f` or a size is not as above.

    Examples
    --------
    >>> from pydeblur.matlab_api import fixsize
    >>> fixsize([[0.1, 0.6, 0.3]], 1, 2).tolist()
    [[0.6, 0.3]]
    """
    shape = (matrix_size(nk1, "nk1")[0], matrix_size(nk2, "nk2")[0])
    return pyramid.fix_size(check_matrix(f, "f"), shape)
