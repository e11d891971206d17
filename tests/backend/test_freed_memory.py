"""Freed memory that is used again, counted by the page faults of a process of its own."""

import os
import platform
import subprocess
import sys

import pytest

#: Ten arrays of 4 MB, one after the other: prints how many pages the system had to give.
_FAULTS = """
import resource, sys
import numpy as np
from pydeblur.backend.freed_memory import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
np.ones(1 << 19)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    np.ones(1 << 19)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc")
def test_arrays_take_the_pages_of_those_before_them():
    def faults(word):
        # As Dask sets it for its workers. Pages of 2 MB would hide what is counted.
        settings = {"MALLOC_TRIM_THRESHOLD_": "65536", "NUMPY_MADVISE_HUGEPAGE": "0", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-c", _FAULTS, word]
        return int(subprocess.run(command, env=os.environ | settings, check=True, capture_output=True).stdout)

    pages = 10 * (4 << 20) // os.sysconf("SC_PAGE_SIZE")
    assert faults("given back") >= pages
    assert faults("kept") < pages / 5
