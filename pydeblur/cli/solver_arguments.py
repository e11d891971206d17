"""Arguments that several commands share: the kernel estimation's, the final step's, and what they mean for the Python face.

Flags, ranges and help follow from the fields of the options (:mod:`pydeblur.options`).
"""

from __future__ import annotations

import argparse

from pydeblur.cli.argument_types import add_option_flag, crop, kernel_size, median_window, region
from pydeblur.cli.nonuniform_arguments import check_nonuniform, is_nonuniform, nonuniform_choice
from pydeblur.cli.value_range import add_range_argument
from pydeblur.errors import InvalidOptionError
from pydeblur.estimators.presets import DEFAULT, PRESETS, RankingOptions
from pydeblur.estimators.registry import METHODS, WHOLE_ESTIMATORS, load_estimator, preset_and_prior
from pydeblur.nonblind.options import DEFAULT as DEFAULT_NONBLIND
from pydeblur.nonblind.options import OPTIONS as FINAL_STEPS
from pydeblur.nonblind.options import PLUG_AND_PLAY
from pydeblur.options import OptionInfo, option_infos
from pydeblur.priors.classifier.options import ClassifierOptions
from pydeblur.priors.pmp_options import PMPOptions
from pydeblur.priors.registry import PRIORS
from pydeblur.solver.options import SolverOptions

#: Fields of SolverOptions that change nothing without a prior beside the gradients.
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
#: Priors of the minima of windows or blocks.
_WITH_PATCH = ("dark_channel", "extreme_channels", "pmp")
#: What is used in place of a field's default, for the help.
_IN_PRESETS = {
    "lambda_grad": "best also tries 0.008 and 0.002",
    "prefilter": "best: 0.7 at 1 % noise, less at less",
    "iterations": "best also tries 10",
    "finest_iterations": "as at the others; best: 10 at last",
    "dtype": "best and fast: float32",
    "descent_tolerance": "fast: 1e-4",
    "beta_growth": "fast: 8",
    "beta_start": "2λ",
    "patch": "dark_channel: windows of 35, extreme_channels: of 45",
    "lambda_tv": "by the noise where neither method nor options are given",
    "lambda_l0": "by the noise where neither method nor options are given",
    "noise": "learned: what is found in the image",
}


def add_solver_arguments(parser: argparse.ArgumentParser, needs_kernel_size: bool = True) -> None:
    """Arguments of the kernel estimation."""
    group = parser.add_argument_group("kernel estimation")
    if needs_kernel_size:
        group.add_argument(
            "--kernel-size",
            type=kernel_size,
            metavar="auto|N",
            help="side of the square that the blur fits into, in pixels, an odd number (default: auto, found from the picture)",
        )
        part = group.add_mutually_exclusive_group()
        part.add_argument(
            "--region",
            dest="crop",
            type=region,
            metavar="auto|all|X,Y,W,H",
            help="estimate the kernel from this part of the image: its left and upper edge, width and height in pixels; or "
            "from one with much texture, or from all of it (default: auto from 2 megapixels on, else all)",
        )
        part.add_argument(
            "--crop",
            type=crop,
            metavar="auto|all|TOP,LEFT,HEIGHT,WIDTH",
            help="the same, with its numbers in another order",
        )
        add_range_argument(group)
    group.add_argument(
        "--method",
        choices=METHODS,
        help="one name for a preset, a prior with its paper's weights, or a method with a loop of its own; in place of "
        f"--preset and --prior (default: {DEFAULT})",
    )
    group.add_argument(
        "--preset",
        choices=tuple(PRESETS),
        help=f"prior and options in one name; what is given beside it wins (default: {DEFAULT}, unless --prior is given)",
    )
    group.add_argument(
        "--prior",
        choices=PRIORS,
        help="image prior (default: the preset's); without --preset one run, the paper's values",
    )
    group.add_argument(
        "--median",
        type=median_window,
        default=0,
        metavar="N",
        help="first of all a median filter of this window, against salt-and-pepper noise (default: 0, none)",
    )
    infos = {name: info for name, info in option_infos(SolverOptions).items() if info.flag}
    for name, info in infos.items():
        if name not in _OF_A_PRIOR:
            _add_option(group, name, info, _default_of(SolverOptions, name))
    group = parser.add_argument_group("the classifier as prior (--prior classifier, --preset faithful or fast)")
    for name, info in option_infos(ClassifierOptions).items():
        if info.flag:
            _add_option(group, name, info, _default_of(ClassifierOptions, name))
    for name in _OF_A_PRIOR:
        _add_option(group, name, infos[name], _default_of(SolverOptions, name))
    group = parser.add_argument_group(f"the minima as prior (--prior {', '.join(_WITH_PATCH)})")
    _add_option(group, "patch", option_infos(PMPOptions)["patch"], None)
    group = parser.add_argument_group("the network that chooses among several runs (--preset best)")
    _add_option(group, "ranking_weights", option_infos(RankingOptions)["weights"], RankingOptions.weights)


