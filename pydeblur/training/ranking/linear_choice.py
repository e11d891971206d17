"""A linear rank of kernels: weights for what speaks for and against them, and a probability that the choice is right.

Fitted on cases whose true kernels are known, for :class:`pydeblur.estimators.EvidenceWeights` and
:mod:`pydeblur.estimators.confidence`. A few numbers need a few dozen cases where a network needs hundreds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.estimators.evidence import KernelEvidence

#: In dB: what a choice loses more than this counts as much as this; a failed case is failed.
_LARGEST_LOSS = 6.0
#: In dB: a kernel may be so much better than the true one, whose faint strokes only carry noise.
_BEYOND_TRUTH = 0.5
#: In dB: a kernel that loses more than this to the true one, and is preferred to it, is a wrong preference.
_CLEARLY_WORSE = 1.0


@dataclass(frozen=True, eq=False)
class ScoredCase:
    """The kernels of one blurred image, what there is to say of each, and what they are worth.

    Attributes
    ----------
    name : str
        Of the scene: no scene is in the fit and in what it is tried on.
    evidence : tuple of KernelEvidence
        Of n kernels of one scale.
    psnr : (n,) ndarray
        In dB, of the images restored with them.
    true_evidence : KernelEvidence
        Of the true kernel at that scale.
    true_psnr : float
    """

    name: str
    evidence: tuple[KernelEvidence, ...]
    psnr: np.ndarray
    true_evidence: KernelEvidence
    true_psnr: float

    def losses(self) -> np.ndarray:
        """What each kernel loses to the best of them (n,), in dB, at most 6."""
        bounded = np.minimum(self.psnr, self.true_psnr + _BEYOND_TRUTH)
        return np.minimum(bounded.max() - bounded, _LARGEST_LOSS)

    def numbers(self, names: Sequence[str]) -> np.ndarray:
        """Some fields of the evidence (n, len(names))."""
        return np.array([[getattr(each, name) for name in names] for each in self.evidence])


def scores(case: ScoredCase, weights: dict[str, float]) -> np.ndarray:
    """The scores (n,) of a case's kernels: the log error and the weighted numbers, the lower the better."""
    return case.numbers(["log_error"])[:, 0] + case.numbers(list(weights)) @ np.array(list(weights.values()), float)


def mean_loss(cases: Sequence[ScoredCase], weights: dict[str, float]) -> float:
    """What the choice loses to a perfect one on the mean, in dB."""
    return float(np.mean([case.losses()[np.argmin(scores(case, weights))] for case in cases]))


def share_preferred_to_truth(cases: Sequence[ScoredCase], weights: dict[str, float]) -> float:
    """In which share of the cases a kernel that is more than 1 dB worse has a better score than the true one."""
    wrong = []
    for case in cases:
        true = case.true_evidence
        score = true.log_error + sum(weight * getattr(true, name) for name, weight in weights.items())
        worse = case.psnr < case.true_psnr - _CLEARLY_WORSE
        wrong.append(bool(np.any(worse & (scores(case, weights) < score))))
    return float(np.mean(wrong))


