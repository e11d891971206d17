"""The study of the methods of the literature as candidates: what is chosen of scores, and the made night scenes."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from pydeblur.evaluation.development import CaseMeasure, Selection
from pydeblur.evaluation.store import Finished, Task

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "studies" / "compared_methods"


@pytest.fixture(scope="module")
def study(load_study):
    return load_study("compared_methods")


@pytest.fixture(scope="module")
def night():
    pytest.importorskip("skimage")
    spec = importlib.util.spec_from_file_location("study_of_night_scenes", FOLDER / "night_scenes.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def finished(method, case, **figures):
    return Finished(Task(method, case, {}), figures, 1.0, 1.0, "2026-01-01 00:00", "")


def run_of(method, case, score, ratio):
    return finished(method, case, score=score, error_ratio=ratio, kernel_cpu_seconds=2.0)


def test_the_lower_score_is_taken(study):
    base = [run_of("best", case, score, 2.0) for case, score in zip("abcd", (-3.0, -3.0, -3.0, None))]
    other = [run_of("pmp", "a", -4.0, 1.0), run_of("pmp", "b", -2.0, 1.0)]
    other += [run_of("pmp", "c", None, None), run_of("pmp", "d", -1.0, 4.0)]
    default, row = study.table({"best": base, "pmp": other})
    assert row["taken"] == 2 and default["taken"] == 0
    assert row["mean_ratio"] == pytest.approx((1 + 2 + 2 + 4) / 4)
    assert row["alone_mean_ratio"] == pytest.approx((1 + 1 + 20 + 4) / 4)
    assert row["perfect_choice"] == pytest.approx((1 + 1 + 2 + 2) / 4)
    assert row["time_share"] == 1.0


def test_a_run_is_measured_by_the_truth_and_kept(study, photographs, tmp_path, read_table, count_runs):
    out = tmp_path / "out"
    words = ["--data", str(photographs), "--out", str(out), "--subset", "1", "--methods", "cho_lee"]
    measured = count_runs(study)
    study.main(words)
    table = read_table(out / "compared_methods_development_test_0.01.csv")
    assert list(table) == ["best", "cho_lee"]
    selection = Selection()
    case = selection.cases(photographs)[0].blurred(0.01)
    kernel = study.METHODS["cho_lee"].protocol("").estimator().estimate(case.blurred, case.kernel_size).kernel
    ratio = CaseMeasure(case, selection.case_set).error_ratio(kernel)
    assert float(table["cho_lee"]["alone_mean_ratio"]) == pytest.approx(min(ratio, 20))
    study.main(words)
    assert len(measured) == 2


def test_night_scenes_are_dark_with_clipped_lights_and_always_the_same(night):
    for number in (0, 1):
        case = night.night_scene(number, 22)
        np.testing.assert_array_equal(case.blurred, night.night_scene(number, 22).blurred)
        assert case.blurred.shape == case.sharp.shape == (night.SIDE, night.SIDE)
        assert np.median(case.blurred) < 0.4 and (case.blurred == 1).sum() > 10
        assert case.kernel_size >= len(case.kernel)


def test_the_truth_of_a_night_scene_explains_it(night):
    """Where nothing is clipped, the blurred picture is the scene convolved with the kernel, plus noise."""
    from scipy.signal import fftconvolve

    case = night.night_scene(3, 22)
    margin = len(case.kernel) // 2
    explained = fftconvolve(case.sharp, case.kernel, "valid")
    inner = case.blurred[margin:-margin, margin:-margin]
    # Clipped lights of the sharp scene are dimmer than they were.
    unclipped = fftconvolve((case.sharp >= 1).astype(float), np.ones_like(case.kernel), "valid") < 0.5
    assert unclipped.mean() > 0.2
    assert np.std((inner - explained)[unclipped]) == pytest.approx(night.NOISE, rel=0.1)


@pytest.mark.parametrize("kind", ["discs", "bars"])
def test_larger_lights_are_other_scenes(night, kind):
    case, points = night.night_scene(1, 22, kind), night.night_scene(1, 22)
    assert (case.sharp == 1).sum() > 2 * (points.sharp == 1).sum()
    np.testing.assert_array_equal(case.kernel, points.kernel)


def test_the_default_is_compared_without_streaks(night):
    assert night._estimator("best").preset.light_streaks is False
    assert night.METHODS["best"].protocol("").resolved().light_streaks is True


def test_rules_for_streaks(night):
    def both(case, default, streaks, score, agreeing):
        shared = {"clipped_found": True, "psnr_true": 30.0, "kernel_cpu_seconds": 1.0, "kernel_similarity": 0.5}
        yield finished("best", case, psnr=default, score=0.0, agreeing_streaks=None, **shared)
        yield finished("light_streaks", case, psnr=streaks, score=score, agreeing_streaks=agreeing, **shared)

    results = [*both("a", 20.0, 24.0, 1.0, 3), *both("b", 22.0, 21.0, -1.0, 1), *both("c", 25.0, None, None, None)]
    agreeing, always, ranked = night.summary(night.rows_of(results))
    assert (agreeing["taken"], agreeing["better"], agreeing["worse"]) == (1, 1, 0)
    assert (always["taken"], always["better"], always["worse"]) == (2, 1, 1)
    assert always["gain_in_db"].startswith("+1.00 ±")
    assert (ranked["taken"], ranked["better"], ranked["worse"]) == (1, 0, 1)
