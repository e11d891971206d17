"""The bilateral filter against its definition, a loop over the window, bit for bit."""

import numpy as np
import pytest

from pydeblur.matlab import fspecial, padarray, rgb2lab
from pydeblur.nonblind import bilateral
from pydeblur.nonblind.bilateral import bilateral_filter


def by_definition(image, sigma_s, sigma_r, radius=None):
    """Sums over the window, row by row, in single precision; exponentials in double."""
    is_colour = image.ndim == 3
    guide = rgb2lab(np.clip(image, 0, 1)) if is_colour else image[..., None]
    values = image if is_colour else image[..., None]
    radius = int(np.ceil(3 * sigma_s)) if radius is None else radius
    variance = np.float32((sigma_r * (100 if is_colour else 1)) ** 2)
    weights = fspecial("gaussian", 2 * radius + 1, sigma_s).astype(np.float32)
    values, guide = (np.moveaxis(planes.astype(np.float32), -1, 0) for planes in (values, guide))
    pad = [np.stack([padarray(plane, (radius, radius), "replicate") for plane in planes]) for planes in (values, guide)]
    height, width = image.shape[:2]
    total, mass = np.zeros_like(values), np.zeros((height, width), np.float32)
    for row in range(2 * radius + 1):
        for column in range(2 * radius + 1):
            window = np.s_[:, row : row + height, column : column + width]
            squares = (guide - pad[1][window]) ** 2
            distance = squares[0] if len(squares) == 1 else squares[0] + squares[1] + squares[2]
            similarity = np.exp((np.float32(-0.5) * (distance / variance)).astype(np.float64)).astype(np.float32)
            weight = weights[row, column] * similarity
            total += pad[0][window] * weight
            mass += weight
    result = total / mass
    return np.moveaxis(result, 0, -1) if is_colour else result[0]


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (17, 5), (16, 24), (37, 51), (33, 30, 3), (3, 70, 3)], ids=str)
@pytest.mark.parametrize("sigmas", [(1.0, 0.1), (3.0, 0.1), (1.5, 0.02)], ids=str)
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.usefixtures("each_loop")
def test_every_bit_is_the_definition_s(shape, sigmas, workers, monkeypatch):
    monkeypatch.setattr(bilateral, "_TILE", (16, 24))  # several tiles, and incomplete ones
    image = 0.2 * np.random.default_rng(0).standard_normal(shape)
    actual = bilateral_filter(image, *sigmas, workers=workers)
    assert actual.dtype == np.float32 and np.array_equal(actual, by_definition(image, *sigmas))


@pytest.mark.parametrize("radius", [1, 2])
@pytest.mark.usefixtures("each_loop")
def test_a_window_can_be_asked_for(radius):
    image = np.random.default_rng(0).random((20, 31))
    expected = by_definition(image, 2.0, 0.5, radius)
    assert np.array_equal(bilateral_filter(image, 2.0, 0.5, radius=radius), expected)


@pytest.mark.parametrize("shape", [(37, 51), (33, 30, 3)], ids=str)
@pytest.mark.usefixtures("each_loop")
def test_single_precision_is_right_to_its_last_digits(shape):
    image = (0.2 * np.random.default_rng(0).standard_normal(shape)).astype(np.float32)
    actual, exact = bilateral_filter(image), bilateral_filter(image.astype(np.float64))
    assert actual.dtype == np.float32 and np.max(np.abs(actual - exact)) < 1e-6
