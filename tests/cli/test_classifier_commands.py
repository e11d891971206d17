"""``pydeblur classify``, ``synth``, ``train``, ``export`` and ``reproduce`` as a user types them."""

import csv

import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from pydeblur.files import read_image, write_image


@pytest.fixture
def photos(tmp_path, sharp_image):
    """A sharp and a blurred picture, and the folder they are in."""
    write_image(tmp_path / "sharp.png", sharp_image)
    write_image(tmp_path / "blurred.png", uniform_filter(sharp_image, 9))
    return tmp_path


def test_classify_tells_blurred_from_sharp(pydeblur, photos):
    done = pydeblur("classify", photos / "sharp.png", photos / "blurred.png", "--weights", "classifier-compact")
    assert done.code == 0 and done.err == ""
    meaning, *lines = done.out.splitlines()
    assert (
        meaning
        == "# probability that the picture is blurred, by classifier-compact: 0 is sharp, 1 is blurred, 0.5 is undecided"
    )
    lines = [line.split(maxsplit=1) for line in lines]
    assert [name for _, name in lines] == [str(photos / "sharp.png"), str(photos / "blurred.png")]
    sharp, blurred = (float(score) for score, _ in lines)
    assert sharp < 0.5 < blurred


def test_classify_writes_the_activation_map(pydeblur, photos):
    out = photos / "map.png"
    words = ("classify", photos / "blurred.png", "--weights", "classifier-compact", "--activation-map", out)
    assert pydeblur(*words).code == 0
    assert np.ptp(read_image(out).pixels) > 0


@pytest.mark.parametrize(
    "words, complaint",
    [
        (("missing.png",), "missing.png"),
        (("sharp.png", "--weights", "no-such-weights"), "no-such-weights"),
        (("sharp.png", "--weights", "kernel-ranking"), "answers another question"),
        (("sharp.png", "blurred.png", "--activation-map", "map.png"), "one image"),
        (("sharp.png", "--activation-map", "map.xyz"), "map.xyz"),
        (("sharp.png", "--weights", "classifier-compact", "--device", "cuda"), "cuda"),
    ],
)
def test_classify_bad_input(pydeblur, photos, monkeypatch, words, complaint):
    monkeypatch.chdir(photos)
    before = sorted(photos.iterdir())
    done = pydeblur("classify", *words)
    assert done.code == 2
    assert complaint in done.err.lower() and len(done.err.strip().splitlines()) == 1
    assert sorted(photos.iterdir()) == before


def test_synth_draws_a_sheet(pydeblur, photos, tmp_path):
    for number in range(2):
        write_image(tmp_path / f"large{number}.png", np.random.default_rng(number).random((300, 320)))
    out = tmp_path / "sheet.png"
    assert pydeblur("synth", "--data", tmp_path, "-o", out).code == 0
    assert min(read_image(out).pixels.shape[:2]) > 200


def test_synth_needs_images(pydeblur, tmp_path):
    done = pydeblur("synth", "--data", tmp_path, "-o", tmp_path / "sheet.png")
    assert done.code == 2 and len(done.err.strip().splitlines()) == 1


def test_train_then_export(pydeblur, tmp_path):
    """Two steps on noise: what counts is that the file that comes out is taken as weights."""
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    rng = np.random.default_rng(0)
    for number in range(24):
        write_image(pictures / f"picture{number}.png", uniform_filter(rng.random((260, 270)), 2))
    run = tmp_path / "run"
    words = ("--data", pictures, "--recipe", "cpu", "--out", run, "--steps", 2, "--threads", 1, "--quiet")
    done = pydeblur("train", *words)
    assert done.code == 0, done.err
    assert (run / "best.pt").is_file() and (run / "log.csv").is_file()
    weights = tmp_path / "mine.onnx"
    assert pydeblur("export", run / "best.pt", "-o", weights).code == 0
    done = pydeblur("classify", pictures / "picture0.png", "--weights", weights)
    (line,) = [line for line in done.out.splitlines() if not line.startswith("#")]
    assert done.code == 0 and 0 <= float(line.split()[0]) <= 1


def test_export_refuses_other_files(pydeblur, tmp_path):
    pytest.importorskip("torch")
    (tmp_path / "other.pt").write_bytes(b"not a checkpoint")
    done = pydeblur("export", tmp_path / "other.pt", "-o", tmp_path / "w.onnx")
    assert done.code == 2 and len(done.err.strip().splitlines()) == 1
    assert not (tmp_path / "w.onnx").exists()


@pytest.mark.parametrize("item", ["fig1", "fig11"])
def test_reproduce_figures_of_packaged_images(item, tmp_path):
    pytest.importorskip("matplotlib")
    from pydeblur.evaluation.store import Request
    from pydeblur.reproduce import reproduce

    table, _, picture = reproduce(item, Request(tmp_path / "out"), weights="classifier-compact")
    with open(table, newline="") as stream:
        rows = list(csv.DictReader(stream))
    if item == "fig1":
        median = next(row for row in rows if row["image"] == "median")
        assert float(median["classifier"]) < float(median["gradient"])
    else:
        means = {row["image"]: float(row["mean"]) for row in rows}
        assert means["clear"] < 0 < means["blurred"]
    assert picture.stat().st_size > 10_000
