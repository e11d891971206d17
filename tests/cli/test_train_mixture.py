"""``pydeblur train-mixture`` and the final steps that are not of the MATLAB family, as a user types them."""

import numpy as np
import pytest

from pydeblur.files import read_image, write_image, write_kernel
from pydeblur.nonblind import deconvolve
from pydeblur.nonblind.mixture import load_mixture


@pytest.fixture
def pictures(tmp_path, sharp_image):
    """A folder of eight parts of a picture."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(8):
        write_image(folder / f"picture{number}.png", sharp_image[5 * number : 5 * number + 60])
    return folder


def test_train_mixture_then_resume(pydeblur, pictures, tmp_path):
    run = tmp_path / "run"
    words = ("train-mixture", "--data", pictures, "--out", run, "--components", 3, "--patches", 3000, "--blocks", 2)
    for more in (("--iterations", 1), ("--iterations", 2, "--resume")):
        done = pydeblur(*words, *more)
        assert done.code == 0 and done.err == "" and done.out.strip() == str(run / "mixture.npz")
    assert load_mixture(run / "mixture.npz").covariances.shape == (3, 64, 64)
    assert len((run / "log.csv").read_text().splitlines()) == 3


@pytest.mark.parametrize(
    "words, complaint",
    [
        (("--data", "missing"), "missing"),
        (("--data", "pictures", "--components", "0"), "--components"),
        (("--data", "pictures", "--patches", "5"), "patches"),
        (("--data", "pictures", "--seed", "-1"), "seed"),
        (("--data", "pictures", "--resume"), "last.npz"),
    ],
)
def test_train_mixture_bad_input(pydeblur, pictures, is_one_sentence, monkeypatch, words, complaint):
    monkeypatch.chdir(pictures.parent)
    done = pydeblur("train-mixture", "--out", "run", *words)
    assert done.code == 2 and complaint in done.err and is_one_sentence(done.err, "train-mixture")


@pytest.mark.parametrize(
    "method, words, options",
    [
        ("hyper-laplacian", (), {}),
        ("hyper-laplacian", ("--lambda-hl", "0.01", "--exponent", "0.5"), {"lambda_hl": 0.01, "exponent": 0.5}),
        ("epll", ("--noise", "0.03"), {"noise": 0.03}),
    ],
)
def test_options_reach_the_final_step(pydeblur, photo, tmp_path, method, words, options):
    kernel = np.zeros((3, 5))
    kernel[[0, 1, 1, 2], [0, 1, 2, 4]] = 0.25
    write_kernel(tmp_path / "kernel.npy", kernel)
    out = tmp_path / "out.png"
    assert pydeblur("deconv", photo, tmp_path / "kernel.npy", "-o", out, "--nonblind", method, *words).code == 0
    expected = deconvolve(read_image(photo).pixels, kernel, method, **options)
    assert np.abs(read_image(out).pixels - np.clip(expected, 0, 1)).max() < 0.51 / 255


@pytest.mark.parametrize("words", [("--nonblind", "tv", "--noise", "0.1"), ("--nonblind", "epll", "--noise", "2")])
def test_options_of_other_steps_and_out_of_range(pydeblur, photo, tmp_path, is_one_sentence, words):
    write_kernel(tmp_path / "kernel.npy", np.ones((3, 3)) / 9)
    done = pydeblur("deconv", photo, tmp_path / "kernel.npy", "-o", tmp_path / "out.png", *words)
    assert done.code == 2 and "noise" in done.err and is_one_sentence(done.err, "deconv")
    assert not (tmp_path / "out.png").exists()
