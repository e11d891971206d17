"""What comes with a picture besides its pixels: EXIF, resolution, XMP, text, and what its values mean as colours.

`Metadata` is the same whatever format it is from, and describes the upright picture. The functions `of_…` collect it
from a file and never raise: what a damaged file does not give is named. `metadata_fitting` says what a format can hold.
"""

from __future__ import annotations

import math
import re
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from pydeblur.files import exif as exif_blocks

#: Inflated text and profiles longer than this are not read: no picture needs them, and a small file can hold them.
MAX_INFLATED_BYTES = 16 << 20
_INCH = 0.0254  # metres
_METRES = {"inch": _INCH, "centimetre": 0.01, "metre": 1.0}
#: PNG chunks that say which colours the samples mean, besides iCCP (PNG specification, third edition, 11.3.2).
COLOUR_CHUNKS = {b"cICP": 4, b"cHRM": 32, b"gAMA": 4, b"sRGB": 1, b"mDCV": 24, b"cLLI": 8}
_XMP_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_XMP_KEYWORD = "XML:com.adobe.xmp"
#: Text chunks that ImageMagick and others keep EXIF and XMP in, as hexadecimal digits.
_RAW_PROFILES = {
    "Raw profile type exif": "exif",
    "Raw profile type APP1": "exif",
    "Raw profile type xmp": "xmp",
}
_EXIF_MARK = b"Exif\0\0"
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class Resolution(NamedTuple):
    """How many pixels lie on a length, along the rows (x) and the columns (y) of the upright picture.

    Attributes
    ----------
    x, y : float
        Positive.
    unit : {"inch", "centimetre", "metre", "none"}
        The length; of "none" only the ratio of `x` and `y` means something.

    Examples
    --------
    >>> Resolution(200.0, 100.0, "centimetre").per("inch")
    (508.0, 254.0)
    """

    x: float
    y: float
    unit: str

    def per(self, unit: str) -> tuple[float, float]:
        """The resolution per another length; PNG's whole numbers per metre are taken for the whole numbers per inch."""
        factor = 1.0 if unit == self.unit else _METRES[unit] / _METRES[self.unit]
        values = self.x * factor, self.y * factor
        if unit == self.unit:
            return values
        # Rounding to whole pixels per metre moves a resolution by up to 0.0127 per inch.
        near = 0.013 if self.unit == "metre" else 1e-9 * max(values)
        return tuple(float(round(value)) if abs(value - round(value)) <= near else value for value in values)  # type: ignore[return-value]


class TextEntry(NamedTuple):
    """A text with its name, as PNG files hold them.

    Attributes
    ----------
    keyword, text : str
    language, translated : str
        The language, and the keyword in that language; empty where they are not given.
    """

    keyword: str
    text: str
    language: str = ""
    translated: str = ""


@dataclass(frozen=True)
class Metadata:
    """What comes with a picture, other than pixels, alpha and the ICC profile.

    Attributes
    ----------
    exif : bytes or None
        From the TIFF header on; its orientation is 1, and it has no thumbnail. Of TIFF files it holds all tags that
        say something of the picture, the description and the artist among them.
    resolution : Resolution or None
    xmp : bytes or None
        Its orientation, if it has one, is 1.
    text : tuple of TextEntry
        PNG's text, and JPEG's comment under the keyword "Comment".
    colour : tuple of (bytes, bytes)
        Names and contents of the PNG chunks `COLOUR_CHUNKS`: gamma, chromaticities, sRGB intent, CICP, ...
    iptc : bytes or None
        IPTC-NAA records.
    untransferable : tuple of str
        Names of what describes the input file and no result of it, and so is left out of every file.

    Examples
    --------
    >>> Metadata(resolution=Resolution(300.0, 300.0, "inch")).resolution.unit
    'inch'
    """

    exif: bytes | None = None
    resolution: Resolution | None = None
    xmp: bytes | None = None
    text: tuple[TextEntry, ...] = ()
    colour: tuple[tuple[bytes, bytes], ...] = ()
    iptc: bytes | None = None
    untransferable: tuple[str, ...] = ()


class Collected(NamedTuple):
    """What a collector found.

    Attributes
    ----------
    metadata : Metadata
    icc_profile : bytes or None
    orientation : int
        EXIF orientation 1 to 8 that the file asks for; where EXIF data give none, that of XMP.
    unreadable : tuple of str
        What the file has and no one can read, as a message calls it: "the EXIF data", "the text 'Notes'", ...
    """

    metadata: Metadata
    icc_profile: bytes | None = None
    orientation: int = 1
    unreadable: tuple[str, ...] = ()


