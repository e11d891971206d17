"""TIFF files: the kinds that other programs write, and what other programs find in ours."""

import io
import struct
import subprocess
import sys

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
from PIL import Image

from pydeblur.errors import FileFormatError
from pydeblur.files import LossyFormatWarning, read_image
from pydeblur.files.tiff_reading import read_tiff
from pydeblur.files.tiff_writing import write_tiff
from tests.files.conftest import RNG, bytes_of, picture
from tests.files.tiff_encoding import COMPRESSIONS, compressed, packed_rows, tiff_file


def lzw(data):
    """The bytes compressed, by Pillow."""
    row = np.frombuffer(data, np.uint8)[None]
    file = io.BytesIO(bytes_of(row, "TIFF", compression="tiff_lzw"))
    with tifffile.TiffFile(file) as tiff:
        page = tiff.pages[0]
        file.seek(page.dataoffsets[0])
        return file.read(page.databytecounts[0])


#: Reads a file where imagecodecs is not installed, and prints its pixels.
WITHOUT_IMAGECODECS = """
import sys
sys.modules["imagecodecs"] = None
from pydeblur.files import read_image
try:
    print(read_image(sys.argv[1]).pixels.tolist())
except ValueError as error:
    print(type(error).__name__, error)
"""


def read_without_imagecodecs(path):
    """What a fresh interpreter prints that can't import imagecodecs."""
    command = [sys.executable, "-c", WITHOUT_IMAGECODECS, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


class TestCompressed:
    @pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "packbits"])
    @pytest.mark.parametrize(
        ("dtype", "shape"),
        [(np.uint8, (40, 30)), (np.uint16, (40, 30)), (np.float32, (40, 30)), (np.uint8, (40, 30, 3))],
    )
    def test_what_pillow_writes(self, tmp_path, dtype, shape, compression):
        samples = (RNG.random(shape) * 5).astype(dtype)
        (tmp_path / "a.tif").write_bytes(bytes_of(samples, "TIFF", compression=compression))
        image = read_image(tmp_path / "a.tif")
        largest = np.iinfo(dtype).max if dtype != np.float32 else 1
        assert np.array_equal(image.pixels, samples.astype(np.float64) / largest)

    @pytest.mark.parametrize("predictor", [False, True])
    @pytest.mark.parametrize(("tile", "planar"), [(None, "contig"), (None, "separate"), ((16, 32), "contig")])
    def test_lzw_of_deep_colour(self, tmp_path, tile, planar, predictor):
        """As OpenCV and Photoshop write it."""
        pytest.importorskip("imagecodecs")
        samples = RNG.integers(0, 999, (40, 37, 3), dtype=np.uint16)
        planes = [samples] if planar == "contig" else [samples[..., c : c + 1] for c in range(3)]
        height, width = tile or (16, 37)
        parts = [
            plane[row : row + height, column : column + width]
            for plane in planes
            for row in range(0, 40, height)
            for column in range(0, 37, width)
        ]
        if tile:
            parts = [np.pad(part, ((0, 16 - len(part)), (0, 32 - part.shape[1]), (0, 0))) for part in parts]
        if predictor:
            parts = [np.diff(part, axis=1, prepend=np.uint16(0)) for part in parts]
        tifffile.imwrite(
            tmp_path / "a.tif",
            (lzw(part.tobytes()) for part in parts),
            shape=samples.shape if planar == "contig" else (3, 40, 37),
            dtype=np.uint16,
            photometric="rgb",
            planarconfig=planar,
            compression="deflate",
            predictor=predictor,
            byteorder="<",
            **({"tile": tile} if tile else {"rowsperstrip": 16}),
        )
        with tifffile.TiffFile(tmp_path / "a.tif", mode="r+") as file:
            file.pages[0].tags["Compression"].overwrite(5)
        assert np.array_equal(read_image(tmp_path / "a.tif").pixels, samples / 65535)

    @pytest.mark.parametrize(
        ("dtype", "shape"), [(np.uint8, (3, 4)), (np.uint8, (3, 4, 3)), (np.uint16, (3, 4)), (np.float32, (3, 4))]
    )
    def test_lzw_that_pillow_reads_needs_no_imagecodecs(self, tmp_path, dtype, shape):
        samples = (RNG.random(shape) * 200).astype(dtype)
        (tmp_path / "a.tif").write_bytes(bytes_of(samples, "TIFF", compression="tiff_lzw"))
        largest = np.iinfo(dtype).max if dtype != np.float32 else 1
        assert read_without_imagecodecs(tmp_path / "a.tif") == str((samples.astype(np.float64) / largest).tolist())

    @pytest.mark.parametrize(("code", "name"), [(5, "LZW"), (34712, "JPEG2000"), (50000, "ZSTD")])
    def test_one_sentence_tells_what_to_install(self, tmp_path, code, name):
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, picture(4, 5, 3, np.uint16), photometric="rgb", compression="deflate")
        with tifffile.TiffFile(path, mode="r+") as file:
            file.pages[0].tags["Compression"].overwrite(code)
        if name == "ZSTD" and sys.version_info >= (3, 14):
            pytest.skip("the standard library has Zstandard")
        assert read_without_imagecodecs(path) == (
            f"FileFormatError {path} can't be read as a TIFF image: its compression ({name}) needs the package "
            "imagecodecs (pip install 'pydeblur[tiff]')."
        )

    def test_damaged_data_are_not_taken_for_a_missing_package(self, tmp_path):
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, picture(4, 5, 3, np.uint16), photometric="rgb", compression="deflate")
        with tifffile.TiffFile(path) as file:
            start = file.pages[0].dataoffsets[0]
        data = bytearray(path.read_bytes())
        data[start : start + 8] = bytes(8)
        path.write_bytes(data)
        with pytest.raises(FileFormatError, match="can't be read as a TIFF image") as caught:
            read_image(path)
        assert "install" not in str(caught.value)


