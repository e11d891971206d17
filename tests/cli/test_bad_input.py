"""Whatever is wrong with the input: exit code 2, one sentence on standard error, and no file left."""

import os
import shlex

import numpy as np
import pytest
import tifffile

from pydeblur.files import read_image, write_image

QUICK = "--kernel-size 7 --iterations 1 --quiet"


@pytest.fixture(scope="module")
def folder(blurred, tmp_path_factory):
    """Good and bad files, and a folder ``out`` that has to stay empty."""
    folder = tmp_path_factory.mktemp("bad input")
    for name in ("out", "folder.png", "levin_is_not_here"):
        (folder / name).mkdir()
    write_image(folder / "good.png", blurred)
    write_image(folder / "constant.png", np.full((40, 40), 0.5))
    write_image(folder / "constant_colour.png", np.full((40, 40, 3), [0.2, 0.5, 0.7]))
    write_image(folder / "pixel.png", blurred[:1, :1])
    write_image(folder / "small.png", blurred[:20, :20])
    (folder / "empty.png").touch()
    (folder / "text.png").write_text("this is no image")
    (folder / "cut.png").write_bytes((folder / "good.png").read_bytes()[:1000])
    for name, value in (("nan", np.nan), ("infinite", np.inf), ("overflowing", 1e200)):
        pixels = blurred.copy()
        pixels[3, 4] = value
        tifffile.imwrite(folder / f"{name}.tif", pixels)
    tifffile.imwrite(folder / "negative.tif", blurred - 0.5)
    tifffile.imwrite(folder / "complex.tif", blurred.astype(np.complex64))
    for name, kernel in KERNELS.items():
        np.save(folder / f"{name}.npy", kernel, allow_pickle=True)
    return folder


KERNELS = {
    "good": np.ones((3, 3)),
    "vector": np.ones(5),
    "cube": np.ones((3, 3, 3)),
    "even": np.ones((4, 4)),
    "half_even": np.ones((3, 4)),
    "number": np.ones((1, 1)),
    "no_elements": np.ones((0, 3)),
    "nan": np.full((3, 3), np.nan),
    "zero": np.zeros((3, 3)),
    "negative": -np.ones((3, 3)),
    "words": np.array([["a"] * 3] * 3),
    "objects": np.array([[None] * 3] * 3),
    "complex": np.full((3, 3), 1j),
    "larger_than_image": np.ones((73, 73)),
}

BAD_IMAGES = {
    "missing.png": "does not exist",
    "folder.png": "is a folder",
    "empty.png": "is empty",
    "text.png": "is not an image",
    "good.npy": "is not an image",
    "cut.png": "can't be read",
    "nan.tif": "NaN or infinite",
    "infinite.tif": "NaN or infinite",
    "complex.tif": "complex",
    "overflowing.tif": "should hold values up to",
}
NOT_FOR_ESTIMATION = {
    "constant.png": "constant",
    "constant_colour.png": "constant",
    "pixel.png": "larger than the kernel",
}

