"""Pairs show the network what it is shown later, and its target lies where the restored image is."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import fourier_shift

from pydeblur.errors import FileFormatError
from pydeblur.nonblind.restoration_inputs import BASE, INPUTS
from pydeblur.training.restoration.estimated_kernels import ROOM, EstimatedKernel, best_shift
from pydeblur.training.restoration.pairs import find_shift, load_pair, make_pairs


def test_pairs_hold_inputs_and_what_is_to_be_added(pair_paths):
    gains = []
    for path in pair_paths:
        pair = load_pair(path).astype(np.float32)
        assert len(pair) == len(INPUTS) + 1 and np.isfinite(pair).all()
        base, wanted = pair[BASE] / 2 + 0.5, pair[-1] / 8
        target = base + wanted
        assert target.min() > -0.3 and target.max() < 1.3
        blurred = base + pair[INPUTS.index("blurred")] / 8
        assert blurred.min() > -0.01 and blurred.max() < 1.01
        gains.append(10 * np.log10(((blurred - target) ** 2).mean() / (wanted**2).mean()))
    # What is to be added is less than what blurred the picture.
    assert np.mean(gains) > 2


def test_the_pair_of_an_estimate_shows_where_its_kernel_puts_the_picture(pair_paths, estimate):
    """The target is the sharp picture, moved by the two rows that the kernel is off."""
    pair = load_pair(pair_paths[-1]).astype(np.float32)
    target = pair[BASE] / 2 + 0.5 + pair[-1] / 8
    expected = estimate.sharp[ROOM + 2 : -ROOM + 2, ROOM:-ROOM]
    assert target.shape == expected.shape
    assert ((target - expected)[8:-8, 8:-8] ** 2).mean() < 0.1 * ((target - estimate.blurred)[8:-8, 8:-8] ** 2).mean()
    assert (pair[-1, 8:-8, 8:-8] ** 2).mean() < 0.3 * ((pair[-1] - pair[2])[8:-8, 8:-8] ** 2).mean()


def test_estimates_of_no_use_make_no_pair(photographs, estimate, tmp_path):
    """A kernel that makes the picture worse, and one that lies too far away."""
    far = np.pad(estimate.true, 30)
    useless = {"wrong": np.rot90(np.eye(25)) / 25, "far": np.roll(far, 20, axis=1)}
    paths = [tmp_path / f"{name}.npz" for name in useless]
    for path, kernel in zip(paths, useless.values()):
        replace(estimate, estimated=kernel).save(path)
    assert make_pairs(photographs, paths, tmp_path / "pairs", 0) == []
    # They are not tried again.
    made = []
    assert make_pairs(photographs, paths, tmp_path / "pairs", 0, progress=made.append) == [] and not made


def test_pairs_are_made_once_and_alike(pair_paths, photographs, estimate_path, tmp_path):
    again = make_pairs(photographs, [estimate_path], tmp_path, 1)
    for own, other in zip(again, (pair_paths[0], pair_paths[-1])):
        # Compiled loops, which come in after some work, and NumPy's differ in the last bits.
        np.testing.assert_allclose(load_pair(own), load_pair(other), atol=0.02)
    again[0].unlink()
    made = []
    make_pairs(photographs, [estimate_path], tmp_path, 1, progress=made.append)
    assert made == [again[0]]


def test_the_shift_is_found_to_a_fraction_of_a_pixel(camera):
    sharp = camera[100:228, 100:228]
    wanted = np.array([1.3, -2.6])
    moved = np.fft.ifft2(fourier_shift(np.fft.fft2(sharp), -wanted)).real[16:-16, 16:-16]
    np.testing.assert_allclose(find_shift(moved, sharp, (1, -2)), wanted, atol=0.05)


@pytest.mark.parametrize("shift", [(0, 0), (3, -2), (-4, 1)])
def test_kernels_are_compared_where_they_are_alike(shift):
    rng = np.random.default_rng(0)
    true = rng.random((7, 7))
    estimated = np.roll(np.pad(true, 6), shift, axis=(0, 1))
    found, similarity = best_shift(true, estimated)
    assert found == shift and similarity == pytest.approx(1)
    assert best_shift(true, np.eye(9))[1] < 0.99


def test_estimates_are_read_back(estimate_path, estimate, tmp_path):
    found = EstimatedKernel.load(estimate_path)
    for name, value in vars(estimate).items():
        np.testing.assert_array_equal(getattr(found, name), value)
    assert best_shift(found.true, found.estimated)[0] == (2, 0) and found.similarity == pytest.approx(1)
    np.savez(tmp_path / "other.npz", true=np.eye(3))
    with pytest.raises(FileFormatError, match="estimated"):
        EstimatedKernel.load(tmp_path / "other.npz")


@pytest.mark.parametrize("content", [b"", b"no array", None])
def test_other_files_are_no_pairs(tmp_path, content):
    path = tmp_path / "pair.npy"
    if content is None:
        np.save(path, np.zeros((3, 90, 90), np.float16))
    else:
        path.write_bytes(content)
    with pytest.raises(FileFormatError, match="pair"):
        load_pair(path)
