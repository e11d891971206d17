"""The Markdown beside every table: what it promises to say, and nothing about the machine's folders."""

import pytest

from pydeblur.evaluation.report import command, far_from_the_paper, markdown_table, write_markdown
from pydeblur.evaluation.store import Finished, Request, Task
from pydeblur.version import __version__

OPTIONS = {"prior_options": {"weights": "net.onnx", "weights_hash": "abc123"}, "μ": 0.004}


def finished(case, wall, cpu, date, options=OPTIONS):
    return Finished(Task("faithful", case, options), {"psnr": 20.0}, wall, cpu, date, "0123456789abcdef")


def test_markdown_says_how_it_was_made(tmp_path):
    request = Request(tmp_path / "out", data="/secret/data", subset=4, methods=("faithful",), jobs=2)
    request.out.mkdir()
    results = [finished("a", 10.4, 3.0, "2026-01-02 03:04"), finished("b", 20.0, 4.0, "2026-01-01 00:00")]
    path = write_markdown(request, "table9", "Table 9", ["Words.", "| a |"], results)
    text = path.read_text()
    assert path == request.out / "table9.md" and text.startswith("# Table 9\n\nWords.\n\n| a |\n")
    for words in (
        "`pydeblur reproduce table9 --data DATA --out OUT --subset 4 --methods faithful --jobs 2`",
        "2026-01-01 00:00 to 2026-01-02 03:04 UTC",
        f"pydeblur {__version__}",
        "net.onnx, SHA-256 abc123",
        "| cases | 2 |",
        "30 s, the sum over the cases",
        "7 s",
        '"μ": 0.004',
    ):
        assert words in text
    assert "/secret" not in text and str(tmp_path) not in text
    assert text.count("<details>") == 1  # both cases have the same options


def test_differing_options_are_all_written_down(tmp_path):
    results = [finished("a", 1, 1, "2026", {"x": 1}), finished("b", 1, 1, "2026", {"x": 2})]
    text = write_markdown(Request(tmp_path), "i", "I", [], results).read_text()
    assert "faithful, a" in text and "faithful, b" in text


def test_differences_ask_for_an_explanation_and_take_it_from_a_file(tmp_path):
    request = Request(tmp_path)
    differences = [None, far_from_the_paper("gradient", 25.0, 26.21, "dB")]
    text = write_markdown(request, "t", "T", [], [], differences).read_text()
    assert "- gradient: 25.00 here, 26.21 in the paper, -1.21 dB." in text and "remarks/t.md" in text
    (tmp_path / "remarks").mkdir()
    (tmp_path / "remarks/t.md").write_text("Another kernel size was tried: no change.\n")
    text = write_markdown(request, "t", "T", [], [], differences).read_text()
    assert "## Remarks\n\nAnother kernel size was tried: no change." in text and "belongs into" not in text


@pytest.mark.parametrize(
    "ours, paper, unit, far",
    [
        (28.0, 28.29, "dB", False),
        (28.0, 28.4, "dB", True),
        (91, 94, "points", False),
        (91, 94.1, "points", True),
        (None, 28, "dB", False),
        (28, None, "dB", False),
    ],
)
def test_far_from_the_paper(ours, paper, unit, far):
    assert (far_from_the_paper("x", ours, paper, unit) is not None) == far


def test_markdown_table():
    rows = [{"method": "a|b", "PSNR": 1.239, "n": 3}, {"method": "c", "PSNR": None, "n": 4}]
    expected = "| method | PSNR | n |\n| --- | --- | --- |\n| a\\|b | 1.24 | 3 |\n| c | — | 4 |"
    assert markdown_table(rows, {"PSNR": ".2f"}) == expected


def test_command_names_a_relative_folder_only(monkeypatch):
    monkeypatch.delenv("PYDEBLUR_DATA", raising=False)
    assert command(Request("docs/results"), "fig1") == "pydeblur reproduce fig1 --out docs/results"
    request = Request("../elsewhere", frames="/f")
    assert command(request, "fig3a") == "pydeblur reproduce fig3a --out OUT --frames FRAMES"
