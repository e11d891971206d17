"""Deconvolution with a known blur that changes over the picture."""

from __future__ import annotations

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.nonblind.methods import check_final_step, completed, step_function
from pydeblur.nonuniform.local_blur import LocalBlur, check_same_shape
from pydeblur.nonuniform.patches import PatchGrid, largest_counts
from pydeblur.nonuniform.richardson_lucy import deconvolve_saturated_nonuniform
from pydeblur.preprocess.validation import check_unit_image

#: Rows and columns of patches at least: with fewer, the restored picture loses a quarter of a decibel and more.
PATCHES = (10, 14)
#: Patches are not further apart than this, so that large pictures have more of them, and no nearer than the other.
_LARGEST_STEP, _SMALLEST_STEP = 192.0, 16.0
#: Pixels over which one patch passes into the next, at most: with a step of 192, windows that rise all the way would make
#: the regions that are restored 1.7 times as large.
_RAMP = 96.0


def deconvolve_nonuniform(
    image, blur: LocalBlur, method: str | None = None, patches: tuple[int, int] | None = None, **options
) -> np.ndarray:
    """Deblur a picture with a known blur that changes over it.

    All final steps but "whyte" restore overlapping patches, each with the kernel at its centre, and blend them. "whyte"
    is the method of Richardson and Lucy with the blur of the whole picture.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        Blurred picture in [0, 1]: float32 and float64 are kept; uint8, uint16 and bool are scaled to [0, 1].
    blur : PoseBlur or KernelGridBlur
        For pictures of this size.
    method : {"ringing", "tv", "l0", "hyper-laplacian", "epll", "whyte"}, optional
        As for :func:`pydeblur.deconvolve`, with the same options; None is "ringing", with weights that follow the noise.
    patches : (int, int), optional
        Rows and columns of patches. By default they are at most 192 pixels apart, and not fewer than 10 x 14 as far as
        they are 16 pixels, and a kernel's size, apart.
    **options
        The method's own.

    Returns
    -------
    (H, W) or (H, W, 3) ndarray
        The sharp picture, not clipped; float32 for float32, else float64.

    Raises
    ------
    InvalidInputError
        If the image is not as above, the blur is for another size, or the picture is smaller than the kernels.
    InvalidOptionError
        If the method or an option is unknown or out of its range.

    Examples
    --------
    >>> from pydeblur.nonuniform import CameraPoses, PoseBlur
    >>> blur = PoseBlur(CameraPoses([[-1.0, 0.0, 0.0], [1.0, 0.0, 0.02]], (40, 50)), [0.5, 0.5])
    >>> deconvolve_nonuniform(np.full((40, 50), 0.5), blur, "tv").round(6).tolist() == np.full((40, 50), 0.5).tolist()
    True
    """
    check_final_step(method, options)
    image = check_unit_image(image)
    check_same_shape(blur, image.shape)
    if min(image.shape[:2]) < 2 * blur.radius + 1:
        raise InvalidInputError(
            f"the image ({image.shape[0]}x{image.shape[1]}) is smaller than a patch: the blur's kernels have "
            f"{2 * blur.radius + 1} pixels"
        )
    counts = default_patches(image.shape, 2 * blur.radius + 1) if patches is None else patches
    method, options = completed(image, method, options)
    if method == "whyte":
        return deconvolve_saturated_nonuniform(image, blur, patches=counts, **options)
    return _by_patches(image, blur, counts, step_function(method), options)


def default_patches(shape: tuple[int, ...], kernel_size: int = 1) -> tuple[int, int]:
    """Return rows and columns of patches for a picture.

    Parameters
    ----------
    shape : (int, int)
        Further entries do not count.
    kernel_size : int
        Of the local kernels: patches are at least so far apart.

    Returns
    -------
    (int, int)

    Examples
    --------
    >>> default_patches((480, 640)), default_patches((100, 100)), default_patches((3000, 4000))
    ((10, 14), (7, 7), (17, 22))
    """
    rows, columns = (max(count, int(np.ceil((n - 1) / _LARGEST_STEP)) + 1) for n, count in zip(shape[:2], PATCHES))
    return largest_counts((shape[0], shape[1]), (rows, columns), max(_SMALLEST_STEP, kernel_size))


def _by_patches(image, blur, counts, function, options):
    """Restore patch by patch, so that only one, with its kernel, is in memory at a time."""
    grid = PatchGrid(image.shape, counts, margin=blur.radius, ramp=_RAMP)
    height, width = grid.region
    result = np.zeros(image.shape, image.dtype)
    for number, (row, column) in enumerate(grid.origins()):
        area = np.s_[row : row + height, column : column + width]
        (kernel,) = blur.kernels_at(grid.centres[number : number + 1])
        restored = function(np.ascontiguousarray(image[area]), kernel, **options)
        window = grid.window(number).astype(image.dtype)
        result[area] += restored * (window if image.ndim == 2 else window[..., None])
    return result