COMMANDS = [
    *[(f"deblur {name} -o out/o.png {QUICK}", what) for name, what in {**BAD_IMAGES, **NOT_FOR_ESTIMATION}.items()],
    *[(f"kernel {name} -o out/k.npy {QUICK}", what) for name, what in {**BAD_IMAGES, **NOT_FOR_ESTIMATION}.items()],
    *[(f"deconv {name} good.npy -o out/o.png", what) for name, what in BAD_IMAGES.items()],
    *[(f"deconv good.png {name}.npy -o out/o.png", "") for name in KERNELS if name != "good"],
    ("deconv good.png missing.npy -o out/o.png", "does not exist"),
    ("deconv good.png good.png -o out/o.png", "no blur kernel"),
    ("deconv good.png text.png -o out/o.png", "text.png"),
    ("deconv good.png good.txt -o out/o.png", "extension"),
    # Too small at the finest scale, and only at a coarser one.
    ("deblur small.png -o out/o.png --kernel-size 21 --quiet", "larger than the kernel"),
    ("deblur small.png -o out/o.png --kernel-size 19 --quiet", "too small for a kernel of size 19: at scale 1"),
    *[
        (f"deblur good.png -o out/o.png --quiet --kernel-size {size}", "odd whole number of at least 3")
        for size in ("4", "1", "0", "-3", "2.5", "7.0", "nan", "seven", "''")
    ],
    ("deblur good.png -o out/o.png --quiet --kernel-size 9999999", "larger than the kernel"),
    (f"deblur good.png -o out/o.png --quiet --kernel-size {10**400 + 1}", "larger than the kernel"),
    ("deblur good.png -o out/o.png --kernel-size automatic", "auto, or an odd whole number"),
    (f"deblur good.png {QUICK}", "--output"),
    # Outputs.
    (f"deblur good.png -o nowhere/o.png {QUICK}", "does not exist"),
    (f"deblur good.png -o good.png/o.png {QUICK}", "does not exist"),
    (f"deblur good.png -o folder.png {QUICK}", "is a folder"),
    (f"deblur good.png -o out {QUICK}", "extension"),
    (f"deblur good.png -o out/o.gif {QUICK}", "extension"),
    (f"deblur good.png -o out/o {QUICK}", "extension"),
    (f"deblur good.png -o '' {QUICK}", "file name"),
    (f"deblur good.png -o /dev/null {QUICK}", "extension"),
    (f"deblur good.png -o out/o.png --kernel-out out/k.jpg {QUICK}", "extension"),
    (f"deblur good.png -o out/o.png --kernel-out nowhere/k.tif {QUICK}", "does not exist"),
    (f"deblur good.png -o out/o.png --history nowhere/h.csv {QUICK}", "does not exist"),
    (f"deblur good.png -o out/o.png --history out {QUICK}", "is a folder"),
    (f"kernel good.png -o out/k.gif {QUICK}", "extension"),
    (f"kernel good.png -o nowhere/k.npy {QUICK}", "does not exist"),
    ("deconv good.png good.npy -o nowhere/o.png", "does not exist"),
    # One file for two things.
    (f"deblur good.png -o out/o.png --kernel-out out/../out/o.png {QUICK}", "different files"),
    (f"kernel good.png -o out/k.png --history out/k.png {QUICK}", "different files"),
    (f"deblur good.png -o ./good.png {QUICK}", "overwrite"),
    (f"deblur good.png -o out/o.png --kernel-out good.png {QUICK}", "overwrite"),
    ("deconv constant.png good.png -o good.png", "overwrite"),
    # Options.
    *[
        (f"deblur good.png -o out/o.png {QUICK} --{option}", option.split()[0])
        for option in (
            *(f"gamma {value}" for value in ("0", "-1", "nan", "inf", "x")),
            *(f"lambda-grad {value}" for value in ("-1", "nan", "inf", "1e999")),
            *("lambda-prior -1", "lambda-tv 0", "lambda-tv nan", "lambda-l0 -1", "weight-ring -1", "weight-ring inf"),
            *("iterations 0", "iterations 1.5", "threads 0", "threads -2"),
            *("kernel-threshold -1", "kernel-threshold 0.5", "kernel-solver exact", "dtype float16"),
            *("prior beauty", "nonblind magic", "no-such-option"),
            *("descent-tolerance -1", "descent-tolerance nan", "crop left", "crop 1,2,3", "crop 0,0,8,x"),
        )
    ],
    (f"deblur good.png -o out/o.png {QUICK} --crop 0,0,4000,4000", "crop should lie within the image"),
    (f"deblur good.png -o out/o.png {QUICK} --lambda-tv 1e9", "--lambda-tv: it should be a number from 1e-09 to 999"),
    (f"deblur good.png -o out/o.png {QUICK} --lambda-tv 1e-300", "lambda-tv"),
    (f"deblur good.png -o out/o.png {QUICK} --saturated --nonblind tv", "--saturated needs --nonblind whyte"),
    (f"deblur good.png -o out/o.png {QUICK} --nonblind tv --lambda-l0 0.1", "--lambda-l0 does not belong"),
    ("deconv good.png good.npy -o out/o.png --saturated --weight-ring 1", "--weight-ring does not belong"),
    (f"deblur negative.tif -o out/o.tif {QUICK} --range full --gamma 2.2", "non-negative"),
    # Nothing is left of the kernel.
    (f"deblur good.png -o out/o.png {QUICK} --gamma 1e6", "collapsed"),
    # Commands.
    ("--version-of-what", "unknown option"),
    ("sharpen good.png", "unknown command 'sharpen'"),
    ("deblur", "required"),
    # Benchmarks.
    ("evaluate levin", "PYDEBLUR_DATA"),
    ("evaluate levin --data nowhere", "not a folder"),
    ("evaluate levin --data good.png", "not a folder"),
    ("evaluate text --data levin_is_not_here", "text/"),
    ("evaluate real --data .", "it should be one of "),
    ("evaluate levin --data DATA --json nowhere/r.json", "does not exist"),
    ("evaluate levin --data DATA --json out", "is a folder"),
    ("evaluate levin --data DATA --cases im01_ker01,im09_ker09 --json out/r.json", "im09_ker09"),
    ("evaluate levin --data DATA --cases '' --json out/r.json", "cases should be"),
    *[(f"evaluate levin --data DATA --jobs {jobs}", "--jobs") for jobs in ("0", "-1", "1.5", "all")],
    ("evaluate levin --data DATA --lambda-grad -1", "--lambda-grad"),
    ("evaluate levin --data DATA --lambda-tv 1e9", "lambda-tv"),
    ("evaluate levin --data DATA --saturated --nonblind tv", "--saturated"),
    ("demo --out good.png", "good.png"),
]


