"""Pictures of a page: without loss where they are small, within their bytes where they are large."""

import base64
import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from pydeblur.report.encoding import eight_bits, encoded_alike, encoded_kernel


def decoded(picture):
    kind, data = picture.address.split(";base64,")
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    assert kind == f"data:image/{image.format.lower()}"
    assert image.size == (picture.width, picture.height)
    return image


@pytest.mark.parametrize("shape", [(40, 30), (31, 47, 3), (1, 1), (1, 300, 3)])
def test_small_pictures_lose_nothing(shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    (picture,) = encoded_alike([pixels], 100_000)
    np.testing.assert_array_equal(np.asarray(decoded(picture)), pixels)


@pytest.mark.parametrize("alpha", [False, True])
def test_noise_is_brought_within_its_bytes_and_both_pictures_alike(alpha):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (200, 300, 3), np.uint8)
    opacity = rng.integers(0, 256, (200, 300), np.uint8) if alpha else None
    pair = encoded_alike([pixels, pixels[::-1]], 130_000, opacity)
    assert sum(len(base64.b64decode(each.address.split(",")[1])) for each in pair) <= 130_000
    assert pair[0][1:] == pair[1][1:]
    assert "quality" in pair[0].coding
    assert decoded(pair[0]).mode == ("RGBA" if alpha else "RGB")


def test_large_pictures_keep_their_proportions_and_their_light():
    pixels = np.kron(np.random.default_rng(0).integers(0, 256, (6, 16)), np.ones((200, 200))).astype(np.uint8)
    (picture,) = encoded_alike([pixels], 500_000)
    assert (picture.width, picture.height) == (1600, 600)
    inner = np.asarray(decoded(picture), float).reshape(6, 100, 16, 100)[:, 20:80, :, 20:80].mean(axis=(1, 3))
    np.testing.assert_allclose(inner, pixels[::200, ::200], atol=1.5)


def test_grey_with_alpha_keeps_both():
    grey, alpha = np.random.default_rng(0).integers(0, 256, (2, 20, 30), np.uint8)
    (picture,) = encoded_alike([grey], 100_000, alpha)
    image = np.asarray(decoded(picture))
    np.testing.assert_array_equal(image, np.dstack([grey, grey, grey, alpha]))


def test_the_colour_profile_comes_along_where_it_fits():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    colour, grey = np.zeros((4, 5, 3), np.uint8), np.zeros((4, 5), np.uint8)
    assert decoded(encoded_alike([colour], 10_000, icc_profile=profile)[0]).info["icc_profile"] == profile
    assert "icc_profile" not in decoded(encoded_alike([grey], 10_000, icc_profile=profile)[0]).info
    assert "icc_profile" not in decoded(encoded_alike([colour], 10_000, icc_profile=profile + b"\0" * 30_000)[0]).info


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint16, np.int32])
def test_eight_bits_are_those_of_the_formula_whatever_the_bands(dtype):
    values = (np.random.default_rng(0).random((1500, 700)) * 1200).astype(dtype)
    expected = np.rint(255 * np.clip((values.astype(np.float64) - 100) / 1000, 0, 1))
    np.testing.assert_array_equal(eight_bits(values, 100, 1000), expected)


def test_a_kernel_without_mass_is_black():
    assert not np.asarray(decoded(encoded_kernel(np.zeros((5, 5))))).any()
