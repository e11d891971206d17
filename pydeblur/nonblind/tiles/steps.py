"""The final steps by name, for pictures whose size should not decide on the memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from pydeblur.nonblind.hyper_laplacian import usual_weight
from pydeblur.nonblind.learned import warn_of_large_kernel
from pydeblur.nonblind.tiles.epll import expected_patches
from pydeblur.nonblind.tiles.hyper_laplacian import hyper_laplacian
from pydeblur.nonblind.tiles.l0 import sparse_gradients_latent
from pydeblur.nonblind.tiles.learned import restore_picture
from pydeblur.nonblind.tiles.passes import for_each
from pydeblur.nonblind.tiles.ringing import remove_ringing_in_tiles
from pydeblur.nonblind.tiles.rows import ArrayRows, Rows
from pydeblur.nonblind.tiles.spectrum_file import row_strips
from pydeblur.nonblind.tiles.total_variation import total_variation
from pydeblur.nonblind.tiles.whyte import saturated_in_tiles


def deconvolve_in_tiles(
    image: np.ndarray, kernel: np.ndarray, method: str, options: Mapping, out: np.ndarray | None = None
) -> np.ndarray:
    """Deblur an image with memory for some tiles of it, and temporary files for the rest.

    The result is that of :data:`pydeblur.nonblind.methods.METHODS` but for rounding. The methods that decide pixel by pixel,
    whether a gradient is kept, are computed in double precision: single precision would decide some of them otherwise.

    Parameters
    ----------
    image : (H, W) or (H, W, C) ndarray
        float32 or float64.
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    method : str
        A name of `METHODS`.
    options : mapping
        The method's.
    out : ndarray, optional
        Of the image's shape and dtype, for the result; it may be the image itself.

    Returns
    -------
    (H, W) or (H, W, C) ndarray
        `out`, or a new array.

    Raises
    ------
    InvalidInputError
        If the folder for temporary files has too little room.

    Examples
    --------
    >>> image = np.random.default_rng(0).random((20, 24))
    >>> kernel = np.full((3, 3), 1 / 9)
    >>> from pydeblur.nonblind.tv import deconvolve_tv
    >>> tiled = deconvolve_in_tiles(image, kernel, "tv", {"lambda_tv": 1e-2})
    >>> bool(np.allclose(tiled, deconvolve_tv(image, kernel, 1e-2), atol=1e-12))
    True
    """
    result = np.empty_like(image) if out is None else out
    given, wanted = (each[..., None] if each.ndim == 2 else each for each in (image, result))
    _STEPS[method](given, kernel, wanted, **options)
    return result


def _each_channel(function: Callable[..., Rows], dtype=None) -> Callable[..., None]:
    """A final step that treats the channels of an image one by one."""

    def step(image, kernel, out, workers=1, **options):
        for channel in range(image.shape[2]):
            plane = image[..., channel]
            latent = function(ArrayRows(plane, dtype), kernel, workers=workers, **options)
            _write(latent, out[..., channel], workers)

    return step


def _write(latent, plane, workers):
    """Write the upper left part of a latent image into an array."""

    def write(strip):
        plane[strip] = latent.read(strip.start, strip.stop)[:, : plane.shape[1]]

    for_each(write, row_strips(plane.shape, latent.dtype.itemsize), workers)


def _hyper_laplacian(picture, kernel, lambda_hl=None, exponent=2 / 3, workers=1):
    weight = usual_weight(picture.plane) if lambda_hl is None else lambda_hl
    return hyper_laplacian(picture, kernel, weight, exponent, workers)


def _sparse_gradients(image, kernel, out, workers=1, **options):
    channels = [ArrayRows(image[..., channel], np.float64) for channel in range(image.shape[2])]
    for channel, latent in enumerate(sparse_gradients_latent(channels, kernel, workers=workers, **options)):
        _write(latent, out[..., channel], workers)


def _ringing(image, kernel, out, workers=1, **options):
    def write(first, rows):
        out[first : first + len(rows)] = rows

    channels = [ArrayRows(image[..., channel], np.float64) for channel in range(image.shape[2])]
    remove_ringing_in_tiles(channels, kernel, write, workers=workers, **options)


def _saturated(image, kernel, out, workers=1, **options):
    for channel in range(image.shape[2]):
        saturated_in_tiles(image[..., channel].copy(), kernel, out[..., channel], workers=workers, **options)


def _learned(image, kernel, out, noise=None, weights="restoration", device="cpu", workers=1):
    # It needs ONNX Runtime, whose import takes a while.
    from pydeblur.nonblind.restoration_session import RestorationSession

    session = RestorationSession(weights, device, workers)
    warn_of_large_kernel(kernel, session.weights.kernel_sizes[1])
    restore_picture(image, kernel, out, session, noise, workers)


_STEPS: dict[str, Callable[..., None]] = {
    "ringing": _ringing,
    "tv": _each_channel(total_variation),
    "l0": _sparse_gradients,
    "hyper-laplacian": _each_channel(_hyper_laplacian, np.float64),
    "epll": _each_channel(expected_patches),
    "learned": _learned,
    "whyte": _saturated,
}
