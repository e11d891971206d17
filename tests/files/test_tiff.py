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
from pydeblur.files.tiff import read_tiff, write_tiff
from tests.files.conftest import RNG, bytes_of, picture


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

    def test_12_bit_samples_are_refused_and_not_read_as_dark_16_bit_ones(self, tmp_path):
        tifffile.imwrite(tmp_path / "a.tif", picture(4, 6, 3, np.uint16), photometric="rgb")
        with tifffile.TiffFile(tmp_path / "a.tif", mode="r+") as file:
            file.pages[0].tags["BitsPerSample"].overwrite((12, 12, 12))
        with pytest.raises(FileFormatError, match="its samples are 12-bit uint16"):
            read_image(tmp_path / "a.tif")


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

    @pytest.mark.filterwarnings("ignore:Corrupt EXIF")  # What Pillow says of every big-endian BigTIFF.
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
        image = read_image(tmp_path / "a.tif")
        largest = np.iinfo(dtype).max if dtype != np.float32 else 1
        assert image.alpha is None
        assert np.array_equal(image.pixels, samples[..., :3].astype(np.float64) / largest)

    def test_several_pages_of_deep_colour(self, tmp_path):
        samples = picture(4, 5, 3, np.uint16)
        tifffile.imwrite(tmp_path / "a.tif", np.stack([samples, samples]), photometric="rgb")
        with pytest.warns(LossyFormatWarning, match="has 2 frames"):
            assert np.array_equal(read_image(tmp_path / "a.tif").pixels, samples / 65535)


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
