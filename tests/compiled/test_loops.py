"""Compiled loops give NumPy's numbers, to the last bit; without Numba everything goes on."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pydeblur
from pydeblur import compiled
from pydeblur.compiled import compiled_loops
from pydeblur.nonblind import tv
from pydeblur.solver.gradients import SparseGradients, sparse_gradients
from pydeblur.solver.latent import LatentProblem

pytest.importorskip("numba")

sides = st.integers(1, 12)
shapes = st.tuples(sides, sides) | st.tuples(st.integers(1, 4), sides, sides)
dtypes = st.sampled_from([np.float32, np.float64])
seeds = st.integers(0, 2**32 - 1)
compiling = settings(deadline=None)


@compiling
@given(shapes, dtypes, seeds, st.floats(0, 3))
def test_sparse_gradients(shape, dtype, seed, threshold):
    image = np.random.default_rng(seed).random(shape).astype(dtype)
    ours, theirs = sparse_gradients(image), SparseGradients(image)
    assert type(ours) is not type(theirs)
    # Once more with other numbers: nothing is left in the buffers.
    for given_image in (image, image[..., ::-1] * dtype(0.5)):
        found, expected = (each.divergence(given_image, threshold) for each in (ours, theirs))
        assert (found is None) == (expected is None)
        if found is not None:
            assert found.dtype == dtype and found.shape == shape
            assert np.array_equal(found, expected)
        part = (shape[-2] - 1, shape[-1])
        assert ours.count_in(part) == theirs.count_in(part)


@compiling
@given(st.tuples(sides, sides), dtypes, seeds, st.floats(0, 1))
def test_shrunk_divergence(without_numba, shape, dtype, seed, threshold):
    image = np.random.default_rng(seed).random(shape).astype(dtype)
    found = tv._shrunk_divergence(image, threshold)
    assert found.dtype == dtype
    with without_numba():
        assert np.array_equal(found, tv._shrunk_divergence(image, threshold))


@compiling
@given(st.tuples(sides, sides), st.sampled_from([np.complex64, np.complex128]), seeds, st.floats(1e-6, 1e3))
def test_quotient_of_tv(without_numba, shape, dtype, seed, gamma):
    rng = np.random.default_rng(seed)
    spectrum, numerator = (rng.random((2, *shape)) + 1j * rng.random((2, *shape))).astype(dtype)
    kernel_power, power = rng.random((2, *shape)).astype(spectrum.real.dtype) + spectrum.real.dtype.type(0.1)
    again = spectrum.copy()
    tv._make_quotient(spectrum, numerator, kernel_power, power, gamma)
    with without_numba():
        tv._make_quotient(again, numerator, kernel_power, power, gamma)
    assert spectrum.dtype == dtype and np.array_equal(spectrum, again)


@pytest.mark.parametrize("shape", [(24, 30), (3, 24, 30), (25, 27)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_latent_image(without_numba, shape, dtype):
    """Also where no gradient passes the threshold, with a prior's pull, and with α = 0."""
    blurred = np.random.default_rng(3).random(shape).astype(dtype)
    kernel = np.random.default_rng(4).random((5, 3))
    kernel /= kernel.sum()

    def solved(lambda_grad, *prior):
        problem = LatentProblem(blurred, (20, 24))
        problem.set_kernel(kernel)
        return problem.solve(lambda_grad, *prior)

    def half(image, beta, lambda_prior):
        return image / 2

    half.first_beta = lambda image, lambda_prior: None
    for arguments in ((4e-3,), (10.0,), (0.0,), (4e-3, 4e-3, half)):
        found = solved(*arguments)
        with without_numba():
            expected = solved(*arguments)
        assert found.image.dtype == dtype and np.array_equal(found.image, expected.image)
        assert found.gradients == expected.gradients


@pytest.mark.parametrize("options", [{"lambda_grad": np.float64(4e-3)}, {"alpha_growth": np.float64(2)}], ids=str)
def test_numpys_scalars_in_single_precision(without_numba, options, sharp_image):
    image, kernel = sharp_image[:48, :48], np.full((3, 5), 1 / 15)
    words = {"prior": "gradient", "iterations": 1, "dtype": "float32", **options}
    found = pydeblur.estimate_kernel(image, 7, **words).latent
    single = image.astype(np.float32)
    restored = [
        pydeblur.deconvolve(single, kernel, "tv", lambda_tv=np.float64(1e-3)),
        pydeblur.deconvolve(single, kernel, "l0", lambda_l0=np.float64(1e-3)),
    ]
    assert found.dtype == restored[0].dtype == restored[1].dtype == np.float32
    with without_numba():
        assert np.array_equal(found, pydeblur.estimate_kernel(image, 7, **words).latent)
        assert np.array_equal(restored[0], pydeblur.deconvolve(single, kernel, "tv", lambda_tv=np.float64(1e-3)))
        assert np.array_equal(restored[1], pydeblur.deconvolve(single, kernel, "l0", lambda_l0=np.float64(1e-3)))


@pytest.mark.parametrize("method", ["ringing", "tv", "l0"])
@pytest.mark.parametrize("shape", [(40, 33), (33, 40, 3)], ids=str)
def test_final_steps(without_numba, method, shape):
    image, kernel = np.random.default_rng(5).random(shape), np.full((3, 5), 1 / 15)
    found = pydeblur.deconvolve(image, kernel, method)
    with without_numba():
        assert np.array_equal(found, pydeblur.deconvolve(image, kernel, method))


@pytest.mark.parametrize("preset", [{"prior": "gradient"}, {"prior": "intensity"}, {"preset": "fast"}], ids=str)
def test_kernels(without_numba, preset, sharp_image):
    image = sharp_image[:64, :64]
    found = pydeblur.estimate_kernel(image, 7, iterations=2, **preset)
    with without_numba():
        expected = pydeblur.estimate_kernel(image, 7, iterations=2, **preset)
    assert np.array_equal(found.kernel, expected.kernel) and np.array_equal(found.latent, expected.latent)


@pytest.mark.parametrize(
    "numba",
    [
        None,  # as when it is not installed
        SimpleNamespace(config=SimpleNamespace(DISABLE_JIT=1), __version__="0.68.1"),
        SimpleNamespace(config=SimpleNamespace(DISABLE_JIT=0), __version__="0.59.1"),
        SimpleNamespace(config=SimpleNamespace(DISABLE_JIT=0), __version__="0+unknown"),
    ],
    ids=["missing", "switched off", "too old", "unknown"],
)
def test_without_numba(numba, monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", numba)
    compiled_loops.cache_clear()
    try:
        assert [compiled_loops(subject) for subject in compiled.SUBJECTS] == [None, None, None]
    finally:
        compiled_loops.cache_clear()


def test_unknown_subjects_are_refused():
    with pytest.raises(ValueError, match="subject should be one of bilateral, gradients, quotients"):
        compiled_loops("fft")


def test_where_nothing_can_be_written(monkeypatch):
    """Loops are compiled anew in each process then."""
    from pydeblur.compiled import jit

    def njit(cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: ("compiled", function.__name__, options["nogil"])

    monkeypatch.setattr(jit, "njit", njit)
    assert jit.compiled(test_where_nothing_can_be_written) == ("compiled", "test_where_nothing_can_be_written", True)

