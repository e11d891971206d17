"""Drawings are flat with narrow edges, and what is out of focus is soft while the rest stays."""

import numpy as np
import pytest

from pydeblur.errors import InvalidInputError
from pydeblur.synthesis import defocus_parts, posterize


def test_posterized_images_are_flat_with_narrow_edges():
    smooth = np.add.outer(np.linspace(0, 1, 120), np.linspace(0, 0.5, 100)) / 1.5
    for seed in range(6):
        drawing = posterize(smooth, seed)
        values, counts = np.unique(np.round(drawing, 4), return_counts=True)
        assert drawing.min() >= 0 and drawing.max() <= 1 and drawing.dtype == np.float32
        assert np.sort(counts)[-4:].sum() > 0.9 * drawing.size
        assert np.array_equal(drawing, posterize(smooth, seed))
    with pytest.raises(InvalidInputError, match="image"):
        posterize(np.zeros(5), 0)


def test_defocus_leaves_some_parts_and_softens_others():
    sharp = np.random.default_rng(0).uniform(0, 1, (200, 160)).astype(np.float32)
    for seed in range(6):
        result = defocus_parts(sharp, seed)
        assert result.shape == sharp.shape and result.dtype == np.float32
        untouched = np.mean(np.abs(result - sharp) < 1e-6)
        # Where it is soft, white noise averaged over a disc of at least 1.5 pixels keeps a third of its contrast at most.
        contrast = np.abs(result - 0.5).reshape(20, 10, 16, 10).mean(axis=(1, 3))
        assert 0.1 < untouched < 0.8
        assert np.mean(contrast < 0.125) > 0.15 and np.mean(contrast > 0.2) > 0.1
        assert np.array_equal(result, defocus_parts(sharp, seed))
    with pytest.raises(InvalidInputError, match="image"):
        defocus_parts(np.zeros(5), 0)