class _Found:
    """The raw pieces of one file, each taken by a step of its own that may fail."""

    def __init__(self) -> None:
        self.orientation: int | None = None
        self.exif: bytes | None = None
        self.resolution: Resolution | None = None
        self.xmp: bytes | None = None
        self.icc_profile: bytes | None = None
        self.iptc: bytes | None = None
        self.text: list[TextEntry] = []
        self.colour: dict[bytes, bytes] = {}
        self.unreadable: dict[str, None] = {}
        self.untransferable: list[str] = []
        self.text_left = MAX_INFLATED_BYTES

    def take(self, name: str, step: Callable[[], None]) -> None:
        """Take one step; what a damaged file leads it to costs its own piece only."""
        try:
            step()
        except Exception:  # Damaged data lead decoders anywhere, and must not keep the pixels from being read.
            self.unreadable.setdefault(name)

    def collected(self) -> Collected:
        """The pieces, made upright."""
        turn: list[int | None] = [self.orientation]
        block: list[bytes] = []

        def take_exif():
            if self.exif:
                turn[0] = turn[0] or exif_blocks.orientation(self.exif)
                upright = exif_blocks.upright(self.exif, turn[0])
                # Directories that overlap may have spoilt each other.
                exif_blocks.entries(upright)
                block.append(upright)

        self.take("the EXIF data", take_exif)
        orientation = turn[0] or _xmp_orientation(self.xmp) or 1
        resolution = self.resolution or (_exif_resolution(block[0]) if block else None)
        if resolution is not None and orientation in (5, 6, 7, 8):
            resolution = Resolution(resolution.y, resolution.x, resolution.unit)
        metadata = Metadata(
            exif=block[0] if block else None,
            resolution=resolution,
            xmp=_upright_xmp(self.xmp),
            text=tuple(self.text),
            colour=tuple(self.colour.items()),
            iptc=self.iptc,
            untransferable=tuple(self.untransferable),
        )
        return Collected(metadata, self.icc_profile, orientation, tuple(self.unreadable))


def of_pillow_image(image, data: bytes = b"") -> Collected:
    """What comes with a file that Pillow has opened.

    Parameters
    ----------
    image : PIL.Image.Image
        As `PIL.Image.open` returned it.
    data : bytes, optional
        The whole file. PNG, TIFF and BMP files are read from it, more exactly than from Pillow's dictionary.

    Returns
    -------
    Collected

    Examples
    --------
    >>> from io import BytesIO
    >>> from PIL import Image
    >>> file = BytesIO()
    >>> Image.new("L", (3, 2)).save(file, "JPEG", dpi=(300, 300))
    >>> of_pillow_image(Image.open(file)).metadata.resolution
    Resolution(x=300.0, y=300.0, unit='inch')
    """
    if data.startswith(_PNG_SIGNATURE):
        return of_png_chunks(_png_chunks(data))
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return of_tiff(data)
    found = _Found()
    info = dict(getattr(image, "info", None) or {})
    found.take("the EXIF data", lambda: _take_exif(found, info.get("exif")))
    found.take("the XMP data", lambda: _take_xmp(found, info.get("xmp")))
    found.take("the colour profile", lambda: _take_profile(found, info.get("icc_profile")))
    if data.startswith(b"BM"):
        found.take("the resolution", lambda: _take_bmp_resolution(found, data))
    else:
        found.take("the resolution", lambda: _take_pillow_resolution(found, info, image.format))
    found.take("the comment", lambda: _take_comment(found, info.get("comment")))
    found.take("the IPTC data", lambda: _take_photoshop(found, info.get("photoshop")))
    if data.startswith(b"BM"):
        found.take("the colour profile", lambda: _take_bmp_profile(found, data))
    if data.startswith(b"\xff\xd8") and _XMP_EXTENSION in data:
        found.untransferable.append("the extension of the XMP data")
    return found.collected()


def of_png_chunks(chunks: Iterable[tuple[bytes, bytes]]) -> Collected:
    """What comes with a PNG file.

    Parameters
    ----------
    chunks : iterable of (bytes, bytes)
        Names and contents of the file's chunks, in their order; those without metadata are ignored.

    Returns
    -------
    Collected

    Examples
    --------
    >>> of_png_chunks([(b"tEXt", b"Description\\0a caption")]).metadata.text[0].text
    'a caption'
    """
    found = _Found()
    for name, body in chunks:
        if name in _PNG_STEPS:
            piece, step = _PNG_STEPS[name]
            keyword = body.split(b"\0", 1)[0][:79].decode("latin-1", "replace")
            found.take(f"the text {keyword!r}" if piece == "text" else piece, lambda: step(found, body))  # noqa: B023
        elif len(body) == COLOUR_CHUNKS.get(name):
            found.colour.setdefault(name, body)
        elif name in COLOUR_CHUNKS:
            found.take(f"its chunk {name.decode()}", _refuse)
    return found.collected()


