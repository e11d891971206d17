"""The Python face and the shell without a kernel size, and with one that is too small."""

import json
import warnings

import numpy as np
import pytest
from skimage import data

import pydeblur as package
from pydeblur.estimators.kernel_size_search import KernelSizeSearch
from pydeblur.files import read_image, write_image
from pydeblur.synthesis import blur, random_kernel

SCENE = data.camera()[100:260, 90:260] / 255
BLURRED = np.clip(blur(SCENE, random_kernel(13, 1), 0.003, 0), 0, 1)
#: One run of one iteration.
QUICK = {"prior": "gradient", "iterations": 1}


def warned_by(function, *arguments, **words):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = function(*arguments, **words)
    return result, {each.category: str(each.message) for each in caught}


def test_the_size_is_found_and_told():
    result, _ = warned_by(package.deblur, BLURRED, **QUICK, nonblind="tv")
    search = result.kernel_size_search
    assert 13 <= search.size <= 25 and len(result.kernel) == search.size and search.tried
    estimate, _ = warned_by(package.estimate_kernel, BLURRED, None, **QUICK)
    assert np.array_equal(estimate.kernel, result.kernel) and estimate.kernel_size_search.size == search.size


@pytest.mark.parametrize("words", [{"method": "marginal", "steps": 2}, {"nonuniform": True, **QUICK}])
def test_other_methods_find_it_too(words):
    estimate, _ = warned_by(package.estimate_kernel, BLURRED[:96, :96], **words)
    assert len(estimate.kernel) == estimate.kernel_size_search.size >= 9


def test_a_given_size_is_not_looked_for():
    result, _ = warned_by(package.deblur, BLURRED, 17, **QUICK)
    assert result.kernel_size_search is None and result.kernel.shape == (17, 17)


@pytest.mark.parametrize("size", [5, 9])
def test_a_size_that_is_too_small_is_warned_of_with_the_one_to_try(size):
    wide = np.clip(blur(SCENE, random_kernel(21, 3), 0.003, 0), 0, 1)
    _, texts = warned_by(package.estimate_kernel, wide, size, prior="gradient")
    tried = int(texts[package.KernelSizeWarning].rpartition(" ")[2])
    assert tried >= 17 and tried % 2 == 1 and f"size {size} is too small" in texts[package.KernelSizeWarning]
    _, texts = warned_by(package.estimate_kernel, wide, tried, prior="gradient")
    assert package.KernelSizeWarning not in texts


def test_the_size_to_try_costs_no_search(monkeypatch):
    def refused(*arguments, **words):
        raise AssertionError("a warning is no reason to rank kernels")

    monkeypatch.setattr("pydeblur.estimators.kernel_size_search.search_kernel_size", refused)
    monkeypatch.setattr("pydeblur.estimators.kernel_size_search.KernelRanker", refused)
    wide = np.clip(blur(SCENE, random_kernel(21, 3), 0.003, 0), 0, 1)
    _, texts = warned_by(package.estimate_kernel, wide, 9, prior="gradient")
    assert package.KernelSizeWarning in texts


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_a_sharp_picture_is_left_as_it_is(dtype):
    picture = data.camera()[100:260, 90:260] if dtype == np.uint8 else SCENE
    result, texts = warned_by(package.deblur, picture)
    assert np.array_equal(result.image, picture) and result.image.dtype == dtype and result.nonblind == "none"
    assert "not blurred by camera shake" in texts[package.KernelCollapseWarning]
    assert result.kernel.max() == 1 and repr(result).count("\n") == 2


def test_the_report_tells_of_both(tmp_path):
    for name, picture, text in (
        ("a", BLURRED, "Kernel sizes that were tried"),
        ("b", SCENE, "not blurred by camera shake"),
    ):
        result, _ = warned_by(package.deblur, picture, **QUICK, nonblind="tv")
        result.report(tmp_path / f"{name}.html")
        assert text in (tmp_path / f"{name}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [(), ("--kernel-size", "auto")])
def test_the_shell_needs_no_size(pydeblur_command, tmp_path, words):
    write_image(tmp_path / "in.png", BLURRED)
    quick = ("--prior", "gradient", "--iterations", 1, "--nonblind", "tv", "--verbose")
    outcome = pydeblur_command(
        "deblur", tmp_path / "in.png", "-o", tmp_path / "out.png", "--json", tmp_path / "j.json", *quick, *words
    )
    record = json.loads((tmp_path / "j.json").read_text(encoding="utf-8"))["kernel_size_search"]
    assert outcome.code == 0 and f"kernel size {record['size']} found" in outcome.out
    assert record["reason"] in outcome.err and len(record["tried"]) >= 2
    assert record["second_size"] < record["size"] and record["extent"] < record["size"]
    assert record["is_confirmed"] in (True, False) and all(each["score"] < 0 for each in record["tried"])


def test_the_shell_leaves_a_sharp_picture_as_it_is(pydeblur_command, tmp_path):
    write_image(tmp_path / "in.png", SCENE)
    outcome = pydeblur_command("deblur", tmp_path / "in.png", "-o", tmp_path / "out.png")
    assert outcome.code == 0 and "not blurred by camera shake" in outcome.out + outcome.err
    images = [read_image(tmp_path / name).pixels for name in ("in.png", "out.png")]
    assert np.array_equal(*images)


def test_a_size_that_was_found_too_small_grows(monkeypatch):
    monkeypatch.setattr(
        "pydeblur.deblurring.preparation.search_kernel_size", lambda *_, **__: KernelSizeSearch(13, "somebody said so")
    )
    wide = np.clip(blur(SCENE, np.full((1, 25), 1 / 25), 0.003, 0), 0, 1)
    result, _ = warned_by(package.deblur, wide, prior="gradient", nonblind="tv", progress=True)
    search = result.kernel_size_search
    assert search.size == len(result.kernel) > 13
    assert search.reason.startswith("somebody said so; ") and search.reason.endswith("size 13 is too small")
    assert search.size in {record.kernel_size for record in result.history}
