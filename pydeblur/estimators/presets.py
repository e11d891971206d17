"""Presets: which runs of the solver an estimate is made of, and how one of them is chosen, under one name.

A preset is a template. :func:`resolve` adds what the user has given beside it, and :meth:`Preset.for_image` makes the plan for
one image, in which nothing is left to be decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from pydeblur.errors import InvalidOptionError
from pydeblur.options import documented, is_integer, listed, option, options_from, shown
from pydeblur.priors.classifier.options import WEIGHTS, ClassifierOptions, NetworkOptions
from pydeblur.priors.registry import PriorChoice, check_prior

if TYPE_CHECKING:  # the command line's help has no need of NumPy
    from pydeblur.estimators.plan import EstimationPlan

#: From this size on a kernel counts as wide.
WIDE_KERNEL = 41
#: Weights of the network that chooses among the kernels of several runs.
RANKING_WEIGHTS = "kernel-ranking"
#: The same where the kernels are wide.
WIDE_RANKING_WEIGHTS = "kernel-ranking-wide"
#: How many planes a ranking network is shown that sees more than the restored image (:mod:`pydeblur.estimators.ranking`).
SEVERAL_PLANES = 3


@documented
@dataclass(frozen=True)
class RankingOptions(NetworkOptions):
    """Options of the network that ranks the kernels of several runs.

    Examples
    --------
    >>> RankingOptions().weights
    'kernel-ranking'
    """

    weights: object = option(
        WEIGHTS,
        "Weights that come with the package, by their name, or an ONNX file: of a network that predicts errors, or of a\n"
        "classifier, whose log-odds then decide. The preset best has kernel-ranking-wide for kernels of 41 pixels and more.",
        RANKING_WEIGHTS,
        flag="ranking-weights",
        metavar="W",
    )


@dataclass(frozen=True)
class EvidenceWeights:
    """What each number of a kernel's :class:`~pydeblur.estimators.evidence.KernelEvidence` counts in its score.

    The defaults are the ranking network's log error alone.

    Examples
    --------
    >>> EvidenceWeights().is_log_error, EvidenceWeights(extent=-1.0).is_log_error
    (True, False)
    """

    log_error: float = 1.0
    half_log_error: float = 0.0
    log_odds: float = 0.0
    half_log_odds: float = 0.0
    extent: float = 0.0
    entropy: float = 0.0
    peak: float = 0.0
    border: float = 0.0
    residual: float = 0.0
    change: float = 0.0
    overshoot: float = 0.0
    log_mean_error: float = 0.0

    @property
    def is_log_error(self) -> bool:
        """Whether nothing but the log error counts."""
        return self == LOG_ERROR_ALONE

    @property
    def names(self) -> tuple[str, ...]:
        """The numbers that count.

        Examples
        --------
        >>> EvidenceWeights(extent=-1.0).names
        ('log_error', 'extent')
        """
        return tuple(name for name, weight in vars(self).items() if weight)


LOG_ERROR_ALONE = EvidenceWeights()


@dataclass(frozen=True)
class SuccessiveHalving:
    """All candidates are run down to the `scale` (0 is the finest); the best `keep` of them there go on.

    They go on to the end, or, where there is a `further` round, to its finer scale, from which fewer of them go on.

    Examples
    --------
    >>> [each.keep for each in SuccessiveHalving(2, 4, SuccessiveHalving(1, 2)).rounds]
    [4, 2]
    """

    scale: int
    keep: int
    further: SuccessiveHalving | None = None

    @property
    def rounds(self) -> tuple[SuccessiveHalving, ...]:
        """This round and all further ones."""
        return (self,) if self.further is None else (self, *self.further.rounds)


@dataclass(frozen=True)
class Restarts:
    """At the scale of the successive halving the `variants` begin anew from each of the best `keep` kernels there."""

    variants: tuple[Variant, ...]
    keep: int


@dataclass(frozen=True)
class Proposal:
    """At the scale of the halving a network proposes kernels, and the one that is ranked first goes on beside the others.

    Latent image and kernel are estimated in turn with the network's gradients (:mod:`pydeblur.estimators.kernel_proposal`), from
    the best `keep` kernels there, and from a point in a square that is ``size_factor`` times as large as asked for. What is
    ranked is the last kernel of each, after so many ``alternations``. The best goes through some more at the scales between, and
    the solver begins with it at the finest, once with each of the `variants`.

    Examples
    --------
    >>> Proposal((Variant({"lambda_grad": 3e-4}),), keep=2, size_factor=1.25, alternations=2).keep
    2
    """

    variants: tuple[Variant, ...]
    keep: int
    size_factor: float
    alternations: int


@dataclass(frozen=True)
class Refinement:
    """At the finest scale the best `keep` candidates go on to so many `iterations` there, and are ranked anew."""

    iterations: int
    keep: int


@dataclass(frozen=True)
class Variant:
    """How one run differs from the preset's own: in fields of SolverOptions, and perhaps in its prior or its kernel's size.

    ``size_factor`` is what the size that is asked for is multiplied by, ``handicap`` what is added to the scores of its kernels.
    """

    changes: Mapping = field(default_factory=dict)
    prior: PriorChoice | None = None
    size_factor: float = 1.0
    handicap: float = 0.0

    def __post_init__(self):
        object.__setattr__(self, "changes", MappingProxyType(dict(self.changes)))

    def __hash__(self):
        return hash((tuple(sorted(self.changes.items())), self.prior, self.size_factor, self.handicap))

    def without(self, names) -> Variant:
        """The same without changes of these fields."""
        return replace(self, changes={name: value for name, value in self.changes.items() if name not in names})

    def described(self) -> dict:
        """In plain values."""
        prior = {} if self.prior is None else {"prior": self.prior.prior}
        size = {} if self.size_factor == 1 else {"size_factor": self.size_factor}
        return {**prior, **self.changes, **size}


@dataclass(frozen=True)
class Preset:
    """How a kernel is estimated.

    Attributes
    ----------
    prior : PriorChoice
    solver : mapping
        Fields of SolverOptions, without ``kernel_size``.
    variants : tuple of Variant
        Several runs of which the ranking network chooses one. Empty: a single run.
    halving : SuccessiveHalving or None
        What the runs have to pass; None lets all of them go on to the end.
    restarts : Restarts or None
        Runs that begin with what was found at the scale of the halving, before the best go on from there.
    proposal : Proposal or None
        How a network proposes kernels at the scale of the halving.
    ranking : RankingOptions
        Options of the network that chooses.
    refinements : tuple of Refinement
        What follows at the finest scale. The result is what the network ranked first of all that it has seen there.
    handles_clipping : bool
        Whether clipped highlights are looked for, and taken for lower bounds (:mod:`pydeblur.preprocess.clipping`).
    light_streaks : bool
        Whether the streaks of small lights, where some agree among clipped highlights, are the kernel, so that no run is made
        (:mod:`pydeblur.estimators.light_streaks`).
    weights : EvidenceWeights
        What counts where a kernel is ranked at the finest scale.
    coarse_weights : EvidenceWeights
        The same at the scale of the successive halving.
    for_wide_kernels : Preset or None
        What is used in its place for kernels of at least `WIDE_KERNEL` pixels.
    result_dtype : str or None
        "float64" where results have it although the runs are computed in single precision; None is the runs' own.
    """

    prior: PriorChoice = PriorChoice()
    solver: Mapping = field(default_factory=dict)
    variants: tuple[Variant, ...] = ()
    halving: SuccessiveHalving | None = None
    restarts: Restarts | None = None
    proposal: Proposal | None = None
    ranking: RankingOptions = RankingOptions()
    refinements: tuple[Refinement, ...] = ()
    handles_clipping: bool = False
    light_streaks: bool = False
    weights: EvidenceWeights = LOG_ERROR_ALONE
    coarse_weights: EvidenceWeights = LOG_ERROR_ALONE
    for_wide_kernels: Preset | None = None
    result_dtype: str | None = None

    def __post_init__(self):
        object.__setattr__(self, "solver", MappingProxyType(dict(self.solver)))

    @property
    def gives_single(self) -> bool:
        """Whether kernels and images that come of it are float32."""
        return (self.result_dtype or self.solver.get("dtype")) == "float32"

    def for_size(self, kernel_size: int) -> Preset:
        """The preset itself, or what is used in its place for a kernel of that size."""
        is_wide = is_integer(kernel_size) and kernel_size >= WIDE_KERNEL
        return self.for_wide_kernels if self.for_wide_kernels is not None and is_wide else self

    def for_image(self, image, kernel_size: int, clipped=None) -> EstimationPlan:
        """The plan for one image, see :func:`pydeblur.estimators.plan.make_plan`."""
        from pydeblur.estimators.plan import make_plan

        return make_plan(self, image, kernel_size, clipped)

    def runs(self) -> list[tuple[PriorChoice, dict]]:
        """Prior and fields of SolverOptions of each run; of a single one with the first refinement's iterations."""
        if self.variants:
            return self.runs_of(self.variants)
        own = {"finest_iterations": self.refinements[0].iterations} if self.refinements else {}
        return [(self.prior, {**self.solver, **own})]

    def runs_of(self, variants) -> list[tuple[PriorChoice, dict]]:
        """Prior and fields of SolverOptions of each of some variants."""
        return [(each.prior or self.prior, {**self.solver, **each.changes}) for each in variants]


