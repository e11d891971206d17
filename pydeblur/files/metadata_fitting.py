"""What of a picture's metadata each format can hold, and how it is said there."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from pydeblur.files import exif as exif_blocks
from pydeblur.files.metadata import Metadata, Resolution, TextEntry, description, text_of_tag

#: PNG's registered keywords (section 11.3.3.2), and the tags of EXIF and TIFF that say the same.
_TAG_OF_KEYWORD = {
    "Title": exif_blocks.DOCUMENT_NAME,
    "Description": exif_blocks.DESCRIPTION,
    "Author": exif_blocks.ARTIST,
    "Copyright": exif_blocks.COPYRIGHT,
    "Software": exif_blocks.SOFTWARE,
}
_COMMENT = "Comment"
#: A segment of a JPEG file holds 65533 bytes, of which EXIF's and XMP's names take some, and Photoshop's framing 28.
_JPEG_SEGMENT = 65533
_JPEG_EXIF_BYTES, _JPEG_XMP_BYTES, _JPEG_IPTC_BYTES = _JPEG_SEGMENT - 6, _JPEG_SEGMENT - 29, _JPEG_SEGMENT - 28
_JPEG_PROFILE_BYTES = 255 * (_JPEG_SEGMENT - 14)
_LARGEST_JFIF, _LARGEST_PNG, _LARGEST_BMP, _LARGEST_TAG = 65535, 2**31 - 1, 2**31 - 1, 2**32 - 1
#: Samples that every format means when it says nothing: sRGB, as gAMA, cHRM and cICP say it.
_SRGB_GAMMA = 45455
_SRGB_CHROMATICITIES = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
_SRGB_CODES = (b"\1\x0d\0\1",)


class Fitted(NamedTuple):
    """What a format can hold of a picture's metadata.

    Attributes
    ----------
    metadata : Metadata
        Said as the format says it: text may have become tags, and tags text.
    icc_profile : bytes or None
    left_out : tuple of str
        What it can't hold, as a message calls it.
    """

    metadata: Metadata
    icc_profile: bytes | None
    left_out: tuple[str, ...]


def fit_metadata(metadata: Metadata, icc_profile: bytes | None, format_name: str, channels: int) -> Fitted:
    """What a format can hold of a picture's metadata.

    Parameters
    ----------
    metadata : Metadata
    icc_profile : bytes or None
    format_name : {"PNG", "JPEG", "TIFF", "BMP", "WebP", "AVIF"}
    channels : int
        Of the picture that is written: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. A profile for another colour space
        than the picture's describes nothing in it; that of a CMYK file, whose pixels were made RGB, is left out.

    Returns
    -------
    Fitted

    Examples
    --------
    >>> caption = Metadata(text=(TextEntry("Description", "a caption"), TextEntry("Camera", "pinhole")))
    >>> fitted = fit_metadata(caption, None, "JPEG", 3)
    >>> description(fitted.metadata.exif), fitted.left_out
    ('a caption', ("the text 'Camera'",))
    """
    left_out = list(metadata.untransferable)
    profile = _fitting_profile(icc_profile, format_name, channels, left_out)
    if format_name != "PNG":
        metadata = _without_colour_chunks(metadata, profile, left_out)
    fit = {"PNG": _for_png, "JPEG": _for_jpeg, "BMP": _for_bmp}.get(format_name, _for_tags)
    metadata = fit(metadata, left_out)
    if metadata.iptc and format_name not in ("JPEG", "TIFF"):
        left_out.append("the IPTC data")
        metadata = replace(metadata, iptc=None)
    return Fitted(metadata, profile, tuple(left_out))


def _fitting_profile(profile, format_name, channels, left_out):
    """The profile if it describes an image of this kind (ICC.1, header: colour space at byte 16)."""
    if not profile:
        return None
    space = profile[16:20]
    wanted = b"RGB " if channels >= 3 or format_name == "WebP" else b"GRAY"
    held = not (format_name == "BMP" and channels == 1) and (
        format_name != "JPEG" or len(profile) <= _JPEG_PROFILE_BYTES
    )
    if space == wanted and held:
        return profile
    name = space.decode("ascii", "replace").strip()
    kind = f"{name} colour profile" if name.isalnum() else "colour profile"
    left_out.append(f"the {kind}" if space == wanted else f"the {kind} of {wanted.decode().strip()} pixels")
    return None


def _without_colour_chunks(metadata, profile, left_out):
    """Only PNG has these chunks; a profile says the same, and sRGB needs not be said."""
    chunks = dict(metadata.colour)
    if chunks and not _say_srgb(chunks) and (profile is None or b"cICP" in chunks):
        names = ", ".join(sorted(name.decode() for name in chunks))
        left_out.append(f"what PNG's {names} {'says' if len(chunks) == 1 else 'say'} of the colours")
    return replace(metadata, colour=())


def _say_srgb(chunks):
    if b"cICP" in chunks:
        return chunks[b"cICP"] in _SRGB_CODES
    if b"sRGB" in chunks:
        return True
    gamma = int.from_bytes(chunks.get(b"gAMA", _SRGB_GAMMA.to_bytes(4, "big")), "big")
    body = chunks.get(b"cHRM")
    points = _SRGB_CHROMATICITIES if body is None else [int.from_bytes(body[k : k + 4], "big") for k in range(0, 32, 4)]
    near = all(abs(point - srgb) <= 100 for point, srgb in zip(points, _SRGB_CHROMATICITIES, strict=True))
    return near and abs(gamma - _SRGB_GAMMA) <= 200 and set(chunks) <= {b"gAMA", b"cHRM"}


def _for_png(metadata, left_out):
    """All of it; a description that only EXIF data have is said in PNG's way too, where viewers look for it."""
    caption = description(metadata.exif)
    if caption and not any(entry.keyword == "Description" for entry in metadata.text):
        metadata = replace(metadata, text=(TextEntry("Description", caption), *metadata.text))
    if metadata.resolution is not None:
        metadata = replace(metadata, resolution=_whole_numbers(metadata.resolution, "metre", _LARGEST_PNG, left_out))
    return metadata