def of_tiff_page(page) -> Collected:
    """What comes with a page of a TIFF file.

    Parameters
    ----------
    page : tifffile.TiffPage

    Returns
    -------
    Collected

    Examples
    --------
    >>> from io import BytesIO
    >>> import numpy as np, tifffile
    >>> file = BytesIO()
    >>> tifffile.imwrite(file, np.zeros((2, 3), np.uint8), resolution=(200, 200), resolutionunit="CENTIMETER")
    >>> of_tiff_page(tifffile.TiffFile(BytesIO(file.getvalue())).pages[0]).metadata.resolution
    Resolution(x=200.0, y=200.0, unit='centimetre')
    """
    found = _Found()
    contents: list[bytes] = []

    def read():
        handle = page.parent.filehandle
        handle.seek(0)
        contents.append(handle.read())

    found.take("the metadata", read)
    return of_tiff(contents[0], page.offset) if contents else found.collected()


def of_tiff(data: bytes, offset: int | None = None) -> Collected:
    """What comes with a page of a TIFF file.

    Parameters
    ----------
    data : bytes
        The whole file.
    offset : int, optional
        Where the page's directory is; by default the first one.

    Returns
    -------
    Collected
        Descriptions that count the images of a file or name its samples (ImageJ's, OME's) are untransferable.

    Examples
    --------
    >>> from pydeblur.files.tiff_writing import write_tiff
    >>> import numpy as np
    >>> of_tiff(write_tiff(np.zeros((2, 3, 1), np.uint8))).metadata.exif is None
    True
    """
    found = _Found()
    tags: dict[int, exif_blocks.Entry] = {}

    def read():
        tags.update(exif_blocks.entries(data, offset))
        found.exif = exif_blocks.of_tiff(data, offset)

    found.take("the metadata", read)
    little = data[:1] == b"I"
    found.take("the XMP data", lambda: _take_xmp(found, _value(tags, exif_blocks.XMP)))
    found.take("the IPTC data", lambda: _take_iptc(found, _value(tags, exif_blocks.IPTC)))
    found.take("the colour profile", lambda: _take_profile(found, _value(tags, exif_blocks.ICC_PROFILE)))
    found.take("the resolution", lambda: _take_tag_resolution(found, tags, little))
    found.take("the description", lambda: _leave_out_layout_description(found, tags))
    turn = int.from_bytes((_value(tags, exif_blocks.ORIENTATION) or b"")[:2], "little" if little else "big")
    found.orientation = turn if 1 <= turn <= 8 else None
    return found.collected()


def description(exif: bytes | None) -> str | None:
    """The ImageDescription of an EXIF block; None if it has none or says nothing.

    Examples
    --------
    >>> entry = exif_blocks.text_entry("a caption")
    >>> description(exif_blocks.extended(None, {exif_blocks.DESCRIPTION: entry}))
    'a caption'
    """
    return text_of_tag(exif, exif_blocks.DESCRIPTION)


def text_of_tag(exif: bytes | None, tag: int) -> str | None:
    """The text of a tag in an EXIF block's first directory: UTF-8, or else Latin 1; None if there is none.

    Examples
    --------
    >>> text_of_tag(exif_blocks.extended(None, {315: exif_blocks.text_entry("A. Nobody")}), 315)
    'A. Nobody'
    """
    if exif is None:
        return None
    raw = _value(exif_blocks.entries(exif), tag)
    if raw is None:
        return None
    raw = raw.split(b"\0", 1)[0].strip()
    try:
        return raw.decode("utf-8") or None
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _refuse():
    raise ValueError("it is damaged")


def _value(tags, tag):
    return tags[tag].value if tag in tags else None


def _take_exif(found, exif):
    if exif and found.exif is None:
        exif = bytes(exif)
        found.exif = exif[len(_EXIF_MARK) :] if exif.startswith(_EXIF_MARK) else exif


def _take_xmp(found, xmp):
    if xmp and found.xmp is None:
        found.xmp = xmp.encode() if isinstance(xmp, str) else bytes(xmp)


