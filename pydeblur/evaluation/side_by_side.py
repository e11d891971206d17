"""A picture that shows blurred images beside what became of them."""

from __future__ import annotations

import numpy as np

from pydeblur.matlab import imresize

_GAP = 8


def side_by_side(rows) -> np.ndarray:
    """One picture with a row for each image: the blurred one, the deblurred one and the kernel.

    Parameters
    ----------
    rows : sequence of (blurred, deblurred, kernel, detail)
        Images (H, W), a kernel (n, n), and the part of the images that is shown, a tuple of slices: a detail is shown at twice
        its size, and its contrast is stretched.

    Returns
    -------
    (H', W') ndarray in [0, 1]

    Examples
    --------
    >>> image, kernel = np.zeros((40, 30)), np.full((3, 3), 1 / 9)
    >>> side_by_side([(image, image, kernel, np.s_[:, :])]).shape
    (48, 88)
    """
    drawn = [_row(*row) for row in rows]
    width = max(row.shape[1] for row in drawn)
    return np.concatenate([np.pad(row, ((0, _GAP), (0, width - row.shape[1])), constant_values=1) for row in drawn])


def _row(blurred, deblurred, kernel, detail):
    panels = [_panel(picture, detail) for picture in (blurred, deblurred)]
    height = panels[0].shape[0]
    enlarged = np.kron(kernel / kernel.max(), np.ones((4, 4)))
    shown = np.pad(enlarged, ((0, max(height - enlarged.shape[0], 0)), (0, 0)), constant_values=1)[:height]
    gap = np.ones((height, _GAP))
    return np.concatenate([panels[0], gap, panels[1], gap, shown], axis=1)


def _panel(picture, detail):
    part = picture[detail]
    if part.shape == picture.shape:
        return np.clip(picture, 0, 1)
    low, high = np.percentile(part, (0.5, 99.5))
    return np.clip((imresize(part, 2) - low) / (high - low), 0, 1)
