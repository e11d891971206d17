"""``pydeblur deconv`` with the final steps that are not of the MATLAB family, as a user types it."""

import numpy as np
import pytest

from pydeblur.files import read_image, write_kernel
from pydeblur.nonblind import deconvolve


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
