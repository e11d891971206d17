"""Writing image files: what comes back, what other programs read, and everything that can't be written."""

import io

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from pydeblur.errors import FileFormatError, InvalidInputError, InvalidOptionError
from pydeblur.files import ImageFile, LossyFormatWarning, check_image_output, read_image, write_image
from pydeblur.files.pillow_writing import can_encode
from tests.files.conftest import picture

LARGEST = {"uint8": 255, "uint16": 65535}


@st.composite
def image_files(draw):
    """Images as they can come out of a file, small ones of every kind."""
    height, width = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    depth = draw(st.sampled_from(["uint8", "uint16", "float32"]))
    shape = draw(st.sampled_from([(height, width), (height, width, 3)]))

    def values(shape):
        if depth == "float32":
            return draw(arrays(np.float32, shape, elements=st.floats(-1e6, 1e6, width=32))).astype(np.float64)
        return draw(arrays(depth, shape)) / LARGEST[depth]

    alpha = draw(st.booleans())
    return ImageFile(values(shape), np.clip(values((height, width)), 0, 1) if alpha else None, depth)


class TestRoundTrips:
    @settings(max_examples=150, deadline=None)
    @given(image_files(), st.sampled_from([".png", ".tif", ".TIFF"]))
    def test_depth_size_alpha_and_values_come_back(self, tmp_path_factory, image, suffix):
        path = tmp_path_factory.mktemp("round") / f"image{suffix}"
        if suffix == ".png" and image.depth == "float32":
            with pytest.warns(LossyFormatWarning, match="PNG can't hold the input's float32"):
                write_image(path, image.pixels, like=image)
            image = ImageFile(
                np.floor(np.clip(image.pixels, 0, 1) * 65535 + 0.5) / 65535,
                None if image.alpha is None else np.floor(image.alpha * 65535 + 0.5) / 65535,
                "uint16",
            )
        else:
            write_image(path, image.pixels, like=image)
        again = read_image(path)
        assert again.depth == image.depth
        assert again.grey == (image.pixels.ndim == 2)
        assert np.array_equal(again.pixels, image.pixels)
        assert again.pixels.dtype == np.float64
        assert (again.alpha is None) == (image.alpha is None)
        assert image.alpha is None or np.array_equal(again.alpha, image.alpha)

    @pytest.mark.parametrize("channels", [1, 3])
    def test_bmp_is_exact(self, tmp_path, channels):
        pixels = picture(5, 6, channels) / 255
        write_image(tmp_path / "a.bmp", pixels)
        assert np.array_equal(read_image(tmp_path / "a.bmp").pixels, pixels)

    @pytest.mark.parametrize("channels", [1, 3])
    def test_jpeg_is_near(self, tmp_path, channels):
        i, j = np.mgrid[0:40, 0:50]
        pixels = np.sin(i / 9 + j / 7) / 2 + 0.5
        pixels = pixels if channels == 1 else np.stack([pixels, pixels[::-1], 1 - pixels], -1)
        write_image(tmp_path / "a.jpg", pixels)
        again = read_image(tmp_path / "a.jpg")
        assert (again.depth, again.alpha, again.grey) == ("uint8", None, channels == 1)
        assert np.abs(again.pixels - pixels).max() < 0.03

    @pytest.mark.skipif(not can_encode("WEBP"), reason="Pillow was built without WebP")
    @pytest.mark.parametrize("alpha", [False, True])
    def test_webp_is_exact(self, tmp_path, alpha):
        pixels, opacity = picture(5, 6, 3) / 255, picture(5, 6, 1) / 255
        opacity[0, 0] = 0  # The colour under full transparency stays too.
        write_image(tmp_path / "a.webp", pixels, like=ImageFile(pixels, opacity if alpha else None))
        again = read_image(tmp_path / "a.webp")
        assert np.array_equal(again.pixels, pixels)
        assert (again.alpha is None) == (not alpha)
        assert not alpha or np.array_equal(again.alpha, opacity)

    @pytest.mark.skipif(not can_encode("AVIF"), reason="Pillow was built without AVIF")
    @pytest.mark.parametrize("alpha", [False, True])
    def test_avif_is_near(self, tmp_path, alpha):
        i, j = np.mgrid[0:40, 0:50]
        pixels = np.sin(i / 9 + j / 7) / 2 + 0.5
        pixels = np.stack([pixels, pixels[::-1], 1 - pixels], -1)
        write_image(tmp_path / "a.avif", pixels, like=ImageFile(pixels, pixels[..., 0] if alpha else None))
        again = read_image(tmp_path / "a.avif")
        assert np.abs(again.pixels - pixels).max() < 0.03
        assert (again.alpha is None) == (not alpha)
        assert not alpha or np.abs(again.alpha - pixels[..., 0]).max() < 0.03

    @pytest.mark.parametrize("name", [name for name in ("webp", "avif") if can_encode(name)])
    @pytest.mark.parametrize("alpha", [False, True])
    def test_grey_in_formats_of_colour(self, tmp_path, name, alpha):
        grey = np.linspace(0, 1, 48).reshape(6, 8)
        write_image(tmp_path / f"a.{name}", grey, like=ImageFile(grey, grey if alpha else None))
        stored = np.asarray(Image.open(io.BytesIO((tmp_path / f"a.{name}").read_bytes())).convert("RGBA"), float) / 255
        assert np.abs(stored[..., :3] - grey[..., None]).max() < 0.03
        assert np.abs(stored[..., 3] - (grey if alpha else 1)).max() < 0.03

    def test_jpeg_quality_is_95_and_colour_is_not_subsampled(self, tmp_path):
        pixels = picture(16, 16, 3)
        write_image(tmp_path / "a.jpg", pixels / 255)
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=95, subsampling="4:4:4")
        assert (tmp_path / "a.jpg").read_bytes() == buffer.getvalue()


