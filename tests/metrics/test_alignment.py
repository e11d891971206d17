"""The fast search for the best shift against one that interpolates every shift by itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from scipy.ndimage import shift as moved

from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.matlab import interp2
from pydeblur.metrics import align, alignment, comp_upto_shift


def comp_upto_shift_by_interp2(restored, reference, max_shift, border):
    """Levin et al.'s function as published: one interp2 per shift; also returns the shift."""
    height, width = reference.shape
    reference = reference[border : height - border, border : width - border]
    near = border - max_shift
    restored = restored[near : height - near, near : width - near]
    rows, columns = reference.shape
    # One-based coordinates in which the cropped reference starts at (1, 1).
    x = np.arange(1 - max_shift, columns + max_shift + 1)
    y = np.arange(1 - max_shift, rows + max_shift + 1)
    x0, y0 = np.meshgrid(np.arange(1, columns + 1), np.arange(1, rows + 1))
    best = (np.inf, None, None)
    for down in np.arange(-max_shift, max_shift + 0.125, 0.25):
        for right in np.arange(-max_shift, max_shift + 0.125, 0.25):
            image = interp2(x, y, restored, x0 + right, y0 + down)
            ssd = np.sum((image - reference) ** 2)
            if ssd < best[0]:
                best = (ssd, image, (down, right))
    return best


def smooth_image(height, width, seed=0):
    return gaussian_filter(np.random.default_rng(seed).random((height, width)), 2) * 5


class TestAgainstBruteForce:
    @settings(max_examples=15, deadline=None)
    @given(
        st.integers(0, 2**32 - 1),
        st.integers(0, 2),
        st.integers(0, 2),
        st.floats(0, 1),
        st.integers(2, 9),
        st.integers(2, 9),
    )
    def test_small_images_of_any_shape(self, seed, max_shift, extra, noise, height, width):
        generator = np.random.default_rng(seed)
        border = max_shift + extra
        shape = (2 * border + height, 2 * border + width)
        reference = generator.random(shape)
        restored = np.roll(reference, (1, -1), (0, 1)) + noise * generator.standard_normal(shape)
        ssd, image, shift = comp_upto_shift_by_interp2(restored, reference, max_shift, border)
        found = align(restored, reference, max_shift, border)
        assert found.ssd == pytest.approx(ssd, rel=1e-12, abs=1e-25)
        if found.shift == shift:  # equal sums may fall to another shift by rounding
            assert np.abs(found.image - image).max() <= 1e-12 * np.abs(image).max()

    @pytest.mark.parametrize("displacement", [(0, 0), (2.25, -3.5), (-5, 5), (4.9, 0.1), (7, 0)])
    def test_levins_protocol(self, displacement):
        reference = smooth_image(61, 67)
        noise = 0.01 * np.random.default_rng(1).standard_normal(reference.shape)
        restored = moved(reference, displacement, order=1, mode="nearest") + noise
        ssd, image, shift = comp_upto_shift_by_interp2(restored, reference, 5, 15)
        found = align(restored, reference)
        assert found.shift == shift
        assert found.ssd == pytest.approx(ssd, rel=1e-12)
        assert np.abs(found.image - image).max() < 1e-14
        assert np.array_equal(found.reference, reference[15:-15, 15:-15])
        again, aligned = comp_upto_shift(restored, reference)
        assert again == found.ssd
        assert np.array_equal(aligned, found.image)

    def test_high_contrast_and_a_tiny_error(self):
        """Here the quadratic form alone would have lost most of its digits."""
        reference = 1e3 + smooth_image(60, 60)
        restored = np.roll(reference, 1, 0) + 1e-6 * np.random.default_rng(2).standard_normal(reference.shape)
        ssd, _, shift = comp_upto_shift_by_interp2(restored, reference, 2, 15)
        found = align(restored, reference, 2)
        assert found.shift == shift == (1, 0)
        assert found.ssd == pytest.approx(ssd, rel=1e-12)

    def test_colour_adds_up_and_moves_together(self):
        reference = np.stack([smooth_image(45, 50, seed) for seed in range(3)], axis=-1)
        restored = np.roll(reference, (2, -1, 0), (0, 1, 2)) + 0.01 * np.random.default_rng(1).random(reference.shape)
        found = align(restored, reference, 3)
        assert found.shift == (2, -1)
        difference = restored[17 : 45 - 13, 14 : 50 - 16] - reference[15:-15, 15:-15]
        assert found.ssd == pytest.approx(np.sum(difference**2), rel=1e-13)


