"""``demo``, with a small image in the place of its own."""

import sys

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


def test_without_scikit_image_it_says_what_to_install_and_leaves_nothing(pydeblur, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage", None)
    outcome = pydeblur("demo", "--out", tmp_path / "new")
    assert outcome.code == 2 and "pip install" in outcome.err and outcome.err.count("\n") == 1
    assert not (tmp_path / "new").exists()
