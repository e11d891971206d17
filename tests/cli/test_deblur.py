"""``deblur``, ``kernel`` and ``deconv``, whole: what they write, and that the pieces make the whole."""

import csv

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import convolve
from skimage import data

import pydeblur as package
from pydeblur.estimators import multistart
from pydeblur.files import ImageFile, read_image, read_kernel, write_image
from pydeblur.solver import CoarseToFine, IterationRecord
from pydeblur.synthesis.kernels import random_kernel

QUICK = ("--kernel-size", 7, "--iterations", 2, "--quiet")


def difference(path, other):
    return np.max(np.abs(read_image(path).pixels - read_image(other).pixels))


def test_deblur_is_what_the_python_face_gives(pydeblur, photo, tmp_path):
    outcome = pydeblur("deblur", photo, "-o", tmp_path / "sharp.tif", "--kernel-out", tmp_path / "k.npy", *QUICK)
    assert outcome == (0, "", "")
    pixels = read_image(photo).pixels
    expected = package.deblur(pixels, kernel_size=7, iterations=2)
    assert np.array_equal(np.load(tmp_path / "k.npy"), expected.kernel)
    written = read_image(tmp_path / "sharp.tif").pixels
    assert np.max(np.abs(written - np.clip(expected.image, 0, 1))) <= 0.5 / 255 + 1e-9


@pytest.mark.parametrize(
    "kernel_file, tolerance", [("k.npy", 0), ("k.mat", 0), ("k.tif", 1 / 255), ("k.tiff", 1 / 255), ("k.png", 2 / 255)]
)
def test_kernel_and_deconv_make_deblur_in_every_kernel_format(pydeblur, photo, tmp_path, kernel_file, tolerance):
    whole, pieces, kernel = tmp_path / "whole.png", tmp_path / "pieces.png", tmp_path / kernel_file
    assert pydeblur("deblur", photo, "-o", whole, *QUICK).code == 0
    assert pydeblur("kernel", photo, "-o", kernel, *QUICK) == (0, "", "")
    assert pydeblur("deconv", photo, kernel, "-o", pieces, "--quiet") == (0, "", "")
    assert difference(whole, pieces) <= tolerance


@pytest.mark.parametrize("name", ["k.npy", "k.mat", "k.tif", "k.png"])
def test_kernel_out_can_be_read_back(pydeblur, photo, tmp_path, name):
    pydeblur("kernel", photo, "-o", tmp_path / "exact.npy", *QUICK)
    assert pydeblur("deblur", photo, "-o", tmp_path / "o.png", "--kernel-out", tmp_path / name, *QUICK).code == 0
    kernel = read_kernel(tmp_path / name)
    assert kernel.sum() == pytest.approx(1)
    assert np.max(np.abs(kernel - np.load(tmp_path / "exact.npy"))) < 1e-5 * kernel.max()


