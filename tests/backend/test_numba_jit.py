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


@pytest.fixture
def kept_loop(monkeypatch, tmp_path):
    """A function that makes the one above, not compiled yet, with its compiled code kept in a folder; and the folder."""
    monkeypatch.setattr(numba_jit, "_compiled", set())
    monkeypatch.setattr(numba_jit, "_kept", [])
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path))
    return lambda: numba_jit.compiled(reciprocals), tmp_path


def results_of(loop):
    results = np.empty(2)
    numba_jit.call(loop, np.array([2.0, 4.0]), results)
    return results.tolist()


def kept_files(folder):
    return [path for path in folder.rglob("*") if path.suffix in (".nbi", ".nbc")]


@pytest.mark.parametrize("ending", [".nbi", ".nbc"])
@pytest.mark.parametrize("length", [0, 1, 40, -1])
def test_damaged_files_are_written_again(kept_loop, ending, length):
    make, folder = kept_loop
    assert results_of(make()) == [0.5, 0.25] and len(kept_files(folder)) == 2
    for path in kept_files(folder):
        if path.suffix == ending:
            path.write_bytes(path.read_bytes()[:length])
    assert results_of(make()) == [0.5, 0.25]
    repaired = make()
    assert results_of(repaired) == [0.5, 0.25]
    assert sum(repaired.stats.cache_hits.values()) == 1


def test_files_that_cannot_be_replaced_are_done_without(kept_loop):
    make, folder = kept_loop
    results_of(make())
    for path in kept_files(folder):
        path.unlink()
        path.mkdir()
    assert results_of(make()) == [0.5, 0.25]


def test_what_cannot_be_compiled_is_an_error(monkeypatch):
    numba = pytest.importorskip("numba")
    monkeypatch.setattr(numba_jit, "_compiled", set())
    monkeypatch.setattr(numba_jit, "_kept", [])
    with pytest.raises(numba.core.errors.TypingError):
        numba_jit.call(numba_jit.compiled(lambda values: values.no_such_attribute), np.zeros(2))
