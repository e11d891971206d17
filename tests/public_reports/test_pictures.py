"""Reports about picture files whose pixels were read otherwise than they are meant."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image, PngImagePlugin
from skimage import data

from pydeblur import FileFormatError
from pydeblur.files import read_image, write_image
from pydeblur.files.image_file import LossyFormatWarning

PHOTO = np.ascontiguousarray(data.astronaut()[100:140, 180:232])


def test_rgba_is_colour_and_an_alpha_that_stays(tmp_path):
    """krasserm/super-resolution#50 and minyuanye/SIUN#4: a fourth channel ended the program."""
    alpha = np.tile(np.arange(52, dtype=np.uint8), (40, 1))
    Image.fromarray(np.dstack([PHOTO, alpha])).save(tmp_path / "in.png")
    image = read_image(tmp_path / "in.png")
    assert np.array_equal(image.pixels * 255, PHOTO) and np.array_equal(image.alpha * 255, alpha)
    write_image(tmp_path / "out.png", image.pixels, like=image)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "out.png")), np.dstack([PHOTO, alpha]))


def test_unassociated_alpha_does_not_darken_the_colours(tmp_path):
    """chaiNNer-org/chaiNNer#409: colours of TIFF files were multiplied by an alpha that they were independent of."""
    alpha = np.full((40, 52, 1), 64, np.uint8)
    tifffile.imwrite(
        tmp_path / "in.tif", np.dstack([PHOTO, alpha]), photometric="rgb", extrasamples=["unassalpha"], metadata=None
    )
    assert np.array_equal(np.rint(read_image(tmp_path / "in.tif").pixels * 255), PHOTO)


