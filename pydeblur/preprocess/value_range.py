"""The range that a picture's values lie in: found or given, used inside, and undone on the way out.

All weights and thresholds of the package mean intensities in [0, 1]. Data of 12 bits in a file of 16, or a floating picture
that was multiplied by 4, or by 0.1, would make them mean something else: too strong a prior leaves a flat kernel.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.options import is_finite_number, is_row, shown
from pydeblur.preprocess.validation import checked_picture

#: A floating picture is taken as it is where its brightest value lies between these, and few values are below the third.
_DARKEST, _BRIGHTEST, _LOWEST = 1 / 8, 1.5, -0.2
#: Bits of sensors and of files; numbers of more than 16 bits may have any.
_DEPTHS = (8, 10, 12, 14, 16)
#: Numbers that need less bits than any of them may have any, and floating ones follow no number of bits.
_FEWEST_CODES = 32
#: Data of up to so many bits are found in files of 16. Above the second, in 16ths of the full range, low bits that are all 0
#: tell a dark picture, whose data were shifted up, from such data.
_LARGEST_FOUND_DEPTH, _LEAST_SHIFTED = 14, 2
#: Floating values this close to a whole multiple of 1/255 or of 1/65535, in its parts, were such integers.
_GRID_TOLERANCE = 1e-2
#: The brightest 1 % are lights where the brightest value of all is more than this many times as bright as the rest; the
#: range then ends there, but never so low that a light passes the second.
_LIGHTS, _BRIGHTEST_LIGHT = 4.0, 100.0
#: Largest numbers of common depths, by which floating pictures are multiplied.
_SCALES = (255.0, 1023.0, 4095.0, 16383.0, 65535.0)
#: Less than this share of the range below 0 is noise around black.
_NOISE_BELOW_BLACK = 0.05
#: Values beyond this, and ranges narrower than its inverse, would overflow.
_LARGEST_VALUE = 1e34
#: Rows that are mapped at a time.
_ROWS = 64


class ValueRange(NamedTuple):
    """The two numbers, in a picture's own scale, that stand for black and white.

    Examples
    --------
    >>> ValueRange(0.0, 4095.0).high
    4095.0
    """

    low: float
    high: float


@dataclass(frozen=True)
class PictureConvention:
    """The type and the numbers in which a picture was given, for a result that is to be like it.

    Attributes
    ----------
    dtype : dtype
        Of the picture.
    low, high : float
        Black and white in the scale in which results are returned, as `RangedPicture` has it.
    offset, factor : float
        What turns that scale into the picture's own numbers: they are `offset` + `factor` times the result.
    """

    dtype: np.dtype
    low: float
    high: float
    offset: float = 0.0
    factor: float = 1.0

    def applied(self, image: np.ndarray) -> np.ndarray:
        """Return an image clipped to the range, in the type and the numbers of the picture.

        Parameters
        ----------
        image : ndarray
            In the scale in which results are returned.

        Returns
        -------
        ndarray
            Whole numbers are rounded. For pictures of bool, and for floating types of more than 64 bits, the type is that
            of `image`.

        Examples
        --------
        >>> picture = in_unit_range(np.array([[0, 255]], np.uint8))
        >>> picture.convention.applied(np.array([[-0.1, 0.2, 1.3]]))
        array([[  0,  51, 255]], dtype=uint8)
        """
        clipped = np.clip(image, self.low, self.high)
        if self.dtype.kind in "iu":
            numbers = np.rint(clipped.astype(np.float64) * self.factor + self.offset)
            largest = np.iinfo(self.dtype).max
            # The largest numbers of 64 bits have no double of their own: the next one is beyond the type.
            beyond = numbers >= float(largest)
            whole = np.where(beyond, 0, numbers).astype(self.dtype)
            whole[beyond] = largest
            return whole
        if self.dtype.kind == "f" and self.dtype.itemsize <= 8:
            return clipped.astype(self.dtype, copy=False)
        return clipped


@dataclass(frozen=True, eq=False)
class RangedPicture:
    """A picture in [0, 1], and the way back to its own scale.

    Attributes
    ----------
    pixels : (H, W) or (H, W, 3) ndarray
        float32 or float64; `value_range` is mapped to [0, 1], and what lies outside it stays outside.
    value_range : ValueRange
        In the picture's own numbers: 0 and 4095 for an array of uint16 with 12 bits.
    is_full : bool
        Whether the range is that of the dtype, [0, 1] for a floating one, so that nothing was mapped.
    low, span : float
        The range's begin and length in the scale in which results are returned: [0, 1] for bool, uint8, uint16 and int16,
        as MATLAB's ``im2double`` makes it; the picture's own numbers for all others.
    dtype : dtype
        What the picture had.
    """

    pixels: np.ndarray
    value_range: ValueRange
    is_full: bool = True
    low: float = 0.0
    span: float = 1.0
    dtype: np.dtype = field(default_factory=lambda: np.dtype(np.float64))

    def restored(self, image: np.ndarray) -> np.ndarray:
        """Return an image in [0, 1] in the scale in which results are returned.

        Examples
        --------
        >>> picture = in_unit_range(np.array([[0.0, 2.0], [4.0, 3.0]]))
        >>> picture.value_range, picture.restored(picture.pixels).tolist()
        (ValueRange(low=0.0, high=4.0), [[0.0, 2.0], [4.0, 3.0]])
        """
        if self.is_full:
            return image
        return _by_rows(image, lambda rows: rows * self.span + self.low)

    @property
    def convention(self) -> PictureConvention:
        """The type and the range that a result like the picture has.

        A range that was found ends below the few brightest lights of a floating picture: they are not cut off.
        """
        high = self.low + self.span
        if self.dtype.kind not in "fb":
            _, offset, factor = _full_range(self.dtype)
            return PictureConvention(self.dtype, self.low, high, offset, factor)
        brightest = 1.0 if self.is_full else max(float(self.pixels.max()), 1.0)
        return PictureConvention(self.dtype, self.low, self.low + self.span * brightest)

    @property
    def for_clipping(self) -> np.ndarray:
        """The picture for the search for clipped pixels: lights beyond the range were not clipped at its end."""
        brightest = 1.0 if self.is_full else float(self.pixels.max())
        return self.pixels / brightest if brightest > 1 else self.pixels


def check_value_range(value_range) -> None:
    """Check the argument ``value_range`` of :func:`pydeblur.deblur`.

    Raises
    ------
    InvalidOptionError
        If it is neither "auto" nor "full" nor two finite numbers, the first below the second.

    Examples
    --------
    >>> check_value_range((0, 4095))
    >>> check_value_range((1, 0))
    Traceback (most recent call last):
        ...
    pydeblur.errors.InvalidOptionError: value_range should be "auto", "full" or (low, high) with low < high, but is (1, 0)
    """
    if isinstance(value_range, str) and value_range in ("auto", "full"):
        return
    if is_row(value_range) and len(value_range) == 2:
        low, high = value_range
        are_numbers = is_finite_number(low) and is_finite_number(high)
        if are_numbers and 1 / _LARGEST_VALUE < float(high) - float(low) < _LARGEST_VALUE:
            return
    raise InvalidOptionError(
        f'value_range should be "auto", "full" or (low, high) with low < high, but is {shown(value_range)}'
    )


def in_unit_range(image, value_range="auto", preparation=None) -> RangedPicture:
    """Check a picture, find its range where it is not given, and map that to [0, 1].

    By default ("auto") the range is full, and not one bit of the picture is changed, for

    - bool and uint8, however dark;
    - whole numbers of other types that were 8-bit values (multiples of 256 or 257 in uint16), and floating numbers that are
      whole multiples of 1/255;
    - floating pictures whose brightest value lies between 1/8 and 1.5 and of which less than 1 % lies below -0.2.

    In all others it is found. Whole numbers of at least 0, in floating arrays, too, reach up to the largest number of 8, 10, 12
    or 14 bits, or of 16 or any more bits; a picture of uint16 without a value in the upper three quarters has 14 bits or
    less, unless all its values are even, which tells that they were shifted up. Floating pictures and negative numbers reach up
    to their brightest value (255, 1023, 4095, 16383 or 65535 where that is in the upper half of it), but for few lights that
    are far brighter than all else, and begin at 0, or at their darkest value where many are negative or all are close to each
    other. [-0.5, 0.5] and [-1, 1] are known.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        Of any integer or floating type and byte order.
    value_range : {"auto", "full"} or (float, float)
        "full" is the range of the dtype, [0, 1] for floating types; two numbers are in the picture's own scale.
    preparation : callable, optional
        What is done to the picture before its range is found, such as a median filter.

    Returns
    -------
    RangedPicture

    Raises
    ------
    InvalidInputError
        If it is no picture, or has values far outside the range that is given.
    InvalidOptionError
        If `value_range` is something else.

    Examples
    --------
    >>> twelve_bits = np.array([[0, 1000], [3001, 4000]], np.uint16)
    >>> in_unit_range(twelve_bits).value_range
    ValueRange(low=0.0, high=4095.0)
    >>> in_unit_range(np.array([[0, 100]], np.uint8)).is_full
    True
    """
    check_value_range(value_range)
    pixels, dtype = checked_picture(image)
    if preparation is not None:
        pixels = preparation(pixels)
    full, offset, factor = _full_range(dtype)
    if isinstance(value_range, str) and value_range == "full":
        found = full
    elif isinstance(value_range, str):
        found = _found_range(pixels, dtype, full)
    else:
        found = ValueRange(*map(float, value_range))
    is_full = found == full and (found.low - offset, found.high - offset) == (0, factor)
    low, span = (found.low - offset) / factor, (found.high - found.low) / factor
    if not is_full:
        pixels = _mapped(pixels, low, span)
    _check_fit(pixels)
    return RangedPicture(pixels, found, is_full, low, span, dtype)


def _full_range(dtype: np.dtype) -> tuple[ValueRange, float, float]:
    """The range of a dtype, and offset and divisor from own numbers to those of the checked picture."""
    if dtype.kind in "bf":
        return ValueRange(0.0, 1.0), 0.0, 1.0
    info = np.iinfo(dtype)
    full = ValueRange(float(info.min), float(info.max))
    return (full, full.low, full.high - full.low) if dtype in (np.uint8, np.uint16, np.int16) else (full, 0.0, 1.0)


def _mapped(pixels: np.ndarray, low: float, span: float) -> np.ndarray:
    """(pixels - low) / span in double precision, of the pixels' dtype; what overflows becomes infinite."""
    with np.errstate(over="ignore", invalid="ignore"):
        return _by_rows(pixels, lambda rows: (rows - low) / span)


