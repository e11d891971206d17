"""Patches are parts of the images, of all alike."""

import numpy as np
import pytest

from pydeblur.errors import InvalidInputError
from pydeblur.nonblind.mixture import CHUNK
from pydeblur.training.epll_mixture.patches import float_chunks, sample_patches


def test_patches_come_from_all_images_alike_and_in_random_order():
    images = [np.full((10, 12), value, np.uint8) for value in (10, 20, 30)] + [np.zeros((4, 90), np.uint8)]
    patches = sample_patches(images, 1000, 8, 0)
    assert patches.shape == (1000, 64) and np.ptp(patches, axis=1).max() == 0
    values, counts = np.unique(patches[:, 0], return_counts=True)
    assert list(values) == [10, 20, 30] and np.ptp(counts) <= 1
    assert len(set(patches[:10, 0])) > 1
    assert np.array_equal(patches, sample_patches(images, 1000, 8, 0))
    assert not np.array_equal(patches, sample_patches(images, 1000, 8, 1))


def test_patches_are_parts_of_the_image():
    image = np.arange(143, dtype=np.uint8).reshape(11, 13)
    patches = sample_patches([image], 20, 3, 0)
    corners = patches[:, 0]
    assert np.array_equal(patches, corners[:, None] + np.array([0, 1, 2, 13, 14, 15, 26, 27, 28], np.uint8))


def test_images_without_room_for_a_patch_are_refused():
    with pytest.raises(InvalidInputError, match="at least 8 x 8"):
        sample_patches([np.zeros((7, 90), np.uint8)], 10, 8, 0)


def test_chunks_hold_all_patches_once_without_their_means():
    patches = np.random.default_rng(0).integers(0, 256, (CHUNK + 10, 4), dtype=np.uint8)
    chunks = list(float_chunks(patches))
    assert [chunk.shape[1] for chunk in chunks] == [CHUNK, 10]
    expected = (patches - patches.mean(axis=1, keepdims=True)) / 255
    np.testing.assert_allclose(np.concatenate(chunks, axis=1).T, expected, atol=1e-6)
