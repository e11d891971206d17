"""The final step that the package takes by itself where nobody names one, for a picture and a kernel of a benchmark."""

from __future__ import annotations

import numpy as np

from pydeblur.deblurring.final_step import step_asked_for
from pydeblur.nonblind.chosen_step import ChosenStep
from pydeblur.nonblind.methods import deconvolve
from pydeblur.preprocess.clipping import has_clipped_highlights


def own_step(image: np.ndarray, kernel: np.ndarray, confidence: float | None = None) -> ChosenStep:
    """Choose the final step as :func:`pydeblur.deblur` does it by default.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray
        Blurred image in [0, 1].
    kernel : (n, n) ndarray
        Odd sizes, of sum 1.
    confidence : float, optional
        Of the kernel, where its estimator has one.

    Returns
    -------
    ChosenStep
        Whyte et al.'s for clipped highlights that need it, total variation for a kernel that is doubted; else the default,
        whose weights follow the noise.

    Examples
    --------
    >>> image, kernel = np.full((16, 16), 0.5), np.full((3, 3), 1 / 9)
    >>> own_step(image, kernel).method is None, own_step(image, kernel, confidence=0.05).method
    (True, 'tv')
    """
    asked_for = step_asked_for(image, kernel, confidence, has_clipped_highlights(image, len(kernel)), image)
    return asked_for or ChosenStep(None, "nothing asks for another step than the default")


def restored_by_own_step(image: np.ndarray, kernel: np.ndarray, confidence: float | None = None) -> np.ndarray:
    """Deblur an image by the step that :func:`own_step` chooses.

    Parameters
    ----------
    image, kernel, confidence
        As :func:`own_step` takes them.

    Returns
    -------
    (H, W) or (H, W, 3) ndarray
        Not clipped.

    Examples
    --------
    >>> image, kernel = np.full((16, 16), 0.5), np.full((3, 3), 1 / 9)
    >>> bool(np.allclose(restored_by_own_step(image, kernel), 0.5))
    True
    """
    step = own_step(image, kernel, confidence)
    return deconvolve(image, kernel, step.method, **step.options)
