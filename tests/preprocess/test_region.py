"""The part of an image that its kernel is estimated from: chosen by its definition, or given by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

import pydeblur
from pydeblur.preprocess.region import Region, choose_region, region_from

RNG = np.random.default_rng(0)
TEXTURE = RNG.random((64, 64))
IMAGE = RNG.random((90, 100))
BOX = (10, 20, 64, 70)


def choose_region_by_loops(image, kernel_size, side):
    """The definition, one block of 2 x 2 pixels and one position at a time."""
    height, width = image.shape
    rows, columns = height // 2, width // 2
    blocks = {(i, j): image[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] for i in range(rows) for j in range(columns)}
    means = {place: block.astype(np.float32).mean() for place, block in blocks.items()}
    bright = np.array([place for place, block in blocks.items() if block.max() >= 0.98]).reshape(-1, 2)
    reach = kernel_size // 4 + 1

    def is_usable(place):
        return not np.any(np.abs(bright - place).max(axis=1) <= reach)

    usable = {place: is_usable(place) for place in blocks}
    gradients = {
        (i, j): np.array(
            [means.get((i, j + 1), means[i, j]) - means[i, j], means.get((i + 1, j), means[i, j]) - means[i, j]]
        )
        for i, j in blocks
    }
    lengths = [np.hypot(*gradients[place]) for place in blocks if usable[place] and gradients[place].any()]
    limit = np.quantile(lengths, 0.9)
    best, chosen = 0, None
    for top in positions(height, side):
        for left in positions(width, side):
            inside = [(i, j) for i in range(top // 2, (top + side) // 2) for j in range(left // 2, (left + side) // 2)]
            tensor = np.zeros((2, 2))
            for place in inside:
                if usable[place]:
                    gradient = gradients[place] * min(1, limit / max(np.hypot(*gradients[place]), limit))
                    tensor += np.outer(gradient, gradient) / len(inside)
            share = sum(usable[place] for place in inside) / len(inside)
            worth = share**2 * np.linalg.eigvalsh(tensor)[0]
            # Another order of the sums moves the last digits of single precision.
            if worth > best * (1 + 1e-4):
                best, chosen = worth, Region(top, left, side, side)
    return chosen


def positions(length, side):
    return [*range(0, length - side, side // 8), length - side]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([3, 9, 17]), st.integers(33, 60), st.integers(33, 60))
def test_the_region_is_the_one_of_loops_over_the_definition(seed, kernel_size, height, width):
    rng = np.random.default_rng(seed)
    # Patches of texture of different contrast and direction, some of them with clipped pixels.
    image = np.kron(rng.random((8, 8)), np.ones((8, 8)))[:height, :width] * rng.random((height, width))
    image[rng.random(image.shape) < 0.003] = 1
    assert choose_region(image, kernel_size, side=16) == choose_region_by_loops(image, kernel_size, 16)


@pytest.mark.parametrize("photograph", ["camera", "coins", "moon"])
def test_the_region_of_a_photograph_is_the_one_of_loops_over_the_definition(photograph):
    image = getattr(data, photograph)()[::4, ::4] / 255
    assert choose_region(image, 9, side=40) == choose_region_by_loops(image, 9, 40)


def flat_with(height=256, width=320, **patches):
    """A grey picture of 0.5 with a patch of 64 x 64 at each given (top, left)."""
    image = np.full((height, width), 0.5)
    for (top, left), patch in patches.values():
        image[top : top + 64, left : left + 64] = patch
    return image


def covers(region, top, left):
    """Whether a region holds nearly all of a patch."""
    return abs(region.top - top) <= 8 and abs(region.left - left) <= 8


@pytest.mark.parametrize("position", [(0, 0), (100, 130), (192, 256), (40, 200)])
def test_the_region_is_where_the_texture_is(position):
    assert covers(choose_region(flat_with(a=(position, 0.3 + 0.4 * TEXTURE)), 9, side=64), *position)


def test_edges_in_one_direction_are_worth_less_than_weaker_ones_in_all():
    image = flat_with(texture=((150, 200), 0.4 + 0.2 * TEXTURE))
    image[:, 20:84] = np.arange(64) // 4 % 2 * 0.9
    assert covers(choose_region(image, 9, side=64), 150, 200)


def test_much_texture_is_worth_more_than_a_single_strong_edge_pair():
    cross = np.full((64, 64), 0.1)
    cross[30:34], cross[:, 30:34] = 0.95, 0.95
    image = flat_with(cross=((20, 20), cross), texture=((150, 200), 0.4 + 0.2 * TEXTURE))
    image += 0.02 * np.random.default_rng(2).random(image.shape)  # as the noise and faint texture of a photograph
    assert covers(choose_region(image, 9, side=64), 150, 200)


def test_clipped_pixels_are_avoided():
    clipped = np.where(TEXTURE > 0.9, 1.0, TEXTURE)
    image = flat_with(clipped=((20, 20), clipped), texture=((150, 200), 0.3 + 0.3 * TEXTURE))
    assert covers(choose_region(image, 9, side=64), 150, 200)


def test_one_channel_clipped_is_clipped():
    image = np.stack([flat_with(a=((20, 20), TEXTURE * 0.9), b=((150, 200), 0.3 + 0.3 * TEXTURE))] * 3, axis=-1)
    image[20:84, 20:84, 0] = 1
    assert covers(choose_region(image, 9, side=64), 150, 200)


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_picture_of_nothing_gives_its_middle(value):
    assert choose_region(np.full((200, 301), value), 9, side=100) == Region(50, 100, 100, 100)


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (3, 700), (30, 40), (513, 100), (601, 701), (512, 512)])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_the_region_lies_within_any_image(shape, channels):
    image = np.random.default_rng(1).random((*shape, *channels), np.float32)
    region = choose_region(image, 13)
    assert region.part_of(image).shape[:2] == (min(512, shape[0]), min(512, shape[1])) == (region.height, region.width)
    assert min(region) >= 0 and all(type(number) is int for number in region)


def test_the_side_grows_with_the_kernel():
    image = RNG.random((700, 900))
    assert choose_region(image, 51)[2:] == (612, 612) and choose_region(image, 13)[2:] == (512, 512)


def test_nothing_a_choice_and_numbers_are_understood():
    image = RNG.random((600, 700))
    assert region_from(None, image, 9) is None
    assert region_from("auto", image, 9) == choose_region(image, 9)
    for crop in (BOX, list(BOX), np.array(BOX)):
        region = region_from(crop, image, 9)
        assert region == Region(*BOX) and all(type(number) is int for number in region)
        np.testing.assert_array_equal(region.part_of(image), image[10:74, 20:90])


BAD = [
    "",
    "middle",
    3,
    True,
    (1, 2, 3),
    (0, 0, 64, 64.0),
    (0, 0, 0, 64),
    (-1, 0, 64, 64),
    (0, 0, 91, 64),
    (0, 40, 64, 64),
]


@pytest.mark.parametrize("crop", BAD, ids=str)
def test_a_bad_crop_is_refused_in_one_sentence(crop):
    with pytest.raises(pydeblur.InvalidInputError, match=r"^crop should [^\n]+$"):
        region_from(crop, IMAGE, 9)


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
    assert np.array_equal(result.unclipped, pydeblur.deconvolve(image, result.kernel, "tv"))
    assert result.crop == (BOX if crop != "auto" else (0, 0, 90, 100))


def test_a_part_too_small_for_the_kernel_is_refused():
    with pytest.raises(pydeblur.InvalidInputError, match=r"^the image should be larger than the kernel[^\n]+$"):
        pydeblur.deblur(IMAGE, 31, crop=(0, 0, 8, 8))
