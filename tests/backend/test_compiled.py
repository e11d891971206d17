"""Compiled loops are used where Numba is installed; without it everything gives the same numbers.

That each compiled twin gives the numbers of what it replaces is tested beside that, as in ``test_gradients_numba.py``.
"""

import sys
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest

import pydeblur
from pydeblur.backend import compiled
from pydeblur.backend.compiled import compiled_loops, expect_saving, imported_loops
from pydeblur.nonblind.bilateral import bilateral_filter
from pydeblur.solver import SolverOptions, coarse_to_fine

MODULES = (
    "pydeblur.solver._gradients_numba",
    "pydeblur.solver._latent_numba",
    "pydeblur.nonblind._tv_numba",
    "pydeblur.nonblind._bilateral_numba",
)
#: So faint that no gradient reaches the first thresholds: what is done without any is done, too.
IMAGE = 0.3 * np.random.default_rng(5).random((40, 33))
KERNEL = np.full((3, 5), 1 / 15)


@pytest.mark.parametrize(
    ("method", "module", "name"),
    [
        ("l0", "pydeblur.solver._gradients_numba", "_sparse_divergence"),
        ("l0", "pydeblur.solver._gradients_numba", "_count"),
        ("l0", "pydeblur.solver._latent_numba", "_quotient"),
        ("l0", "pydeblur.solver._latent_numba", "_quotient_of"),
        ("tv", "pydeblur.nonblind._tv_numba", "_shrunk_divergence"),
        ("tv", "pydeblur.nonblind._tv_numba", "_scaled_quotient"),
        ("ringing", "pydeblur.nonblind._bilateral_numba", "_filter_rows"),
    ],
)
def test_compiled_code_runs_where_numba_is_installed(method, module, name, monkeypatch, without_numba):
    """Each loop is called on the way to a final image, and it is machine code; without Numba none is called."""
    dispatcher = pytest.importorskip("numba").core.registry.CPUDispatcher
    loops = import_module(module)
    loop, call, called = getattr(loops, name), loops.call, []

    def watched(function, *arguments):
        called.append(function)
        return call(function, *arguments)

    monkeypatch.setattr(loops, "call", watched)
    pydeblur.deconvolve(IMAGE, KERNEL, method)
    assert loop in called
    assert isinstance(loop, dispatcher) and loop.signatures
    called.clear()
    with without_numba():
        pydeblur.deconvolve(IMAGE, KERNEL, method)
    assert not called


@pytest.mark.parametrize("method", ["ringing", "tv", "l0"])
@pytest.mark.parametrize("shape", [(40, 33), (33, 40, 3)], ids=str)
def test_final_images_are_the_same_to_the_last_bit(without_numba, method, shape):
    pytest.importorskip("numba")
    image = np.random.default_rng(5).random(shape)
    found = pydeblur.deconvolve(image, KERNEL, method)
    with without_numba():
        assert np.array_equal(found, pydeblur.deconvolve(image, KERNEL, method))


@pytest.mark.parametrize("preset", [{"prior": "gradient"}, {"prior": "intensity"}, {"preset": "fast"}], ids=str)
def test_kernels_are_the_same_to_the_last_bit(without_numba, preset, sharp_image):
    pytest.importorskip("numba")
    image = sharp_image[:64, :64]
    found = pydeblur.estimate_kernel(image, 7, iterations=2, **preset)
    with without_numba():
        expected = pydeblur.estimate_kernel(image, 7, iterations=2, **preset)
    assert np.array_equal(found.kernel, expected.kernel) and np.array_equal(found.latent, expected.latent)


@pytest.mark.parametrize("options", [{"lambda_grad": np.float64(4e-3)}, {"alpha_growth": np.float64(2)}], ids=str)
def test_numpys_scalars_leave_single_precision_alone(without_numba, options, sharp_image):
    pytest.importorskip("numba")
    image = sharp_image[:48, :48]
    words = {"prior": "gradient", "iterations": 1, "dtype": "float32", **options}
    found = pydeblur.estimate_kernel(image, 7, **words).latent
    assert found.dtype == np.float32
    with without_numba():
        assert np.array_equal(found, pydeblur.estimate_kernel(image, 7, **words).latent)


@pytest.mark.parametrize(("method", "weight"), [("tv", "lambda_tv"), ("l0", "lambda_l0")])
def test_numpys_scalars_leave_a_single_precision_image_alone(without_numba, method, weight, sharp_image):
    pytest.importorskip("numba")
    image, options = sharp_image[:48, :48].astype(np.float32), {weight: np.float64(1e-3)}
    found = pydeblur.deconvolve(image, KERNEL, method, **options)
    assert found.dtype == np.float32
    with without_numba():
        assert np.array_equal(found, pydeblur.deconvolve(image, KERNEL, method, **options))


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
def test_without_numba_there_are_no_loops(numba, monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", numba)
    imported_loops.cache_clear()
    try:
        assert [imported_loops(module) for module in MODULES] == [None] * len(MODULES)
    finally:
        imported_loops.cache_clear()


def test_with_numba_there_is_every_module():
    pytest.importorskip("numba", minversion="0.60")
    assert [imported_loops(module).__name__ for module in MODULES] == list(MODULES)


def test_a_module_that_does_not_exist_is_an_error():
    """A misprint must not pass for a missing Numba."""
    pytest.importorskip("numba")
    with pytest.raises(ModuleNotFoundError, match="_blur_numba"):
        imported_loops("pydeblur.solver._blur_numba")


@pytest.fixture
def numba_not_imported(monkeypatch):
    """A process in which nobody has expected anything, and Numba, which may be there, is not imported."""
    monkeypatch.setattr(compiled, "_expected", 0.0)
    monkeypatch.setattr(compiled, "sys", SimpleNamespace(modules={}))


def test_loops_are_imported_once_all_callers_together_save_more_than_that_takes(numba_not_imported):
    pytest.importorskip("numba", minversion="0.60")
    assert compiled_loops(MODULES[0]) is None
    expect_saving(0.6 * compiled.IMPORT_SECONDS)
    assert compiled_loops(MODULES[0]) is None
    expect_saving(0.6 * compiled.IMPORT_SECONDS)
    assert compiled_loops(MODULES[0]).__name__ == MODULES[0]


def test_loops_of_other_last_bits_do_not_depend_on_the_rest_of_the_process(numba_not_imported, monkeypatch):
    """In single precision the bilateral filter's loops give other last bits than NumPy."""
    pytest.importorskip("numba", minversion="0.60")
    image = np.random.default_rng(3).random((20, 20)).astype(np.float32)
    at_first = bilateral_filter(image)
    expect_saving(2 * compiled.IMPORT_SECONDS)
    assert np.array_equal(at_first, bilateral_filter(image))


@pytest.mark.parametrize(
    ("side", "kernel_size", "is_worth_it"), [(64, 15, False), (255, 25, False), (1400, 41, True)], ids=str
)
def test_a_run_of_the_solver_says_what_it_would_save(side, kernel_size, is_worth_it, monkeypatch):
    said = []
    monkeypatch.setattr(coarse_to_fine, "expect_saving", said.append)
    image = np.random.default_rng(0).random((side, side))
    run = coarse_to_fine.CoarseToFine(image, SolverOptions(kernel_size), callback=_stop)
    run.advance_to(0)
    (seconds,) = said
    assert (seconds > compiled.IMPORT_SECONDS) == is_worth_it


def _stop(state):
    raise StopIteration