class TestUncompressedOrDeflated:
    @pytest.mark.parametrize("byteorder", ["<", ">"])
    @pytest.mark.parametrize("compression", [None, "deflate"])
    @pytest.mark.parametrize("planar", ["contig", "separate"])
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64, np.float16])
    def test_colour(self, tmp_path, dtype, planar, compression, byteorder):
        samples = (RNG.random((6, 5, 3)) * 200).astype(dtype)
        options = {"predictor": True} if compression and np.dtype(dtype).kind == "u" else {}
        tifffile.imwrite(
            tmp_path / "a.tif",
            samples if planar == "contig" else np.moveaxis(samples, -1, 0),
            photometric="rgb",
            planarconfig=planar,
            compression=compression,
            byteorder=byteorder,
            **options,
        )
        image = read_image(tmp_path / "a.tif")
        largest = np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else 1
        assert np.array_equal(image.pixels, samples.astype(np.float64) / largest)
        assert image.depth == (np.dtype(dtype).name if np.dtype(dtype).kind == "u" else "float32")

    @pytest.mark.parametrize("bigtiff", [False, True])
    @pytest.mark.parametrize("byteorder", ["<", ">"])
    @pytest.mark.parametrize("white_is_zero", [False, True])
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
    def test_grey(self, tmp_path, dtype, white_is_zero, byteorder, bigtiff):
        samples = (RNG.random((6, 5)) * 200).astype(dtype)
        whole = np.dtype(dtype).kind == "u"
        largest = np.iinfo(dtype).max if whole else 1
        tifffile.imwrite(
            tmp_path / "a.tif",
            samples,
            photometric="miniswhite" if white_is_zero else "minisblack",
            byteorder=byteorder,
            bigtiff=bigtiff,
        )
        expected = samples.astype(np.float64) / largest
        # A floating image has no largest value to count from.
        expected = 1 - expected if white_is_zero and whole else expected
        assert np.abs(read_image(tmp_path / "a.tif").pixels - expected).max() < 1e-15

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
    def test_premultiplied_alpha_is_divided_out(self, tmp_path, dtype):
        largest = np.iinfo(dtype).max if dtype != np.float32 else 1
        samples = (np.array([[[0.2, 0.1, 0.4, 0.4], [0, 0, 0, 0]]]) * largest).astype(dtype)
        tifffile.imwrite(tmp_path / "a.tif", samples, photometric="rgb", extrasamples=["assocalpha"])
        image = read_image(tmp_path / "a.tif")
        rounding = 1e-7 if largest == 1 else 1.5 / (0.4 * largest)
        assert np.abs(image.pixels - [[[0.5, 0.25, 1], [0, 0, 0]]]).max() < rounding
        assert np.abs(image.alpha - [[0.4, 0]]).max() < 1 / 250

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
    def test_extra_samples_that_are_not_alpha_are_left_out(self, tmp_path, dtype):
        samples = (RNG.random((4, 3, 4)) * 200).astype(dtype)
        tifffile.imwrite(tmp_path / "a.tif", samples, photometric="rgb", extrasamples=["unspecified"])
        with pytest.warns(LossyFormatWarning, match="has 1 further channel, which is left out"):
            image = read_image(tmp_path / "a.tif")
        largest = np.iinfo(dtype).max if dtype != np.float32 else 1
        assert image.alpha is None
        assert np.array_equal(image.pixels, samples[..., :3].astype(np.float64) / largest)

    def test_several_pages_of_deep_colour(self, tmp_path):
        samples = picture(4, 5, 3, np.uint16)
        tifffile.imwrite(tmp_path / "a.tif", np.stack([samples, samples]), photometric="rgb")
        with pytest.warns(LossyFormatWarning, match="has 2 frames"):
            assert np.array_equal(read_image(tmp_path / "a.tif").pixels, samples / 65535)


