"""A small picture's kernel takes less time than the import of what it does not need: SciPy's parts, Numba, the networks."""

import subprocess
import sys

import numpy as np
import pytest

from pydeblur.files import write_image

#: What one run of the plain solver on a small picture has no use for.
PASSENGERS = (
    "scipy.fft",
    "scipy.io",
    "scipy.linalg",
    "scipy.ndimage",
    "scipy.optimize",
    "scipy.signal",
    "scipy.sparse",
    "scipy.spatial",
    "scipy.special",
    "numba",
    "onnxruntime",
    "torch",
    "tifffile",
    "tqdm",
    "multiprocessing",
    "PIL.ImageDraw",
    "pydeblur.cli.batch",
    "pydeblur.cli.train",
    "pydeblur.nonblind.methods",
    "pydeblur.nonuniform.estimate",
)
_PROGRAM = """
import sys
from pydeblur.cli.main import main
code = main(sys.argv[2:])
print(" ".join(name for name in sys.argv[1].split() if name in sys.modules))
sys.exit(code)
"""


def loaded(names, *words) -> list[str]:
    """Those of some modules that are imported at the end of a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, " ".join(names), *map(str, words)], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-1].split()


@pytest.fixture
def picture(tmp_path, sharp_image):
    write_image(tmp_path / "picture.png", sharp_image[:64, :64])
    return tmp_path / "picture.png"


def test_a_kernel_by_one_run_imports_no_more_than_it_needs(picture):
    """SciPy's transforms stand in for ducc0's where that is missing, so this can be told only where it is installed."""
    pytest.importorskip("ducc0")
    words = ("kernel", picture, "-o", picture.with_suffix(".npy"), "--prior", "gradient", "--kernel-size", 9, "--quiet")
    assert loaded(PASSENGERS, *words) == []
    assert np.load(picture.with_suffix(".npy")).shape == (9, 9)


@pytest.mark.parametrize(("suffix", "wanted"), [(".tif", "tifffile"), (".mat", "scipy.io")])
def test_what_is_asked_for_is_imported(picture, suffix, wanted):
    """The list above would pass for names that nothing imports."""
    words = ("--prior", "gradient", "--kernel-size", 9, "--iterations", 1, "--quiet")
    assert loaded((wanted,), "kernel", picture, "-o", picture.with_suffix(suffix), *words) == [wanted]
