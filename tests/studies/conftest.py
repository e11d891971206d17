"""A folder of small photographs made here, of which every set makes small cases, and the studies' scripts as
modules."""

import csv
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat
from scipy.signal import convolve2d

from pydeblur.backend.fft import fft_fixed
from pydeblur.datasets.photographs import split_of
from pydeblur.evaluation import development
from pydeblur.evaluation.development import DevelopmentSet
from pydeblur.files import write_image

STUDIES = Path(__file__).resolve().parents[2] / "docs" / "studies"
#: Small kernels on small images: a run of the solver takes a tenth of a second.
SMALL_SETS = {
    "development": DevelopmentSet((5, 7), side=64, largest_shift=4, border=15),
    "wide": DevelopmentSet((9, 11), side=72, room=1.1, largest_shift=6, border=10),
    "clipped": DevelopmentSet((13, 13), 64, folders=("lowlight",), highlights=(2.0, 6.0), largest_shift=4, border=15),
    "clipped_in_light": DevelopmentSet(
        (13, 13), 64, folders=("lowlight",), highlights=(2.0, 6.0), light_gamma=2.2, largest_shift=4, border=15
    ),
    "large": DevelopmentSet((5, 7), per_folder=None, least_shape=(80, 90), largest_shift=4, border=8),
}


def scene(seed, shape):
    """A picture (H, W) in [0, 1] of overlapping rectangles of all grey values."""
    rng = np.random.default_rng(seed)
    picture = np.full(shape, 0.3)
    for _ in range(60):
        top, left = (int(rng.integers(-6, side)) for side in shape)
        height, width = rng.integers(4, 24, 2)
        picture[max(top, 0) : top + height, max(left, 0) : left + width] = rng.random()
    return picture


def names_of_split(split, count):
    """The first file names image000.png, image001.png, … that belong to a split."""
    names = (f"image{number:03d}.png" for number in range(1000))
    return [name for name in names if split_of(name) == split][:count]


@pytest.fixture(autouse=True)
def the_store_s_fft():
    """Studies compute with SciPy's Fourier transforms, and so has to do what their figures are compared with."""
    with fft_fixed("scipy"):
        yield


@pytest.fixture
def photographs(tmp_path, monkeypatch):
    """Two photographs of the split "test" in one folder, one too small, and one of another split."""
    monkeypatch.setattr(development, "SETS", SMALL_SETS)
    folder = tmp_path / "photographs"
    (folder / "lowlight").mkdir(parents=True)
    first, second, small = names_of_split("test", 3)
    for number, name in enumerate((first, second)):
        write_image(folder / "lowlight" / name, scene(number, (88, 96)))
    write_image(folder / "lowlight" / small, scene(2, (40, 96)))
    write_image(folder / "lowlight" / names_of_split("train", 1)[0], scene(3, (88, 96)))
    return folder


@pytest.fixture
def levin_folder(tmp_path):
    """Two cases in the manner of Levin et al.'s, of 46 × 48 pixels."""
    folder = tmp_path / "data" / "levin"
    folder.mkdir(parents=True)
    kernel = np.zeros((5, 5))
    kernel[[0, 1, 2, 3, 4], [1, 1, 2, 3, 3]] = 0.2
    for number in (1, 2):
        sharp = scene(number, (50, 52))
        blurred = convolve2d(sharp, kernel, "valid") + 0.005 * np.random.default_rng(number).standard_normal((46, 48))
        variables = {"x": sharp[2:-2, 2:-2], "y": blurred, "f": kernel[::-1, ::-1]}
        savemat(folder / f"im{number:02d}_ker01.mat", variables)
    return tmp_path / "data"


@pytest.fixture(scope="session")
def load_study():
    """A function that gives the script of a study, by the study's name, as a module."""

    def load(name):
        spec = importlib.util.spec_from_file_location(f"study_of_{name}", STUDIES / name / "study.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session")
def read_table():
    """A function that reads a CSV file as a dict of its rows by their first column."""

    def read(path):
        with open(path, newline="") as file:
            rows = list(csv.DictReader(file))
        first = next(iter(rows[0]))
        return {row[first]: row for row in rows}

    return read


@pytest.fixture
def count_runs(monkeypatch):
    """A function that has a study's measuring function counted: it gives the list of the cases that were run."""

    def count(module, name="measure"):
        measured, original = [], getattr(module, name)

        def counted(request, task):
            measured.append((task.method, task.case))
            return original(request, task)

        monkeypatch.setattr(module, name, counted)
        return measured

    return count
