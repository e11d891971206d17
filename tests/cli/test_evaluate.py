"""``evaluate``: the report's shape and figures, on data made here and on the real data."""

import json

import numpy as np
import pytest

import pydeblur as package
from pydeblur.datasets import load
from pydeblur.files import write_kernel

FIGURES = ["name", "ssd", "ssd_true", "error_ratio", "psnr", "ssim", "kernel_similarity", "cpu_seconds"]
QUICK = ("--prior", "gradient", "--iterations", 1)


@pytest.fixture(scope="module")
def report_of(levin_folder, tmp_path_factory):
    """Run ``evaluate levin`` on the made data with further words; gives the report."""
    from pydeblur.cli.main import main

    def run(*words):
        path = tmp_path_factory.mktemp("report") / "report.json"
        assert main(["evaluate", "levin", "--data", str(levin_folder), "--json", str(path), *map(str, words)]) == 0
        return json.loads(path.read_text())

    return run


@pytest.fixture(scope="module")
def report(report_of):
    return report_of(*QUICK)


def test_report_has_the_promised_shape(report):
    assert list(report) == ["cases", "summary", "options"]
    assert [case["name"] for case in report["cases"]] == ["im01_ker01", "im01_ker02", "im02_ker01"]
    for case in report["cases"]:
        assert list(case) == FIGURES
        assert all(isinstance(case[name], float) for name in FIGURES[1:])
    assert report["summary"]["success"].keys() == {"1.5", "2", "3"}
    assert report["options"]["prior"] == "gradient"
    assert report["options"]["solver"]["iterations"] == 1 and report["options"]["solver"]["lambda_grad"] == 4e-3
    assert report["options"]["nonblind_options"]["lambda_l0"] == 2e-4


def test_figures_follow_from_the_family_s_functions(report, levin_folder):
    for figures, case in zip(report["cases"], load("levin", levin_folder), strict=True):
        kernel, _ = package.blind_deconv(case.blurred, 0, 4e-3, {"kernel_size": 25, "xk_iter": 1})
        ssds = [
            package.comp_upto_shift(package.ringing_artifacts_removal(case.blurred, k, 1e-3, 2e-4, 1), case.sharp)[0]
            for k in (kernel, case.kernel)
        ]
        assert figures["ssd"] == pytest.approx(ssds[0], rel=1e-9)
        assert figures["ssd_true"] == pytest.approx(ssds[1], rel=1e-9)
        assert figures["error_ratio"] == pytest.approx(ssds[0] / ssds[1], rel=1e-9)
        inner = (case.sharp.shape[0] - 30) * (case.sharp.shape[1] - 30)
        assert figures["psnr"] == pytest.approx(10 * np.log10(inner / ssds[0]), rel=1e-9)


def test_summary_has_means_medians_and_success_rates(report):
    for name in FIGURES[1:]:
        values = sorted(case[name] for case in report["cases"])
        assert report["summary"]["mean"][name] == pytest.approx(sum(values) / 3)
        assert report["summary"]["median"][name] == values[1]
    for limit, share in report["summary"]["success"].items():
        assert share == pytest.approx(sum(case["error_ratio"] <= float(limit) for case in report["cases"]) / 3)


def test_two_processes_give_the_figures_of_one(report, report_of):
    parallel = report_of(*QUICK, "--jobs", 2)
    for one, two in zip(report["cases"], parallel["cases"], strict=True):
        del one["cpu_seconds"], two["cpu_seconds"]
        assert one == two
    assert report["options"] == parallel["options"]


def test_cases_are_run_as_they_are_asked_for(pydeblur, levin_folder, tmp_path):
    words = (
        "--data",
        levin_folder / "levin",
        "--cases",
        "im02_ker01,im01_ker02",
        "--json",
        tmp_path / "r.json",
        *QUICK,
    )
    outcome = pydeblur("evaluate", "levin", *words)
    assert outcome.code == 0
    names = [case["name"] for case in json.loads((tmp_path / "r.json").read_text())["cases"]]
    assert names == ["im02_ker01", "im01_ker02"]
    assert [line.split()[0] for line in outcome.err.splitlines()] == names
    assert [line.split(":")[0] for line in outcome.out.splitlines()] == ["mean", "median", "success"]


def test_quiet_prints_the_summary_only_and_the_environment_names_the_data(pydeblur, levin_folder, monkeypatch):
    monkeypatch.setenv("PYDEBLUR_DATA", str(levin_folder))
    outcome = pydeblur("evaluate", "levin", "--cases", "im01_ker01", "--quiet", *QUICK)
    assert outcome.code == 0 and outcome.err == "" and outcome.out.startswith("mean: ssd ")


def test_every_final_step_and_prior_can_be_evaluated(report_of):
    words = (*QUICK, "--cases", "im01_ker01", "--prior", "intensity", "--lambda-prior", 1e-3)
    report = report_of("--nonblind", "l0", *words)
    assert report["options"]["nonblind"] == "l0" and report["options"]["nonblind_options"]["lambda_l0"] == 2e-4
    assert report["options"]["prior"] == "intensity" and report["options"]["solver"]["lambda_prior"] == 1e-3
    assert report_of("--nonblind", "tv", *words)["options"]["nonblind_options"]["lambda_tv"] == 1e-3


