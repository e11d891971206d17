"""Writing image files: every format at 8 bits, PNG and TIFF at 16, TIFF in floating point, with all that came along."""

from __future__ import annotations

import os
import warnings

import numpy as np

from pydeblur.errors import FileFormatError, InvalidInputError, InvalidOptionError
from pydeblur.files.atomic_write import check_writable, write_bytes
from pydeblur.files.file_names import shown_path
from pydeblur.files.image_file import DEPTHS, ImageFile, LossyFormatWarning
from pydeblur.files.image_formats import ImageFormat, format_of_name
from pydeblur.files.metadata import Metadata
from pydeblur.files.metadata_fitting import fit_metadata
from pydeblur.files.pillow_writing import can_encode
from pydeblur.matlab import matlab_round

#: Formats that Pillow may have been built without.
_OPTIONAL_FORMATS = ("WebP", "AVIF")
#: What an encoder says is cut after so many characters.
_REASON_CHARACTERS = 100
#: Rows of a picture that are rounded at a time.
_ROWS = 64
#: A warning names at most so many pieces.
_LISTED_NAMES = 4


def write_image(
    path: str | os.PathLike, pixels: np.ndarray, like: ImageFile | None = None, depth: str | None = None
) -> None:
    """Write an image file, in the format that the extension of `path` names.

    Integer samples are clipped to [0, 1] and rounded as MATLAB's ``im2uint8`` and ``im2uint16`` do; floating ones are
    stored as they are. JPEG and AVIF are written with quality 95 and full colour resolution, WebP without loss. What
    came with `like` goes with the result, as far as the format can hold it: EXIF (with orientation 1 and without a
    thumbnail), resolution, XMP, IPTC, text, and what says which colours the samples mean. A profile of another colour
    space than that of `pixels`, such as that of a CMYK file, is left out. The file appears whole or not at all.

    Parameters
    ----------
    path : str or os.PathLike
        Ends in .png, .jpg, .jpeg, .tif, .tiff, .bmp, .webp or .avif.
    pixels : (H, W) or (H, W, 3) floating array_like
        In [0, 1].
    like : ImageFile, optional
        The image that `pixels` were made from, of the same size: its alpha, depth, colour profile and metadata are
        kept where the format can hold them.
    depth : {"uint8", "uint16", "float32"}, optional
        Instead of that of `like`, or of "uint8".

    Warns
    -----
    LossyFormatWarning
        The format can't hold the alpha channel or the depth of `like`: alpha is left out, the depth is the nearest
        that the format has. One more warning names the metadata that it can't hold.

    Raises
    ------
    FileFormatError
        The extension is unknown, the format can't hold the `depth` that was asked for, or the file can't be written.
    InvalidInputError
        `pixels` are not a finite floating image, or not of the size of `like`.
    InvalidOptionError
        `depth` is none of the three.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_image(f"{folder}/grey.png", np.array([[-0.2, 0.5, 1.0]]))
    ...     np.asarray(Image.open(f"{folder}/grey.png")).tolist()
    [[0, 128, 255]]
    """
    image_format = _encodable_format(path)
    pixels = _checked_pixels(pixels, like)
    depth = _storable_depth(path, image_format, like, depth)
    samples = _samples(pixels, _storable_alpha(path, image_format, like), depth)
    metadata, profile = _storable_metadata(path, image_format, like, samples.shape[2])
    try:
        data = image_format.write(samples, profile, metadata)
    except Exception as error:  # Encoders refuse in many ways, for instance 65536 columns in a JPEG file.
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")[:_REASON_CHARACTERS]
        raise FileFormatError(
            f"{shown_path(path)} can't be written as a {image_format.name} image: {reason}."
        ) from error
    write_bytes(path, data)


def check_image_output(path: str | os.PathLike) -> None:
    """Check, before a long computation, that `write_image` can write to `path`.

    Parameters
    ----------
    path : str or os.PathLike

    Raises
    ------
    FileFormatError
        The extension is unknown, or `check_writable` refuses `path`.

    Examples
    --------
    >>> check_image_output("sharp.gif")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    pydeblur.errors.FileFormatError: sharp.gif can't be written: its extension should be one of .png, .jpg, ...
    """
    _encodable_format(path)
    check_writable(path)


