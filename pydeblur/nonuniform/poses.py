"""Camera poses and the homographies by which they move the picture, eq. (14) and Whyte et al. [35]."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.nonuniform.models import MODELS
from pydeblur.options import is_finite_number

#: The diagonal of a frame of 35-mm film (36 mm x 24 mm), by which CIPA DCG-001 defines the equivalent focal length.
_FILM_DIAGONAL = math.hypot(36.0, 24.0)
#: Parameters beyond this, in pixels or radians, are no camera's.
_LARGEST_PARAMETER = 1e6
_BEHIND = "poses should keep the scene in front of the camera, but one turns it by a right angle or more"


def default_focal_length(shape: tuple[int, int]) -> float:
    """Return the focal length that is assumed where none is known: the longer side of the picture.

    That is a lens of 42 mm on a 35-mm camera for a picture of 3:2, between a normal and a wide lens. A focal length that
    is wrong by half changes next to nothing: yaw and pitch act as translations of f times the angle.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the picture; further entries do not count.

    Returns
    -------
    float
        In pixels.

    Examples
    --------
    >>> default_focal_length((480, 640))
    640.0
    """
    return float(max(shape[:2]))


def focal_length_from_35mm(equivalent: float, shape: tuple[int, int]) -> float:
    """Convert EXIF's FocalLengthIn35mmFilm to pixels.

    The equivalence is that of the diagonal angle of view (CIPA DCG-001), so that it holds for every aspect ratio.

    Parameters
    ----------
    equivalent : float
        In millimetres, > 0. EXIF writes 0 where it is unknown.
    shape : (int, int)
        Rows and columns of the whole picture; further entries do not count.

    Returns
    -------
    float
        In pixels.

    Raises
    ------
    InvalidOptionError
        If the focal length is not a positive number.

    Examples
    --------
    >>> round(focal_length_from_35mm(36.0, (2000, 3000)), 6)
    3000.0
    """
    equivalent = check_focal_length(equivalent)
    return equivalent / _FILM_DIAGONAL * math.hypot(*shape[:2])


def check_focal_length(focal_length) -> float:
    """Return a focal length as a float.

    Raises
    ------
    InvalidOptionError
        If it is not a positive finite number.

    Examples
    --------
    >>> check_focal_length(0)
    Traceback (most recent call last):
        ...
    pydeblur.errors.InvalidOptionError: the focal length should be a finite number of pixels above 0, but is 0
    """
    if not (is_finite_number(focal_length) and focal_length > 0):
        raise InvalidOptionError(
            f"the focal length should be a finite number of pixels above 0, but is {focal_length!r}"
        )
    return float(focal_length)


def check_model(model) -> str:
    """Return the name of a model of the camera's motion.

    Raises
    ------
    InvalidOptionError
        If there is no such model.

    Examples
    --------
    >>> check_model("rotations")
    'rotations'
    """
    if not isinstance(model, str) or model not in MODELS:
        raise InvalidOptionError(f"poses should be one of {', '.join(MODELS)}, but is {model!r}")
    return model


@dataclass(frozen=True, eq=False)
class CameraPoses:
    """Poses of a camera during an exposure, as its picture of a given size sees them.

    The homography of a pose takes a pixel of the sharp picture to where the pose puts it in the blurred one. Pixels are
    (x, y) = (column, row), and every rotation is about the picture's centre. A pose of zeros moves nothing.

    Parameters
    ----------
    parameters : (T, 3) array_like
        For the model "roll-xy" each row is (x, y, roll): translations to the right and down in pixels, and the rotation
        about the optical axis in radians, from the x axis towards the y axis. For "rotations" it is the rotation vector
        (pitch, yaw, roll) in radians: R is the exponential of its cross-product matrix, about the x, y and z axes.
    shape : (int, int)
        Rows and columns of the picture.
    model : {"roll-xy", "rotations"}
    focal_length : float, optional
        In pixels, > 0; only "rotations" depends on it. By default it is :func:`default_focal_length`.

    Raises
    ------
    InvalidInputError
        If the parameters are not a finite array (T, 3), or the shape is not one of a picture.
    InvalidOptionError
        If the model is unknown or the focal length is not positive.

    Examples
    --------
    >>> poses = CameraPoses([[2.0, -1.0, 0.0]], (48, 64))
    >>> poses.offsets([[10.0, 20.0]]).round(6).tolist()
    [[[2.0, -1.0]]]
    """

    parameters: np.ndarray
    shape: tuple[int, int]
    model: str = "roll-xy"
    focal_length: float = None  # type: ignore[assignment]  # a number in every instance: the default depends on the shape

    def __post_init__(self):
        parameters = np.asarray(self.parameters)
        if parameters.dtype.kind not in "fiu" or parameters.ndim != 2 or parameters.shape[1] != 3:
            raise InvalidInputError(
                f"poses should be a real array (T, 3), but are {parameters.dtype} of shape {parameters.shape}"
            )
        if len(parameters) == 0 or not np.all(np.isfinite(parameters)):
            raise InvalidInputError(
                "poses should be finite and at least one, but there are none or some are not finite"
            )
        if np.abs(parameters).max() > _LARGEST_PARAMETER:
            raise InvalidInputError(
                f"poses should be within ±{_LARGEST_PARAMETER:g} pixels or radians, but go up to "
                f"{float(np.abs(parameters).max()):.3g}"
            )
        shape = tuple(int(side) for side in self.shape[:2])
        if len(shape) != 2 or min(shape) < 1:
            raise InvalidInputError(f"the shape of the picture should be (rows, columns), but is {self.shape}")
        check_model(self.model)
        focal_length = default_focal_length(shape) if self.focal_length is None else self.focal_length
        object.__setattr__(self, "parameters", parameters.astype(np.float64))
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "focal_length", check_focal_length(focal_length))

    def __len__(self) -> int:
        return len(self.parameters)

    @property
    def centre(self) -> np.ndarray:
        """The picture's centre (x, y) in pixels."""
        return np.array([(self.shape[1] - 1) / 2, (self.shape[0] - 1) / 2])

    def homographies(self) -> np.ndarray:
        """Return the homographies H_t (T, 3, 3): H_t (x, y, 1) is where the pose puts a pixel of the sharp picture."""
        matrices = self._planar() if self.model == "roll-xy" else self._projected_rotations()
        to_centre, from_centre = np.eye(3), np.eye(3)
        to_centre[:2, 2], from_centre[:2, 2] = -self.centre, self.centre
        return from_centre @ matrices @ to_centre

    def inverse_homographies(self) -> np.ndarray:
        """Return the inverses (T, 3, 3) of the homographies.

        Raises
        ------
        InvalidInputError
            If a homography has none in floating-point numbers, as with a focal length far below a pixel.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            homographies = self.homographies()
        try:
            return np.linalg.inv(homographies)
        except np.linalg.LinAlgError:
            raise InvalidInputError(_BEHIND) from None

    def _planar(self) -> np.ndarray:
        x, y, roll = self.parameters.T
        cosine, sine = np.cos(roll), np.sin(roll)
        matrices = np.zeros((len(self), 3, 3))
        matrices[:, 0, 0] = matrices[:, 1, 1] = cosine
        matrices[:, 0, 1], matrices[:, 1, 0] = -sine, sine
        matrices[:, 0, 2], matrices[:, 1, 2] = x, y
        matrices[:, 2, 2] = 1
        return matrices

    def _projected_rotations(self) -> np.ndarray:
        calibration = np.diag([self.focal_length, self.focal_length, 1.0])
        return calibration @ rotation_matrices(self.parameters) @ np.linalg.inv(calibration)

    def offsets(self, points) -> np.ndarray:
        """Return where the blurred picture's pixels come from, as the shifts of the local kernels.

        Parameters
        ----------
        points : (P, 2) array_like
            Pixels (x, y) of the blurred picture.

        Returns
        -------
        (P, T, 2) float64 ndarray
            p - H_t⁻¹ p in (x, y): pose t puts its weight there in the kernel of pixel p.

        Raises
        ------
        InvalidInputError
            If a pose turns the camera so far that a pixel shows what lies beside or behind it.
        """
        points = np.asarray(points, np.float64)
        homogeneous = np.column_stack([points, np.ones(len(points))])
        sources = np.einsum("tij,pj->pti", self.inverse_homographies(), homogeneous)
        if not np.all(sources[..., 2] > 0):
            raise InvalidInputError(_BEHIND)
        return points[:, None] - sources[..., :2] / sources[..., 2:]

    def largest_offset(self) -> float:
        """Return the largest shift of a corner of the picture along x or y, in pixels."""
        return float(np.abs(self.offsets(corners(self.shape))).max())

    def subset(self, chosen) -> CameraPoses:
        """Return some of the poses, chosen by an index or mask array."""
        return CameraPoses(self.parameters[chosen], self.shape, self.model, self.focal_length)

    def at_shape(self, shape: tuple[int, int]) -> CameraPoses:
        """Return the same poses as they move the same view in a picture of another size.

        Parameters
        ----------
        shape : (int, int)
            Of about the same aspect ratio; the longer side says how much larger the picture is.

        Returns
        -------
        CameraPoses
        """
        ratio = max(shape[:2]) / max(self.shape)
        scale = np.array([ratio, ratio, 1.0]) if self.model == "roll-xy" else np.ones(3)
        return CameraPoses(self.parameters * scale, (shape[0], shape[1]), self.model, self.focal_length * ratio)


def corners(shape: tuple[int, int]) -> np.ndarray:
    """Return the corners (x, y) of a picture.

    Parameters
    ----------
    shape : (int, int)

    Returns
    -------
    (4, 2) float64 ndarray

    Examples
    --------
    >>> corners((3, 5)).tolist()
    [[0.0, 0.0], [4.0, 0.0], [0.0, 2.0], [4.0, 2.0]]
    """
    right, bottom = shape[1] - 1.0, shape[0] - 1.0
    return np.array([[0.0, 0.0], [right, 0.0], [0.0, bottom], [right, bottom]])


def rotation_matrices(vectors: np.ndarray) -> np.ndarray:
    """Return the rotation matrices of rotation vectors by Rodrigues' formula.

    Parameters
    ----------
    vectors : (T, 3) ndarray
        Axis times angle in radians.

    Returns
    -------
    (T, 3, 3) float64 ndarray

    Examples
    --------
    >>> rotation_matrices(np.array([[0.0, 0.0, np.pi / 2]])).round(12)[0].tolist()
    [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    x, y, z = np.asarray(vectors, np.float64).T
    cross = np.zeros((len(x), 3, 3))
    cross[:, 0, 1], cross[:, 0, 2], cross[:, 1, 2] = -z, y, -x
    cross -= cross.transpose(0, 2, 1)
    angle = np.sqrt(x**2 + y**2 + z**2)
    # np.sinc(t) is sin(πt)/(πt): no division by an angle of 0.
    first, second = np.sinc(angle / np.pi), np.sinc(angle / (2 * np.pi)) ** 2 / 2
    return np.eye(3) + first[:, None, None] * cross + second[:, None, None] * (cross @ cross)
