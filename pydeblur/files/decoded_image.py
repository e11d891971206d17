"""What a decoder hands over: samples as the file stores them, and how to hold them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from pydeblur.files.metadata import Collected, Metadata

#: Larger images are refused before anything is allocated: a small file can claim any number of pixels.
MAX_PIXELS = 1 << 28
_MAX_SAMPLES = 4 * MAX_PIXELS
#: Of a caller that wants fewer pixels than `MAX_PIXELS`.
_most_pixels: ContextVar[int | None] = ContextVar("most pixels", default=None)
#: A remark lists names up to this length.
_LISTED_CHARACTERS = 60


class DecodedImage(NamedTuple):
    """The first frame of an image file, freed from its coding but neither rotated nor scaled.

    Every decoder returns one, and `read_image` makes an `ImageFile` of it.

    Attributes
    ----------
    samples : (H, W, C) uint8, uint16 or floating ndarray
        C is 1 or 3, plus 1 if the last channel is alpha.
    orientation : int
        EXIF orientation, 1 to 8.
    icc_profile : bytes or None
        The embedded ICC profile.
    frames : int
        How many frames or pages the file has.
    bits : int or None
        Of an integer sample, where they are fewer than those of the dtype: white is 2 ** bits - 1.
    remarks : tuple of str
        What was left out or could not be read, each the rest of a sentence that starts with the file's name.
    metadata : Metadata or None
        What came with the pixels.
    """

    samples: np.ndarray
    orientation: int = 1
    icc_profile: bytes | None = None
    frames: int = 1
    bits: int | None = None
    remarks: tuple[str, ...] = ()
    metadata: Metadata | None = None

    def with_collected(self, collected: Collected) -> DecodedImage:
        """The same pixels with what came with them; what could not be read of it becomes a remark.

        Examples
        --------
        >>> from pydeblur.files.metadata import Collected, Metadata
        >>> image = DecodedImage(np.zeros((1, 1, 1), np.uint8))
        >>> image.with_collected(Collected(Metadata(), orientation=6)).orientation
        6
        """
        remarks = self.remarks
        if collected.unreadable:
            remarks = (*remarks, f"has metadata that can't be read and are left out: {_listed(collected.unreadable)}")
        return self._replace(
            orientation=collected.orientation,
            icc_profile=collected.icc_profile,
            metadata=collected.metadata,
            remarks=remarks,
        )


def _listed(names):
    """The first of the names, as far as they fit into a sentence."""
    text = ", ".join(names)
    return text if len(text) <= _LISTED_CHARACTERS else text[:_LISTED_CHARACTERS] + " ..."


@contextmanager
def at_most_pixels(count: int) -> Iterator[None]:
    """A ``with`` block in which larger images than these are refused, in this thread, before anything is allocated.

    Parameters
    ----------
    count : int
        `MAX_PIXELS` holds where it is less.

    Examples
    --------
    >>> with at_most_pixels(1000):
    ...     check_pixel_count(40, 30)
    Traceback (most recent call last):
        ...
    ValueError: it has 40 x 30 pixels, more than the limit of 1000; cut it into parts or reduce it first
    """
    token = _most_pixels.set(count)
    try:
        yield
    finally:
        _most_pixels.reset(token)


def check_pixel_count(width: int, height: int, channels: int = 1) -> None:
    """Refuse an image that has no pixels or more than `MAX_PIXELS`, or more than four times as many samples.

    Raises
    ------
    ValueError
        The message gives the size and the limit.

    Examples
    --------
    >>> check_pixel_count(6000, 4000)
    """
    if width < 1 or height < 1:
        raise ValueError(f"its header tells a size of {width} x {height} pixels")
    own = _most_pixels.get()
    most = MAX_PIXELS if own is None else min(own, MAX_PIXELS)
    if width * height > most:
        raise ValueError(
            f"it has {width} x {height} pixels, more than the limit of {most}; cut it into parts or reduce it first"
        )
    if width * height * channels > _MAX_SAMPLES:
        raise ValueError(
            f"it has {channels} channels of {width} x {height} pixels, more than the limit of {_MAX_SAMPLES} samples"
        )


def upright(samples: np.ndarray, orientation: int) -> np.ndarray:
    """Turn an image the way that its EXIF orientation asks for (Exif 2.32, tag 274).

    Parameters
    ----------
    samples : (H, W, C) ndarray
    orientation : int
        1 to 8; any other value counts as 1, which asks for nothing.

    Returns
    -------
    (H, W, C) or (W, H, C) ndarray
        A view of `samples`.

    Examples
    --------
    >>> import numpy as np
    >>> upright(np.array([[[1], [2], [3]]]), 6)[..., 0].tolist()
    [[1], [2], [3]]
    >>> upright(np.array([[[1], [2], [3]]]), 3)[..., 0].tolist()
    [[3, 2, 1]]
    """
    if orientation in (5, 6, 7, 8):
        samples = samples.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    return samples
