"""Reading image files: what other programs write, and everything that can be wrong with a file."""

import io
import re
import struct
import warnings
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from pydeblur.errors import FileFormatError, InvalidOptionError
from pydeblur.files import LossyFormatWarning, read_image, write_image
from pydeblur.files.pillow_writing import can_encode
from tests.files.conftest import RNG, bytes_of, picture


def saved(path, image, **options):
    image.save(path, **options)
    return read_image(path)


class TestFilesOfOtherPrograms:
    @pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp"])
    @pytest.mark.parametrize("channels", [1, 3])
    def test_8_bit(self, tmp_path, name, channels):
        samples = picture(5, 7, channels)
        image = saved(tmp_path / name, Image.fromarray(samples))
        assert np.array_equal(image.pixels, samples / 255)
        assert (image.depth, image.alpha) == ("uint8", None)

    @pytest.mark.parametrize("name", ["a.png", "a.tif"])
    @pytest.mark.parametrize("channels", [2, 4])
    def test_8_bit_with_alpha(self, tmp_path, name, channels):
        samples = picture(5, 7, channels)
        image = saved(tmp_path / name, Image.fromarray(samples))
        colour = samples[..., 0] if channels == 2 else samples[..., :3]
        assert np.array_equal(image.pixels, colour / 255)
        assert np.array_equal(image.alpha, samples[..., -1] / 255)

    @pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp"])
    def test_1_bit(self, tmp_path, name):
        samples = RNG.random((5, 7)) < 0.5
        image = saved(tmp_path / name, Image.fromarray(samples))
        assert np.array_equal(image.pixels, samples.astype(float))
        assert image.depth == "uint8"

    @pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp"])
    def test_palette(self, tmp_path, name):
        plain = Image.fromarray(picture(6, 6, 3)).quantize(16)
        image = saved(tmp_path / name, plain)
        assert np.array_equal(image.pixels, np.asarray(plain.convert("RGB")) / 255)

    def test_palette_with_transparency(self, tmp_path):
        plain = Image.fromarray(picture(6, 6, 1) % 4, "L").convert("P")
        image = saved(tmp_path / "a.png", plain, transparency=2)
        assert np.array_equal(image.alpha == 0, np.asarray(plain) == 2)
        assert image.pixels.shape == (6, 6, 3)

    @pytest.mark.parametrize(("channels", "key"), [(1, 7), (3, (7, 7, 7))])
    def test_transparent_colour(self, tmp_path, channels, key):
        samples = np.full((3, 4) if channels == 1 else (3, 4, 3), 9, np.uint8)
        samples[1, 2] = 7
        image = saved(tmp_path / "a.png", Image.fromarray(samples), transparency=key)
        assert image.pixels.ndim == samples.ndim
        assert np.array_equal(np.argwhere(image.alpha == 0), [[1, 2]])
        assert np.array_equal(image.pixels, samples / 255)

    def test_cmyk(self, tmp_path):
        samples = np.zeros((16, 16, 4), np.uint8)
        samples[..., 1] = 255
        image = saved(tmp_path / "a.tif", Image.fromarray(samples, "CMYK"))
        assert np.array_equal(image.pixels, np.broadcast_to([1.0, 0, 1], (16, 16, 3)))
        image = saved(tmp_path / "a.jpg", Image.fromarray(samples, "CMYK"))
        assert np.abs(image.pixels - [1.0, 0, 1]).max() < 0.02

    def test_camera_jpegs_with_a_preview_are_no_animations(self, tmp_path):
        first = Image.fromarray(np.full((16, 16, 3), 200, np.uint8))
        first.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[Image.new("RGB", (8, 8))])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert read_image(tmp_path / "a.jpg").pixels.shape == (16, 16, 3)

    @pytest.mark.parametrize("name", ["a.png", "a.tif"])
    def test_of_several_frames_the_first_is_taken_with_a_warning(self, tmp_path, name):
        frames = [Image.fromarray(picture(4, 4, 1)) for _ in range(3)]
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
        with pytest.warns(LossyFormatWarning, match="has 3 frames"):
            image = read_image(tmp_path / name)
        assert np.array_equal(image.pixels, np.asarray(frames[0]) / 255)

    def test_contents_count_and_not_the_name(self, tmp_path):
        Image.fromarray(picture(4, 4, 3)).save(tmp_path / "a.jpg", "PNG")
        assert read_image(tmp_path / "a.jpg").pixels.shape == (4, 4, 3)

    def test_camera_jpegs_with_a_second_picture_of_full_size(self, tmp_path):
        first = Image.fromarray(np.full((16, 16, 3), 200, np.uint8))
        first.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[first.rotate(90)])
        with pytest.warns(LossyFormatWarning, match="has 2 frames"):
            assert read_image(tmp_path / "a.jpg").pixels.shape == (16, 16, 3)

    @pytest.mark.parametrize("file_format", ["WEBP", "AVIF"])
    @pytest.mark.parametrize("channels", [1, 3, 4])
    def test_webp_and_avif(self, tmp_path, file_format, channels):
        if not can_encode(file_format):
            pytest.skip("Pillow is built without it")
        rows, columns = np.mgrid[:40, :50]
        samples = np.stack([100 + rows + columns + 9 * place for place in range(channels)], -1).astype(np.uint8)
        # Grey is stored as colour.
        plain = Image.fromarray(samples[..., 0] if channels == 1 else samples)
        options = {"lossless": True} if file_format == "WEBP" else {"quality": 100, "subsampling": "4:4:4"}
        image = saved(tmp_path / "a.bin", plain, format=file_format, **options)
        expected = np.broadcast_to(samples[..., :3] / 255, (40, 50, 3))
        assert np.abs(image.pixels.reshape(40, 50, -1) - expected).max() <= (0 if file_format == "WEBP" else 0.02)
        assert (image.alpha is None) == (channels != 4)
        if channels == 4:
            assert np.abs(image.alpha - samples[..., 3] / 255).max() <= (0 if file_format == "WEBP" else 0.02)

    @pytest.mark.parametrize("file_format", ["WEBP", "AVIF"])
    def test_animations_of_webp_and_avif(self, tmp_path, file_format):
        if not can_encode(file_format):
            pytest.skip("Pillow is built without it")
        frames = [Image.new("RGB", (16, 16), (place, 40, 90)) for place in (0, 99, 200)]
        frames[0].save(tmp_path / "a.bin", file_format, save_all=True, append_images=frames[1:])
        with pytest.warns(LossyFormatWarning, match="has 3 frames"):
            assert read_image(tmp_path / "a.bin").pixels.shape == (16, 16, 3)

    def test_profile_is_kept(self, tmp_path):
        image = saved(tmp_path / "a.jpg", Image.fromarray(picture(8, 9, 3)), icc_profile=b"some profile")
        assert image.icc_profile == b"some profile"