def _for_bmp(metadata, left_out):
    """A resolution is all that BMP holds."""
    tags = set(exif_blocks.entries(metadata.exif)) if metadata.exif else set()
    if exif_blocks.DESCRIPTION in tags:
        left_out.append("the description")
    if tags - {exif_blocks.DESCRIPTION, exif_blocks.ORIENTATION}:
        left_out.append("the EXIF data")
    if metadata.xmp:
        left_out.append("the XMP data")
    left_out += [_text_name(entry) for entry in metadata.text]
    resolution = metadata.resolution
    if resolution is not None and resolution.unit == "none":
        left_out.append("the pixels' shape")
        resolution = None
    if resolution is not None:
        resolution = _whole_numbers(resolution, "metre", _LARGEST_BMP, left_out)
    return Metadata(resolution=resolution, iptc=metadata.iptc)


def _for_jpeg(metadata, left_out):
    """JFIF's whole numbers per inch, one comment, EXIF, XMP and IPTC of one segment each."""
    comments = [entry for entry in metadata.text if entry.keyword == _COMMENT]
    others = [entry for entry in metadata.text if entry.keyword != _COMMENT]
    comment = next((entry for entry in comments if len(entry.text.encode()) <= _JPEG_SEGMENT), None)
    left_out += [_text_name(entry) for entry in comments if entry is not comment]
    exif = _with_text_tags(metadata.exif, others, left_out)
    resolution = metadata.resolution
    if resolution is not None and not _jfif_holds(resolution):
        exif = _with_resolution_tags(exif, resolution, left_out)
    if resolution is not None and (resolution.unit == "none" or max(resolution.per("inch")) > _LARGEST_JFIF):
        resolution = None
    if exif is not None and len(exif) > _JPEG_EXIF_BYTES:
        left_out.append("the longest of the EXIF data (they have more than 64 KB)")
        exif = exif_blocks.shortened(exif, _JPEG_EXIF_BYTES)
    xmp = _of_length(metadata.xmp, _JPEG_XMP_BYTES, "the XMP data", left_out)
    iptc = _of_length(metadata.iptc, _JPEG_IPTC_BYTES, "the IPTC data", left_out)
    text = () if comment is None else (comment,)
    return replace(metadata, exif=exif, resolution=resolution, xmp=xmp, iptc=iptc, text=text)


