"""Köhler et al.'s sharp frames from the user's folder, in both shapes."""

import numpy as np
import pytest
from scipy.io import savemat

from pydeblur.datasets.kohler_frames import check_frames_folder, frames
from pydeblur.errors import FileFormatError, InvalidInputError
from pydeblur.files import write_image


def stack(count):
    return np.random.default_rng(0).integers(0, 256, (6, 5, 3, count), dtype=np.uint8)


def test_mat_file(tmp_path):
    values = stack(3)
    savemat(tmp_path / "GroundTruth2_11.mat", {"GroundTruth": values})
    check_frames_folder(tmp_path)
    for number, frame in enumerate(frames(tmp_path, "im02_ker11")):
        np.testing.assert_array_equal(frame, values[..., number] / 255)
    assert number == 2


def test_pictures_in_the_order_of_their_numbers(tmp_path):
    values = stack(11) / 255
    for number in range(11):
        write_image(tmp_path / f"GroundTruth1_1_{number + 1}.png", values[..., number])
    found = list(frames(tmp_path, "im01_ker01"))
    np.testing.assert_allclose(found, np.moveaxis(values, -1, 0), atol=1e-12)


def test_the_frame_that_their_code_leaves_out(tmp_path):
    values = stack(32)
    for shake in (3, 4):
        savemat(tmp_path / f"GroundTruth1_{shake}.mat", {"GroundTruth": values})
    found = list(frames(tmp_path, "im01_ker03"))
    np.testing.assert_array_equal(found, np.delete(np.moveaxis(values, -1, 0), 29, axis=0) / 255)
    assert len(list(frames(tmp_path, "im01_ker04"))) == 32


@pytest.mark.parametrize("content", [b"no MATLAB file", {"Other": 1.0}, {"GroundTruth": np.zeros((3, 3))}])
def test_damaged_files(tmp_path, content):
    path = tmp_path / "GroundTruth1_1.mat"
    path.write_bytes(content) if isinstance(content, bytes) else savemat(path, content)
    with pytest.raises(FileFormatError, match=r"^[^\n]+$"):
        list(frames(tmp_path, "im01_ker01"))


def test_nothing_there(tmp_path):
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(InvalidInputError, match=r"^[^\n]+$"):
            check_frames_folder(folder)
    with pytest.raises(InvalidInputError, match="im01_ker02"):
        list(frames(tmp_path, "im01_ker02"))
