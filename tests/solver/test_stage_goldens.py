"""Every stage of the solver against the MATLAB-language reference, to 1e-10 of the largest value."""

import numpy as np
import pytest

from pydeblur import matlab_api
from pydeblur.matlab import imresize
from pydeblur.priors import load_prior
from pydeblur.priors.intensity import IntensityPrior
from pydeblur.priors.pmp import PMPPrior
from pydeblur.priors.sliding_minimum import sliding_minimum
from pydeblur.solver import SolverOptions
from pydeblur.solver.auxiliary import make_auxiliary_step
from pydeblur.solver.boundary import opt_fft_size
from pydeblur.solver.kernel import KernelProblem, normalise_kernel
from pydeblur.solver.latent import LatentProblem, Splitting
from pydeblur.solver.pyramid import centre_kernel, downsample_image, fix_size, initial_kernel
from pydeblur.solver.single_scale import ScaleProblem

TOLERANCE = 1e-10

pytestmark = pytest.mark.usefixtures("each_fft")


def test_opt_fft_size(golden_cases):
    for case in golden_cases("stages/opt_fft_size"):
        for length, expected in zip(case["n"].ravel(), case["size"].ravel()):
            assert opt_fft_size(int(length)) == expected


def test_wrap_boundary(golden_cases, relative_difference):
    for case in golden_cases("stages/wrap_boundary_liu"):
        actual = matlab_api.wrap_boundary_liu(case["img"], case["img_size"].ravel())
        assert relative_difference(actual, case["ret"]) < TOLERANCE


def test_downsampling(golden_cases, relative_difference):
    for case in golden_cases("stages/downSmpImC"):
        assert relative_difference(downsample_image(case["img"], case["ret"]), case["out"]) < TOLERANCE


def test_initial_kernel(golden_cases):
    for case in golden_cases("stages/init_kernel"):
        np.testing.assert_array_equal(initial_kernel(int(case["n"])), case["k"])


def test_fix_size(golden_cases):
    for case in golden_cases("stages/fixsize"):
        np.testing.assert_array_equal(fix_size(case["f"], (int(case["nk1"]), int(case["nk2"]))), case["out"])


def test_resized_kernel(golden_cases, relative_difference):
    for case in golden_cases("stages/resizeKer"):
        larger = np.maximum(imresize(case["k"], case["ret"]), 0)
        actual = normalise_kernel(fix_size(larger, (int(case["k1"]), int(case["k2"]))))
        assert relative_difference(actual, case["out"]) < TOLERANCE


def test_centred_kernel(golden_cases, relative_difference):
    for case in golden_cases("stages/adjust_psf_center"):
        assert relative_difference(centre_kernel(case["psf"]), case["out"]) < TOLERANCE


def test_threshold(golden_cases, relative_difference):
    for case in golden_cases("stages/threshold_pxpy_v1"):
        first = matlab_api.threshold_pxpy_v1(case["latent"], case["psf_size"])
        later = matlab_api.threshold_pxpy_v1(case["latent"], case["psf_size"], case["threshold"])
        for name, actual in (("first", first), ("later", later)):
            for part, value in zip(("px", "py", "threshold"), actual):
                assert relative_difference(value, case[f"{name}_{part}"]) < TOLERANCE


def test_kernel_step(golden_cases, relative_difference):
    for case in golden_cases("stages/estimate_psf"):
        problem = KernelProblem(case["blurred_x"], case["blurred_y"], case["weight"])
        shape = tuple(int(size) for size in case["psf_size"].ravel())
        for method in ("cg", "fft"):
            actual = problem.estimate(case["latent_x"], case["latent_y"], shape, method)
            assert relative_difference(actual, case[method]) < TOLERANCE


def test_plain_l0(golden_cases, relative_difference):
    for case in golden_cases("stages/L0Restoration"):
        actual = matlab_api.L0Restoration(case["Im"], case["kernel"], case["lambda"], case["kappa"])
        assert relative_difference(actual, case["S"]) < TOLERANCE


def test_latent_with_intensity_prior(golden_cases, relative_difference):
    for case in golden_cases("stages/L0Deblur_whole"):
        if case["Im"].ndim == 3:
            continue  # the prior sees grey images only: kernels are estimated from one channel
        assert relative_difference(latent_image(case, IntensityPrior()), case["S"]) < TOLERANCE


def test_minima_written_back(golden_cases, relative_difference):
    for case in golden_cases("stages/dark_channel"):
        minimum = sliding_minimum(case["I"], int(case["patch"]))
        assert relative_difference(minimum.values, case["D"]) == 0
        assert relative_difference(minimum.written_back(case["threshold"]), case["out"]) == 0


def test_latent_with_extreme_channels(golden_cases, relative_difference):
    for case in golden_cases("stages/L0Deblur_channels"):
        prior = load_prior("extreme_channels" if case["both"] else "dark_channel", patch=int(case["patch"]))
        assert relative_difference(latent_image(case, prior), case["S"]) < TOLERANCE


def test_sparse_block_minima(golden_cases, relative_difference):
    for case in golden_cases("stages/sparse_block_minima"):
        prior = PMPPrior(int(case["patch"]), is_fine=bool(case["is_fine"]))
        assert relative_difference(prior.filtered(case["S"], case["lambda"]), case["out"]) < TOLERANCE


def test_latent_with_patch_wise_minimal_pixels(golden_cases, relative_difference):
    for case in golden_cases("stages/L0Deblur_pmp"):
        prior = PMPPrior(int(case["patch"]), is_fine=bool(case["is_fine"]))
        assert relative_difference(latent_image(case, prior), case["S"]) < TOLERANCE


def latent_image(case, prior):
    """The latent image of a case whose blurred image is padded already."""
    shape = case["Im"].shape
    problem = LatentProblem(case["Im"], shape, Splitting(beta_growth=case["kappa"], alpha_growth=case["kappa"]))
    problem.set_kernel(case["kernel"])
    step = make_auxiliary_step(prior, SolverOptions(3), shape, shape)
    return problem.solve(case["wei_grad"], case["lambda"], step).image


def test_single_scale(golden_cases, relative_difference):
    for case in golden_cases("stages/blind_deconv_main"):
        options = SolverOptions(
            case["k"].shape[0], iterations=int(case["opts"]["xk_iter"]), kernel_solver=str(case["opts"]["kernel_step"])
        )
        prior = IntensityPrior() if case["lambda_pixel"] else None
        states = []
        result = ScaleProblem(case["blur_B"], case["k"].shape[0], prior, options).solve(
            case["k"], case["lambda_pixel"], case["lambda_grad"], case["threshold"], states.append
        )
        assert relative_difference(result.kernel, case["k_out"]) < TOLERANCE
        assert relative_difference(result.latent, case["S"]) < TOLERANCE
        assert result.lambda_grad == pytest.approx(case["lambda_grad_out"], rel=1e-14)
        assert result.lambda_prior == pytest.approx(case["lambda_pixel_out"], rel=1e-14)
        assert len(states) == options.iterations
