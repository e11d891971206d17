"""The end of every scale of a kernel's estimation, kept small: what the page shows of how the kernel came about."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pydeblur.solver.records import History, IterationRecord, IterationState

#: Longest side of a kept latent image.
LONGEST_SIDE = 240


class Stage(NamedTuple):
    """The last iteration at one scale.

    Attributes
    ----------
    record : IterationRecord
        Its figures.
    latent : (h, w) uint8 ndarray
        The latent image, averaged over blocks of pixels so that no side is longer than :data:`LONGEST_SIDE`.
    kernel : (n, n) float32 ndarray
        The kernel, of sum 1.
    """

    record: IterationRecord
    latent: np.ndarray
    kernel: np.ndarray


class StageCollector:
    """A callback that keeps the latest :class:`Stage` of every scale and run.

    Some tens of kilobytes are kept for each scale of a run, whatever the size of the picture, and nothing of what is
    computed changes.

    Examples
    --------
    >>> import pydeblur
    >>> image = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((6, 6)))
    >>> collector = StageCollector()
    >>> estimate = pydeblur.estimate_kernel(image, 9, prior="gradient", callback=collector)
    >>> [stage.record.kernel_size for stage in collector.of_run(estimate.history)]
    [7, 9]
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int], list[Stage]] = {}

    def __call__(self, state: IterationState) -> None:
        """Keep a state in place of the earlier ones of its scale and run."""
        stage = Stage(state.record, reduced(state.latent, LONGEST_SIDE), np.array(state.kernel, np.float32))
        kept = self._kept.setdefault((state.candidate, state.record.scale), [])
        # Runs that follow each other, such as one for a kernel and one for camera poses, may bear the same number.
        if kept and kept[-1].record.iteration < state.record.iteration:
            kept.pop()
        kept.append(stage)

    def of_run(self, history: History) -> tuple[Stage, ...]:
        """The stages that belong to a history, the coarsest first.

        A scale at which its run went on after the last record of the history is left out.
        """
        # The numbers of runs are those of the estimation and not those of the result's candidates, of which some may be
        # missing: the records themselves tell which run it is.
        own = {id(record) for record in history}
        stages = [stage for kept in self._kept.values() for stage in kept if id(stage.record) in own]
        return tuple(sorted(stages, key=lambda stage: -stage.record.scale))


def reduced(image: np.ndarray, longest: int) -> np.ndarray:
    """An image in [0, 1] in 8 bits, averaged over squares of pixels until no side is longer than a bound.

    Parameters
    ----------
    image : (H, W) ndarray
        What lies outside [0, 1] is clipped, after the averaging.
    longest : int

    Returns
    -------
    (h, w) uint8 ndarray
        Rows and columns at the end that fill no square are left out.

    Examples
    --------
    >>> reduced(np.eye(4), 2).tolist()
    [[128, 0], [0, 128]]
    """
    factor = -(-max(image.shape) // longest)
    # A side shorter than a square is averaged as a whole.
    across = [min(factor, side) for side in image.shape]
    rows, columns = (side // step for side, step in zip(image.shape, across))
    means = image[: rows * across[0], : columns * across[1]]
    if factor > 1:
        # Rows first: whole rows are added far faster than the pixels of a row.
        means = means.reshape(rows, across[0], -1).mean(axis=1).reshape(rows, columns, across[1]).mean(axis=2)
    return np.rint(np.clip(means, 0, 1) * 255).astype(np.uint8)
