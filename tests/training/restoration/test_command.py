"""``pydeblur train-restoration``, as a user types it."""

import pytest

from pydeblur.cli.main import main
from pydeblur.training.restoration import estimated_kernels

pytest.importorskip("torch")


@pytest.fixture
def quick_estimates(monkeypatch, estimate):
    """One estimate in place of what the solver finds."""
    monkeypatch.setattr(estimated_kernels, "_estimate", lambda *others: estimate)


def test_train_then_go_on(quick_estimates, photographs, tmp_path, capsys):
    words = [
        "train-restoration",
        "--data",
        photographs,
        "--out",
        tmp_path / "run",
        "--pairs",
        2,
        "--estimates",
        1,
        "--quiet",
    ]
    for more in (["--steps", 1], ["--steps", 2, "--resume"]):
        assert not main([str(word) for word in [*words, "--threads", 1, *more]])
        assert capsys.readouterr().out.strip() == str(tmp_path / "run" / "restoration.onnx")
    assert len((tmp_path / "run" / "log.csv").read_text().splitlines()) == 3
    assert len(list((tmp_path / "run" / "train").iterdir())) == 3
    assert len(list((tmp_path / "run" / "kernels" / "validation").iterdir())) == 1


def test_a_missing_folder_is_refused_before_anything_is_written(tmp_path, capsys):
    code = main(["train-restoration", "--data", str(tmp_path / "missing"), "--out", str(tmp_path / "run"), "--quiet"])
    assert code == 2 and "missing" in capsys.readouterr().err and not (tmp_path / "run").exists()
