"""The study of priors: its ratios are those of the package's own runs, and a finished case is not run again."""

import numpy as np
import pytest

import pydeblur
from pydeblur.evaluation.development import Selection
from pydeblur.metrics import comp_upto_shift
from pydeblur.nonblind import deconvolve


@pytest.fixture(scope="module")
def study(load_study):
    return load_study("priors")


def ratio(case, kernel):
    """Levin et al.'s, told without the study."""
    ssd, ssd_true = (
        comp_upto_shift(deconvolve(case.blurred, each, "tv"), case.sharp, 4)[0] for each in (kernel, case.kernel)
    )
    return ssd / ssd_true


def test_ratios_are_those_of_single_runs(study, photographs, tmp_path, read_table, count_runs, capsys):
    arguments = ["noise", "--data", str(photographs), "--out", str(tmp_path / "out")]
    measured = count_runs(study)
    study.main(arguments)
    table = read_table(tmp_path / "out" / "priors_noise_development_test_0.01.csv")
    assert list(table) == list(study.TABLES["noise"]) and {row["cases"] for row in table.values()} == {"2"}
    assert len(measured) == 2 * len(table)
    cases = [Selection().case(photographs, case.name) for case in Selection().cases(photographs)]
    ratios = {
        name: np.array(
            [ratio(case, pydeblur.estimate_kernel(case.blurred, case.kernel_size, **words).kernel) for case in cases]
        )
        for name, words in {
            "gradient, robust": {"prior": "gradient", "prefilter": 0.7, "relative_kernel_weight": 0.3},
            "gradient": {"prior": "gradient"},
        }.items()
    }
    for name, own in ratios.items():
        assert float(table[name]["mean_ratio"]) == pytest.approx(own.mean(), rel=1e-6)
    differences = ratios["gradient"] - ratios["gradient, robust"]
    row = table["gradient"]
    assert float(row["difference"]) == pytest.approx(differences.mean(), rel=1e-6)
    assert float(row["difference_error"]) == pytest.approx(np.ptp(differences) / 2, rel=1e-6)
    assert "| gradient, prefilter 0.7 | 2 |" in capsys.readouterr().out
    study.main(arguments)
    assert len(measured) == 2 * len(table)


def test_a_table_runs_what_others_have_not_run(study, photographs, tmp_path, read_table, count_runs):
    arguments = ["--data", str(photographs), "--out", str(tmp_path / "out"), "--subset", "1", "--noise", "0"]
    measured = count_runs(study)
    study.main(["weight", *arguments])
    assert [method for method, _ in measured] == list(study.TABLES["weight"])
    del measured[:]
    study.main(["form", *arguments, "--figure"])
    assert {method for method, _ in measured} == set(study.TABLES["form"]) - set(study.TABLES["weight"])
    assert (tmp_path / "out" / "priors_form_development_test_0.png").read_bytes().startswith(b"\x89PNG")
    row = read_table(tmp_path / "out" / "priors_form_development_test_0.csv")["gradient, robust"]
    assert (float(row["change_percent"]), row["difference_error"], row["cases"]) == (0.0, "", "1")


def test_the_null_prior_is_a_classifier_without_weight(study, photographs):
    """What λ = 0 leaves of the learned prior is the splitting alone, which is what the null prior is there to show."""
    case = Selection().case(photographs, Selection().cases(photographs)[0].name)
    words = {**study.ROBUST, **study.SHORT, "beta_start": 8e-3}
    null = pydeblur.estimate_kernel(case.blurred, case.kernel_size, prior="null", **words)
    compact = {"prior": "classifier", "prior_options": {"weights": "classifier-compact", "threads": 1}}
    weightless = pydeblur.estimate_kernel(case.blurred, case.kernel_size, **compact, prior_scale=1e-12, **words)
    np.testing.assert_allclose(null.kernel, weightless.kernel, atol=1e-9)
    plain = pydeblur.estimate_kernel(case.blurred, case.kernel_size, prior="gradient", **study.ROBUST)
    assert np.abs(null.kernel - plain.kernel).max() > 1e-3
