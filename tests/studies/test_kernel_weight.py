"""The study of the kernel's weight in Xu and Jia's method: what is compared with what, and that it is kept."""

import importlib.util
import sys
from pathlib import Path

import pytest

from pydeblur.estimators.xu_jia import XuJia, XuJiaOptions
from pydeblur.evaluation.development import CaseMeasure, Selection

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "studies" / "compared_methods" / "kernel_weight.py"


@pytest.fixture(scope="module")
def study():
    spec = importlib.util.spec_from_file_location("study_of_kernel_weight", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_last_weight_is_the_method_s_own(study):
    assert XuJiaOptions(**list(study.WEIGHTS.values())[-1]) == XuJiaOptions()


def test_weights_are_compared_on_a_case(study, photographs, tmp_path, read_table, count_runs):
    words = ["--data", str(photographs), "--out", str(tmp_path / "out"), "--subset", "1", "--noise", "0"]
    measured = count_runs(study)
    study.main(words)
    table = read_table(tmp_path / "out" / "kernel_weight_development_test_0.csv")
    assert list(table) == list(study.WEIGHTS) and float(table[study.PAPER]["difference"]) == 0
    selection = Selection(noise=0.0)
    case = selection.cases(photographs)[0].blurred(0.0)
    ratio = CaseMeasure(case, selection.case_set).error_ratio(
        XuJia(useful_pixels=0.5, edge_pixels=2).estimate(case.blurred, case.kernel_size).kernel
    )
    assert float(table["0.01, and 0.3 by the noise"]["mean_ratio"]) == pytest.approx(min(ratio, 20))
    study.main(words)
    assert len(measured) == len(study.WEIGHTS)
