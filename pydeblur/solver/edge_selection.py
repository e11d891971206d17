"""Which edges of a predicted image the kernel is found from: thresholds that keep edges of every direction."""

from __future__ import annotations

import numpy as np
import scipy

_DIRECTIONS = 4


def direction_groups(gradient_x: np.ndarray, gradient_y: np.ndarray) -> np.ndarray:
    """Return for each gradient which of four ranges of 45 degrees its direction lies in, opposite ones together.

    Parameters
    ----------
    gradient_x, gradient_y : (H, W) ndarray

    Returns
    -------
    (H, W) int ndarray
        0 from the x axis on, 1 from the diagonal on, 2 from the y axis on, 3 from the other diagonal on; -1 where the
        gradient is 0.

    Examples
    --------
    >>> import numpy as np
    >>> direction_groups(np.array([[1.0, 1.0, 0.0, -1.0, 0.0]]), np.array([[0.0, 2.0, 1.0, 0.5, 0.0]])).tolist()
    [[0, 1, 2, 3, -1]]
    """
    # The gradient is turned into the upper half plane, where comparisons tell the range.
    down = (gradient_y < 0) | ((gradient_y == 0) & (gradient_x < 0))
    x, y = np.where(down, -gradient_x, gradient_x), np.abs(gradient_y)
    steep = y >= np.abs(x)
    group = np.where(x > 0, np.where(steep, 1, 0), np.where(steep & (y > -x), 2, 3))
    group[(x == 0) & (y == 0)] = -1
    return group


def keeping_threshold(values: np.ndarray, groups: np.ndarray, count: float) -> float:
    """Return the largest threshold that at least so many values of each group of directions reach.

    Parameters
    ----------
    values : (H, W) ndarray
        Not negative; zeros do not count.
    groups : (H, W) int ndarray
        See :func:`direction_groups`.
    count : float
        At least 1; a fraction counts as a whole one. Of a group with fewer values all are kept, and a group without any
        says nothing.

    Returns
    -------
    float
        0 where no value is positive.

    Examples
    --------
    >>> import numpy as np
    >>> values, groups = np.array([[1.0, 2.0, 3.0, 9.0, 8.0]]), np.array([[0, 0, 0, 1, 1]])
    >>> keeping_threshold(values, groups, 2)
    2.0
    """
    wanted = int(np.ceil(count))
    thresholds = []
    for number in range(_DIRECTIONS):
        own = values[(groups == number) & (values > 0)]
        if own.size:
            place = max(own.size - wanted, 0)
            thresholds.append(float(np.partition(own, place)[place]))
    return min(thresholds, default=0.0)


def edge_usefulness(gradient_x: np.ndarray, gradient_y: np.ndarray, window: int, constant: float = 0.5) -> np.ndarray:
    """Return r of Xu and Jia 2010 [36]: how useful the edges around each pixel are for finding a kernel.

    r = |Σ ∇B| / (Σ |∇B| + c), the sums taken over a window. Edges of objects smaller than the kernel come in pairs of
    opposite gradients, which cancel out, and mislead the kernel.

    Parameters
    ----------
    gradient_x, gradient_y : (H, W) ndarray
        ∇B.
    window : int
        Side of the window, odd. At borders the gradients are mirrored.
    constant : float
        c, above 0; it keeps r small in flat regions.

    Returns
    -------
    (H, W) ndarray
        In [0, 1).

    Examples
    --------
    >>> import numpy as np
    >>> step, line = np.array([[0, 0, 1.0, 0, 0]]), np.array([[0, 1.0, -1.0, 0, 0]])
    >>> [edge_usefulness(x, np.zeros((1, 5)), 3)[0, 2].round(3).item() for x in (step, line)]
    [0.857, 0.0]
    """
    area = window * window
    sum_x, sum_y, total = (
        area * scipy.ndimage.uniform_filter(part, window, mode="reflect")
        for part in (gradient_x, gradient_y, np.hypot(gradient_x, gradient_y))
    )
    return np.hypot(sum_x, sum_y) / (np.maximum(total, 0) + constant)