class TestWriting:
    @pytest.mark.parametrize(("depth", "largest"), LARGEST.items())
    def test_halves_go_up_and_the_rest_is_clipped(self, tmp_path, depth, largest):
        # im2uint8([-Inf .. Inf]) in MATLAB; NumPy's round would give 2 for 2.5.
        values = np.array([[-3.0, 0.5, 1.5, 2.5, 2.4999, largest - 0.5, largest + 9]]) / largest
        write_image(tmp_path / "a.png", values, depth=depth)
        stored = read_image(tmp_path / "a.png").pixels * largest
        assert np.round(stored).tolist() == [[0, 1, 2, 3, 2, largest, largest]]

    def test_floating_samples_are_neither_clipped_nor_rounded(self, tmp_path):
        values = np.array([[-3.0, 0.1, 700.0]])
        write_image(tmp_path / "a.tif", values, depth="float32")
        assert np.array_equal(tifffile.imread(tmp_path / "a.tif"), values.astype(np.float32))

    @pytest.mark.parametrize("channels", [1, 2, 3, 4])
    def test_pillow_reads_our_8_bit_pngs_and_tiffs(self, tmp_path, channels):
        samples = picture(4, 3, channels)
        pixels = samples / 255
        alpha = pixels[..., -1] if channels in (2, 4) else None
        colour = pixels if channels == 1 else pixels[..., 0] if channels == 2 else pixels[..., :3]
        for name in ("a.png", "a.tif"):
            write_image(tmp_path / name, colour, like=ImageFile(colour, alpha))
            assert np.array_equal(iio.imread(tmp_path / name, plugin="pillow"), samples)

    @pytest.mark.parametrize("width", [1, 2, 3, 4])
    def test_narrow_images_are_not_taken_for_colour(self, tmp_path, width):
        write_image(tmp_path / "a.png", np.zeros((9, width)))
        assert read_image(tmp_path / "a.png").pixels.shape == (9, width)

    def test_default_is_8_bit(self, tmp_path):
        write_image(tmp_path / "a.tif", np.full((2, 2), 0.3))
        assert read_image(tmp_path / "a.tif").depth == "uint8"

    def test_depth_overrides_that_of_like(self, tmp_path):
        pixels = np.full((2, 2), 0.3)
        write_image(tmp_path / "a.tif", pixels, like=ImageFile(pixels, None, "uint16"), depth="float32")
        assert read_image(tmp_path / "a.tif").depth == "float32"

    @pytest.mark.parametrize("name", ["a.jpg", "a.bmp"])
    def test_alpha_that_does_not_fit_is_left_out_with_a_warning(self, tmp_path, name):
        pixels = np.full((8, 8, 3), 0.5)
        with pytest.warns(LossyFormatWarning, match="holds no transparency") as record:
            write_image(tmp_path / name, pixels, like=ImageFile(pixels, np.ones((8, 8))))
        assert record[0].filename == __file__
        assert read_image(tmp_path / name).alpha is None

    @pytest.mark.parametrize(("name", "depth"), [("a.jpg", "uint16"), ("a.bmp", "float32"), ("a.png", "float32")])
    def test_depth_that_does_not_fit(self, tmp_path, name, depth):
        pixels = np.full((8, 8), 0.5)
        with pytest.warns(LossyFormatWarning, match=f"input's {depth} samples") as record:
            write_image(tmp_path / name, pixels, like=ImageFile(pixels, None, depth))
        assert record[0].filename == __file__
        with pytest.raises(FileFormatError, match=f"not {depth}"):
            write_image(tmp_path / f"asked-{name}", pixels, depth=depth)
        assert len(list(tmp_path.iterdir())) == 1

    @pytest.mark.parametrize(
        ("name", "depth"),
        [("a.jpg", "uint8"), ("a.png", "uint8"), ("a.png", "uint16"), ("a.tif", "uint8"), ("a.tif", "uint16")],
    )
    def test_colour_profile_is_passed_on(self, tmp_path, name, depth):
        profile = bytes(16) + b"RGB " + bytes(108)
        colour, grey = np.full((8, 8, 3), 0.5), np.full((8, 8), 0.5)
        like = ImageFile(colour, None, depth, profile)
        write_image(tmp_path / name, colour, like=like)
        assert read_image(tmp_path / name).icc_profile == profile
        write_image(tmp_path / name, grey, like=like)  # an RGB profile says nothing about a grey image
        assert read_image(tmp_path / name).icc_profile is None


