"""The study of the preset "fast": its figures are `pydeblur evaluate`'s, and a finished case is not run again."""

import json

import numpy as np
import pytest

from pydeblur.evaluation.protocols import Protocol, evaluate


@pytest.fixture(scope="module")
def study(load_study):
    return load_study("fast_preset")


def test_gain_over_the_compact_network(study, levin_folder, tmp_path, read_table, count_runs):
    arguments = ["levin", "--data", str(levin_folder), "--out", str(tmp_path), "--methods", "faithful, compact network"]
    measured = count_runs(study)
    study.main(arguments)
    table = read_table(tmp_path / "fast_preset_levin.csv")
    assert list(table) == ["fast", "faithful, compact network"]
    lines = [json.loads(line) for line in (tmp_path / "runs" / "fast_preset_levin.jsonl").read_text().splitlines()]
    slow = [line["figures"] for line in lines if line["method"] == "faithful, compact network"]
    fast = evaluate(Protocol("levin", preset="fast", nonblind_options={"lambda_l0": 2e-4}), levin_folder)["cases"]
    gains = np.subtract([case["psnr"] for case in fast], [figures["psnr"] for figures in slow])
    row = table["faithful, compact network"]
    assert float(row["fast_minus_this"]) == pytest.approx(gains.mean(), abs=1e-6)
    assert float(row["fast_minus_this_error"]) == pytest.approx(np.ptp(gains) / 2, abs=1e-6)
    ratios = np.minimum([case["error_ratio"] for case in fast], 20)
    assert float(table["fast"]["mean_ratio"]) == pytest.approx(ratios.mean(), rel=1e-6)
    assert table["fast"]["cases"] == "2" and float(table["fast"]["fast_minus_this"]) == 0
    study.main(arguments)
    assert len(measured) == 4


def test_an_unknown_method_is_named(study, levin_folder, tmp_path, capsys):
    with pytest.raises(SystemExit):
        study.main(["levin", "--data", str(levin_folder), "--out", str(tmp_path), "--methods", "slow"])
    assert "slow" in capsys.readouterr().err
