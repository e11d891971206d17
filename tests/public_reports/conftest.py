"""What these tests share: a small picture to run the command line on."""

import pytest
from PIL import Image
from skimage import data


@pytest.fixture
def write_picture():
    """Write a small photograph to a path."""
    return lambda path: Image.fromarray(data.camera()[100:164:1, 180:250:1]).save(path)