def _add_option(group, name: str, info: OptionInfo, default) -> None:
    """A flag for an options field; None where it is not given."""
    known = _IN_PRESETS.get(name)
    shown = "" if default is None else f"{default:g}" if isinstance(default, float) else str(default)
    hint = "; ".join(part for part in (shown, known) if part)
    add_option_flag(group, name, info, hint)


def _default_of(options_class, name: str):
    return getattr(options_class, name, None)


def prior_choice(arguments: argparse.Namespace) -> dict:
    """The arguments ``method``, ``preset``, ``prior``, ``prior_options`` and ``ranking_options`` of the Python face.

    A method that is a preset or a prior is given as such.
    """
    if arguments.method is not None and (arguments.preset is not None or arguments.prior is not None):
        raise InvalidOptionError("--method can't be given beside --preset or --prior: it stands for them")
    chosen_preset, chosen_prior = _preset_and_prior(arguments)
    preset = PRESETS[chosen_preset or DEFAULT]
    classifier_is_prior = chosen_prior == "classifier" or (
        chosen_prior is None and preset.prior.prior == "classifier" and not is_whole_method(arguments)
    )
    given = {name: getattr(arguments, name) for name, info in option_infos(ClassifierOptions).items() if info.flag}
    given = {name: value for name, value in given.items() if value is not None}
    useless = [] if classifier_is_prior else list(given)
    if not classifier_is_prior and (chosen_prior == "gradient" or is_whole_method(arguments)):
        useless += [name for name in _OF_A_PRIOR if getattr(arguments, name) is not None]
    if useless:
        raise InvalidOptionError(f"--{useless[0].replace('_', '-')} belongs to --prior classifier")
    patch = _patch_options(arguments, chosen_prior)
    several_runs = (
        bool(preset.variants) and (chosen_preset is not None or chosen_prior is None) and not is_whole_method(arguments)
    )
    if getattr(arguments, "nonuniform", "off") == "on":
        several_runs = False
    if arguments.ranking_weights is not None and not several_runs:
        raise InvalidOptionError("--ranking-weights belongs to --preset best, which chooses among several runs")
    if is_whole_method(arguments):
        return {"method": arguments.method}
    threads = {"threads": arguments.workers or 1}
    ranking = {} if arguments.ranking_weights is None else {"weights": arguments.ranking_weights}
    return {
        "preset": chosen_preset,
        "prior": chosen_prior,
        "prior_options": {**given, **threads} if classifier_is_prior else patch,
        "ranking_options": {**ranking, **threads} if several_runs else {},
    }


def _patch_options(arguments: argparse.Namespace, prior: str | None) -> dict:
    """``--patch`` as an option of the prior that has windows or blocks."""
    if arguments.patch is None:
        return {}
    if prior not in _WITH_PATCH:
        raise InvalidOptionError(f"--patch belongs to --prior {', '.join(_WITH_PATCH[:-1])} or {_WITH_PATCH[-1]}")
    return {"patch": arguments.patch}


def solver_options(arguments: argparse.Namespace) -> dict:
    """The given ones of those arguments as fields of SolverOptions, and what belongs to the method that is named."""
    fields = {name: getattr(arguments, name) for name, info in option_infos(SolverOptions).items() if info.flag}
    given = {name: value for name, value in fields.items() if value is not None}
    if arguments.method is None or is_whole_method(arguments):
        return given
    return preset_and_prior(arguments.method, given)[2]


def is_whole_method(arguments: argparse.Namespace) -> bool:
    """Whether --method names a method with a loop of its own."""
    return arguments.method in WHOLE_ESTIMATORS


