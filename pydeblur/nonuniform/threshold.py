"""Which gradients take part in eq. (17): strong ones from all over the picture.

Where the camera turned, the picture's middle is blurred least. There the latent picture's gradients are strongest, and one
threshold for all would take most of them from the part that says least about the turn.
"""

from __future__ import annotations

import numpy as np

from pydeblur.solver.gradients import valid_gradients
from pydeblur.solver.threshold import THRESHOLD_DECAY, relaxed_threshold

#: The picture has so many parts along each side, and each may give as large a share of its gradients as the whole does,
#: down to this part of the threshold (both are of squared gradients): weaker ones are noise.
_PARTS, _LOWEST = 4, 1 / 9


def threshold_gradients_evenly(image: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the gradients of a picture with the weak ones set to 0, where what is weak depends on the part of it.

    Parameters
    ----------
    image : (H, W) ndarray
    threshold : float
        For the squared magnitude; lowered when nothing reaches it, and in parts of the picture where fewer gradients reach
        it than in the whole.

    Returns
    -------
    px, py : (H-1, W-1) ndarray
    next_threshold : float
        For the next iteration: the one used, divided by 1.1, as
        :func:`pydeblur.solver.threshold.threshold_gradients` gives it.

    Examples
    --------
    >>> picture = np.zeros((41, 41))
    >>> picture[5:8, 5:8], picture[30:33, 30:33] = 1.0, 0.5
    >>> px, py, following = threshold_gradients_evenly(picture, 0.9)
    >>> np.abs(px).max().item(), bool(np.abs(px[25:, 25:]).max() == 0.5), round(following, 3)
    (1.0, True, 0.818)
    """
    px, py = valid_gradients(image)
    magnitude = px**2 + py**2
    threshold = relaxed_threshold(magnitude, threshold)
    share = float(np.mean(magnitude >= threshold))
    strong = np.empty(magnitude.shape, bool)
    for rows in np.array_split(np.arange(magnitude.shape[0]), _PARTS):
        for columns in np.array_split(np.arange(magnitude.shape[1]), _PARTS):
            if len(rows) and len(columns):
                part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
                wanted = float(np.quantile(magnitude[part], 1 - share))
                strong[part] = magnitude[part] >= min(threshold, max(wanted, _LOWEST * threshold))
    return px * strong, py * strong, threshold / THRESHOLD_DECAY
