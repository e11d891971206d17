"""An image as users meet it: what `read_image` returns, and what it warns of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pydeblur.files.metadata import Metadata

#: The kinds of samples that image files are written with, by their least and most bits.
DEPTHS = ("uint8", "uint16", "float32")


class LossyFormatWarning(UserWarning):
    """Something of the image was left out on reading or writing it: alpha, depth, further frames, metadata."""


@dataclass(frozen=True, eq=False)
class ImageFile:
    """An image as it was read, with what is needed to write another one like it.

    Attributes
    ----------
    pixels : (H, W) or (H, W, 3) float64 ndarray
        float32 where that was asked for. In [0, 1] from integer files; the file's own values from floating ones. Upright:
        the EXIF orientation is applied. The values are those of the file: no ICC profile is applied, gamma is left alone.
    alpha : (H, W) float64 ndarray or None
        Opacity in [0, 1]; None where the file has none. `pixels` are not multiplied by it.
    depth : {"uint8", "uint16", "float32"}
        Of the file's samples; less than 8 bits counts as "uint8", every floating type as "float32".
    icc_profile : bytes or None
        The embedded colour profile, which `write_image` passes on.
    metadata : Metadata or None
        What else came with the pixels, which `write_image` passes on as far as the format can hold it.

    Examples
    --------
    >>> import numpy as np
    >>> image = ImageFile(np.full((4, 6, 3), 0.5), depth="uint16")
    >>> image.grey, image.alpha is None
    (False, True)
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    depth: str = "uint8"
    icc_profile: bytes | None = None
    metadata: Metadata | None = None

    @property
    def grey(self) -> bool:
        """Whether the image has one channel."""
        return self.pixels.ndim == 2
