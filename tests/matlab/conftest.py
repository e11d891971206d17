"""Fixtures of the tests of pydeblur.matlab: a line to GNU Octave, whose core has conv2, interp2, histc and round."""

import shutil
import subprocess

import numpy as np
import pytest
import scipy.io


@pytest.fixture
def octave(tmp_path):
    """Return ``run(code, *outputs, **inputs)``: run MATLAB code in Octave and return the named variables as a dict."""
    program = shutil.which("octave-cli") or shutil.which("octave")
    if program is None:
        pytest.skip("GNU Octave is not installed")

    def run(code, *outputs, **inputs):
        given, result = tmp_path / "given.mat", tmp_path / "result.mat"
        scipy.io.savemat(given, inputs or {"nothing": 0}, oned_as="row")
        names = ", ".join(f"'{name}'" for name in outputs)
        script = f"load('{given}'); {code}\nsave('-v7', '{result}', {names});"
        done = subprocess.run([program, "-qf", "--no-history", "--eval", script], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return {name: np.asarray(value) for name, value in scipy.io.loadmat(result).items() if name in outputs}

    return run


@pytest.fixture
def rng():
    return np.random.default_rng(20180618)
