"""TIFF files in every combination of depth, byte order, compression, predictor, layout, alpha and colours.

The pixels are known, for the test has made them; tifffile with imagecodecs encodes them.
"""

import io
import itertools
import subprocess
import sys

import numpy as np
import pytest
import tifffile
from PIL import Image

from pydeblur.files import read_image
from tests.files.conftest import RNG
from tests.files.tiff_encoding import encoded, tiff_file

pytest.importorskip("imagecodecs")

HEIGHT, WIDTH = 21, 34
UNSIGNED = {bits: np.uint8 if bits <= 8 else np.uint16 for bits in (1, 2, 4, 6, 8, 10, 12, 14, 16)}
FLOATING = {16: np.float16, 32: np.float32, 64: np.float64}
COMPRESSIONS = [None, "lzw", "zlib", "packbits", "lzma", "zstd"]
LAYOUTS = [{"rowsperstrip": 7}, {"tile": (16, 32)}]


def smooth(channels, white, dtype):
    """A picture whose values change slowly, so that each compression has something to do; the first are extreme."""
    rows, columns, places = np.ogrid[:HEIGHT, :WIDTH, :channels]
    share = 0.5 + 0.5 * np.sin(rows / 7 + columns / 11 + places)
    share[0, 0], share[0, 1] = 0, 1
    values = share * white
    return values.astype(dtype) if np.dtype(dtype).kind == "f" else np.rint(values).astype(dtype)


def written(samples, **options):
    """A TIFF file of (H, W, C) samples, as tifffile writes it."""
    planar = options.get("planarconfig") == "separate"
    array = np.moveaxis(samples, -1, 0) if planar else samples
    file = io.BytesIO()
    if samples.shape[2] == 1:
        array = samples[..., 0]
        options["planarconfig"] = None
    tifffile.imwrite(file, array, metadata=None, **options)
    return file.getvalue()


def layouts(channels):
    """Every byte order, arrangement of strips and tiles, and of channels."""
    planes = ["contig", "separate"] if channels > 1 else ["contig"]
    for byteorder, layout, planar in itertools.product("<>", LAYOUTS, planes):
        yield {"byteorder": byteorder, "planarconfig": planar, **layout}


def check(path, data, expected, alpha=None, tolerance=0.0):
    path.write_bytes(data)
    image = read_image(path)
    assert image.pixels.shape == np.squeeze(expected, 2).shape if expected.shape[2] == 1 else expected.shape
    assert np.abs(image.pixels.reshape(expected.shape) - expected).max() <= tolerance
    assert (image.alpha is None) == (alpha is None)
    if alpha is not None:
        assert np.abs(image.alpha - alpha).max() <= tolerance


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("bits", [8, 16])
def test_whole_bytes(tmp_path, bits, channels, compression):
    white = 2**bits - 1
    samples = smooth(channels, white, UNSIGNED[bits])
    colour = samples[..., :-1] if channels in (2, 4) else samples
    for layout in layouts(channels):
        for predictor in [False] if compression is None else [False, True]:
            data = written(
                samples,
                compression=compression,
                predictor=predictor,
                photometric="rgb" if channels > 2 else "minisblack",
                extrasamples=["unassalpha"] if channels in (2, 4) else None,
                **layout,
            )
            check(tmp_path / "a.tif", data, colour / white, samples[..., -1] / white if channels in (2, 4) else None)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("bits", [1, 2, 4, 6, 10, 12, 14])
@pytest.mark.parametrize("fill_order", [1, 2])
def test_packed_bits(tmp_path, bits, compression, fill_order):
    white = 2**bits - 1
    for channels, byteorder, layout in itertools.product([1, 3], "<>", [{"rows": 7}, {"tile": (16, 32)}]):
        samples = smooth(channels, white, UNSIGNED[bits])
        for photometric, planar in [(2, False), (2, True)] if channels == 3 else [(0, False), (1, False)]:
            options = {"byteorder": byteorder, "planar": planar, "fill_order": fill_order, **layout}
            data = encoded(samples, bits, compression, photometric, **options)
            expected = white - samples.astype(np.int64) if photometric == 0 else samples
            check(tmp_path / "a.tif", data, expected / white)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("bits", [16, 32, 64])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_floating(tmp_path, bits, channels, compression):
    samples = smooth(channels, 3.7, FLOATING[bits])
    colour = samples[..., :-1] if channels in (2, 4) else samples
    for layout in layouts(channels):
        for predictor in [1] if compression is None else [1, 3]:
            data = written(
                samples,
                compression=compression,
                predictor=predictor,
                photometric="rgb" if channels > 2 else "minisblack",
                extrasamples=["unassalpha"] if channels in (2, 4) else None,
                **layout,
            )
            alpha = samples[..., -1].astype(np.float64) if channels in (2, 4) else None
            check(tmp_path / "a.tif", data, colour.astype(np.float64), alpha)


