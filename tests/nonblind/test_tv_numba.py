"""The compiled loops of total variation: NumPy's numbers to the last bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydeblur.nonblind import tv

pytest.importorskip("numba")

sides = st.integers(1, 12)
shapes = st.tuples(sides, sides)
seeds = st.integers(0, 2**32 - 1)


@settings(deadline=None)
@given(shapes, st.sampled_from([np.float32, np.float64]), seeds, st.floats(0, 1))
def test_divergence_of_shrunk_gradients(without_numba, shape, dtype, seed, threshold):
    image = np.random.default_rng(seed).random(shape).astype(dtype)
    found = tv.shrunk_divergence(image, threshold)
    assert found.dtype == dtype
    with without_numba():
        assert np.array_equal(found, tv.shrunk_divergence(image, threshold))


@settings(deadline=None)
@given(shapes, st.sampled_from([np.complex64, np.complex128]), seeds, st.floats(1e-6, 1e3))
def test_quotient(without_numba, shape, dtype, seed, gamma):
    rng = np.random.default_rng(seed)
    spectrum, numerator = (rng.random((2, *shape)) + 1j * rng.random((2, *shape))).astype(dtype)
    kernel_power, power = rng.random((2, *shape)).astype(spectrum.real.dtype) + spectrum.real.dtype.type(0.1)
    again = spectrum.copy()
    tv.make_quotient(spectrum, numerator, kernel_power, power, gamma)
    with without_numba():
        tv.make_quotient(again, numerator, kernel_power, power, gamma)
    assert spectrum.dtype == dtype and np.array_equal(spectrum, again)