class TestPages:
    """What is no picture is refused, and what is left out is said."""

    first, second = picture(16, 20, 3), picture(32, 40, 3)

    @pytest.fixture
    def path_of(self, tmp_path):
        def path_of(*pages):
            with tifffile.TiffWriter(tmp_path / "a.tif") as file:
                for samples, options in pages:
                    file.write(samples, metadata=None, **options)
            return tmp_path / "a.tif"

        return path_of

    @pytest.mark.parametrize("second", [{"photometric": "rgb"}, {"photometric": 34892}, None])
    @pytest.mark.parametrize("below", [False, True])
    def test_a_reduced_image_comes_first(self, path_of, below, second):
        """As in the raw files of cameras, and with the old tag SubfileType."""
        first = {"photometric": "rgb", "subfiletype": 1}
        if second is None:
            path = path_of((self.first, first))
        else:
            path = path_of((self.first, {**first, "subifds": 1 if below else 0}), (self.second, second))
        with pytest.raises(FileFormatError, match="its first page is a reduced image|it is a raw file of a camera"):
            read_image(path)

    @pytest.mark.parametrize("code", [2])
    def test_the_old_tag_of_a_reduced_image(self, path_of, code):
        path = path_of((self.first, {"photometric": "rgb", "extratags": [(255, 3, 1, code, True)]}))
        with pytest.raises(FileFormatError, match="its first page is a reduced image"):
            read_image(path)

    @pytest.mark.parametrize("photometric", [32803, 34892])
    def test_raw_samples(self, path_of, photometric):
        raw = self.first if photometric == 34892 else self.first[..., 0]
        for pages in ([(raw, photometric)], [(self.first, "rgb"), (raw, photometric)]):
            path = path_of(*((samples, {"photometric": kind}) for samples, kind in pages))
            with pytest.raises(FileFormatError, match="it is a raw file of a camera"):
                read_image(path)

    def test_smaller_copies_are_no_further_pictures(self, path_of):
        small = {"photometric": "rgb", "subfiletype": 1}
        assert read_image(path_of((self.second, {"photometric": "rgb"}), (self.first, small))).pixels.shape[0] == 32
        pages = (self.second, {"photometric": "rgb", "subifds": 1}), (self.first, small)
        assert read_image(path_of(*pages)).pixels.shape[0] == 32

    def test_a_picture_below_the_first_page(self, path_of):
        pages = (self.first, {"photometric": "rgb", "subifds": 1}), (self.second, {"photometric": "rgb"})
        with pytest.warns(LossyFormatWarning, match="has 2 frames"):
            read_image(path_of(*pages))

    @pytest.mark.parametrize("options", [{"imagej": True}, {"truncate": True}, {"imagej": True, "truncate": True}])
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
    def test_stacks_behind_one_directory(self, tmp_path, dtype, options):
        stack = (RNG.random((4, 9, 8)) * 200).astype(dtype)
        axes = {"metadata": {"axes": "ZYX"}} if "imagej" in options else {}
        tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack", **axes, **options)
        with pytest.warns(LossyFormatWarning, match="has 4 frames"):
            pixels = read_image(tmp_path / "a.tif").pixels
        assert np.array_equal(pixels, stack[0] / (1.0 if dtype == np.float32 else np.iinfo(dtype).max))

    @pytest.mark.parametrize("channels", [2, 3, 5])
    @pytest.mark.parametrize("planar", ["contig", "separate"])
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
    def test_channels_of_no_known_meaning(self, path_of, dtype, planar, channels):
        samples = (RNG.random((9, 8, channels)) * 200).astype(dtype)
        array = samples if planar == "contig" else np.moveaxis(samples, -1, 0)
        extra = ["unspecified"] * (channels - 1)
        path = path_of((array, {"photometric": "minisblack", "planarconfig": planar, "extrasamples": extra}))
        with pytest.warns(LossyFormatWarning, match=f"has {channels - 1} further channel"):
            pixels = read_image(path).pixels
        assert np.array_equal(pixels, samples[..., 0] / (1.0 if dtype == np.float32 else np.iinfo(dtype).max))


