"""How far a run is, and the learning rate there."""

from __future__ import annotations

import math

from pydeblur.training.classifier.recipes import Recipe

#: Batches from one fit of the schedule to the time that is left to the next.
REPLAN_EVERY = 50
#: The recipe "paper" divides the learning rate by this after so many epochs (section 3.4).
_DIVISOR, _EPOCHS = 5, 50
#: A one-cycle schedule begins with this share of the largest learning rate.
_FIRST_SHARE = 0.05


class Schedule:
    """The progress of a run, which ends after a number of batches or after some minutes.

    Parameters
    ----------
    recipe : Recipe
    minutes : float, optional
        Length of the run in place of the recipe's number of batches, to which the speed is fitted every
        `REPLAN_EVERY` batches.

    Attributes
    ----------
    progress : float
        Share of the run that is done, in [0, 1].
    rate : float
        What a batch adds to it.

    Examples
    --------
    >>> from pydeblur.training.classifier.recipes import CPU_RECIPE
    >>> schedule = Schedule(CPU_RECIPE)
    >>> schedule.advance(step=1, seconds=0.3)
    >>> schedule.progress == 1 / CPU_RECIPE.steps, schedule.is_finished
    (True, False)
    """

    def __init__(self, recipe: Recipe, minutes: float | None = None):
        self._recipe, self._minutes = recipe, minutes
        self.progress, self.rate = 0.0, 1.0 / recipe.steps

    @property
    def is_finished(self) -> bool:
        """Whether the last batch was made."""
        return self.progress >= 1 - 0.5 * self.rate

    def learning_rate(self, step: int) -> float:
        """The learning rate of the batch after so many."""
        return learning_rate_at(self._recipe, self.progress, step)

    def advance(self, step: int, seconds: float) -> None:
        """Count a batch: with it `step` batches were made, in so many seconds."""
        self.progress += self.rate
        if self._minutes is not None and step % REPLAN_EVERY == 0:
            batches_left = max(0.0, 60 * self._minutes - seconds) / (seconds / step)
            self.rate = max(0.0, 1 - self.progress) / max(1.0, batches_left)

    def state(self) -> dict:
        """What a checkpoint holds of it."""
        return {"progress": self.progress, "rate": self.rate}

    def load(self, state: dict) -> None:
        """Go on from what :meth:`state` has given."""
        self.progress, self.rate = state["progress"], state["rate"]


def learning_rate_at(recipe: Recipe, progress: float, step: int) -> float:
    """Learning rate of a batch.

    Parameters
    ----------
    recipe : Recipe
    progress : float
        Share of the run that is done, in [0, 1].
    step : int
        Number of batches done.

    Returns
    -------
    float
        With the schedule "steps" as in section 3.4 of the paper: a fifth after every 50 epochs. With "one-cycle" it rises
        linearly to the recipe's, and falls to 0 by half a cosine.

    Examples
    --------
    >>> from pydeblur.training.classifier.recipes import CPU_RECIPE, PAPER_RECIPE
    >>> learning_rate_at(PAPER_RECIPE, 0.5, 100 * PAPER_RECIPE.steps_per_epoch)
    4e-05
    >>> learning_rate_at(CPU_RECIPE, CPU_RECIPE.warm_up, 0)
    0.002
    """
    if recipe.schedule == "steps":
        return recipe.learning_rate / _DIVISOR ** (step // recipe.steps_per_epoch // _EPOCHS)
    if progress < recipe.warm_up:
        return recipe.learning_rate * (_FIRST_SHARE + (1 - _FIRST_SHARE) * progress / recipe.warm_up)
    left = 1 - min(1.0, (progress - recipe.warm_up) / (1 - recipe.warm_up))
    return recipe.learning_rate * 0.5 * (1 - math.cos(math.pi * left))
