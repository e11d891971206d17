"""Poses that were found on a part of a picture, as the whole picture sees them.

A picture of twelve million pixels tells more than eq. (17) needs. The poses are estimated on a part of it, and the final
step, which works patch by patch, takes the whole.
"""

from __future__ import annotations

import numpy as np
import scipy

from pydeblur.errors import InvalidInputError
from pydeblur.nonuniform.local_blur import PoseBlur
from pydeblur.nonuniform.poses import CameraPoses
from pydeblur.preprocess.region import Region

#: Gauss-Newton steps from a rotation about the region's axis to the one about the picture's; two give it to 1e-6 pixels.
_STEPS = 4
#: For the differences that stand for derivatives, in radians.
_SMALL_ANGLE = 1e-6


def blur_of_whole_picture(blur: PoseBlur, region: Region, shape: tuple[int, int]) -> PoseBlur:
    """Carry camera poses that were estimated on a region to the picture that the region was cut from.

    The poses of a region turn about its centre, those of the picture about the picture's. A turn about another centre is a
    turn by the same angle and a translation. Rotations about all three axes are carried exactly only at the region's
    centre: elsewhere perspective differs, and those are taken that move the region's border most nearly in the same way.
    The common motion that this leaves in all poses, which no picture can tell, is taken out.

    Parameters
    ----------
    blur : PoseBlur
        For pictures of the region's size.
    region : Region
        Where the region lies in the picture.
    shape : (int, int)
        Rows and columns of the picture; further entries do not count.

    Returns
    -------
    PoseBlur
        For pictures of that shape. Within the region its kernels are those of `blur`, but for a common motion.

    Raises
    ------
    InvalidInputError
        If the blur is for another size than the region's, or the region does not lie within the picture.

    Examples
    --------
    A camera that turned by ±0.01 about a point 100 pixels below the picture's centre has moved that centre by ±1 pixel:

    >>> turned = PoseBlur(CameraPoses([[0.0, 0.0, -0.01], [0.0, 0.0, 0.01]], (101, 101)), [1, 1])
    >>> whole = blur_of_whole_picture(turned, Region(100, 0, 101, 101), (201, 101))
    >>> whole.poses.parameters.round(2).tolist()
    [[-0.5, 0.0, -0.01], [0.5, 0.0, 0.01]]
    """
    height, width = int(shape[0]), int(shape[1])
    _check_region(blur, region, (height, width))
    offset = np.array([region.left - (width - region.width) / 2, region.top - (height - region.height) / 2])
    poses = blur.poses
    carried = _planar(poses.parameters, offset) if poses.model == "roll-xy" else _rotations(poses, offset)
    centred = _without_mean(carried, blur.weights, poses.model)
    return PoseBlur(CameraPoses(centred, (height, width), poses.model, poses.focal_length), blur.weights)


def _check_region(blur: PoseBlur, region: Region, shape: tuple[int, int]) -> None:
    if tuple(blur.shape) != (region.height, region.width):
        raise InvalidInputError(
            f"the blur is for a region of {blur.shape[0]}x{blur.shape[1]} pixels, but the region has "
            f"{region.height}x{region.width}"
        )
    ends = region.top + region.height, region.left + region.width
    if min(region.top, region.left) < 0 or ends[0] > shape[0] or ends[1] > shape[1]:
        raise InvalidInputError(
            f"the region {tuple(region)} should lie within the picture of {shape[0]}x{shape[1]} pixels"
        )


def _turned(vectors: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Vectors (..., 2) turned by angles (T,), from the x axis towards the y axis: (T, 2)."""
    x, y = vectors[..., 0], vectors[..., 1]
    cosine, sine = np.cos(angles), np.sin(angles)
    return np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=-1)


def _planar(parameters: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """c + R (p - c) + t for the region's centre c, as a turn about the picture's centre: its translation is t + c - R c."""
    moved = parameters[:, :2] + offset - _turned(offset, parameters[:, 2])
    return np.column_stack([moved, parameters[:, 2]])


def _rotations(poses: CameraPoses, offset: np.ndarray) -> np.ndarray:
    """The rotation vectors (T, 3) about the picture's centre that move the region's border as the region's poses do."""
    height, width = poses.shape
    y, x = (grid.ravel() for grid in np.meshgrid([0, height - 1], [0, width - 1], indexing="ij"))
    points = np.column_stack([x, y]).astype(float)
    wanted = poses.offsets(points)
    # In a picture with its centre at the origin these pixels lie at:
    seen = points - poses.centre + offset

    def offsets(vectors):
        return CameraPoses(vectors, (1, 1), "rotations", poses.focal_length).offsets(seen)

    vectors = poses.parameters.copy()
    for _ in range(_STEPS):
        at = offsets(vectors)
        slopes = np.stack([(offsets(vectors + step) - at) / _SMALL_ANGLE for step in _SMALL_ANGLE * np.eye(3)], axis=-1)
        jacobian = slopes.transpose(1, 0, 2, 3).reshape(len(vectors), -1, 3)
        missing = (wanted - at).transpose(1, 0, 2).reshape(len(vectors), -1, 1)
        vectors = vectors + (np.linalg.pinv(jacobian) @ missing)[..., 0]
    return vectors


def _without_mean(parameters: np.ndarray, weights: np.ndarray, model: str) -> np.ndarray:
    """The poses H_t G⁻¹ with the mean pose G: the latent picture takes the common motion."""
    mean = weights @ parameters
    if model == "rotations":
        rotation = scipy.spatial.transform.Rotation.from_rotvec
        turned = rotation(parameters) * rotation(mean).inv()
        return turned.as_rotvec()
    angles = parameters[:, 2] - mean[2]
    return np.column_stack([parameters[:, :2] - _turned(mean[:2], angles), angles])
