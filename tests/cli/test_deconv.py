"""``pydeblur deconv`` with the final steps that are not of the MATLAB family, as a user types it."""

import numpy as np
import pytest

from pydeblur.files import read_image, write_image, write_kernel
from pydeblur.nonblind import deconvolve
from pydeblur.nonblind.tv import deconvolve_tv


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


def test_a_large_picture_is_deblurred_in_its_place(pydeblur, tmp_path):
    """In tiles, by two threads; the file that is written is like that of the whole picture at once."""
    kernel = np.full((3, 3), 1 / 9)
    blocks = np.random.default_rng(0).random((125, 200))
    write_image(tmp_path / "large.png", np.kron(blocks, np.ones((8, 10))))
    write_kernel(tmp_path / "kernel.npy", kernel)
    words = (tmp_path / "large.png", tmp_path / "kernel.npy", "-o", tmp_path / "sharp.png", "--nonblind", "tv")
    assert pydeblur("deconv", *words, "--lambda-tv", "30", "--threads", "2").code == 0
    expected = deconvolve_tv(read_image(tmp_path / "large.png").pixels, kernel, lambda_tv=30.0)
    assert np.abs(read_image(tmp_path / "sharp.png").pixels - np.clip(expected, 0, 1)).max() < 0.51 / 255