def _take_profile(found, profile):
    if profile and found.icc_profile is None:
        found.icc_profile = bytes(profile)


def _take_iptc(found, iptc):
    if iptc:
        found.iptc = bytes(iptc)


def _take_comment(found, comment):
    if comment:
        raw = comment.encode() if isinstance(comment, str) else bytes(comment)
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
        found.text.append(TextEntry("Comment", text.rstrip("\0")))


def _take_photoshop(found, resources):
    """Of Photoshop's resources, number 0x0404 holds the IPTC records; the others are about its own editing."""
    if isinstance(resources, dict) and isinstance(resources.get(0x0404), bytes):
        _take_iptc(found, resources[0x0404])


def _resolution(x, y, unit):
    """A resolution, or None where the numbers say nothing."""
    x, y = float(x), float(y)
    if not (math.isfinite(x) and math.isfinite(y) and x > 0 and y > 0) or (unit == "none" and x == y):
        return None
    return Resolution(x, y, unit)


def _take_pillow_resolution(found, info, format_name):
    if "jfif_density" in info:
        # JFIF's densities without a unit are a pixel's shape.
        unit = {1: "inch", 2: "centimetre"}.get(info.get("jfif_unit"), "none")
        found.resolution = _resolution(info["jfif_density"][0], info["jfif_density"][1], unit)
    elif "dpi" in info and format_name not in ("JPEG", "MPO"):
        # For JPEG files without a resolution, Pillow gives 72.
        found.resolution = _resolution(info["dpi"][0], info["dpi"][1], "inch")


def _take_bmp_resolution(found, data):
    """BITMAPINFOHEADER's pixels per metre; the older header of 12 bytes has none."""
    if int.from_bytes(data[14:18], "little") >= 40:
        x, y = struct.unpack_from("<ii", data, 38)
        found.resolution = _resolution(x, y, "metre")


def _take_tag_resolution(found, tags, little):
    """The tags XResolution, YResolution and ResolutionUnit, whose default is the inch."""
    values = [_value(tags, tag) for tag in (exif_blocks.X_RESOLUTION, exif_blocks.Y_RESOLUTION)]
    if None in values:
        return
    order = "<" if little else ">"
    unit = _value(tags, exif_blocks.RESOLUTION_UNIT)
    number = struct.unpack(order + "H", unit[:2])[0] if unit else 2
    pairs = [struct.unpack(order + "II", value[:8]) for value in values if value is not None]
    if all(denominator for _, denominator in pairs):
        (a, b), (c, d) = pairs
        found.resolution = _resolution(a / b, c / d, {1: "none", 3: "centimetre"}.get(number, "inch"))


def _exif_resolution(block):
    """The resolution that an EXIF block gives, where the file itself gives none."""
    found = _Found()
    found.take("the resolution", lambda: _take_tag_resolution(found, exif_blocks.entries(block), block[:1] == b"I"))
    return found.resolution


def _leave_out_layout_description(found, tags):
    """Descriptions that tell programs how many images of which samples follow are wrong for a result."""
    raw = _value(tags, exif_blocks.DESCRIPTION)
    if not raw or found.exif is None:
        return
    layout = raw.lstrip()
    kind = "ImageJ" if layout.startswith(b"ImageJ=") else "OME" if b"<OME" in layout[:2000] else None
    if kind is None and not layout.startswith(b'{"shape":'):
        return
    if kind is not None:
        found.untransferable.append(f"the {kind} description")
    found.exif = exif_blocks.without(found.exif, exif_blocks.DESCRIPTION)


def _take_bmp_profile(found, data):
    """A profile embedded in a BMP file, by BITMAPV5HEADER's last fields (bV5CSType "MBED")."""
    if int.from_bytes(data[14:18], "little") >= 124 and data[70:74] == b"DEBM":
        start, size = struct.unpack_from("<II", data, 14 + 112)
        profile = data[14 + start : 14 + start + size]
        if not size or len(profile) < size:
            _refuse()
        _take_profile(found, profile)


