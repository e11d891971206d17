"""Figure 9 on small pictures: the table, its means, and what is said where Köhler et al.'s photographs are missing."""

import csv
import shutil

import numpy as np
import pytest

from pydeblur.api import deblur
from pydeblur.backend.fft import fft_fixed
from pydeblur.cli.main import main
from pydeblur.errors import KernelCollapseError
from pydeblur.files import write_image
from pydeblur.nonuniform.shake import shaken_case
from pydeblur.reproduce import fig9

pytest.importorskip("matplotlib")
pytest.importorskip("skimage")


@pytest.fixture
def small(sharp_image, monkeypatch):
    """Shakes of a small picture in place of the photographs."""
    monkeypatch.setattr(fig9, "SCENES", ("camera", "coins"))

    def case(name):
        return shaken_case(sharp_image, fig9.SCENES.index(name.split("_")[0]), roll=(2, 4), extent=(5, 9), way=(1, 3))

    monkeypatch.setattr(fig9, "own_case", case)
    # The border that does not count is too wide for them.
    monkeypatch.setattr(
        fig9, "rigidly_aligned_psnr", lambda image, sharp: -10 * np.log10(np.mean((image - sharp)[12:-12, 12:-12] ** 2))
    )


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_own_pictures_alone(small, tmp_path, capsys):
    words = ["reproduce", "fig9", "--out", str(tmp_path), "--data", str(tmp_path / "none"), "--quiet"]
    assert main([*words, "--methods", "nonuniform"]) == 0
    text = (tmp_path / "fig9.md").read_text(encoding="utf-8")
    assert "Köhler et al.'s photographs are left out: their data were not there." in text
    rows = rows_of(tmp_path / "fig9.csv")
    assert [row["case"] for row in rows] == ["camera_901", "coins_901"] and {row["taken"] for row in rows} == {
        "nonuniform"
    }
    mean = np.mean([float(row["psnr"]) for row in rows])
    before = np.mean([float(row["blurred_psnr"]) for row in rows])
    assert f"| mean | {before:.2f} | {mean:.2f} |" in text and mean > before
    assert (tmp_path / "fig9.png").stat().st_size > 0 and not (tmp_path / "fig9_sheet.png").exists()


def test_kohlers_photographs_have_a_sheet_of_their_own(small, sharp_image, data_folder, tmp_path, monkeypatch):
    shutil.copytree(data_folder / "kohler", tmp_path / "data/kohler")
    case = shaken_case(sharp_image, 3, roll=(2, 4), extent=(5, 9), way=(1, 3))
    pictures = {"Blurry1_8.png": case.blurred, "gt/GroundTruth1.jpg": case.sharp}
    for name, picture in pictures.items():
        write_image(tmp_path / "data/kohler" / name, np.stack([picture] * 3, axis=-1))
    sizes = "pydeblur.datasets.kohler._size"
    monkeypatch.setattr(sizes, lambda scene, shake: 9)
    out = tmp_path / "out"
    words = ["reproduce", "fig9", "--out", str(out), "--data", str(tmp_path / "data"), "--quiet", "--subset", "1"]
    assert main([*words, "--methods", "nonuniform"]) == 0
    assert [row["case"] for row in rows_of(out / "fig9.csv")] == ["camera_901", "im01_ker08"]
    assert (out / "fig9_sheet.png").stat().st_size > 0
    assert "Surrogate PSNR" in (out / "fig9.md").read_text(encoding="utf-8")


def test_auto_takes_what_deblur_takes(small, tmp_path):
    words = ["reproduce", "fig9", "--out", str(tmp_path), "--data", str(tmp_path / "none"), "--quiet", "--subset", "1"]
    assert main([*words, "--methods", "uniform,nonuniform,auto"]) == 0
    rows = {row["method"]: row for row in rows_of(tmp_path / "fig9.csv")}
    case = fig9.own_case("camera_901")
    with fft_fixed("scipy"):  # as the store of finished cases has it
        result = deblur(case.blurred, case.kernel_size, nonuniform="auto")
    taken = "uniform" if result.nonuniform is None else "nonuniform"
    assert rows["auto"]["taken"] == taken and rows["auto"]["reason"] == result.model_choice.reason
    assert rows["auto"]["psnr"] == rows[taken]["psnr"]
    psnr = fig9.rigidly_aligned_psnr(np.clip(result.unclipped, 0, 1), case.sharp)
    assert abs(float(rows["auto"]["psnr"]) - psnr) < 1e-6


def test_auto_alone_and_a_blur_that_collapsed(small, tmp_path, monkeypatch):
    def collapsing(*arguments, nonuniform, **options):
        if nonuniform:
            raise KernelCollapseError("the camera's poses collapsed: no weight is left")
        return deblur(*arguments, nonuniform=nonuniform, **options)

    monkeypatch.setattr(fig9, "deblur", collapsing)
    words = ["reproduce", "fig9", "--out", str(tmp_path), "--data", str(tmp_path / "none"), "--quiet", "--subset", "1"]
    assert main([*words, "--methods", "auto"]) == 0
    (row,) = rows_of(tmp_path / "fig9.csv")
    assert row["taken"] == "uniform" and row["reason"] == "the other collapsed" and float(row["psnr"]) > 0
