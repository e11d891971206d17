"""Arguments that several commands share: the kernel estimation's, the final step's, and what they mean for the API."""

from __future__ import annotations

import argparse

from pydeblur.cli.argument_types import (
    above_1,
    count,
    crop,
    median_window,
    not_negative,
    odd_size,
    pixels_or_positive,
    positive,
    zero_or_from_1,
)
from pydeblur.errors import InvalidOptionError
from pydeblur.presets import DEFAULT, PRESETS

PRIOR_NAMES = ("gradient", "intensity", "classifier")
FORMS = ("probability", "nll", "logit")
NONBLIND_NAMES = ("ringing", "tv", "l0", "hyper-laplacian", "epll", "whyte")
DEFAULT_NONBLIND = "ringing"
#: Without a prior beside the gradients they would change nothing.
_OF_A_PRIOR = (
    "prior_scale",
    "prior_domain",
    "eta",
    "descent_steps",
    "descent_tolerance",
    "beta_start",
    "beta_growth",
    "beta_max",
)
_NONBLIND_OPTIONS = {
    "ringing": ("lambda_tv", "lambda_l0", "weight_ring"),
    "tv": ("lambda_tv",),
    "l0": ("lambda_l0",),
    "hyper-laplacian": ("lambda_hl", "exponent"),
    "epll": ("noise",),
    "whyte": (),
}


def add_solver_arguments(parser: argparse.ArgumentParser, needs_kernel_size: bool = True) -> None:
    """Arguments of the kernel estimation."""
    group = parser.add_argument_group("kernel estimation")
    if needs_kernel_size:
        group.add_argument(
            "--kernel-size", type=odd_size, required=True, metavar="N", help="odd, not smaller than the blur"
        )
        group.add_argument(
            "--crop",
            type=crop,
            metavar="auto|TOP,LEFT,HEIGHT,WIDTH",
            help="estimate the kernel from this part of the image, or from one with much texture (default: all of it)",
        )
    group.add_argument(
        "--preset",
        choices=tuple(PRESETS),
        help=f"prior and options in one name; what is given beside it wins (default: {DEFAULT}, unless --prior is given)",
    )
    group.add_argument(
        "--prior", choices=PRIOR_NAMES,
        help="image prior (default: the preset's); without --preset one run, the paper's values",
    )
    group.add_argument(
        "--lambda-prior", type=not_negative, metavar="X",
        help="λ, weight of the prior (default: 0.004; best: of the one candidate that has a prior)",
    )
    group.add_argument(
        "--lambda-grad", type=not_negative, metavar="X",
        help="μ, weight of the L0 gradients (default: 0.004; best also tries 0.008 and 0.002)",
    )
    group.add_argument("--gamma", type=positive, metavar="G", help="raise the image to this power first (default: 1)")
    group.add_argument(
        "--prefilter", type=not_negative, metavar="PX",
        help="smooth noise with a Gaussian of this width (default: 0; best: 0.7 at 1 %% noise, less at less)",
    )
    group.add_argument(
        "--median",
        type=median_window,
        default=0,
        metavar="N",
        help="first of all a median filter of this window, against salt-and-pepper noise (default: 0, none)",
    )
    group.add_argument(
        "--iterations", type=count, metavar="N",
        help="iterations per scale (default: 5; best also tries 10)",
    )
    group.add_argument(
        "--finest-iterations", type=count, metavar="N",
        help="at the finest scale (default: as at the others; best: 10 at last)",
    )
    group.add_argument("--kernel-solver", choices=("cg", "fft"), help="kernel step (default: cg)")
    group.add_argument(
        "--kernel-threshold",
        type=zero_or_from_1,
        metavar="X",
        help="zero the final kernel below max/X; 0 keeps all (default: 20)",
    )
    group.add_argument("--dtype", choices=("float64", "float32"), help="arithmetic (default: float64; fast: float32)")
    group.add_argument(
        "--device",
        choices=("cpu", "cuda", "auto"),
        help="where solver and classifier compute; auto is a GPU where there is one (default: cpu)",
    )
    group.add_argument(
        "--threads", type=count, metavar="N",
        help="runs side by side; threads of FFTs and classifier (default: 1)",
    )
    _add_classifier_arguments(parser)


def _add_classifier_arguments(parser):
    group = parser.add_argument_group("the network, as prior (the classifier) or as judge")
    group.add_argument(
        "--weights", metavar="W",
        help="of prior or judge: name or ONNX file (default: the preset's, else classifier-paper)",
    )
    group.add_argument("--backend", choices=("onnxruntime", "torch", "numpy"), help="(default: onnxruntime)")
    group = parser.add_argument_group("the classifier as prior (--prior classifier, --preset faithful or fast)")
    group.add_argument("--form", choices=FORMS, help="of the prior: f, -log(1 - f) or log-odds (default: probability)")
    group.add_argument(
        "--prior-scale", type=pixels_or_positive, metavar="W", help="w of eq. (12): a number, or 'pixels' (default: pixels)"
    )
    group.add_argument("--prior-domain", choices=("crop", "padded"), help="what the prior sees (default: crop)")
    group.add_argument("--eta", type=positive, metavar="X", help="step size of Algorithm 1 (default: 0.1)")
    group.add_argument("--descent-steps", type=count, metavar="N", help="steps of Algorithm 1 (default: 10)")
    group.add_argument(
        "--descent-tolerance",
        type=not_negative,
        metavar="X",
        help="stop these steps once no pixel moves by more (default: 0, never; fast: 1e-4)",
    )
    group.add_argument("--beta-start", type=positive, metavar="X", help="first β (default: 2λ)")
    group.add_argument(
        "--beta-growth", type=above_1, metavar="X",
        help="factor from one β to the next (default: 2; fast: 8)",
    )
    group.add_argument("--beta-max", type=positive, metavar="X", help="β stays below (default: 8)")


