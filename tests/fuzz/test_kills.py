"""A few kills at random moments; `python -m tests.fuzz.kills N` tries more."""

import os

import pytest

from tests.fuzz.kills import Batch, try_kills

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks at processes in /proc")


def test_kills_leave_whole_files_and_no_processes():
    assert try_kills(4, seed=5, commands=(Batch,)) == []
