"""The final steps with a network or with a function, as a user types them."""

import json

import numpy as np
import pytest

from pydeblur.files import read_image, write_kernel
from pydeblur.nonblind import deconvolve

KERNEL = np.full((3, 3), 1 / 9)


@pytest.fixture
def kernel_file(tmp_path):
    write_kernel(tmp_path / "kernel.npy", KERNEL)
    return tmp_path / "kernel.npy"


@pytest.mark.parametrize(
    "words, options", [((), {}), (("--noise", "0"), {"noise": 0.0}), (("--threads", "2"), {"workers": 2})]
)
def test_deconv(pydeblur, photo, tmp_path, kernel_file, network_file, words, options):
    out, record = tmp_path / "out.png", tmp_path / "out.json"
    learned = ("--nonblind", "learned", "--restoration-weights", network_file)
    assert pydeblur("deconv", photo, kernel_file, "-o", out, *learned, *words, "--json", record).code == 0
    expected = deconvolve(read_image(photo).pixels, KERNEL, "learned", weights=network_file, **options)
    assert np.abs(read_image(out).pixels - np.clip(expected, 0, 1)).max() < 0.51 / 255
    step = json.loads(record.read_text())["final_step"]
    assert step == {"name": "learned", "options": {"weights": str(network_file), **options}}


def test_deblur_and_batch(pydeblur, photo, tmp_path, network_file):
    words = ("--kernel-size", 7, "--prior", "gradient", "--iterations", 1, "--nonblind", "learned")
    words = (*words, "--restoration-weights", network_file, "--restoration-device", "cpu", "--quiet")
    single, folder = tmp_path / "single.png", tmp_path / "out"
    kernel = tmp_path / "found.npy"
    assert pydeblur("deblur", photo, "-o", single, *words, "--kernel-out", kernel).code == 0
    assert pydeblur("batch", photo, "-o", folder, *words).code == 0
    expected = deconvolve(read_image(photo).pixels, np.load(kernel), "learned", weights=network_file)
    assert np.abs(read_image(single).pixels - np.clip(expected, 0, 1)).max() < 0.51 / 255
    assert np.array_equal(read_image(folder / photo.name).pixels, read_image(single).pixels)


@pytest.mark.parametrize("command", ["deconv", "deblur", "batch", "evaluate"])
def test_a_step_that_takes_a_function_is_refused(pydeblur, command):
    words = {
        "deconv": ("a.png", "k.npy", "-o", "o.png"),
        "deblur": ("a.png", "-o", "o.png", "--kernel-size", 7),
        "batch": ("a.png", "-o", "out", "--kernel-size", 7),
        "evaluate": ("levin",),
    }[command]
    done = pydeblur(command, *words, "--nonblind", "plug-and-play")
    assert done.code == 2 and done.err.count("\n") == 1
    assert (
        "plug-and-play needs a denoiser, which is a function: pydeblur.deblur and pydeblur.deconvolve take it"
        in done.err
    )


@pytest.mark.parametrize(
    "words, sentence",
    [
        (("--restoration-weights", "w.onnx"), "--restoration-weights does not belong to the final step 'ringing'"),
        (
            ("--nonblind", "epll", "--restoration-device", "cpu"),
            "--restoration-device does not belong to the final step",
        ),
        (("--nonblind", "learned", "--lambda-tv", "0.01"), "--lambda-tv does not belong to the final step 'learned'"),
        (("--nonblind", "learned", "--noise", "2"), "noise"),
        (("--nonblind", "epll", "--noise", "0"), "noise should be a number from 0.0001 to 1"),
        (("--nonblind", "learned", "--saturated"), "--saturated needs --nonblind whyte"),
        (("--nonblind", "learned", "--restoration-weights", "missing.onnx"), "there is no 'missing.onnx'"),
        (("--nonblind", "learned", "--restoration-weights", "kernel.npy"), "kernel.npy"),
        (("--nonblind", "learned", "--restoration-device", "gpu"), "cpu, cuda, auto"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(
    pydeblur, photo, kernel_file, monkeypatch, words, sentence, is_one_sentence
):
    monkeypatch.chdir(kernel_file.parent)
    done = pydeblur("deconv", photo, kernel_file, "-o", "out.png", *words)
    assert done.code == 2 and sentence in done.err and is_one_sentence(done.err, "deconv")
    assert not (kernel_file.parent / "out.png").exists()


def test_the_weights_are_not_overwritten(pydeblur, photo, tmp_path, kernel_file, network_file):
    weights = tmp_path / "weights.png"
    weights.write_bytes(network_file.read_bytes())
    words = ("--nonblind", "learned", "--restoration-weights", weights)
    for command in (
        ("deconv", photo, kernel_file),
        ("deblur", photo, "--kernel-size", 7),
        ("batch", photo, "--kernel-size", 7),
    ):
        output = weights if command[0] != "batch" else tmp_path
        done = pydeblur(*command, "-o", output, *words)
        assert done.code == 2 and weights.read_bytes() == network_file.read_bytes()
