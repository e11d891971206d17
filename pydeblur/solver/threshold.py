"""Which gradients take part in the kernel step (docs/algorithm, section 5).

It is ``threshold_pxpy_v1`` of the MATLAB family.
"""

from __future__ import annotations

import numpy as np

from pydeblur.matlab import histc
from pydeblur.solver.gradients import valid_gradients

_BIN = 0.00006
_LAST_EDGE = 2.0
_RELAXATION = 0.81
THRESHOLD_DECAY = 1.1


def initial_threshold(image: np.ndarray, kernel_size: int) -> float:
    """Return the squared gradient that at least max(20 * kernel_size, 10) pixels of each of four directions reach.

    Parameters
    ----------
    image : (H, W) ndarray
    kernel_size : int
        The larger side of the kernel.

    Returns
    -------
    float
        An edge of the histogram 0:0.00006:2; 0 if some direction has too few gradients.

    Examples
    --------
    >>> import numpy as np
    >>> 0 < initial_threshold(np.random.default_rng(0).random((40, 40)), 5) < 2
    True
    """
    px, py = valid_gradients(image)
    magnitude = px**2 + py**2
    with np.errstate(divide="ignore", invalid="ignore"):
        angle = np.arctan(py / px)
    wanted = max(20 * kernel_size, 10)
    quarter = np.pi / 4
    sectors = [(0, quarter), (quarter, 2 * quarter), (-quarter, 0), (-2 * quarter, -quarter)]
    edges = np.arange(round(_LAST_EDGE / _BIN) + 1) * _BIN
    from_the_top = [_counts_from_the_top(magnitude[(low <= angle) & (angle < high)], edges) for low, high in sectors]
    enough = np.flatnonzero(np.min(from_the_top, axis=0) >= wanted)
    return float(edges[len(edges) - 1 - enough[0]]) if len(enough) else 0.0


def _counts_from_the_top(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    return np.cumsum(histc(values, edges)[::-1])


def relaxed_threshold(magnitude: np.ndarray, threshold: float) -> float:
    """Lower a threshold by factors of 0.81 until some gradient reaches it.

    Parameters
    ----------
    magnitude : ndarray
        Squared magnitudes of the gradients.
    threshold : float

    Returns
    -------
    float

    Examples
    --------
    >>> import numpy as np
    >>> relaxed_threshold(np.array([0.5, 0.9]), 1.0)
    0.81
    >>> relaxed_threshold(np.zeros(2), 1.0)  # no threshold is low enough for an image without any gradient
    1.0
    """
    largest = float(magnitude.max())
    while 0 < largest < threshold:
        threshold *= _RELAXATION
    return threshold


def threshold_gradients(image: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the gradients of an image with the weak ones set to 0.

    Parameters
    ----------
    image : (H, W) ndarray
    threshold : float
        For the squared magnitude; lowered when nothing reaches it.

    Returns
    -------
    px, py : (H-1, W-1) ndarray
    next_threshold : float
        For the next iteration: the one used, divided by 1.1.

    Examples
    --------
    >>> import numpy as np
    >>> px, py, following = threshold_gradients(np.outer(np.ones(2), [0.0, 0.1, 1.0]), 0.11)
    >>> np.abs(px).round(3).tolist(), round(float(following), 3)
    ([[0.0, 0.9]], 0.1)
    """
    px, py = valid_gradients(image)
    magnitude = px**2
    magnitude += py**2
    threshold = relaxed_threshold(magnitude, threshold)
    strong = magnitude >= threshold
    px *= strong
    py *= strong
    return px, py, threshold / THRESHOLD_DECAY
