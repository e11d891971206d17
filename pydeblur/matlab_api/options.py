"""What ``opts`` of the MATLAB family means: its fields, in MATLAB's numbers, as the solver's options and a prior."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, fields

import numpy as np

from pydeblur.errors import InvalidOptionError
from pydeblur.matlab_api.arguments import number, whole
from pydeblur.options import listed, nearest_name, option, option_infos, options_from, shown, whole_from_to
from pydeblur.priors import load_prior
from pydeblur.solver.options import SolverOptions

#: The family's names of options that have another one here; ``kernel_step`` is that of matlab_ref.
OPTION_NAMES = {"xk_iter": "iterations", "k_thresh": "kernel_threshold", "kernel_step": "kernel_solver"}
#: Fields that the family's scripts keep in ``opts`` for themselves: its ``blind_deconv`` does not look at them either.
FIELDS_OF_SCRIPTS = (
    "prescale",
    "saturation",
    "isselect",
    "lambda_pixel",
    "lambda_dark",
    "lambda_bright",
    "lambda_grad",
    "lambda_tv",
    "lambda_l0",
    "weight_ring",
)
#: What says which prior there is.
_FIELDS_OF_PRIOR = ("prior", "patch")
#: λ of the prior pmp does not fall below it (docs/methods).
_LEAST_PMP_WEIGHT = 1e-2
_LARGEST_KERNEL = 10**6


class UnknownFieldWarning(UserWarning):
    """A field of ``opts`` in a MATLAB script is none that is known.

    Examples
    --------
    >>> issubclass(UnknownFieldWarning, UserWarning)
    True
    """


@dataclass(frozen=True)
class ScriptOptions(SolverOptions):
    """The solver's options, with the kernel sizes of MATLAB scripts, which may be even.

    The family's kernel is then one larger, and its scales are those that belong to the even size.

    Examples
    --------
    >>> ScriptOptions(kernel_size=26).kernel_size
    26
    """

    kernel_size: int = option(whole_from_to(3, _LARGEST_KERNEL), "Side of the kernel; an even one is raised by 1.")


def read_options(opts, *, as_in_scripts: bool = False, **given):
    """Return the solver's options and the prior that ``opts`` stands for.

    Parameters
    ----------
    opts : dict or object
        As :func:`pydeblur.blind_deconv` takes it.
    as_in_scripts : bool
        Whether it comes from a MATLAB script, which takes even kernel sizes and leaves unknown fields unused.
    **given
        Options that are not part of ``opts``: ``lambda_prior`` and ``lambda_grad``, or more.

    Returns
    -------
    options : SolverOptions
    prior : object or None
        None where ``lambda_prior`` is 0.

    Warns
    -----
    UnknownFieldWarning
        If a script's ``opts`` has a field that is not known.

    Raises
    ------
    InvalidOptionError
        If a value is out of its range, or, but for scripts, a field is not known.

    Examples
    --------
    >>> fields = {"kernel_size": [25.0, 25.0], "xk_iter": 5.0, "prescale": 1.0}
    >>> options, prior = read_options(fields, lambda_prior=4e-3, lambda_grad=4e-3)
    >>> options.kernel_size, options.iterations, prior.name
    (25, 5, 'intensity')
    """
    found = {name: number(value) for name, value in as_dict(opts).items()}
    solver_fields = {
        OPTION_NAMES.get(name, name): value
        for name, value in found.items()
        if name not in (*FIELDS_OF_SCRIPTS, *_FIELDS_OF_PRIOR)
    }
    if as_in_scripts:
        solver_fields = _known(solver_fields)
    solver_fields.update({name: number(value) for name, value in given.items()})
    prior_name = found.get("prior", "intensity")
    if prior_name == "pmp":
        solver_fields.setdefault("lambda_prior_min", _LEAST_PMP_WEIGHT)
    if "kernel_size" in solver_fields:
        solver_fields["kernel_size"] = _side(solver_fields["kernel_size"])
    options_class = ScriptOptions if as_in_scripts else SolverOptions
    options = options_from(options_class, _whole_where_needed(solver_fields), "the solver")
    return options, _prior(prior_name, found) if options.lambda_prior else None


def as_dict(opts) -> dict:
    """Return the fields of ``opts``: of a dict, or the attributes of an object that are no methods.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> as_dict(SimpleNamespace(kernel_size=25))
    {'kernel_size': 25}
    """
    if isinstance(opts, dict):
        return opts
    names = [name for name in dir(opts) if not name.startswith("_")]
    return {name: getattr(opts, name) for name in names if not callable(getattr(opts, name))}


def _known(solver_fields):
    """The fields that the solver has; a warning names the others."""
    names = {each.name for each in fields(SolverOptions)}
    for name in solver_fields:
        if name not in names:
            nearest = nearest_name(name, [*names, *OPTION_NAMES, *_FIELDS_OF_PRIOR])
            hint = f"; did you mean {nearest}?" if nearest else ""
            warnings.warn(f"opts.{listed([name])} is not known, and is left unused{hint}", UnknownFieldWarning, 2)
    return {name: value for name, value in solver_fields.items() if name in names}


def _side(size):
    """The side of the square kernel, of one number or of MATLAB's [rows columns]; anything else as it is."""
    try:
        sides = np.asarray(size)
    except ValueError:  # rows that differ in length
        return size
    if sides.dtype.kind not in "fiu" or sides.size < 2:
        return size
    if np.any(sides != sides.flat[0]):
        raise InvalidOptionError(f"kernel_size should be one number, or two equal ones, but is {shown(sides.tolist())}")
    return sides.flat[0].item()


def _whole_where_needed(solver_fields):
    """MATLAB's doubles as whole numbers, where an option takes nothing else."""
    infos = option_infos(ScriptOptions)
    return {
        name: whole(value) if name in infos and not infos[name].kind.accepts(value) else value
        for name, value in solver_fields.items()
    }


def _prior(prior, found):
    if not isinstance(prior, str):
        return prior
    return load_prior(prior, **({"patch": whole(found["patch"])} if "patch" in found else {}))
