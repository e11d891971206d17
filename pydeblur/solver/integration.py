"""The image whose gradients come nearest to given ones."""

from __future__ import annotations

import numpy as np
import scipy


def image_of_gradients(gradient_x: np.ndarray, gradient_y: np.ndarray, mean: float = 0.0) -> np.ndarray:
    """Find the image I that minimises ||∇I - g||², by the discrete cosine transform.

    Parameters
    ----------
    gradient_x, gradient_y : (H, W) ndarray
        Differences as :func:`pydeblur.solver.gradients.valid_gradients` gives them: of each pixel and its right neighbour,
        and of each pixel and its lower one. The last column of the first and the last row of the second do not count.
    mean : float
        The image's mean, which its gradients do not tell.

    Returns
    -------
    (H, W) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0.0, 1.0, 3.0], [2.0, 2.0, 4.0]])
    >>> x, y = np.zeros((2, 2, 3))
    >>> x[:, :-1], y[:-1] = image[:, :-1] - image[:, 1:], image[:-1] - image[1:]
    >>> image_of_gradients(x, y, mean=2.0).round(9).tolist()
    [[0.0, 1.0, 3.0], [2.0, 2.0, 4.0]]
    """
    height, width = gradient_x.shape
    # The normal equations' right side: differences of the gradients, with nothing beyond the border.
    right = np.zeros((height, width))
    right[:, :-1] += gradient_x[:, :-1]
    right[:, 1:] -= gradient_x[:, :-1]
    right[:-1] += gradient_y[:-1]
    right[1:] -= gradient_y[:-1]
    rows, columns = (2 - 2 * np.cos(np.pi * np.arange(length) / length) for length in (height, width))
    eigenvalues = rows[:, None] + columns
    eigenvalues[0, 0] = 1
    spectrum = scipy.fft.dctn(right, norm="ortho") / eigenvalues
    spectrum[0, 0] = mean * np.sqrt(height * width)
    return scipy.fft.idctn(spectrum, norm="ortho")
