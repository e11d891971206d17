"""Presets: a prior, its options, the solver's, and what is chosen from, under one name."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from numbers import Integral

from pydeblur.errors import InvalidOptionError


#: From this size on a kernel counts as wide.
WIDE_KERNEL = 41


@dataclass(frozen=True)
class Heat:
    """All candidates are run down to the `scale` (0 is the finest), and the `places` best there go on to the end."""

    scale: int
    places: int


@dataclass(frozen=True)
class Lap:
    """At the finest scale the best `places` candidates go on to so many `iterations` there, and are judged anew."""

    iterations: int
    places: int


@dataclass(frozen=True)
class Preset:
    """How a kernel is estimated.

    Parameters
    ----------
    prior : str or object
        A name for :func:`pydeblur.load_prior`, or a prior.
    prior_options : dict
        Options of a prior given by its name.
    solver : dict
        Fields of SolverOptions.
    candidates : tuple of dict
        Several runs, each with these fields of SolverOptions over `solver`, and under ``"prior"`` the name of another prior;
        the judge takes the best. Empty: one run.
    heat : Heat or None
        What candidates have to pass; None lets all of them go on.
    judge : dict
        Options of the network that judges candidates.
    laps : tuple of Lap
        What follows at the finest scale; the judge takes the best of all that it has seen there.
    minds_clipping : bool
        Whether clipped highlights are looked for, and kept out of the kernel's estimation (:mod:`pydeblur.clipping`).
    wide : Preset or None
        What is used in its place for kernels of at least `WIDE_KERNEL` pixels.
    """

    prior: object = "gradient"
    prior_options: dict = field(default_factory=dict)
    solver: dict = field(default_factory=dict)
    candidates: tuple[dict, ...] = ()
    heat: Heat | None = None
    judge: dict = field(default_factory=dict)
    laps: tuple[Lap, ...] = ()
    minds_clipping: bool = False
    wide: Preset | None = None

    def for_kernel(self, kernel_size: int) -> Preset:
        """Itself, or what is used in its place for a kernel of that size."""
        is_wide = isinstance(kernel_size, Integral) and kernel_size >= WIDE_KERNEL
        return self.wide if self.wide is not None and is_wide else self

    def runs(self) -> list[tuple[object, dict, dict]]:
        """Prior, its options and fields of SolverOptions of each candidate; the first lap's, where there is no choice."""
        if not self.candidates:
            own = {"finest_iterations": self.laps[0].iterations} if self.laps else {}
            return [(self.prior, self.prior_options, {**self.solver, **own})]
        return [self._run(**candidate) for candidate in self.candidates]

    def _run(self, prior=None, **fields):
        own = (self.prior, self.prior_options) if prior is None else (prior, {})
        return *own, {**self.solver, **fields}


#: Beyond the paper: what was best on the development set of docs/prior-study.md.
_BEST = Preset(
    "gradient",
    solver={
        "prefilter": 0.7,
        "relative_kernel_weight": 0.3,
        # Those of the development set's images, for which the weight was chosen.
        "kernel_weight_pixels": 255 * 255,
        "noise_reference": 0.01,
    },
    candidates=(
        {},
        {"iterations": 10},
        {"initial_kernel": "column"},
        {"lambda_grad": 8e-3},
        {"lambda_grad": 2e-3},
        # The text prior, in four steps of β and half as many of α each.
        {"prior": "intensity", "beta_growth": 8.0, "alpha_growth": 4.0},
    ),
    judge={"weights": "judge"},
    laps=(Lap(10, places=3), Lap(20, places=1)),
    minds_clipping=True,
)
#: Wide kernels hang more on the candidate, and gain from more iterations and from smoother images; a heat pays for them.
_BEST_FOR_WIDE = replace(
    _BEST,
    candidates=(
        {},
        {"iterations": 20, "finest_iterations": 10},
        *_BEST.candidates[2:],
        {"prefilter": 1.4},
    ),
    heat=Heat(scale=2, places=4),
)

PRESETS = {
    # Sections 4.1, 4.2 and 6 in everything but w, with which the letter of eq. (12) would do nothing (docs/prior-study.md).
    "faithful": Preset("classifier", {"weights": "classifier-paper", "form": "probability"}),
    # The same prior on the compact network, in single precision, with fewer steps of β, none of them longer than it moves u.
    "fast": Preset(
        "classifier",
        {"weights": "classifier-compact", "form": "probability"},
        solver={"dtype": "float32", "beta_growth": 8.0, "descent_tolerance": 1e-4},
    ),
    "best": replace(_BEST, wide=_BEST_FOR_WIDE),
}