class TestMissingData:
    samples = picture(32, 20, 3)

    @pytest.fixture
    def refused(self, tmp_path):
        def refused(compression, change):
            """The message about a file of four strips, whose places and lengths `change` has changed."""
            path = tmp_path / "a.tif"
            tifffile.imwrite(path, self.samples, photometric="rgb", compression=compression, rowsperstrip=8)
            with tifffile.TiffFile(path, mode="r+") as file:
                tags = file.pages[0].tags
                lists = [list(tags[name].value) for name in ("StripOffsets", "StripByteCounts")]
                change(*lists)
                for name, values in zip(("StripOffsets", "StripByteCounts"), lists):
                    tags[name].overwrite(values)
            with pytest.raises(FileFormatError) as caught:
                read_image(path)
            return str(caught.value)

        return refused

    @pytest.mark.parametrize("compression", [None, "zlib", "lzma"])
    @pytest.mark.parametrize("strip", [0, 2, 3])
    def test_a_strip_without_length_or_place(self, refused, strip, compression):
        def no_length(offsets, lengths):
            lengths[strip] = 0

        def no_place(offsets, lengths):
            offsets[strip] = 0

        def behind_the_end(offsets, lengths):
            offsets[strip] = 10**6

        for change in (no_length, no_place, behind_the_end):
            assert "1 of its 4 strips or tiles is missing or cut" in refused(compression, change)

    @pytest.mark.parametrize("compression", [None, "zlib", "lzma"])
    def test_fewer_strips_than_the_height_needs(self, refused, compression):
        def two(offsets, lengths):
            del offsets[2:], lengths[2:]

        assert "2 of its 4 strips or tiles are missing or cut" in refused(compression, two)

    @pytest.mark.parametrize("compression", [None, "zlib", "lzma"])
    def test_a_strip_that_is_too_short(self, refused, compression):
        def half(offsets, lengths):
            lengths[1] //= 2

        assert "can't be read as a TIFF image" in refused(compression, half)

    @pytest.mark.parametrize("compression", ["zlib", "lzw", "packbits", "zstd", "lzma"])
    def test_a_strip_that_unpacks_into_fewer_rows(self, tmp_path, compression):
        pytest.importorskip("imagecodecs")
        parts = [self.samples[:16], self.samples[16:23]]
        packed = [compressed(packed_rows(part, 8), compression) for part in parts]
        tags = {256: [20], 257: [32], 258: [8] * 3, 259: [COMPRESSIONS[compression]], 262: [2], 277: [3], 278: [16]}
        (tmp_path / "a.tif").write_bytes(tiff_file(tags, packed))
        with pytest.raises(FileFormatError, match="holds fewer samples than its header tells"):
            read_image(tmp_path / "a.tif")

    @pytest.mark.parametrize("layout", [{"rowsperstrip": 16}, {"tile": (16, 16)}, {}])
    def test_jpeg_blocks(self, tmp_path, layout):
        pytest.importorskip("imagecodecs")
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, self.samples, photometric="rgb", compression="jpeg", **layout)
        assert read_image(path).pixels.shape == self.samples.shape
        with tifffile.TiffFile(path) as file:
            start, count = file.pages[0].dataoffsets[-1], file.pages[0].databytecounts[-1]
        data = bytearray(path.read_bytes())
        cut = count * 4 // 5
        data[start + cut : start + count] = (b"\xff\xd9" * count)[: count - cut]
        path.write_bytes(data)
        with pytest.warns(LossyFormatWarning, match="is incomplete: a part of its pixels is not in the file"):
            read_image(path)


