"""Whether a picture's blur is better explained by one kernel or by a camera that turned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pydeblur.estimators.presets import RankingOptions
from pydeblur.estimators.ranking import LAMBDA_TV, RANGE, log_error, restored_by_tv
from pydeblur.nonuniform.final_step import deconvolve_nonuniform
from pydeblur.nonuniform.local_blur import PoseBlur
from pydeblur.nonuniform.poses import corners
from pydeblur.preprocess.region import choose_region
from pydeblur.priors.classifier.network import ClassifierNetwork

#: The network looks at a part of larger pictures.
_LARGEST_SIDE = 1024
#: Kernels that differ by less than this from place to place, in pixels, are one kernel.
LEAST_SPREAD = 1.0
#: By so much the network's log error has to be lower for the camera that turned: estimates of one kernel have fewer unknowns,
#: and where the blur is uniform they are better by a decibel and more.
LEAST_GAIN = 0.05


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


def choose_model(
    image: np.ndarray, kernel: np.ndarray, blur: PoseBlur, options: RankingOptions = RankingOptions()
) -> ModelChoice:
    """Choose between two explanations of a blurred picture.

    The picture is restored with both, by total variation, and the network that ranks kernels says which looks more like a
    sharp one. The camera that turned is taken only if its blur changes over the picture and its picture is clearly better.

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
    network = ClassifierNetwork(options)
    image = np.asarray(image, np.float64)
    area = choose_region(image, 2 * blur.radius + 1, _LARGEST_SIDE)
    by_kernel = restored_by_tv(area.part_of(image), kernel)
    by_poses = np.clip(deconvolve_nonuniform(image, blur, "tv", lambda_tv=LAMBDA_TV), *RANGE)
    scores = log_error(by_kernel, network), log_error(area.part_of(by_poses), network)
    return decided(*scores, blur_spread(blur))


def decided(uniform_score: float, nonuniform_score: float, spread: float) -> ModelChoice:
    """Apply the rule of :func:`choose_model` to the scores.

    Parameters
    ----------
    uniform_score, nonuniform_score, spread : float
        As in :class:`ModelChoice`.

    Returns
    -------
    ModelChoice

    Examples
    --------
    >>> decided(-5.0, -5.5, 6.0).reason
    'the turning camera is taken, since the picture restored with it looks better: log error -5.50 to -5.00'
    >>> decided(-5.0, -4.9, 6.0).nonuniform
    False
    """
    compared = f"log error {nonuniform_score:.2f} to {uniform_score:.2f}"
    if spread < LEAST_SPREAD:
        taken = False
        reason = f"one kernel is taken, since the blur hardly changes over the picture (by {spread:.1f} pixels)"
    elif uniform_score - nonuniform_score < LEAST_GAIN:
        taken = False
        reason = f"one kernel is taken, since the turning camera does not make the picture clearly better: {compared}"
    else:
        taken = True
        reason = f"the turning camera is taken, since the picture restored with it looks better: {compared}"
    return ModelChoice(taken, reason, uniform_score, nonuniform_score, spread)


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
    offsets = blur.poses.offsets(corners(blur.shape))
    offsets = offsets - offsets.mean(axis=0)
    offsets = offsets - np.einsum("t,cti->ci", blur.weights, offsets)[:, None]
    return float(np.sqrt(np.einsum("t,cti,cti->c", blur.weights, offsets, offsets).max()))
