"""Benchmarks from Python: a text benchmark made here, the summary's arithmetic, and what is refused."""

import json

import numpy as np
import pytest
from scipy.signal import convolve2d

import pydeblur
from pydeblur.evaluation.protocols import Protocol, evaluate, summarise, write_report
from pydeblur.files import write_image, write_kernel

KERNEL = np.zeros((5, 5))
KERNEL[[0, 1, 2, 3, 4], [1, 1, 2, 3, 3]] = 0.2


@pytest.fixture(scope="module")
def text_folder(sharp_image, tmp_path_factory):
    """Two colour images of 50 x 56 pixels, one of which is blurred."""
    folder = tmp_path_factory.mktemp("data")
    for name in ("blurred", "gt", "kernels"):
        (folder / "text" / name).mkdir(parents=True)
    sharp = np.stack([sharp_image, sharp_image**1.2, sharp_image**0.9], axis=-1)[20:74, 20:80]
    blurred = np.stack([convolve2d(sharp[..., c], KERNEL, "valid") for c in range(3)], axis=-1)
    write_image(folder / "text/gt/im01.png", sharp[2:-2, 2:-2])
    write_image(folder / "text/blurred/im01_ker01_blur.png", blurred)
    write_kernel(folder / "text/kernels/ker01_truth.png", KERNEL)
    return folder


def test_a_colour_benchmark(text_folder, tmp_path):
    seen = []
    protocol = Protocol("text", solver={"iterations": 1}, nonblind="tv", nonblind_options={"lambda_tv": 2e-3})
    report = evaluate(protocol, text_folder, ["im01_ker01"], progress=seen.append)
    (figures,) = report["cases"]
    assert seen == [figures]
    assert (
        figures["ssd"] > 0
        and figures["ssd_true"] > 0
        and figures["error_ratio"] == figures["ssd"] / figures["ssd_true"]
    )
    assert 0 < figures["ssim"] <= 1 and 0 < figures["kernel_similarity"] <= 1
    assert report["options"]["solver"]["iterations"] == 1 and "kernel_size" not in report["options"]["solver"]
    write_report(tmp_path / "report.json", report)
    assert json.loads((tmp_path / "report.json").read_text()) == report


def case(name, ratio, ssd=2.0):
    figures = dict.fromkeys(("ssd", "ssd_true", "error_ratio", "psnr", "ssim", "kernel_similarity"))
    if ratio is not None:
        figures.update(ssd=ssd, ssd_true=ssd / ratio, error_ratio=ratio, psnr=30.0, ssim=None, kernel_similarity=0.9)
    return {"name": name, **figures, "cpu_seconds": 1.5}


def test_summary():
    summary = summarise(
        [case("a", 1.0, 4.0), case("b", 1.5, 1.0), case("c", 2.5, 4.0), case("d", 3.5, 7.0), case("e", None)]
    )
    assert summary["count"] == 5
    assert summary["mean"]["ssd"] == 4.0 and summary["median"]["error_ratio"] == 2.0
    assert summary["mean"]["ssim"] is None and summary["mean"]["cpu_seconds"] == 1.5
    assert summary["success"] == {"1.5": 0.4, "2": 0.4, "3": 0.6}


@pytest.mark.parametrize(
    "protocol, words",
    [
        (Protocol("real"), {}),
        (Protocol("text"), {"jobs": 0}),
        (Protocol("text"), {"jobs": 1.5}),
        (Protocol("text"), {"cases": ["im77_ker77"]}),
        (Protocol("text"), {"cases": []}),
        (Protocol("text", prior="beauty"), {}),
        (Protocol("text", prior_options={"weights": "x"}), {}),
        (Protocol("text", solver={"iterations": 0}), {}),
        (Protocol("text", solver={"no_such_option": 0}), {}),
        (Protocol("text", nonblind="magic"), {}),
        (Protocol("text", nonblind_options={"lambda_tv": -1}), {}),
    ],
)
def test_bad_protocols_are_refused_before_any_case_is_run(text_folder, protocol, words):
    with pytest.raises(pydeblur.InvalidInputError, match="^[^\n]+$"):
        evaluate(protocol, text_folder, **words, progress=lambda figures: pytest.fail("a case was run"))
