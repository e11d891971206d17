"""Photographs, an estimated kernel and pairs, as the restoring network is trained on."""

import numpy as np
import pytest

from pydeblur.synthesis import blur, random_kernel, valid_part
from pydeblur.training.restoration.estimated_kernels import ROOM, EstimatedKernel, best_shift
from pydeblur.training.restoration.pairs import make_pairs


@pytest.fixture(scope="session")
def photographs(tmp_path_factory, split_images_folder, camera):
    """A folder of four photographs of 300 x 320 pixels, half of them for the validation."""
    folder = tmp_path_factory.mktemp("photographs")
    splits = ("train", "train", "validation", "validation")
    split_images_folder(
        folder, [(split, camera[20 * n : 20 * n + 300, 10 * n : 10 * n + 320]) for n, split in enumerate(splits)]
    )
    return folder


@pytest.fixture(scope="session")
def estimate(camera):
    """An estimate that is the true kernel, a little wider, and off by two rows; with its picture."""
    true = random_kernel(9, 0)
    estimated = np.roll(np.pad(true, 2), 2, axis=0)
    scene = camera[60:228, 60:228].astype(np.float32)
    blurred = blur(scene, true, 0.005, 0, boundary="valid")[ROOM:-ROOM, ROOM:-ROOM]
    return EstimatedKernel(
        true, estimated, best_shift(true, estimated)[1], blurred, valid_part(scene, true.shape), 0.005
    )


@pytest.fixture(scope="session")
def estimate_path(tmp_path_factory, estimate):
    """The file of the estimate."""
    path = tmp_path_factory.mktemp("kernels") / "00000.npz"
    estimate.save(path)
    return path


@pytest.fixture(scope="session")
def pair_paths(tmp_path_factory, photographs, estimate_path):
    """Seven pairs with true kernels and one with the estimate."""
    return make_pairs(photographs, [estimate_path], tmp_path_factory.mktemp("pairs"), 7)
