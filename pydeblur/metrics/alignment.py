"""The shift between two images, to a quarter of a pixel, by trying every one."""

from typing import NamedTuple

import numpy as np

from pydeblur.errors import InvalidInputError, InvalidOptionError

#: Shifts are tried in steps of 1 / STEPS_PER_PIXEL.
STEPS_PER_PIXEL = 4
#: The fast sums of squares are exact to about 1e-13 of the images' energy; what lies this close is summed again.
_TIE = 1e-10


class Alignment(NamedTuple):
    """The best shift of one image against another, as :func:`align` finds it.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.metrics import align
    >>> alignment = align(np.eye(40), np.eye(40), max_shift=1)
    >>> alignment.image.shape, alignment.ssd
    ((10, 10), 0.0)
    """

    #: (H - 2 border, W - 2 border[, C]) float64: the moved image.
    image: np.ndarray
    #: The reference, cropped to the same pixels.
    reference: np.ndarray
    #: (rows, columns) in pixels: image[i, j] is the moving image at [border + i + rows, border + j + columns].
    shift: tuple[float, float]
    #: Sum of the squared differences of the two.
    ssd: float


def align(moving, reference, max_shift=5, border=15):
    """Shift `moving` so that it fits `reference` best in the sense of least squares.

    All shifts up to `max_shift` in both directions are tried, in steps of a quarter pixel, with bilinear
    interpolation; this is the search of Levin et al.'s ``comp_upto_shift`` [19], with the same winner on ties. The sums
    for the fractions between four neighbouring pixels follow from their products, so that the images are gone
    through once for each whole-pixel shift and not sixteen times.

    Parameters
    ----------
    moving, reference : (H, W) or (H, W, C) array_like
        Two finite images of the same shape.
    max_shift : int
        Largest shift in pixels, 0 to `border`.
    border : int
        The pixels on each side of the reference that do not count.

    Returns
    -------
    Alignment

    Raises
    ------
    InvalidInputError
        If the shapes differ or are too small for the border, or a value is not finite.
    InvalidOptionError
        If `max_shift` is not a whole number between 0 and `border`.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.metrics import align
    >>> image = np.random.default_rng(0).random((40, 40))
    >>> align(np.roll(image, 2, axis=1), image).shift
    (0.0, 2.0)
    """
    moving, reference = checked_pair(moving, reference)
    if not isinstance(max_shift, (int, np.integer)) or not 0 <= max_shift <= border:
        raise InvalidOptionError(f"max_shift should be a whole number between 0 and {border}, not {max_shift!r}.")
    if min(reference.shape[:2]) <= 2 * border:
        raise InvalidInputError(
            f"both images should have more than {2 * border} rows and columns, because {border} are cut on each side; "
            f"their shape is {reference.shape}."
        )
    reference = _without_border(reference, border)
    moving = _without_border(moving, border - max_shift)
    # Bilinear weights sum to 1, so a constant can be taken off both: it would only cost digits.
    mean = reference.mean(axis=(0, 1))
    sums = _sums_of_squares(_channels(moving - mean), _channels(reference - mean))
    best = None
    # The order is that of MATLAB's find on a matrix indexed by (x shift, y shift): rows outermost, x fastest.
    for row, column in np.argwhere(sums <= sums.min() + _TIE * np.abs(sums).max()).tolist():
        image = _shifted(moving, reference.shape, row, column)
        ssd = float(np.sum((image - reference) ** 2))
        if best is None or ssd < best.ssd:
            shift = (row / STEPS_PER_PIXEL - max_shift, column / STEPS_PER_PIXEL - max_shift)
            best = Alignment(image, reference, shift, ssd)
    return best


def checked_pair(image, reference):
    """Return both images as finite float64 arrays of one shape.

    Parameters
    ----------
    image, reference : (H, W) or (H, W, C) array_like
        Real numbers or booleans.

    Returns
    -------
    image, reference : (H, W) or (H, W, C) float64 ndarray

    Raises
    ------
    InvalidInputError
        If the shapes differ or are others, or a value is not real and finite.

    Examples
    --------
    >>> image, reference = checked_pair([[0, 1]], [[1, 1]])
    >>> image.dtype == reference.dtype == float
    True
    """
    image, reference = np.asarray(image), np.asarray(reference)
    if image.shape != reference.shape or image.ndim not in (2, 3) or not image.size:
        raise InvalidInputError(
            f"image and reference should both have the shape (H, W) or (H, W, C), not {image.shape} and "
            f"{reference.shape}."
        )
    if image.dtype.kind not in "fiub" or reference.dtype.kind not in "fiub":
        raise InvalidInputError("image and reference should hold real numbers.")
    image, reference = image.astype(np.float64), reference.astype(np.float64)
    if not (np.isfinite(image).all() and np.isfinite(reference).all()):
        raise InvalidInputError("image and reference should be finite, but hold NaN or infinite values.")
    return image, reference