def snapshot(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.mark.parametrize("line, what", COMMANDS, ids=[line[:70] for line, _ in COMMANDS])
def test_bad_input_is_one_sentence(pydeblur, is_one_sentence, folder, levin_folder, monkeypatch, line, what):
    monkeypatch.chdir(folder)
    monkeypatch.delenv("PYDEBLUR_DATA", raising=False)
    before = snapshot(folder)
    outcome = pydeblur(*shlex.split(line.replace("DATA", shlex.quote(str(levin_folder)))))
    assert outcome.code == 2
    assert outcome.out == ""
    assert is_one_sentence(outcome.err, line.split(" ")[0])
    assert what in outcome.err
    assert snapshot(folder) == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere")
@pytest.mark.parametrize("output", ["locked/o.png", "locked.png"])
def test_outputs_that_are_read_only(pydeblur, is_one_sentence, photo, tmp_path, output):
    (tmp_path / "locked").mkdir(mode=0o555)
    (tmp_path / "locked.png").touch(mode=0o444)
    outcome = pydeblur("deblur", photo, "-o", tmp_path / output, *QUICK.split())
    assert outcome.code == 2 and is_one_sentence(outcome.err, "deblur") and "permission" in outcome.err


def test_a_full_disk_leaves_nothing(pydeblur, is_one_sentence, photo, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    (tmp_path / "out").mkdir()
    outcome = pydeblur("deblur", photo, "-o", tmp_path / "out/o.png", *QUICK.split())
    assert outcome.code == 2 and is_one_sentence(outcome.err, "deblur") and "No space left" in outcome.err
    assert list((tmp_path / "out").iterdir()) == []


def test_a_kernel_that_is_a_delta_is_reported_and_the_image_written(pydeblur, tmp_path):
    dot = np.zeros((60, 60))
    dot[30, 30] = 1
    write_image(tmp_path / "dot.png", dot)
    words = (
        "--kernel-size",
        13,
        "--iterations",
        1,
        "--prior",
        "intensity",
        "--kernel-out",
        tmp_path / "k.npy",
        "--quiet",
    )
    outcome = pydeblur("deblur", tmp_path / "dot.png", "-o", tmp_path / "o.png", *words)
    assert outcome.code == 0
    assert (
        outcome.err.startswith("pydeblur: warning: ") and "is a point" in outcome.err and outcome.err.count("\n") == 1
    )
    assert np.load(tmp_path / "k.npy").max() > 0.99
    assert np.max(np.abs(read_image(tmp_path / "o.png").pixels - dot)) < 0.1


def strange_images():
    rows, columns = np.indices((44, 48))
    yield "edge", (columns > 20) * 1.0
    yield "ramp", columns / 47
    yield "checkers", (rows + columns) % 2 * 1.0
    yield "noise", np.random.default_rng(0).random((44, 48))
    yield "corner", ((rows == 0) & (columns == 0)) * 1.0
    yield "nearly constant", 0.5 + (columns > 20) / 65535


@pytest.mark.parametrize("prior", ["gradient", "intensity"])
@pytest.mark.parametrize("pixels", [pytest.param(pixels, id=name) for name, pixels in strange_images()])
def test_strange_images_give_finite_images_or_one_sentence(pydeblur, is_one_sentence, tmp_path, pixels, prior):
    write_image(tmp_path / "in.png", pixels, depth="uint16")
    words = ("--kernel-size", 11, "--iterations", 2, "--prior", prior, "--quiet")
    outcome = pydeblur("deblur", tmp_path / "in.png", "-o", tmp_path / "out.tif", *words)
    if outcome.code == 0:
        assert np.all(np.isfinite(read_image(tmp_path / "out.tif").pixels))
    else:
        assert outcome.code == 2 and is_one_sentence(outcome.err, "deblur") and "collapsed" in outcome.err
        assert not (tmp_path / "out.tif").exists()
