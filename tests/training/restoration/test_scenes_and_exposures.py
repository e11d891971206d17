"""What pairs are made of: scenes, kernels, and what a camera makes of them."""

import numpy as np
import pytest

from pydeblur.errors import InvalidInputError
from pydeblur.training.restoration import exposures, scenes
from pydeblur.training.restoration.exposures import (
    KERNEL_SIZES,
    drawn_kernel,
    drawn_noise,
    exposed,
    measured_kernel,
    sharp_part,
)
from pydeblur.training.restoration.scenes import SceneSource, drawn_document, drawn_pattern, part_of


@pytest.mark.parametrize("draw", [drawn_document, drawn_pattern])
def test_drawn_pictures_are_pictures(draw):
    pictures = [draw(np.random.default_rng(seed), 72) for seed in range(8)]
    for picture in pictures:
        assert picture.shape == (72, 72) and picture.dtype == np.float32
        assert picture.min() >= 0 and picture.max() <= 1 and picture.std() > 0.01
    assert len({picture.tobytes() for picture in pictures}) == 8


def test_patterns_repeat():
    """The autocorrelation of most patterns has a second peak that is nearly as high as the first."""
    repeating = 0
    for seed in range(12):
        pattern = drawn_pattern(np.random.default_rng(seed), 128).astype(float)
        spectrum = np.abs(np.fft.rfft2(pattern - pattern.mean())) ** 2
        # Of something that repeats few frequencies hold most of the power.
        largest = np.sort(spectrum.ravel())[::-1]
        repeating += largest[: len(largest) // 50].sum() > 0.6 * largest.sum()
    assert repeating >= 10


def test_scenes_are_parts_of_photographs_of_the_split(photographs, camera):
    source = SceneSource(photographs, "train")
    scenes = [source.draw(np.random.default_rng(seed), 100) for seed in range(30)]
    assert all(scene.shape == (100, 100) for scene in scenes)
    # Nothing that is drawn has as many grey values as a photograph; three of four parts are not drawn.
    assert sum(len(np.unique(np.rint(255 * scene))) > 40 for scene in scenes) >= 15
    assert source.draw(np.random.default_rng(0), 400) is None or source.draw(np.random.default_rng(1), 400) is None


def test_large_photographs_are_reduced(tmp_path, split_images_folder, monkeypatch, camera):
    """What is kept of them does not grow with the camera's pixels."""
    monkeypatch.setattr(scenes, "_LARGEST_SIDE", 64)
    split_images_folder(tmp_path, [("train", camera)])
    drawn = [SceneSource(tmp_path, "train").draw(np.random.default_rng(seed), 65) for seed in range(12)]
    # Of the photograph there is too little, but what is drawn may have any size.
    assert sum(scene is None for scene in drawn) >= 6


def test_a_part_is_no_larger_than_its_picture():
    assert part_of(np.zeros((50, 90), np.float32), np.random.default_rng(0), 51) is None


def test_folders_without_images_of_the_split_are_refused(tmp_path, split_images_folder):
    split_images_folder(tmp_path, [("test", np.full((40, 40), 0.5))])
    with pytest.raises(InvalidInputError, match="train split"):
        SceneSource(tmp_path, "train")


def test_kernels_have_all_sizes_and_kinds():
    kernels = [drawn_kernel(np.random.default_rng(seed)) for seed in range(150)]
    sizes = [len(kernel) for kernel in kernels]
    assert min(sizes) >= KERNEL_SIZES[0] == 5 and max(sizes) <= KERNEL_SIZES[1] == 91
    assert min(sizes) <= 7 and max(sizes) >= 61 and all(size % 2 for size in sizes)
    for kernel in kernels:
        assert kernel.min() >= 0 and kernel.sum() == pytest.approx(1)
    assert max(len(drawn_kernel(np.random.default_rng(seed), 15)) for seed in range(40)) <= 15


def test_measured_kernels_are_close_to_the_true_ones_and_none_is_exact():
    for seed in range(40):
        kernel = drawn_kernel(np.random.default_rng(seed))
        measured = measured_kernel(kernel, np.random.default_rng(seed))
        assert measured.shape == kernel.shape and measured.min() >= 0 and measured.sum() == pytest.approx(1)
        # Half of the mass that lies elsewhere.
        assert 0 < np.abs(measured - kernel).sum() / 2 < 0.35
        # Nothing appears far away from the true kernel.
        rows, columns = np.nonzero(kernel)
        far = np.ones(kernel.shape, bool)
        far[max(rows.min() - 4, 0) : rows.max() + 5, max(columns.min() - 4, 0) : columns.max() + 5] = False
        assert not measured[far].any()


def test_a_third_of_the_noise_is_near_0():
    noises = np.array([drawn_noise(np.random.default_rng(seed)) for seed in range(400)])
    assert noises.min() >= 0 and noises.max() <= 0.03 and 0.25 < np.mean(noises < 0.004) < 0.45


def test_an_exposure_is_the_scene_blurred(monkeypatch, camera):
    """Without noise, lights, JPEG and changes across the picture it is the convolution, in 8 bits."""
    for name in ("_LIGHTS", "_NONUNIFORM", "_JPEG"):
        monkeypatch.setattr(exposures, name, 0.0)
    monkeypatch.setattr(exposures, "_NOISES", ((0.0, 0.0),) * 3)
    scene, kernel = camera[100:160, 100:160].astype(np.float32), np.zeros((5, 5))
    kernel[2, 4] = 1
    exposure = exposed(scene, kernel, np.random.default_rng(0))
    np.testing.assert_allclose(exposure.blurred, scene[2:-2, :-4], atol=0.51 / 255)
    np.testing.assert_array_equal(sharp_part(exposure, kernel.shape), scene[2:-2, 2:-2])


def test_lights_jpeg_and_changes_across_the_picture_stay_pictures(monkeypatch, camera):
    for name in ("_LIGHTS", "_NONUNIFORM", "_JPEG"):
        monkeypatch.setattr(exposures, name, 1.0)
    scene = 0.5 * camera[100:180, 100:180].astype(np.float32)
    exposure = exposed(scene, drawn_kernel(np.random.default_rng(0), 15), np.random.default_rng(1))
    # The lights are clipped in the scene too, and were brighter before.
    assert exposure.sharp.max() == 1 and exposure.blurred.max() > 0.5 + 0.1
    values = 255 * exposure.blurred
    np.testing.assert_allclose(values, np.rint(values), atol=1e-4)
