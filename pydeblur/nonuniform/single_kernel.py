"""One kernel in the forms of a blur that changes over the picture, for files and drawings that hold either."""

from __future__ import annotations

import numpy as np

from pydeblur.nonuniform.local_blur import KernelGridBlur, LocalBlur, PoseBlur
from pydeblur.nonuniform.poses import CameraPoses


def poses_of_kernel(kernel, shape: tuple[int, ...]) -> PoseBlur:
    """Return the camera that only translates, and blurs like one kernel.

    Parameters
    ----------
    kernel : (n, m) array_like
        Odd sizes, non-negative, not all 0.
    shape : (int, int)
        Rows and columns of the picture; further entries do not count.

    Returns
    -------
    PoseBlur

    Examples
    --------
    >>> poses_of_kernel([[0.0, 0.25, 0.75]], (20, 30)).poses.parameters.tolist()
    [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    """
    kernel = np.asarray(kernel, np.float64)
    rows, columns = np.nonzero(kernel)
    parameters = np.column_stack([columns - kernel.shape[1] // 2, rows - kernel.shape[0] // 2, np.zeros(len(rows))])
    return PoseBlur(CameraPoses(parameters, (shape[0], shape[1])), kernel[rows, columns])


def grid_of_kernel(kernel, shape: tuple[int, ...]) -> KernelGridBlur:
    """Return the grid of local kernels that holds one kernel for the whole picture.

    Parameters
    ----------
    kernel : (n, n) array_like
        n odd; non-negative, not all 0.
    shape : (int, int)
        Rows and columns of the picture; further entries do not count.

    Returns
    -------
    KernelGridBlur
        Its one kernel stands in the middle.

    Examples
    --------
    >>> grid_of_kernel([[0.5]], (21, 31)).rows.tolist()
    [10.0]
    """
    middle = (np.array(shape[:2]) - 1) / 2
    return KernelGridBlur(np.asarray(kernel)[None, None], middle[:1], middle[1:], (shape[0], shape[1]))


def kernel_of_grid(blur: LocalBlur) -> np.ndarray | None:
    """Return the kernel of a grid that holds only one; None for every other blur.

    Parameters
    ----------
    blur : PoseBlur or KernelGridBlur

    Returns
    -------
    (n, n) float64 ndarray or None

    Examples
    --------
    >>> kernel_of_grid(grid_of_kernel([[0.5]], (21, 31))).tolist()
    [[1.0]]
    """
    if isinstance(blur, KernelGridBlur) and blur.kernels.shape[:2] == (1, 1):
        return blur.kernels[0, 0]
    return None