def _without_border(image, border):
    return image[border : image.shape[0] - border, border : image.shape[1] - border]


def _channels(image):
    """Put the channels first, (C, H, W): sums over rows and columns are fastest when these come last."""
    return np.ascontiguousarray(image[None] if image.ndim == 2 else np.moveaxis(image, -1, 0))


def _shifted(moving, shape, row, column):
    """`moving` from (row, column) quarter pixels on, in the given shape."""
    for axis, steps in ((0, row), (1, column)):
        start, fraction = divmod(steps, STEPS_PER_PIXEL)
        weight = fraction / STEPS_PER_PIXEL
        pixels = np.arange(start, start + shape[axis])
        here = moving.take(pixels, axis)
        # Without a weight there may be no neighbour either: the last shift ends at the last pixel.
        moving = (1 - weight) * here + weight * moving.take(pixels + 1, axis) if weight else here
    return moving


def _sums_of_squares(moving, reference):
    """Sum of (shifted moving - reference)^2 for every shift, in quarter pixels.

    With the four neighbours m_ab of a pixel and their bilinear weights w_ab, the sum over the image of
    (sum_ab w_ab m_ab - r)^2 is a quadratic form in the w_ab whose coefficients are sums of the products m_ab m_cd
    and m_ab r at whole-pixel shifts.

    Parameters
    ----------
    moving : (C, h + n - 1, w + n - 1) ndarray
    reference : (C, h, w) ndarray

    Returns
    -------
    (4 n - 3, 4 n - 3) ndarray
        Entry (i, j) is for a shift of (i / 4, j / 4).
    """
    window = reference.shape[1:]
    count = moving.shape[1] - window[0] + 1
    cross = np.array([[_product(moving, reference, i, j) for j in range(count)] for i in range(count)])
    # products[(a, b)][i, j]: sum over the window at (i, j) of m times m moved by (a, b).
    products = {(a, b): _window_sums(moving, a, b, window, count) for a, b in ((0, 0), (0, 1), (1, 0), (1, 1), (1, -1))}
    sums = np.empty((STEPS_PER_PIXEL * count, STEPS_PER_PIXEL * count))
    for i in range(STEPS_PER_PIXEL):
        for j in range(STEPS_PER_PIXEL):
            y, x = i / STEPS_PER_PIXEL, j / STEPS_PER_PIXEL
            weights = {(0, 0): (1 - y) * (1 - x), (0, 1): (1 - y) * x, (1, 0): y * (1 - x), (1, 1): y * x}
            sums[i::STEPS_PER_PIXEL, j::STEPS_PER_PIXEL] = _quadratic_form(weights, products, cross)
    last = STEPS_PER_PIXEL * (count - 1) + 1
    return sums[:last, :last] + np.sum(reference**2)


def _product(moving, reference, i, j):
    height, width = reference.shape[1:]
    return np.einsum("cij,cij->", moving[:, i : i + height, j : j + width], reference)


def _window_sums(moving, a, b, window, count):
    """(n, n): for every window at (i, j), the sum of moving[p] moving[p + (a, b)]; 0 where that leaves the image."""
    product = np.zeros(moving.shape[1:])
    rows, columns = moving.shape[1:]
    left, right = max(0, -b), columns - max(0, b)
    product[: rows - a, left:right] = np.einsum(
        "cij,cij->ij", moving[:, : rows - a, left:right], moving[:, a:, left + b : right + b]
    )
    totals = np.pad(product, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    height, width = window
    low, high = slice(0, count), slice(height, height + count)
    lower, higher = slice(0, count), slice(width, width + count)
    return totals[high, higher] - totals[low, higher] - totals[high, lower] + totals[low, lower]


def _quadratic_form(weights, products, cross):
    """sum_ab,cd w_ab w_cd P(ab, cd) - 2 sum_ab w_ab X(ab), for every whole-pixel shift at once."""
    total = 0.0
    for (a, b), weight in weights.items():
        total = total - 2 * weight * _moved(cross, a, b) + weight**2 * _moved(products[0, 0], a, b)
        for (c, d), other in weights.items():
            # Each pair is taken once, from the one that comes first; its product is stored at the first one's place.
            if (c, d) > (a, b):
                total = total + 2 * weight * other * _moved(products[c - a, d - b], a, b)
    return total


def _moved(table, a, b):
    """table[i + a, j + b], 0 outside: there the weight is 0, or the shift is beyond the last one."""
    return np.pad(table, ((0, a), (0, b)))[a:, b:]
