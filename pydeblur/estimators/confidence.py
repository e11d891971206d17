"""Whether the blur was found: a probability, from what speaks for and against the kernel that was chosen.

A logistic regression on some numbers of :class:`~pydeblur.estimators.evidence.KernelEvidence`, fitted on blurred photographs
whose true kernels were known (docs/studies/right_kernel). What it tells is how probable it is that the image restored with
the kernel is within 1.5 dB of the one that the true kernel gives.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pydeblur.estimators.evidence import KernelEvidence, radius
from pydeblur.metrics.kernels import kernel_similarity
from pydeblur.nonblind.chosen_step import ChosenStep

#: Below this probability the blur was probably not found.
DOUBTFUL = 0.2
#: Weight of the final step "tv" where the kernel is doubted: a wrong kernel rings, and a larger weight forgives more of it.
LAMBDA_TV_IN_DOUBT = 4e-3
#: In pixels: a kernel of a smaller radius hardly blurs.
HARDLY_ANY = 0.4
_ADVICE = "try another region (crop) with strong edges, another kernel size or gamma 2.2"
#: The shorter side in pixels of the smallest images that the regression was fitted on; of smaller ones it can't tell.
SMALLEST_SIDE = 200
#: So many of the other kernels count for the agreement, after they were smoothed within so much more room.
_NEAREST, _ROOM = 5, 2
#: Noise below this is that of rounding to 8 bits.
_LEAST_NOISE = 1e-3


@dataclass(frozen=True)
class Regressor:
    """A number of the evidence: its mean and standard deviation on the cases of the fit, and its weight."""

    mean: float
    deviation: float
    weight: float


INTERCEPT = -0.429
REGRESSORS = {
    "extent": Regressor(0.185, 0.075, 0.471),
    "agreement": Regressor(0.954, 0.047, 0.519),
    "half_log_odds": Regressor(-3.489, 3.307, -0.416),
}
#: What :func:`confidence_in` has to know of a kernel's evidence.
NUMBERS = tuple(name for name in REGRESSORS if name in KernelEvidence.__dataclass_fields__)


def confidence_in(evidence: KernelEvidence, noise: float, agreement: float) -> float:
    """The probability that a kernel is the right one.

    Parameters
    ----------
    evidence : KernelEvidence
        Of the kernel at the finest scale.
    noise : float
        Standard deviation of the blurred image's noise, intensities in [0, 1].
    agreement : float
        Of the other runs' kernels with it, see :func:`agreement_of`.

    Returns
    -------
    float
        In [0, 1].

    Examples
    --------
    >>> good = KernelEvidence(-5.5, -5.0, -6.0, -3.0, 0.25, 5.0, 0.05, 0.0, -8.5, -5.0, -9.0)
    >>> poor = KernelEvidence(-4.0, -3.5, 3.0, 4.0, 0.05, 3.0, 0.2, 0.0, -7.0, -6.0, -5.0)
    >>> confidence_in(good, 0.01, 0.95) > confidence_in(poor, 0.01, 0.7)
    True
    """
    numbers = numbers_of(evidence, noise, agreement)
    odds = INTERCEPT + sum(
        each.weight * (numbers[name] - each.mean) / each.deviation for name, each in REGRESSORS.items()
    )
    return 1 / (1 + math.exp(-odds)) if odds > 0 else math.exp(odds) / (1 + math.exp(odds))


def is_doubtful(confidence: float | None) -> bool:
    """Whether the blur was probably not found; an unknown confidence is no reason for doubt.

    Examples
    --------
    >>> is_doubtful(0.1), is_doubtful(0.9), is_doubtful(None)
    (True, False, False)
    """
    return confidence is not None and confidence < DOUBTFUL


def step_in_doubt(confidence: float | None) -> ChosenStep | None:
    """The final step for a kernel that is doubted: total variation with a weight that forgives more; None without doubt.

    Examples
    --------
    >>> step_in_doubt(0.1)
    ChosenStep(method='tv', reason='the kernel is doubted (confidence 0.10)', options={'lambda_tv': 0.004})
    >>> step_in_doubt(0.9) is step_in_doubt(None) is None
    True
    """
    if confidence is None or not is_doubtful(confidence):
        return None
    return ChosenStep("tv", f"the kernel is doubted (confidence {confidence:.2f})", {"lambda_tv": LAMBDA_TV_IN_DOUBT})


def doubt_about(kernel: np.ndarray, confidence: float | None) -> str | None:
    """What a user should know of a kernel that is probably not the right one.

    Parameters
    ----------
    kernel : (n, n) ndarray
    confidence : float or None
        As :func:`confidence_in` gives it, where it is known.

    Returns
    -------
    str or None
        One sentence; None where there is nothing to say.

    Examples
    --------
    >>> print(doubt_about(np.full((5, 5), 1 / 25), 0.1).partition(":")[0])
    the blur was probably not found (confidence 0.10)
    >>> doubt_about(np.full((5, 5), 1 / 25), 0.9), doubt_about(np.full((5, 5), 1 / 25), None)
    (None, None)
    """
    if radius(kernel) < HARDLY_ANY:
        return f"the kernel that was found is nearly a point, so that the image is hardly changed: {_ADVICE}"
    if is_doubtful(confidence):
        return f"the blur was probably not found (confidence {confidence:.2f}): {_ADVICE}"
    return None


def numbers_of(evidence: KernelEvidence, noise: float, agreement: float) -> dict[str, float]:
    """What the regression may look at: the evidence, the agreement, and the residual against the noise.

    Examples
    --------
    >>> evidence = KernelEvidence(-5.5, -5.0, -6.0, -3.0, 0.25, 5.0, 0.05, 0.0, -8.5, -5.0, -9.0)
    >>> round(numbers_of(evidence, 0.01, 0.9)["noise_residual"], 3)
    0.71
    """
    squared = max(noise, _LEAST_NOISE) ** 2
    return {**vars(evidence), "noise_residual": evidence.residual - math.log(squared), "agreement": agreement}


def agreement_of(kernel: np.ndarray, others: Sequence[np.ndarray]) -> float:
    """How much the kernels of other runs agree with one: where the blur was found, several runs have found it.

    Parameters
    ----------
    kernel : (n, n) ndarray
    others : sequence of (m, m) ndarray
        Of the same scale; their sizes may differ.

    Returns
    -------
    float
        The mean similarity (Hu and Yang [12]) with the five most similar ones, all smoothed by a pixel; 0 without others.

    Examples
    --------
    >>> stroke = np.eye(9) / 9
    >>> round(agreement_of(stroke, [stroke, np.roll(stroke, 1, axis=0)]), 1), agreement_of(stroke, [])
    (1.0, 0.0)
    """
    from scipy.ndimage import gaussian_filter  # SciPy takes a second to import it

    def smoothed(each):
        return gaussian_filter(np.pad(np.asarray(each, float), _ROOM), 1.0)

    own = smoothed(kernel)
    similarities = sorted((kernel_similarity(own, smoothed(each)) for each in others), reverse=True)
    return float(np.mean(similarities[:_NEAREST])) if similarities else 0.0
