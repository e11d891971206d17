"""Figures of several methods on the same cases, and how far their differences can be trusted.

Cases differ much more than methods do, so methods are compared case by case: a difference is given as its mean over
the cases with the standard error of that mean. One below twice its standard error is no finding.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pydeblur.metrics import success_rate

#: Larger error ratios count as this in means: beyond it an estimate has failed, and how badly says nothing.
WORST_RATIO = 20.0
#: Error ratios of at most this many count as a success, in three degrees.
_LIMITS = (1.5, 2.0, 3.0)
#: A case counts as better or worse where its ratio changes by more than this factor.
_NOTABLE = 1.15
#: Formats of the columns for :func:`pydeblur.files.markdown_table`.
FORMATS = {
    "mean_ratio": ".2f",
    "median_ratio": ".2f",
    **{f"within_{limit:g}": ".0%" for limit in _LIMITS},
    "difference": "+.2f",
    "difference_error": ".2f",
    "change_percent": "+.1f",
    "change_error": ".1f",
}


class MeanWithError(NamedTuple):
    """A mean, and its standard error: None where there are fewer than two values."""

    mean: float
    error: float | None

    def __str__(self):
        return f"{self.mean:+.2f}" if self.error is None else f"{self.mean:+.2f} ± {self.error:.2f}"


def mean_with_error(values) -> MeanWithError:
    """The mean of some values, and its standard error.

    Parameters
    ----------
    values : (N,) array_like
        N >= 1.

    Examples
    --------
    >>> str(mean_with_error([1.0, 2.0, 3.0]))
    '+2.00 ± 0.58'
    """
    values = np.asarray(values, float)
    error = float(values.std(ddof=1) / np.sqrt(values.size)) if values.size > 1 else None
    return MeanWithError(float(values.mean()), error)


def capped(ratios) -> np.ndarray:
    """Error ratios of at most :data:`WORST_RATIO`, which also None counts as: an estimate that has failed.

    Examples
    --------
    >>> capped([1.5, None, 31.0]).tolist()
    [1.5, 20.0, 20.0]
    """
    return np.minimum([np.inf if ratio is None else ratio for ratio in ratios], WORST_RATIO)


def ratio_columns(ratios) -> dict:
    """Columns of a table about the error ratios of one method.

    Parameters
    ----------
    ratios : sequence of float or None
        One for each case; None where the estimate failed.

    Returns
    -------
    dict
        ``cases``, ``mean_ratio`` and ``median_ratio`` (capped), and the shares in [0, 1] with a ratio of at most 1.5,
        2 and 3.

    Examples
    --------
    >>> ratio_columns([1.0, 2.0, None])["mean_ratio"], ratio_columns([1.0, 2.0, None])["within_2"]
    (7.666666666666667, 0.6666666666666666)
    """
    ratios = capped(ratios)
    shares = {f"within_{limit:g}": float(share) for limit, share in zip(_LIMITS, success_rate(ratios, _LIMITS))}
    return {
        "cases": len(ratios),
        "mean_ratio": float(ratios.mean()),
        "median_ratio": float(np.median(ratios)),
        **shares,
    }


def comparison_columns(ratios, base) -> dict:
    """Columns of a table about the error ratios of a method next to those of another one on the same cases.

    Parameters
    ----------
    ratios, base : sequence of float or None
        Of the method, and of the one that it is compared with.

    Returns
    -------
    dict
        ``difference`` of the mean ratios and ``change_percent``, 100 times the mean of the logarithms of their
        quotients, each with its standard error; and how many cases are ``better`` and ``worse`` by more than 15 %.

    Examples
    --------
    >>> compared = comparison_columns([1.0, 2.0], [2.0, 2.0])
    >>> compared["difference"], round(compared["change_percent"], 1), compared["better"]
    (-0.5, -34.7, 1)
    """
    ratios, base = capped(ratios), capped(base)
    difference, change = mean_with_error(ratios - base), mean_with_error(100 * np.log(ratios / base))
    return {
        "difference": difference.mean,
        "difference_error": difference.error,
        "change_percent": change.mean,
        "change_error": change.error,
        "better": int(np.sum(ratios < base / _NOTABLE)),
        "worse": int(np.sum(ratios > base * _NOTABLE)),
    }