class TestOrientation:
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
    @pytest.mark.parametrize("channels", [1, 3])
    def test_as_pillow_turns_it(self, tmp_path, name, orientation, channels):
        exif = Image.Exif()
        exif[274] = orientation
        Image.fromarray(picture(8, 16, channels)).save(tmp_path / name, exif=exif)
        # From memory: Pillow 13 turns grey TIFFs wrongly when it opens them by name.
        with Image.open(io.BytesIO((tmp_path / name).read_bytes())) as file:
            expected = np.asarray(ImageOps.exif_transpose(file))
        assert np.array_equal(read_image(tmp_path / name).pixels, expected / 255)

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
    def test_of_deep_colour(self, tmp_path, orientation, dtype):
        samples = picture(3, 5, 3)
        plain = Image.fromarray(samples)
        plain.getexif()[274] = orientation
        expected = np.asarray(ImageOps.exif_transpose(plain))
        tifffile.imwrite(
            tmp_path / "a.tif", samples.astype(dtype), photometric="rgb", extratags=[(274, 3, 1, orientation, True)]
        )
        pixels = read_image(tmp_path / "a.tif").pixels
        largest = np.iinfo(dtype).max if dtype != np.float32 else 1
        assert np.array_equal(pixels, expected / largest)

    def test_nonsense_counts_as_upright(self, tmp_path):
        exif = Image.Exif()
        exif[274] = 77
        assert saved(tmp_path / "a.jpg", Image.fromarray(picture(8, 16, 1)), exif=exif).pixels.shape == (8, 16)


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


