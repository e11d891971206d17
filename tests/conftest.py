"""What all tests share: the golden outputs of the MATLAB-language reference, and a sharp image."""

import ctypes
import os
import shutil
import sys
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import settings
from scipy.io import loadmat

from pydeblur.backend.compiled import imported_loops
from pydeblur.backend.fft import fft_fixed
from pydeblur.cli.main import main

# The default profile tries the same examples in every run, so that an unchanged revision never turns red by chance;
# "thorough" draws new ones, and many more: HYPOTHESIS_PROFILE=thorough make test. No example has a deadline: speed is measured
# in benchmarks/, and the first call of a compiled loop takes a second.
settings.register_profile("default", deadline=None, max_examples=100, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
GOLDEN = Path(__file__).parent / "golden"
DATA_BESIDE_THE_REPOSITORY = Path(__file__).resolve().parents[2] / "shared" / "data"


def load_golden(name):
    """Variables of a golden file, scalars as floats."""
    variables = loadmat(GOLDEN / f"{name}.mat")
    return {key: _plain(value) for key, value in variables.items() if not key.startswith("__")}


def golden_cases(name):
    """The cases of a golden file, whose variables are named c1_…, c2_…: a list of dicts."""
    variables = load_golden(name)
    count = int(variables["n_cases"])
    return [
        {key.split("_", 1)[1]: value for key, value in variables.items() if key.startswith(f"c{number}_")}
        for number in range(1, count + 1)
    ]


def _plain(value):
    if value.dtype.names:
        return {name: _plain(value[name][0, 0]) for name in value.dtype.names}
    return value.item() if value.size == 1 else value


def relative_difference(actual, expected):
    """max|a - b| / max|b|, infinite for different shapes or NaN."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    if actual.shape != expected.shape or not np.all(np.isfinite(actual)):
        return np.inf
    return np.max(np.abs(actual - expected)) / max(np.max(np.abs(expected)), np.finfo(float).tiny)


def flushes_subnormals():
    """Whether the calling thread takes subnormal numbers for zero."""
    return bool(np.float64(5e-324) * 1.0 == 0)


@pytest.fixture(autouse=True)
def subnormal_numbers():
    """No test leaves the thread flushing subnormal numbers to zero, which ONNX Runtime and PyTorch can switch on."""
    yield
    flushed = flushes_subnormals()
    if flushed:
        # The other tests get C's default floating-point environment, FE_DFL_ENV, back.
        ctypes.CDLL(None).fesetenv(ctypes.c_void_p(-1))
    assert not flushed, "the test's thread flushes subnormal numbers to zero"


@pytest.fixture(scope="session")
def research_data():
    """The folder of the research data (PYDEBLUR_DATA, else beside the repository); without it the test is skipped."""
    folder = Path(os.environ.get("PYDEBLUR_DATA") or DATA_BESIDE_THE_REPOSITORY)
    if not folder.is_dir():
        pytest.skip("the research data is not here: set PYDEBLUR_DATA")
    return folder


@pytest.fixture(params=["scipy", "ducc0"])
def each_fft(request):
    """Run the test with every FFT library."""
    if request.param == "ducc0":
        pytest.importorskip("ducc0")
    with fft_fixed(request.param):
        yield request.param


@contextmanager
def without_numba():
    """A ``with`` block in which Numba is not installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "numba", None)
        imported_loops.cache_clear()
        try:
            yield
        finally:
            imported_loops.cache_clear()


@pytest.fixture(name="without_numba", scope="session")
def without_numba_fixture():
    return without_numba


@pytest.fixture(params=["numpy", "numba"])
def each_loop(request):
    """Run the test with NumPy's passes over the pixels and with compiled loops."""
    if request.param == "numba":
        pytest.importorskip("numba")
    with without_numba() if request.param == "numpy" else nullcontext():
        yield request.param


@pytest.fixture(name="golden_cases", scope="session")
def golden_cases_fixture():
    return golden_cases


@pytest.fixture(name="load_golden", scope="session")
def load_golden_fixture():
    return load_golden


@pytest.fixture(name="relative_difference", scope="session")
def relative_difference_fixture():
    return relative_difference


@pytest.fixture(scope="session")
def sharp_image():
    """A grey image (120, 132) in [0, 1] with strong edges and texture."""
    from skimage import data

    return data.camera()[90:330:2, 150:414:2] / 255.0


@pytest.fixture(scope="session")
def browser():
    """Chromium without a window; PYDEBLUR_CHROMIUM names another one than the system's.

    All tests of a process share it: Playwright's interface without asyncio can be begun only once at a time.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = os.environ.get("PYDEBLUR_CHROMIUM") or next(filter(None, map(shutil.which, _BROWSERS)), None)
    if path is None:
        pytest.skip("no Chromium was found: install it, or set PYDEBLUR_CHROMIUM")
    with playwright.sync_playwright() as started:
        # The pages are our own, and containers, where tests run, have no sandbox to offer.
        chromium = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


class Outcome(NamedTuple):
    """What a command left behind in the terminal."""

    code: int
    out: str
    err: str


@pytest.fixture
def pydeblur_command(capsys):
    """Call it with the words after ``pydeblur``; runs in this process."""

    def run(*words):
        capsys.readouterr()
        try:
            code = main([str(word) for word in words])
        except SystemExit as exit_:
            code = exit_.code
        return Outcome(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def network_file(tmp_path_factory):
    """A small restoration network of random weights, for kernels of 5 to 31 pixels."""
    from pydeblur.nonblind.restoration_network import RestorationArchitecture, encode_network

    architecture, rng = RestorationArchitecture((4, 6, 8)), np.random.default_rng(0)
    parameters = {
        name: (0.5 * rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)
        for name, shape in architecture.parameter_shapes().items()
    }
    path = tmp_path_factory.mktemp("restoration") / "small.onnx"
    path.write_bytes(encode_network(architecture, parameters, (5, 31), {"licence": "MIT"}))
    return path
