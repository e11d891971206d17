"""MATLAB's ``bwconncomp`` and ``bwlabel``: connected components of a mask."""

import numpy as np
import scipy

from pydeblur.errors import InvalidInputError
from pydeblur.matlab._arguments import real_array


def connected_components(mask, connectivity=8):
    """Return the mask's connected components in the order of MATLAB's ``bwconncomp``.

    Parameters
    ----------
    mask : (H, W) array_like
        What is not zero is foreground.
    connectivity : {8, 4}
        Whether pixels that touch at a corner only are connected.

    Returns
    -------
    list of (n,) ndarray of intp
        One array per component, of indices into ``mask.ravel()`` (NumPy's row-major order). Components are ordered
        by their first pixel, and the pixels within one, down the columns first, as in MATLAB.

    Raises
    ------
    InvalidInputError
        When `mask` is not 2-D and real, or for another connectivity.

    Examples
    --------
    >>> from pydeblur.matlab import connected_components
    >>> [indices.tolist() for indices in connected_components([[1, 0, 1], [1, 0, 0]])]
    [[0, 3], [2]]
    """
    labels, count = bwlabel(mask, connectivity)
    rows, columns = labels.shape
    by_column = labels.T.ravel()
    foreground = np.flatnonzero(by_column)
    foreground = foreground[np.argsort(by_column[foreground], kind="stable")]
    row_major = foreground % max(rows, 1) * columns + foreground // max(rows, 1)
    ends = np.cumsum(np.bincount(by_column[foreground], minlength=count + 1)[1:])
    return np.split(row_major, ends[:-1]) if count else []


def bwlabel(mask, connectivity=8):
    """Return a label image as MATLAB's ``bwlabel``: components are numbered by their first pixel, columns first.

    Parameters
    ----------
    mask, connectivity
        As for `connected_components`.

    Returns
    -------
    labels : (H, W) ndarray of int32
        0 for background, 1 … count for the components.
    count : int
        Number of components.

    Raises
    ------
    InvalidInputError
        As `connected_components`.

    Examples
    --------
    >>> from pydeblur.matlab import bwlabel
    >>> labels, count = bwlabel([[1, 0, 1], [1, 0, 0]])
    >>> labels.tolist(), count
    ([[1, 0, 2], [1, 0, 0]], 2)
    """
    mask = real_array(mask, "mask", (2,))
    if connectivity not in (4, 8):
        raise InvalidInputError(f"connectivity must be 4 or 8, but it is {connectivity!r}.")
    structure = scipy.ndimage.generate_binary_structure(2, 2 if connectivity == 8 else 1)
    labels, count = scipy.ndimage.label(mask.T != 0, structure)  # transposed: MATLAB scans down the columns
    if count:
        labels = _numbered_by_first_pixel(labels, count)
    return labels.T, count


def _numbered_by_first_pixel(labels, count):
    """Renumber by the first pixel in scan order, which `scipy.ndimage.label` does but doesn't promise."""
    _, first = np.unique(labels, return_index=True)
    first = first[-count:]  # without the background
    number = np.zeros(count + 1, labels.dtype)
    number[1 + np.argsort(first)] = np.arange(1, count + 1)
    return number[labels]