class TestMetadataNeverStopPixels:
    """Each file has the pixels of a sound one, and metadata that are damaged, too long, or unpack into too much."""

    samples = picture(8, 9, 3)

    @pytest.fixture
    def pixels_with_warning(self, tmp_path):
        def pixels_with_warning(data):
            (tmp_path / "a.bin").write_bytes(data)
            with pytest.warns(LossyFormatWarning, match="metadata that can't be read|damaged chunks") as caught:
                image = read_image(tmp_path / "a.bin")
            assert len(caught) == 1
            assert len(str(caught[0].message)) < 300
            return image.pixels

        return pixels_with_warning

    @pytest.mark.parametrize("file_format", ["JPEG", "WEBP", "PNG"])
    @pytest.mark.parametrize("exif", [b"garbage!!", b"II*\0\xff\xff\xff\xff"])
    def test_damaged_exif(self, pixels_with_warning, file_format, exif):
        sound = bytes_of(self.samples, file_format)
        if file_format == "PNG":
            data = sound[:33] + png_chunk(b"eXIf", exif) + sound[33:]
        else:
            data = bytes_of(self.samples, file_format, exif=b"Exif\0\0" + exif)
        with Image.open(io.BytesIO(sound)) as image:
            assert np.array_equal(pixels_with_warning(data) * 255, np.asarray(image))

    @pytest.mark.parametrize("depth", [8, 16])
    @pytest.mark.parametrize("kind", [b"eXIf", b"iCCP", b"zTXt", b"iTXt", b"pHYs", b"tEXt"])
    def test_png_chunks(self, tmp_path, pixels_with_warning, kind, depth):
        write_image(tmp_path / "a.png", self.samples / 255, depth=f"uint{depth}")
        sound = (tmp_path / "a.png").read_bytes()
        damaged = sound[:33] + png_chunk(kind, b"\0\x08\0\2") + sound[33:]
        assert np.array_equal(pixels_with_warning(damaged), self.samples / 255)
        wrong_checksum = sound[:33] + png_chunk(kind, b"a\0b")[:-1] + b"!" + sound[33:]
        assert np.array_equal(pixels_with_warning(wrong_checksum), self.samples / 255)

    @pytest.mark.parametrize("depth", [8, 16])
    @pytest.mark.parametrize("kind", [b"iCCP", b"zTXt"])
    def test_what_unpacks_into_too_much(self, tmp_path, pixels_with_warning, kind, depth):
        packer = zlib.compressobj(9)
        bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()
        write_image(tmp_path / "a.png", self.samples / 255, depth=f"uint{depth}")
        sound = (tmp_path / "a.png").read_bytes()
        data = sound[:33] + png_chunk(kind, b"name\0\0" + bomb) + sound[33:]
        assert np.array_equal(pixels_with_warning(data), self.samples / 255)

    @pytest.mark.parametrize("depth", [8, 16])
    def test_long_texts_are_no_damage(self, tmp_path, depth):
        write_image(tmp_path / "a.png", self.samples / 255, depth=f"uint{depth}")
        sound = (tmp_path / "a.png").read_bytes()
        text = png_chunk(b"zTXt", b"Notes\0\0" + zlib.compress(b"x" * 3_000_000))
        (tmp_path / "b.png").write_bytes(sound[:33] + 5 * text + sound[33:])
        assert np.array_equal(read_image(tmp_path / "b.png").pixels, self.samples / 255)

    def test_jpeg_segments_that_stop_pillow(self, pixels_with_warning):
        sound = bytes_of(self.samples, "JPEG")
        segment = b"ICC_PROFILE\0"  # Its numbers are missing.
        data = sound[:2] + b"\xff\xe2" + struct.pack(">H", len(segment) + 2) + segment + sound[2:]
        with Image.open(io.BytesIO(sound)) as image:
            assert np.array_equal(pixels_with_warning(data) * 255, np.asarray(image))

    @pytest.mark.skipif(not can_encode("AVIF"), reason="Pillow is built without AVIF")
    def test_avif_with_damaged_exif(self, pixels_with_warning):
        exif = Image.Exif()
        exif[270] = "a caption"
        data = bytes_of(self.samples, "AVIF", exif=exif)
        with Image.open(io.BytesIO(data)) as image:
            expected = np.asarray(image)
        place = data.index(b"a caption")
        header = data.rindex(b"MM\0*", 0, place) if b"MM\0*" in data else data.rindex(b"II*\0", 0, place)
        damaged = data[:header] + b"garbage!" + data[header + 8 :]
        assert np.array_equal(pixels_with_warning(damaged) * 255, expected)


