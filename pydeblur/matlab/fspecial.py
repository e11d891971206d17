"""MATLAB's ``fspecial``: predefined two-dimensional filters."""

import math

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.matlab._arguments import choice, finite_number, size_pair

_EPS = np.finfo(np.float64).eps


def fspecial(kind, *parameters):
    """Return a predefined filter, by MATLAB's formulas.

    Parameters
    ----------
    kind : {"gaussian", "motion", "disk", "average"}
        The filter.
    *parameters
        | ``"gaussian", size=3, sigma=0.5``: size an int or (rows, columns), sigma > 0 in pixels; what is below eps
          times the maximum is set to 0.
        | ``"motion", length=9, angle=0``: linear motion of `length` pixels (at least 1 is taken) at `angle` degrees,
          counter-clockwise from the horizontal.
        | ``"disk", radius=5``: radius > 0 in pixels; the exact area of each pixel inside the circle; the size is
          ``2 * ceil(radius - 0.5) + 1``.
        | ``"average", size=3``: a box.

    Returns
    -------
    (M, N) ndarray of float64
        Sums to 1 (to about 1e-14 for "motion", whose formula adds eps * length**2 to the sum).

    Raises
    ------
    InvalidInputError
        For an unknown filter, too many parameters or one out of its range.

    Examples
    --------
    >>> from pydeblur.matlab import fspecial
    >>> fspecial("gaussian", 3, 0.5).round(4).tolist()
    [[0.0113, 0.0838, 0.0113], [0.0838, 0.6193, 0.0838], [0.0113, 0.0838, 0.0113]]
    >>> fspecial("motion", 3, 90).round(4).tolist()
    [[0.3333], [0.3333], [0.3333]]
    """
    build, most = _FILTERS[choice(kind, "kind", tuple(_FILTERS))]
    if len(parameters) > most:
        raise InvalidInputError(f"fspecial({kind!r}) takes at most {most} parameters, but got {len(parameters)}.")
    return build(*parameters)


def _gaussian(size=3, sigma=0.5):
    rows, columns = _filter_size(size)
    sigma = finite_number(sigma, "sigma", positive=True)
    y = np.arange(rows)[:, None] - (rows - 1) / 2
    x = np.arange(columns)[None, :] - (columns - 1) / 2
    h = np.exp(-(x * x + y * y) / (2 * sigma * sigma))
    h[h < _EPS * h.max()] = 0
    total = h.sum()
    return h / total if total != 0 else h


def _average(size=3):
    shape = _filter_size(size)
    return np.ones(shape) / math.prod(shape)


def _motion(length=9, angle=0):
    length = max(1.0, finite_number(length, "length", positive=True))
    half = (length - 1) / 2
    phi = finite_number(angle, "angle") % 180 / 180 * math.pi
    cosphi, sinphi = math.cos(phi), math.sin(phi)
    xsign = math.copysign(1, cosphi)
    last_x = math.trunc(half * cosphi + xsign - length * _EPS)  # eps gives the right size at 0 and 90 degrees
    last_y = math.trunc(half * sinphi + 1 - length * _EPS)
    x = xsign * np.arange(abs(last_x) + 1.0)[None, :]
    y = np.arange(last_y + 1.0)[:, None]
    quadrant = _closeness_to_segment(x, y, half, cosphi, sinphi)
    rows, columns = quadrant.shape
    h = np.zeros((2 * rows - 1, 2 * columns - 1))
    h[:rows, :columns] = quadrant[::-1, ::-1]
    h[rows - 1 :, columns - 1 :] = quadrant
    h /= h.sum() + _EPS * length * length
    return h[::-1].copy() if cosphi > 0 else h


def _closeness_to_segment(x, y, half, cosphi, sinphi):
    """Return 1 minus each pixel's distance to the line from the origin, at least 0; MATLAB's line width is 1."""
    distance = y * cosphi - x * sinphi
    beyond = (np.sqrt(x**2 + y**2) >= half) & (np.abs(distance) <= 1)
    past_end = half - np.abs((x + distance * sinphi) / cosphi)
    distance = np.where(beyond, np.sqrt(distance**2 + past_end**2), distance)
    return np.maximum(1 + _EPS - np.abs(distance), 0)


def _disk(radius=5):
    radius = finite_number(radius, "radius", positive=True)
    half = max(math.ceil(radius - 0.5), 0)
    offset = np.abs(np.arange(-half, half + 1.0))
    far = np.maximum(offset[:, None], offset[None, :])
    near = np.minimum(offset[:, None], offset[None, :])
    area = np.where(_crossed_by_circle(far, near, radius), _area_inside(far, near, radius), 0.0)
    area += (far + 0.5) ** 2 + (near + 0.5) ** 2 < radius**2
    area[half, half] = min(math.pi * radius**2, math.pi / 2)
    if half > 0 and half - 0.5 < radius and radius**2 < (half - 0.5) ** 2 + 0.25:
        _move_tips(area, half, radius)
    area[half, half] = min(area[half, half], 1)
    return area / area.sum()


def _crossed_by_circle(far, near, radius):
    square = radius**2
    corner = (square < (far + 0.5) ** 2 + (near + 0.5) ** 2) & (square > (far - 0.5) ** 2 + (near - 0.5) ** 2)
    return corner | ((near == 0) & (far - 0.5 < radius) & (far + 0.5 >= radius))


def _area_inside(far, near, radius):
    """Return the area of each pixel under the circle's arc, by the integral between its crossings m1 and m2."""
    square = radius**2
    chord_far = np.sqrt(np.maximum(square - (far + 0.5) ** 2, 0))
    chord_near = np.sqrt(np.maximum(square - (far - 0.5) ** 2, 0))
    m1 = np.where(square < (far + 0.5) ** 2 + (near - 0.5) ** 2, near - 0.5, chord_far)
    m2 = np.where(square > (far - 0.5) ** 2 + (near + 0.5) ** 2, near + 0.5, chord_near)
    angle1, angle2 = (np.arcsin(np.clip(m / radius, -1, 1)) for m in (m1, m2))
    segment = square * (0.5 * (angle2 - angle1) + 0.25 * (np.sin(2 * angle2) - np.sin(2 * angle1)))
    return segment - (far - 0.5) * (m2 - m1) + (m1 - near + 0.5)


def _move_tips(area, half, radius):
    """Give the four outermost pixels on the axes their cap of the circle, and take it from the next ones."""
    m1 = math.sqrt(radius**2 - (half - 0.5) ** 2)
    angle = math.asin(m1 / radius)
    tip = 2 * (radius**2 * (0.5 * angle + 0.25 * math.sin(2 * angle)) - m1 * (half - 0.5))
    for outer, inner in ((2 * half, 2 * half - 1), (0, 1)):
        area[outer, half] = area[half, outer] = tip
        area[inner, half] -= tip
        area[half, inner] -= tip


def _filter_size(size):
    return size_pair((size, size) if np.ndim(size) == 0 else size, "size")


_FILTERS = {"gaussian": (_gaussian, 2), "motion": (_motion, 2), "disk": (_disk, 1), "average": (_average, 1)}
