"""16-bit PNG against an encoder written pixel by pixel from the specification, and against Pillow."""

import struct
import zlib
from io import BytesIO

import imageio.v3 as iio
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from pydeblur.files.image_formats import format_of_contents
from pydeblur.files.png_chunks import png_chunks
from pydeblur.files.png_reading import read_png
from pydeblur.files.png_writing import write_png16

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
ADAM7 = ["16462646", "77777777", "56565656", "77777777", "36463646", "77777777", "56565656", "77777777"]


def chunk(name, body=b""):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def header(height, width, colour_type, interlaced=0, depth=16):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, interlaced))


def paeth(left, up, corner):
    estimate = left + up - corner
    return min((left, up, corner), key=lambda value: abs(estimate - value))


def unfiltered(lines, kind, step):
    """Section 9.2, one byte at a time: the samples of rows that all have one filter."""
    above = [0] * len(lines[0])
    for line in lines:
        for i in range(len(line)):
            left = line[i - step] if i >= step else 0
            corner = above[i - step] if i >= step else 0
            predictions = (0, left, above[i], (left + above[i]) // 2, paeth(left, above[i], corner))
            line[i] = (int(line[i]) + int(predictions[kind])) % 256
        above = line
    return np.array(lines, np.uint8).reshape(-1).view(">u2")


def filtered_rows(samples, filters):
    """The bytes that IDAT holds for a (h, w, c) array: section 9.2, one byte at a time."""
    step = 2 * samples.shape[2]
    above = [0] * (step * samples.shape[1])
    out = bytearray()
    for number, row in enumerate(samples):
        line = list(row.astype(">u2").tobytes())
        kind = filters[number % len(filters)]
        out.append(kind)
        for i, byte in enumerate(line):
            left = line[i - step] if i >= step else 0
            corner = above[i - step] if i >= step else 0
            predictions = (0, left, above[i], (left + above[i]) // 2, paeth(left, above[i], corner))
            out.append((byte - predictions[kind]) % 256)
        above = line
    return bytes(out)


def encoded(samples, filters=(0,), interlaced=False, extra=b"", colour_type=None):
    height, width, channels = samples.shape
    parts = [samples]
    if interlaced:
        number = np.array([[int(ADAM7[i % 8][j % 8]) for j in range(width)] for i in range(height)])
        places = [np.argwhere(number == n) for n in range(1, 8)]
        parts = [samples[np.unique(place[:, 0])][:, np.unique(place[:, 1])] for place in places if place.size]
    idat = zlib.compress(b"".join(filtered_rows(part, filters) for part in parts))
    half = len(idat) // 2
    kind = COLOUR_TYPES[channels] if colour_type is None else colour_type
    return (
        SIGNATURE
        + header(height, width, kind, int(interlaced))
        + extra
        + chunk(b"IDAT", idat[:half])
        + chunk(b"IDAT", idat[half:])
        + chunk(b"IEND")
    )


samples_of_any_kind = st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.uint16, shape)
)


@settings(max_examples=150, deadline=None)
@given(samples_of_any_kind, st.lists(st.integers(0, 4), min_size=1, max_size=6), st.booleans())
def test_reads_every_filter_interlaced_or_not(samples, filters, interlaced):
    assert np.array_equal(read_png(encoded(samples, filters, interlaced)).samples, samples)


@pytest.mark.parametrize("shape", [(200_000, 1, 1), (1, 200_000, 3), (100_000, 2, 4)])
@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4])
def test_long_and_narrow_files(shape, kind):
    """Rows that are all 1 apart from each other, whatever the filter: the tests' encoder is too slow for so many."""
    height, width, channels = shape
    rows = np.zeros((height, 1 + 2 * width * channels), np.uint8)
    rows[:, 0] = kind
    rows[0, 1:] = 7
    idat = zlib.compress(rows.tobytes(), 1)
    data = SIGNATURE + header(height, width, COLOUR_TYPES[channels]) + chunk(b"IDAT", idat) + chunk(b"IEND")
    samples = read_png(data).samples
    assert samples.shape == shape
    few = slice(0, 4)
    lines = [list(line) for line in rows[few, 1 : 1 + 2 * channels * min(width, 9)]]
    assert np.array_equal(samples[few, :9], unfiltered(lines, kind, 2 * channels).reshape(-1, min(width, 9), channels))


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_encoder_of_these_tests_is_right_by_pillow(channels, interlaced):
    samples = np.random.default_rng(0).integers(0, 65536, (11, 14, channels), dtype=np.uint16)
    picture = iio.imread(encoded(samples, (0, 1, 2, 3, 4), interlaced), plugin="pillow")
    expected = samples[..., 0] if channels == 1 else samples
    if picture.dtype == np.uint8:  # what Pillow does to 16-bit colour, and why `read_png` decodes it
        expected = expected >> 8
    assert np.array_equal(picture, expected)


@settings(max_examples=60, deadline=None)
@given(samples_of_any_kind)
def test_written_files_are_read_back_and_read_by_pillow(samples):
    data = write_png16(samples)
    assert png_chunks(data).header.depth == 16
    assert np.array_equal(read_png(data).samples, samples)
    with Image.open(BytesIO(data)) as picture:
        assert picture.size == samples.shape[1::-1]
        # "RGB;16L" takes the second byte of each sample where "RGB;16B" takes the first: together they are exact.
        if samples.shape[2] == 3:
            low = Image.open(BytesIO(data))
            low.tile = [low.tile[0]._replace(args="RGB;16L")]
            both = np.asarray(picture).astype(np.uint16) * 256 + np.asarray(low)
            assert np.array_equal(both, samples)