def _encodable_format(path) -> ImageFormat:
    """The format of the file's name, if this installation can write it."""
    image_format = format_of_name(path)
    if image_format.name in _OPTIONAL_FORMATS and not can_encode(image_format.name):
        raise FileFormatError(
            f"{shown_path(path)} can't be written: the installed Pillow was built without {image_format.name}."
        )
    return image_format


def _checked_pixels(pixels, like):
    pixels = np.asarray(pixels)
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] != 3) or not pixels.size:
        raise InvalidInputError(f"pixels should have the shape (H, W) or (H, W, 3), not {pixels.shape}.")
    if pixels.dtype.kind != "f":
        raise InvalidInputError(f"pixels should be floating in [0, 1], not {pixels.dtype}.")
    if not np.isfinite(pixels).all():
        raise InvalidInputError("pixels should be finite: they hold NaN or infinite values.")
    if like is not None and pixels.shape[:2] != like.pixels.shape[:2]:
        raise InvalidInputError(
            f"pixels should be of the size {like.pixels.shape[:2]} of the image that they are like, "
            f"not {pixels.shape[:2]}."
        )
    return pixels


def _storable_depth(path, image_format, like, depth):
    """The depth that is written: the one asked for, or that of `like`, or the nearest to that which the format has."""
    possible = image_format.depths
    if depth is not None:
        if depth not in DEPTHS:
            raise InvalidOptionError(f"depth should be one of {', '.join(DEPTHS)}, not {depth!r}.")
        if depth not in possible:
            raise FileFormatError(
                f"{shown_path(path)} can't be written: {image_format.name} holds {' or '.join(possible)}, not {depth}."
            )
        return depth
    wanted = like.depth if like is not None else "uint8"
    if wanted not in possible:
        _warn_of_loss(
            f"{shown_path(path)}: {image_format.name} can't hold the input's {wanted} samples; "
            f"they are written as {possible[-1]}."
        )
        return possible[-1]
    return wanted


def _storable_alpha(path, image_format, like):
    if like is None or like.alpha is None:
        return None
    if not image_format.holds_alpha:
        _warn_of_loss(f"{shown_path(path)}: {image_format.name} holds no transparency, which is left out.")
        return None
    return like.alpha


def _warn_of_loss(message):
    # Three frames up is the caller of write_image.
    warnings.warn(message, LossyFormatWarning, stacklevel=4)


def _samples(pixels, alpha, depth):
    """(H, W, C) samples of the dtype `depth`, alpha last."""
    values = pixels[..., None] if pixels.ndim == 2 else pixels
    if alpha is not None:
        values = np.concatenate([values, alpha[..., None]], axis=2)
    if depth == "float32":
        return values.astype(np.float32)
    samples = np.empty(values.shape, depth)
    # Some rows at a time, so that the copies in double precision stay small beside the picture.
    for first in range(0, len(values), _ROWS):
        scaled = np.clip(values[first : first + _ROWS].astype(np.float64), 0, 1) * np.iinfo(depth).max
        samples[first : first + _ROWS] = matlab_round(scaled)
    return samples


def _storable_metadata(path, image_format, like, channels):
    """The metadata and the profile of `like` as the format says them."""
    if like is None:
        return Metadata(), None
    # The profile of a colour image says nothing about the grey one that a caller made of it.
    profile = like.icc_profile if like.grey == (channels <= 2) else None
    fitted = fit_metadata(like.metadata or Metadata(), profile, image_format.name, channels)
    if fitted.left_out:
        _warn_of_loss(
            f"{shown_path(path)} is written without {_listed(fitted.left_out)}, which this {image_format.name} file can't hold."
        )
    return fitted.metadata, fitted.icc_profile


def _listed(names):
    """The names as a part of a sentence; of many, the first ones and how many there are."""
    if len(names) > _LISTED_NAMES:
        names = [*names[: _LISTED_NAMES - 1], f"{len(names) - _LISTED_NAMES + 1} more of what came with the input"]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
