"""The part of an image that its kernel is estimated from: given by hand, and chosen."""

import numpy as np
import pytest

import pydeblur
from pydeblur.crop import Window, choose_window, crop_window

RNG = np.random.default_rng(0)
TEXTURE = RNG.random((64, 64))
IMAGE = RNG.random((90, 100))
BOX = (10, 20, 64, 70)


def flat_with(height=256, width=320, **patches):
    """A grey picture of 0.5 with a patch of 64 x 64 at each given (top, left)."""
    image = np.full((height, width), 0.5)
    for (top, left), patch in patches.values():
        image[top : top + 64, left : left + 64] = patch
    return image


def covers(window, top, left):
    """Whether a window holds nearly all of a patch."""
    return abs(window.top - top) <= 8 and abs(window.left - left) <= 8


@pytest.mark.parametrize("position", [(0, 0), (100, 130), (192, 256), (40, 200)])
def test_the_window_is_where_the_texture_is(position):
    assert covers(choose_window(flat_with(a=(position, 0.3 + 0.4 * TEXTURE)), 9, side=64), *position)


def test_edges_in_one_direction_are_worth_less_than_weaker_ones_in_all():
    image = flat_with(texture=((150, 200), 0.4 + 0.2 * TEXTURE))
    image[:, 20:84] = np.arange(64) // 4 % 2 * 0.9
    assert covers(choose_window(image, 9, side=64), 150, 200)


def test_much_texture_is_worth_more_than_a_single_strong_edge_pair():
    cross = np.full((64, 64), 0.1)
    cross[30:34], cross[:, 30:34] = 0.95, 0.95
    image = flat_with(cross=((20, 20), cross), texture=((150, 200), 0.4 + 0.2 * TEXTURE))
    image += 0.02 * np.random.default_rng(2).random(image.shape)  # as the noise and faint texture of a photograph
    assert covers(choose_window(image, 9, side=64), 150, 200)


def test_clipped_pixels_are_avoided():
    clipped = np.where(TEXTURE > 0.9, 1.0, TEXTURE)
    image = flat_with(clipped=((20, 20), clipped), texture=((150, 200), 0.3 + 0.3 * TEXTURE))
    assert covers(choose_window(image, 9, side=64), 150, 200)


def test_one_channel_clipped_is_clipped():
    image = np.stack([flat_with(a=((20, 20), TEXTURE * 0.9), b=((150, 200), 0.3 + 0.3 * TEXTURE))] * 3, axis=-1)
    image[20:84, 20:84, 0] = 1
    assert covers(choose_window(image, 9, side=64), 150, 200)


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_picture_of_nothing_gives_its_middle(value):
    assert choose_window(np.full((200, 301), value), 9, side=100) == Window(50, 100, 100, 100)


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (3, 700), (30, 40), (513, 100), (601, 701), (512, 512)])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_the_window_lies_within_any_image(shape, channels):
    image = np.random.default_rng(1).random((*shape, *channels), np.float32)
    window = choose_window(image, 13)
    assert window.part_of(image).shape[:2] == (min(512, shape[0]), min(512, shape[1])) == (window.height, window.width)
    assert min(window) >= 0 and all(type(number) is int for number in window)


def test_the_side_grows_with_the_kernel():
    image = RNG.random((700, 900))
    assert choose_window(image, 51)[2:] == (612, 612) and choose_window(image, 13)[2:] == (512, 512)


def test_the_kernel_of_a_given_part_is_that_of_the_part_alone():
    result = pydeblur.estimate_kernel(IMAGE, 9, crop=BOX, iterations=1)
    alone = pydeblur.estimate_kernel(IMAGE[10:74, 20:90], 9, iterations=1)
    assert np.array_equal(result.kernel, alone.kernel) and result.latent.shape == (64, 70)
    assert result.crop == BOX and alone.crop is None


@pytest.mark.parametrize("crop", [BOX, list(BOX), "auto"])
def test_the_final_step_is_made_on_the_whole_image(crop):
    image = np.stack([IMAGE] * 3, axis=-1)
    result = pydeblur.deblur(image, 9, crop=crop, iterations=1, nonblind="tv")
    assert result.image.shape == image.shape
    assert np.array_equal(result.image, pydeblur.deconvolve(image, result.kernel, "tv"))
    assert result.crop == (BOX if crop != "auto" else (0, 0, 90, 100))


BAD = ["", "middle", 3, True, (1, 2, 3), (0, 0, 64, 64.0), (0, 0, 0, 64), (-1, 0, 64, 64), (0, 0, 91, 64), (0, 40, 64, 64)]


@pytest.mark.parametrize("crop", BAD, ids=str)
def test_a_bad_crop_is_refused_in_one_sentence(crop):
    with pytest.raises(pydeblur.InvalidInputError, match="^crop should [^\n]+$"):
        crop_window(crop, IMAGE, 9)


def test_a_part_too_small_for_the_kernel_is_refused():
    with pytest.raises(pydeblur.InvalidInputError, match="^[^\n]+$"):
        pydeblur.deblur(IMAGE, 31, crop=(0, 0, 8, 8))