#: Beyond the paper: what was best on the development set (docs/studies).
_BEST = Preset(
    solver={
        # What these two save, and what they cost, is in docs/studies/faster_default.
        "dtype": "float32",
        "alpha_max": 1e3,
        "prefilter": 0.7,
        "relative_kernel_weight": 0.3,
        # The pixels of the images on which the weight was chosen.
        "kernel_weight_pixels": 255 * 255,
        "noise_reference": 0.01,
    },
    variants=(
        Variant(),
        Variant({"iterations": 10}),
        Variant({"initial_kernel": "column"}),
        Variant({"lambda_grad": 8e-3}),
        Variant({"lambda_grad": 2e-3}),
        # The text prior, in four steps of β and half as many of α each.
        Variant({"beta_growth": 8.0, "alpha_growth": 4.0}, PriorChoice("intensity")),
    ),
    halving=SuccessiveHalving(scale=1, keep=4),
    refinements=(Refinement(10, keep=3), Refinement(20, keep=1)),
    handles_clipping=True,
    # Ranking does not see that such a kernel is right, which is why it is not one of several (docs/studies/compared_methods).
    light_streaks=True,
    # Users get double precision as from all other presets, whatever the runs are computed in.
    result_dtype="float64",
)
#: The mean square error that the network for wide kernels expects: it sees what a kernel changes and leaves unexplained, and was
#: trained to choose by that mean (docs/studies/right_kernel).
_MEAN_ERROR = EvidenceWeights(log_error=0.0, log_mean_error=1.0, change=-0.1)
#: Wide kernels depend more on the run, and whether one goes wrong is decided by half the size. So there are more runs, of
#: several sizes and priors, which go down to it; from the best two kernels there it is begun anew, and four runs go on.
_BEST_FOR_WIDE = replace(
    _BEST,
    variants=(
        Variant(),
        Variant({"initial_kernel": "column"}),
        Variant({"lambda_grad": 16e-3}),
        Variant({"lambda_grad": 2e-3}),
        Variant({"lambda_grad": 2e-3, "lambda_decay": 1.0}),
        Variant({"prefilter": 1.4}),
        Variant(size_factor=0.75),
        Variant(size_factor=1.25),
        _BEST.variants[-1],
        Variant({"lambda_prior": 0.1, "lambda_prior_min": 0.01}, PriorChoice("pmp")),
    ),
    halving=SuccessiveHalving(scale=2, keep=4, further=SuccessiveHalving(scale=1, keep=2)),
    restarts=Restarts((Variant({"lambda_grad": 2e-3}), Variant({"lambda_grad": 1e-3})), keep=2),
    proposal=Proposal(
        (Variant({"lambda_grad": 3e-4}), Variant({"lambda_grad": 2e-3})), keep=2, size_factor=1.25, alternations=2
    ),
    # Beside those that come to the finest scale are the proposed ones; no more go on than without them.
    refinements=(Refinement(10, keep=2), Refinement(20, keep=1)),
    ranking=RankingOptions(WIDE_RANKING_WEIGHTS),
    weights=_MEAN_ERROR,
    coarse_weights=_MEAN_ERROR,
)

