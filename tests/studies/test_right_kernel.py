"""The study of the right kernel: its figures are those of the ranker, and its table that of the linear rank."""

import importlib.util
import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from pydeblur.estimators import PRESETS, KernelRanker, RankingOptions, Variant
from pydeblur.evaluation.development import CaseMeasure, Selection
from pydeblur.nonblind import deconvolve
from pydeblur.nonblind.chosen_step import ChosenStep
from pydeblur.solver.pyramid import kernel_sizes
from pydeblur.training.ranking.linear_choice import mean_loss
from tests.studies.conftest import STUDIES

WIDE = PRESETS["best"].for_wide_kernels


@pytest.fixture(scope="module")
def study(load_study):
    return load_study("right_kernel")


def test_every_run_is_looked_at_at_both_scales(study, photographs, tmp_path, read_table, monkeypatch):
    monkeypatch.setattr(study, "_LARGEST_SHIFT", 3)
    monkeypatch.setattr(study, "_BORDER", 6)
    monkeypatch.setattr(study, "SETS_OF_NUMBERS", ((), ("change",)))
    few = replace(WIDE, variants=(WIDE.variants[0], Variant(size_factor=0.75), Variant(size_factor=1.25)))
    monkeypatch.setattr(study, "PRESETS", {"best": SimpleNamespace(for_wide_kernels=few)})
    out = tmp_path / "out"
    study.main(["--split", "test", "--data", str(photographs), "--out", str(out)])
    selection = Selection("wide", "test", 0.01, 1.2)
    line, _ = (out / "runs" / f"right_kernel_{selection.label}.jsonl").read_text().splitlines()
    figures = json.loads(line)["figures"]
    case = selection.cases(photographs)[0].blurred(0.01)
    runs = few.for_image(case.blurred, case.kernel_size).runs
    assert len(runs) == 3
    for scale in study.SCALES:
        there = [run for run in runs if scale < len(kernel_sizes(run.options.kernel_size))]
        assert len(figures[f"psnr at {scale}"]) == len(there) + 1  # the true kernel is the first
    ranker = KernelRanker(case.blurred, case.kernel_size, options=RankingOptions(threads=1))
    assert figures["log_error at 0"][0] == pytest.approx(ranker.evidence(case.kernel).log_error, rel=1e-6)
    assert max(figures["psnr at 0"]) > 15
    rows = read_table(out / f"right_kernel_{selection.label}.csv")
    assert set(rows) == {"2", "0"}


def test_the_truth_of_a_case_is_no_candidate(study):
    figures = {}
    for number, name in enumerate(study._NUMBERS):
        figures[f"{name} at 0"] = [number + 0.0, number + 0.5, number + 0.25]
    figures["psnr at 0"] = [30.0, 20.0, 25.0]
    finished = SimpleNamespace(task=SimpleNamespace(case="a"), figures=figures)
    case = study.scored_case(finished, 0)
    assert case.true_psnr == 30 and case.psnr.tolist() == [20, 25] and case.true_evidence.log_error == 0
    assert mean_loss([case], {}) == 0  # the lower log error is that of the better one


def test_a_kernel_at_half_the_size_is_a_kernel(study):
    kernel = np.zeros((13, 13))
    kernel[6, 2:11] = 1 / 9
    half = study._scaled(kernel, 0.5)
    assert half.shape == (7, 7) and half.sum() == pytest.approx(1) and half.min() >= 0
    assert half[3].sum() > 0.7


@pytest.fixture(scope="module")
def clipped():
    path = STUDIES / "right_kernel" / "clipped.py"
    spec = importlib.util.spec_from_file_location("study_of_clipped_light", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("choice", [("whyte", {"light_gamma": 1.0}), ("whyte", {})])
def test_the_final_steps_of_clipped_pictures(clipped, photographs, tmp_path, read_table, monkeypatch, choice):
    """The figures are those of the final steps with the true kernel, and the choice is the default's."""
    monkeypatch.setattr(clipped, "has_clipped_highlights", lambda image, kernel_size: True)
    monkeypatch.setattr(clipped, "step_for_highlights", lambda *_: ChosenStep(choice[0], "", choice[1]))
    clipped.main(["--split", "test", "--data", str(photographs), "--out", str(tmp_path)])
    table = read_table(tmp_path / "clipped_light_test_true.csv")
    assert list(table) == ["stored values", "linear light"]
    for light, name in clipped.LIGHTS.items():
        selection = Selection(name, "test", 0.005, 1.0)
        quality = []
        for each in selection.cases(photographs):
            case = each.blurred(0.005)
            restored = deconvolve(case.blurred, case.kernel, choice[0], **choice[1])
            quality.append(CaseMeasure(case, selection.case_set).psnr(restored))
        row = table[light]
        assert int(row["cases"]) == len(quality) > 0
        assert float(row["chosen"]) == pytest.approx(np.mean(quality), abs=1e-6)
        assert float(row["gain"]) == pytest.approx(float(row["chosen"]) - float(row["whyte"]), abs=1e-6)
        assert float(row["oracle"]) >= float(row["chosen"]) and float(row["told_stored"]) == float(bool(choice[1]))


def test_where_no_picture_is_clipped_there_are_no_figures(clipped):
    (row,) = clipped.table({"linear light": []})
    assert row["cases"] == 0 and row["chosen"] is None
