"""Whether a picture's blur is better explained by one kernel or by a camera that turned."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pydeblur.estimators.presets import RankingOptions
from pydeblur.estimators.ranking import LAMBDA_TV, RANGE, log_error, planes_of, restored_by_tv, sees_planes
from pydeblur.nonuniform.filter_flow import PatchBlur
from pydeblur.nonuniform.final_step import deconvolve_nonuniform, default_patches
from pydeblur.nonuniform.local_blur import PoseBlur
from pydeblur.nonuniform.patches import PatchGrid
from pydeblur.nonuniform.poses import corners
from pydeblur.nonuniform.single_kernel import poses_of_kernel
from pydeblur.preprocess.region import Region, choose_region
from pydeblur.priors.classifier.network import ClassifierNetwork

#: The network looks at a part of larger pictures.
_LARGEST_SIDE = 1024
#: Residuals below this are those of single precision.
_ROUNDING = 1e-12
#: Kernels that differ by less than this from place to place, in pixels, are one kernel.
LEAST_SPREAD = 1.0
#: By so much the logarithm of the mean squared residual has to be lower for the camera that turned: what one kernel can't
#: explain is left over in its residual, while its estimate has fewer unknowns and is better by a decibel and more where the
#: blur is uniform.
LEAST_GAIN = 0.12
#: Where at least this share of the blur is one that only a turn makes, see :func:`turn_share`, any lower residual will do:
#: the poses that are found where the blur is uniform turn by less.
CLEAR_TURN = 0.5
#: By so much the network's log error may be higher for the camera that turned. Poses that explain the noise lower the
#: residual as well, and the picture restored with them looks worse.
LARGEST_LOSS = 0.1
#: Where the network's log error is so much lower, the residuals need not agree: a kernel that is too narrow leaves little
#: unexplained, since it takes the blur for the picture.
CLEAR_GAIN = 0.5
#: Poses whose blur has a smaller share of the one kernel's width have not found the blur: they take most of it for the picture,
#: so that next to nothing is left unexplained, and the network may prefer a blurred picture to a restored one with artefacts.
LEAST_WIDTH = 0.6


@dataclass(frozen=True)
class ModelChoice:
    """Which of two models of the blur is taken, and why.

    Attributes
    ----------
    nonuniform : bool
        Whether the camera's poses are taken; else it is the one kernel.
    reason : str
        One sentence.
    uniform_score, nonuniform_score : float
        What the ranking network says of the pictures restored with either: the logarithm of their mean square error, so
        the lower the better.
    spread : float
        By how many pixels the blur differs between the picture's corners, see :func:`blur_spread`.
    residual_gain : float
        The logarithm of the mean squares of the residuals' quotient, one kernel's to the camera's, see :func:`residual`:
        positive where the camera leaves less unexplained.
    turn_share : float
        The share of the blur that differs between the picture's corners, see :func:`turn_share`.
    relative_width : float
        The width of the blur by the camera's poses, divided by that of the one kernel, see :func:`blur_width`.

    Examples
    --------
    >>> ModelChoice(False, "the blur hardly changes over the picture (by 0.2 pixels)", -5.0, -5.1, 0.2).nonuniform
    False
    """

    nonuniform: bool
    reason: str
    uniform_score: float
    nonuniform_score: float
    spread: float
    residual_gain: float = math.nan
    turn_share: float = math.nan
    relative_width: float = math.nan


def choose_model(
    image: np.ndarray, kernel: np.ndarray, blur: PoseBlur, options: RankingOptions = RankingOptions()
) -> ModelChoice:
    """Choose between two explanations of a blurred picture.

    The picture is restored with both, by total variation of the same weight, and blurred again. The camera that turned is
    taken only if its blur changes over the picture and is not much narrower than the kernel, it leaves less of the blurred
    picture unexplained, clearly less unless most of its blur comes from the turn, and the network that ranks kernels does not
    find its picture worse; or if that network finds its picture much better.

    Parameters
    ----------
    image : (H, W) ndarray
        Blurred picture in [0, 1].
    kernel : (n, n) ndarray
        The uniform estimate, of sum 1.
    blur : PoseBlur
        The non-uniform estimate, for this size.
    options : RankingOptions
        Of the network.

    Returns
    -------
    ModelChoice

    Examples
    --------
    >>> from pydeblur.nonuniform.poses import CameraPoses
    >>> picture = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((8, 8)))
    >>> kernel = np.array([[0.5, 0.5, 0.0]])
    >>> blur = PoseBlur(CameraPoses([[0.0, 0.0, 0.0], [-1.0, 0.0, 0.0]], picture.shape), [0.5, 0.5])
    >>> choose_model(picture, kernel, blur).reason
    'one kernel is taken, since the blur hardly changes over the picture (by 0.0 pixels)'
    """
    from scipy.signal import fftconvolve  # SciPy takes a second to import it

    network = ClassifierNetwork(options)
    image = np.asarray(image, np.float64)
    border = kernel.shape[0] // 2 + blur.radius
    area = choose_region(image, 2 * blur.radius + 1, _LARGEST_SIDE)
    by_kernel = restored_by_tv(image, kernel)
    by_poses = deconvolve_nonuniform(image, blur, "tv", lambda_tv=LAMBDA_TV)
    again = fftconvolve(by_kernel, kernel, mode="same"), _blurred_by_patches(by_poses, blur)
    residuals = [residual(image, each, border) for each in again]
    gain = float(np.log((residuals[0] + _ROUNDING) / (residuals[1] + _ROUNDING)))
    scores = [
        log_error(_shown(network, area, image, np.clip(restored, *RANGE), each, border), network)
        for restored, each in zip((by_kernel, by_poses), again)
    ]
    relative_width = blur_width(blur) / max(blur_width(poses_of_kernel(kernel, image.shape)), LEAST_SPREAD)
    return decided(*scores, blur_spread(blur), gain, turn_share(blur), relative_width)


def _shown(
    network: ClassifierNetwork, area: Region, image: np.ndarray, restored: np.ndarray, again: np.ndarray, border: int
) -> np.ndarray:
    """What the network is shown of an area; `again` is the restored image, blurred, which is not known along the border."""
    if not sees_planes(network):
        return area.part_of(restored)
    inside = tuple(slice(border, side - border) for side in image.shape)
    unexplained = np.zeros_like(image)
    unexplained[inside] = (image - again)[inside]
    return planes_of(*map(area.part_of, (image, restored, unexplained)))


def residual(image: np.ndarray, blurred: np.ndarray, border: int) -> float:
    """Return the mean square of what a blur leaves unexplained of a picture.

    Parameters
    ----------
    image, blurred : (H, W) ndarray
        The given picture, and the restored one blurred again.
    border : int
        The pixels on each side that do not count, since they depend on what lies beyond the picture; less where the
        picture is small.

    Returns
    -------
    float

    Examples
    --------
    >>> residual(np.ones((9, 9)), np.full((9, 9), 0.5), 3)
    0.25
    """
    border = min(border, (min(image.shape) - 1) // 4)
    inside = tuple(slice(border, side - border) for side in image.shape)
    return float(np.mean((image - blurred)[inside] ** 2))


def _blurred_by_patches(image: np.ndarray, blur: PoseBlur) -> np.ndarray:
    grid = PatchGrid(image.shape, default_patches(image.shape, 2 * blur.radius + 1))
    return PatchBlur(grid, blur.radius).blur(image, blur.kernels_at(grid.centres))


def decided(
    uniform_score: float,
    nonuniform_score: float,
    spread: float,
    residual_gain: float,
    turn: float = 0.0,
    relative_width: float = 1.0,
) -> ModelChoice:
    """Apply the rule of :func:`choose_model` to the evidence.

    Parameters
    ----------
    uniform_score, nonuniform_score, spread, residual_gain : float
        As in :class:`ModelChoice`.
    turn : float
        Its ``turn_share``.
    relative_width : float
        As there.

    Returns
    -------
    ModelChoice

    Examples
    --------
    >>> decided(-5.0, -5.2, 6.0, 0.25).reason
    'the turning camera is taken, since it leaves 22 % less of the picture unexplained: log error -5.20 to -5.00'
    >>> decided(-5.0, -5.2, 6.0, 0.02).nonuniform, decided(-5.0, -4.5, 6.0, 0.25).nonuniform
    (False, False)
    >>> decided(-5.0, -5.2, 6.0, 0.02, turn=0.7).reason
    'the turning camera is taken, since 70 % of the blur comes from the turn: log error -5.20 to -5.00'
    """
    compared = f"log error {nonuniform_score:.2f} to {uniform_score:.2f}"
    less = 100 * (1 - np.exp(-residual_gain))
    if spread < LEAST_SPREAD:
        taken, why = False, f"the blur hardly changes over the picture (by {spread:.1f} pixels)"
    elif relative_width < LEAST_WIDTH:
        taken, why = False, f"the turning camera's blur has only {100 * relative_width:.0f} % of its width"
    elif uniform_score - nonuniform_score >= CLEAR_GAIN:
        taken, why = True, f"the picture restored with it looks much better: {compared}"
    elif residual_gain < (0.0 if turn >= CLEAR_TURN else LEAST_GAIN):
        taken, why = False, f"the turning camera does not explain clearly more of the picture: {compared}"
    elif nonuniform_score - uniform_score > LARGEST_LOSS:
        taken, why = False, f"the picture restored with the turning camera looks worse: {compared}"
    elif residual_gain < LEAST_GAIN:
        taken, why = True, f"{100 * turn:.0f} % of the blur comes from the turn: {compared}"
    else:
        taken, why = True, f"it leaves {less:.0f} % less of the picture unexplained: {compared}"
    reason = f"{'the turning camera' if taken else 'one kernel'} is taken, since {why}"
    return ModelChoice(taken, reason, uniform_score, nonuniform_score, spread, residual_gain, turn, relative_width)


def blur_spread(blur: PoseBlur) -> float:
    """Return by how many pixels a blur by camera poses differs between the corners of the picture.

    It is the root mean square, over the poses by their weights, of how far an offset at a corner is from its mean over
    the four, at the corner where that is largest: 0 for poses that only translate.

    Parameters
    ----------
    blur : PoseBlur

    Returns
    -------
    float

    Examples
    --------
    >>> from pydeblur.nonuniform.poses import CameraPoses
    >>> round(blur_spread(PoseBlur(CameraPoses([[3.0, 0.0, -0.01], [0.0, 0.0, 0.01]], (61, 81)), [1, 1])), 2)
    0.5
    """
    return float(np.sqrt(_mean_squares_at_corners(blur)[1].max()))


def blur_width(blur: PoseBlur) -> float:
    """Return the width of a blur: the standard deviation of its local kernels in pixels, over both directions.

    Parameters
    ----------
    blur : PoseBlur

    Returns
    -------
    float
        The root mean square over nine places of the picture.

    Examples
    --------
    >>> blur_width(poses_of_kernel([[0.5, 0.0, 0.5]], (21, 31)))
    1.0
    """
    y, x = np.meshgrid(*(np.linspace(0, side - 1, 3) for side in blur.shape), indexing="ij")
    kernels = blur.kernels_at(np.column_stack([x.ravel(), y.ravel()]))
    places = np.arange(kernels.shape[1])
    variances = 0.0
    for axis in (1, 2):
        along = kernels.sum(axis=axis)
        means = along @ places
        variances = variances + along @ places**2 - means**2
    return float(np.sqrt(np.mean(variances)))


def turn_share(blur: PoseBlur) -> float:
    """Return the share of a blur by camera poses that differs between the corners of the picture.

    The mean square of the offsets at a corner is that of what all four corners have in common, and that of what differs
    there, which only a turn can make: see :func:`blur_spread`. The share is that of the latter where it is largest.

    Parameters
    ----------
    blur : PoseBlur

    Returns
    -------
    float
        In [0, 1]: 0 for poses that only translate, and 1 for a turn about the picture's centre.

    Examples
    --------
    >>> from pydeblur.nonuniform.poses import CameraPoses
    >>> round(turn_share(PoseBlur(CameraPoses([[0.5, 0.0, -0.01], [-0.5, 0.0, 0.01]], (61, 81)), [1, 1])), 2)
    0.5
    """
    common, turning = _mean_squares_at_corners(blur)
    largest = turning.max()
    return float(largest / (largest + common)) if largest else 0.0


def _mean_squares_at_corners(blur: PoseBlur) -> tuple[float, np.ndarray]:
    """The variances over the poses of the corners' mean offset, and (4,) of how far each corner's offset is from it."""
    offsets = blur.poses.offsets(corners(blur.shape))
    offsets = offsets - np.einsum("t,cti->ci", blur.weights, offsets)[:, None]
    mean = offsets.mean(axis=0)
    common = float(np.einsum("t,ti,ti->", blur.weights, mean, mean))
    return common, np.einsum("t,cti,cti->c", blur.weights, offsets - mean, offsets - mean)
