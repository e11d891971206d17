"""Image files: round trips, what other programs write and read, and everything that can be wrong with a file."""

import io
import sys
import warnings

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageOps

from pydeblur.errors import FileFormatError, InvalidInputError, InvalidOptionError
from pydeblur.files import ImageFile, LossyFormatWarning, check_image_output, read_image, write_image

RNG = np.random.default_rng(5)
LARGEST = {"uint8": 255, "uint16": 65535}


def picture(height, width, channels, dtype=np.uint8):
    """Random integer samples (H, W[, C])."""
    shape = (height, width) if channels == 1 else (height, width, channels)
    return RNG.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


def saved(path, image, **options):
    image.save(path, **options)
    return read_image(path)


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

    @pytest.mark.parametrize("alpha", [False, True])
    @pytest.mark.parametrize("colour", [False, True])
    @pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
    def test_tifffile_reads_our_tiffs(self, tmp_path, depth, colour, alpha):
        pixels, opacity = RNG.random((4, 5, 3)), RNG.random((4, 5))
        pixels = pixels if colour else pixels[..., 0]
        write_image(tmp_path / "a.tif", pixels, like=ImageFile(pixels, opacity if alpha else None, depth))
        expected = np.dstack([pixels, opacity]) if alpha else pixels
        if depth != "float32":
            expected = np.floor(expected * LARGEST[depth] + 0.5)
        with tifffile.TiffFile(tmp_path / "a.tif") as file:
            assert np.array_equal(file.pages[0].asarray(), expected.astype(depth))
            assert [int(kind) for kind in file.pages[0].extrasamples] == ([2] if alpha else [])

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

    def test_too_large_for_tiff(self, tmp_path):
        huge = np.broadcast_to(np.float64(0), (1 << 15, 1 << 15))

        class Samples:
            shape, dtype = (*huge.shape, 1), np.dtype(np.float32)

            def astype(self, dtype):
                return self

            def tobytes(self):
                return range(1 << 32)

        from pydeblur.files.deep_tiff import write_tiff

        with pytest.raises(ValueError, match="4 GiB"):
            write_tiff(Samples())


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


def lzw(data):
    """The bytes compressed, by Pillow."""
    row = np.frombuffer(data, np.uint8)[None]
    file = io.BytesIO(bytes_of(row, "TIFF", compression="tiff_lzw"))
    with tifffile.TiffFile(file) as tiff:
        page = tiff.pages[0]
        file.seek(page.dataoffsets[0])
        return file.read(page.databytecounts[0])


class TestTiff:
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

    @pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "packbits"])
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
    def test_compressed_grey(self, tmp_path, dtype, compression):
        samples = (RNG.random((40, 30)) * 5).astype(dtype)
        image = saved(tmp_path / "a.tif", Image.fromarray(samples), compression=compression)
        largest = np.iinfo(dtype).max if dtype != np.float32 else 1
        assert np.array_equal(image.pixels, samples.astype(np.float64) / largest)

    @pytest.mark.parametrize("predictor", [False, True])
    @pytest.mark.parametrize(("tile", "planar"), [(None, "contig"), (None, "separate"), ((16, 32), "contig")])
    def test_lzw_of_deep_colour(self, tmp_path, tile, planar, predictor):
        """As OpenCV and Photoshop write it; tifffile alone can't read it."""
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

    def test_several_pages_of_deep_colour(self, tmp_path):
        samples = picture(4, 5, 3, np.uint16)
        tifffile.imwrite(tmp_path / "a.tif", np.stack([samples, samples]), photometric="rgb")
        with pytest.warns(LossyFormatWarning, match="has 2 frames"):
            assert np.array_equal(read_image(tmp_path / "a.tif").pixels, samples / 65535)

    @pytest.fixture
    def without_tifffile(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "tifffile", None)

    @pytest.mark.usefixtures("without_tifffile")
    @pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
    def test_grey_needs_no_tifffile(self, tmp_path, depth):
        pixels = np.array([[0.0, 0.25, 1.0]])
        write_image(tmp_path / "a.tif", pixels, depth=depth)
        assert np.abs(read_image(tmp_path / "a.tif").pixels - pixels).max() < 0.002

    @pytest.mark.usefixtures("without_tifffile")
    def test_deep_colour_asks_for_tifffile(self, tmp_path):
        write_image(tmp_path / "a.tif", np.zeros((2, 2, 3)), depth="uint16")
        with pytest.raises(FileFormatError, match="a.tif needs the package tifffile"):
            read_image(tmp_path / "a.tif")


def bytes_of(samples, file_format, **options):
    buffer = io.BytesIO()
    Image.fromarray(samples).save(buffer, file_format, **options)
    return buffer.getvalue()


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
