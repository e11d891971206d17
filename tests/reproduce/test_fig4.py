"""Figure 4 on a photograph made here: its numbers are those of Figure 3 (a), and a collapsed kernel leaves a row."""

import csv

import numpy as np
import pytest

from pydeblur.cli.main import main
from pydeblur.evaluation.methods import METHODS
from pydeblur.evaluation.photograph_sheets import restored_arrays
from pydeblur.reproduce import fig4

pytest.importorskip("matplotlib")


@pytest.fixture
def run(data_folder, tmp_path, monkeypatch, capsys):
    """Make an item of the photograph im01_ker01; gives its rows by method, and the files' names."""
    monkeypatch.setattr(fig4, "CASE", "im01_ker01")

    def make(item, methods):
        words = ["--data", str(data_folder), "--out", str(tmp_path), "--quiet"]
        # One method is named as it is for the other commands.
        words += ["--methods" if "," in methods else "--method", methods]
        assert main(["reproduce", item, *words]) == 0
        written = {line.rsplit("/", 1)[-1] for line in capsys.readouterr().out.splitlines()}
        with open(tmp_path / f"{item}.csv", newline="", encoding="utf-8") as stream:
            rows = [row for row in csv.DictReader(stream) if row["case"] == "im01_ker01"]
        return {row["method"]: row for row in rows}, written

    return make


def test_its_numbers_are_those_of_figure_3_a(run):
    rows, written = run("fig4", "cho_lee,gradient")
    assert written == {"fig4.csv", "fig4.md", "fig4.png", "fig4_sheet.png"}
    same, _ = run("fig3a", "cho_lee,gradient")
    assert set(rows) == {"cho_lee", "gradient"}
    for name, row in rows.items():
        assert row["surrogate_psnr"] == same[name]["surrogate_psnr"] != ""


def test_its_methods_are_the_papers_columns():
    assert set(fig4._COLUMNS) <= set(METHODS)
    assert METHODS[fig4._COLUMNS[-1]].paper == "Ours"


def test_a_collapsed_kernel_leaves_a_row_without_a_number(run, monkeypatch):
    monkeypatch.setattr(fig4, "estimate_case", lambda *_: (None, 0.5))
    rows, _ = run("fig4", "gradient")
    assert rows["gradient"]["surrogate_psnr"] == "" and rows["gradient"]["kernel_cpu_seconds"] == "0.5"


def test_pictures_of_a_sheet_are_clipped_and_rounded():
    arrays = restored_arrays(np.array([[-0.1, 0.25], [0.5, 1.7]]), np.full((3, 3), 1 / 9), (2, 2), 3)
    assert arrays["restored"].tolist() == [[0, 64], [128, 255]] and arrays["restored"].dtype == np.uint8
    assert arrays["kernel"].dtype == np.float32 and arrays["kernel"].sum() == pytest.approx(1)