@pytest.mark.parametrize("order", ["little", "big"])
def test_floats_of_24_bits(tmp_path, order):
    """Adobe's technical note 3: one bit for the sign, seven for the exponent, sixteen for the fraction."""
    numbers = [0x3F0000, 0x400000, 0x3E8000, 0x000000]
    raw = b"".join(number.to_bytes(3, order) for number in numbers)
    tags = {256: [4], 257: [1], 258: [24], 259: [1], 262: [1], 277: [1], 278: [1], 339: [3]}
    data = tiff_file(tags, [raw], "<" if order == "little" else ">")
    check(tmp_path / "a.tif", data, np.array([1.0, 2.0, 0.75, 0.0]).reshape(1, 4, 1))


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("bits", [8, 16])
def test_associated_alpha(tmp_path, bits, compression):
    white = 2**bits - 1
    samples = smooth(4, white, UNSIGNED[bits])
    samples[..., 3] = np.maximum(samples[..., 3], samples[..., :3].max(axis=2))
    alpha = samples[..., 3:] / white
    colour = np.divide(samples[..., :3] / white, alpha, out=np.zeros((HEIGHT, WIDTH, 3)), where=alpha > 0)
    for layout in layouts(4):
        data = written(samples, compression=compression, photometric="rgb", extrasamples=["assocalpha"], **layout)
        check(tmp_path / "a.tif", data, colour, alpha[..., 0], tolerance=0.51 / white)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("bits", [4, 8, 16])
@pytest.mark.parametrize("padding", [256, 257, None])
def test_palettes(tmp_path, bits, compression, padding):
    """Palettes of 8-bit colours, padded or repeated in the lower byte, and of 16-bit ones."""
    places = smooth(1, 2**bits - 1, UNSIGNED[bits])
    colours = RNG.integers(0, 65536, (3, 2**bits), dtype=np.uint16)
    white = 65535
    if padding:
        colours, white = colours // 256, 255
    expected = np.moveaxis(colours[:, places[..., 0]], 0, -1) / white
    colormap = (colours * np.uint16(padding or 1)).ravel().tolist()
    for byteorder, layout in itertools.product("<>", [{"rows": 7}, {"tile": (16, 32)}]):
        data = encoded(places, bits, compression, 3, byteorder=byteorder, more={320: colormap}, **layout)
        check(tmp_path / "a.tif", data, expected)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("bits", [8, 16])
