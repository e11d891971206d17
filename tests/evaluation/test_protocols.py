"""Benchmarks from Python: a text benchmark made here, the summary's arithmetic, and what is refused."""

import json

import numpy as np
import pytest
from PIL import Image
from scipy.signal import convolve2d

import pydeblur
from pydeblur.backend.fft import fft_fixed
from pydeblur.datasets import load
from pydeblur.evaluation import protocols
from pydeblur.evaluation.protocols import (
    BENCHMARKS,
    Protocol,
    all_options,
    estimate_case,
    evaluate,
    evaluate_case,
    restore_case,
    summarise,
    write_report,
)
from pydeblur.files import write_image, write_kernel
from pydeblur.metrics import align, psnr

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


def asked_for(monkeypatch, protocol, data):
    """The grey image and the kernel size that an estimation is given."""
    seen = []

    class Spy:
        def estimate(self, image, kernel_size, **_):
            seen.append((image, kernel_size))
            raise pydeblur.KernelCollapseError("nothing is estimated")

    monkeypatch.setattr(Protocol, "estimator", lambda self: Spy())
    evaluate(protocol, data, ["im01_ker01"])
    return seen[0]


@pytest.mark.parametrize(("room", "size"), [(None, 7), (1, 5), (1.0, 5), (1.01, 7), (1.2, 7), (1.5, 9), (4, 21)])
def test_the_kernel_size_asked_for_is_the_next_odd_one(text_folder, monkeypatch, room, size):
    assert asked_for(monkeypatch, Protocol("text", kernel_room=room), text_folder)[1] == size


def test_kernels_without_truth_have_no_room(text_folder, monkeypatch):
    monkeypatch.setattr("pydeblur.datasets.text.TextCase.kernel", None)
    protocol = Protocol("text", "gradient", kernel_room=1)
    (text_case,) = load("text", text_folder)
    with pytest.raises(pydeblur.InvalidInputError, match="^kernel_room needs true kernels, but im01_ker01 has none$"):
        estimate_case(protocol, text_case)


def test_grey_of_eight_bits_is_that_of_an_eight_bit_picture(text_folder, monkeypatch):
    picture = np.asarray(Image.open(text_folder / "text/blurred/im01_ker01_blur.png")).astype(int)
    # The luma weights to six digits; no sum is that close to a half.
    sums = picture @ np.array([298936, 587043, 114021])
    assert np.abs(sums % 1_000_000 - 500_000).min() > 255
    expected = (sums + 500_000) // 1_000_000
    grey, _ = asked_for(monkeypatch, Protocol("text", eight_bit_grey=True), text_folder)
    np.testing.assert_allclose(255 * grey, expected, atol=1e-9)
    exact, _ = asked_for(monkeypatch, Protocol("text"), text_folder)
    assert 0 < np.abs(exact - grey).max() <= 0.5 / 255 + 1e-12


def test_results_on_text_are_clipped_as_pictures_are(text_folder, monkeypatch):
    """A result beyond [0, 1] counts as the picture that is written of it."""
    (text_case,) = load("text", text_folder)
    monkeypatch.setattr(protocols, "deconvolve", lambda *_, **__: 3 * text_case.sharp - 1)
    restored = restore_case(Protocol("text", "gradient"), text_case, text_case.kernel)
    np.testing.assert_array_equal(restored, np.clip(3 * text_case.sharp - 1, 0, 1))
    assert (restored == 0).any() and (restored == 1).any()


def test_the_least_error_of_a_case_follows_the_final_step(text_folder):
    """It is kept from method to method, and is another one with other options."""
    fields = {"prior": "gradient", "solver": {"iterations": 1}, "nonblind": "tv"}
    weights = (2e-3, 2e-2, 2e-3)
    runs = [Protocol("text", **fields, nonblind_options={"lambda_tv": weight}) for weight in weights]
    first, other, again = (evaluate(run, text_folder)["cases"][0]["ssd_true"] for run in runs)
    assert first == again != other


def test_the_benchmark_s_options_of_the_final_step_need_not_be_given(text_folder):
    fields = {"prior": "gradient", "solver": {"iterations": 1}}
    runs = [Protocol("text", **fields), Protocol("text", **fields, nonblind_options=BENCHMARKS["text"])]
    usual, by_hand = (evaluate(run, text_folder)["cases"][0] for run in runs)
    del usual["cpu_seconds"], by_hand["cpu_seconds"]
    assert usual == by_hand
    assert all_options(runs[0]) == all_options(runs[1])


@pytest.mark.parametrize(
    ("benchmark", "step", "given", "options"),
    [
        ("levin", "ringing", {"lambda_l0": 1e-3}, {**BENCHMARKS["levin"], "lambda_l0": 1e-3}),
        ("sun", "tv", {}, {"lambda_tv": BENCHMARKS["sun"]["lambda_tv"]}),
        ("sun", "epll", {}, {}),
        ("text", None, {}, {}),
        ("kohler", "ringing", {"workers": 2}, {"workers": 2}),
    ],
)
def test_a_step_has_those_of_the_benchmark_s_options_that_it_knows(benchmark, step, given, options):
    assert Protocol(benchmark, nonblind=step, nonblind_options=given).step_options == options


def test_the_package_s_own_step_is_measured_with_the_same_kernel(text_folder):
    protocol = Protocol("text", "gradient", solver={"iterations": 1})
    figures = evaluate_case(protocol, text_folder, "im01_ker01", with_own_step=True)
    (text_case,) = load("text", text_folder)
    with fft_fixed("scipy"):
        kernel, _ = estimate_case(protocol, text_case)
        restored = np.clip(pydeblur.deconvolve(text_case.blurred, kernel), 0, 1)
    aligned = align(restored, text_case.sharp)
    assert figures["own_step_psnr"] == pytest.approx(psnr(aligned.image, aligned.reference), abs=1e-9)
    assert abs(figures["own_step_psnr"] - figures["psnr"]) > 1e-6
    assert "own_step_psnr" not in evaluate_case(protocol, text_folder, "im01_ker01")


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
        (Protocol("text", kernel_room=0.9), {}),
        (Protocol("text", kernel_room=float("nan")), {}),
        (Protocol("text", kernel_room="1"), {}),
        (Protocol("text", nonblind="magic"), {}),
        (Protocol("text", nonblind_options={"lambda_tv": -1}), {}),
        (Protocol("text", nonblind_options=[1]), {}),
        (Protocol("text", nonblind=["tv"]), {}),
    ],
)
def test_bad_protocols_are_refused_before_any_case_is_run(text_folder, protocol, words):
    with pytest.raises(pydeblur.InvalidInputError, match="^[^\n]+$"):
        evaluate(protocol, text_folder, **words, progress=lambda figures: pytest.fail("a case was run"))
