"""The study of the faster default: its table says what the kernels are worth, and a finished case is not run again."""

import numpy as np
import pytest

from pydeblur.backend.fft import fft_fixed
from pydeblur.estimators import PRESETS, Multistart, SuccessiveHalving
from pydeblur.evaluation.development import CaseMeasure, Selection
from pydeblur.evaluation.store import Finished, Task


@pytest.fixture(scope="module")
def study(load_study):
    return load_study("faster_default")


def test_the_former_default_is_the_same_runs_in_double_precision(study):
    former, best = study.presets().values()
    assert (former.variants, best.variants) == (PRESETS["best"].variants,) * 2
    assert former.solver["dtype"] == "float64" and former.halving is None and former.result_dtype is None
    assert former.for_wide_kernels.halving == SuccessiveHalving(2, 4)
    assert former.for_wide_kernels.variants == best.for_wide_kernels.variants
    assert best.solver == PRESETS["best"].solver and best.halving == PRESETS["best"].halving


def test_figures_are_those_of_the_kernels(study, photographs, tmp_path, read_table, count_runs):
    arguments = ["--data", str(photographs), "--out", str(tmp_path), "--subset", "1"]
    measured = count_runs(study)
    study.main(arguments)
    table = read_table(tmp_path / "faster_default_development_test_0.01.csv")
    assert list(table) == ["the former default", "best"] and len(measured) == 2
    selection = Selection("development")
    case = selection.cases(photographs)[0].blurred(0.01)
    with fft_fixed("auto"):
        kernel = Multistart(study.presets()["best"]).estimate(case.blurred, case.kernel_size).kernel
        psnr = CaseMeasure(case, selection.case_set).figures(kernel)["psnr"]
    assert float(table["best"]["psnr"]) == pytest.approx(psnr, abs=1e-6)
    study.main(arguments)
    assert len(measured) == 2


def test_the_table_by_hand(study):
    def finished(method, psnr, seconds):
        figures = {"psnr": psnr, "true_psnr": 30.0, "kernel_cpu_seconds": seconds}
        return Finished(Task(method, "case", {}), figures, 1.0, 1.0, "", "", {})

    groups = {
        "former": [finished("former", 29.0, 4.0), finished("former", 26.5, 2.0)],
        "best": [finished("best", 29.5, 2.0), finished("best", None, 1.5)],
    }
    former, best = study.table(groups)
    assert (former["failed"], best["failed"]) == (1, 1) and former["difference"] == 0
    assert best["difference"] == pytest.approx(np.mean([0.5, -16.5])) and best["relative_seconds"] == 0.625
    assert best["psnr"] == pytest.approx(19.75) and best["kernel_cpu_seconds"] == 1.75
