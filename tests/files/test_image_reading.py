"""Reading image files: what other programs write, and everything that can be wrong with a file."""

import io
import warnings

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from pydeblur.errors import FileFormatError
from pydeblur.files import LossyFormatWarning, read_image, write_image
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

    def test_damaged_exif_does_not_matter(self, tmp_path):
        image = saved(tmp_path / "a.jpg", Image.fromarray(picture(8, 9, 3)), exif=b"Exif\0\0garbage!!")
        assert image.pixels.shape == (8, 9, 3)

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
        def denied(self):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("pathlib.Path.read_bytes", denied)
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

    @pytest.mark.filterwarnings("ignore:Corrupt EXIF")
    @pytest.mark.parametrize("start", [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"BM"])
    @pytest.mark.parametrize("rest", [b"", b"\0" * 10, b"\xff" * 60, b"abcdefgh" * 40])
    def test_only_the_start_of_an_image(self, refused, start, rest):
        assert "can't be read as a" in refused(start + rest)

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
        tifffile.imwrite(buffer, picture(4, 4, 4, np.uint16), photometric="separated")
        assert "neither a grey nor an RGB image" in refused(buffer.getvalue())