PRESETS = {
    # Sections 4.1, 4.2 and 6 in everything but w, with which the letter of eq. (12) would do nothing (docs/studies).
    "faithful": Preset(PriorChoice("classifier", ClassifierOptions("classifier-paper"))),
    # The same prior on the compact network, in single precision, with fewer steps of β, none of them longer than it moves u.
    "fast": Preset(
        PriorChoice("classifier", ClassifierOptions("classifier-compact")),
        {"dtype": "float32", "beta_growth": 8.0, "descent_tolerance": 1e-4},
    ),
    "best": replace(_BEST, for_wide_kernels=_BEST_FOR_WIDE),
}

#: What is used where neither a preset nor a prior is named: the best kernel for the time it takes.
DEFAULT = "best"


def name_or_default(preset: str | None, prior) -> str | None:
    """The preset that is used: the one named, the default where neither it nor a prior is, else none."""
    return DEFAULT if preset is None and prior is None else preset


def resolve(preset=None, prior=None, prior_options=None, ranking_options=None, solver=None) -> Preset:
    """What a preset and what is given beside it mean together; the latter wins.

    Parameters
    ----------
    preset : str or None
        None is "best", or, beside a prior, one run with that prior and the solver's defaults.
    prior : str, object or None
        A prior's name, a prior, or None: the preset's.
    prior_options : mapping or None
        Options of the prior, where it is given by its name or is the preset's.
    ranking_options : mapping or None
        Options of the network that ranks the kernels of several runs.
    solver : mapping or None
        Fields of SolverOptions.

    Returns
    -------
    Preset

    Raises
    ------
    InvalidOptionError
        If there is no such preset or prior, or options are given that nothing would use.

    Examples
    --------
    >>> resolve("best", solver={"gamma_correct": 2.2}).solver["gamma_correct"]
    2.2
    >>> resolve(prior="intensity").variants
    ()
    """
    given = {"prior_options": prior_options, "ranking_options": ranking_options, "solver": solver}
    for argument, options in given.items():
        if not (options is None or isinstance(options, Mapping)):
            raise InvalidOptionError(f"{argument} should be a dict, but is {shown(options)}")
    name = name_or_default(preset, prior)
    if name is None:
        chosen = Preset()
    elif isinstance(name, str) and name in PRESETS:
        chosen = PRESETS[name]
    else:
        raise InvalidOptionError(f"preset should be one of {', '.join(PRESETS)}, but is {shown(name)}")
    _check_prior(prior)
    prior_options, ranking_options, solver = (dict(options or {}) for options in given.values())
    _refuse_useless(chosen, prior, prior_options, ranking_options)
    adapted = _adapted(chosen, prior, prior_options, ranking_options, solver)
    if chosen.for_wide_kernels is None:
        return adapted
    wide = _adapted(chosen.for_wide_kernels, prior, prior_options, ranking_options, solver)
    return replace(adapted, for_wide_kernels=wide)