def directory_of(data):
    """The tags of a little-endian TIFF file's only directory: TIFF 6.0, section 2, field by field."""
    assert data[:4] == b"II*\0"
    (offset,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, offset)
    tags = {}
    for entry in range(count):
        place = offset + 2 + 12 * entry
        tag, kind, number = struct.unpack_from("<HHI", data, place)
        code = {3: "H", 4: "I", 5: "II", 7: "B"}[kind]
        packed = struct.calcsize(f"<{number}{code}") if len(code) == 1 else 8 * number
        (at,) = struct.unpack_from("<I", data, place + 8) if packed > 4 else (place + 8,)
        tags[tag] = struct.unpack_from(f"<{number * len(code)}{code[0]}", data, at)
    assert list(tags) == sorted(tags)
    assert struct.unpack_from("<I", data, offset + 2 + 12 * count) == (0,)
    return tags


class TestWriting:
    @pytest.mark.parametrize("profile", [None, b"a profile"])
    @pytest.mark.parametrize("channels", [1, 2, 3, 4])
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
    @pytest.mark.parametrize("size", [(4, 5), (1, 1), (2, 3), (3, 2), (1, 4)])
    def test_the_directory_and_the_strip(self, size, dtype, channels, profile):
        samples = (RNG.random((*size, channels)) * 200).astype(dtype)
        data = write_tiff(samples, profile)
        tags = directory_of(data)
        (start,), (length,) = tags[273], tags[279]
        assert data[start : start + length] == samples.astype(samples.dtype.newbyteorder("<")).tobytes()
        assert (tags[257], tags[256], tags[277]) == ((size[0],), (size[1],), (channels,))
        assert tags[258] == (8 * samples.itemsize,) * channels
        # There is no compression; RGB, or black is 0; one strip; and the samples of a pixel lie side by side.
        assert tags[259] == (1,)
        assert tags[262] == ((2,) if channels >= 3 else (1,))
        assert tags[278] == (size[0],)
        assert tags.get(284, (1,)) == (1,)
        # Alpha is unassociated, and floating samples are marked as such.
        assert tags.get(338) == ((2,) if channels in (2, 4) else None)
        assert tags.get(339, (1,) * channels) == (3 if samples.dtype.kind == "f" else 1,) * channels
        assert tags.get(34675) == (None if profile is None else tuple(profile))
        # Nothing tells which program wrote the file, or when.
        assert not {270, 305, 306} & set(tags)
        decoded = read_tiff(data)
        assert np.array_equal(decoded.samples, samples)
        assert (decoded.orientation, decoded.icc_profile, decoded.frames) == (1, profile, 1)

    @pytest.mark.parametrize(
        ("dtype", "channels"),
        [(np.uint8, 1), (np.uint8, 2), (np.uint8, 3), (np.uint8, 4), (np.uint16, 1), (np.float32, 1)],
    )
    def test_pillow_reads_what_it_can(self, dtype, channels):
        samples = (RNG.random((4, 3, channels)) * 200).astype(dtype)
        data = write_tiff(samples, b"a profile")
        assert np.array_equal(iio.imread(data, plugin="pillow").reshape(samples.shape), samples)
        with Image.open(io.BytesIO(data)) as file:
            assert file.info["icc_profile"] == b"a profile"

    @pytest.mark.parametrize("channels", [3, 4])
    def test_pillow_reads_both_bytes_of_deep_colour(self, channels):
        samples = picture(4, 5, channels, np.uint16)
        halves = []
        # Of each sample these decoders take the second byte and the first one.
        for order in "LB":
            file = Image.open(io.BytesIO(write_tiff(samples)))
            file.tile = [file.tile[0]._replace(args=(f"{file.mode};16{order}", *file.tile[0].args[1:]))]
            halves.append(np.asarray(file).astype(np.uint16))
        assert np.array_equal(halves[0] * 256 + halves[1], samples)

    def test_the_same_image_gives_the_same_bytes(self):
        samples = picture(4, 5, 3, np.uint16)
        assert write_tiff(samples) == write_tiff(samples.copy())

    def test_arrays_that_are_not_contiguous(self):
        samples = picture(8, 10, 3)
        assert np.array_equal(read_tiff(write_tiff(samples[::2, ::-1])).samples, samples[::2, ::-1])


