"""Image files in and out: PNG, JPEG, TIFF and BMP at 8 bits, PNG and TIFF at 16, TIFF in floating point."""

import warnings
from dataclasses import dataclass

import imageio.v3 as iio
import numpy as np

from pydeblur.errors import FileFormatError, InvalidInputError, InvalidOptionError
from pydeblur.files.atomic_write import as_path, check_writable, write_bytes
from pydeblur.files.decoded_image import DecodedImage, upright
from pydeblur.files.deep_tiff import read_deep_tiff, write_tiff
from pydeblur.files.png16 import is_png16, read_png16, write_png16
from pydeblur.matlab import matlab_round

DEPTHS = ("uint8", "uint16", "float32")

_FORMAT_OF_SUFFIX = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
}
#: Extensions of the files that can be read and written.
IMAGE_SUFFIXES = tuple(_FORMAT_OF_SUFFIX)
_DEPTHS_OF_FORMAT = {"PNG": DEPTHS[:2], "JPEG": DEPTHS[:1], "TIFF": DEPTHS, "BMP": DEPTHS[:1]}
_FORMATS_WITH_ALPHA = ("PNG", "TIFF")
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),  # BigTIFF
    (b"MM\0+", "TIFF"),
    (b"BM", "BMP"),
)
#: Pillow's modes that are converted before use; the others below are used as they are.
_CONVERSIONS = {
    "P": "RGB",
    "PA": "RGBA",
    "La": "LA",
    "RGBa": "RGBA",
    "RGBX": "RGB",
    "CMYK": "RGB",
    "YCbCr": "RGB",
}
#: TIFF's SampleFormat of two's complement numbers.
_SIGNED = 2
_PLAIN_MODES = ("1", "L", "LA", "RGB", "RGBA", "I;16", "I;16B", "I;16L", "F")


class LossyFormatWarning(UserWarning):
    """Something of the image was left out on reading or writing it: alpha, depth, further frames."""


