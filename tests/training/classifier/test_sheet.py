"""The picture of kernels and pairs is what its file holds, and comes from the seed."""

import imageio.v3 as imageio
import numpy as np
import pytest
from skimage import data

from pydeblur.errors import InvalidInputError
from pydeblur.training.classifier.sheet import write_sheet

SMALL = {"columns": 3, "kernel_rows": 2, "pair_rows": 1, "crop": 48}


def test_sheet_is_written_and_repeats(tmp_path):
    picture = write_sheet(tmp_path / "sheet.png", [data.camera()], 0, **SMALL)
    assert picture.min() >= 0 and picture.max() <= 1
    np.testing.assert_array_equal(imageio.imread(tmp_path / "sheet.png"), np.floor(255 * picture.astype(float) + 0.5))
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.png"]
    np.testing.assert_array_equal(picture, write_sheet(tmp_path / "again.png", [data.camera()], 0, **SMALL))
    assert not np.array_equal(picture, write_sheet(tmp_path / "other.png", [data.camera()], 1, **SMALL))


def test_kernels_stand_in_the_middle_of_their_tiles(tmp_path):
    """The first of six is the smallest, of 7 x 7 pixels, in a tile of 51 x 51; its brightest pixel is white."""
    tile = write_sheet(tmp_path / "sheet.png", [data.camera()], 0, **SMALL)[:51, :51]
    rows, columns = np.nonzero(tile)
    assert tile.max() == 1 and min(rows.min(), columns.min()) >= 22 and max(rows.max(), columns.max()) <= 28


def test_bad_arguments_are_refused(tmp_path):
    for images, words, complaint in (([data.camera()], {"columns": 0}, "columns"), ([], {}, "images")):
        with pytest.raises(InvalidInputError, match=complaint):
            write_sheet(tmp_path / "sheet.png", images, **{**SMALL, **words})
    assert not list(tmp_path.iterdir())