def prior_choice(arguments: argparse.Namespace) -> dict:
    """The arguments ``preset``, ``prior`` and ``prior_options`` of the Python face."""
    given = {name: getattr(arguments, name) for name in ("weights", "form", "backend")}
    given = {name: value for name, value in given.items() if value is not None}
    prior = arguments.prior or PRESETS[arguments.preset or DEFAULT].prior
    takes_part = arguments.prior in (None, "classifier")
    useless = [name for name in given if not takes_part or (name == "form" and prior != "classifier")]
    if prior == "gradient":
        useless += [name for name in _OF_A_PRIOR if getattr(arguments, name) is not None]
    if useless:
        raise InvalidOptionError(f"--{useless[0].replace('_', '-')} belongs to --prior classifier")
    if takes_part:
        given["threads"] = arguments.threads or 1
    return {"preset": arguments.preset, "prior": arguments.prior, "prior_options": given}


def solver_options(arguments: argparse.Namespace) -> dict:
    """The given ones of those arguments as fields of SolverOptions."""
    fields = {
        "lambda_prior": arguments.lambda_prior,
        "lambda_grad": arguments.lambda_grad,
        "gamma_correct": arguments.gamma,
        "prefilter": arguments.prefilter,
        "iterations": arguments.iterations,
        "finest_iterations": arguments.finest_iterations,
        "kernel_solver": arguments.kernel_solver,
        "kernel_threshold": arguments.kernel_threshold,
        "dtype": arguments.dtype,
        "workers": arguments.threads,
        "device": arguments.device,
        "prior_scale": arguments.prior_scale,
        "prior_domain": arguments.prior_domain,
        "eta": arguments.eta,
        "descent_steps": arguments.descent_steps,
        "descent_tolerance": arguments.descent_tolerance,
        "beta_start": arguments.beta_start,
        "beta_growth": arguments.beta_growth,
        "beta_max": arguments.beta_max,
    }
    return {name: value for name, value in fields.items() if value is not None}


def add_nonblind_arguments(parser: argparse.ArgumentParser, lambda_l0: str | None = None, detects: bool = False) -> None:
    """Arguments of the final step, whose usual `lambda_l0` may be a benchmark's; `detects` where the preset best looks for
    clipped highlights itself."""
    also = "; neither method nor options: by the noise" if lambda_l0 is None else ""
    lambda_l0 = lambda_l0 or "0.0005"
    group = parser.add_argument_group("final step")
    group.add_argument("--nonblind", choices=NONBLIND_NAMES, help=f"method (default: {DEFAULT_NONBLIND}; whyte if saturated)")
    if detects:
        add_saturated_argument(group)
    else:
        group.add_argument("--saturated", action="store_true", help="the image has clipped highlights: use whyte")
    group.add_argument("--lambda-tv", type=positive, metavar="X", help=f"weight of the total variation (default: 0.001{also})")
    group.add_argument(
        "--lambda-l0", type=not_negative, metavar="X", help=f"weight of the L0 gradients (default: {lambda_l0}{also})"
    )
    group.add_argument(
        "--weight-ring", type=not_negative, metavar="X", help="strength of the ringing removal (default: 1)"
    )
    group.add_argument("--lambda-hl", type=positive, metavar="X", help="weight of the hyper-Laplacian (default: by noise)")
    group.add_argument("--exponent", type=positive, metavar="X", help="of the hyper-Laplacian, up to 1 (default: 2/3)")
    group.add_argument(
        "--noise", type=positive, metavar="X", help="the noise's standard deviation, for epll (default: 0.01)"
    )


def add_saturated_argument(parser) -> None:
    """``--saturated`` and ``--no-saturated``."""
    parser.add_argument(
        "--saturated",
        action=argparse.BooleanOptionalAction,
        help="the image has clipped highlights, or has none (default: best decides by the image, others take it for unclipped)",
    )


def saturation(arguments: argparse.Namespace) -> dict:
    """The arguments ``nonblind`` and ``saturated`` of the Python face, for which the image may decide."""
    nonblind_method(arguments)
    return {"nonblind": arguments.nonblind, "saturated": arguments.saturated}


def nonblind_method(arguments: argparse.Namespace) -> str | None:
    """The final step's name, where the image is not asked; None is the default."""
    if arguments.saturated and arguments.nonblind not in (None, "whyte"):
        raise InvalidOptionError(f"--saturated needs --nonblind whyte, not {arguments.nonblind}")
    return arguments.nonblind or ("whyte" if arguments.saturated else None)


def nonblind_options(arguments: argparse.Namespace) -> dict:
    """The given options of the final step; refuses those that the method does not have."""
    method = nonblind_method(arguments) or DEFAULT_NONBLIND
    names = {name for options in _NONBLIND_OPTIONS.values() for name in options}
    given = {name: getattr(arguments, name) for name in sorted(names)}
    given = {name: value for name, value in given.items() if value is not None}
    for name in given:
        if name not in _NONBLIND_OPTIONS[method]:
            raise InvalidOptionError(f"--{name.replace('_', '-')} does not belong to the final step {method!r}")
    return given
