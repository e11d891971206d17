"""Convolutions with zero borders against SciPy's, and their adjoints by the dot test."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import convolve2d

from pydeblur.solver.convolution import ZeroBorderConvolution

sizes = st.sampled_from([3, 5, 7])
seeds = st.integers(0, 2**32 - 1)


@st.composite
def problems(draw):
    size = draw(sizes)
    shape = draw(st.integers(size, 16)), draw(st.integers(size, 16))
    return shape, size, np.random.default_rng(draw(seeds))


@given(problems())
def test_they_are_scipys(problem):
    shape, size, rng = problem
    images, kernel = rng.standard_normal((2, *shape)), rng.standard_normal((size, size))
    convolution = ZeroBorderConvolution(shape, size)
    spectra = convolution.spectrum(images), convolution.spectrum(kernel)
    same, valid = convolution.same(*spectra), convolution.valid(*spectra)
    for place in (0, 1):
        np.testing.assert_allclose(same[place], convolve2d(images[place], kernel, "same"), atol=1e-10)
        # SciPy's "valid" turns the two around where the kernel is larger, which it is not here.
        np.testing.assert_allclose(valid[place], convolve2d(images[place], kernel, "valid"), atol=1e-10)


@given(problems())
def test_the_adjoint_of_same(problem):
    shape, size, rng = problem
    image, other, kernel = rng.standard_normal(shape), rng.standard_normal(shape), rng.standard_normal((size, size))
    convolution = ZeroBorderConvolution(shape, size)
    spectrum = convolution.spectrum(kernel)
    there = np.vdot(convolution.same(convolution.spectrum(image), spectrum), other)
    back = np.vdot(image, convolution.same_adjoint(convolution.spectrum(other), spectrum))
    assert there == pytest.approx(back, abs=1e-9)


@given(problems())
def test_the_adjoint_of_valid_as_a_map_of_kernels(problem):
    shape, size, rng = problem
    image, kernel = rng.standard_normal(shape), rng.standard_normal((size, size))
    other = rng.standard_normal([length - size + 1 for length in shape])
    convolution = ZeroBorderConvolution(shape, size)
    spectrum = convolution.spectrum(image)
    there = np.vdot(convolution.valid(spectrum, convolution.spectrum(kernel)), other)
    back = np.vdot(kernel, convolution.valid_adjoint_kernel(spectrum, other))
    assert there == pytest.approx(back, abs=1e-9)