def _by_rows(image: np.ndarray, function) -> np.ndarray:
    """A function of pixels in double precision, with few rows in that precision at a time."""
    result = np.empty_like(image)
    for first in range(0, len(image), _ROWS):
        result[first : first + _ROWS] = function(image[first : first + _ROWS].astype(np.float64))
    return result


def _check_fit(pixels: np.ndarray) -> None:
    """Refuse a picture that lies far outside its range: it is another one's."""
    # What overflowed may be infinite on either side, or no number, with which every comparison fails.
    ends = float(pixels.min()), float(pixels.max())
    largest = max(-ends[0], ends[1])
    if not largest <= _BRIGHTEST_LIGHT * (1 + 1e-6):
        raise InvalidInputError(
            f"the image should lie in its value range, but its values reach {largest:.6g} times as far: "
            'give another value_range, or "auto"'
        )


def _found_range(pixels: np.ndarray, dtype: np.dtype, full: ValueRange) -> ValueRange:
    """The rule "auto" for a checked picture."""
    least, most = float(pixels.min()), float(pixels.max())
    if dtype.kind == "b" or dtype == np.uint8:
        return full
    if max(-least, most) > _LARGEST_VALUE:
        raise InvalidInputError(
            f"the image should hold values up to {_LARGEST_VALUE:g}, but holds {least:g} to {most:g}"
        )
    if dtype == np.uint16:
        return _range_of_codes(np.rint(pixels * full.high), full)
    if dtype.kind in "iu":
        numbers = np.rint(pixels * 65535 - 32768) if dtype == np.int16 else pixels
        return _range_of_integers(numbers, dtype, full)
    return _range_of_floats(pixels, least, most, full)