def _for_tags(metadata, left_out):
    """TIFF, WebP and AVIF: the text becomes tags; the resolution is one of TIFF's tags already."""
    described = description(metadata.exif) or any(entry.keyword == "Description" for entry in metadata.text)
    text = [
        # Neither has a place for a comment, but a caption is one.
        entry._replace(keyword="Description") if entry.keyword == _COMMENT and not described else entry
        for entry in metadata.text
    ]
    exif = _with_text_tags(metadata.exif, text, left_out)
    if metadata.resolution is not None:
        exif = _with_resolution_tags(exif, metadata.resolution, left_out)
    return replace(metadata, exif=exif, text=())


def _of_length(value, limit, name, left_out):
    if value is None or len(value) <= limit:
        return value
    left_out.append(f"{name} (longer than 64 KB)")
    return None


def _text_name(entry):
    return f"the text {entry.keyword[:40]!r}"


def _with_text_tags(exif, text, left_out):
    """The EXIF block with the text that tags can say; what they say already stays as it is."""
    added: dict[int, exif_blocks.Entry] = {}
    for entry in text:
        tag = _TAG_OF_KEYWORD.get(entry.keyword)
        stored = None if tag is None else text_of_tag(exif, tag)
        if tag is not None and stored is None and tag not in added and not entry.language and "\0" not in entry.text:
            added[tag] = exif_blocks.text_entry(entry.text)
        elif tag is None or stored != entry.text.strip():
            left_out.append(_text_name(entry))
    return exif_blocks.extended(exif, added) if added else exif


def _with_resolution_tags(exif, resolution, left_out):
    """The EXIF block with the resolution, if it gives none so far."""
    if exif is not None and exif_blocks.X_RESOLUTION in exif_blocks.entries(exif):
        return exif
    if resolution.unit == "metre":
        x_per_inch, y_per_inch = resolution.per("inch")
        resolution = Resolution(x_per_inch, y_per_inch, "inch")
    fractions = [Fraction(value).limit_denominator(10000) for value in resolution[:2]]
    if not all(0 < fraction.numerator <= _LARGEST_TAG for fraction in fractions):
        left_out.append("the resolution")
        return exif
    x, y = (exif_blocks.rational_entry(fraction.numerator, fraction.denominator) for fraction in fractions)
    unit = exif_blocks.short_entry({"none": 1, "inch": 2, "centimetre": 3}[resolution.unit])
    tags = (exif_blocks.X_RESOLUTION, exif_blocks.Y_RESOLUTION, exif_blocks.RESOLUTION_UNIT)
    return exif_blocks.extended(exif, dict(zip(tags, (x, y, unit), strict=True)))


def _jfif_holds(resolution):
    """Whether JFIF gives the resolution exactly: whole numbers per inch of 16 bits."""
    if resolution.unit == "none":
        return False
    return all(value == round(value) and value <= _LARGEST_JFIF for value in resolution.per("inch"))


def _whole_numbers(resolution, unit, largest, left_out):
    """The resolution in whole numbers per `unit`, or a ratio of whole numbers; None if they are too large."""
    if resolution.unit == "none":
        ratio = Fraction(resolution.x / resolution.y).limit_denominator(1000)
        x, y, unit = ratio.numerator, ratio.denominator, "none"
    else:
        x, y = (int(value + 0.5) for value in resolution.per(unit))
    if not (0 < x <= largest and 0 < y <= largest):
        left_out.append("the resolution")
        return None
    return Resolution(float(x), float(y), unit)
