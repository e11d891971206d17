"""The compiled differences and their threshold: NumPy's numbers to the last bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydeblur.solver.gradients import SparseGradients, sparse_gradients

pytest.importorskip("numba")

sides = st.integers(1, 12)
shapes = st.tuples(sides, sides) | st.tuples(st.integers(1, 4), sides, sides)


@settings(deadline=None)
@given(shapes, st.sampled_from([np.float32, np.float64]), st.integers(0, 2**32 - 1), st.floats(0, 3))
def test_differences_and_threshold(shape, dtype, seed, threshold):
    image = np.random.default_rng(seed).random(shape).astype(dtype)
    ours, theirs = sparse_gradients(image), SparseGradients(image)
    assert type(ours).__module__ == "pydeblur.solver._gradients_numba"
    # Once more with other numbers: nothing is left in the buffers.
    for given_image in (image, image[..., ::-1] * dtype(0.5)):
        found, expected = (each.divergence(given_image, threshold) for each in (ours, theirs))
        assert (found is None) == (expected is None)
        if found is not None:
            assert found.dtype == dtype and found.shape == shape
            assert np.array_equal(found, expected)
        part = (shape[-2] - 1, shape[-1])
        assert ours.count_in(part) == theirs.count_in(part)
