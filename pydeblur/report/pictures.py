"""The pictures that a report shows: before and after, whole and in part, in 8 bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.preprocess.region import Region, choose_region
from pydeblur.preprocess.value_range import in_unit_range
from pydeblur.report.encoding import EncodedPicture, eight_bits, encoded_alike

if TYPE_CHECKING:  # api is above this package
    from pydeblur.api import DeblurResult
    from pydeblur.files import ImageFile

#: Bytes for both whole pictures, and for both parts.
_WHOLE_BUDGET, _PART_BUDGET = 900_000, 600_000
#: Longest side of the part that is shown in all its pixels.
_PART_SIDE = 768


@dataclass(frozen=True, eq=False)
class ShownPictures:
    """A picture before and after.

    Attributes
    ----------
    width, height : int
        Of the picture itself.
    before, after : EncodedPicture
        All of it, reduced where it is large.
    part : Region or None
        What is shown in all its pixels, too; None where the whole picture is.
    part_before, part_after : EncodedPicture or None
    transparent : bool
        Whether it has an alpha channel.
    """

    width: int
    height: int
    before: EncodedPicture
    after: EncodedPicture
    part: Region | None = None
    part_before: EncodedPicture | None = None
    part_after: EncodedPicture | None = None
    transparent: bool = False

    @property
    def is_reduced(self) -> bool:
        """Whether the whole picture is shown with fewer pixels than it has."""
        return (self.before.width, self.before.height) != (self.width, self.height)


def shown_pictures(result: DeblurResult, source: ImageFile | None = None) -> ShownPictures:
    """Make the pictures of a result.

    Parameters
    ----------
    result : DeblurResult
        With the blurred picture.
    source : ImageFile, optional
        The file that it came from: its alpha channel and its colour profile are used.

    Returns
    -------
    ShownPictures

    Raises
    ------
    InvalidInputError
        If the result has no blurred picture.

    Examples
    --------
    >>> import pydeblur
    >>> image = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((6, 6)))
    >>> pictures = shown_pictures(pydeblur.deblur(image, 5, prior="gradient", nonblind="tv"))
    >>> pictures.width, pictures.before.coding, pictures.is_reduced
    (48, 'PNG, without loss', False)
    """
    pair = _before_and_after(result)
    alpha = None if source is None or source.alpha is None else eight_bits(source.alpha)
    profile = None if source is None else source.icc_profile
    height, width = pair[0].shape[:2]
    shown = ShownPictures(
        width, height, *encoded_alike(pair, _WHOLE_BUDGET, alpha, profile), transparent=alpha is not None
    )
    if not shown.is_reduced:
        return shown
    part = _part(pair[0], result.crop, result.kernel.shape[0])
    pair = [part.part_of(each) for each in pair]
    alpha = None if alpha is None else part.part_of(alpha)
    before, after = encoded_alike(pair, _PART_BUDGET, alpha, profile)
    return ShownPictures(width, height, shown.before, shown.after, part, before, after, transparent=shown.transparent)


def _before_and_after(result: DeblurResult) -> list[np.ndarray]:
    """Both pictures in 8 bits from black to white; the values of both stand for the same light."""
    if result.blurred is None or result.value_range is None:
        missing = "blurred" if result.blurred is None else "value_range"
        raise InvalidInputError(f"the report needs the picture that was deblurred, but the result's {missing} is None")
    blurred, (black, white) = np.asarray(result.blurred), result.value_range
    # One pixel is enough to learn in which scale the result is.
    scale = in_unit_range(blurred[:1, :1], result.value_range)
    low, span = (0.0, 1.0) if scale.is_full else (scale.low, scale.span)
    return [eight_bits(blurred, black, white - black), eight_bits(result.unclipped, low, span)]


def _part(picture: np.ndarray, region: Region | None, kernel_size: int) -> Region:
    """A part with much texture, in the region that the kernel was estimated from, if there was one."""
    within = Region(0, 0, *picture.shape[:2]) if region is None else region
    # Of a colour picture green is enough to find texture in, and takes a fraction of the time that a grey picture takes.
    channel = picture if picture.ndim == 2 else picture[..., 1]
    found = choose_region(within.part_of(channel) / np.float32(255), kernel_size, _PART_SIDE)
    return Region(within.top + found.top, within.left + found.left, found.height, found.width)
