"""Sampling for the coarser scales: the numbers of SciPy's linear interpolation, to the last bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from pydeblur.solver.pyramid import _colon, _sample_linearly, downsample_image

SIDES = st.integers(1, 40)


@settings(max_examples=60, deadline=None)
@given(shape=st.tuples(SIDES, SIDES), step=st.floats(1, 6), dtype=st.sampled_from([np.float32, np.float64]))
def test_as_scipy_interpolates(shape, step, dtype):
    image = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    grid = np.meshgrid(*(_colon(length, step) for length in shape), indexing="ij")
    expected = map_coordinates(image.astype(float), grid, order=1, mode="nearest", prefilter=False)
    np.testing.assert_array_equal(_sample_linearly(image, step), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_plane_stays_a_plane(dtype):
    """The low-pass keeps a plane's slope but for the factor of its taps, and the samples are a step apart."""
    rows, columns = np.mgrid[:40, :50]
    coarse = downsample_image((0.01 * rows + 0.02 * columns).astype(dtype), 0.5)
    assert coarse.dtype == dtype
    slopes = np.diff(coarse.astype(float), axis=0), np.diff(coarse.astype(float), axis=1)
    assert np.allclose(slopes[0], slopes[0].mean(), atol=1e-6) and np.allclose(slopes[1], slopes[1].mean(), atol=1e-6)
    assert slopes[1].mean() == pytest.approx(2 * slopes[0].mean(), rel=1e-5)
