"""Sharp images for training: finding them, splitting them for good, and loading them as grey."""

import imageio.v3 as imageio
import numpy as np
import pytest

from pydeblur.datasets.photographs import (
    equal_folder_shares,
    find_images,
    load_compact,
    load_grey,
    split_images,
    split_of,
)
from pydeblur.errors import FileFormatError, InvalidInputError


def test_split_depends_on_the_name_alone():
    names = [f"image{number}.png" for number in range(2000)]
    groups = split_images(names)
    assert split_images(reversed(names))["test"] == groups["test"][::-1]
    assert {split: len(paths) / 2000 for split, paths in groups.items()} == pytest.approx(
        {"train": 0.8, "validation": 0.1, "test": 0.1}, abs=0.03
    )
    assert split_of("/elsewhere/image7.png") == split_of("image7.png")
    # Frozen: a change of the hash would leak test images into training.
    assert [split_of(f"image{number}.png") for number in range(4, 11)] == FROZEN


FROZEN = ["train", "train", "train", "validation", "train", "train", "test"]


def test_folders_get_equal_shares():
    shares = equal_folder_shares(["a/1.png", "b/1.png", "a/2.png", "a/3.png", "b/2.png"])
    np.testing.assert_allclose(shares, [1 / 6, 1 / 4, 1 / 6, 1 / 6, 1 / 4])


def test_finds_images_in_subfolders(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("a/b/two.png", "a/one.jpg"):
        imageio.imwrite(tmp_path / name, np.zeros((8, 8), np.uint8))
    (tmp_path / "a" / "notes.txt").write_text("no image")
    assert [path.name for path in find_images(tmp_path)] == ["two.png", "one.jpg"]
    with pytest.raises(InvalidInputError, match="not a folder"):
        find_images([tmp_path / "missing"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInputError, match="none"):
        find_images(tmp_path / "empty")


def test_grey_has_matlabs_weights(tmp_path):
    colours = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], np.uint8)
    imageio.imwrite(tmp_path / "colours.png", colours)
    np.testing.assert_allclose(load_grey(tmp_path / "colours.png"), [[0.2989, 0.5870], [0.1140, 1]], atol=1e-4)
    np.testing.assert_array_equal(load_compact([tmp_path / "colours.png"])[0], [[76, 150], [29, 255]])


def test_loading(tmp_path):
    image = np.arange(64, dtype=np.uint8).reshape(8, 8)
    imageio.imwrite(tmp_path / "image.png", image)
    grey = load_grey(tmp_path / "image.png")
    assert grey.dtype == np.float32
    np.testing.assert_allclose(grey, image / 255, atol=1e-7)
    np.testing.assert_array_equal(load_compact([tmp_path / "image.png"])[0], image)
    (tmp_path / "broken.png").write_text("no image")
    for name in ("broken.png", "missing.png"):
        with pytest.raises(FileFormatError, match=name):
            load_grey(tmp_path / name)
