"""The estimate of a camera's poses as a part of a deblurring: as planned, for the whole picture, or one kernel instead."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pydeblur.errors import KernelCollapseError
from pydeblur.estimators.protocol import KernelEstimate
from pydeblur.nonuniform.choose import ModelChoice, choose_model
from pydeblur.nonuniform.coarse_to_fine import NonuniformDeconvolution, blind_deconv_nonuniform
from pydeblur.nonuniform.filter_flow import LocalKernels
from pydeblur.nonuniform.local_blur import PoseBlur
from pydeblur.nonuniform.options import NonuniformOptions
from pydeblur.nonuniform.plan import NonuniformChoice, NonuniformPlan
from pydeblur.nonuniform.poses import corners
from pydeblur.nonuniform.region import blur_of_whole_picture
from pydeblur.preprocess.region import Region
from pydeblur.solver.records import Callback

_UNKNOWN = float("nan")


@dataclass(frozen=True, eq=False)
class NonuniformEstimate:
    """The blur of a camera that turned, and why it was taken.

    Attributes
    ----------
    blur : PoseBlur
        Of the whole picture: ``blur.poses``, ``blur.weights`` and ``blur.kernels_at(points)``.
    reason : str
        One sentence.
    options : NonuniformOptions
        With the focal length in pixels that was used.

    Examples
    --------
    >>> import pydeblur
    >>> picture = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> result = pydeblur.deblur(picture, 5, nonuniform=True, iterations=1)
    >>> result.nonuniform.blur.shape, result.nonuniform.reason
    ((36, 36), 'the turning camera is taken, as asked for')
    """

    blur: PoseBlur
    reason: str
    options: NonuniformOptions


def estimate_poses(
    plan: NonuniformPlan,
    image: np.ndarray,
    shape: tuple[int, int],
    region: Region | None = None,
    callback: Callback | None = None,
    reason: str = "the turning camera is taken, as asked for",
) -> KernelEstimate:
    """Estimate the camera's poses as a plan says.

    Parameters
    ----------
    plan : NonuniformPlan
        Without an obstacle.
    image : (h, w) ndarray
        The grey part of the blurred picture that the poses are estimated from, in [0, 1].
    shape : (int, int)
        Of the whole picture.
    region : Region or None
        Where the part lies; None is all of it.
    callback : callable, optional
        See :func:`~pydeblur.nonuniform.blind_deconv_nonuniform`.
    reason : str
        For the result.

    Returns
    -------
    KernelEstimate
        Its kernel is the local one at the middle of the whole picture.

    Raises
    ------
    KernelCollapseError
        If no pose has a weight.

    Examples
    --------
    >>> picture = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> plan = NonuniformChoice(solver={"iterations": 1}).for_image((36, 36), (36, 36), 5)
    >>> estimate_poses(plan, picture, (36, 36)).kernel.shape
    (5, 5)
    """
    found = blind_deconv_nonuniform(image, plan.options, plan.nonuniform, plan.prior.load(), callback)
    return _as_estimate(found, shape, region, reason)


def estimate_either(
    choice: NonuniformChoice,
    plan: NonuniformPlan,
    image: np.ndarray,
    shape: tuple[int, int],
    region: Region | None,
    estimate_kernel,
    callback: Callback | None = None,
) -> KernelEstimate:
    """Estimate one kernel and the camera's poses, and take what explains the picture better.

    One kernel is taken where the poses can't be estimated, or a callback has ended the estimation.

    Parameters
    ----------
    choice : NonuniformChoice
    plan : NonuniformPlan
    image, shape, region, callback
        As for :func:`estimate_poses`.
    estimate_kernel : callable
        Without arguments: it gives the uniform :class:`~pydeblur.KernelEstimate`, or raises KernelCollapseError.

    Returns
    -------
    KernelEstimate
        Its ``model_choice`` says why.

    Raises
    ------
    KernelCollapseError
        If nothing is left of either.

    Examples
    --------
    >>> from pydeblur.estimators import Multistart, resolve
    >>> picture = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> choice = NonuniformChoice(chooses=True, solver={"iterations": 1})
    >>> uniform = lambda: Multistart(resolve(prior="gradient")).estimate(picture, 5)
    >>> plan = choice.for_image((36, 36), (36, 36), 5)
    >>> estimate_either(choice, plan, picture, (36, 36), None, uniform).nonuniform is None
    True
    """
    if plan.obstacle:
        return _by_kernel(estimate_kernel(), plan.obstacle)
    try:
        uniform = estimate_kernel()
    except KernelCollapseError:
        reason = "the turning camera is taken, since the one kernel collapsed"
        found = estimate_poses(plan, image, shape, region, callback, reason)
        return _with_choice(found, ModelChoice(True, reason, _UNKNOWN, _UNKNOWN, _UNKNOWN))
    stopped = "a callback ended the estimation"
    if uniform.stopped:
        return _by_kernel(uniform, stopped)
    try:
        found_poses = blind_deconv_nonuniform(image, plan.options, plan.nonuniform, plan.prior.load(), callback)
    except KernelCollapseError:
        return _by_kernel(uniform, "no weight was left of the camera's poses")
    if found_poses.stopped:
        return _by_kernel(replace(uniform, stopped=True), stopped)
    chosen = choose_model(
        image, uniform.kernel, PoseBlur(found_poses.poses, found_poses.weights), options=choice.ranking
    )
    if not chosen.nonuniform:
        return _with_choice(uniform, chosen)
    return _with_choice(_as_estimate(found_poses, shape, region, chosen.reason), chosen)


def is_delta(estimate: KernelEstimate, share: float) -> bool:
    """Tell whether a blur is a point, all over the picture.

    Parameters
    ----------
    estimate : KernelEstimate
    share : float
        A kernel with more than this share of its mass in one pixel is a point.

    Returns
    -------
    bool

    Examples
    --------
    >>> from pydeblur.estimators import Multistart, resolve
    >>> picture = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> is_delta(Multistart(resolve(prior="gradient")).estimate(picture, 5), 1.0)
    False
    """
    kernels = estimate.kernel[None]
    if estimate.nonuniform is not None:
        blur = estimate.nonuniform.blur
        kernels = blur.kernels_at(np.vstack([corners(blur.shape), blur.poses.centre]))
    return bool(np.all(kernels.max(axis=(1, 2)) > share))


def _as_estimate(found: NonuniformDeconvolution, shape, region, reason: str) -> KernelEstimate:
    blur = PoseBlur(found.poses, found.weights)
    if region is not None:
        blur = blur_of_whole_picture(blur, region, shape)
    return KernelEstimate(
        _kernel_at_middle(blur, found.options.kernel_size),
        found.latent,
        found.history,
        found.options,
        found.prior,
        stopped=found.stopped,
        nonuniform=NonuniformEstimate(blur, reason, found.nonuniform),
    )


def _kernel_at_middle(blur: PoseBlur, kernel_size: int) -> np.ndarray:
    """The local kernel, of the size that was asked for, or larger where a part was extended to a whole."""
    middle = blur.poses.centre[None]
    radius = max(kernel_size // 2, int(np.ceil(np.abs(blur.poses.offsets(middle)).max())))
    return LocalKernels(blur.poses, middle, radius).of_weights(blur.weights)[0]


def _by_kernel(uniform: KernelEstimate, why: str) -> KernelEstimate:
    choice = ModelChoice(False, f"one kernel is taken, since {why}", _UNKNOWN, _UNKNOWN, _UNKNOWN)
    return _with_choice(uniform, choice)


def _with_choice(estimate: KernelEstimate, choice: ModelChoice) -> KernelEstimate:
    return replace(estimate, model_choice=choice)