class TestKnownAnswers:
    def test_shift_is_where_the_moving_image_has_the_reference(self):
        reference = smooth_image(60, 60)
        found = align(np.roll(reference, (3, -4), (0, 1)), reference)
        assert found.shift == (3, -4)
        assert found.ssd == 0
        assert np.array_equal(found.image, found.reference)

    def test_quarter_pixels(self):
        """Bilinear interpolation is exact on i * j, and no other shift takes it to itself."""
        i, j = np.mgrid[0:50, 0:60]
        found = align((i + 0.75) * (j - 1.25), i * j, 3, 5)
        assert found.shift == (-0.75, 1.25)
        assert found.ssd < 1e-18

    def test_constant_images_tie_and_the_first_shift_wins(self):
        found = align(np.ones((40, 40)), np.ones((40, 40)), 2)
        assert found.shift == (-2, -2)
        assert found.ssd == 0

    def test_what_is_beyond_the_search_does_not_count(self):
        reference = smooth_image(50, 50)
        restored = reference.copy()
        restored[:10] = restored[-10:] = 1e9
        restored[:, :10] = restored[:, -10:] = -1e9
        assert align(restored, reference).ssd == 0

    def test_integers(self):
        reference = np.random.default_rng(0).integers(0, 255, (40, 40), dtype=np.uint8)
        assert comp_upto_shift(255 - reference, reference, 0)[0] == np.sum(
            (255.0 - 2 * reference[15:-15, 15:-15].astype(float)) ** 2
        )


def test_images_are_interpolated_at_the_best_shift_alone(monkeypatch):
    """Of the 1681 shifts of Levin's protocol; the sums of all others follow from products."""
    calls, shifted = [], alignment._shifted
    monkeypatch.setattr(alignment, "_shifted", lambda *words: calls.append(words[2:]) or shifted(*words))
    reference = smooth_image(61, 67)
    align(moved(reference, (1.25, -2.5), order=1, mode="nearest"), reference)
    assert calls == [(25, 10)]  # in quarters of a pixel from (-5, -5)


class TestWrongInput:
    @pytest.mark.parametrize(
        ("image", "reference"),
        [((40, 40), (40, 41)), ((40,), (40,)), ((0, 40), (0, 40)), ((40, 40, 3), (40, 40)), ((2,) * 4, (2,) * 4)],
    )
    def test_shapes(self, image, reference):
        with pytest.raises(InvalidInputError, match="shape"):
            align(np.ones(image), np.ones(reference))

    @pytest.mark.parametrize("shape", [(30, 99), (99, 30), (31, 30)])
    def test_too_small(self, shape):
        with pytest.raises(InvalidInputError, match="more than 30 rows and columns"):
            comp_upto_shift(np.ones(shape), np.ones(shape))

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    @pytest.mark.parametrize("which", [0, 1])
    def test_not_finite(self, value, which):
        images = [np.ones((40, 40)), np.ones((40, 40))]
        images[which][0, 0] = value
        with pytest.raises(InvalidInputError, match="finite"):
            comp_upto_shift(*images)

    @pytest.mark.parametrize("max_shift", [-1, 16, 2.5, "5", None])
    def test_max_shift(self, max_shift):
        with pytest.raises(InvalidOptionError, match="max_shift should be a whole number between 0 and 15"):
            comp_upto_shift(np.ones((40, 40)), np.ones((40, 40)), max_shift)

    def test_dtype(self):
        with pytest.raises(InvalidInputError, match="real"):
            comp_upto_shift(np.ones((40, 40), complex), np.ones((40, 40)))