def _check_prior(prior) -> None:
    """InvalidOptionError for what is neither a name nor a prior; names are checked by the registry."""
    if not (prior is None or isinstance(prior, str)):
        check_prior(prior)


def _refuse_useless(chosen: Preset, prior, prior_options: dict, ranking_options: dict) -> None:
    """InvalidOptionError for options of a network that takes no part."""
    if prior_options:
        names = listed(prior_options)
        if prior is not None and not isinstance(prior, str):
            raise InvalidOptionError("prior_options belong to a prior given by its name")
        if prior is None and chosen.prior.options is None:
            raise InvalidOptionError(
                f"prior_options ({names}) belong to a prior that has options, such as prior='classifier'; those of the network "
                "that chooses among several runs are ranking_options"
            )
    if ranking_options and not chosen.variants:
        names = listed(ranking_options)
        raise InvalidOptionError(f"ranking_options ({names}) belong to several runs, as the preset 'best' makes them")


def _adapted(chosen: Preset, prior, prior_options: dict, ranking_options: dict, solver: dict) -> Preset:
    """A preset with what is given beside it."""
    solver = _meant_as_given(solver)
    fixed = set(solver)
    if "iterations" in solver:
        # Iterations that are given are meant for all scales.
        fixed.add("finest_iterations")
    variants = _of_prior(chosen.variants, prior)
    restarts, proposal = chosen.restarts, chosen.proposal
    if proposal is not None:
        going_on = _of_prior(proposal.variants, prior)
        proposal = replace(proposal, variants=tuple(dict.fromkeys(each.without(fixed) for each in going_on)))
    if restarts is not None:
        again = _of_prior(restarts.variants, prior)
        restarts = replace(restarts, variants=tuple(dict.fromkeys(each.without(fixed) for each in again)))
    # What a prior of the caller's own computes in single precision is not known.
    in_single = chosen.result_dtype is None or prior is None or isinstance(prior, str)
    own = {name: value for name, value in chosen.solver.items() if in_single or name != "dtype"}
    result_dtype = None if "dtype" in solver else chosen.result_dtype
    solver = {**own, **solver}
    given_device = solver.get("device")
    device = given_device if isinstance(given_device, str) and given_device in ("cuda", "auto") else None
    return replace(
        chosen,
        prior=_chosen_prior(chosen.prior, prior, prior_options, device),
        solver=solver,
        variants=_without(variants, fixed),
        restarts=restarts,
        proposal=proposal,
        # The network is asked a few times only: no reason to fail where ONNX Runtime has no GPU but the solver does.
        ranking=_with(chosen.ranking, ranking_options, "the ranking network", device and "auto"),
        refinements=() if "finest_iterations" in fixed else chosen.refinements,
        # A prior that is given is meant to be used.
        light_streaks=chosen.light_streaks and prior is None,
        result_dtype=result_dtype,
    )


