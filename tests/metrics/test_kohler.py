"""Köhler's measure by brute force, and its surrogate on an image warped by a known homography."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates, shift

from pydeblur.errors import InvalidInputError
from pydeblur.metrics.homography import align_homography, find_homography
from pydeblur.metrics.kohler import best_frame_psnr, kohler_psnr, surrogate_psnr


@pytest.fixture(scope="module")
def scene(sharp_image):
    """(120, 132, 3), 8-bit values."""
    image = np.stack([sharp_image, sharp_image**1.1, 0.9 * sharp_image], axis=-1)
    return np.round(image * 255) / 255


def brute_force(restored, frame):
    """Their code, loop by loop: scale, every whole-pixel shift, zero fill, luminance."""
    restored = np.round(np.clip(restored, 0, 1) * 255) / 255
    restored = restored * np.sum(frame * restored) / np.sum(restored**2)
    best, where = -np.inf, None
    for rows in range(-4, 5):
        for columns in range(-4, 5):
            rolled = np.roll(restored.mean(2), (rows, columns), (0, 1))
            if np.sum(rolled * frame.mean(2)) > best:
                best, where = np.sum(rolled * frame.mean(2)), (rows, columns)
    moved = np.zeros_like(frame)
    mask = np.zeros_like(frame)
    for i in range(frame.shape[0]):
        for j in range(frame.shape[1]):
            y, x = i - where[0], j - where[1]
            if 0 <= y < frame.shape[0] and 0 <= x < frame.shape[1]:
                moved[i, j], mask[i, j] = restored[y, x], 1
    difference = (moved - frame * mask) @ [0.299, 0.587, 0.114]
    return -10 * np.log10(np.mean(difference**2))


@pytest.mark.parametrize("move", [(0, 0), (3, -2), (-1, 4), (-3, -3)])
def test_official_measure(scene, move):
    noise = 0.02 * np.random.default_rng(0).standard_normal(scene.shape)
    restored = np.roll(0.8 * scene + noise, move, (0, 1))
    assert kohler_psnr(restored, scene) == pytest.approx(brute_force(restored, scene), abs=1e-9)


def test_brightness_costs_nothing(scene):
    assert kohler_psnr(scene, scene) > 100
    assert kohler_psnr(0.5 * scene, scene) > 45  # 8 bits are what is left


def test_the_best_frame_counts(scene):
    rng = np.random.default_rng(1)
    frames = [np.clip(scene + s * rng.standard_normal(scene.shape), 0, 1) for s in (0.1, 0.01, 0.05)]
    score = best_frame_psnr(scene, iter(frames))
    assert score.frame == 1 and score.psnr == max(kohler_psnr(scene, frame) for frame in frames)
    with pytest.raises(InvalidInputError):
        best_frame_psnr(scene, [])
    with pytest.raises(InvalidInputError):
        kohler_psnr(scene, scene[1:])


def warped(image, homography):
    """image at H (x, y, 1) for every pixel (x, y), both from -1 to 1 across the longer side."""
    scale = max(image.shape) / 2
    rows, columns = np.indices(image.shape)
    centre = (np.array(image.shape) - 1) / 2
    points = np.stack([(columns - centre[1]) / scale, (rows - centre[0]) / scale, np.ones(image.shape)])
    x, y, w = np.tensordot(homography, points, 1)
    at = (y / w * scale + centre[0], x / w * scale + centre[1])
    return map_coordinates(image, at, order=3, mode="nearest")


TURN = np.array([[0.999, -0.02, 0.05], [0.02, 1.002, -0.03], [0.004, -0.006, 1.0]])


def test_a_known_homography_is_found(sharp_image):
    moving = 0.8 * warped(sharp_image, np.linalg.inv(TURN)) + 0.05
    found = find_homography(moving, sharp_image)
    corners = np.array([[-1, -0.9, 1], [1, -0.9, 1], [-1, 0.9, 1], [1, 0.9, 1]]).T
    ours, theirs = (h @ corners for h in (found, TURN))
    pixels = (ours[:2] / ours[2] - theirs[:2] / theirs[2]) * max(sharp_image.shape) / 2
    assert np.abs(pixels).max() < 0.1


def test_surrogate_undoes_a_turn_and_measures_what_is_left(sharp_image):
    turned = warped(sharp_image, np.linalg.inv(TURN))
    assert kohler_psnr(turned, sharp_image) < 25
    assert surrogate_psnr(turned, sharp_image) > 35
    noise = 0.05 * np.random.default_rng(2).standard_normal(sharp_image.shape)
    assert surrogate_psnr(turned + noise, sharp_image) == pytest.approx(26, abs=1.0)


def test_surrogate_of_an_aligned_image_is_its_psnr(scene):
    noise = 0.03 * np.random.default_rng(3).standard_normal(scene.shape)
    assert surrogate_psnr(scene + noise, scene) == pytest.approx(-20 * np.log10(0.03), abs=0.3)


def test_pixels_from_outside_do_not_count(sharp_image):
    _, inside = align_homography(shift(sharp_image, (0, 12), mode="constant"), sharp_image)
    assert not inside[:, -10:].any() and inside[30:90, 20:100].all()
