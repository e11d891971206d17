"""Some thousands of damaged and odd files for every reader: each is read rightly, or refused in one sentence.

A finding is told with the command that makes its file again. `make fuzz N=…` tries more.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.campaign import shares
from tests.fuzz.targets import available_targets

REPOSITORY = Path(__file__).resolve().parents[2]
IMAGES = ("png", "jpeg", "tiff", "bmp", "webp", "avif")
#: Inputs of the image readers together, and of all others together.
_COUNT = 3500

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the guarded processes are forked")


@pytest.mark.parametrize("images", [True, False], ids=["images", "other files"])
def test_no_file_is_read_wrongly_or_ends_the_process(images):
    names = {name: target for name, target in available_targets().items() if (name in IMAGES) == images}
    # A process of its own: children are forked from it, and this one may have threads.
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", str(_COUNT), "--readers", ",".join(names)],
        cwd=REPOSITORY,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=1200,
    )
    for name, count in shares(names, _COUNT).items():
        assert f"| {name} | {count} |" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0, done.stdout
