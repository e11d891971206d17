"""How loops are compiled: once for each kind of numbers, with NumPy's rules of arithmetic."""

import numpy as np
import pytest

pytest.importorskip("numba")

from pydeblur.backend import numba_jit


def reciprocals(values, results):
    for index in range(values.size):
        results[index] = 1 / values[index]


@pytest.fixture
def loop(monkeypatch):
    """The function above, not compiled yet."""
    monkeypatch.setattr(numba_jit, "_compiled", set())
    return numba_jit.njit(**numba_jit._OPTIONS)(reciprocals)


def test_a_division_by_zero_is_numpys(loop):
    results = np.empty(3)
    numba_jit.call(loop, np.array([0.0, -0.0, 4.0]), results)
    assert results.tolist() == [np.inf, -np.inf, 0.25]


def test_each_kind_of_numbers_is_compiled_once_in_a_thread_of_its_own(loop, monkeypatch):
    compiled, run = [], numba_jit.in_own_thread
    monkeypatch.setattr(
        numba_jit, "in_own_thread", lambda *words: (compiled.append(words[1][0].dtype.name), run(*words))
    )
    for dtype in (np.float64, np.float32, np.float64, np.float32):
        values = np.array([2, 4], dtype)
        results = np.empty_like(values)
        numba_jit.call(loop, values, results)
        assert results.tolist() == [0.5, 0.25]
    assert compiled == ["float64", "float32"] and len(loop.signatures) == 2


def test_where_nothing_can_be_written_loops_are_compiled_anew_in_each_process(monkeypatch):
    def njit(cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: ("compiled", function, options["nogil"])

    monkeypatch.setattr(numba_jit, "njit", njit)
    assert numba_jit.compiled(reciprocals) == ("compiled", reciprocals, True)