class TestMissingRows:
    """What is not in the file is not black: the file is refused, or a warning says so."""

    @pytest.mark.parametrize(
        ("depth", "colour_type", "bits"), [(8, 0, 8), (8, 2, 24), (16, 0, 16), (16, 6, 64), (1, 0, 1)]
    )
    @pytest.mark.parametrize("interlaced", [0, 1])
    def test_png(self, tmp_path, depth, colour_type, bits, interlaced):
        width, height = 40, 24
        header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, interlaced))
        rows = zlib.compress((b"\0" + bytes(width * bits // 8)) * (height - 4))
        data = b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")
        (tmp_path / "a.png").write_bytes(data)
        with pytest.raises(FileFormatError, match="it is truncated: \\d+ of its \\d+ bytes of pixels are there"):
            read_image(tmp_path / "a.png")

    @pytest.mark.parametrize("progressive", [False, True])
    @pytest.mark.parametrize("channels", [1, 3])
    @pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
    def test_jpeg_whose_end_was_put_on_again(self, tmp_path, channels, share, progressive):
        rows, columns = np.mgrid[:80, :96]
        samples = np.stack([rows + columns + 30 * place for place in range(channels)], -1).astype(np.uint8)
        data = bytes_of(samples[..., 0] if channels == 1 else samples, "JPEG", progressive=progressive)
        start = data.index(b"\xff\xda") + 12
        (tmp_path / "a.jpg").write_bytes(data[: start + int((len(data) - start) * share)] + b"\xff\xd9")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                read_image(tmp_path / "a.jpg")
                said = str(caught[0].message) if caught else "nothing"
            except FileFormatError as error:
                said = str(error)
        assert re.search("a part of its pixels is not in the file|truncated|broken data stream", said)

    @pytest.mark.parametrize("channels", [1, 3])
    @pytest.mark.parametrize("level", [126, 127, 128, 129])
    def test_grey_that_is_in_the_file(self, tmp_path, level, channels):
        samples = picture(40, 40, channels)
        samples[16:] = level
        (tmp_path / "a.jpg").write_bytes(bytes_of(samples, "JPEG", quality=100))
        assert read_image(tmp_path / "a.jpg").pixels.shape == samples.shape

    def test_bmp(self, tmp_path):
        (tmp_path / "a.bmp").write_bytes(bytes_of(picture(20, 30, 3), "BMP")[:-200])
        with pytest.raises(FileFormatError, match="truncated"):
            read_image(tmp_path / "a.bmp")


class TestSizes:
    def test_a_size_limit_is_named_as_such(self, tmp_path, monkeypatch):
        monkeypatch.setattr("pydeblur.files.decoded_image.MAX_PIXELS", 50)
        for file_format in ("PNG", "JPEG", "TIFF", "BMP"):
            (tmp_path / "a").write_bytes(bytes_of(picture(8, 9, 3), file_format))
            with pytest.raises(FileFormatError, match="it has 9 x 8 pixels, more than the limit of 50; cut it"):
                read_image(tmp_path / "a")

    def test_pillows_limit(self, tmp_path, monkeypatch):
        (tmp_path / "a.jpg").write_bytes(bytes_of(picture(8, 9, 3), "JPEG"))
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40)
        assert read_image(tmp_path / "a.jpg").pixels.shape == (8, 9, 3)
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 30)
        with pytest.raises(
            FileFormatError, match="more pixels than Pillow's limit of 60; .* PIL.Image.MAX_IMAGE_PIXELS"
        ):
            read_image(tmp_path / "a.jpg")

    @pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate", "jpeg"])
    def test_a_small_tiff_file_that_claims_to_be_large(self, tmp_path, compression):
        data = bytes_of(picture(16, 16, 3), "TIFF", **({"compression": compression} if compression else {}))
        (tmp_path / "a.tif").write_bytes(data)
        with tifffile.TiffFile(tmp_path / "a.tif", mode="r+") as file:
            for name in ("ImageWidth", "ImageLength", "RowsPerStrip"):
                file.pages[0].tags[name].overwrite(16000)
        with pytest.raises(FileFormatError, match="truncated|missing or cut"):
            read_image(tmp_path / "a.tif")

    def test_a_small_jpeg_file_that_claims_to_be_large(self, tmp_path):
        data = bytearray(bytes_of(picture(16, 16, 3), "JPEG"))
        place = data.index(b"\xff\xc0")
        data[place + 5 : place + 9] = struct.pack(">HH", 12000, 12000)
        (tmp_path / "a.jpg").write_bytes(data)
        with pytest.raises(FileFormatError, match="truncated: .* bytes can't hold its 12000 x 12000 pixels"):
            read_image(tmp_path / "a.jpg")


class TestReadingWrongly:
    @pytest.fixture
    def refused(self, tmp_path):
        """Writes bytes to a file, and returns the message with which it is refused."""

        def refused(data, name="bad.png"):
            path = tmp_path / name
            path.write_bytes(data)
            with pytest.raises(FileFormatError) as caught:
                read_image(path)
            message = str(caught.value)
            assert message.startswith(str(path))
            assert "\n" not in message
            assert message.endswith(".")
            return message

        return refused

    def test_missing(self, tmp_path):
        with pytest.raises(FileFormatError, match="none.png does not exist"):
            read_image(tmp_path / "none.png")

    def test_folder(self, tmp_path):
        with pytest.raises(FileFormatError, match="is a folder"):
            read_image(tmp_path)

    def test_below_a_file(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(FileFormatError, match="can't be read: Not a directory"):
            read_image(tmp_path / "file" / "a.png")

    def test_permission(self, tmp_path, monkeypatch):
        def denied(*_):
            raise PermissionError(13, "Permission denied")

        (tmp_path / "a.png").write_bytes(b"abc")
        monkeypatch.setattr("os.open", denied)
        with pytest.raises(FileFormatError, match="a.png can't be read: Permission denied"):
            read_image(tmp_path / "a.png")

    @pytest.mark.parametrize("name", [None, 3, "", b"a.png"])
    def test_not_a_name(self, name):
        with pytest.raises(FileFormatError, match="file name"):
            read_image(name)

    def test_addresses_are_not_fetched(self):
        with pytest.raises(FileFormatError, match="does not exist"):
            read_image("http://localhost/a.png")

    def test_empty(self, refused):
        assert "is empty" in refused(b"")

    @pytest.mark.parametrize("data", [b"hello", b"GIF89a", b"%!PS-Adobe", b"\0" * 1000, b"\x89PNG"])
    def test_not_an_image(self, refused, data):
        assert "not an image that can be read" in refused(data)

    @pytest.mark.parametrize(
        "start",
        [
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff",
            b"II*\0",
            b"MM\0*",
            b"II+\0",
            b"BM",
            b"RIFF\x20\0\0\0WEBP",
            b"\0\0\0\x20ftypavif",
        ],
    )
    @pytest.mark.parametrize("rest", [b"", b"\0" * 10, b"\xff" * 60, b"abcdefgh" * 40])
    def test_only_the_start_of_an_image(self, refused, capfd, start, rest):
        assert "can't be read as a" in refused(start + rest)
        assert capfd.readouterr() == ("", "")

    @pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "jpeg", "packbits", "tiff_lzma", "zstd"])
    def test_other_libraries_say_nothing(self, tmp_path, capfd, compression):
        try:
            data = bytes_of(picture(40, 50, 3), "TIFF", compression=compression)
        except OSError:
            capfd.readouterr()
            pytest.skip("Pillow's libtiff is built without it")
        for place in range(100, len(data), 7):
            changed = bytearray(data)
            changed[place : place + 40] = b"\xff" * len(changed[place : place + 40])
            (tmp_path / "a.tif").write_bytes(changed)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                try:
                    read_image(tmp_path / "a.tif")
                except FileFormatError as error:
                    assert len(str(error)) < 300  # noqa: PT017
            assert all(warning.category is LossyFormatWarning for warning in caught)
            if place > 1500:
                break
        assert capfd.readouterr() == ("", "")

    @pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF", "BMP"])
    @pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
    def test_truncated(self, refused, file_format, share):
        data = bytes_of(picture(40, 50, 3), file_format)
        assert f"can't be read as a {file_format} image" in refused(data[: int(len(data) * share)])

    def test_truncated_deep_files(self, refused, tmp_path):
        write_image(tmp_path / "a.png", RNG.random((9, 9, 3)), depth="uint16")
        assert "truncated" in refused((tmp_path / "a.png").read_bytes()[:-20])
        tifffile.imwrite(tmp_path / "a.tif", picture(40, 40, 3, np.uint16), photometric="rgb")
        refused((tmp_path / "a.tif").read_bytes()[:-200], "bad.tif")

    def test_damaged_png(self, refused):
        data = bytearray(bytes_of(picture(40, 50, 3), "PNG"))
        data[len(data) // 2] ^= 255
        refused(bytes(data))

    @pytest.mark.parametrize("shape", [(3, 4), (3, 4, 3)])
    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_not_finite(self, refused, shape, value, dtype):
        samples = np.zeros(shape, dtype)
        samples[1, 2] = value
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, samples, photometric="rgb" if len(shape) == 3 else "minisblack")
        assert f"NaN or infinite values in {len(shape) * 2 - 3} of its" in refused(buffer.getvalue())

    @pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.uint32, np.complex64])
    @pytest.mark.parametrize("shape", [(3, 4), (3, 4, 3)])
    def test_other_numbers(self, refused, dtype, shape):
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, np.zeros(shape, dtype), photometric="rgb" if len(shape) == 3 else "minisblack")
        assert "can't be read as a TIFF image: its " in refused(buffer.getvalue())

    def test_other_colours(self, refused):
        buffer = io.BytesIO()
        Image.new("LAB", (4, 4)).save(buffer, "TIFF")
        assert "LAB is neither grey, RGB nor CMYK" in refused(buffer.getvalue())
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, picture(4, 4, 5), photometric="separated", extratags=[(332, 3, 1, 2, True)])
        assert "inks are others than those of CMYK" in refused(buffer.getvalue())


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_single_precision_tells_the_same_samples_apart(tmp_path, depth):
    samples = np.random.default_rng(0).random((20, 30, 3))
    write_image(tmp_path / "picture.tif", samples, depth=depth)
    double, single = (read_image(tmp_path / "picture.tif", dtype=dtype).pixels for dtype in ("float64", "float32"))
    assert single.dtype == np.float32 and np.array_equal(single, double.astype(np.float32))
    assert read_image(tmp_path / "picture.tif", dtype="auto").pixels.dtype == np.float64


def test_large_images_are_read_in_single_precision_where_that_is_asked_for(tmp_path):
    write_image(tmp_path / "large.png", np.zeros((1000, 2000)))
    assert read_image(tmp_path / "large.png", dtype="auto").pixels.dtype == np.float32
    assert read_image(tmp_path / "large.png").pixels.dtype == np.float64


@pytest.mark.parametrize("dtype", ["half", None, np.float32, 32])
def test_other_precisions_are_refused_in_one_sentence(tmp_path, dtype):
    with pytest.raises(InvalidOptionError, match=r"^dtype should be one of [^\n]*$"):
        read_image(tmp_path / "picture.tif", dtype=dtype)
