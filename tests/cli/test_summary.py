"""The line that a command ends with, and ``--json``."""

import json
import os
import re

import numpy as np
import pytest

import pydeblur as package
from pydeblur.cli.summary import write_record
from pydeblur.files import read_image
from pydeblur.preprocess import region

QUICK = ("--kernel-size", 7, "--iterations", 1)


@pytest.mark.parametrize("command", ["deblur", "kernel"])
def test_the_line_and_the_record_say_what_was_done(pydeblur, photo, tmp_path, command):
    output = tmp_path / ("o.png" if command == "deblur" else "k.npy")
    words = ("--json", tmp_path / "done.json", "--region", "8,4,60,64", *QUICK)
    outcome = pydeblur(command, photo, "-o", output, *words)
    assert outcome.code == 0 and outcome.out.count("\n") == 1
    record = json.loads((tmp_path / "done.json").read_text(encoding="utf-8"))
    expected = package.deblur(read_image(photo).pixels, 7, iterations=1, crop=(4, 8, 64, 60))
    kernel, chosen = record["kernel"], [each.chosen for each in expected.candidates].index(True) + 1
    blur = (
        f"blur {kernel['blur_width']}×{kernel['blur_height']} px, from candidate {chosen} of {len(expected.candidates)}"
    )
    end = "; final step ringing" if command == "deblur" else ""
    size = f"{re.escape(str(output))}: 80×72 px in [\\d.]+ s"
    assert re.fullmatch(f"{size}; {blur}; region 8,4 60×64{end}\n", outcome.out)
    fields = {name: record[name] for name in ("pydeblur", "command", "input", "output", "width", "height", "channels")}
    assert fields == {
        "pydeblur": package.__version__,
        "command": command,
        "input": str(photo),
        "output": str(output),
        "width": 80,
        "height": 72,
        "channels": 1,
    }
    assert record["region"] == {"x": 8, "y": 4, "width": 60, "height": 64}
    assert (record["candidate"], len(record["candidates"])) == (chosen, len(expected.candidates))
    scores = [each["score"] for each in record["candidates"]]
    assert scores == [each.score for each in expected.candidates]
    rows, columns = np.nonzero(expected.kernel >= expected.kernel.max() / 20)
    assert kernel == {"rows": 7, "columns": 7, "blur_width": np.ptp(columns) + 1, "blur_height": np.ptp(rows) + 1}
    final_step = {
        "name": expected.nonblind,
        "options": expected.nonblind_options,
        "reason": expected.nonblind_reason,
    }
    assert record["final_step"] == (final_step if command == "deblur" else None)
    assert record["seconds"] > 0 and record["warnings"] == []


def test_deconv_tells_its_kernel_file_and_step(pydeblur, photo, tmp_path):
    np.save(tmp_path / "k.npy", np.ones((3, 3)))
    words = ("-o", tmp_path / "o.png", "--nonblind", "tv", "--lambda-tv", 0.01, "--json", tmp_path / "done.json")
    outcome = pydeblur("deconv", photo, tmp_path / "k.npy", *words)
    assert outcome.code == 0 and re.search(r"o\.png: 80×72 px in .*; kernel \S+k\.npy; final step tv\n$", outcome.out)
    record = json.loads((tmp_path / "done.json").read_text())
    assert record["final_step"] == {"name": "tv", "options": {"lambda_tv": 0.01}}
    assert record["kernel_input"] == str(tmp_path / "k.npy")


def test_quiet_says_nothing_and_writes_the_record_all_the_same(pydeblur, photo, tmp_path):
    words = ("--json", tmp_path / "done.json", "--prior", "gradient", "--quiet", *QUICK)
    assert pydeblur("deblur", photo, "-o", tmp_path / "o.png", *words) == (0, "", "")
    record = json.loads((tmp_path / "done.json").read_text())
    assert record["candidate"] is None and record["candidates"] == [] and record["region"] is None


def test_notes_and_warnings_are_in_the_record(pydeblur, photo, tmp_path):
    pixels = np.round(read_image(photo).pixels * 4095).astype(np.uint16)
    from tifffile import imwrite

    imwrite(tmp_path / "deep.tif", pixels)
    words = ("-o", tmp_path / "o.jpg", "--json", tmp_path / "done.json", "--prior", "gradient", *QUICK)
    outcome = pydeblur("deblur", tmp_path / "deep.tif", *words)
    record = json.loads((tmp_path / "done.json").read_text())
    assert outcome.code == 0 and len(record["notes"]) == 1 and "between 0 and 4095" in record["notes"][0]
    assert record["notes"][0] in outcome.err and record["value_range"] == pytest.approx([0, 4095 / 65535])
    assert record["warnings"] and all(text in outcome.err for text in record["warnings"])


@pytest.mark.parametrize("path", ["photo.png", "link.png", "o.png", "no/folder.json", "."])
@pytest.mark.parametrize("command", ["deblur", "kernel", "deconv"])
def test_the_record_never_replaces_what_is_read_and_is_checked_first(
    pydeblur, photo, tmp_path, monkeypatch, is_one_sentence, command, path
):
    monkeypatch.chdir(tmp_path)
    os.symlink("photo.png", "link.png")
    before = photo.read_bytes()
    np.save("k.npy", np.ones((3, 3)))
    words = ("photo.png", "k.npy") if command == "deconv" else ("photo.png", *QUICK)
    outcome = pydeblur(command, *words, "-o", "o.png", "--json", path)
    assert outcome.code == 2 and is_one_sentence(outcome.err, command)
    assert photo.read_bytes() == before and not (tmp_path / "o.png").exists()


def test_what_json_does_not_have_becomes_text(tmp_path):
    write_record(
        tmp_path / "r.json", {"score": np.float32(0.5), "gone": float("nan"), "name": "bad\udcff", "side": np.int64(3)}
    )
    assert json.loads((tmp_path / "r.json").read_text()) == {
        "score": 0.5,
        "gone": "nan",
        "name": "bad\udcff",
        "side": 3,
    }


@pytest.mark.parametrize("words", [("--region", "1,2,3"), ("--region", "a"), ("--region", "auto", "--crop", "auto")])
def test_what_is_no_region_is_refused(pydeblur, photo, tmp_path, is_one_sentence, words):
    outcome = pydeblur("deblur", photo, "-o", tmp_path / "o.png", *words, *QUICK)
    assert outcome.code == 2 and "--region" in outcome.err and is_one_sentence(outcome.err, "deblur")


def test_a_region_beyond_the_picture_is_refused(pydeblur, photo, tmp_path):
    outcome = pydeblur("deblur", photo, "-o", tmp_path / "o.png", "--region", "0,0,81,72", *QUICK)
    assert outcome.code == 2 and "within the image" in outcome.err


@pytest.mark.parametrize("words, is_named", [((), True), (("--region", "all"), False), (("--crop", "all"), False)])
def test_of_a_large_picture_a_part_is_chosen_and_named(pydeblur, photo, tmp_path, monkeypatch, words, is_named):
    monkeypatch.setattr(region, "LARGE_IMAGE", 5000)
    monkeypatch.setattr(region, "_SMALLEST_SIDE", 40)
    monkeypatch.setattr(region, "_KERNEL_SIZES", 5)
    words = ("-o", tmp_path / "o.png", "--prior", "gradient", *words, *QUICK)
    outcome = pydeblur("deblur", photo, *words)
    assert outcome.code == 0 and bool(re.search(r"; region \d+,\d+ 40×40;", outcome.out)) == is_named