def _of_prior(variants, prior) -> tuple[Variant, ...]:
    """The variants that are left where a prior is given, which is meant for all runs."""
    return tuple(each for each in variants if prior is None or each.prior is None)


def _meant_as_given(solver: dict) -> dict:
    """Fields of SolverOptions with those that keep them from being adapted."""
    if {"prefilter", "relative_kernel_weight"} & set(solver):
        solver = {"noise_reference": None, **solver}
    if "relative_kernel_weight" in solver:
        solver = {"kernel_weight_pixels": None, **solver}
    return solver


def _chosen_prior(own: PriorChoice, prior, options: dict, device) -> PriorChoice:
    """The preset's prior or the one that is given, with the given options, where the solver computes."""
    if prior is not None and not isinstance(prior, str):
        return PriorChoice(prior)
    if own.options is not None and (prior is None or prior == own.prior):
        return replace(own, options=_with(own.options, options, f"the {own.prior} prior", device))
    if prior is None:
        return own
    given = PriorChoice.named(prior, options)
    if given.options is None or device is None:
        return given
    return PriorChoice.named(prior, {"device": device, **options})


def _with(options, changes: dict, owner: str, device):
    """Options of a network with changes, where the solver computes unless they say otherwise."""
    on_device = {} if device is None else {"device": device}
    return options_from(type(options), {**vars(options), **on_device, **changes}, owner)


def _without(variants, fields) -> tuple[Variant, ...]:
    """Variants without the fields that the user has fixed, each once; none if no choice is left."""
    left = tuple(dict.fromkeys(each.without(fields) for each in variants))
    return left if len(left) > 1 else ()