class TestWritingWrongly:
    @pytest.mark.parametrize("name", ["a", "a.gif", "a.", ".png", "a.png.txt", "a.npy"])
    def test_unknown_extension(self, tmp_path, name):
        for attempt in (check_image_output, lambda path: write_image(path, np.zeros((3, 3)))):
            with pytest.raises(FileFormatError, match="extension should be one of .png, .jpg"):
                attempt(tmp_path / name)
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("name", ["WebP", "AVIF"])
    def test_format_that_pillow_lacks(self, tmp_path, monkeypatch, name):
        monkeypatch.delitem(Image.SAVE, name.upper(), raising=False)
        for attempt in (check_image_output, lambda path: write_image(path, np.zeros((3, 3)))):
            with pytest.raises(FileFormatError, match=f"the installed Pillow was built without {name}"):
                attempt(tmp_path / f"a.{name}")

    def test_missing_folder(self, tmp_path):
        for attempt in (check_image_output, lambda path: write_image(path, np.zeros((3, 3)))):
            with pytest.raises(FileFormatError, match="does not exist"):
                attempt(tmp_path / "none" / "a.png")
        check_image_output(tmp_path / "a.png")
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("shape", [(), (3,), (0, 3), (3, 3, 1), (3, 3, 2), (3, 3, 4), (2, 3, 3, 3)])
    def test_shape(self, tmp_path, shape):
        with pytest.raises(InvalidInputError, match="shape"):
            write_image(tmp_path / "a.png", np.zeros(shape))

    @pytest.mark.parametrize("dtype", [np.uint8, bool, complex, object, int])
    def test_dtype(self, tmp_path, dtype):
        with pytest.raises(InvalidInputError, match="floating"):
            write_image(tmp_path / "a.png", np.zeros((3, 3), dtype))

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_not_finite(self, tmp_path, value):
        with pytest.raises(InvalidInputError, match="finite"):
            write_image(tmp_path / "a.tif", np.array([[0.0, value]]))
        assert not list(tmp_path.iterdir())

    def test_size_of_like(self, tmp_path):
        with pytest.raises(InvalidInputError, match="size"):
            write_image(tmp_path / "a.png", np.zeros((3, 4)), like=ImageFile(np.zeros((4, 3))))

    @pytest.mark.parametrize("depth", ["float64", 8, np.uint8, ""])
    def test_depth(self, tmp_path, depth):
        with pytest.raises(InvalidOptionError, match="depth should be one of"):
            write_image(tmp_path / "a.tif", np.zeros((3, 3)), depth=depth)

    def test_too_wide_for_the_format(self, tmp_path):
        with pytest.raises(FileFormatError, match="can't be written as a JPEG image"):
            write_image(tmp_path / "a.jpg", np.zeros((1, 66000)))
        assert not list(tmp_path.iterdir())
