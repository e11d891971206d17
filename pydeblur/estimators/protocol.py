"""What every kernel estimator does, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from pydeblur.estimators.description import described_array, described_kernel, described_run
from pydeblur.preprocess.region import Region
from pydeblur.preprocess.value_range import ValueRange
from pydeblur.solver import History, SolverOptions
from pydeblur.solver.records import Callback

if TYPE_CHECKING:  # estimators of one kernel know nothing of camera poses
    from pydeblur.estimators.kernel_size_search import KernelSizeSearch
    from pydeblur.nonuniform.choose import ModelChoice
    from pydeblur.nonuniform.estimate import NonuniformEstimate


@dataclass(frozen=True)
class Candidate:
    """One of the runs that an estimate was chosen from.

    Attributes
    ----------
    changes : dict
        What tells the run from the estimator's others: its prior and fields of :class:`~pydeblur.SolverOptions`.
    scale : int
        The last scale that it was run to; 0 is the finest.
    iterations : int
        The iterations made at that scale, after which it was best.
    score : float or None
        What the ranking network said of its kernel there: the lower the better. None where it was not asked. Of wide kernels it
        is weighed against how much the kernel changes the image (:class:`pydeblur.estimators.EvidenceWeights`).
    measure : str or None
        What the score is: "log error", of the mean square error of the restored image, or "log odds", that the restored
        image is blurred.
    chosen : bool
        Whether the estimate is this run's.

    Examples
    --------
    >>> import pydeblur
    >>> candidate = pydeblur.Candidate({"prior": "intensity"}, 0, 20, -4.2, "log error", chosen=True)
    >>> candidate.changes["prior"], candidate.measure
    ('intensity', 'log error')
    """

    changes: dict
    scale: int
    iterations: int
    score: float | None
    measure: str | None
    chosen: bool


@dataclass(frozen=True, eq=False)
class KernelEstimate:
    """A blur kernel, and how it was found.

    Attributes
    ----------
    kernel : (n, n) ndarray
        Non-negative, of sum 1; the blurred image is the sharp one convolved with it.
    latent : (H, W) ndarray
        The last intermediate latent image, of the part of the image that the kernel was estimated from; in [0, 1], to
        which the value range was mapped.
    history : History
        One record for each iteration of the chosen run.
    options : SolverOptions
        Those of the chosen run, as adapted to the image's noise; of a method that is no run of the solver only the kernel's
        size counts.
    prior : dict
        The chosen run's prior: its ``name`` and, where it has settings, those; or the method's.
    candidates : tuple of Candidate
        The runs that the kernel was chosen from; empty where there was no choice.
    stopped : bool
        Whether a callback has ended the estimation before its end, so that this is the best kernel until then.
    median : int
        Window of the median filter that the image went through first; 0 is none.
    crop : Region or None
        The part of the image that the kernel was estimated from: (top, left, height, width); None is all of it.
    saturated : bool
        Whether the image was taken to have clipped highlights.
    value_range : ValueRange or None
        The two numbers, in the image's own scale, that were taken for black and white; None from an estimator that was
        handed an image in [0, 1].
    nonuniform : NonuniformEstimate or None
        Where a turning camera was taken for the blur: its poses with their weights (``blur``) and the ``reason``. The
        kernel is then the local one at the middle of the picture. None where the blur is one kernel.
    model_choice : ModelChoice or None
        With ``nonuniform="auto"`` which of the two was taken and why.
    kernel_size_search : KernelSizeSearch or None
        How the kernel's size was found; None where it was given.
    confidence : float or None
        Of a kernel that was chosen among several: the probability, in [0, 1], that deblurring with it comes within 1.5 dB of
        deblurring with the true one (:mod:`pydeblur.estimators.confidence`). None where that can't be told: of a single run,
        with clipped highlights in view, of an image with a side below 200 pixels, and after a stop.

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> estimate = pydeblur.estimate_kernel(image, 5, prior="gradient", iterations=2)
    >>> type(estimate).__name__, estimate.kernel.shape, estimate.prior, estimate.candidates
    ('KernelEstimate', (5, 5), {'name': 'gradient'}, ())
    """

    kernel: np.ndarray
    latent: np.ndarray
    history: History
    options: SolverOptions
    prior: dict
    candidates: tuple[Candidate, ...] = ()
    stopped: bool = False
    median: int = 0
    crop: Region | None = None
    saturated: bool = False
    value_range: ValueRange | None = None
    nonuniform: NonuniformEstimate | None = None
    model_choice: ModelChoice | None = None
    confidence: float | None = None
    kernel_size_search: KernelSizeSearch | None = None

    def __repr__(self) -> str:
        """What was found, in three lines."""
        return "\n".join(
            [
                f"KernelEstimate: kernel {described_array(self.kernel)} by the prior {self.prior.get('name')}",
                f"  {described_kernel(self.kernel, self.candidates)}",
                f"  {described_run(self.history, self.crop, self.saturated, self.stopped)}",
            ]
        )


@runtime_checkable
class KernelEstimator(Protocol):
    """A method that estimates the blur kernel of a grey image."""

    def estimate(
        self,
        image: np.ndarray,
        kernel_size: int | None = None,
        *,
        clipped: np.ndarray | None = None,
        callback: Callback | None = None,
    ) -> KernelEstimate:
        """Estimate the kernel.

        Parameters
        ----------
        image : (H, W) ndarray
            Blurred image, finite, in [0, 1].
        kernel_size : int, optional
            Side of the kernel: odd, at least 3, not smaller than the blur. By default it is found, and the estimate's
            ``kernel_size_search`` says how.
        clipped : (H, W) bool ndarray, optional
            Pixels that the sensor clipped, for estimators that know of them.
        callback : callable, optional
            Called with an :class:`~pydeblur.solver.IterationState` after each iteration, from one thread at a time; it may end
            the estimation by raising StopIteration.

        Returns
        -------
        KernelEstimate

        Raises
        ------
        InvalidInputError
            If the image or the size is something else.
        KernelCollapseError
            If nothing is left of the kernel.
        """


@runtime_checkable
class WholeEstimator(KernelEstimator, Protocol):
    """A method with a loop of its own, which is no run of the solver."""

    def iteration_count(self, kernel_size: int) -> int:
        """Return how many iterations there are at most for a kernel of some size, for progress bars."""
