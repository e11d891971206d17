"""The study of what Xu and Jia's paper leaves open: each variant is another method, and the second one the package's."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from pydeblur.estimators import xu_jia
from pydeblur.estimators.xu_jia import XuJia, XuJiaOptions
from pydeblur.evaluation.development import CaseMeasure, Selection

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "studies" / "compared_methods" / "open_choices.py"


@pytest.fixture(scope="module")
def study():
    spec = importlib.util.spec_from_file_location("study_of_open_choices", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_variants_are_compared_on_a_case(study, photographs, tmp_path, read_table, count_runs):
    names = (study.PAPER, "half as many edges", "λ = 2e-2", "no edges in the outer 2 pixels")
    words = ["--data", str(photographs), "--out", str(tmp_path / "out"), "--subset", "1", "--split", "test"]
    words += ["--variants", *names[1:]]
    measured = count_runs(study)
    study.main(words)
    table = read_table(tmp_path / "out" / "open_choices_development_test_0.csv")
    assert tuple(table) == names and float(table[study.PAPER]["difference"]) == 0
    selection = Selection(noise=0.0)
    case = selection.cases(photographs)[0].blurred(0.0)
    for name, options in ((study.PAPER, {}), ("λ = 2e-2", {"edge_weight": 2e-2})):
        found = XuJia(useful_pixels=0.5, edge_pixels=2.0, **options).estimate(case.blurred, case.kernel_size).kernel
        ratio = CaseMeasure(case, selection.case_set).error_ratio(found)
        assert float(table[name]["mean_ratio"]) == pytest.approx(min(ratio, 20))
    study.main(words)
    assert len(measured) == len(names)


def test_what_is_replaced_is_there_and_comes_back(study, photographs):
    before = dict(vars(xu_jia))
    case = Selection(noise=0.0).cases(photographs)[0].blurred(0.0)
    own = study.VARIANTS[study.PAPER].kernel(case)
    assert XuJiaOptions(**list(study.VARIANTS.values())[1].options) == XuJiaOptions()
    for variant in study.VARIANTS.values():
        assert set(variant.replaced) <= set(before)
    other = study.VARIANTS["half as many edges"].kernel(case)
    assert vars(xu_jia) == before
    assert np.array_equal(study.VARIANTS[study.PAPER].kernel(case), own) and not np.array_equal(other, own)


def test_edges_of_the_border_are_left_out(study):
    image = np.random.default_rng(0).random((12, 14))
    x, y, threshold = study.edges_inside(image, 1e-6)
    whole_x, whole_y, whole_threshold = xu_jia.edges_above(image, 1e-6)
    inner = np.s_[2:-2, 2:-2]
    assert threshold == whole_threshold
    assert np.array_equal(x[inner], whole_x[inner]) and np.array_equal(y[inner], whole_y[inner])
    assert np.count_nonzero(x) == np.count_nonzero(x[inner]) < np.count_nonzero(whole_x)
