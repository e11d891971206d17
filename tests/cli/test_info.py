"""``pydeblur info``: what it prints is what is there."""

import hashlib
import json
import platform
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

import pydeblur as package
from pydeblur.files.shipped_weights import shipped_weights


def test_it_prints_versions_providers_weights_and_formats(pydeblur, tmp_path):
    outcome = pydeblur("info", "--json", tmp_path / "info.json")
    assert (outcome.code, outcome.err) == (0, "")
    digest = hashlib.sha256(shipped_weights("classifier-paper.onnx").read_bytes()).hexdigest()
    providers = ", ".join(onnxruntime.get_available_providers())
    for text in (package.__version__, platform.python_version(), f"numpy {np.__version__}", providers, digest):
        assert text in outcome.out
    for text in ("processors", "TIFF", "uint16", "range", "colour"):
        assert text in outcome.out
    assert json.loads((tmp_path / "info.json").read_text()) == package.system_info()


def test_variables_that_decide_on_threads_are_named(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert package.system_info()["computing"]["variables"]["OMP_NUM_THREADS"] == "3"


@pytest.mark.parametrize("path", ["no/such/folder.json", "."])
def test_a_file_that_cannot_be_written_is_said_first(pydeblur, is_one_sentence, path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = pydeblur("info", "--json", path)
    assert (outcome.code, outcome.out) == (2, "") and is_one_sentence(outcome.err, "info")


def test_the_folder_for_matlab_is_printed(pydeblur):
    outcome = pydeblur("matlab-path")
    names = {path.stem for path in Path(outcome.out.strip()).glob("*.m")}
    assert outcome.code == 0 and {"blind_deconv", "whyte_deconv", "L0Restoration", "estimate_psf"} <= names