def _png_chunks(data) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG file that are whole and whose checksums are right."""
    offset = len(_PNG_SIGNATURE)
    while offset + 12 <= len(data):
        length = int.from_bytes(data[offset : offset + 4], "big")
        name, body = data[offset + 4 : offset + 8], data[offset + 8 : offset + 8 + length]
        checksum = data[offset + 8 + length : offset + 12 + length]
        if name == b"IEND":
            return
        if name != b"IDAT" and checksum == zlib.crc32(name + body).to_bytes(4, "big"):
            yield name, body
        offset += 12 + length


def _inflated(packed, limit):
    """Inflate at most `limit` bytes; more, or less than a whole stream, is an error."""
    inflater = zlib.decompressobj()
    plain = inflater.decompress(packed, limit + 1)
    if len(plain) > limit or not inflater.eof:
        raise ValueError("it is cut or inflates into too much")
    return plain


def _take_png_profile(found, body):
    _, rest = body.split(b"\0", 1)
    if rest[:1] != b"\0":
        _refuse()
    _take_profile(found, _inflated(rest[1:], MAX_INFLATED_BYTES))


def _take_physical_size(found, body):
    x, y, unit = struct.unpack(">IIB", body)
    found.resolution = _resolution(x, y, "metre" if unit == 1 else "none")


def _take_plain_text(found, body):
    keyword, text = body.split(b"\0", 1)
    _take_text(found, TextEntry(keyword.decode("latin-1"), text.decode("latin-1")))


def _take_packed_text(found, body):
    keyword, rest = body.split(b"\0", 1)
    if rest[:1] != b"\0":
        _refuse()
    _take_text(found, TextEntry(keyword.decode("latin-1"), _inflated(rest[1:], found.text_left).decode("latin-1")))


def _take_international_text(found, body):
    keyword, rest = body.split(b"\0", 1)
    packed, method = rest[0], rest[1]
    language, translated, text = rest[2:].split(b"\0", 2)
    if packed:
        if method:
            _refuse()
        text = _inflated(text, found.text_left)
    if keyword.decode("latin-1") == _XMP_KEYWORD:
        _take_xmp(found, text)
        return
    names = language.decode("latin-1"), translated.decode("utf-8")
    _take_text(found, TextEntry(keyword.decode("latin-1"), text.decode("utf-8"), *names))


def _take_text(found, entry):
    if not entry.keyword or len(entry.keyword) > 79:
        _refuse()
    found.text_left -= len(entry.text)
    if found.text_left < 0:
        _refuse()
    kind = _RAW_PROFILES.get(entry.keyword)
    if kind is None:
        found.text.append(entry)
        return
    # The layout is: a line with the profile's name, one with its length, and lines of hexadecimal digits.
    raw = bytes.fromhex("".join(entry.text.split()[2:]))
    if kind == "xmp" or raw.startswith(b"http://ns.adobe.com/xap/1.0/\0"):
        _take_xmp(found, raw.split(b"\0", 1)[-1])
    else:
        _take_exif(found, raw)


#: By the name of a chunk: what a message calls it ("text": its keyword follows), and the step that takes it.
_PNG_STEPS: dict[bytes, tuple[str, Callable[[_Found, bytes], None]]] = {
    b"eXIf": ("the EXIF data", _take_exif),
    b"iCCP": ("the colour profile", _take_png_profile),
    b"pHYs": ("the resolution", _take_physical_size),
    b"tEXt": ("text", _take_plain_text),
    b"zTXt": ("text", _take_packed_text),
    b"iTXt": ("text", _take_international_text),
}
_XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation\s*(?:=\s*["']|>)\s*)([1-8])(?=\s*["'<])""")
_XMP_EXTENSION_MARK = re.compile(rb"""\s?xmpNote:HasExtendedXMP=(["'])[0-9A-Fa-f]{0,64}\1""")
_XMP_THUMBNAILS, _XMP_THUMBNAILS_END = b"<xmp:Thumbnails>", b"</xmp:Thumbnails>"


def _xmp_orientation(xmp):
    match = _XMP_ORIENTATION.search(xmp or b"")
    return int(match.group(2)) if match else None


def _upright_xmp(xmp):
    """XMP data with orientation 1, without thumbnails, and without the mark that more follows elsewhere."""
    if not xmp:
        return None
    return _without_thumbnails(_XMP_EXTENSION_MARK.sub(b"", _XMP_ORIENTATION.sub(rb"\g<1>1", xmp)))


def _without_thumbnails(xmp):
    """The data without the elements that hold thumbnails; found in one pass, however many begin and never end."""
    parts: list[bytes] = []
    position = 0
    while True:
        start = xmp.find(_XMP_THUMBNAILS, position)
        end = xmp.find(_XMP_THUMBNAILS_END, start) if start >= 0 else -1
        if end < 0:
            return b"".join((*parts, xmp[position:]))
        parts.append(xmp[position:start])
        position = end + len(_XMP_THUMBNAILS_END)
