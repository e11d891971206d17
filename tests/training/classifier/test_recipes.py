"""Recipes: the paper's is the paper's, and crops and learning rates follow them."""

import numpy as np
import pytest

from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.priors.classifier.architecture import COMPACT, PAPER
from pydeblur.training.classifier.options import RECIPE_NAMES, ClassifierTrainingOptions
from pydeblur.training.classifier.recipes import (
    CPU_RECIPE,
    PAPER_RECIPE,
    RECIPES,
    FixedCrops,
    ScaledCrops,
    adjusted_recipe,
    recipe_named,
)
from pydeblur.training.classifier.schedule import REPLAN_EVERY, Schedule, learning_rate_at


def test_paper_recipe_is_the_papers():
    recipe = recipe_named("paper")
    assert recipe.architecture == PAPER
    assert recipe.crops == FixedCrops(200, 50) and recipe.kernels == 200 and recipe.kernel_sizes == (7, 51)
    assert recipe.synthesis.noise == (0.01, 0.01) and recipe.synthesis.scales == (0.25, 1.0)
    assert (recipe.optimizer, recipe.initialisation) == ("sgd", "xavier")
    assert (recipe.learning_rate, recipe.weight_decay) == (1e-3, 1e-4)
    assert recipe.steps_per_epoch * recipe.crops.batch / 2 == 100_000


def test_the_command_line_knows_every_recipe():
    assert set(RECIPE_NAMES) == set(RECIPES) and all(RECIPES[name].name == name for name in RECIPE_NAMES)
    with pytest.raises(InvalidInputError, match="recipe should be one of paper, cpu, robust"):
        recipe_named("fast")


def test_options_take_the_place_of_the_recipe_s():
    options = ClassifierTrainingOptions(
        architecture="paper", scales=(1, 1), steps=7, learning_rate=0.5, validation_every=3
    )
    recipe = adjusted_recipe(CPU_RECIPE, options)
    assert (recipe.architecture, recipe.synthesis.scales) == (PAPER, (1, 1))
    assert (recipe.steps, recipe.learning_rate, recipe.validation_every) == (7, 0.5, 3)
    assert recipe.synthesis.noise == CPU_RECIPE.synthesis.noise and recipe.kernels == CPU_RECIPE.kernels
    assert adjusted_recipe(CPU_RECIPE, ClassifierTrainingOptions()) == CPU_RECIPE
    assert CPU_RECIPE.architecture == COMPACT


@pytest.mark.parametrize(
    "options",
    [
        {"architecture": "deep"},
        {"scales": (0.5, 2)},
        {"scales": (0.9, 0.5)},
        {"scales": 0.5},
        {"steps": 0},
        {"minutes": 0},
        {"learning_rate": -1},
        {"validation_every": 1.5},
        {"seed": -1},
        {"device": "tpu"},
        {"threads": 0},
        {"precision": "float8"},
        {"validation_images": 0},
        {"widening_noise": float("nan")},
    ],
    ids=str,
)
def test_options_out_of_range_are_refused_in_one_sentence(options):
    with pytest.raises(InvalidOptionError, match=f"^{next(iter(options))} should be [^\n]+$"):
        ClassifierTrainingOptions(**options)


def test_crops_shrink_with_the_scale():
    crops, rng = ScaledCrops(view=(100, 200), sides=(40, 160), pixels=20_000, batch=(4, 10)), np.random.default_rng(0)
    for _ in range(100):
        side, batch, (scale, same) = crops.draw(rng, (0.25, 1.0))
        assert scale == same and 0.25 <= scale <= 1
        assert side in (40, 160) or 100 * scale - 1 <= side <= 200 * scale
        assert batch % 2 == 0 and 4 <= batch <= 10 and (batch in (4, 10) or batch * side**2 <= 20_000)


def test_share_of_batches_at_full_resolution():
    crops, rng = ScaledCrops((100, 200), (40, 160), 20_000, (4, 10), full_share=0.3), np.random.default_rng(0)
    scales = [crops.draw(rng, (0.25, 1.0))[2][0] for _ in range(1000)]
    assert np.mean(np.array(scales) == 1.0) == pytest.approx(0.3, abs=0.05)


def test_learning_rates():
    rates = [learning_rate_at(PAPER_RECIPE, 0, epoch * PAPER_RECIPE.steps_per_epoch) for epoch in (0, 49, 50, 100)]
    np.testing.assert_allclose(rates, [1e-3, 1e-3, 2e-4, 4e-5])
    rates = [learning_rate_at(CPU_RECIPE, progress, 0) for progress in (0, 0.1, 0.55, 1)]
    np.testing.assert_allclose(rates, [1e-4, 2e-3, 1e-3, 0], atol=1e-12)


def test_a_schedule_of_batches_ends_after_them():
    schedule, steps = Schedule(PAPER_RECIPE), 0
    schedule.rate = 1 / 1000
    while not schedule.is_finished:
        steps += 1
        schedule.advance(steps, seconds=10.0 * steps)
    assert steps == 1000


@pytest.mark.parametrize("seconds_per_step, slower_later", [(0.1, 1), (0.1, 2), (1.7, 1)])
def test_a_schedule_of_minutes_ends_with_them(seconds_per_step, slower_later):
    """Five minutes, whatever the recipe's number of batches and the speed, which may change on the way."""
    schedule, seconds, steps = Schedule(CPU_RECIPE, minutes=5), 0.0, 0
    while not schedule.is_finished:
        steps += 1
        seconds += seconds_per_step * (slower_later if seconds > 150 else 1)
        schedule.advance(steps, seconds)
    assert seconds == pytest.approx(300, rel=0.01) and schedule.progress == pytest.approx(1, abs=0.01)


def test_a_schedule_whose_time_is_up_ends_with_the_next_batch():
    schedule = Schedule(CPU_RECIPE, minutes=1)
    for step in range(1, REPLAN_EVERY + 1):
        schedule.advance(step, seconds=2.0 * step)
    assert not schedule.is_finished
    schedule.advance(REPLAN_EVERY + 1, seconds=102.0)
    assert schedule.is_finished and schedule.progress == pytest.approx(1)
    other = Schedule(CPU_RECIPE, minutes=1)
    other.load(schedule.state())
    assert other.is_finished and other.state() == schedule.state()