#: What is used where neither a preset nor a prior is named: the best kernel for the time it takes (docs/performance.md).
DEFAULT = "best"


def preset_named(name: str) -> Preset:
    """The preset of that name.

    Raises
    ------
    InvalidOptionError
        If there is none.
    """
    if name not in PRESETS:
        raise InvalidOptionError(f"preset should be one of {', '.join(PRESETS)}, but is {name!r}")
    return PRESETS[name]


def name_or_default(preset: str | None, prior) -> str | None:
    """The preset that is used: the one named, the default where neither it nor a prior is, else none."""
    return DEFAULT if preset is None and prior is None else preset


def resolve(preset: str | None = None, prior=None, prior_options: dict | None = None, solver: dict | None = None) -> Preset:
    """What a preset and what is given beside it mean together; the latter wins.

    Parameters
    ----------
    preset : str or None
        None is "best", or, beside a prior, one run with that prior and the solver's defaults.
    prior : str, object or None
        A prior's name, a prior, or None: the preset's.
    prior_options : dict or None
        Options of the named prior; of the judge, where the preset has one and no prior is given.
    solver : dict or None
        Fields of SolverOptions.

    Returns
    -------
    Preset

    Raises
    ------
    InvalidOptionError
        If there is no such preset, or options are given for a prior that is an object or, as ``form`` is to a judge, of
        no use.
    """
    name = name_or_default(preset, prior)
    chosen = Preset() if name is None else preset_named(name)
    options, solver = prior_options or {}, solver or {}
    if prior is not None and not isinstance(prior, str) and options:
        raise InvalidOptionError("prior_options belong to a prior given by its name")
    if prior is None and chosen.candidates and "form" in options:
        raise InvalidOptionError("form is of the classifier as prior, which should be asked for: here it only judges")
    adapted = _adapted(chosen, prior, options, solver)
    return adapted if chosen.wide is None else replace(adapted, wide=_adapted(chosen.wide, prior, options, solver))


def _adapted(chosen: Preset, prior, options: dict, solver: dict) -> Preset:
    """A preset with what is given beside it."""
    if prior is None and chosen.candidates:
        chosen = replace(chosen, judge={**chosen.judge, **options})
    elif prior is None or prior == chosen.prior:
        chosen = replace(chosen, prior_options={**chosen.prior_options, **options})
    else:
        chosen = replace(chosen, prior=prior, prior_options=options)
    if {"prefilter", "relative_kernel_weight"} & set(solver):
        # What is given is meant as it is, not for some other noise.
        solver = {"noise_reference": None, **solver}
    if "relative_kernel_weight" in solver:
        # Nor for some other number of pixels.
        solver = {"kernel_weight_pixels": None, **solver}
    # Iterations that are given are meant for all scales.
    fixed = {*solver, "finest_iterations"} if "iterations" in solver else set(solver)
    if prior is not None:
        # That one is meant for all runs.
        chosen = replace(chosen, candidates=tuple(each for each in chosen.candidates if "prior" not in each))
    chosen = replace(
        chosen,
        solver={**chosen.solver, **solver},
        candidates=_without(chosen.candidates, fixed),
        laps=() if "finest_iterations" in fixed else chosen.laps,
    )
    return _on_one_device(chosen)


def _on_one_device(preset: Preset) -> Preset:
    """The classifier where the solver computes, unless it was told otherwise."""
    device = preset.solver.get("device")
    if device not in ("cuda", "auto"):
        return preset
    if preset.candidates:
        # The judge is asked a few times only: no reason to fail where ONNX Runtime has no GPU but the solver does.
        preset = replace(preset, judge={"device": "auto", **preset.judge})
    if preset.prior == "classifier":
        preset = replace(preset, prior_options={"device": device, **preset.prior_options})
    return preset


def _without(candidates, fields):
    """Candidates without the fields that the user has fixed, each once; none if no choice is left."""
    left = []
    for candidate in candidates:
        candidate = {name: value for name, value in candidate.items() if name not in fields}
        if candidate not in left:
            left.append(candidate)
    return tuple(left) if len(left) > 1 else ()