def test_a_case_whose_kernel_collapses_is_reported_and_counts_as_no_success(pydeblur, levin_folder, tmp_path):
    words = ("--data", levin_folder, "--cases", "im01_ker01", "--gamma", "1e6", "--json", tmp_path / "r.json", *QUICK)
    outcome = pydeblur("evaluate", "levin", *words)
    assert outcome.code == 0 and "collapsed" in outcome.err
    report = json.loads((tmp_path / "r.json").read_text())
    (case,) = report["cases"]
    assert case["ssd"] is None and case["kernel_similarity"] is None and case["cpu_seconds"] > 0
    assert report["summary"]["mean"]["ssd"] is None and report["summary"]["success"]["3"] == 0


@pytest.mark.needs_data
def test_levin_s_figures_are_those_of_the_public_matlab_relative(pydeblur, research_data, tmp_path):
    words = ("--data", research_data, "--prior", "gradient", "--cases", "im01_ker01,im01_ker05")
    assert pydeblur("evaluate", "levin", *words, "--json", tmp_path / "r.json").code == 0
    cases = {case["name"]: case for case in json.loads((tmp_path / "r.json").read_text())["cases"]}
    # Measured by running it in Octave: aligned SSD with the estimated and with the true kernel.
    for name, ssd, ssd_true in (("im01_ker01", 30.91, 25.33), ("im01_ker05", 19.53, 17.80)):
        assert cases[name]["ssd"] == pytest.approx(ssd, rel=5e-3)
        assert cases[name]["ssd_true"] == pytest.approx(ssd_true, rel=5e-3)


@pytest.mark.needs_data
def test_the_text_method_is_its_authors_own_on_a_page_where_it_fails(pydeblur, research_data, tmp_path):
    """Its program, in Octave, has 12.8 dB there with the true kernel's size times 1.2, and 38.46 with the true kernel."""
    words = ("--data", research_data, "--prior", "intensity", "--cases", "im01_ker01")
    words += ("--kernel-room", 1.2, "--eight-bit-grey")
    assert pydeblur("evaluate", "text", *words, "--json", tmp_path / "r.json").code == 0
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["options"]["kernel_room"] == 1.2 and report["options"]["eight_bit_grey"] is True
    (case,) = report["cases"]
    assert case["psnr"] == pytest.approx(12.77, abs=0.05)
    assert case["psnr"] + 10 * np.log10(case["error_ratio"]) == pytest.approx(38.46, abs=0.02)


@pytest.fixture
def stored(levin_folder, tmp_path):
    """The true kernels of two of the three cases in Levin et al.'s convention, as another program stores them."""
    folder = tmp_path / "kernels"
    folder.mkdir()
    for case in load("levin", levin_folder)[:2]:
        write_kernel(folder / f"k_{int(case.name[-2:])}_im_1_theirs.png", case.kernel[::-1, ::-1])
    return folder


def test_stored_kernels_are_scored_and_missing_ones_said_in_one_sentence(pydeblur, levin_folder, stored, tmp_path):
    words = ("--data", levin_folder, "--kernels", stored, "--json", tmp_path / "r.json")
    outcome = pydeblur("evaluate", "levin", *words)
    assert outcome.code == 0
    *cases, last = outcome.err.splitlines()
    assert [line.split()[0] for line in cases] == ["im01_ker01", "im01_ker02"]
    assert last == "pydeblur evaluate: 1 of 3 cases has no stored kernel and is left out: im02_ker01"
    report = json.loads((tmp_path / "r.json").read_text())
    # A 16-bit picture holds the true kernels but for rounding.
    assert [case["error_ratio"] for case in report["cases"]] == pytest.approx([1, 1], abs=1e-3)
    assert report["without_kernel"] == ["im02_ker01"] and report["options"]["kernels"] == "correlation"
    turned = pydeblur("evaluate", "levin", *words, "--kernels-are", "convolution", "--quiet")
    assert turned.code == 0
    report = json.loads((tmp_path / "r.json").read_text())
    assert all(case["error_ratio"] > 1.2 for case in report["cases"])


@pytest.mark.parametrize(
    "words, part",
    [
        (("--prior", "gradient"), "--prior"),
        (("--iterations", 3), "--iterations"),
        (("--kernel-room", 0), "--kernel-room"),
        (("--eight-bit-grey",), "--eight-bit-grey"),
        (("--cases", "im02_ker01"), "im02_ker01"),
        (("--kernels", "absent"), "absent"),
    ],
)
def test_what_does_not_go_with_stored_kernels_is_one_sentence(pydeblur, levin_folder, stored, words, part):
    outcome = pydeblur("evaluate", "levin", "--data", levin_folder, "--kernels", stored, *words)
    assert outcome.code == 2 and part in outcome.err and outcome.err.count("\n") == 1
    outcome = pydeblur("evaluate", "levin", "--data", levin_folder, "--kernels-are", "correlation")
    assert outcome.code == 2 and "--kernels-are belongs to --kernels" in outcome.err
