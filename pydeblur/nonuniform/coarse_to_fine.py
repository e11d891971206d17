"""The non-uniform solver from coarse to fine, in the picture and in the space of the camera's poses."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.nonuniform.options import NonuniformOptions
from pydeblur.nonuniform.pose_grid import PoseGrid, normalised
from pydeblur.nonuniform.poses import CameraPoses, default_focal_length
from pydeblur.nonuniform.single_scale import PoseScale, PoseWeights
from pydeblur.solver.coarse_to_fine import check_blurred_image, describe_prior, level_at, prepared_image
from pydeblur.solver.noise import adapt_to_noise
from pydeblur.solver.options import SolverOptions
from pydeblur.solver.pyramid import downsampled_shape, kernel_sizes, scale_ratios
from pydeblur.solver.records import Callback, History, IterationState
from pydeblur.solver.threshold import initial_threshold

_DEFAULT_OPTIONS = NonuniformOptions()


@dataclass(frozen=True, eq=False)
class NonuniformDeconvolution:
    """The result of :func:`blind_deconv_nonuniform`.

    Attributes
    ----------
    poses : CameraPoses
        Those that have a weight, of a picture of the full size.
    weights : (T,) float64 ndarray
        Positive, of sum 1.
    latent : (H, W) ndarray
        The last intermediate latent picture, of the picture raised to ``gamma_correct``; where the run was stopped at a
        coarser scale, it has that scale's size.
    history : History
        One record for each iteration.
    options : SolverOptions
    nonuniform : NonuniformOptions
    prior : dict
        The prior's ``name`` and, where it has settings, those.
    stopped : bool
        Whether a callback has ended the run before its end.

    Examples
    --------
    >>> from pydeblur.nonuniform.options import nonuniform_solver_options
    >>> picture = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> result = blind_deconv_nonuniform(picture, nonuniform_solver_options(5, iterations=1))
    >>> result.prior, result.stopped, round(result.weights.sum().item(), 9)
    ({'name': 'gradient'}, False, 1.0)
    """

    poses: CameraPoses
    weights: np.ndarray
    latent: np.ndarray
    history: History
    options: SolverOptions
    nonuniform: NonuniformOptions
    prior: dict
    stopped: bool = False


def blind_deconv_nonuniform(
    image: np.ndarray,
    options: SolverOptions,
    nonuniform: NonuniformOptions = _DEFAULT_OPTIONS,
    prior=None,
    callback: Callback | None = None,
) -> NonuniformDeconvolution:
    """Estimate the poses of a moving camera from a grey picture, eq. (14)-(17) and section 5 of the paper.

    Parameters
    ----------
    image : (H, W) ndarray
        Blurred picture, finite, in [0, 1]; any real dtype, computed in ``options.dtype``.
    options : SolverOptions
        See :func:`~pydeblur.nonuniform.options.nonuniform_solver_options`. Local kernels have ``kernel_size`` rows and
        columns. The device is always the CPU.
    nonuniform : NonuniformOptions
    prior : object or None
        The image prior p, see :mod:`pydeblur.priors.protocol`; None leaves the L0 gradient prior alone [38].
    callback : callable or None
        Called with each iteration's :class:`~pydeblur.nonuniform.single_scale.PoseIterationState`; it may end the run by
        raising StopIteration.

    Returns
    -------
    NonuniformDeconvolution

    Raises
    ------
    InvalidInputError
        If the picture is not grey and finite, is constant, or is too small for the kernels or for a patch, or the grid of
        poses is too large for memory.
    KernelCollapseError
        If no pose has a weight.

    Examples
    --------
    >>> from pydeblur.nonuniform.options import nonuniform_solver_options
    >>> picture = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((6, 6)))
    >>> result = blind_deconv_nonuniform(picture, nonuniform_solver_options(5, iterations=2))
    >>> result.poses.shape, len(result.history)
    ((48, 48), 2)
    """
    run = _Run(image, options, nonuniform, prior, callback)
    for scale in reversed(range(len(kernel_sizes(options.kernel_size)))):
        if not run.stopped:
            run.solve(scale)
    return run.result()


class _Run:
    """A picture on its way through the scales."""

    def __init__(self, image, options, nonuniform, prior, callback):
        image = check_blurred_image(image, options)
        check_large_enough(image.shape, options.kernel_size)
        focal_length = nonuniform.focal_length or default_focal_length(image.shape)
        self._nonuniform = replace(nonuniform, focal_length=focal_length)
        self._options = adapt_to_noise(image, options)
        self._shape, self._image = image.shape, prepared_image(image, self._options)
        # The largest grid is refused before anything is computed.
        self._finest = self._pose_grid(0, image.shape)
        self._prior, self._described = prior, describe_prior(prior)
        self._callback, self._history = callback, History()
        self._grid: PoseGrid | None = None
        self._state: PoseWeights | None = None
        self.stopped = False

    def _pose_grid(self, scale: int, shape) -> PoseGrid:
        size, ratio = kernel_sizes(self._options.kernel_size)[scale], scale_ratios(self._options.kernel_size)[scale]
        return PoseGrid(shape, size // 2, self._nonuniform, 1 / ratio)

    def solve(self, scale: int) -> None:
        """Make the iterations of one scale."""
        level = level_at(scale, self._image, self._options.kernel_size)
        grid = self._pose_grid(scale, level.image.shape)
        start = self._start(level, grid)
        prior = self._prior
        if scale < self._options.finest_prior_scale:
            prior, start = None, replace(start, lambda_prior=0.0)
        # At the coarsest scale nothing is known of the poses: all take part.
        problem = PoseScale(level, grid, prior, self._options, self._nonuniform, all_poses=self._state is None)
        found = problem.solve(start, self._emit)
        indices, weights = grid.centred(found.indices, found.weights)
        self._grid, self._state = grid, replace(found, indices=indices, weights=weights)

    def _start(self, level, grid) -> PoseWeights:
        if self._state is None or self._grid is None:
            lambda_prior = self._options.lambda_prior if self._prior is not None else 0.0
            threshold = self._nonuniform.threshold_share * initial_threshold(level.image, level.kernel_size)
            self._threshold = threshold
            indices, weights = self._first_poses(grid)
            return PoseWeights(indices, weights, lambda_prior, self._options.lambda_grad, threshold)
        indices, weights = grid.from_coarser(self._grid, self._state.indices, self._state.weights)
        # As in the uniform solver, λ and μ are carried on, and the threshold starts again.
        return replace(self._state, indices=indices, weights=weights, threshold=self._threshold)

    def _first_poses(self, grid):
        """Two equal poses about a pixel apart, along a row or a column; one where a wide angle leaves no room for the other."""
        step = max(1, round(1 / self._nonuniform.pose_step))
        apart = [step, 0, 0] if (self._options.initial_kernel == "row") == (grid.is_planar) else [0, step, 0]
        indices = grid.inside(np.array([[0, 0, 0], apart]))
        return indices, np.full(len(indices), 1 / len(indices))

    def _emit(self, state: IterationState) -> bool:
        """Keep the record and hand the state to the callback; return whether that wants the run to end."""
        self._history.append(state.record)
        if self._callback is not None:
            try:
                self._callback(state)
            except StopIteration:
                self.stopped = True
        return self.stopped

    def result(self) -> NonuniformDeconvolution:
        """Return what has been found so far, at the full size."""
        assert self._grid is not None and self._state is not None and self._state.latent is not None
        indices, weights = self._state.indices, self._state.weights
        if self._grid.pixel != 1:
            indices, weights = self._finest.from_coarser(self._grid, indices, weights)
        threshold = self._options.kernel_threshold
        indices, weights = normalised(indices, weights, 1 / threshold if threshold else 0.0)
        return NonuniformDeconvolution(
            self._finest.poses(indices),
            weights,
            self._state.latent,
            self._history,
            self._options,
            self._nonuniform,
            self._described,
            self.stopped,
        )


def check_large_enough(shape: tuple[int, int], kernel_size: int) -> None:
    """Check that a picture is larger than the local kernels at every scale.

    Parameters
    ----------
    shape : (int, int)
    kernel_size : int

    Raises
    ------
    InvalidInputError
        If it is not.

    Examples
    --------
    >>> check_large_enough((48, 64), 9)
    """
    for scale, (ratio, size) in enumerate(zip(scale_ratios(kernel_size), kernel_sizes(kernel_size))):
        height, width = downsampled_shape(shape, ratio)
        if min(height, width) <= 2 * size:
            raise InvalidInputError(
                f"the image ({shape[0]}x{shape[1]}) is smaller than a patch for kernels of size {kernel_size}: at scale "
                f"{scale} it has {height}x{width} pixels, and a patch has more than {2 * size}"
            )
