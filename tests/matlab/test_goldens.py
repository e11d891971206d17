"""The built-ins against tests/golden/builtins, which matlab_ref's own MATLAB-language versions wrote in Octave."""

import re
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from pydeblur import matlab

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "builtins"


def cases(name):
    """Return the cases of one golden file, whose variables are called c1_NAME, c2_NAME, …, as a list of dicts."""
    found = {}
    for variable, value in scipy.io.loadmat(GOLDEN / f"{name}.mat").items():
        numbered = re.fullmatch(r"c(\d+)_(\w+)", variable)
        if numbered:
            found.setdefault(int(numbered[1]), {})[numbered[2]] = value
    assert found, f"{name}.mat holds no cases"
    return [found[number] for number in sorted(found)]


def scalar_or_pair(value):
    return value.item() if value.size == 1 else tuple(int(n) for n in value.ravel())


def test_imresize():
    for case in cases("imresize"):
        result = matlab.imresize(case["img"], scalar_or_pair(case["scale"]))
        assert result.shape == case["out"].shape
        np.testing.assert_allclose(result, case["out"], atol=1e-13)


def test_psf2otf_and_otf2psf():
    for case in cases("psf_otf"):
        psf, size = case["psf"], scalar_or_pair(case["out_size"])
        half = slice(None), slice(size[1] // 2 + 1)
        otf = matlab.psf2otf(psf, size)
        np.testing.assert_allclose(otf, case["otf"], atol=1e-12)
        np.testing.assert_array_equal(otf.imag == 0, np.imag(case["otf"]) == 0)
        np.testing.assert_allclose(matlab.psf2otf_half(psf, size), case["otf"][half], atol=1e-12)
        for spectrum, expected in ((case["otf"], case["psf_back"]), (case["any_otf"], case["any_psf"])):
            np.testing.assert_allclose(matlab.otf2psf(spectrum, psf.shape), expected, atol=1e-13)
            np.testing.assert_allclose(
                matlab.otf2psf_half(spectrum[half], size, psf.shape), expected, atol=1e-13
            )


def test_dst_and_idst():
    for case in cases("dst"):
        np.testing.assert_allclose(matlab.dst(case["x"]), case["dst"], atol=1e-12)
        np.testing.assert_allclose(matlab.idst(case["x"]), case["idst"], atol=1e-12)


def test_histc():
    for case in cases("histc"):
        np.testing.assert_array_equal(matlab.histc(case["x"], case["edges"].ravel()), case["counts"].ravel())


def test_graythresh():
    for case in cases("graythresh"):
        assert matlab.graythresh(case["img"]) == pytest.approx(case["level"].item(), abs=1e-15)


def test_connected_components():
    for case in cases("bwconncomp"):
        labels, count = matlab.bwlabel(case["bw"])
        assert count == case["count"].item()
        np.testing.assert_array_equal(labels, case["labels"])


def test_fspecial():
    for case in cases("fspecial"):
        kind, first, second = case["type"].item(), scalar_or_pair(case["p1"]), case["p2"].item()
        h = matlab.fspecial(kind, first) if kind == "disk" else matlab.fspecial(kind, first, second)
        assert h.shape == case["h"].shape
        np.testing.assert_allclose(h, case["h"], atol=1e-13, err_msg=f"{kind} {first} {second}")


def test_conv2():
    for case in cases("conv2"):
        for shape in ("full", "same", "valid"):
            np.testing.assert_allclose(matlab.conv2(case["a"], case["b"], shape), case[shape], atol=1e-14)


def test_interp2():
    for case in cases("interp2"):
        result = matlab.interp2_grid(case["img"], case["xq"], case["yq"])
        np.testing.assert_allclose(result, case["values"], atol=1e-13)


def test_colour():
    for case in cases("colour"):
        if "grey" in case:
            np.testing.assert_allclose(matlab.rgb2gray(case["rgb"]), case["grey"], atol=1e-15)
        clipped = np.clip(matlab.im2double(case["rgb"]), 0, 1)
        # matlab_ref takes the sRGB matrix rounded to seven digits, with which white is (100, -1.7e-5, 6e-6).
        np.testing.assert_allclose(matlab.rgb2lab(clipped), case["lab"], atol=5e-5)
