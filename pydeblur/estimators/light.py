"""The final step of a picture that looks as if it had clipped highlights: which one, and in which light.

Two things tell whether a blur was one of linear light, as a camera's, or of the stored values: which of them explains the picture
(:mod:`pydeblur.nonblind.light`), and which of two restorations the ranking network likes better. What was measured is in
docs/studies/right_kernel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pydeblur.nonblind.chosen_step import ChosenStep

#: The network's log errors count so much beside the logarithm of the ratio of what is left unexplained; and below this sum the
#: stored values are believed, since linear light is the rule.
EYE_WEIGHT, BELIEVED_BELOW = 0.1, -0.4


@dataclass(frozen=True)
class LightOfBlur:
    """In which light a picture was blurred.

    Attributes
    ----------
    gamma : float
        The blur added up intensities to this power: 2.2 is linear light, 1 the stored values.
    residual_ratio : float
        What a blur of the stored values leaves unexplained, by what one of linear light leaves.
    error_difference : float
        The ranking network's log error of the picture restored in its stored values, less that of the one restored in linear
        light.

    Examples
    --------
    >>> LightOfBlur(1.0, 0.5, -0.2).is_stored
    True
    """

    gamma: float
    residual_ratio: float
    error_difference: float

    @property
    def is_stored(self) -> bool:
        """Whether it was the stored values."""
        return self.gamma == 1


def light_of_blur(image: np.ndarray, kernel: np.ndarray, workers: int = 1) -> LightOfBlur:
    """Tell in which light a clipped picture was blurred, from the picture and its kernel.

    Parameters
    ----------
    image : (H, W) or (H, W, C) ndarray
        In [0, 1]; see :func:`pydeblur.nonblind.light.plane_to_look_at` for what of it is looked at.
    kernel : (n, m) ndarray
        Odd sizes, smaller than the image, of sum 1.
    workers : int
        Threads.

    Returns
    -------
    LightOfBlur
        Linear light where the two explain the picture about equally well.

    Examples
    --------
    >>> light_of_blur(np.full((64, 64), 0.5), np.full((3, 3), 1 / 9)).gamma
    2.2
    """
    # These need much of SciPy, and few pictures need them.
    from pydeblur.estimators.presets import RankingOptions
    from pydeblur.estimators.ranking import log_error, restored_by_tv
    from pydeblur.nonblind.light import LINEAR, STORED, plane_to_look_at, residual_ratio
    from pydeblur.priors.classifier.network import ClassifierNetwork

    plane = plane_to_look_at(image, max(kernel.shape))
    network = ClassifierNetwork(RankingOptions(threads=workers))
    stored, linear = (log_error(restored_by_tv(plane, kernel, gamma), network) for gamma in (STORED, LINEAR))
    ratio, difference = residual_ratio(plane, kernel, workers), stored - linear
    is_stored = math.log(ratio) + EYE_WEIGHT * difference < BELIEVED_BELOW
    return LightOfBlur(STORED if is_stored else LINEAR, ratio, difference)


def step_for_highlights(
    image: np.ndarray, kernel: np.ndarray, part: np.ndarray | None = None, workers: int = 1
) -> ChosenStep:
    """Choose the final step of a picture that looks as if it had clipped highlights.

    Whyte et al.'s step where clipped pixels had more light than a picture within [0, 1] can give
    (:func:`pydeblur.nonblind.saturation.needs_more_light`), and then in the light that explains the picture; else the default
    step.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray
        In [0, 1].
    kernel : (n, n) ndarray
        Odd sizes, of sum 1.
    part : (h, w) or (h, w, 3) ndarray, optional
        What of the image tells the light, larger than the kernel; None takes linear light as given.
    workers : int
        Threads.

    Examples
    --------
    >>> image = np.full((16, 16), 0.5)
    >>> step_for_highlights(image, np.full((3, 3), 1 / 9)).method is None
    True
    """
    from pydeblur.nonblind.saturation import needs_more_light  # it needs much of SciPy

    if not needs_more_light(image, kernel):
        return ChosenStep(None, "the clipped highlights need no light beyond white")
    reason = "the clipped highlights had more light than white"
    if part is None:
        return ChosenStep("whyte", reason)
    light = light_of_blur(part, kernel, workers)
    if not light.is_stored:
        return ChosenStep("whyte", f"{reason}, and no blur of the stored values explains the picture clearly better")
    left = f"leaves {light.residual_ratio:.0%} of what one of linear light leaves unexplained"
    return ChosenStep("whyte", f"{reason}, and a blur of the stored values {left}", {"light_gamma": light.gamma})