def test_a_chain_of_pages_that_meets_itself_ends_there(tmp_path):
    file = io.BytesIO()
    with tifffile.TiffWriter(file, byteorder="<") as writer:
        for _ in range(2):
            writer.write(np.full((4, 5), 7, np.uint8), photometric="minisblack", contiguous=False, metadata=None)
    data = bytearray(file.getvalue())
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as pages:
        first, last = pages.pages[0].offset, pages.pages[1].offset
    entries = int.from_bytes(data[last : last + 2], "little")
    data[last + 2 + 12 * entries : last + 6 + 12 * entries] = first.to_bytes(4, "little")
    (tmp_path / "ring.tif").write_bytes(data)
    with pytest.warns(LossyFormatWarning, match="2 frames"):
        assert read_image(tmp_path / "ring.tif").pixels.shape == (4, 5)


def test_more_channels_than_memory_can_hold_are_refused(tmp_path):
    file = io.BytesIO()
    tifffile.imwrite(file, np.zeros((15, 23), np.uint16), bigtiff=True, photometric="minisblack", metadata=None)
    data = bytearray(file.getvalue())
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as pages:
        tag = pages.pages[0].tags["SamplesPerPixel"]
    data[tag.offset + 2 : tag.offset + 4] = (16).to_bytes(2, "little")  # the type LONG8
    data[tag.offset + 12 : tag.offset + 20] = (1 << 48).to_bytes(8, "little")
    (tmp_path / "channels.tif").write_bytes(data)
    with pytest.raises(FileFormatError, match="281474976710656 channels"):
        read_image(tmp_path / "channels.tif")
