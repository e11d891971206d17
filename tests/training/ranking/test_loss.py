"""The loss prefers the right order, and the regret is what a choice costs."""
# ruff: noqa: E402

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pydeblur.priors.classifier.architecture import Architecture
from pydeblur.training.ranking.cases import RankingCase
from pydeblur.training.ranking.loss import _order_loss, log_mean, ranking_loss, regret


def test_the_loss_prefers_the_right_order():
    errors = torch.exp(torch.tensor([[-6.0, -4.0], [-3.0, -2.0]]))[:, None].repeat(1, 3, 1)
    errors[0, 0, 0] = torch.nan
    right = torch.log(errors.nan_to_num(1.0))
    exact, shifted, swapped = (ranking_loss(maps, errors) for maps in (right, right + 1, right.flip(0)))
    assert exact < 0.05 and exact < shifted < swapped
    assert torch.isfinite(swapped)


def test_the_loss_is_the_sum_of_its_parts():
    """One square and two kernels, of errors so large that the floor does not count; by hand."""
    errors, maps = torch.tensor([1.0, np.e**2]).reshape(2, 1, 1), torch.tensor([0.5, 1.0]).reshape(2, 1, 1)
    # Differences within the case: -0.25 and 0.25 for -1 and 1; as such: 0.5 for 0 and 1 for 2. Huber's loss.
    within, absolute = 0.5 * 0.75**2, (0.5 * 0.5**2 + (1.0 - 0.5)) / 2
    # The second kernel, which loses 2 that count as 1.5, is drawn with the probability softmax(-4 · 0.5, -4 · 1.0).
    lost = 1.5 * np.exp(-4.0) / (np.exp(-2.0) + np.exp(-4.0))
    # The order of the two is right, by 0.5.
    order = 1.5 * np.log(1 + np.exp(-4 * 0.5)) / 4 / (1.5 + 0.5)
    expected = within + 0.2 * absolute + 2.0 * order + 0.5 * lost
    assert ranking_loss(maps, errors).item() == pytest.approx(expected, rel=1e-4)


def test_the_mean_is_of_the_errors_and_not_of_their_logarithms():
    maps = torch.log(torch.tensor([[[1.0, 3.0]], [[1e-8, 5.0]]])).flatten(1)
    assert log_mean(maps).tolist() == pytest.approx([np.log(2.0), np.log(2.5)], rel=1e-5)
    # Beyond an error of 20 a square counts no more.
    assert log_mean(torch.tensor([[9.0]])).item() == log_mean(torch.tensor([[3.0]])).item() == 3.0


def test_kernels_that_are_as_good_have_no_order():
    errors = torch.tensor([1.0, 1.05]).reshape(2, 1, 1)
    maps = torch.zeros(2, 1, 1)
    worse = torch.tensor([1.0, 1.3]).reshape(2, 1, 1)
    order = [_order_loss(log_mean(maps.flatten(1)), log_mean(torch.log(each).flatten(1))) for each in (errors, worse)]
    assert order[0] == 0 < order[1]


#: Squares along an image.
CELLS = 31


def test_what_is_unknown_does_not_count():
    errors, maps = torch.rand(3, 4, 4) + 0.1, torch.randn(3, 4, 4)
    cut = ranking_loss(maps[:, :, :2], errors[:, :, :2])
    errors[1, :, 2:] = torch.nan
    torch.testing.assert_close(ranking_loss(maps, errors), cut)


class Chooser:
    """A network that likes one of the kernels best."""

    architecture = Architecture("chooser", (1,), ())

    def __init__(self, chosen):
        self.chosen = chosen

    def activation_map(self, images):
        maps = torch.ones(len(images), 1, CELLS, CELLS)
        maps[self.chosen, :, 5:20, 5:20] = -1
        # Nothing within the margin of two squares counts.
        maps[:, :, 0, 0] = torch.arange(len(images), 0, -1)[:, None] * -100.0
        return maps


def test_the_regret_is_the_log_ratio_to_the_best_candidate(tmp_path):
    images = np.zeros((5, 8 * CELLS, 8 * CELLS), np.float16)
    errors = np.zeros((5, CELLS, CELLS), np.float32)
    runs = ("true", "point", "first", "other", "third")
    for number, ratios in enumerate(([1, 9, 3.0, 1.5, 50.0], [1, 9, 2.0, 4.0, 2.0])):
        residuals = np.zeros(images.shape, np.int8)
        case = RankingCase("case", runs, images, residuals, images[0], errors, np.array(ratios), 0.01, 15)
        case.save(tmp_path / f"{number}.npz")
    paths = sorted(tmp_path.iterdir())
    first = (np.log(3.0 / 1.5) + 0) / 2
    # Ratios above 20 count as 20.
    for chosen, lost in ((0, first), (1, np.log(2.0) / 2), (2, np.log(20 / 1.5) / 2)):
        assert regret(Chooser(chosen), paths) == pytest.approx((lost, first))
