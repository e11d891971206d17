"""The table of a run's iterations: a sequence, columns, and a file that reads back exactly."""

import csv
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydeblur.errors import FileFormatError
from pydeblur.solver import History, IterationRecord

INTEGERS = ("scale", "iteration", "height", "width", "kernel_size")


def record(**fields):
    """A record of ones, but for the given fields."""
    ones = {name: 1 if name in INTEGERS else 1.0 for name in IterationRecord._fields}
    return IterationRecord(**{**ones, **fields})


RECORDS = [record(scale=1, energy=0.1), record(energy=1e-300, beta=math.nan), record(energy=np.float64(1 / 3))]


def test_it_is_a_sequence_in_the_order_of_the_iterations():
    history = History(RECORDS[:2])
    history.append(RECORDS[2])
    assert len(history) == 3 and list(history) == RECORDS and history[-1] is RECORDS[2]
    assert repr(history).startswith("History(3 iterations: scale, iteration, ")


def test_a_copy_does_not_grow_with_the_other():
    history = History(RECORDS[:1])
    other = History(history)
    history.append(RECORDS[1])
    assert len(other) == 1


def test_columns_are_arrays():
    history = History(RECORDS)
    np.testing.assert_array_equal(history.column("energy"), [0.1, 1e-300, 1 / 3])
    assert history.column("energy").dtype == np.float64
    assert history.column("scale").dtype == np.int64 and history.column("scale").tolist() == [1, 1, 1]


@given(st.lists(st.floats(), min_size=1, max_size=5))
def test_the_file_reads_back_exactly(tmp_path_factory, energies):
    path = tmp_path_factory.mktemp("history") / "history.csv"
    History([record(energy=energy, data_term=np.float32(0.1)) for energy in energies]).write_csv(path)
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(IterationRecord._fields)
    np.testing.assert_array_equal([float(row["energy"]) for row in rows], energies)
    assert {row["scale"] for row in rows} == {"1"} and {float(row["data_term"]) for row in rows} == {
        float(np.float32(0.1))
    }
    assert path.read_bytes().count(b"\n") == len(energies) + 1 and b"\r" not in path.read_bytes()


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(FileFormatError, match="none"):
        History(RECORDS).write_csv(tmp_path / "none" / "history.csv")
