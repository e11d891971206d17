"""The built-ins against tests/golden/builtins, which matlab_ref's own MATLAB-language versions wrote in Octave."""

import numpy as np
import pytest

from pydeblur import matlab


def scalar_or_pair(value):
    return value if np.ndim(value) == 0 else tuple(int(n) for n in value.ravel())


def test_imresize(golden_cases):
    for case in golden_cases("builtins/imresize"):
        result = matlab.imresize(case["img"], scalar_or_pair(case["scale"]))
        assert result.shape == case["out"].shape
        np.testing.assert_allclose(result, case["out"], rtol=0, atol=1e-13)


def test_psf2otf_and_otf2psf(golden_cases):
    for case in golden_cases("builtins/psf_otf"):
        psf, size = case["psf"], scalar_or_pair(case["out_size"])
        half = slice(None), slice(size[1] // 2 + 1)
        otf = matlab.psf2otf(psf, size)
        np.testing.assert_allclose(otf, case["otf"], rtol=0, atol=1e-12)
        np.testing.assert_array_equal(otf.imag == 0, np.imag(case["otf"]) == 0)
        np.testing.assert_allclose(matlab.psf2otf_half(psf, size), case["otf"][half], rtol=0, atol=1e-12)
        for spectrum, expected in ((case["otf"], case["psf_back"]), (case["any_otf"], case["any_psf"])):
            np.testing.assert_allclose(matlab.otf2psf(spectrum, psf.shape), expected, rtol=0, atol=1e-13)
            np.testing.assert_allclose(
                matlab.otf2psf_half(spectrum[half], size, psf.shape), expected, rtol=0, atol=1e-13
            )


def test_dst_and_idst(golden_cases):
    for case in golden_cases("builtins/dst"):
        x = np.atleast_2d(case["x"])
        np.testing.assert_allclose(matlab.dst(x), np.atleast_2d(case["dst"]), rtol=0, atol=1e-12)
        np.testing.assert_allclose(matlab.idst(x), np.atleast_2d(case["idst"]), rtol=0, atol=1e-12)


def test_histc(golden_cases):
    for case in golden_cases("builtins/histc"):
        np.testing.assert_array_equal(matlab.histc(case["x"], case["edges"].ravel()), case["counts"].ravel())


def test_graythresh(golden_cases):
    for case in golden_cases("builtins/graythresh"):
        assert matlab.graythresh(case["img"]) == pytest.approx(case["level"], abs=1e-15)


def test_connected_components(golden_cases):
    for case in golden_cases("builtins/bwconncomp"):
        labels, count = matlab.bwlabel(case["bw"])
        assert count == case["count"]
        np.testing.assert_array_equal(labels, case["labels"])


def test_fspecial(golden_cases):
    for case in golden_cases("builtins/fspecial"):
        kind, first, second = case["type"], scalar_or_pair(case["p1"]), case["p2"]
        h = matlab.fspecial(kind, first) if kind == "disk" else matlab.fspecial(kind, first, second)
        assert h.shape == case["h"].shape
        np.testing.assert_allclose(h, case["h"], rtol=0, atol=1e-13, err_msg=f"{kind} {first} {second}")


def test_conv2(golden_cases):
    for case in golden_cases("builtins/conv2"):
        for shape in ("full", "same", "valid"):
            np.testing.assert_allclose(matlab.conv2(case["a"], case["b"], shape), case[shape], rtol=0, atol=1e-14)


def test_interp2(golden_cases):
    for case in golden_cases("builtins/interp2"):
        result = matlab.interp2_grid(case["img"], case["xq"], case["yq"])
        np.testing.assert_allclose(result, case["values"], rtol=0, atol=1e-13)


def test_colour(golden_cases):
    for case in golden_cases("builtins/colour"):
        if "grey" in case:
            np.testing.assert_allclose(matlab.rgb2gray(case["rgb"]), case["grey"], rtol=0, atol=1e-15)
        clipped = np.clip(matlab.im2double(case["rgb"]), 0, 1)
        np.testing.assert_allclose(matlab.rgb2lab(clipped), case["lab"], rtol=0, atol=1e-11)
