"""The final steps against the MATLAB-language reference."""

import pytest

import pydeblur
from pydeblur.nonblind.bilateral import bilateral_filter
from pydeblur.nonblind.tv import deconvolve_tv_periodic
from pydeblur.nonblind.whyte import deconvolve_saturated

pytestmark = pytest.mark.usefixtures("each_fft")


def test_tv(golden_cases, relative_difference):
    for case in golden_cases("stages/deblurring_adm_aniso"):
        actual = deconvolve_tv_periodic(case["B"], case["k"], case["lambda"])
        assert relative_difference(actual, case["I"]) < 1e-10


def test_bilateral_filter(golden_cases, relative_difference):
    for case in golden_cases("stages/bilateral_filter"):
        actual = bilateral_filter(case["img"], case["sigma_s"], case["sigma_r"])
        assert actual.dtype == case["result"].dtype
        assert relative_difference(actual, case["result"]) < 1e-10


def test_ringing_removal(golden_cases, relative_difference):
    for case in golden_cases("stages/ringing_artifacts_removal"):
        actual = pydeblur.ringing_artifacts_removal(
            case["y"], case["kernel"], case["lambda_tv"], case["lambda_l0"], case["weight_ring"]
        )
        # The bilateral filter rounds its input to single: where a last bit of the FFTs tips that, 1e-10 can't hold.
        assert relative_difference(actual, case["result"]) < 1e-8


def test_saturation(golden_cases, relative_difference):
    for case in golden_cases("stages/whyte_deconv"):
        actual = deconvolve_saturated(case["y"], case["kernel"], int(case["iterations"]))
        assert relative_difference(actual, case["latent"]) < 1e-10