@dataclass(frozen=True, eq=False)
class ImageFile:
    """An image as it was read, with what is needed to write another one like it.

    Attributes
    ----------
    pixels : (H, W) or (H, W, 3) float64 ndarray
        In [0, 1] from integer files; the file's own values from floating ones. Upright: the EXIF orientation is
        applied. The values are those of the file: no ICC profile is applied, gamma is left alone.
    alpha : (H, W) float64 ndarray or None
        Opacity in [0, 1]; None where the file has none. `pixels` are not multiplied by it.
    depth : {"uint8", "uint16", "float32"}
        Of the file's samples; less than 8 bits counts as "uint8", every floating type as "float32".
    icc_profile : bytes or None
        The embedded colour profile, which `write_image` passes on.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    depth: str = "uint8"
    icc_profile: bytes | None = None

    @property
    def grey(self):
        """Whether the image has one channel."""
        return self.pixels.ndim == 2


def read_image(path):
    """Read an image file.

    The format is recognised by the file's contents: PNG with up to 16 bits, JPEG, TIFF with 8 or 16 bits or
    floating samples, BMP. Palettes and CMYK become RGB. Of several frames or pages the first is read. Colour TIFFs
    of more than 8 bits need the package tifffile, everything else does not.

    Parameters
    ----------
    path : str or os.PathLike
        A local file.

    Returns
    -------
    ImageFile

    Warns
    -----
    LossyFormatWarning
        The file has further frames or pages.

    Raises
    ------
    FileFormatError
        The file is missing, a folder, empty, truncated, not an image or not one of these kinds, or a floating image
        holds NaN or infinite values. The message is one sentence that names the file.
    """
    data = _contents(path)
    kind = next((name for start, name in _SIGNATURES if data.startswith(start)), None)
    if kind is None:
        raise FileFormatError(f"{path} is not an image that can be read: PNG, JPEG, TIFF or BMP is needed.")
    try:
        decoded = _decoded(data, kind)
    except FileFormatError as error:
        raise FileFormatError(f"{path} {error}.") from None
    except Exception as error:  # Decoders raise whatever a damaged file leads them to.
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise FileFormatError(f"{path} can't be read as a {kind} image: {reason}.") from error
    # JPEG's further frames are previews and depth maps that cameras add (MPO).
    if decoded.frames > 1 and kind != "JPEG":
        warnings.warn(f"{path} has {decoded.frames} frames; the first one is used.", LossyFormatWarning, stacklevel=2)
    return _image_file(path, decoded)


def write_image(path, pixels, like=None, depth=None):
    """Write an image file, in the format that the extension of `path` names.

    Integer samples are clipped to [0, 1] and rounded as MATLAB's ``im2uint8`` and ``im2uint16`` do; floating ones are
    stored as they are. JPEG is written with quality 95 and full colour resolution. The file appears whole or not
    at all.

    Parameters
    ----------
    path : str or os.PathLike
        Ends in .png, .jpg, .jpeg, .tif, .tiff or .bmp.
    pixels : (H, W) or (H, W, 3) floating array_like
        In [0, 1].
    like : ImageFile, optional
        The image that `pixels` were made from, of the same size: its alpha, depth and colour profile are kept where
        the format can hold them.
    depth : {"uint8", "uint16", "float32"}, optional
        Instead of that of `like`, or of "uint8".

    Warns
    -----
    LossyFormatWarning
        The format can't hold the alpha channel or the depth of `like`: alpha is left out, the depth is the nearest
        that the format has.

    Raises
    ------
    FileFormatError
        The extension is unknown, the format can't hold the `depth` that was asked for, or the file can't be written.
    InvalidInputError
        `pixels` are not a finite floating image, or not of the size of `like`.
    InvalidOptionError
        `depth` is none of the three.
    """
    kind = _format_of(path)
    pixels = _checked_pixels(pixels, like)
    depth = _storable_depth(path, kind, like, depth)
    samples = _samples(pixels, _storable_alpha(path, kind, like), depth)
    profile = _fitting_profile(like, samples.shape[2])
    try:
        data = _encoded(kind, samples, profile)
    except Exception as error:  # Encoders refuse in many ways, for instance 65536 columns in a JPEG file.
        raise FileFormatError(f"{path} can't be written as a {kind} image: {error}.") from error
    write_bytes(path, data)


def check_image_output(path):
    """Check, before a long computation, that `write_image` can write to `path`.

    Raises
    ------
    FileFormatError
        The extension is unknown, or `check_writable` says no.
    """
    _format_of(path)
    check_writable(path)


def _contents(path):
    """The bytes of the file, or a `FileFormatError` that says what is wrong with it."""
    try:
        data = as_path(path).read_bytes()
    except FileNotFoundError:
        raise FileFormatError(f"{path} does not exist.") from None
    except IsADirectoryError:
        raise FileFormatError(f"{path} is a folder, not an image file.") from None
    except OSError as error:
        raise FileFormatError(f"{path} can't be read: {error.strerror or error}.") from error
    if not data:
        raise FileFormatError(f"{path} is empty.")
    return data


def _decoded(data, kind):
    if kind == "PNG" and is_png16(data):
        return read_png16(data)
    if kind != "TIFF":
        return _decoded_by_pillow(data)
    try:
        file = iio.imopen(data, "r", plugin="pillow")
    except OSError:  # a kind of TIFF that Pillow does not know
        return read_deep_tiff(data)
    with file:
        exact = _pillow_reads_exactly(file.metadata(index=0))
    return _decoded_by_pillow(data) if exact else read_deep_tiff(data)


def _pillow_reads_exactly(tags):
    """Whether Pillow keeps all bits of a TIFF file: of 16-bit colour it drops half, of signed ones the meaning."""
    bits, sample_format = (int(np.max(tags.get(tag, 1))) for tag in ("BitsPerSample", "SampleFormat"))
    deep_mode = {16: ("I;16", "I;16B"), 32: ("F",)}.get(bits, ())
    return (bits <= 8 and sample_format != _SIGNED) or tags["mode"] in deep_mode


def _decoded_by_pillow(data):
    try:
        file = iio.imopen(data, "r", plugin="pillow")
    except OSError as error:  # imageio's own message is about its plugins.
        raise ValueError("its header is damaged") from error
    with file:
        tags = file.metadata(index=0)
        mode = tags["mode"]
        transparent_colour = "transparency" in tags
        if mode not in _PLAIN_MODES and mode not in _CONVERSIONS:
            raise ValueError(f"its colour mode {mode} is neither grey, RGB nor CMYK")
        samples = file.read(index=0, mode="RGBA" if transparent_colour else _CONVERSIONS.get(mode))
        # Taken only now: some versions of Pillow turn TIFF images themselves, on reading, and then drop the tag.
        tags = file.metadata(index=0, exclude_applied=False)
        frames = file.properties(index=...).n_images or 1
    if transparent_colour and mode in ("1", "L"):
        samples = samples[..., [0, 3]]
    if samples.dtype == bool:
        samples = samples * np.uint8(255)
    # Pillow inverts 8-bit samples for which 0 means white, but not 16-bit ones.
    if samples.dtype.itemsize == 2 and tags.get("PhotometricInterpretation") == 0:
        samples = 65535 - samples
    return DecodedImage(
        samples=samples.reshape(*samples.shape[:2], -1),
        orientation=tags.get("Orientation", 1),
        icc_profile=tags.get("icc_profile"),
        frames=frames,
    )


def _image_file(path, decoded):
    samples = upright(decoded.samples, decoded.orientation)
    if samples.dtype.kind == "f":
        depth, values = "float32", samples.astype(np.float64)
        bad = np.count_nonzero(~np.isfinite(values))
        if bad:
            raise FileFormatError(f"{path} holds NaN or infinite values in {bad} of its {values.size} samples.")
    else:
        depth = "uint8" if samples.dtype.itemsize == 1 else "uint16"
        values = samples / np.float64(np.iinfo(samples.dtype).max)
    channels = values.shape[2]
    colour = values[..., :3] if channels >= 3 else values[..., 0]
    alpha = np.ascontiguousarray(values[..., -1]) if channels in (2, 4) else None
    return ImageFile(np.ascontiguousarray(colour), alpha, depth, decoded.icc_profile)


def _format_of(path):
    suffix = as_path(path).suffix
    if suffix.lower() not in _FORMAT_OF_SUFFIX:
        known = ", ".join(_FORMAT_OF_SUFFIX)
        raise FileFormatError(f"{path} can't be written: its extension should be one of {known}, not {suffix!r}.")
    return _FORMAT_OF_SUFFIX[suffix.lower()]


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


def _storable_depth(path, kind, like, depth):
    possible = _DEPTHS_OF_FORMAT[kind]
    if depth is not None:
        if depth not in DEPTHS:
            raise InvalidOptionError(f"depth should be one of {', '.join(DEPTHS)}, not {depth!r}.")
        if depth not in possible:
            raise FileFormatError(f"{path} can't be written: {kind} holds {' or '.join(possible)}, not {depth}.")
        return depth
    wanted = like.depth if like is not None else "uint8"
    if wanted not in possible:
        _warn_of_loss(f"{path}: {kind} can't hold the input's {wanted} samples; they are written as {possible[-1]}.")
        return possible[-1]
    return wanted


def _storable_alpha(path, kind, like):
    if like is None or like.alpha is None:
        return None
    if kind not in _FORMATS_WITH_ALPHA:
        _warn_of_loss(f"{path}: {kind} holds no transparency, which is left out.")
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
    scaled = np.clip(values.astype(np.float64), 0, 1) * np.iinfo(depth).max
    return matlab_round(scaled).astype(depth)


def _fitting_profile(like, channels):
    """The profile of `like` if it describes an image of this kind (ICC.1, header: colour space at byte 16)."""
    profile = like.icc_profile if like is not None else None
    space = b"RGB " if channels >= 3 else b"GRAY"
    return profile if profile is not None and profile[16:20] == space else None


def _encoded(kind, samples, profile):
    if kind == "TIFF":
        return write_tiff(samples, profile)
    if kind == "PNG" and samples.dtype == np.uint16:
        return write_png16(samples, profile)
    options = {"icc_profile": profile} if profile else {}
    if kind == "JPEG":
        options.update(quality=95, subsampling=0)
    picture = samples[..., 0] if samples.shape[2] == 1 else samples
    # is_batch: a picture of 2 to 4 columns is not a stack of pictures.
    return iio.imwrite(
        "<bytes>", picture, plugin="pillow", extension=f".{kind.lower()}", is_batch=False, **options
    )