@pytest.mark.parametrize("command", ["deblur", "kernel"])
def test_history_has_one_line_per_iteration(pydeblur, photo, tmp_path, command):
    output = tmp_path / ("o.png" if command == "deblur" else "k.npy")
    assert pydeblur(command, photo, "-o", output, "--history", tmp_path / "h.csv", *QUICK).code == 0
    with open(tmp_path / "h.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(IterationRecord._fields)
    assert [(row["scale"], row["iteration"], row["kernel_size"]) for row in rows[-2:]] == [
        ("0", "1", "7"),
        ("0", "2", "7"),
    ]
    for row in rows:
        terms = [float(row[name]) for name in ("data_term", "kernel_term", "gradient_term", "prior_term")]
        assert sum(terms) == pytest.approx(float(row["energy"]), rel=1e-12)


COMPACT = {"weights": "classifier-compact", "threads": 1}
CLASSIFIER = ("--prior", "classifier", "--weights", "classifier-compact", "--beta-growth", 8, "--descent-steps", 2)
CLASSIFIER_KEYWORDS = {"prior": "classifier", "prior_options": COMPACT, "beta_growth": 8, "descent_steps": 2}
OPTIONS = [
    (["--prior", "intensity", "--lambda-prior", "0.01"], {"prior": "intensity", "lambda_prior": 0.01}),
    (["--gamma", "2.2"], {"gamma_correct": 2.2}),
    (["--lambda-grad", "0.01"], {"lambda_grad": 0.01}),
    (["--iterations", "1"], {"iterations": 1}),
    (["--kernel-solver", "fft"], {"kernel_solver": "fft"}),
    (["--kernel-threshold", "4"], {"kernel_threshold": 4.0}),
    (["--dtype", "float32"], {"dtype": "float32"}),
    (["--threads", "2"], {"workers": 2}),
    (["--nonblind", "tv", "--lambda-tv", "0.01"], {"nonblind": "tv", "nonblind_options": {"lambda_tv": 0.01}}),
    (["--nonblind", "l0", "--lambda-l0", "0.01"], {"nonblind": "l0", "nonblind_options": {"lambda_l0": 0.01}}),
    (["--weight-ring", "0.3"], {"nonblind_options": {"weight_ring": 0.3}}),
    (["--nonblind", "whyte"], {"nonblind": "whyte"}),
    (["--saturated"], {"saturated": True}),
    (["--prefilter", 0.9], {"prefilter": 0.9}),
    (["--finest-iterations", "3"], {"finest_iterations": 3}),
    (["--crop", "4,6,40,44"], {"crop": (4, 6, 40, 44)}),
    (["--region", "6,4,44,40"], {"crop": (4, 6, 40, 44)}),
    (["--prior", "gradient"], {"prior": "gradient"}),
    (["--preset", "fast"], {"preset": "fast", "prior_options": {"threads": 1}}),
    (["--ranking-weights", "classifier-compact"], {"ranking_options": {"weights": "classifier-compact", "threads": 1}}),
    ([*CLASSIFIER], CLASSIFIER_KEYWORDS),
    ([*CLASSIFIER, "--form", "logit"], CLASSIFIER_KEYWORDS | {"prior_options": {**COMPACT, "form": "logit"}}),
    ([*CLASSIFIER, "--prior-scale", 500], CLASSIFIER_KEYWORDS | {"prior_scale": 500}),
    ([*CLASSIFIER, "--prior-domain", "padded"], CLASSIFIER_KEYWORDS | {"prior_domain": "padded"}),
    ([*CLASSIFIER, "--eta", 0.05], CLASSIFIER_KEYWORDS | {"eta": 0.05}),
    ([*CLASSIFIER, "--descent-tolerance", 0.01], CLASSIFIER_KEYWORDS | {"descent_tolerance": 0.01}),
    ([*CLASSIFIER, "--beta-start", 0.5], CLASSIFIER_KEYWORDS | {"beta_start": 0.5}),
    ([*CLASSIFIER, "--beta-max", 2], CLASSIFIER_KEYWORDS | {"beta_max": 2}),
]


@pytest.mark.parametrize("words, keywords", OPTIONS, ids=[" ".join(map(str, words)) for words, _ in OPTIONS])
def test_each_option_reaches_the_solver(pydeblur, blurred, tmp_path, words, keywords):
    write_image(tmp_path / "in.tif", blurred[:56, :60], depth="float32")
    base = ("--kernel-size", 5, "--iterations", 1)
    assert pydeblur("deblur", tmp_path / "in.tif", "-o", tmp_path / "out.tif", *base, *words).code == 0
    pixels = read_image(tmp_path / "in.tif").pixels
    expected = package.deblur(pixels, 5, **{"iterations": 1, **keywords}).unclipped
    actual = read_image(tmp_path / "out.tif").pixels
    assert np.max(np.abs(actual - expected)) < 1e-6 * np.max(np.abs(expected))
    plain = package.deblur(pixels, 5, iterations=1).unclipped
    # 1 is the base; threads change no result; another network may choose the same run.
    harmless = ("--iterations", "--threads", "--lambda-grad", "--ranking-weights")
    assert words[0] in harmless or np.max(np.abs(actual - plain)) > 1e-6


def test_threads_are_handed_on(pydeblur, photo, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(multistart, "CoarseToFine", lambda *of: seen.append(of[1]) or CoarseToFine(*of))
    assert pydeblur("kernel", photo, "-o", tmp_path / "k.npy", "--prior", "gradient", "--threads", 2, *QUICK).code == 0
    assert seen[0].workers == 2


def colour(blurred):
    return np.stack([blurred, blurred**1.3, 1 - blurred], axis=-1)[:40, :48]


IMAGES = [
    ("in.png", "out.png", "uint8", False, False),
    ("in.png", "out.png", "uint8", True, True),
    ("in.png", "out.png", "uint16", False, True),
    ("in.png", "out.png", "uint16", True, False),
    ("in.jpg", "out.jpg", "uint8", True, False),
    ("in.tif", "out.tif", "float32", False, False),
    ("in.tif", "out.tiff", "float32", True, True),
    ("in.tif", "out.tif", "uint16", True, False),
    ("in.tif", "out.png", "uint16", True, False),
]


@pytest.mark.parametrize("source, output, depth, is_colour, has_alpha", IMAGES)
def test_output_keeps_size_depth_and_alpha(pydeblur, blurred, tmp_path, source, output, depth, is_colour, has_alpha):
    pixels = colour(blurred) if is_colour else blurred[:40, :48]
    alpha = np.tile(np.arange(48) / 51, (40, 1)) if has_alpha else None
    write_image(tmp_path / source, pixels, like=ImageFile(pixels, alpha, depth))
    np.save(tmp_path / "k.npy", np.ones((3, 5)))
    words = ("-o", tmp_path / output, "--quiet")
    assert pydeblur("deconv", tmp_path / source, tmp_path / "k.npy", *words) == (0, "", "")
    before, after = read_image(tmp_path / source), read_image(tmp_path / output)
    assert after.pixels.shape == pixels.shape
    assert after.depth == before.depth == depth
    assert (after.alpha is not None) == has_alpha
    assert not has_alpha or np.array_equal(after.alpha, before.alpha)
    assert np.max(np.abs(after.pixels - before.pixels)) > 0.02


def test_exif_orientation_is_honoured(pydeblur, blurred, tmp_path):
    exif = Image.Exif()
    exif[274] = 6  # to be shown turned by 90 degrees clockwise
    stored = Image.fromarray(np.uint8(np.rint(blurred * 255)))
    stored.save(tmp_path / "turned.jpg", exif=exif, quality=100)
    Image.fromarray(np.rot90(np.asarray(stored), -1)).save(tmp_path / "upright.png")
    np.save(tmp_path / "k.npy", np.ones((1, 5)))
    for name in ("turned.jpg", "upright.png"):
        assert pydeblur("deconv", tmp_path / name, tmp_path / "k.npy", "-o", tmp_path / f"{name}.tif").code == 0
    assert difference(tmp_path / "turned.jpg.tif", tmp_path / "upright.png.tif") < 0.1
    assert read_image(tmp_path / "turned.jpg.tif").pixels.shape == (80, 72)


def test_file_names_may_be_relative_and_have_spaces_and_any_letters(pydeblur, photo, tmp_path, monkeypatch):
    folder = tmp_path / "Bilder für später"
    folder.mkdir()
    photo.rename(folder / "写真 1.png")
    monkeypatch.chdir(tmp_path)
    words = ("Bilder für später/写真 1.png", "-o", "Bilder für später/sharp é.png", "--kernel-out", "my kernel.mat")
    assert pydeblur("deblur", *words, *QUICK) == (0, "", "")
    assert (folder / "sharp é.png").is_file() and (tmp_path / "my kernel.mat").is_file()


def test_an_output_that_is_there_is_replaced(pydeblur, photo, tmp_path):
    (tmp_path / "o.png").write_text("an older result")
    assert pydeblur("deblur", photo, "-o", tmp_path / "o.png", *QUICK).code == 0
    assert read_image(tmp_path / "o.png").pixels.shape == (72, 80)


def test_what_a_format_cannot_hold_is_said(pydeblur, blurred, tmp_path):
    write_image(tmp_path / "deep.png", blurred, depth="uint16")
    np.save(tmp_path / "k.npy", np.ones((3, 3)))
    outcome = pydeblur("deconv", tmp_path / "deep.png", tmp_path / "k.npy", "-o", tmp_path / "o.jpg")
    assert outcome.code == 0
    assert outcome.err.startswith("pydeblur: warning: ") and outcome.err.count("\n") == 1 and "uint16" in outcome.err


@pytest.fixture
def night_photo(tmp_path):
    """A dark photograph with lights that were clipped after the blur."""
    sharp = 0.1 + 0.2 * data.camera()[100:200, 180:284] / 255
    for top, left in np.random.default_rng(0).integers(10, 85, (10, 2)):
        sharp[top : top + 4, left : left + 4] = 6.0
    seen = convolve(sharp, random_kernel(13, np.random.default_rng(1)))
    write_image(tmp_path / "night.png", np.clip(seen, 0, 1))
    return tmp_path / "night.png"


NIGHT = ("--kernel-size", 15, "--iterations", 1)


def test_clipped_highlights_are_found_and_told(pydeblur, night_photo, tmp_path):
    outcome = pydeblur("deblur", night_photo, "-o", tmp_path / "o.png", "--kernel-out", tmp_path / "k.npy", *NIGHT)
    expected = package.deblur(read_image(night_photo).pixels, 15, iterations=1)
    assert outcome.code == 0 and expected.saturated
    assert "clipped highlights found" in outcome.err and f"the final step is {expected.nonblind}" in outcome.err
    assert np.array_equal(np.load(tmp_path / "k.npy"), expected.kernel)
    assert pydeblur("deblur", night_photo, "-o", tmp_path / "q.png", "--quiet", *NIGHT) == (0, "", "")
    assert difference(tmp_path / "o.png", tmp_path / "q.png") == 0
    assert "clipped highlights found" in pydeblur("kernel", night_photo, "-o", tmp_path / "l.npy", *NIGHT).err
    assert np.array_equal(np.load(tmp_path / "l.npy"), expected.kernel)


def test_saturated_and_not(pydeblur, night_photo, tmp_path):
    for word, saturated in (("--saturated", True), ("--no-saturated", False)):
        words = ("-o", tmp_path / "o.png", "--kernel-out", tmp_path / "k.npy", word, "--quiet", *NIGHT)
        assert pydeblur("deblur", night_photo, *words) == (0, "", "")
        expected = package.deblur(read_image(night_photo).pixels, 15, saturated=saturated, iterations=1)
        assert np.array_equal(np.load(tmp_path / "k.npy"), expected.kernel)
        assert expected.nonblind == ("whyte" if saturated else "ringing")
        assert np.max(np.abs(read_image(tmp_path / "o.png").pixels - np.clip(expected.image, 0, 1))) < 0.51 / 255
        assert pydeblur("kernel", night_photo, "-o", tmp_path / "l.npy", word, "--quiet", *NIGHT) == (0, "", "")
        assert np.array_equal(np.load(tmp_path / "l.npy"), expected.kernel)
    refused = pydeblur("kernel", night_photo, "-o", tmp_path / "m.npy", "--prior", "gradient", "--saturated", *NIGHT)
    assert refused.code == 2 and "saturated belongs to the preset 'best'" in refused.err


def test_batch_takes_no_saturated(pydeblur, night_photo, tmp_path):
    assert pydeblur("batch", night_photo, "-o", tmp_path / "out", "--no-saturated", "--quiet", *NIGHT).code == 0
    expected = package.deblur(read_image(night_photo).pixels, 15, saturated=False, iterations=1)
    written = read_image(tmp_path / "out" / "night.png").pixels
    assert np.max(np.abs(written - np.clip(expected.image, 0, 1))) < 0.51 / 255
