"""What estimates the blur, as the arguments of a call say together: what needs no picture to be told."""

from __future__ import annotations

from inspect import signature
from typing import NamedTuple

import numpy as np

from pydeblur.errors import InvalidOptionError
from pydeblur.estimators.presets import Preset, name_or_default, resolve
from pydeblur.estimators.protocol import WholeEstimator
from pydeblur.estimators.registry import WHOLE_ESTIMATORS, check_method, load_whole_estimator, preset_and_prior
from pydeblur.nonuniform.plan import NonuniformChoice, with_solver
from pydeblur.options import check_option, listed, nearest_name, option_infos, shown
from pydeblur.progress.report import ProgressReport
from pydeblur.solver import SolverOptions


class Choice(NamedTuple):
    """What estimates the blur: the runs of a preset, an estimator with a loop of its own, or camera poses."""

    preset: Preset
    estimator: WholeEstimator | None = None
    turning: NonuniformChoice | None = None

    @property
    def estimates_kernel(self) -> bool:
        """Whether one kernel is estimated, alone or beside the camera's poses."""
        return self.turning is None or self.turning.chooses

    def gives_single(self, options: dict) -> bool:
        """Whether the result is in single precision: as given, or as the preset has it."""
        return options["dtype"] == "float32" if "dtype" in options else self.preset.gives_single


def choose(function, method, options: dict, callback, progress, preset_arguments: tuple, turning) -> Choice:
    """What the arguments of :func:`pydeblur.deblur` or :func:`pydeblur.estimate_kernel` mean together.

    Parameters
    ----------
    function : callable
        The call, whose names of arguments are suggested for a name that is none of its options.
    method, options, callback, progress
        As the call has them.
    preset_arguments : tuple
        Its ``preset``, ``prior``, ``prior_options`` and ``ranking_options``.
    turning : NonuniformChoice or None
        How the poses of a camera that turned are estimated.

    Returns
    -------
    Choice

    Raises
    ------
    InvalidOptionError
        For what can be told to be wrong without the image.
    """
    if not (callback is None or callable(callback)):
        raise InvalidOptionError(f"callback should be callable or None, but is {shown(callback)}")
    if not isinstance(progress, (bool, np.bool_, ProgressReport)):
        raise InvalidOptionError(f"progress should be True, False or a ProgressReport, but is {shown(progress)}")
    preset, prior, prior_options, ranking_options = preset_arguments
    if method is not None:
        check_method(method)
        if preset is not None or prior is not None:
            raise InvalidOptionError(
                f"the method {method} can't be given beside a preset or a prior: it stands for them"
            )
        if method in WHOLE_ESTIMATORS:
            if turning is not None:
                raise InvalidOptionError(f"the method {method} estimates one kernel: nonuniform should be False")
            if prior_options or ranking_options:
                raise InvalidOptionError(f"the method {method} has no prior_options and no ranking_options")
            # The preset stands for what all methods share: a run that takes every pixel as it is.
            return Choice(resolve(prior="gradient"), load_whole_estimator(method, options))
        preset, prior, options = preset_and_prior(method, options)
    _check_options(function, options)
    resolved = resolve(preset, prior, prior_options, ranking_options, options)
    if turning is None:
        return Choice(resolved)
    if ranking_options and not turning.chooses:
        raise InvalidOptionError("ranking_options belong to a choice: nonuniform should be False or 'auto'")
    return Choice(resolved, turning=with_solver(turning, resolved, name_or_default(preset, prior), options))


def _check_options(function, options: dict) -> None:
    """Refuse names that are no options of the solver, and values out of their range."""
    infos = option_infos(SolverOptions)
    fields = [name for name in infos if name != "kernel_size"]
    known = [*fields, *(name for name, each in signature(function).parameters.items() if each.kind != each.VAR_KEYWORD)]
    for name, value in options.items():
        if name not in fields:
            nearest = nearest_name(name, known)
            meant = f"did you mean {nearest}?" if nearest else "see SolverOptions for its options"
            raise InvalidOptionError(f"{function.__name__} has no option {listed([name])}; {meant}")
        check_option(name, value, infos[name])
