"""What the ranking network's training minimises, and what its validation measures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from pydeblur.estimators.ranking import LARGEST_LOG_ERROR, MARGIN
from pydeblur.training.network import TrainableNetwork
from pydeblur.training.ranking.cases import RankingCase

#: Smaller mean squares are no worse than this.
_FLOOR = 1e-5
#: Weights of the errors as such, of the order of each two kernels and of the choice, beside the differences within the case.
_ABSOLUTE, _ORDER, _CHOICE = 0.2, 2.0, 0.5
#: How sharply two kernels are told apart, and how sharply one is chosen.
_SHARPNESS = 4.0
#: Log ratios of errors below the first make no order, and above the second count no more.
_SAME, _LARGEST_RATIO = 0.08, 1.5
_WORST_RATIO = 20.0


def ranking_loss(maps: torch.Tensor, errors: torch.Tensor) -> torch.Tensor:
    """Loss of one case.

    Parameters
    ----------
    maps : (n, h, w) tensor
        The network's, for n kernels.
    errors : (n, h, w) tensor
        Mean squares; squares where one is NaN do not count.

    Returns
    -------
    () tensor
        How far the logarithms are off, compared within the case and as such; how far two kernels are from the order of their
        mean errors, by a logistic loss that is weighed by the log ratio of the errors; and what is lost if a kernel is drawn
        with the probability softmax(-4 log of the mean predicted error).

    Examples
    --------
    >>> errors = torch.tensor([1e-3, 4e-3])[:, None, None].expand(2, 3, 3)
    >>> right, swapped = torch.log(errors), torch.log(errors.flip(0))
    >>> bool(ranking_loss(right, errors) < ranking_loss(swapped, errors))
    True
    """
    known = ~torch.isnan(errors).any(0)
    wanted, found = torch.log(errors[:, known] + _FLOOR), maps[:, known]
    within = functional.smooth_l1_loss(found - found.mean(0), wanted - wanted.mean(0))
    absolute = functional.smooth_l1_loss(found, wanted)
    true, predicted = log_mean(wanted), log_mean(found)
    share = torch.softmax(-_SHARPNESS * predicted, 0)
    lost = (share * (true - true.min()).clamp(max=_LARGEST_RATIO)).sum()
    return within + _ABSOLUTE * absolute + _ORDER * _order_loss(predicted, true) + _CHOICE * lost


def log_mean(maps: torch.Tensor) -> torch.Tensor:
    """The logarithm of the mean of what maps (n, squares) are the logarithms of: (n,)."""
    bounded = maps.clamp(max=LARGEST_LOG_ERROR)
    return torch.logsumexp(bounded, 1) - np.log(bounded.shape[1])


def _order_loss(predicted: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """The mean logistic loss of every two of n kernels, weighed by how much is lost if they are confused."""
    first, second = torch.triu_indices(len(true), len(true), 1)
    ratio, found = true[first] - true[second], predicted[first] - predicted[second]
    weight = ratio.abs().clamp(max=_LARGEST_RATIO) * (ratio.abs() > _SAME)
    losses = functional.softplus(-_SHARPNESS * ratio.sign() * found) / _SHARPNESS
    # Where no two differ there is nothing to lose.
    return (weight * losses).sum() / (weight.sum() + 0.5)


@torch.no_grad()
def regret(network: TrainableNetwork, paths: Sequence[Path]) -> tuple[float, float]:
    """What the choice of a network costs: the mean log error ratio above that of the best candidate.

    Parameters
    ----------
    network : TrainableNetwork
    paths : sequence of path
        Cases; ratios above 20 count as 20.

    Returns
    -------
    chosen, first : float
        Of the network's choice, and of the preset's first candidate.
    """
    lost = []
    for path in paths:
        case = RankingCase.load(path)
        planes = case.planes(network.architecture.inputs)[case.is_candidate]
        maps = network.activation_map(torch.from_numpy(planes))[:, 0, MARGIN:-MARGIN, MARGIN:-MARGIN]
        ratios = np.log(np.minimum(case.ratios[case.is_candidate], _WORST_RATIO))
        lost.append([ratios[int(log_mean(maps.flatten(1)).argmin())] - ratios.min(), ratios[0] - ratios.min()])
    chosen, first = np.mean(lost, axis=0)
    return float(chosen), float(first)
