"""``--report`` and ``--reports``: the page beside the picture, under the rules for all outputs."""

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pydeblur.cli.main import main
from pydeblur.cli.report_page import noted_warnings
from pydeblur.files import ImageFile, write_image

QUICK = ["--kernel-size", "7", "--prior", "gradient", "--nonblind", "tv", "--iterations", "1", "--quiet"]


@pytest.fixture
def photo(blurred, tmp_path, monkeypatch):
    """A picture with opacity, and 16 bits."""
    monkeypatch.chdir(tmp_path)
    name = "photo <1>.png"
    write_image(name, blurred / 255, like=ImageFile(blurred / 255, np.full(blurred.shape, 0.5), "uint16"))
    return name


def test_the_page_bears_the_files_name_and_has_its_opacity(read_page, photo):
    assert main(["deblur", photo, "-o", "sharp.png", "--report", "r.html", *QUICK]) == 0
    page = read_page(Path("r.html").read_text(encoding="utf-8"))
    assert "photo <1>.png, deblurred" in page.text
    assert page.of("svg")[0]["class"] == "chequered"


def test_the_picture_is_the_same_with_and_without_a_page(photo):
    assert main(["deblur", photo, "-o", "without.png", *QUICK]) == 0
    assert main(["deblur", photo, "-o", "with.png", "--report", "r.html", *QUICK]) == 0
    np.testing.assert_array_equal(np.asarray(Image.open("with.png")), np.asarray(Image.open("without.png")))


def test_what_was_warned_of_is_on_the_page(read_page, photo, capsys):
    assert main(["deblur", photo, "-o", "sharp.jpg", "--report", "r.html", *QUICK]) == 0
    said = capsys.readouterr().err
    assert "sharp.jpg" in said
    text = read_page(Path("r.html").read_text(encoding="utf-8")).text
    for line in said.splitlines():
        assert line.removeprefix("pydeblur: warning: ") in text


@pytest.mark.parametrize("report", ["photo <1>.png", "./sub/../link.html", "sharp.png", "r.txt", "missing/r.html"])
def test_it_never_replaces_what_is_read_nor_another_output(photo, report, capsys):
    os.mkdir("sub")
    os.symlink(photo, "link.html")
    before = Path(photo).read_bytes()
    assert main(["deblur", photo, "-o", "sharp.png", "--report", report, *QUICK]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("pydeblur deblur: error: ")
    assert len(line) < 300
    assert Path(photo).read_bytes() == before
    assert not os.path.exists("sharp.png")


def test_a_batch_writes_a_page_for_each_picture(read_page, blurred, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkdir("in")
    for name in ("a.png", "b.png"):
        write_image(f"in/{name}", blurred / 255)
    assert main(["batch", "in", "-o", "out", "--reports", *QUICK]) == 0
    assert sorted(os.listdir("out")) == ["a.png", "a_report.html", "b.png", "b_report.html"]
    assert "b.png, deblurred" in read_page(Path("out/b_report.html").read_text(encoding="utf-8")).text


def test_warnings_are_noted_and_still_shown():
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        with noted_warnings() as noted:
            warnings.warn("metadata are left out", UserWarning, stacklevel=1)
        warnings.warn("afterwards", UserWarning, stacklevel=1)
    assert noted == ["metadata are left out"]
    assert [str(each.message) for each in shown] == ["metadata are left out", "afterwards"]
