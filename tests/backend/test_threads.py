"""Numbers of threads: what is given, and how many there may be where nothing is."""

import os

import numpy as np
import pytest

from pydeblur.backend.threads import thread_count
from pydeblur.errors import InvalidOptionError


@pytest.mark.parametrize("given", [1, 7, np.int64(3), np.uint8(2)], ids=repr)
def test_a_whole_number_is_taken_as_it_is(given):
    assert thread_count(given) == given and type(thread_count(given)) is int


def test_by_default_there_are_as_many_as_processors_that_the_process_may_run_on(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 3, 5}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert thread_count(None) == 3


@pytest.mark.parametrize(("processors", "expected"), [(4, 4), (None, 1)])
def test_by_default_there_are_as_many_as_the_machine_has_where_the_system_says_no_more(
    processors, expected, monkeypatch
):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    assert thread_count(None) == expected


@pytest.mark.parametrize("bad", [0, -1, 1.5, 2.0, "2", [2], np.nan], ids=repr)
def test_anything_else_is_refused(bad):
    with pytest.raises(InvalidOptionError, match=r"^threads should be a positive integer, but is [^\n]+$"):
        thread_count(bad)
