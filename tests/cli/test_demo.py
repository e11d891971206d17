"""``demo``, with a small image in the place of its own."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from pydeblur.datasets import demo_images as demo
from pydeblur.files import read_image, read_kernel


@pytest.fixture
def small_demo(monkeypatch, sharp_image, blurred):
    quick = {"iterations": 1}
    images = [
        demo.DemoImage("real", blurred, 7, quick, detail=np.s_[10:50, 10:60]),
        demo.DemoImage("known", blurred, 7, quick, sharp=sharp_image[23:95, 23:103]),
    ]
    monkeypatch.setattr(demo, "demo_images", lambda: images)


def test_demo_writes_pictures_and_prints_the_psnr_where_the_truth_is_known(pydeblur, small_demo, tmp_path):
    outcome = pydeblur("demo", "--out", tmp_path / "new" / "folder")
    assert outcome.code == 0 and outcome.err == ""
    real, known, where = outcome.out.splitlines()
    assert "no ground truth" in real and known.startswith("known: PSNR ") and str(tmp_path) in where
    names = {path.name for path in (tmp_path / "new" / "folder").iterdir()}
    ends = ("blurred.png", "deblurred.png", "kernel.tif", "kernel.png")
    assert names == {"side_by_side.png", *(f"{name}_{end}" for name in ("real", "known") for end in ends)}
    assert read_kernel(tmp_path / "new/folder/real_kernel.tif").shape == (7, 7)
    assert read_image(tmp_path / "new/folder/side_by_side.png").pixels.std() > 0.1


def test_without_scikit_image_it_deblurs_pictures_that_it_draws(pydeblur, tmp_path, monkeypatch):
    quick = {"prior": "gradient", "iterations": 1, "nonblind": "tv"}
    drawn = [replace(image, settings=quick) for image in demo.drawn_demo_images()]
    monkeypatch.setitem(sys.modules, "skimage", None)
    monkeypatch.setitem(sys.modules, "skimage.data", None)
    monkeypatch.setattr(demo, "drawn_demo_images", lambda: drawn)
    outcome = pydeblur("demo", "--out", tmp_path / "new")
    assert (outcome.code, outcome.err) == (0, "")
    assert [line.split(":")[0] for line in outcome.out.splitlines()[:2]] == ["street", "page"]
    assert (tmp_path / "new" / "side_by_side.png").is_file()


def test_with_scikit_image_it_deblurs_two_that_come_with_it():
    pytest.importorskip("skimage")
    assert [image.name for image in demo.demo_images()] == ["clock", "camera"]