def test_associated_alpha_is_divided_by(tmp_path):
    """libvips/libvips#2192: colours that were multiplied by their alpha have to be freed from it."""
    multiplied = (PHOTO.astype(np.uint16) * 257 // 2).astype(np.uint16)
    alpha = np.full((40, 52, 1), 32768, np.uint16)
    tifffile.imwrite(
        tmp_path / "in.tif",
        np.dstack([multiplied, alpha]),
        photometric="rgb",
        extrasamples=["assocalpha"],
        metadata=None,
    )
    image = read_image(tmp_path / "in.tif")
    assert np.abs(image.pixels - PHOTO / 255).max() < 1e-4 and np.allclose(image.alpha, 32768 / 65535)


def test_cmyk_files_of_photoshop_are_no_negatives(tmp_path):
    """josch/img2pdf#25 and haraldk/TwelveMonkeys#147: JPEG files of CMYK store their inks inverted."""
    # Pillow writes them as Photoshop does, with the marker APP14.
    Image.fromarray(PHOTO).convert("CMYK").save(tmp_path / "in.jpg", quality=95)
    assert b"Adobe" in (tmp_path / "in.jpg").read_bytes()
    difference = np.abs(read_image(tmp_path / "in.jpg").pixels - PHOTO / 255)
    assert difference.mean() < 0.03


def test_palettes_are_colours_not_indices(tmp_path):
    """scipy/scipy#5505: indices of a palette were returned as grey values."""
    picture = Image.fromarray(PHOTO).quantize(60)
    picture.save(tmp_path / "in.png")
    assert np.array_equal(np.rint(read_image(tmp_path / "in.png").pixels * 255), np.asarray(picture.convert("RGB")))


def test_colour_of_16_bits_keeps_all_of_them(tmp_path):
    """python-pillow/Pillow#7723 and imageio/imageio#204: PNG files of 16-bit colour came as 8 bits."""
    pixels = (np.arange(40 * 52 * 3).reshape(40, 52, 3) % 65536) / 65535
    write_image(tmp_path / "in.png", pixels, depth="uint16")
    image = read_image(tmp_path / "in.png")
    assert image.depth == "uint16" and np.array_equal(np.rint(image.pixels * 65535), np.rint(pixels * 65535))


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_min_is_white_is_turned_over(tmp_path, dtype):
    """opencv/opencv#9550 and scikit-image/scikit-image#1940: 0 may mean white."""
    grey = PHOTO[..., 1].astype(dtype)
    tifffile.imwrite(tmp_path / "in.tif", np.iinfo(dtype).max - grey, photometric="miniswhite", metadata=None)
    assert np.array_equal(np.rint(read_image(tmp_path / "in.tif").pixels * np.iinfo(dtype).max), grey)


@pytest.mark.parametrize("predictor", [None, 3])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_big_endian_floats_are_the_same_numbers(tmp_path, dtype, predictor):
    """xarray-contrib/xarray-spatial#1500 and pearu/pylibtiff#29: the byte order was ignored, silently."""
    pytest.importorskip("imagecodecs")
    grey = (PHOTO[..., 1] / 255).astype(dtype)
    path = tmp_path / "in.tif"
    tifffile.imwrite(path, grey, byteorder=">", compression="zlib", predictor=predictor, metadata=None)
    assert np.array_equal(read_image(path).pixels, grey.astype(np.float64))


def test_big_endian_integers_with_a_predictor(tmp_path):
    """xarray-contrib/xarray-spatial#1507: horizontal differences have to be summed in the file's byte order."""
    pytest.importorskip("imagecodecs")
    grey = PHOTO[..., 1].astype(np.uint16) * 200
    tifffile.imwrite(tmp_path / "in.tif", grey, byteorder=">", compression="lzw", predictor=True, metadata=None)
    assert np.array_equal(np.rint(read_image(tmp_path / "in.tif").pixels * 65535), grey)


def test_further_pages_are_mentioned(tmp_path):
    """jimp-dev/jimp#816 and imageio/imageio#558: of several pages the first was read without a word."""
    tifffile.imwrite(tmp_path / "in.tif", np.stack([PHOTO, PHOTO[::-1]]), photometric="rgb", metadata=None)
    with pytest.warns(LossyFormatWarning, match="2"):
        image = read_image(tmp_path / "in.tif")
    assert np.array_equal(np.rint(image.pixels * 255), PHOTO)


def test_stacks_of_imagej_with_one_directory_are_mentioned(tmp_path):
    """luispedro/imread#19: of 3997 slices of a file of ImageJ's one was read, for it has a single directory."""
    stack = np.stack([PHOTO[..., 1]] * 3).astype(np.uint16)
    tifffile.imwrite(tmp_path / "in.tif", stack, imagej=True, metadata={"axes": "ZYX"}, truncate=True)
    with pytest.warns(LossyFormatWarning, match="3"):
        read_image(tmp_path / "in.tif")


def test_a_raw_file_is_not_its_thumbnail(tmp_path):
    """python-pillow/Pillow#6482 and libvips/libvips#1416: small previews were taken for the photographs of raw files."""
    with tifffile.TiffWriter(tmp_path / "in.dng") as file:
        file.write(PHOTO[::2, ::2], photometric="rgb", subifds=1, subfiletype=1, metadata=None)
        file.write(PHOTO[..., 1].astype(np.uint16) * 60, photometric=32803, subfiletype=0, metadata=None)
    with pytest.raises(FileFormatError) as caught:
        read_image(tmp_path / "in.dng")
    assert len(str(caught.value)) < 300 and "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_files_that_were_cut_off_are_no_grey_pictures(tmp_path, suffix):
    """libvips/libvips#1946 and #2309: the missing half of a picture was grey, and nothing said so."""
    stream = io.BytesIO()
    Image.fromarray(data.astronaut()).save(stream, Image.registered_extensions()[suffix])
    path = tmp_path / f"in{suffix}"
    path.write_bytes(stream.getvalue()[: len(stream.getvalue()) // 2])
    with pytest.raises(FileFormatError):
        read_image(path)


def test_long_texts_do_not_hide_the_picture(tmp_path):
    """python-pillow/Pillow#8363, ImageMagick/ImageMagick#1301: a picture with a long text in it was not read at all."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Notes", "a long history of changes " * 100_000, zip=True)
    Image.fromarray(PHOTO).save(tmp_path / "in.png", pnginfo=info)
    with warnings.catch_warnings():
        # The text may be left out; then there is a warning.
        warnings.simplefilter("ignore", LossyFormatWarning)
        image = read_image(tmp_path / "in.png")
    assert np.array_equal(np.rint(image.pixels * 255), PHOTO)


def test_a_header_that_promises_too_much_is_refused_for_its_size(tmp_path):
    """python-pillow/Pillow#5218: very large pictures are refused, and the reason should be their size."""
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    chunks = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
    (tmp_path / "in.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    with pytest.raises(FileFormatError, match="60000|pixels"):
        read_image(tmp_path / "in.png")
