"""How long the final step takes on this machine, measured on a small part of the picture itself."""

from __future__ import annotations

from functools import partial

import numpy as np

from pydeblur.backend.threads import processor_count
from pydeblur.nonblind.methods import completed, deconvolve
from pydeblur.nonblind.options import PLUG_AND_PLAY
from pydeblur.preprocess.region import is_large
from pydeblur.progress.iteration_time import least_seconds, middle

#: Sides of the parts that are measured, the larger one unless by the smaller it would take more than so many seconds.
_SIDES, _LONG = (48, 144), 1.0
#: How often each is measured, unless it takes more than so many seconds: what is set up is paid for more than once, and a
#: small part is easily held up.
_TIMES, _TOO_LONG = 3, 3.0
#: What another thread adds to the speed; and where the image is restored in tiles, whose passes wait for memory and files.
_SECOND_THREAD, _SECOND_THREAD_IN_TILES = 0.4, 0.1
#: By how much a pixel takes longer in tiles.
_IN_TILES = 1.4
#: Widest kernel that is measured: the time hardly depends on it.
_WIDEST = 15


def final_step_seconds(
    image: np.ndarray, kernel_size: int, method: str | None, options: dict, dtype: str, workers: int = 1
) -> float | None:
    """Estimate how long the final step will take.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray
        In [0, 1].
    kernel_size : int
    method : str or None
        None is the default.
    options : dict
        Of the method.
    dtype : {"float32", "float64"}
        In which it is computed.
    workers : int
        Threads.

    Returns
    -------
    float or None
        None for "plug-and-play": a denoiser of the caller's own is not called for anything but its task.

    Examples
    --------
    >>> final_step_seconds(np.random.default_rng(0).random((60, 60)), 5, "tv", {}, "float64") > 0
    True
    """
    if method == PLUG_AND_PLAY:
        return None
    size = max(min(kernel_size, _WIDEST), 3)
    kernel = np.full((size, size), 1 / size**2)
    channels = image.shape[2] if image.ndim == 3 else 1
    plane = image[..., 0] if channels > 1 else image
    per_pixel = 0.0
    for side in _SIDES:
        part = np.ascontiguousarray(middle(plane, max(side, size + 1)), dtype=dtype)
        if per_pixel * part.size > _LONG:
            break
        name, complete = completed(part, method, options)
        work = partial(deconvolve, part, kernel, name, value_range="full", **complete)
        per_pixel = least_seconds(work, _TOO_LONG, _TIMES) / part.size
    threads, in_tiles = min(workers, processor_count()), is_large(image.shape)
    speed = 1 + (_SECOND_THREAD_IN_TILES if in_tiles else _SECOND_THREAD) * (threads - 1)
    return per_pixel * plane.size * channels * (_IN_TILES if in_tiles else 1) / speed


def seconds_by_patches(
    image: np.ndarray,
    patches: tuple[int, int],
    kernel_size: int,
    method: str | None,
    options: dict,
    dtype: str,
    workers: int = 1,
) -> float | None:
    """Estimate how long a final step will take that restores patch by patch, each with a kernel of its own.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray
    patches : (int, int)
        Rows and columns.
    kernel_size, method, options, dtype, workers
        See :func:`final_step_seconds`.

    Returns
    -------
    float or None

    Examples
    --------
    >>> seconds_by_patches(np.random.default_rng(0).random((60, 60)), (2, 3), 5, "tv", {}, "float64") > 0
    True
    """
    # A patch reaches as far beyond its own pixels as a kernel does.
    side = max(length // count for length, count in zip(image.shape, patches)) + 2 * kernel_size
    seconds = final_step_seconds(middle(image, side), kernel_size, method, options, dtype, workers)
    return None if seconds is None else seconds * patches[0] * patches[1]
