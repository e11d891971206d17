"""What is decided of a non-uniform estimate before its first iteration: models, options, prior, and whether to choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.estimators.presets import PRESETS, Preset, RankingOptions
from pydeblur.nonuniform.options import NonuniformOptions, nonuniform_solver_options
from pydeblur.options import options_from, shown
from pydeblur.priors.registry import PriorChoice
from pydeblur.solver.options import SolverOptions
from pydeblur.solver.pyramid import kernel_sizes

#: What asks for both models and the choice between them.
AUTO = "auto"
#: The final steps for a blur that changes over the picture.
FINAL_STEPS = ("ringing", "tv", "hyper-laplacian", "whyte")
#: Options of the uniform solver that eq. (16) and (17) with camera poses have no place for.
_OF_ONE_KERNEL = (
    "kernel_weight",
    "relative_kernel_weight",
    "kernel_weight_pixels",
    "kernel_solver",
    "prior_domain",
)
_DEFAULTS = NonuniformOptions()


@dataclass(frozen=True)
class NonuniformPlan:
    """All that is done to estimate the camera's poses of one picture.

    Attributes
    ----------
    options : SolverOptions
    nonuniform : NonuniformOptions
        With the focal length.
    prior : PriorChoice
    obstacle : str
        Why the poses of this picture can't be estimated; empty where they can.

    Examples
    --------
    >>> plan = NonuniformChoice(solver={"iterations": 3}).for_image((48, 64), (480, 640), 9)
    >>> plan.iteration_total, plan.nonuniform.focal_length  # of two scales
    (6, 640.0)
    """

    options: SolverOptions
    nonuniform: NonuniformOptions
    prior: PriorChoice
    obstacle: str = ""

    @property
    def iteration_total(self) -> int:
        """How many iterations there are at most."""
        if self.obstacle:
            return 0
        return sum(self.options.iterations_at(scale) for scale in range(len(kernel_sizes(self.options.kernel_size))))


@dataclass(frozen=True)
class NonuniformChoice:
    """What a caller has asked for: the camera's poses, or the choice between them and one kernel.

    Attributes
    ----------
    chooses : bool
        Whether one kernel is estimated as well, and the better explanation taken.
    nonuniform : NonuniformOptions
    solver : mapping
        Fields of SolverOptions that differ from those of
        :func:`~pydeblur.nonuniform.options.nonuniform_solver_options`.
    prior : PriorChoice
    ranking : RankingOptions
        Of the network that compares the two.

    Examples
    --------
    >>> NonuniformChoice().chooses
    False
    """

    chooses: bool = False
    nonuniform: NonuniformOptions = _DEFAULTS
    solver: Mapping | tuple = ()
    prior: PriorChoice = PriorChoice()
    ranking: RankingOptions = RankingOptions()

    def for_image(self, part: tuple[int, ...], shape: tuple[int, ...], kernel_size: int) -> NonuniformPlan:
        """Return the plan for one picture.

        Parameters
        ----------
        part : (int, int)
            Rows and columns of the part that the poses are estimated from; further entries do not count.
        shape : (int, int)
            Of the whole picture.
        kernel_size : int

        Returns
        -------
        NonuniformPlan

        Raises
        ------
        InvalidInputError
            If the part is smaller than a patch, or the grid of poses is too large for memory, and no kernel is
            estimated as well.
        """
        # What is imported here is needed for camera poses alone.
        from pydeblur.nonuniform.coarse_to_fine import check_large_enough
        from pydeblur.nonuniform.pose_grid import PoseGrid
        from pydeblur.nonuniform.poses import default_focal_length

        focal_length = self.nonuniform.focal_length or default_focal_length((shape[0], shape[1]))
        nonuniform = replace(self.nonuniform, focal_length=focal_length)
        options = nonuniform_solver_options(kernel_size, **{**dict(self.solver), "device": "cpu"})
        obstacle = ""
        try:
            check_large_enough((part[0], part[1]), kernel_size)
            PoseGrid((part[0], part[1]), kernel_size // 2, nonuniform)
        except InvalidInputError as error:
            if not self.chooses:
                raise
            obstacle = str(error)
        return NonuniformPlan(options, nonuniform, self.prior, obstacle)


def resolve_nonuniform(
    nonuniform, poses=None, focal_length=None, nonuniform_options: Mapping | None = None
) -> NonuniformChoice | None:
    """Return what the arguments of :func:`pydeblur.deblur` mean together; None stands for uniform blur.

    Parameters
    ----------
    nonuniform : bool or "auto"
    poses : str or None
    focal_length : float or None
        In pixels.
    nonuniform_options : mapping or None
        Further fields of :class:`~pydeblur.nonuniform.NonuniformOptions`.

    Returns
    -------
    NonuniformChoice or None

    Raises
    ------
    InvalidOptionError
        If an argument is something else, or given where the blur is uniform.

    Examples
    --------
    >>> resolve_nonuniform(False) is None, resolve_nonuniform("auto").chooses
    (True, True)
    >>> resolve_nonuniform(True, focal_length=-5.0)
    Traceback (most recent call last):
        ...
    pydeblur.errors.InvalidOptionError: focal_length should be a finite number, positive, or None, but is -5.0
    """
    is_auto = isinstance(nonuniform, str) and nonuniform == AUTO
    if not (is_auto or isinstance(nonuniform, (bool, np.bool_))):
        raise InvalidOptionError(f"nonuniform should be True, False or 'auto', but is {shown(nonuniform)}")
    if not (nonuniform_options is None or isinstance(nonuniform_options, Mapping)):
        raise InvalidOptionError(f"nonuniform_options should be a dict, but is {shown(nonuniform_options)}")
    given = {"poses": poses, "focal_length": focal_length}
    given = {name: value for name, value in given.items() if value is not None}
    for name in given:
        if name in (nonuniform_options or {}):
            raise InvalidOptionError(f"{name} can't be given among nonuniform_options, too")
    chosen = options_from(NonuniformOptions, {**(nonuniform_options or {}), **given}, "nonuniform blur")
    if is_auto or nonuniform:
        return NonuniformChoice(chooses=is_auto, nonuniform=chosen)
    useless = [*given, *(["nonuniform_options"] if nonuniform_options else [])]
    if useless:
        raise InvalidOptionError(f"{useless[0]} belongs to nonuniform blur: nonuniform should be True or 'auto'")
    return None


def with_solver(choice: NonuniformChoice, preset: Preset, name: str | None, given: Mapping) -> NonuniformChoice:
    """Add the prior and the options of a preset, and what is given beside it.

    Of a preset that makes several runs only the prior counts: its options are tuned for one kernel.

    Parameters
    ----------
    choice : NonuniformChoice
    preset : Preset
        As :func:`pydeblur.estimators.resolve` gives it.
    name : str or None
        Of the preset, None where there is none.
    given : mapping
        Fields of SolverOptions.

    Returns
    -------
    NonuniformChoice

    Raises
    ------
    InvalidOptionError
        If a field means nothing to camera poses, and no kernel is estimated as well.

    Examples
    --------
    >>> from pydeblur.estimators import resolve
    >>> with_solver(NonuniformChoice(), resolve("fast"), "fast", {"iterations": 3}).solver["iterations"]
    3
    """
    useless = [field for field in _OF_ONE_KERNEL if field in given]
    if useless and not choice.chooses:
        raise InvalidOptionError(f"{useless[0]} belongs to a single kernel: nonuniform should be False or 'auto'")
    device = given.get("device", "cpu")
    if device not in ("cpu", "auto") and not choice.chooses:
        raise InvalidOptionError(f"device should be cpu for nonuniform blur, but is {shown(device)}")
    own = PRESETS[name].solver if name in PRESETS and not PRESETS[name].variants else {}
    solver = {field: value for field, value in {**own, **given}.items() if field not in _OF_ONE_KERNEL}
    return replace(choice, solver=solver, prior=preset.prior, ranking=preset.ranking)


def check_nonuniform_step(method: str | None) -> None:
    """Check the name of a final step for a blur that changes over the picture.

    Parameters
    ----------
    method : str or None
        None is the default.

    Raises
    ------
    InvalidOptionError
        If the final step knows only one kernel.

    Examples
    --------
    >>> check_nonuniform_step("epll")
    Traceback (most recent call last):
        ...
    pydeblur.errors.InvalidOptionError: nonuniform blur needs the final step ringing, tv, hyper-laplacian or whyte, not epll
    """
    if method is not None and method not in FINAL_STEPS:
        raise InvalidOptionError(
            f"nonuniform blur needs the final step {', '.join(FINAL_STEPS[:-1])} or {FINAL_STEPS[-1]}, not {method}"
        )