def _range_of_codes(codes: np.ndarray, full: ValueRange) -> ValueRange:
    """The range of whole numbers of 16 bits."""
    most = int(codes.max())
    if most == 0 or most >= 2**_LARGEST_FOUND_DEPTH:
        return full
    whole = codes.astype(np.uint16)
    if not np.any(whole % 257) or not np.any(whole % 256):
        return full
    has_low_bits = bool(np.bitwise_or.reduce(whole, axis=None) & 1)
    return ValueRange(0.0, _top(most)) if has_low_bits or most < _LEAST_SHIFTED << 12 else full


def _top(most: int, largest: float = np.inf) -> float:
    """The largest number of the bits that `most` needs."""
    usual = _DEPTHS if most >= _FEWEST_CODES else ()
    bits = next((bits for bits in usual if most < 2**bits), most.bit_length())
    return min(float(2**bits - 1), largest)


def _range_of_integers(numbers: np.ndarray, dtype: np.dtype, full: ValueRange) -> ValueRange:
    """The range of whole numbers of a signed type, or of more than 16 bits."""
    least, most = float(numbers.min()), float(numbers.max())
    if least == most and dtype.itemsize > 2:
        raise InvalidInputError(
            f"the image is {dtype} and constant, so that its range can't be found: give value_range=(low, high)"
        )
    if least >= 0:
        return ValueRange(0.0, _top(int(most), full.high)) if most > 0 else full
    reaches_far = least < full.low / 2 or most > full.high / 2
    return full if dtype.itemsize <= 2 and reaches_far else _measured(numbers, least, most, full)


