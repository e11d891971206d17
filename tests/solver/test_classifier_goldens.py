"""The solver with the learned prior in float64 against the MATLAB-language reference."""

import numpy as np
import pytest

pytest.importorskip("onnx")

from pydeblur.priors.classifier.architecture import Architecture
from pydeblur.priors.classifier.prior import ClassifierPrior
from pydeblur.solver import SolverOptions, blind_deconv
from pydeblur.solver.auxiliary import make_auxiliary_step
from pydeblur.solver.latent import LatentProblem, Splitting
from pydeblur.training.export import export_onnx

pytestmark = pytest.mark.usefixtures("each_fft")
#: Names that the MATLAB reference has for what SolverOptions and Splitting call otherwise.
PRIOR_OPTIONS = {"prior_scale": "prior_scale", "prior_domain": "prior_domain", "eta": "eta", "s_max": "descent_steps"}
SCHEDULE = ("beta_start", "beta_growth", "beta_max")


@pytest.fixture
def load_prior(tmp_path):
    """Return a function that makes the prior of a golden's opts, in float64."""

    def load(opts):
        params = opts["classifier"]
        architecture = Architecture(
            "small", (4, 4, 6, 8, 8), tuple(int(index) for index in params["pool_after"].ravel())
        )
        parameters = {
            name: np.reshape(params[name.replace(".", "_")], shape)
            for name, shape in architecture.parameter_shapes().items()
        }
        export_onnx(parameters, architecture, tmp_path / "small.onnx")
        return ClassifierPrior(tmp_path / "small.onnx", backend="numpy", form=opts.get("form", "probability"))

    return load


def prior_options(opts):
    """The fields of SolverOptions that a golden's opts sets."""
    fields = {PRIOR_OPTIONS[name]: value for name, value in opts.items() if name in PRIOR_OPTIONS}
    if "descent_steps" in fields:
        fields["descent_steps"] = int(fields["descent_steps"])
    return fields


# All three forms, both domains, w = pixels, a number and 1, a schedule of its own, μ = 0, λ = 0.
@pytest.mark.parametrize("number", range(6))
def test_latent_image(number, golden_cases, load_prior, relative_difference):
    case = golden_cases("stages/L0Deblur_classifier")[number]
    opts, crop = case["opts"], tuple(int(side) for side in case["crop"].ravel())
    schedule = {"beta_growth": case["kappa"], **{name: opts[name] for name in SCHEDULE if name in opts}}
    problem = LatentProblem(case["Im"], crop, Splitting(alpha_growth=case["kappa"], **schedule))
    problem.set_kernel(case["kernel"])
    step = make_auxiliary_step(load_prior(opts), SolverOptions(3, **prior_options(opts)), crop, case["Im"].shape)
    actual = problem.solve(case["wei_grad"], case["lambda"], step).image
    assert relative_difference(actual, case["S"]) < 1e-10


def test_whole_run(load_golden, load_prior, relative_difference):
    golden = load_golden("runs/classifier")
    opts = golden["opts"]
    options = SolverOptions(
        kernel_size=int(opts["kernel_size"]),
        lambda_prior=golden["lambda_pixel"],
        lambda_grad=golden["lambda_grad"],
        iterations=int(opts["xk_iter"]),
        gamma_correct=float(opts["gamma_correct"]),
        kernel_threshold=float(opts["k_thresh"]),
        **prior_options(opts),
    )
    result = blind_deconv(golden["y"], options, load_prior(opts))
    assert relative_difference(result.kernel, golden["kernel"]) < 1e-8
    assert relative_difference(result.latent, golden["interim_latent"]) < 1e-8
