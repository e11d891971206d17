"""``--range``, and the pictures whose range is found: what is used, written and said."""

import numpy as np
import pytest
import tifffile
from PIL import Image

import pydeblur as package
from pydeblur.files import read_image

KERNEL_SIZE = ("--kernel-size", 7, "--iterations", 1, "--prior", "gradient")


@pytest.fixture
def twelve_bits(blurred, tmp_path):
    """A picture of 12 bits in a file of 16."""
    path = tmp_path / "twelve.tif"
    tifffile.imwrite(path, np.rint(blurred * 4095).astype(np.uint16))
    return path


@pytest.fixture
def times_four(blurred, tmp_path):
    """A floating picture of values up to nearly 4."""
    path = tmp_path / "four.tif"
    tifffile.imwrite(path, (4 * blurred).astype(np.float32))
    return path


@pytest.fixture
def kernel_file(tmp_path):
    kernel = np.zeros((3, 5))
    kernel[[0, 1, 1, 2], [0, 1, 2, 4]] = 0.25
    np.save(tmp_path / "k.npy", kernel)
    return tmp_path / "k.npy"


def is_one_note(err, command):
    # A slow machine says in between that it is still at work.
    (note,) = (line for line in err.splitlines() if " so far" not in line and " left" not in line)
    return note.startswith(f"pydeblur {command}: the values are ") and len(note) < 300


def test_twelve_bits_are_found_named_and_undone(pydeblur, twelve_bits, kernel_file, blurred, tmp_path):
    done = pydeblur("deconv", twelve_bits, kernel_file, "-o", tmp_path / "out.tif")
    assert done.code == 0 and is_one_note(done.err, "deconv") and "between 0 and 4095, not 0 and 65535" in done.err
    expected = package.deconvolve(np.rint(blurred * 4095) / 4095, np.load(kernel_file))
    written = tifffile.imread(tmp_path / "out.tif")
    assert written.dtype == np.uint16
    assert np.max(np.abs(written - 4095 * np.clip(expected, 0, 16))) < 0.51


@pytest.mark.parametrize("words", [("--range", "0,4095"), ("--range", "auto"), ()])
def test_the_kernel_is_that_of_the_picture_in_its_range(pydeblur, twelve_bits, blurred, tmp_path, words):
    done = pydeblur("kernel", twelve_bits, "-o", tmp_path / "k.npy", *KERNEL_SIZE, *words)
    assert done.code == 0 and is_one_note(done.err, "kernel")
    expected = package.estimate_kernel(np.rint(blurred * 4095) / 4095, 7, prior="gradient", iterations=1).kernel
    assert np.allclose(np.load(tmp_path / "k.npy"), expected, atol=1e-6)
    whole = ("-o", tmp_path / "o.tif", "--kernel-out", tmp_path / "whole.npy")
    assert is_one_note(pydeblur("deblur", twelve_bits, *whole, *KERNEL_SIZE, *words).err, "deblur")
    assert np.array_equal(np.load(tmp_path / "whole.npy"), np.load(tmp_path / "k.npy"))


def test_full_takes_the_file_as_it_is_and_quiet_says_nothing(pydeblur, twelve_bits, kernel_file, tmp_path):
    assert pydeblur("deconv", twelve_bits, kernel_file, "-o", tmp_path / "full.tif", "--range", "full").err == ""
    assert pydeblur("deconv", twelve_bits, kernel_file, "-o", tmp_path / "quiet.tif", "--quiet") == (0, "", "")
    full = package.deconvolve(read_image(twelve_bits).pixels, np.load(kernel_file), value_range="full")
    assert np.max(np.abs(read_image(tmp_path / "full.tif").pixels - np.clip(full, 0, 1))) < 0.51 / 65535


def test_a_floating_picture_keeps_its_scale_in_a_floating_file(pydeblur, times_four, kernel_file, blurred, tmp_path):
    done = pydeblur("deconv", times_four, kernel_file, "-o", tmp_path / "out.tif", "--range", "0,4")
    assert done.code == 0 and "as given" in done.err and "between 0 and 4, not 0 and 1" in done.err
    expected = package.deconvolve(blurred, np.load(kernel_file))
    assert np.max(np.abs(tifffile.imread(tmp_path / "out.tif") / 4 - expected)) < 1e-5