def _range_of_floats(pixels: np.ndarray, least: float, most: float, full: ValueRange) -> ValueRange:
    """The range of a floating picture."""
    if _DARKEST * 2 <= most <= _BRIGHTEST and least >= _LOWEST:
        return full
    if least >= 0 and most <= _BRIGHTEST:
        eight_bits = _codes(pixels, 255)
        if eight_bits is not None:
            return full
        sixteen_bits = _codes(pixels, 65535)
        if sixteen_bits is not None:
            return ValueRange(0.0, _range_of_codes(sixteen_bits, ValueRange(0.0, 65535.0)).high / 65535)
    if _DARKEST <= most <= _BRIGHTEST and (least >= _LOWEST or np.quantile(pixels, 0.01) >= _LOWEST):
        return full
    if least >= 0 and most >= _FEWEST_CODES:
        whole = _codes(pixels, 1)
        if whole is not None:
            return ValueRange(0.0, _top(int(most)))
    return _measured(pixels, least, most, full)


def _codes(pixels: np.ndarray, largest: int) -> np.ndarray | None:
    """The whole numbers that a picture was divided by `largest` from; None where it has others."""
    scaled = pixels.astype(np.float64) * largest
    codes = np.rint(scaled)
    return codes if codes.max() >= 1 and np.max(np.abs(scaled - codes)) <= _GRID_TOLERANCE else None


def _measured(pixels: np.ndarray, least: float, most: float, full: ValueRange) -> ValueRange:
    """The range of numbers that follow no number of bits."""
    if least < 0 and np.quantile(pixels, 0.01) < -_NOISE_BELOW_BLACK * max(most, 0.0):
        known = _symmetric_limit(least, most) if full.high == 1 else None
        low = least if known is None else -known
        high = most if known is None else known
    else:
        low = least if least > most / 2 else 0.0
        high = _end(pixels, low, most)
    if low == high:
        low, high = min(low, 0.0), max(high, 0.0)
    return ValueRange(low, high) if high - low > 1 / _LARGEST_VALUE else full


def _symmetric_limit(least: float, most: float) -> float | None:
    """0.5 or 1 for a picture that fills much of the range from minus that to that."""
    return next((limit for limit in (0.5, 1.0) if most - least > limit / 2 and max(-least, most) <= limit), None)


def _end(pixels: np.ndarray, low: float, most: float) -> float:
    """Where the range ends that begins at `low`."""
    above = pixels[pixels > low]
    usual = float(np.quantile(above, 0.99)) - low if above.size else most - low
    lights_end = max(_LIGHTS * usual, (most - low) / _BRIGHTEST_LIGHT)
    if most - low > lights_end:
        return low + lights_end
    return next((scale for scale in _SCALES if low == 0 and scale / 2 < most <= scale), most)
