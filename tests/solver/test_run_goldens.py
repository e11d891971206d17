"""Whole runs, and every scale of a small one, against the MATLAB-language reference."""

import pytest

import pydeblur
from pydeblur.solver.coarse_to_fine import level_at
from pydeblur.solver.pyramid import finish_scale_kernel, initial_kernel, kernel_sizes, upsample_kernel
from pydeblur.solver.single_scale import ScaleProblem
from pydeblur.solver.threshold import initial_threshold

pytestmark = pytest.mark.usefixtures("each_fft")


def solver_options(opts):
    """Fields of the family's opts that blind_deconv takes."""
    return {
        "kernel_size": int(opts["kernel_size"]),
        "xk_iter": int(opts["xk_iter"]),
        "gamma_correct": float(opts["gamma_correct"]),
        "k_thresh": float(opts["k_thresh"]),
    }


def test_every_scale_of_a_small_run(load_golden, relative_difference):
    summary = load_golden("scales/summary")
    opts = solver_options(summary["opts"])
    options = pydeblur.SolverOptions(opts["kernel_size"], gamma_correct=opts["gamma_correct"])
    assert summary["lambda_pixel"] == 0
    image, kernel_size = summary["y"] ** opts["gamma_correct"], opts["kernel_size"]
    levels = [level_at(scale, image, kernel_size) for scale in reversed(range(len(kernel_sizes(kernel_size))))]
    assert len(levels) == summary["n_scales"]
    kernel, lambda_grad = None, summary["lambda_grad"]
    threshold = initial_threshold(levels[0].image, levels[0].kernel_size)
    for number, level in enumerate(levels, start=1):
        golden = load_golden(f"scales/scale_{number}")
        assert relative_difference(level.image, golden["ys"]) < 1e-10
        kernel = initial_kernel(level.kernel_size) if kernel is None else upsample_kernel(kernel, level.kernel_size)
        assert relative_difference(kernel, golden["kernel_in"]) < 1e-9
        assert threshold == pytest.approx(golden["threshold_start"], rel=1e-12)
        result = ScaleProblem(level.image, level.kernel_size, None, options).solve(
            kernel, 0.0, lambda_grad, threshold, lambda state: None
        )
        kernel = finish_scale_kernel(result.kernel)
        lambda_grad = result.lambda_grad
        assert relative_difference(kernel, golden["kernel_out"]) < 1e-8
        assert relative_difference(result.latent, golden["latent"]) < 1e-8


@pytest.mark.parametrize("name", ["gradient", "intensity", "low_contrast", "dark_channel", "extreme_channels", "pmp"])
def test_whole_run(name, load_golden, relative_difference):
    golden = load_golden(f"runs/{name}")
    options = solver_options(golden["opts"])
    if "patch" in golden["opts"]:
        options["prior"] = pydeblur.load_prior(name, patch=int(golden["opts"]["patch"]))
    if "lambda_min" in golden["opts"]:
        options["lambda_prior_min"] = golden["opts"]["lambda_min"]
    kernel, latent = pydeblur.blind_deconv(golden["y"], golden["lambda_pixel"], golden["lambda_grad"], options)
    assert relative_difference(kernel, golden["kernel"]) < 1e-8
    assert relative_difference(latent, golden["interim_latent"]) < 1e-8
    image = pydeblur.ringing_artifacts_removal(
        golden["y"], kernel, golden["lambda_tv"], golden["lambda_l0"], golden["weight_ring"]
    )
    assert relative_difference(image, golden["deblurred"]) < 1e-8