def fit_weights(
    cases: Sequence[ScoredCase], names: Sequence[str], ridge: float = 0.05, temperature: float = 0.15
) -> dict[str, float]:
    """Weights of some numbers beside the log error, by which the choice loses least.

    A kernel is drawn with the probability softmax(−score / temperature); what is made small is its expected loss, and the sum
    of the squared weights of the numbers divided by their standard deviations.

    Parameters
    ----------
    cases : sequence of ScoredCase
    names : sequence of str
        Fields of KernelEvidence.
    ridge : float
        Weight of the squares.
    temperature : float
        In the unit of the log error.

    Examples
    --------
    Where the log error is blind, the extent decides:

    >>> def evidence(extent):
    ...     return KernelEvidence(-5, -5, 0, 0, extent, 4, 0.1, 0, -8, -5, -9)
    >>> kernels = tuple(evidence(extent) for extent in (0.1, 0.2, 0.3))
    >>> case = ScoredCase("a", kernels, np.array([20.0, 22.0, 25.0]), evidence(0.3), 25.0)
    >>> weights = fit_weights([case], ["extent"])
    >>> weights["extent"] < 0, mean_loss([case], weights), mean_loss([case], {})
    (True, 0.0, 5.0)
    """
    from scipy.optimize import minimize

    tables = [case.numbers(names) for case in cases]
    deviations = np.std(np.concatenate([table - table.mean(axis=0) for table in tables]), axis=0) + 1e-9
    errors = [case.numbers(["log_error"])[:, 0] for case in cases]
    losses = [case.losses() for case in cases]

    def expected(scaled):
        weights = scaled / deviations
        total, slope = 0.0, np.zeros_like(scaled)
        for table, error, loss in zip(tables, errors, losses):
            exponents = -(error + table @ weights) / temperature
            shares = np.exp(exponents - exponents.max())
            shares /= shares.sum()
            mean = shares @ loss
            total += mean
            slope -= (shares * (loss - mean)) @ table / temperature / deviations
        return total / len(cases) + ridge * (scaled @ scaled), slope / len(cases) + 2 * ridge * scaled

    found = minimize(expected, np.zeros(len(names)), jac=True, method="L-BFGS-B")
    return dict(zip(names, (found.x / deviations).tolist()))


def held_out_loss(cases: Sequence[ScoredCase], names: Sequence[str], ridge: float = 0.05) -> float:
    """The mean loss, in dB, of each case with the weights that the cases of all other scenes give.

    Raises
    ------
    InvalidInputError
        If there is but one scene.
    """
    if len({case.name for case in cases}) < 2:
        raise InvalidInputError(
            "cases should be of at least two scenes: weights are tried on another than they are fitted on"
        )
    lost = []
    for case in cases:
        weights = fit_weights([each for each in cases if each.name != case.name], names, ridge)
        lost.append(mean_loss([case], weights))
    return float(np.mean(lost))


def area_under_curve(right: np.ndarray, confidence: np.ndarray) -> float:
    """The area under the ROC curve: how often a right kernel has a higher confidence than a wrong one.

    Parameters
    ----------
    right : (n,) bool ndarray
        With both values.
    confidence : (n,) ndarray

    Examples
    --------
    >>> area_under_curve(np.array([True, True, False]), np.array([0.9, 0.4, 0.4]))
    0.75
    """
    above = confidence[right][:, None] - confidence[~right][None]
    return float(np.mean((above > 0) + 0.5 * (above == 0)))


def fit_logistic(numbers: np.ndarray, right: np.ndarray, ridge: float = 1.0) -> tuple[np.ndarray, float]:
    """Weights and intercept of a logistic regression with a ridge.

    Parameters
    ----------
    numbers : (n, m) ndarray
        Of mean 0 and standard deviation 1.
    right : (n,) bool ndarray
    ridge : float
        Weight of the squared weights, beside the sum of the cases' losses.

    Returns
    -------
    weights : (m,) ndarray
    intercept : float

    Examples
    --------
    >>> weights, intercept = fit_logistic(np.array([[-1.0], [0.0], [1.0], [-1.0]]), np.array([False, True, True, False]))
    >>> bool(weights[0] > 0)
    True
    """
    from scipy.optimize import minimize

    def loss(values):
        margin = numbers @ values[:-1] + values[-1]
        signed = np.where(right, margin, -margin)
        # The derivative of log(1 + exp(-signed)) is -1 / (1 + exp(signed)).
        pull = np.where(right, -1.0, 1.0) * np.exp(-np.logaddexp(0, signed))
        slope = np.append(numbers.T @ pull + 2 * ridge * values[:-1], pull.sum())
        return np.logaddexp(0, -signed).sum() + ridge * (values[:-1] @ values[:-1]), slope

    found = minimize(loss, np.zeros(numbers.shape[1] + 1), jac=True, method="L-BFGS-B").x
    return found[:-1], float(found[-1])