def check_estimation(arguments: argparse.Namespace) -> None:
    """Refuse, before any image is read, what does not go together, and weights that can't be read."""
    from pydeblur.estimators.presets import resolve
    from pydeblur.priors.classifier.weights_file import resolve_weights

    words = prior_choice(arguments)
    _check_nonuniform_estimation(arguments, words)
    if is_whole_method(arguments):
        load_estimator(**words_of_method(arguments))
        return
    preset = resolve(**words, solver=solver_options(arguments))
    for options in (preset.prior.options, preset.ranking if preset.variants else None):
        if hasattr(options, "weights"):
            resolve_weights(options.weights)


def _check_nonuniform_estimation(arguments: argparse.Namespace, words: dict) -> None:
    """Refuse what does not go together with camera poses."""
    if not is_nonuniform(arguments):
        check_nonuniform(arguments)
        return
    choice = nonuniform_choice(arguments)
    from pydeblur.estimators.presets import name_or_default, resolve
    from pydeblur.nonuniform.plan import check_nonuniform_step, resolve_nonuniform, with_solver

    turning = resolve_nonuniform(**choice)
    check_nonuniform_step(nonblind_method(arguments))
    if is_whole_method(arguments):
        raise InvalidOptionError(f"the method {arguments.method} estimates one kernel: --nonuniform should be off")
    given = solver_options(arguments)
    if turning is not None:
        name = name_or_default(words["preset"], words["prior"])
        with_solver(turning, resolve(**words, solver=given), name, given)


def words_of_method(arguments: argparse.Namespace) -> dict:
    """The arguments of :func:`pydeblur.estimators.load_estimator` for a method with a loop of its own."""
    return {"name": arguments.method, **solver_options(arguments)}


def _preset_and_prior(arguments):
    if arguments.method is None or is_whole_method(arguments):
        return arguments.preset, arguments.prior
    return preset_and_prior(arguments.method, {})[:2]


def add_nonblind_arguments(
    parser: argparse.ArgumentParser, lambda_l0: float | None = None, detects: bool = False
) -> None:
    """Arguments of the final step.

    A benchmark may have another usual `lambda_l0`; `detects` says whether the preset best looks for clipped highlights.
    """
    group = parser.add_argument_group("final step")
    group.add_argument(
        "--nonblind",
        type=_final_step,
        choices=tuple(FINAL_STEPS),
        help=f"method (default: {DEFAULT_NONBLIND}; whyte if saturated)",
    )
    if detects:
        add_saturated_argument(group)
    else:
        group.add_argument("--saturated", action="store_true", help="the image has clipped highlights: use whyte")
    for flag, name in _final_step_flags().items():
        classes = [each for each in FINAL_STEPS.values() if name in option_infos(each)]
        default = lambda_l0 if name == "lambda_l0" and lambda_l0 is not None else _default_of(classes[0], name)
        # Whatever one of the final steps takes is taken here; the options of another refuse what they do not.
        _add_option(group, _argument_of(flag), option_infos(classes[-1])[name], default)


def _final_step(text: str) -> str:
    """The name of a final step; one that takes a function is none for a command."""
    if text == PLUG_AND_PLAY:
        raise argparse.ArgumentTypeError(
            f"{PLUG_AND_PLAY} needs a denoiser, which is a function: pydeblur.deblur and pydeblur.deconvolve take it in Python"
        )
    return text


def _final_step_flags() -> dict[str, str]:
    """The flags of the options of all final steps, and the names of the options."""
    found = {}
    for options_class in FINAL_STEPS.values():
        found |= {info.flag: name for name, info in option_infos(options_class).items() if info.flag}
    return found


def _argument_of(flag: str) -> str:
    """The name of the parsed argument."""
    return flag.replace("-", "_")


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
    given = {flag: getattr(arguments, _argument_of(flag)) for flag in sorted(_final_step_flags())}
    given = {flag: value for flag, value in given.items() if value is not None}
    known = {info.flag: name for name, info in option_infos(FINAL_STEPS[method]).items()}
    for flag in given:
        if flag not in known:
            raise InvalidOptionError(f"--{flag} does not belong to the final step {method!r}")
    return {known[flag]: value for flag, value in given.items()}
