"""A function over many items in several processes; `eval` is one that every process can import."""

import multiprocessing
import os

import pytest

from pydeblur.parallel.processes import map_unordered

PROCESS_ID = "__import__('os').getpid()"


def test_one_process_works_here_and_in_order():
    assert list(map_unordered(abs, [-3, 1, -2], 1)) == [3, 1, 2]
    assert set(map_unordered(eval, [PROCESS_ID] * 3, 1)) == {os.getpid()}


def test_a_single_item_starts_no_process():
    assert list(map_unordered(eval, [PROCESS_ID], 4)) == [os.getpid()]


def test_two_processes_do_everything_elsewhere():
    ids = list(map_unordered(eval, [PROCESS_ID] * 5, 2))
    assert len(ids) == 5 and os.getpid() not in ids and len(set(ids)) <= 2


def test_a_worker_s_error_arrives_and_ends_the_others():
    with pytest.raises(ZeroDivisionError):
        list(map_unordered(eval, ["1 / 0", *["__import__('time').sleep(600)"] * 3], 2))
    assert multiprocessing.active_children() == []


def test_leaving_early_ends_the_processes():
    results = map_unordered(eval, ["7", *["__import__('time').sleep(600)"] * 3], 2)
    assert next(results) == 7
    results.close()
    assert multiprocessing.active_children() == []


def test_a_killed_process_is_reported_as_want_of_memory():
    with pytest.raises(MemoryError, match="fewer jobs"):
        list(map_unordered(eval, ["__import__('os')._exit(1)"] * 2, 2))
