"""What came with a picture goes with its result: every format to every other one, read back by Pillow and tifffile."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from pydeblur.files import ImageFile, LossyFormatWarning, exif, read_image, write_image
from pydeblur.files.metadata import (
    MAX_INFLATED_BYTES,
    Metadata,
    Resolution,
    TextEntry,
    of_pillow_image,
    of_png_chunks,
    of_tiff,
    of_tiff_page,
)
from pydeblur.files.metadata_fitting import fit_metadata
from pydeblur.files.pillow_writing import can_encode
from tests.files.conftest import bytes_of, picture

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
ARTIST, ORIENTATION, MAKER, EXIF_DIRECTORY, GPS_DIRECTORY = 315, 274, 271, 34665, 34853
MAKER_NOTE, FOCAL_LENGTH = 0x927C, 0xA405
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    b'tiff:Orientation="1" dc:format="image/png"/></rdf:RDF></x:xmpmeta>'
)
RGB = picture(12, 16, 3)
#: Names of the formats as Pillow calls them, and a file's extension.
SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "TIFF": ".tif", "WEBP": ".webp", "AVIF": ".avif"}
SUFFIXES = {name: suffix for name, suffix in SUFFIXES.items() if can_encode(name)}
TARGETS = {
    **{suffix: name for name, suffix in SUFFIXES.items()},
    ".16.png": "PNG",
    ".16.tif": "TIFF",
}


def exif_block(orientation=1, sizes=None):
    """EXIF data as Pillow writes them: two directories below the first one, a maker note, and a position."""
    block = Image.Exif()
    block[MAKER], block[ARTIST], block[ORIENTATION] = "A maker", "A. Nobody", orientation
    below = {FOCAL_LENGTH: 35, MAKER_NOTE: b"note\0\1\2\3"}
    block[EXIF_DIRECTORY] = below | dict(zip((0xA002, 0xA003), sizes or (), strict=bool(sizes)))
    block[GPS_DIRECTORY] = {1: "N", 2: (10.0, 20.0, 30.5)}
    return block.tobytes()


def with_thumbnail(block, thumbnail):
    """A block with a second directory and its thumbnail, as cameras write them, made by hand."""
    block = block.removeprefix(b"Exif\0\0")
    order = "<" if block[:2] == b"II" else ">"
    first = struct.unpack_from(order + "I", block, 4)[0]
    link = first + 2 + 12 * struct.unpack_from(order + "H", block, first)[0]
    block += bytes(len(block) % 2)
    start = len(block)
    entries = struct.pack(order + "HHIIHHII", 513, 4, 1, start + 30, 514, 4, 1, len(thumbnail))
    second = struct.pack(order + "H", 2) + entries + struct.pack(order + "I", 0)
    return block[:link] + struct.pack(order + "I", start) + block[link + 4 :] + second + thumbnail


def source(format_name, **options):
    return bytes_of(RGB, format_name, **options)


def deblurred(tmp_path, data, suffix, name="in"):
    """The file that a command writes from `data`: read, its pixels kept, written like the input."""
    path = tmp_path / name
    path.write_bytes(data)
    image = read_image(path)
    out = tmp_path / f"out{suffix}"
    depth = {".16.png": "uint16", ".16.tif": "uint16", ".32.tif": "float32"}.get(suffix)
    write_image(out, image.pixels, like=image, depth=depth)
    return out


def opened(path):
    """A file as Pillow reads it, without the file kept open."""
    return Image.open(io.BytesIO(path.read_bytes()))


def exif_of(path):
    """The tags that tell what was taken with what and where, read by Pillow."""
    return tags_of(opened(path).getexif())


def exif_of_block(block):
    """The same of a block."""
    tags = Image.Exif()
    tags.load(block)
    return tags_of(tags)


def tags_of(tags):
    below, position = tags.get_ifd(EXIF_DIRECTORY), tags.get_ifd(GPS_DIRECTORY)
    return {
        "maker": tags.get(MAKER),
        "artist": tags.get(ARTIST),
        "orientation": tags.get(ORIENTATION, 1),
        "focal length": below.get(FOCAL_LENGTH),
        "maker note": below.get(MAKER_NOTE),
        "position": (position.get(1), tuple(float(value) for value in position.get(2, ()))),
    }


@pytest.mark.parametrize("suffix", TARGETS)
@pytest.mark.parametrize("format_name", SUFFIXES)
class TestEveryFormatToEveryOther:
    @pytest.mark.parametrize("orientation", [1, 3, 6])
    def test_exif(self, tmp_path, format_name, suffix, orientation):
        out = deblurred(tmp_path, source(format_name, exif=exif_block(orientation)), suffix)
        assert exif_of(out) == {
            "maker": "A maker",
            "artist": "A. Nobody",
            "orientation": 1,
            "focal length": 35,
            "maker note": b"note\0\1\2\3",
            "position": ("N", (10.0, 20.0, 30.5)),
        }
        # The pixels are upright, and are not turned once more.
        assert opened(out).size == ((12, 16) if orientation == 6 else (16, 12))

    def test_xmp(self, tmp_path, format_name, suffix):
        if format_name == "TIFF":
            data = io.BytesIO()
            tifffile.imwrite(data, RGB, photometric="rgb", extratags=[(700, "B", len(XMP), XMP, True)])
            data = data.getvalue()
        elif format_name == "PNG":
            info = PngImagePlugin.PngInfo()
            info.add_itxt("XML:com.adobe.xmp", XMP.decode(), zip=True)
            data = source("PNG", pnginfo=info)
        else:
            data = source(format_name, xmp=XMP)
        assert opened(deblurred(tmp_path, data, suffix)).info["xmp"] == XMP

    def test_profile(self, tmp_path, format_name, suffix):
        out = deblurred(tmp_path, source(format_name, icc_profile=SRGB), suffix)
        assert opened(out).info["icc_profile"] == SRGB

    def test_resolution(self, tmp_path, format_name, suffix):
        if format_name in ("WEBP", "AVIF"):
            block = Image.Exif()
            block[282], block[283], block[296] = 240.0, 120.0, 2
            data = source(format_name, exif=block.tobytes())
        else:
            data = source(format_name, dpi=(240, 120))
        out = opened(deblurred(tmp_path, data, suffix))
        stored = out.info.get("dpi") or (out.getexif().get(282), out.getexif().get(283))
        assert np.allclose(np.array(stored, float), (240, 120), atol=0.013)


class TestText:
    TEXT = (("Description", "a caption"), ("Author", "A. Nobody"), ("Notes", "x" * 3000), ("Gruß", "Grüße, 漢字"))

    def png(self, zipped=False):
        info = PngImagePlugin.PngInfo()
        for keyword, text in self.TEXT:
            info.add_text(keyword, text, zip=zipped)
        info.add_itxt("Titel", "Bild", lang="de", tkey="Überschrift")
        return source("PNG", pnginfo=info)

    @pytest.mark.parametrize("zipped", [False, True])
    @pytest.mark.parametrize("suffix", [".png", ".16.png"])
    def test_png_keeps_all_of_it(self, tmp_path, suffix, zipped):
        image = opened(deblurred(tmp_path, self.png(zipped), suffix))
        image.load()
        assert dict(self.TEXT).items() <= image.text.items()
        assert (image.text["Titel"], image.text["Titel"].lang, image.text["Titel"].tkey) == (
            "Bild",
            "de",
            "Überschrift",
        )

    @pytest.mark.parametrize("suffix", [suffix for suffix in TARGETS if not suffix.endswith("png")])
    def test_other_formats_take_what_tags_can_say(self, tmp_path, suffix):
        with pytest.warns(
            LossyFormatWarning, match="without the text 'Notes', the text 'Gruß' and the text 'Titel'"
        ) as all_of:
            out = deblurred(tmp_path, self.png(), suffix)
        assert len(all_of) == 1
        tags = opened(out).getexif()
        assert (tags[270], tags[ARTIST]) == ("a caption", "A. Nobody")

    def test_bmp_names_what_it_leaves_out(self, tmp_path):
        with pytest.warns(LossyFormatWarning, match="and 2 more of what came with the input, which this BMP"):
            deblurred(tmp_path, self.png(), ".bmp")

    def test_very_long_text_stays_readable_for_pillow(self, tmp_path):
        # Pillow refuses packed text of more than 1 MiB, but reads it unpacked.
        info = PngImagePlugin.PngInfo()
        info.add_text("Notes", "y" * 1_500_000)
        image = opened(deblurred(tmp_path, source("PNG", pnginfo=info), ".png"))
        image.load()
        assert image.text["Notes"] == "y" * 1_500_000

    def test_comment_of_a_jpeg_file(self, tmp_path):
        data = source("JPEG", comment=b"a comment")
        assert opened(deblurred(tmp_path, data, ".jpg")).info["comment"] == b"a comment"
        assert opened(deblurred(tmp_path, data, ".png")).info["Comment"] == "a comment"
        assert opened(deblurred(tmp_path, data, ".tif")).getexif()[270] == "a comment"

    def test_exif_as_hexadecimal_text(self, tmp_path):
        # ImageMagick's way, which Pillow reads too: with the old orientation it would turn the picture again.
        block = exif_block(6)
        info = PngImagePlugin.PngInfo()
        info.add_text("Raw profile type exif", f"\nexif\n{len(block):8}\n{block.hex()}\n", zip=True)
        out = deblurred(tmp_path, source("PNG", pnginfo=info), ".png")
        assert exif_of(out)["orientation"] == 1
        assert exif_of(out)["maker"] == "A maker"
        assert "Raw profile type exif" not in opened(out).info


class TestTiffTags:
    def tiff(self, **options):
        file = io.BytesIO()
        tifffile.imwrite(file, RGB, photometric="rgb", metadata=None, **options)
        return file.getvalue()

    @pytest.mark.parametrize("byteorder", ["<", ">"])
    @pytest.mark.parametrize("bigtiff", [False, True])
    @pytest.mark.parametrize("suffix", [".tif", ".16.tif", ".32.tif"])
    def test_description_and_private_tags(self, tmp_path, suffix, byteorder, bigtiff):
        data = self.tiff(
            description="a caption",
            software="a program",
            datetime="2020:01:02 03:04:05",
            byteorder=byteorder,
            bigtiff=bigtiff,
            extratags=[
                (ARTIST, "s", 0, "A. Nobody", True),
                (65000, "I", 3, (1, 2, 70000), True),
                (65001, "d", 1, 0.1, True),
            ],
        )
        with tifffile.TiffFile(deblurred(tmp_path, data, suffix)) as file:
            tags = file.pages[0].tags
            stored = {tag: tags[tag].value for tag in (270, 305, 306, ARTIST, 65000, 65001)}
        assert stored == {
            270: "a caption",
            305: "a program",
            306: "2020:01:02 03:04:05",
            ARTIST: "A. Nobody",
            65000: (1, 2, 70000),
            65001: 0.1,
        }

    @pytest.mark.parametrize("suffix", TARGETS)
    def test_description_goes_to_other_formats(self, tmp_path, suffix):
        out = opened(deblurred(tmp_path, self.tiff(description="a caption"), suffix))
        assert out.getexif()[270] == "a caption"
        assert not suffix.endswith("png") or out.info["Description"] == "a caption"

    def test_tifffiles_own_description_is_no_caption(self, tmp_path):
        # tifffile adds a second description, of the array's shape, to the one that is given.
        for number, options in enumerate(({"description": "a caption"}, {})):
            data = io.BytesIO()
            tifffile.imwrite(data, RGB, photometric="rgb", **options)
            with tifffile.TiffFile(deblurred(tmp_path, data.getvalue(), ".16.tif")) as file:
                tag = file.pages[0].tags.get(270)
            assert (tag and tag.value) == (None if number else "a caption")

    @pytest.mark.parametrize(("unit", "number"), [("INCH", 2), ("CENTIMETER", 3)])
    def test_unit_of_the_resolution(self, tmp_path, unit, number):
        data = self.tiff(resolution=(203.5, 77.25), resolutionunit=unit)
        with tifffile.TiffFile(deblurred(tmp_path, data, ".tif")) as file:
            tags = {tag: file.pages[0].tags[tag].value for tag in (282, 283, 296)}
        assert tags == {282: (407, 2), 283: (309, 4), 296: number}

    def test_resolution_beyond_jfif_goes_into_exif(self, tmp_path):
        # A microscope's 10 µm: 254000 per inch, where JFIF's numbers end at 65535.
        data = self.tiff(resolution=(100000, 100000), resolutionunit="CENTIMETER")
        tags = opened(deblurred(tmp_path, data, ".jpg")).getexif()
        assert (tags[282], tags[283], tags[296]) == (100000, 100000, 3)

    def test_pixels_that_are_not_square(self, tmp_path):
        data = self.tiff(resolution=(3, 2), resolutionunit="NONE")
        assert opened(deblurred(tmp_path, data, ".png")).info["aspect"] == (3, 2)
        with tifffile.TiffFile(deblurred(tmp_path, data, ".tif")) as file:
            assert [file.pages[0].tags[tag].value for tag in (282, 283, 296)] == [(3, 1), (2, 1), 1]

    def test_description_of_other_images_is_left_out(self, tmp_path):
        # ImageJ's tells how many images follow; a reader of the result would look for them.
        data = self.tiff(description="ImageJ=1.54f\nimages=1\nunit=micron\n")
        with pytest.warns(LossyFormatWarning, match="without the ImageJ description"):
            out = deblurred(tmp_path, data, ".tif")
        with tifffile.TiffFile(out) as file:
            assert 270 not in file.pages[0].tags

    def test_iptc_records(self, tmp_path):
        iptc = b"\x1c\x02\x69\0\x09A caption"
        out = deblurred(tmp_path, self.tiff(extratags=[(33723, "B", len(iptc), iptc, True)]), ".jpg")
        assert opened(out).info["photoshop"][0x0404] == iptc
        out = deblurred(tmp_path, out.read_bytes(), ".tif")
        with tifffile.TiffFile(out) as file:
            assert bytes(file.pages[0].tags[33723].value) == iptc


class TestColours:
    CHUNKS = ((b"gAMA", struct.pack(">I", 100000)), (b"cHRM", bytes(range(32))), (b"cICP", b"\x09\x10\0\1"))

    def png(self, chunks):
        # By hand, since Pillow leaves out chunks that it does not know.
        added = b"".join(
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
            for name, body in chunks
        )
        data, after_header = source("PNG"), 33
        return data[:after_header] + added + data[after_header:]

    @pytest.mark.parametrize("suffix", [".png", ".16.png"])
    def test_png_keeps_its_chunks(self, tmp_path, suffix):
        data = deblurred(tmp_path, self.png(self.CHUNKS), suffix).read_bytes()
        for name, body in self.CHUNKS:
            assert name + body + struct.pack(">I", zlib.crc32(name + body)) in data
            assert data.index(name) < data.index(b"IDAT")

    @pytest.mark.parametrize("suffix", [".jpg", ".tif", ".bmp"])
    def test_others_name_what_they_leave_out(self, tmp_path, suffix):
        with pytest.warns(LossyFormatWarning, match="without what PNG's gAMA says of the colours"):
            deblurred(tmp_path, self.png(self.CHUNKS[:1]), suffix)

    @pytest.mark.parametrize(
        "chunks",
        [
            [(b"gAMA", struct.pack(">I", 45455))],
            [(b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 45455))],
            [(b"cICP", b"\1\x0d\0\1")],
        ],
    )
    def test_srgb_needs_not_be_said(self, tmp_path, chunks):
        deblurred(tmp_path, self.png(chunks), ".jpg")  # A warning would be an error here.

    def test_profile_of_cmyk_is_left_out_with_a_word(self, tmp_path):
        # Only the header matters: the colour space is at byte 16.
        profile = bytes(16) + b"CMYK" + bytes(108)
        data = io.BytesIO()
        Image.fromarray(RGB).convert("CMYK").save(data, "JPEG", icc_profile=profile)
        with pytest.warns(LossyFormatWarning, match="without the CMYK colour profile of RGB pixels") as all_of:
            out = deblurred(tmp_path, data.getvalue(), ".tif")
        assert len(all_of) == 1
        assert "icc_profile" not in opened(out).info

    @pytest.mark.parametrize("suffix", [*TARGETS, ".bmp"])
    def test_profile_of_a_bmp_file(self, tmp_path, suffix):
        write_image(tmp_path / "first.bmp", RGB / 255, like=ImageFile(RGB / 255, icc_profile=SRGB))
        data = (tmp_path / "first.bmp").read_bytes()
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), RGB)
        out = deblurred(tmp_path, data, suffix)
        stored = read_image(out).icc_profile if suffix == ".bmp" else opened(out).info["icc_profile"]
        assert stored == SRGB


class TestThumbnails:
    @pytest.mark.parametrize("order", ["II", "MM"])
    def test_thumbnail_is_gone_and_the_maker_note_stays_where_it_is(self, order):
        block = exif_block(8).removeprefix(b"Exif\0\0")
        if order == "MM":
            image = Image.Exif()
            image.load(block)
            image.endian = ">"
            block = image.tobytes()[6:]
        thumbnail = bytes_of(RGB, "JPEG")
        upright = exif.upright(with_thumbnail(block, thumbnail))
        assert upright.find(b"note\0\1\2\3") == block.find(b"note\0\1\2\3") > 0
        assert b"JFIF" not in upright
        assert len(upright) <= len(block) + 32
        read = Image.Exif()
        read.load(upright)
        assert read.get_ifd(1) == {}
        assert read[ORIENTATION] == 1

    def test_thumbnail_before_other_data_is_overwritten(self):
        block = with_thumbnail(exif_block(), b"a thumbnail")
        order = "<" if block[:2] == b"II" else ">"

        def link(block):
            """Where the position of the second directory stands."""
            first = struct.unpack_from(order + "I", block, 4)[0]
            return first + 2 + 12 * struct.unpack_from(order + "H", block, first)[0]

        # A new first directory at the end makes the thumbnail lie in the middle.
        moved = bytearray(exif.extended(block, {270: exif.text_entry("c" * 20)}))
        moved[link(moved) : link(moved) + 4] = block[link(block) : link(block) + 4]
        upright = exif.upright(bytes(moved))
        assert b"a thumbnail" in moved
        assert b"a thumbnail" not in upright
        assert exif.entries(upright)[270].value == b"c" * 20 + b"\0"

    def test_sizes_are_exchanged_with_the_axes(self):
        sizes = {0xA002: 4000, 0xA003: 3000}
        for orientation, expected in ((3, (4000, 3000)), (5, (3000, 4000))):
            block = Image.Exif()
            block[ORIENTATION] = orientation
            block[EXIF_DIRECTORY] = dict(sizes)
            read = Image.Exif()
            read.load(exif.upright(block.tobytes()[6:]))
            below = read.get_ifd(EXIF_DIRECTORY)
            assert (below[0xA002], below[0xA003]) == expected

    def test_orientation_of_xmp_counts_and_is_reset(self, tmp_path):
        turned = XMP.replace(b'Orientation="1"', b'Orientation="6"')
        out = deblurred(tmp_path, source("JPEG", xmp=turned), ".png")
        assert opened(out).size == (12, 16)
        assert opened(out).info["xmp"] == XMP


class TestXmp:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            (b'<a tiff:Orientation="8" b="8"/>', b'<a tiff:Orientation="1" b="8"/>'),
            (b"<a tiff:Orientation = '3'/>", b"<a tiff:Orientation = '1'/>"),
            (b"<tiff:Orientation>6</tiff:Orientation>", b"<tiff:Orientation>1</tiff:Orientation>"),
            (b"<a/><xmp:Thumbnails><b>/9j/4AA</b>\n</xmp:Thumbnails><c/>", b"<a/><c/>"),
            (b'<a xmpNote:HasExtendedXMP="0123" b="1"/>', b'<a b="1"/>'),
        ],
    )
    def test_what_is_wrong_for_a_result(self, given, kept):
        assert of_png_chunks([(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + given)]).metadata.xmp == kept

    def test_extension_is_named(self, tmp_path):
        extension = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + bytes(8) + b"<a/>"
        data = source("JPEG", xmp=XMP, extra=b"\xff\xe1" + struct.pack(">H", len(extension) + 2) + extension)
        with pytest.warns(LossyFormatWarning, match="without the extension of the XMP data"):
            assert opened(deblurred(tmp_path, data, ".jpg")).info["xmp"] == XMP


class TestLimits:
    def test_segments_of_jpeg(self, tmp_path):
        block = exif_block()
        long_block = exif.extended(block[6:], {MAKER: exif.text_entry("m" * 70000)})
        metadata = Metadata(exif=long_block, xmp=XMP + b" " * 70000, text=(TextEntry("Comment", "c" * 70000),))
        like = ImageFile(RGB / 255, metadata=metadata)
        with pytest.warns(LossyFormatWarning, match="'Comment', the longest of the EXIF data .* and the XMP data"):
            write_image(tmp_path / "a.jpg", like.pixels, like=like)
        kept = exif_of(tmp_path / "a.jpg")
        assert kept == {**exif_of_block(block), "maker": None}
        write_image(tmp_path / "a.png", like.pixels, like=like)
        assert opened(tmp_path / "a.png").getexif()[MAKER] == "m" * 70000

    @pytest.mark.parametrize("size", [65527, 65528])
    def test_longest_exif_segment(self, tmp_path, size):
        empty = exif.extended(None, {MAKER: exif.text_entry("mmmm")})
        block = exif.extended(None, {MAKER: exif.text_entry("m" * (size - len(empty) + 4))})
        assert len(block) == size
        fitted = fit_metadata(Metadata(exif=block), None, "JPEG", 3)
        assert bool(fitted.left_out) == (size > 65527)
        assert (fitted.metadata.exif == block) == (size <= 65527)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LossyFormatWarning)
            write_image(tmp_path / "a.jpg", RGB / 255, like=ImageFile(RGB / 255, metadata=Metadata(exif=block)))
        assert (MAKER in opened(tmp_path / "a.jpg").getexif()) == (size <= 65527)

    @pytest.mark.parametrize("name", [b"zTXt", b"iCCP"])
    def test_packed_chunks_are_inflated_up_to_a_limit(self, name):
        packed = zlib.compress(bytes(MAX_INFLATED_BYTES + 1))
        collected = of_png_chunks([(name, b"Notes\0\0" + packed), (b"tEXt", b"Title\0still here")])
        assert collected.unreadable == ("the text 'Notes'" if name == b"zTXt" else "the colour profile",)
        assert [entry.text for entry in collected.metadata.text] == ["still here"]
        assert collected.icc_profile is None

    def test_many_texts_together(self):
        packed = zlib.compress(b"a" * (MAX_INFLATED_BYTES // 2))
        collected = of_png_chunks([(b"zTXt", b"%d\0\0" % k + packed) for k in range(9)])
        assert len(collected.metadata.text) == 2
        assert len(collected.unreadable) == 7


class TestDamage:
    CHUNKS = (b"eXIf", b"iCCP", b"pHYs", b"tEXt", b"zTXt", b"iTXt", b"gAMA", b"cHRM", b"sRGB", b"cICP")

    @settings(max_examples=300, deadline=None)
    @given(st.lists(st.tuples(st.sampled_from(CHUNKS), st.binary(max_size=60)), max_size=6))
    def test_any_chunks(self, chunks):
        collected = of_png_chunks(chunks)
        for name in ("PNG", "JPEG", "TIFF", "BMP", "WebP", "AVIF"):
            fit_metadata(collected.metadata, collected.icc_profile, name, 3)

    @settings(max_examples=300, deadline=None)
    @given(st.data())
    def test_any_changes_to_exif_data(self, data):
        block = bytearray(with_thumbnail(exif_block(6), b"a thumbnail"))
        for _ in range(data.draw(st.integers(1, 6))):
            block[data.draw(st.integers(0, len(block) - 1))] = data.draw(st.integers(0, 255))
        block = bytes(block[: data.draw(st.integers(0, len(block)))])
        collected = of_png_chunks([(b"eXIf", block)])
        assert 1 <= collected.orientation <= 8
        kept = collected.metadata.exif
        assert (kept is None) == (bool(collected.unreadable) or not block)
        if kept is not None:
            assert exif.orientation(kept) in (None, 1)
            assert len(exif.into_tiff(bytes_of(RGB, "TIFF"), kept)) < 10 * len(block) + 1000 + RGB.size

    @settings(max_examples=200, deadline=None)
    @given(st.data())
    def test_any_changes_to_a_tiff_file(self, data):
        file = bytearray(bytes_of(RGB[:2, :2], "TIFF", exif=exif_block(6), dpi=(240, 120), icc_profile=b"p" * 40))
        for _ in range(data.draw(st.integers(1, 6))):
            file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
        collected = of_tiff(bytes(file[: data.draw(st.integers(0, len(file)))]))
        fit_metadata(collected.metadata, collected.icc_profile, "PNG", 3)

    def test_overlapping_values_take_no_more_than_the_block(self):
        # 4000 tags that each claim the whole block: 190 MB if they were copied.
        number = 4000
        size = 8 + 2 + 12 * number + 4
        entries = b"".join(struct.pack("<HHII", 40000 + tag, 1, size, 0) for tag in range(number))
        block = b"II*\0" + struct.pack("<IH", 8, number) + entries + bytes(4)
        assert sum(len(entry.value) for entry in exif.entries(block).values()) <= size

    def test_damaged_exif_of_a_jpeg_file_is_named(self):
        data = source("JPEG", exif=b"Exif\0\0" + b"X" * 18)
        assert of_pillow_image(Image.open(io.BytesIO(data)), data).unreadable == ("the EXIF data",)

    @pytest.mark.parametrize(
        "xmp",
        [
            b"<xmp:Thumbnails>" * 200000,
            b" " * 3000000 + b"<a/>",
            b'xmpNote:HasExtendedXMP="' * 100000,
            b"tiff:Orientation " * 200000,
        ],
    )
    def test_xmp_that_is_searched_for_ends_that_are_not_there(self, xmp):
        # Searching anew from every beginning would take hours.
        assert of_png_chunks([(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)]).metadata.xmp == xmp

    def test_directories_that_point_at_themselves(self):
        block = exif.extended(
            None, {EXIF_DIRECTORY: exif.Entry(4, struct.pack("<I", 8)), MAKER: exif.text_entry("loop")}
        )
        assert exif.orientation(exif.upright(block)) is None
        assert MAKER in exif.entries(exif.into_tiff(bytes_of(RGB, "TIFF"), block))


def test_a_page_of_tifffile_and_the_bytes_of_its_file_tell_the_same():
    data = bytes_of(RGB, "TIFF", exif=exif_block(6, sizes=(16, 12)), dpi=(240, 120), icc_profile=SRGB)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        collected = of_tiff_page(file.pages[0])
    assert collected == of_tiff(data)
    assert collected.orientation == 6
    # The picture is turned by a quarter, and its resolution with it.
    assert collected.metadata.resolution == Resolution(120.0, 240.0, "inch")
    assert collected.icc_profile == SRGB
    sizes = Image.Exif()
    sizes.load(collected.metadata.exif)
    assert (sizes.get_ifd(EXIF_DIRECTORY)[0xA002], sizes.get_ifd(EXIF_DIRECTORY)[0xA003]) == (12, 16)


def test_whole_numbers_per_inch_survive_whole_numbers_per_metre():
    for value in (72, 96, 240, 300, 1200, 2540):
        stored = float(int(value / 0.0254 + 0.5))
        assert Resolution(stored, stored, "metre").per("inch") == (value, value)
