"""Flushing subnormal numbers to zero within a block, and only there."""

import platform
import sys
import threading

import numpy as np
import pytest

from pydeblur.backend import subnormal_numbers
from pydeblur.backend.subnormal_numbers import subnormals_flushed
from tests.conftest import flushes_subnormals

ON_X86 = sys.platform == "linux" and platform.machine() == "x86_64"


@pytest.mark.skipif(not ON_X86, reason="elsewhere the block changes nothing")
def test_within_the_block_and_only_there():
    with subnormals_flushed():
        inside = flushes_subnormals(), np.float32(1e-38) * np.float32(0.1) == 0
        with subnormals_flushed():
            pass
        still = flushes_subnormals()
    assert inside == (True, True) and still and not flushes_subnormals()


def test_after_an_error_the_thread_is_as_it_was():
    with pytest.raises(KeyError), subnormals_flushed():
        raise KeyError
    assert not flushes_subnormals()


def test_other_threads_are_left_alone():
    found, asked, entered = [], threading.Event(), threading.Event()

    def other():
        entered.wait(30)
        found.append(flushes_subnormals())
        asked.set()

    thread = threading.Thread(target=other)
    thread.start()
    with subnormals_flushed():
        entered.set()
        assert asked.wait(30)
    thread.join()
    assert found == [False]


def test_what_the_caller_has_set_stays_set():
    with subnormals_flushed():
        before = flushes_subnormals()
        with subnormals_flushed():
            pass
        assert flushes_subnormals() == before


@pytest.mark.parametrize("machine", [("linux", "aarch64"), ("darwin", "x86_64"), ("win32", "AMD64")], ids=str)
def test_where_the_environment_s_layout_is_unknown_nothing_is_changed(machine, monkeypatch):
    monkeypatch.setattr(sys, "platform", machine[0])
    monkeypatch.setattr(platform, "machine", lambda: machine[1])
    subnormal_numbers._c_library.cache_clear()
    try:
        with subnormals_flushed():
            assert not flushes_subnormals()
    finally:
        subnormal_numbers._c_library.cache_clear()
