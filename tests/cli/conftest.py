"""The command line as a user types it, and small pictures to type it for."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat
from scipy.signal import convolve2d

from pydeblur.files import write_image

REPOSITORY = Path(__file__).resolve().parents[2]

#: A bent stroke, 7 x 7.
KERNEL = np.zeros((7, 7))
KERNEL[[1, 2, 3, 3, 4, 5], [1, 2, 3, 4, 5, 5]] = [0.1, 0.2, 0.25, 0.2, 0.15, 0.1]


@pytest.fixture
def pydeblur(pydeblur_command):
    """Call it with the words after ``pydeblur``; runs in this process."""
    return pydeblur_command


@pytest.fixture
def start_pydeblur(monkeypatch):
    """Call it with the words after ``pydeblur`` and options of Popen; starts a process of its own."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    started = []

    def start(*words, **options):
        started.append(
            subprocess.Popen([sys.executable, "-m", "pydeblur", *map(str, words)], start_new_session=True, **options)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture(scope="session")
def blurred(sharp_image):
    """(72, 80): the sharp image's middle, blurred by KERNEL."""
    return np.clip(convolve2d(sharp_image[20:98, 20:106], KERNEL, "valid"), 0, 1)


@pytest.fixture
def photo(blurred, tmp_path):
    """A blurred 8-bit grey PNG."""
    path = tmp_path / "photo.png"
    write_image(path, blurred)
    return path


@pytest.fixture(scope="session")
def levin_folder(sharp_image, tmp_path_factory):
    """A data folder in the manner of Levin et al.: three cases of 84 x 88 pixels."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "levin").mkdir()
    rng = np.random.default_rng(5)
    for name, turns in (("im01_ker01", 0), ("im01_ker02", 1), ("im02_ker01", 2)):
        sharp = sharp_image[15 + 5 * turns : 105 + 5 * turns, 20:114]
        kernel = np.rot90(KERNEL, turns)
        blurred = convolve2d(sharp, kernel, "valid")
        # Their y is x correlated with f: the kernel in the sense of convolution is f turned by 180 degrees.
        variables = {
            "x": sharp[3:-3, 3:-3],
            "y": blurred + 0.002 * rng.standard_normal(blurred.shape),
            "f": kernel[::-1, ::-1],
        }
        savemat(folder / "levin" / f"{name}.mat", variables)
    return folder


def is_one_sentence(err, command):
    """Whether a command wrote one line of error and nothing else."""
    return re.fullmatch(rf"pydeblur( {command})?: error: [^\n]{{10,}}\n", err) is not None and "Traceback" not in err


@pytest.fixture(name="is_one_sentence")
def is_one_sentence_fixture():
    return is_one_sentence
