"""The study of the final step: gains and qualities are told from the package's own results, and finished cases are
kept."""

import numpy as np
import pytest

import pydeblur
from pydeblur.evaluation.development import Selection
from pydeblur.metrics import align, aligned_psnr, psnr
from pydeblur.preprocess.noise import noise_level


@pytest.fixture(scope="module")
def study(load_study):
    return load_study("final_step")


def quality(case, image):
    """PSNR of the clipped image at its best shift, told without the study."""
    aligned = align(np.clip(image, 0, 1), case.sharp, 4, 15)
    return psnr(aligned.image, aligned.reference)


def test_gains_with_kernels_as_they_are_found(study, photographs, tmp_path, read_table, count_runs):
    arguments = ["found", "--noise", "0.02", "--data", str(photographs), "--out", str(tmp_path)]
    measured = count_runs(study, "measure_found")
    study.main(arguments)
    table = read_table(tmp_path / "final_step_found_development_test_0.02_speed_1.2.csv")
    assert list(table) == list(study.FOUND_STEPS) and {row["cases"] for row in table.values()} == {"2"}
    gains, found = [], []
    for each in Selection(noise=0.02, speed_variation=1.2).cases(photographs):
        case = each.blurred(0.02)
        kernel = pydeblur.estimate_kernel(case.blurred, case.kernel_size).kernel
        usual = pydeblur.deconvolve(case.blurred, kernel, "ringing", lambda_tv=1e-3, lambda_l0=5e-4)
        gains.append(quality(case, pydeblur.deconvolve(case.blurred, kernel)) - quality(case, usual))
        found.append(noise_level(case.blurred))
    assert float(table["ringing, by noise"]["gain"]) == pytest.approx(np.mean(gains), abs=1e-9)
    assert float(table["ringing, by noise"]["gain_error"]) == pytest.approx(np.ptp(gains) / 2, abs=1e-9)
    assert float(table[study.USUAL]["gain"]) == 0
    assert float(table[study.USUAL]["noise_found"]) == pytest.approx(np.mean(found))
    study.main(arguments)
    assert len(measured) == 2


def test_qualities_with_true_kernels(study, photographs, tmp_path, read_table, count_runs):
    arguments = ["true", "--data", str(photographs), "--out", str(tmp_path)]
    measured = count_runs(study, "measure_true")
    study.main(arguments)
    table = read_table(tmp_path / "final_step_true_development_test_0.01.csv")
    assert list(table) == ["blurred", "tv", "ringing", "hyper-laplacian", "epll"]
    cases = [each.blurred(0.01) for each in Selection().cases(photographs)]
    for name in ("blurred", "tv"):
        images = [
            case.blurred if name == "blurred" else pydeblur.deconvolve(case.blurred, case.kernel, "tv")
            for case in cases
        ]
        own = [quality(case, image) for case, image in zip(cases, images)]
        assert float(table[name]["psnr"]) == pytest.approx(np.mean(own), rel=1e-9)
        assert float(table[name]["psnr_error"]) == pytest.approx(np.ptp(own) / 2, rel=1e-9)
    assert float(table["epll"]["cpu_seconds"]) > 0 and table["blurred"]["cpu_seconds"] == ""
    study.main(arguments)
    assert len(measured) == 8


def test_qualities_on_levin_s_images(study, levin_folder, tmp_path, read_table, count_runs):
    from pydeblur.datasets import load

    arguments = ["levin", "--data", str(levin_folder), "--out", str(tmp_path)]
    measured = count_runs(study, "measure_levin")
    study.main(arguments)
    table = read_table(tmp_path / "final_step_levin.csv")
    restored = [
        (case, np.clip(pydeblur.deconvolve(case.blurred, case.kernel, "ringing"), 0, 1))
        for case in load("levin", levin_folder)
    ]
    own = [aligned_psnr(image, case.sharp) for case, image in restored]
    assert float(table["ringing"]["psnr"]) == pytest.approx(np.mean(own), rel=1e-9)
    assert table["ringing"]["cases"] == "2"
    study.main(arguments)
    assert len(measured) == 8
