"""The median filter against outliers: by brute force, in Python and as a user types it."""

import numpy as np
import pytest

import pydeblur
from pydeblur.cli.main import main
from pydeblur.errors import InvalidOptionError
from pydeblur.files import read_image, read_kernel, write_image
from pydeblur.preprocess.median import median_filtered
from pydeblur.synthesis import salt_and_pepper

QUICK = {"iterations": 1}


@pytest.fixture
def noisy(sharp_image):
    """(60, 66): a sharp image with 2 % outliers."""
    return salt_and_pepper(sharp_image[20:80, 20:86], 0.02, rng=0)


@pytest.mark.parametrize("size", [3, 5])
def test_median_of_the_window_with_the_border_replicated(noisy, size):
    half = size // 2
    padded = np.pad(noisy, half, mode="edge")
    expected = [[np.median(padded[i : i + size, j : j + size]) for j in range(66)] for i in range(60)]
    np.testing.assert_array_equal(median_filtered(noisy, size), expected)


def test_channels_are_filtered_each_for_itself(noisy):
    colour = np.stack([noisy, noisy[::-1], 1 - noisy], axis=-1).astype(np.float32)
    filtered = median_filtered(colour, 3)
    assert filtered.dtype == np.float32
    for channel in range(3):
        np.testing.assert_array_equal(filtered[..., channel], median_filtered(colour[..., channel], 3))


def test_none(noisy):
    assert median_filtered(noisy, 0) is noisy and median_filtered(noisy, 1) is noisy


@pytest.mark.parametrize("size", [-1, 2, 4, 3.0, "3", True, None])
def test_bad_windows_are_refused(noisy, size):
    for function in (pydeblur.deblur, pydeblur.estimate_kernel):
        with pytest.raises(InvalidOptionError, match=r"^median should be [^\n]+$"):
            function(noisy, 5, median=size)


def test_it_goes_before_the_kernel_and_before_the_final_image(noisy):
    result = pydeblur.deblur(noisy, 5, median=3, nonblind="tv", **QUICK)
    kernel = pydeblur.estimate_kernel(noisy, 5, median=3, **QUICK)
    by_hand = pydeblur.deblur(median_filtered(noisy, 3), 5, nonblind="tv", **QUICK)
    np.testing.assert_array_equal(result.kernel, by_hand.kernel)
    np.testing.assert_array_equal(result.image, by_hand.image)
    np.testing.assert_array_equal(kernel.kernel, by_hand.kernel)
    assert result.median == kernel.median == 3 and by_hand.median == 0


def test_as_a_user_types_it(noisy, tmp_path):
    write_image(tmp_path / "noisy.png", noisy)
    write_image(tmp_path / "filtered.png", median_filtered(read_image(tmp_path / "noisy.png").pixels, 3))
    common = ["--kernel-size", "5", "--iterations", "1", "--quiet"]
    for name, words in (("noisy", ["--median", "3"]), ("filtered", [])):
        image, kernel, alone = (str(tmp_path / f"{name}_{part}") for part in ("out.png", "k.npy", "alone.npy"))
        source = str(tmp_path / f"{name}.png")
        assert main(["deblur", source, "-o", image, "--kernel-out", kernel, *common, *words]) == 0
        assert main(["kernel", source, "-o", alone, *common, *words]) == 0
    for one, two in (("noisy_k", "filtered_k"), ("noisy_alone", "filtered_alone"), ("noisy_k", "noisy_alone")):
        np.testing.assert_array_equal(read_kernel(tmp_path / f"{one}.npy"), read_kernel(tmp_path / f"{two}.npy"))
    pictures = [read_image(tmp_path / f"{name}_out.png").pixels for name in ("noisy", "filtered")]
    np.testing.assert_array_equal(*pictures)


@pytest.mark.parametrize("window", ["2", "-3", "x", "3.5"])
def test_bad_windows_at_the_shell(noisy, tmp_path, capsys, window):
    write_image(tmp_path / "noisy.png", noisy)
    words = ["deblur", str(tmp_path / "noisy.png"), "-o", str(tmp_path / "o.png"), "--kernel-size", "5"]
    with pytest.raises(SystemExit) as error:
        main([*words, f"--median={window}"])
    assert error.value.code == 2
    message = capsys.readouterr().err
    assert "--median" in message and message.count("\n") == 1 and "odd" in message
    assert not (tmp_path / "o.png").exists()


def test_outliers_are_mostly_gone(sharp_image):
    clean = sharp_image[20:80, 20:86]
    noisy = salt_and_pepper(clean, 0.02, rng=0)
    changed = noisy != clean
    assert 0.01 < changed.mean() < 0.03 and set(np.unique(noisy[changed])) == {0.0, 1.0}
    assert np.abs(median_filtered(noisy, 3) - clean)[changed].mean() < 0.3 * np.abs(noisy - clean)[changed].mean()
