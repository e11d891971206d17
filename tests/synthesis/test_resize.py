"""Resizing keeps what can be shown at the new size, and nothing else."""

import numpy as np
import pytest
from PIL import Image
from skimage import data

from pydeblur.errors import InvalidInputError
from pydeblur.synthesis import resize

CAMERA = data.camera()


@pytest.mark.parametrize("filter", ["cubic", "linear", "box"])
def test_resize_keeps_constants_and_ramps_and_removes_what_cannot_be_shown(filter):
    np.testing.assert_allclose(resize(np.full((40, 60), 0.3), 0.37, filter), 0.3, rtol=1e-6)
    ramp = np.tile(np.arange(64.0), (64, 1))
    np.testing.assert_allclose(resize(ramp, 0.5, filter)[10, 4:-4], 2 * np.arange(32.0)[4:-4] + 0.5, atol=1e-4)
    stripes = np.tile([0.0, 1.0], (64, 32))
    assert np.std(resize(stripes, 0.25, filter)[:, 2:-2]) < 0.01


@pytest.mark.parametrize("factor", [0.5, 0.3, 0.83])
def test_resize_agrees_with_pillow(factor):
    image = CAMERA[:200, :300].astype(np.float32)
    ours = resize(image, factor, "linear")
    theirs = np.asarray(Image.fromarray(image).resize(ours.shape[::-1], Image.Resampling.BILINEAR))
    assert np.sqrt(np.mean((ours - theirs)[4:-4, 4:-4] ** 2)) < 0.5  # of 255: Pillow stretches to the rounded side


def test_bad_arguments_are_refused():
    for arguments, word in (((0,), "factor"), ((0.5, "sinc"), "filter")):
        with pytest.raises(InvalidInputError, match=word):
            resize(np.zeros((64, 64)), *arguments)
    with pytest.raises(InvalidInputError, match="image"):
        resize(np.zeros(5), 0.5)
