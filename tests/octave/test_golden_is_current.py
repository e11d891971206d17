"""Run matlab_ref in Octave now and compare with the committed golden files, so that these can't go stale."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import scipy.io

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = ROOT / "tests" / "golden"
PARTS = ("builtins", "stages", "scales", "runs", "nonuniform")

# Relative to a variable's largest magnitude. Another FFT or exp differs in the last bit, which iterating amplifies;
# the bilateral filter rounds to single precision.
TOLERANCE = {"builtins": 1e-12, "stages": 1e-11, "scales": 1e-9, "runs": 1e-8, "nonuniform": 1e-12}
SINGLE_PRECISION = {"bilateral_filter", "ringing_artifacts_removal"}
ITERATED = {"blind_deconv_main"}


def tolerance(relative_path):
    if relative_path.stem in SINGLE_PRECISION:
        return 1e-6
    if relative_path.stem in ITERATED:
        return 1e-9
    return TOLERANCE[relative_path.parts[0]]


def golden_files(folder):
    return {path.relative_to(folder) for part in PARTS for path in (folder / part).glob("*.mat")}


def variables(path):
    return {name: value for name, value in scipy.io.loadmat(path).items() if not name.startswith("__")}


def assert_close(live, committed, rtol, where):
    """Compare two values as loadmat returns them: numbers, text or structs."""
    assert live.shape == committed.shape, where
    if committed.dtype.names is not None or committed.dtype == object:
        assert live.dtype == committed.dtype, where
        for name in committed.dtype.names or ():
            for i, item in enumerate(committed[name].flat):
                assert_close(live[name].flat[i], item, rtol, f"{where}.{name}")
    elif committed.dtype.kind in "US":
        assert (live == committed).all(), where
    else:
        scale = np.nanmax(np.abs(committed), initial=np.finfo(np.float64).tiny)
        np.testing.assert_allclose(live, committed, rtol=0, atol=rtol * scale, err_msg=where)


@pytest.fixture(scope="session")
def live(tmp_path_factory):
    """Folder with the goldens that matlab_ref writes now."""
    octave = shutil.which("octave")
    if octave is None:
        pytest.skip("octave is not on PATH")
    folder = tmp_path_factory.mktemp("golden")
    command = f"addpath('{(ROOT / 'matlab_ref').as_posix()}'); make_golden('{folder.as_posix()}')"
    environment = {key: value for key, value in os.environ.items() if key != "DISPLAY"}
    run = subprocess.run(
        [octave, "--no-gui", "--norc", "-q", "--eval", command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr
    return folder


@pytest.mark.octave
def test_same_files(live):
    assert golden_files(live) == golden_files(COMMITTED)


@pytest.mark.octave
@pytest.mark.parametrize("relative_path", sorted(golden_files(COMMITTED)), ids=str)
def test_golden_is_current(live, relative_path):
    now, committed = variables(live / relative_path), variables(COMMITTED / relative_path)
    assert now.keys() == committed.keys()
    for name, value in committed.items():
        assert_close(now[name], value, tolerance(relative_path), f"{relative_path}:{name}")
