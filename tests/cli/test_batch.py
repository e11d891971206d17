"""``batch``: many images at once, as a user types it."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from pydeblur.errors import InvalidInputError
from pydeblur.files import read_image, read_kernel, write_image

QUICK = ("--kernel-size", 7, "--iterations", 1, "--quiet")


@pytest.fixture
def photos(blurred, tmp_path):
    """A folder with three blurred pictures, a text file and a subfolder."""
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    write_image(folder / "a.png", blurred)
    write_image(folder / "b.tif", blurred[:60, :64])
    write_image(folder / "c.PNG", np.stack([blurred] * 3, axis=-1)[:50, :50])
    write_image(folder / "more" / "d.png", blurred)
    (folder / "notes.txt").write_text("no image")
    return folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_image_gets_what_deblur_gives_it(pydeblur, photos, tmp_path, jobs):
    out = tmp_path / "new" / "sharp"
    outcome = pydeblur("batch", photos, "-o", out, "--kernels", "--jobs", jobs, *QUICK)
    assert outcome == (0, "3 deblurred, 0 failed, 0 were there already, 1 left out (no images)\n", "")
    assert names(out) == ["a.png", "a_kernel.tif", "b.tif", "b_kernel.tif", "c.PNG", "c_kernel.tif"]
    for name, kernel in (("a.png", "a_kernel.tif"), ("c.PNG", "c_kernel.tif")):
        alone = tmp_path / name
        pydeblur("deblur", photos / name, "-o", alone, "--kernel-out", tmp_path / kernel, *QUICK)
        assert np.array_equal(read_image(out / name).pixels, read_image(alone).pixels)
        assert np.array_equal(read_kernel(out / kernel), read_kernel(tmp_path / kernel))


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failing_image_stops_none_of_the_others(pydeblur, photos, tmp_path, jobs):
    (photos / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n, and then nothing")
    write_image(photos / "tiny.png", np.random.default_rng(0).random((4, 4)))
    out = tmp_path / "sharp"
    code, said, complaints = pydeblur("batch", photos, "-o", out, "--jobs", jobs, *QUICK)
    assert code == 1 and said.startswith("2 deblurred, 2 failed, 0 were there already, 1 left out")
    lines = sorted(complaints.splitlines())
    assert len(lines) == 2 and "Traceback" not in complaints
    assert all(line.startswith("pydeblur batch: error: ") for line in lines)
    assert str(photos / "a.png") in lines[0] and str(photos / "tiny.png") in lines[1]
    assert names(out) == ["b.tif", "c.PNG"]


def test_the_record_tells_of_each_image_in_the_order_of_the_inputs(pydeblur, photos, tmp_path):
    (photos / "b.tif").write_bytes(b"nothing")
    words = ("-o", tmp_path / "sharp", "--json", tmp_path / "all.json", "--prior", "gradient", *QUICK)
    assert pydeblur("batch", photos, *words).code == 1
    record = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    assert (record["command"], record["deblurred"], record["failed"], record["not_finished"]) == ("batch", 2, 1, 0)
    assert [Path(each["input"]).name for each in record["images"]] == ["a.png", "b.tif", "c.PNG"]
    alone = tmp_path / "alone.json"
    pydeblur("deblur", photos / "a.png", "-o", tmp_path / "o.png", "--json", alone, "--prior", "gradient", *QUICK)
    alone, first = json.loads(alone.read_text(encoding="utf-8")), record["images"][0]
    differing = {name for name in alone if alone[name] != first[name]}
    assert differing <= {"command", "output", "seconds", "seconds_by_stage"} and set(alone) == set(first)
    assert "b.tif" in record["images"][1]["error"] and "kernel" not in record["images"][1]
    again = pydeblur("batch", photos, *words)
    record = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    assert again.code == 1 and (record["were_there_already"], len(record["images"])) == (2, 1)


def test_a_mistake_of_ours_is_one_sentence_too(pydeblur, photos, tmp_path, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("broken\nbadly")

    monkeypatch.setattr("pydeblur.api.deblur", broken)
    outcome = pydeblur("batch", photos / "a.png", "-o", tmp_path / "sharp", *QUICK)
    assert outcome.code == 1
    assert outcome.err == f"pydeblur batch: error: {photos / 'a.png'}: unexpected RuntimeError: broken badly\n"


def test_what_is_finished_is_left_alone_unless_told_otherwise(pydeblur, photos, tmp_path):
    out = tmp_path / "sharp"
    out.mkdir()
    (out / "a.png").write_bytes(b"mine")
    outcome = pydeblur("batch", photos, "-o", out, *QUICK)
    assert outcome == (0, "2 deblurred, 0 failed, 1 were there already, 1 left out (no images)\n", "")
    assert (out / "a.png").read_bytes() == b"mine"
    again = pydeblur("batch", photos, "-o", out, *QUICK)
    assert again.out == "0 deblurred, 0 failed, 3 were there already, 1 left out (no images)\n"
    with_kernels = pydeblur("batch", photos / "b.tif", "-o", out, "--kernels", *QUICK)
    assert with_kernels.out == "1 deblurred, 0 failed, 0 were there already\n" and (out / "b_kernel.tif").is_file()
    pydeblur("batch", photos, "-o", out, "--overwrite", *QUICK)
    assert read_image(out / "a.png").pixels.shape == (72, 80)


def test_images_may_be_named_and_are_done_once(pydeblur, photos, tmp_path):
    outcome = pydeblur("batch", photos / "a.png", photos / "more", photos / "a.png", "-o", tmp_path / "sharp", *QUICK)
    assert outcome.out == "2 deblurred, 0 failed, 0 were there already\n"
    assert names(tmp_path / "sharp") == ["a.png", "d.png"]


def test_warnings_name_the_image(pydeblur, photos, tmp_path, monkeypatch):
    def doubtful(*_, **__):
        warnings.warn("this looks odd", UserWarning, stacklevel=1)
        raise InvalidInputError("it won't do")

    monkeypatch.setattr("pydeblur.api.deblur", doubtful)
    image = photos / "a.png"
    outcome = pydeblur("batch", image, "-o", tmp_path / "sharp", *QUICK)
    lines = [f"pydeblur batch: warning: {image}: this looks odd", f"pydeblur batch: error: {image}: it won't do"]
    assert outcome.code == 1 and outcome.err.splitlines() == lines


BAD = {
    "no images": (["{empty}", "-o", "{out}"], "should hold images"),
    "no such folder": (["{empty}/none", "-o", "{out}"], "none should be a folder or an image"),
    "onto the inputs": (["{photos}", "-o", "{photos}"], "input"),
    "two of one name": (["{photos}", "{twins}", "-o", "{out}"], "rename one of them"),
    "a text file": (["{photos}/notes.txt", "-o", "{out}"], "extension"),
    "output is a file": (["{photos}", "-o", "{photos}/a.png"], "can't make this folder"),
    "options that clash": (["{photos}", "-o", "{out}", "--saturated", "--nonblind", "tv"], "--saturated needs"),
    "an option of no use": (["{photos}", "-o", "{out}", "--form", "nll"], "belongs to --prior classifier"),
    "no jobs": (["{photos}", "-o", "{out}", "--jobs", "0"], "--jobs"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_before_the_first_image(pydeblur, photos, blurred, tmp_path, is_one_sentence, case):
    folders = {"photos": photos, "out": tmp_path / "out", "empty": tmp_path / "empty", "twins": tmp_path / "twins"}
    folders["empty"].mkdir()
    folders["twins"].mkdir()
    write_image(folders["twins"] / "a.png", blurred)
    words, complaint = BAD[case]
    before = names(photos)
    outcome = pydeblur("batch", *[word.format(**folders) for word in words], *QUICK)
    assert outcome.code == 2 and is_one_sentence(outcome.err, "batch") and complaint in outcome.err
    assert names(photos) == before and (not folders["out"].exists() or names(folders["out"]) == [])
