"""Small folders of sharp images, which all trainings are tried on."""

import itertools

import pytest
from skimage import data

from pydeblur.datasets.photographs import split_of
from pydeblur.files import write_image


def write_split_images(folder, pictures):
    """Write (split, image) pairs under names that the hash puts into these splits."""
    names = (f"{number}.png" for number in itertools.count())
    for split, picture in pictures:
        write_image(folder / next(name for name in names if split_of(name) == split), picture)


@pytest.fixture(scope="session")
def camera():
    """The cameraman, (512, 512) float64 in [0, 1]."""
    return data.camera() / 255.0


@pytest.fixture(scope="session")
def split_images_folder():
    """write_split_images(folder, [(split, image), …])."""
    return write_split_images


@pytest.fixture(scope="session")
def small_images(tmp_path_factory, camera):
    """A folder of three training images, one validation image and one test image of about 200² pixels."""
    folder = tmp_path_factory.mktemp("images")
    parts = [camera[100:300, 100:300], data.coins()[:200, :200] / 255.0, data.page()[:180, :200] / 255.0]
    splits = ("train", "train", "train", "validation", "test")
    write_split_images(folder, [(split, parts[number % 3]) for number, split in enumerate(splits)])
    return folder
