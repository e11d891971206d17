"""What the ranking network's training minimises, and what its validation measures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from pydeblur.estimators.ranking import MARGIN
from pydeblur.training.network import TrainableNetwork
from pydeblur.training.ranking.cases import RankingCase

#: Smaller mean squares are no worse than this.
_FLOOR = 1e-5
#: Weights of the errors as such, beside their differences within the case, and of the choice; how sharply it is made.
_ABSOLUTE, _CHOICE, _SHARPNESS = 0.2, 0.5, 4.0
#: What a network says beyond this logarithm, an error of 20, changes the choice no more.
_LARGEST_LOG_ERROR = 3.0
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
        How far the logarithms are off, compared within the case and as such, and what is lost if a kernel is drawn with
        the probability softmax(-4 log of the mean predicted error).

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
    total = torch.logsumexp(wanted, 1)
    share = torch.softmax(-_SHARPNESS * torch.logsumexp(found.clamp(max=_LARGEST_LOG_ERROR), 1), 0)
    return within + _ABSOLUTE * absolute + _CHOICE * (share * (total - total.min())).sum()


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
        images = torch.from_numpy(case.images[case.is_candidate]).float()[:, None]
        maps = network.activation_map(images)[:, 0, MARGIN:-MARGIN, MARGIN:-MARGIN]
        ratios = np.log(np.minimum(case.ratios[case.is_candidate], _WORST_RATIO))
        lost.append([ratios[int(maps.mean((1, 2)).argmin())] - ratios.min(), ratios[0] - ratios.min()])
    chosen, first = np.mean(lost, axis=0)
    return float(chosen), float(first)
