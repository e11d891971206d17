"""What estimators share that predict sharp edges, find the kernel from them and the latent image from both, in turn."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from pydeblur.matlab import imresize
from pydeblur.solver.coarse_to_fine import Level, level_at
from pydeblur.solver.gradients import valid_gradients
from pydeblur.solver.pyramid import finish_scale_kernel, kernel_sizes, upsample_kernel
from pydeblur.solver.quadratic_latent import QuadraticLatent
from pydeblur.solver.records import IterationRecord, IterationState, Reporter
from pydeblur.solver.threshold import relaxed_threshold


class EdgeScale(ABC):
    """One scale of such an estimator.

    Parameters
    ----------
    level : Level
        The scale's image and kernel size.
    passes : int
        How often edges, kernel and latent image are found in turn.
    latent_problem : QuadraticLatent
        What finds the latent image.

    Attributes
    ----------
    kernel : (n, n) ndarray
        The last kernel, not centred; without elements before the first pass of the coarsest scale.
    latent : (H, W) ndarray
        The last latent image; before the first pass, the coarser scale's, enlarged, or the blurred image.
    """

    def __init__(self, level: Level, passes: int, latent_problem: QuadraticLatent):
        self.level = level
        self.latent_problem = latent_problem
        self._passes = passes
        self.kernel = np.empty((0, 0))
        self.latent = level.image

    @abstractmethod
    def predict(self, pass_number: int) -> tuple[np.ndarray, np.ndarray, float]:
        """Return the sharp edges (H-1, W-1) that the latent image is taken to have, and the threshold of their square."""

    @abstractmethod
    def find_kernel(self, edges_x: np.ndarray, edges_y: np.ndarray) -> np.ndarray:
        """Return the kernel (n, n) that makes the blurred gradients of the edges; of sum 1."""

    @abstractmethod
    def find_latent(self, kernel: np.ndarray, edges_x: np.ndarray, edges_y: np.ndarray) -> np.ndarray:
        """Return the latent image (H, W) of a kernel."""

    def finish(self, edges_x: np.ndarray, edges_y: np.ndarray, report: Reporter) -> None:  # noqa: B027
        """Do what follows the passes; by default nothing does."""

    def start_from(self, kernel: np.ndarray, latent: np.ndarray) -> None:
        """Take over what a coarser scale has found."""
        self.kernel = upsample_kernel(kernel, self.level.kernel_size)
        self.latent = imresize(latent, self.level.image.shape, "bilinear")

    def solve(self, report: Reporter) -> None:
        """Make the passes, and centre the kernel."""
        for number in range(1, self._passes + 1):
            started = time.perf_counter()
            edges_x, edges_y, threshold = self.predict(number)
            self.take(self.find_kernel(edges_x, edges_y), (edges_x, edges_y), (number, threshold, started), report)
            if report.stopped:
                break
        else:
            self.finish(edges_x, edges_y, report)
        self.kernel = finish_scale_kernel(self.kernel)

    def take(self, kernel, edges, counted, report: Reporter) -> None:
        """Go on with a new kernel: find its latent image, and report both.

        Parameters
        ----------
        kernel : (n, n) ndarray
        edges : pair of (H-1, W-1) ndarray
        counted : (int, float, float)
            The iteration's number, the edges' threshold, and when the iteration was started.
        report : Reporter
        """
        number, threshold, started = counted
        previous, self.kernel = self.kernel, kernel
        self.latent = self.find_latent(kernel, *edges)
        height, width = self.level.image.shape
        record = IterationRecord(
            self.level.scale,
            number,
            height,
            width,
            self.level.kernel_size,
            threshold=threshold,
            data_term=self.latent_problem.residual_energy(),
            kernel_change=relative_change(kernel, previous) if previous.size else np.nan,
            seconds=time.perf_counter() - started,
        )
        report(IterationState(record, self.latent, kernel))


def solve_by_edges(
    image: np.ndarray, kernel_size: int, make_scale: Callable[[Level], EdgeScale], report: Reporter
) -> tuple[np.ndarray, np.ndarray]:
    """Go through all scales of :mod:`pydeblur.solver.pyramid`, until the callback stops.

    Parameters
    ----------
    image : (H, W) float64 ndarray
        Checked, see :func:`~pydeblur.solver.coarse_to_fine.check_blurred_image`.
    kernel_size : int
    make_scale : callable
        It makes an :class:`EdgeScale` of a :class:`~pydeblur.solver.coarse_to_fine.Level`.
    report : Reporter

    Returns
    -------
    kernel : (n, n) ndarray
        Of the full size also after a stop at a coarser scale.
    latent : (h, w) ndarray
        Of the last scale that was begun.
    """
    sizes = kernel_sizes(kernel_size)
    scale = make_scale(level_at(len(sizes) - 1, image, kernel_size))
    scale.solve(report)
    for number in reversed(range(len(sizes) - 1)):
        if report.stopped:
            break
        coarser, scale = scale, make_scale(level_at(number, image, kernel_size))
        scale.start_from(coarser.kernel, coarser.latent)
        scale.solve(report)
    kernel = scale.kernel
    for size in reversed([size for size in sizes if size > len(kernel)]):
        kernel = upsample_kernel(kernel, size)
    return kernel, scale.latent


def edges_above(image: np.ndarray, threshold: float, usable=True) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the gradients of an image where they are strong enough and usable, else 0.

    Parameters
    ----------
    image : (H, W) ndarray
    threshold : float
        Of the squared magnitude; it is lowered when no usable gradient reaches it.
    usable : (H-1, W-1) bool ndarray, optional
        By default all are.

    Returns
    -------
    edges_x, edges_y : (H-1, W-1) ndarray
    threshold : float
        The one that was used.

    Examples
    --------
    >>> import numpy as np
    >>> edges_above(np.outer(np.ones(2), [0.0, 0.1, 1.0]), 0.25)[0].round(3).tolist()
    [[-0.0, -0.9]]
    """
    x, y = valid_gradients(image)
    magnitude = (x * x + y * y) * usable
    threshold = relaxed_threshold(magnitude, threshold)
    strong = (magnitude >= threshold) & usable
    return x * strong, y * strong, threshold


def relative_change(new: np.ndarray, old: np.ndarray) -> float:
    """Return ||new - old|| / ||old||.

    Examples
    --------
    >>> import numpy as np
    >>> relative_change(np.array([3.0, 0.0]), np.array([3.0, 4.0]))
    0.8
    """
    return float(np.linalg.norm(new - old) / np.linalg.norm(old))
