"""The study beyond the development set: its figures are those of `pydeblur.deblur`, and a finished case is not run
again."""

import numpy as np
import pytest

import pydeblur
from pydeblur.evaluation.development import Selection
from pydeblur.metrics import align, comp_upto_shift, psnr
from pydeblur.nonblind import deconvolve


@pytest.fixture(scope="module")
def study(load_study):
    return load_study("default_beyond")


def run(study, cases, photographs, out):
    study.main([cases, "--data", str(photographs), "--out", str(out)])


@pytest.mark.parametrize("cases, label", [("wide", "wide_test_0.01"), ("large", "large_test_0.01_speed_1")])
def test_unclipped_images(study, photographs, tmp_path, read_table, count_runs, cases, label):
    measured = count_runs(study)
    run(study, cases, photographs, tmp_path)
    table = read_table(tmp_path / f"default_beyond_{label}.csv")
    assert list(table) == ["best", "the paper's values", "best, all pixels counting"]
    assert len(measured) == 6
    selection = Selection(cases, speed_variation=study.CONDITIONS[cases].speed_variation)
    ratios, qualities = [], []
    for each in selection.cases(photographs):
        case = each.blurred(0.01)
        result = pydeblur.deblur(case.blurred, case.kernel_size, prior="gradient")
        shift, border = selection.case_set.largest_shift, selection.case_set.border
        ssds = [
            align(deconvolve(case.blurred, kernel, "tv"), case.sharp, shift, border).ssd
            for kernel in (result.kernel, case.kernel)
        ]
        ratios.append(ssds[0] / ssds[1])
        restored = align(np.clip(result.image, 0, 1), case.sharp, shift, border)
        qualities.append(psnr(restored.image, restored.reference))
    row = table["the paper's values"]
    assert float(row["mean_ratio"]) == pytest.approx(np.minimum(ratios, 20).mean(), rel=1e-9)
    assert float(row["psnr"]) == pytest.approx(np.mean(qualities), rel=1e-9)
    assert {row["cases"] for row in table.values()} == {"2"}
    # So few pixels count all in any case.
    assert float(table["best, all pixels counting"]["difference"]) == 0
    run(study, cases, photographs, tmp_path)
    assert len(measured) == 6


def test_clipped_highlights(study, photographs, tmp_path, read_table, count_runs):
    measured = count_runs(study)
    run(study, "clipped", photographs, tmp_path)
    table = read_table(tmp_path / "default_beyond_clipped_test_0.01.csv")
    assert list(table) == ["best", "the paper's values", "best, saturated=False"]
    selection = Selection("clipped")
    cases = [case.blurred(0.01) for case in selection.cases(photographs)]
    found = [pydeblur.deblur(case.blurred, case.kernel_size) for case in cases]
    assert int(table["best"]["taken_for_clipped"]) == sum(result.saturated for result in found) > 0
    assert (
        table["best, saturated=False"]["taken_for_clipped"] == table["the paper's values"]["taken_for_clipped"] == "0"
    )
    assert float(table["best, saturated=False"]["difference"]) != 0
    ratios = []
    for case, result in zip(cases, found):
        images = [np.clip(deconvolve(case.blurred, kernel, "whyte"), 0, 1) for kernel in (result.kernel, case.kernel)]
        ssds = [comp_upto_shift(image, case.sharp, selection.case_set.largest_shift)[0] for image in images]
        ratios.append(ssds[0] / ssds[1])
    assert float(table["best"]["mean_ratio"]) == pytest.approx(np.minimum(ratios, 20).mean(), rel=1e-9)
    run(study, "clipped", photographs, tmp_path)
    assert len(measured) == 6