def test_large_idat_is_cut_into_chunks():
    samples = np.random.default_rng(1).integers(0, 65536, (600, 700, 3), dtype=np.uint16)
    data = write_png16(samples)
    assert data.count(b"IDAT") >= 3
    assert np.array_equal(read_png(data).samples, samples)


def test_transparent_colours_become_alpha():
    samples = np.array([[[1, 2, 3], [1, 2, 4]]], np.uint16)
    trns = chunk(b"tRNS", struct.pack(">HHH", 1, 2, 3))
    assert read_png(encoded(samples, extra=trns)).samples.tolist() == [[[1, 2, 3, 0], [1, 2, 4, 65535]]]
    grey = np.array([[[7], [8]]], np.uint16)
    trns = chunk(b"tRNS", struct.pack(">H", 8))
    assert read_png(encoded(grey, extra=trns)).samples.tolist() == [[[7, 65535], [8, 0]]]


@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_profile_and_animation_are_found(order):
    exif = (b"II" if order == "<" else b"MM") + struct.pack(order + "HIHHHIH", 42, 8, 1, 274, 3, 1, 6) + b"\0\0\0\0\0\0"
    profile, frames = b"name\0\0" + zlib.compress(b"profile"), struct.pack(">II", 3, 0)
    extra = chunk(b"eXIf", exif) + chunk(b"iCCP", profile) + chunk(b"acTL", frames)
    decoded = read_png(encoded(np.zeros((2, 3, 1), np.uint16), extra=extra))
    assert (decoded.orientation, decoded.icc_profile, decoded.frames) == (6, b"profile", 3)


@pytest.mark.parametrize("body", [b"", b"II", b"XX*\0\x08\0\0\0", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\0\5"])
def test_damaged_metadata_is_ignored(body):
    extra = chunk(b"eXIf", body) + chunk(b"iCCP", body)
    decoded = read_png(encoded(np.zeros((2, 3, 1), np.uint16), extra=extra))
    assert (decoded.orientation, decoded.icc_profile) == (1, None)


def test_profile_is_written():
    data = write_png16(np.zeros((2, 3, 3), np.uint16), b"a profile")
    assert read_png(data).icc_profile == b"a profile"
    with Image.open(BytesIO(data)) as picture:
        assert picture.info["icc_profile"] == b"a profile"


def with_flipped_bit(data, number):
    changed = bytearray(data)
    changed[number // 8] ^= 1 << number % 8
    return bytes(changed)


class TestDamagedFiles:
    samples = np.random.default_rng(0).integers(0, 65536, (6, 7, 3), dtype=np.uint16)

    def test_every_truncation(self):
        data = encoded(self.samples)
        for length in range(8, len(data)):
            with pytest.raises(ValueError, match="truncated"):
                read_png(data[:length])

    def test_every_flipped_bit_of_the_pixels(self):
        data = encoded(self.samples)
        first = data.index(b"IDAT") + 4
        length = int.from_bytes(data[first - 8 : first - 4], "big")
        for bit in range(8 * length):
            with pytest.raises(ValueError, match="checksum of its chunk IDAT"):
                read_png(with_flipped_bit(data, 8 * first + bit))

    def test_every_flipped_bit_of_the_chunks(self):
        data = encoded(self.samples)
        for bit in range(8 * len(SIGNATURE), 8 * len(data)):
            # A flipped bit of a chunk's length moves the end of the chunk, even beyond that of the file; one of its name
            # may turn it into one that is not needed.
            with pytest.raises(ValueError, match="checksum of its chunk|truncated|needs the chunks|pixels are damaged"):
                read_png(with_flipped_bit(data, bit))

    def test_every_flipped_bit_of_the_signature(self):
        data = encoded(self.samples)
        assert format_of_contents(data).name == "PNG"
        assert not any(format_of_contents(with_flipped_bit(data, bit)) for bit in range(8 * len(SIGNATURE)))

    def test_pixels_missing_though_the_chunks_are_whole(self):
        short = zlib.compress(filtered_rows(self.samples[:-1], (0,)))
        with pytest.raises(ValueError, match="truncated"):
            read_png(SIGNATURE + header(6, 7, 2) + chunk(b"IDAT", short) + chunk(b"IEND"))

    @pytest.mark.parametrize(("side", "reason"), [(2**31 - 1, "more than"), (16000, "truncated")])
    def test_a_header_that_promises_far_more_than_there_is(self, side, reason):
        tiny = SIGNATURE + header(side, side, 6) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND")
        with pytest.raises(ValueError, match=reason):
            read_png(tiny)

    def test_unknown_filter(self):
        rows = bytes([5]) + bytes(6)
        data = SIGNATURE + header(1, 1, 2) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND")
        with pytest.raises(ValueError, match="filter"):
            read_png(data)

    @pytest.mark.parametrize("fields", [(0, 5, 2), (5, 0, 2), (5, 5, 3), (5, 5, 1), (5, 5, 2, 2)])
    def test_impossible_headers(self, fields):
        data = SIGNATURE + header(*fields) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND")
        with pytest.raises(ValueError, match="header"):
            read_png(data)

    def test_no_pixels(self):
        with pytest.raises(ValueError, match="IDAT"):
            read_png(SIGNATURE + header(1, 1, 2) + chunk(b"IEND"))
