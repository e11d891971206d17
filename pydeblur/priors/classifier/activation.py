"""The classifier's activation map as a picture (Fig. 11 of the paper)."""

from __future__ import annotations

import numpy as np

from pydeblur.errors import InvalidInputError


def activation_picture(activation, shape=None, limits=None):
    """Show an activation map in grey levels: the brighter, the more it speaks for blur.

    Parameters
    ----------
    activation : (h, w) ndarray
        From :meth:`pydeblur.priors.classifier.prior.ClassifierPrior.activation_map`.
    shape : (int, int), optional
        Height and width of the picture, at least (h, w), usually the image's; each value then covers the pixels that
        it stands for, without smoothing. By default one pixel per value.
    limits : (float, float), optional
        Values that become black and white, what lies outside is clipped; by default the map's own extremes. Give
        several maps the same limits to compare them.

    Returns
    -------
    (height, width) uint8 ndarray

    Raises
    ------
    InvalidInputError
        If the map is not two-dimensional and finite, the shape is smaller, or the limits are not increasing.

    Examples
    --------
    >>> import numpy as np
    >>> activation_picture(np.array([[-1.0, 3.0]]), shape=(1, 4)).tolist()
    [[0, 0, 255, 255]]
    """
    activation = np.asarray(activation, np.float64)
    if activation.ndim != 2 or not activation.size or not np.all(np.isfinite(activation)):
        raise InvalidInputError("activation should be a two-dimensional array of finite numbers.")
    low, high = (activation.min(), activation.max()) if limits is None else limits
    if not (np.isfinite(low) and np.isfinite(high)) or low > high or (limits is not None and low == high):
        raise InvalidInputError(f"limits should be two increasing numbers, but are {limits}.")
    span = high - low or 1.0  # a constant map is black
    levels = np.floor(255 * np.clip((activation - low) / span, 0, 1) + 0.5).astype(np.uint8)
    if shape is None:
        return levels
    if len(shape) != 2 or shape[0] < levels.shape[0] or shape[1] < levels.shape[1]:
        raise InvalidInputError(f"shape should be at least {levels.shape}, but is {tuple(shape)}.")
    # Poolings drop odd rows and columns at the end: what is left over belongs to the last value.
    rows, columns = (
        np.minimum(np.arange(size) // (size // count), count - 1) for size, count in zip(shape, levels.shape)
    )
    return levels[np.ix_(rows, columns)]
