"""Pictures blurred by a camera that rotates, with known truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.nonuniform.operators import PoseOperator
from pydeblur.nonuniform.poses import CameraPoses, check_focal_length, check_model, corners, default_focal_length
from pydeblur.synthesis.blur import add_noise
from pydeblur.synthesis.kernels import random_dwell, random_trajectory

#: Poses along the camera's path: at shakes of 30 pixels they lie a fifth of a pixel apart.
_POSES = 160
#: The roll to either side in degrees, the way of yaw and pitch (or of the translations) in pixels, and the largest blur at a
#: corner that may come of both: on pictures of 240 to 440 rows such a roll alone moves the corners by 9 to 30 pixels.
ROLL_RANGE, WAY_RANGE, EXTENT_RANGE = (1.0, 2.5), (2.0, 8.0), (9.0, 30.0)
#: The smallest scene: on a smaller one yaw and pitch of some pixels would be angles that no hand's shake has.
_SMALLEST_SIDE = 16
#: So many shakes are drawn until the blur at the corners is within its range.
_ATTEMPTS = 100


@dataclass(frozen=True, eq=False)
class ShakenCase:
    """A picture blurred by camera shake, and its truth.

    Attributes
    ----------
    sharp, blurred : (H, W) float64 ndarray
        In [0, 1], the latter of 8-bit values. No pixel of the blurred picture has seen the border of the scene.
    poses : CameraPoses
        About the centre of the picture.
    weights : (T,) float64 ndarray
        Of sum 1.
    extent : float
        The longer side of the largest local kernel at a corner, in pixels.
    kernel_size : int
        The size to ask an estimator for: odd, and larger than the extent.
    """

    sharp: np.ndarray
    blurred: np.ndarray
    poses: CameraPoses
    weights: np.ndarray
    extent: float
    kernel_size: int


def shaken_case(
    scene: np.ndarray,
    rng,
    noise: float = 0.01,
    roll: tuple[float, float] = ROLL_RANGE,
    way: tuple[float, float] = WAY_RANGE,
    extent: tuple[float, float] = EXTENT_RANGE,
    model: str = "rotations",
    focal_length: float | None = None,
    constant_speed: bool = False,
) -> ShakenCase:
    """Blur a scene by a random shake of the camera.

    Parameters
    ----------
    scene : (H, W) array_like
        Sharp picture in [0, 1], larger than the blur.
    rng : numpy.random.Generator or int
        Draws the path, the time spent at each place of it, and the noise; an int is a seed.
    noise : float
        Standard deviation of the Gaussian noise, which is added before the rounding to 8 bits.
    roll : (float, float)
        Degrees between which the largest roll to either side is drawn.
    way : (float, float)
        Pixels between which the longer side of the way is drawn that yaw and pitch, or the translations, move the
        picture's centre.
    extent : (float, float)
        Pixels between which the largest blur at a corner lies. Shakes with more or less are drawn again.
    model : {"rotations", "roll-xy"}
        Whether yaw and pitch or translations go with the roll.
    focal_length : float, optional
        In pixels; by default that of :func:`~pydeblur.nonuniform.poses.default_focal_length`.
    constant_speed : bool
        Whether the picture's corners move at the same speed, on their mean, all the way: without places where the camera
        stays, the blurred picture has less of the sharp one.

    Returns
    -------
    ShakenCase
        Its pictures are smaller than the scene by the largest shift at each side.

    Raises
    ------
    InvalidInputError
        If the scene is no grey picture or too small, or no shake has so much blur at the corners.
    InvalidOptionError
        If the model or the focal length is not as above.

    Examples
    --------
    >>> case = shaken_case(np.random.default_rng(0).random((160, 200)), 1)
    >>> case.sharp.shape == case.blurred.shape, case.kernel_size % 2
    (True, 1)
    """
    scene = np.asarray(scene, np.float64)
    if scene.ndim != 2 or not np.all(np.isfinite(scene)):
        raise InvalidInputError(f"the scene should be a finite array (H, W), but its shape is {scene.shape}")
    rng = np.random.default_rng(rng)
    poses, weights = drawn_shake(scene.shape, rng, roll, way, extent, model, focal_length, constant_speed)
    margin, size = _margin(poses), _extent(poses)
    inside = np.s_[margin:-margin, margin:-margin]
    blurred = add_noise(PoseOperator(poses).blur(scene, weights)[inside], noise, rng).astype(np.float64)
    poses = CameraPoses(poses.parameters, blurred.shape, model, poses.focal_length)
    asked = int(np.ceil(1.15 * size)) // 2 * 2 + 3
    return ShakenCase(scene[inside].copy(), blurred, poses, weights, size, asked)


def drawn_shake(
    shape: tuple[int, int],
    rng,
    roll: tuple[float, float] = ROLL_RANGE,
    way: tuple[float, float] = WAY_RANGE,
    extent: tuple[float, float] = EXTENT_RANGE,
    model: str = "rotations",
    focal_length: float | None = None,
    constant_speed: bool = False,
) -> tuple[CameraPoses, np.ndarray]:
    """Draw the shake of :func:`shaken_case` without blurring anything.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the scene.
    rng, roll, way, extent, model, focal_length, constant_speed
        As there.

    Returns
    -------
    poses : CameraPoses
        Of the whole scene.
    weights : (T,) ndarray
        Of sum 1.

    Raises
    ------
    InvalidInputError
        If the scene is too small, or no shake has so much blur at the corners.
    InvalidOptionError
        If the model or the focal length is not as there.

    Examples
    --------
    >>> poses, weights = drawn_shake((160, 200), 1)
    >>> poses.shape, round(float(weights.sum()), 9)
    ((160, 200), 1.0)
    """
    if min(shape) < _SMALLEST_SIDE:
        raise InvalidInputError(
            f"the scene should have at least {_SMALLEST_SIDE} rows and columns, but has {shape[0]}x{shape[1]}"
        )
    rng = np.random.default_rng(rng)
    check_model(model)
    focal_length = default_focal_length(shape) if focal_length is None else check_focal_length(focal_length)
    for _ in range(_ATTEMPTS):
        poses, weights = _random_path(shape, rng, roll, way, model, focal_length)
        if constant_speed:
            poses, weights = _at_constant_speed(poses)
        if extent[0] <= _extent(poses) <= extent[1]:
            break
    else:
        raise InvalidInputError(
            f"no shake with a roll of {roll[0]:g} to {roll[1]:g} degrees blurs the corners of this scene by {extent[0]:g} to "
            f"{extent[1]:g} pixels: allow other rolls or extents"
        )
    if min(shape) <= 4 * _margin(poses):
        raise InvalidInputError(f"the scene ({shape[0]}x{shape[1]}) is too small for shifts of {_margin(poses)} pixels")
    return poses, weights


def _random_path(shape, rng, roll, way, model, focal_length):
    """Poses with their weights, about the mean pose."""
    across, about = (random_trajectory(rng, 2000) for _ in range(2))
    chosen = np.linspace(0, 1999, _POSES).astype(int)
    weights = random_dwell(rng, 2000)[chosen]
    weights /= weights.sum()
    ranges = np.ptp(across[chosen], axis=0)[::-1]
    path = np.column_stack([_unit(across[chosen, 1]), _unit(across[chosen, 0]), _unit(about[chosen, 0])])
    per_pixel = 1.0 if model == "roll-xy" else 1.0 / focal_length
    path[:, :2] *= ranges / ranges.max() * (rng.uniform(*way) / 2 * per_pixel)
    path[:, 2] *= np.deg2rad(rng.uniform(*roll))
    return CameraPoses(path - weights @ path, shape, model, focal_length), weights


def _at_constant_speed(poses: CameraPoses):
    """The same path, about its new mean, with each place weighted by the corners' mean way along it."""
    ways = np.gradient(poses.offsets(corners(poses.shape)), axis=1)
    weights = np.linalg.norm(ways, axis=2).mean(axis=0)
    weights /= weights.sum()
    path = poses.parameters - weights @ poses.parameters
    return CameraPoses(path, poses.shape, poses.model, poses.focal_length), weights


def _unit(values: np.ndarray) -> np.ndarray:
    """Scale to [-1, 1]."""
    return 2 * (values - values.min()) / np.ptp(values) - 1


def _margin(poses: CameraPoses) -> int:
    """The pixels along each side of the scene that the camera does not see all the time."""
    return int(np.ceil(poses.largest_offset())) + 1


def _extent(poses: CameraPoses) -> float:
    """The longer side of the largest kernel at a corner."""
    return float(np.ptp(poses.offsets(corners(poses.shape)), axis=1).max()) + 1