@pytest.mark.parametrize("name", ["out.png", "out.jpg"])
def test_in_a_file_of_less_depth_the_range_goes_from_black_to_white(
    pydeblur, times_four, twelve_bits, kernel_file, blurred, tmp_path, name
):
    expected = np.clip(package.deconvolve(blurred, np.load(kernel_file)), 0, 1)
    done = pydeblur("deconv", times_four, kernel_file, "-o", tmp_path / name, "--range", "0,4")
    assert done.code == 0 and "the output has them from black to white" in done.err
    assert np.sqrt(np.mean((read_image(tmp_path / name).pixels - expected) ** 2)) < 0.01
    done = pydeblur("deconv", twelve_bits, kernel_file, "-o", tmp_path / name)
    scale = 4095 / 65535 if name == "out.png" else 1
    assert done.code == 0 and ("black to white" in done.err) == (name == "out.jpg")
    assert np.sqrt(np.mean((read_image(tmp_path / name).pixels / scale - expected) ** 2)) < 0.01


def test_a_batch_names_the_range_of_each_picture(pydeblur, twelve_bits, photo, tmp_path):
    done = pydeblur("batch", twelve_bits, photo, "-o", tmp_path / "out", *KERNEL_SIZE)
    assert done.code == 0 and done.err.count("the values are found to lie") == 1
    assert f"{twelve_bits}: the values are found to lie between 0 and 4095" in done.err
    words = ("-o", tmp_path / "again", "--range", "full", *KERNEL_SIZE)
    assert "the values" not in pydeblur("batch", twelve_bits, photo, *words).err


def test_a_dark_photograph_of_8_bits_is_left_alone(pydeblur, blurred, kernel_file, tmp_path):
    Image.fromarray((blurred * 60).astype(np.uint8)).save(tmp_path / "dark.png")
    assert pydeblur("deconv", tmp_path / "dark.png", kernel_file, "-o", tmp_path / "o.tif").err == ""


@pytest.mark.parametrize("text", ["", "1", "1,0", "0,nan", "a,b", "0,1,2", "0,inf", "Auto"])
def test_what_is_no_range_is_refused(pydeblur, photo, kernel_file, tmp_path, is_one_sentence, text):
    done = pydeblur("deconv", photo, kernel_file, "-o", tmp_path / "o.png", f"--range={text}")
    assert done.code == 2 and "--range" in done.err and is_one_sentence(done.err, "deconv")


@pytest.mark.parametrize(
    "words",
    [
        ("--threads", "100000"),
        ("--prefilter", "1e300"),
        ("--prefilter", "500"),
        ("--median", "10001"),
        ("--median", "73"),
    ],
    ids=" ".join,
)
def test_bounds_follow_from_processors_and_image(pydeblur, photo, tmp_path, is_one_sentence, words):
    done = pydeblur("deblur", photo, "-o", tmp_path / "o.png", *KERNEL_SIZE, *words)
    assert done.code == 2 and is_one_sentence(done.err, "deblur") and words[0].strip("-") in done.err
    assert not (tmp_path / "o.png").exists()


def test_the_classifier_sees_a_picture_in_its_range(pydeblur, twelve_bits, blurred, tmp_path):
    tifffile.imwrite(tmp_path / "unit.tif", (np.rint(blurred * 4095) / 4095).astype(np.float32))
    done = pydeblur("classify", twelve_bits, tmp_path / "unit.tif")
    assert done.code == 0 and done.err.count("\n") == 1 and "between 0 and 4095" in done.err
    ours, expected = (float(line.split()[0]) for line in done.out.splitlines()[1:])
    assert ours == pytest.approx(expected, abs=1e-5)


def test_a_batch_takes_no_more_processes_than_processors_bear(pydeblur, photo, tmp_path, is_one_sentence):
    done = pydeblur("batch", photo, "-o", tmp_path / "out", "--jobs", "100000", *KERNEL_SIZE)
    assert done.code == 2 and is_one_sentence(done.err, "batch") and "for each processor" in done.err
