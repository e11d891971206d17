"""Between the public layout (H, W[, C]) and the solver's (C, H, W)."""

from __future__ import annotations

import numpy as np


def channels_first(image: np.ndarray) -> np.ndarray:
    """Return an image with its channels first.

    Parameters
    ----------
    image : (H, W) or (H, W, C) ndarray

    Returns
    -------
    (H, W) or (C, H, W) ndarray
        A grey image is returned as it is; a colour one is made contiguous.

    Examples
    --------
    >>> import numpy as np
    >>> channels_first(np.zeros((4, 5, 3))).shape
    (3, 4, 5)
    """
    return image if image.ndim == 2 else np.ascontiguousarray(np.moveaxis(image, -1, 0))


def channels_last(image: np.ndarray) -> np.ndarray:
    """Undo :func:`channels_first`.

    Parameters
    ----------
    image : (H, W) or (C, H, W) ndarray

    Returns
    -------
    (H, W) or (H, W, C) ndarray
        A grey image is returned as it is; a colour one is made contiguous.

    Examples
    --------
    >>> import numpy as np
    >>> channels_last(np.zeros((3, 4, 5))).shape
    (4, 5, 3)
    """
    return image if image.ndim == 2 else np.ascontiguousarray(np.moveaxis(image, 0, -1))


def each_channel(function, image: np.ndarray) -> np.ndarray:
    """Apply a function of a grey image to every channel.

    Parameters
    ----------
    function : callable
        It takes and returns an array (H, W).
    image : (H, W) or (H, W, C) ndarray

    Returns
    -------
    (H, W) or (H, W, C) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> each_channel(lambda channel: channel - channel.min(), np.array([[[1, 5], [2, 7]]])).tolist()
    [[[0, 0], [1, 2]]]
    """
    if image.ndim == 2:
        return function(image)
    return np.stack([function(image[..., channel]) for channel in range(image.shape[-1])], axis=-1)