def test_cmyk(tmp_path, bits, compression):
    white = 2**bits - 1
    samples = smooth(4, white, UNSIGNED[bits])
    expected = (1 - samples[..., :3] / white) * (1 - samples[..., 3:] / white)
    for layout in layouts(4):
        data = written(samples, compression=compression, photometric="separated", **layout)
        check(tmp_path / "a.tif", data, expected, tolerance=0.51 / white)
        if bits == 8 and compression in (None, "lzw") and layout["planarconfig"] == "contig":
            with Image.open(io.BytesIO(data)) as image:
                assert np.array_equal(read_image(tmp_path / "a.tif").pixels * 255, np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("compression", [None, "lzw", "zlib"])
def test_ycbcr_without_jpeg(tmp_path, compression):
    samples = smooth(3, 255, np.uint8)
    expected = np.asarray(Image.frombytes("YCbCr", (WIDTH, HEIGHT), samples.tobytes()).convert("RGB"))
    for layout in layouts(3):
        data = written(samples, compression=compression, photometric="ycbcr", subsampling=(1, 1), **layout)
        check(tmp_path / "a.tif", data, expected / 255)


@pytest.mark.parametrize("subsampling", [(1, 1), (2, 1), (2, 2)])
@pytest.mark.parametrize("photometric", ["rgb", "ycbcr", "minisblack"])
@pytest.mark.parametrize("layout", [{"tile": (16, 32)}, {"rowsperstrip": 16}])
def test_jpeg_in_tiff(tmp_path, subsampling, photometric, layout):
    samples = smooth(1 if photometric == "minisblack" else 3, 255, np.uint8)
    if photometric == "ycbcr":
        layout = {**layout, "subsampling": subsampling}
    data = written(samples, compression="jpeg", photometric=photometric, **layout)
    (tmp_path / "a.tif").write_bytes(data)
    pixels = read_image(tmp_path / "a.tif").pixels
    with Image.open(io.BytesIO(data)) as image:
        # Two decoders differ in how they interpolate colours and round.
        assert np.abs(pixels - np.asarray(image.convert("L" if pixels.ndim == 2 else "RGB")) / 255).max() < 0.05
    # Losses are large where the encoder has filled a tile up, and at the two extreme pixels.
    if photometric == "ycbcr":
        samples = np.asarray(Image.frombytes("YCbCr", (WIDTH, HEIGHT), samples.tobytes()).convert("RGB"))
    assert np.abs(pixels.reshape(samples.shape) - samples / 255).mean() < 0.03


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
@pytest.mark.parametrize("white_is_zero", [False, True])
def test_fax(tmp_path, compression, white_is_zero):
    samples = smooth(1, 1, np.uint8)[..., 0].astype(bool)
    file = io.BytesIO()
    options = {"tiffinfo": {262: 0}} if white_is_zero else {}
    Image.fromarray(samples).save(file, "TIFF", compression=compression, **options)
    with Image.open(io.BytesIO(file.getvalue())) as image:
        expected = np.asarray(image.convert("L"))[..., None] / 255
    check(tmp_path / "a.tif", file.getvalue(), expected)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_reversed_bits(tmp_path, bits, compression):
    """Fill order 2: in each byte of the strips, the bits are in reverse order."""
    for channels, byteorder, layout in itertools.product([1, 3], "<>", [{}, {"rows": 7}, {"tile": (16, 32)}]):
        samples = smooth(channels, 2**bits - 1, UNSIGNED[bits])
        photometric = 1 if channels == 1 else 2
        data = encoded(samples, bits, compression, photometric, byteorder=byteorder, fill_order=2, **layout)
        check(tmp_path / "a.tif", data, samples / (2**bits - 1))


#: Reads files where imagecodecs is not installed, and stores the pixels or the message beside each.
WITHOUT_IMAGECODECS = """
import sys
sys.modules["imagecodecs"] = None
import numpy as np
from pydeblur.files import read_image
for path in sys.argv[1:]:
    try:
        np.save(path + ".npy", read_image(path).pixels)
    except ValueError as error:
        open(path + ".txt", "w").write(str(error))
"""


def test_without_imagecodecs_pixels_are_right_or_the_extra_is_named(tmp_path):
    expected = {}
    for number, (bits, channels, compression, predictor, byteorder, planar) in enumerate(
        itertools.product([8, 16, "float32"], [1, 3], COMPRESSIONS, [False, True], "<>", ["contig", "separate"])
    ):
        if predictor and compression is None:
            continue
        floating = bits == "float32"
        samples = smooth(channels, 1 if floating else 2**bits - 1, np.float32 if floating else UNSIGNED[bits])
        data = written(
            samples,
            compression=compression,
            predictor=predictor,
            byteorder=byteorder,
            planarconfig=planar,
            photometric="rgb" if channels == 3 else "minisblack",
        )
        path = tmp_path / f"{number}.tif"
        path.write_bytes(data)
        expected[path] = samples.astype(np.float64) / (1 if floating else 2**bits - 1)
    command = [sys.executable, "-c", WITHOUT_IMAGECODECS, *map(str, expected)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    assert result.stderr == ""
    read = 0
    for path, pixels in expected.items():
        if (message := path.with_name(path.name + ".txt")).exists():
            assert "needs the package imagecodecs (pip install 'pydeblur[tiff]')" in message.read_text()
        else:
            read += 1
            found = np.load(path.with_name(path.name + ".npy"))
            assert np.array_equal(found.reshape(pixels.shape), pixels), path
    assert read > len(expected) / 2
