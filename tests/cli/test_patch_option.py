"""``--patch``: it reaches the priors that have windows or blocks, and is refused elsewhere."""

import numpy as np
import pytest

import pydeblur
from pydeblur.cli.main import main
from pydeblur.estimators.registry import preset_and_prior
from pydeblur.evaluation.protocols import Protocol, all_options
from pydeblur.files import read_image, read_kernel, write_image


@pytest.fixture
def photograph(tmp_path, blurred):
    path = tmp_path / "photograph.tif"
    write_image(path, blurred.astype(np.float32))
    return path


@pytest.mark.filterwarnings("ignore::pydeblur.errors.KernelSizeWarning")
@pytest.mark.parametrize("words", [["--method", "pmp"], ["--prior", "dark_channel"], ["--method", "extreme_channels"]])
def test_a_patch_is_that_of_the_prior(photograph, tmp_path, words):
    kernels = {}
    for patch in (3, 15):
        target = tmp_path / f"{patch}.tif"
        size = ["--kernel-size", "7", "--iterations", "1", "--patch", str(patch)]
        assert main(["kernel", str(photograph), "-o", str(target), *words, *size, "--quiet"]) == 0
        kernels[patch] = read_kernel(target)
    assert not np.allclose(kernels[3], kernels[15])
    image = read_image(photograph).pixels
    # A method that is a prior brings its paper's weights, where they are not the solver's.
    solver = preset_and_prior(words[1], {"iterations": 1})[2] if words[0] == "--method" else {"iterations": 1}
    expected = pydeblur.estimate_kernel(image, 7, prior=words[1], prior_options={"patch": 3}, **solver)
    np.testing.assert_allclose(kernels[3], expected.kernel, atol=1e-6)


@pytest.mark.parametrize(
    "words",
    [[], ["--method", "cho_lee"], ["--prior", "intensity"], ["--preset", "fast"], ["--prior", "classifier"]],
    ids=" ".join,
)
def test_a_patch_is_refused_where_nothing_uses_it(photograph, tmp_path, capsys, words):
    target = tmp_path / "kernel.tif"
    assert main(["kernel", str(photograph), "-o", str(target), "--kernel-size", "7", *words, "--patch", "5"]) == 2
    assert "--patch belongs to --prior dark_channel, extreme_channels or pmp" in capsys.readouterr().err
    assert not target.exists()


def test_an_even_patch_is_refused_where_windows_lie_around_a_pixel(photograph, tmp_path, capsys):
    words = ["deblur", str(photograph), "-o", str(tmp_path / "sharp.png"), "--kernel-size", "7", "--patch", "4"]
    assert main([*words, "--method", "dark_channel"]) == 2
    assert "patch should be an odd whole number" in capsys.readouterr().err


def test_a_benchmark_s_report_names_the_patch():
    options = all_options(Protocol("levin", prior="pmp", prior_options={"patch": 5}))
    assert options["prior_options"] == {"patch": 5}
