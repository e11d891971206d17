"""Packages of extras that are missing: everywhere the same sentence, which names the extra."""

import subprocess
import sys

import pytest

#: What needs a package: the package, its extra ("" for one of the requirements), and how its absence is met.
CASES = {
    "ducc0": ("", "from pydeblur.backend.fft import use_fft; use_fft('ducc0')"),
    "array_api_compat": ("gpu", "from pydeblur.backend.arrays import namespace; namespace(object())"),
    "matplotlib": ("reproduce", "from pydeblur.evaluation.figures import pyplot_without_display as f; f()"),
    "skimage": ("reproduce", "from pydeblur.datasets.packaged_images import packaged_image as f; f('camera')"),
    "torch": ("train", "import pydeblur; pydeblur.load_prior('classifier', backend='torch')"),
    "onnx": (
        "train",
        "from pydeblur.training import export_onnx; from pydeblur.priors.classifier.architecture import PAPER; "
        "export_onnx({}, PAPER, 'w.onnx')",
    ),
}


@pytest.mark.parametrize("package", CASES)
def test_the_extra_is_named(package, tmp_path):
    extra, code = CASES[package]
    code = f"""
import sys
sys.modules[{package!r}] = None
from pydeblur.errors import InvalidInputError
try:
    {code}
except InvalidInputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.count("\n") == 1
    wanted = f"pydeblur[{extra}]" if extra else "pydeblur"
    assert " needs " in done.stdout and done.stdout.endswith(f": pip install '{wanted}'\n")
    assert len(done.stdout) < 300 and not list(tmp_path.iterdir())
