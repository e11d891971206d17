"""The functions that MATLAB and Octave call, and the call with MATLAB's rules for what goes in and comes out."""

from __future__ import annotations

import inspect
from functools import wraps

import numpy as np

import pydeblur.matlab_api as family
from pydeblur.errors import InvalidInputError
from pydeblur.matlab_api.blind import estimate, iterate
from pydeblur.matlab_api.options import read_options
from pydeblur.options import nearest_name

#: MATLAB and Octave have these themselves.
BUILT_INS = ("im2double", "imread", "imwrite", "rgb2gray")


@wraps(family.blind_deconv)
def _blind_deconv(y, lambda_pixel, lambda_grad, opts):
    read = read_options(opts, as_in_scripts=True, lambda_prior=lambda_pixel, lambda_grad=lambda_grad)
    return estimate(y, *read)


@wraps(family.blind_deconv_main)
def _blind_deconv_main(blur_B, k, lambda_pixel, lambda_grad, threshold, opts):
    return iterate(blur_B, k, lambda_pixel, lambda_grad, threshold, opts, as_in_scripts=True)


#: Name to function, for every name of :mod:`pydeblur.matlab_api` that is none of MATLAB's own.
FUNCTIONS = {name: getattr(family, name) for name in family.__all__ if name not in BUILT_INS}
FUNCTIONS.update(blind_deconv=_blind_deconv, blind_deconv_main=_blind_deconv_main)


def call(name: str, arguments: list, outputs: int) -> list[np.ndarray]:
    """Call one of the functions.

    Parameters
    ----------
    name : str
    arguments : list
        By position; further ones have their defaults.
    outputs : int
        How many results are wanted; at least one is returned, as by MATLAB's functions.

    Returns
    -------
    list of ndarray
        Of two or more dimensions.

    Raises
    ------
    InvalidInputError
        If there is no such function, it has fewer results or other arguments, or it refuses them.

    Examples
    --------
    >>> call("opt_fft_size", [np.array([[17.0, 121.0]])], 1)[0].tolist()
    [[18, 125]]
    """
    if name not in FUNCTIONS:
        nearest = nearest_name(name, FUNCTIONS)
        raise InvalidInputError(f"there is no function {name}" + (f"; did you mean {nearest}?" if nearest else ""))
    function = FUNCTIONS[name]
    signature = inspect.signature(function)
    try:
        signature.bind(*arguments)
    except TypeError:
        raise InvalidInputError(
            f"{name} takes the arguments {_shown(signature)}, but {len(arguments)} were given"
        ) from None
    results = function(*arguments)
    results = results if isinstance(results, tuple) else (results,)
    if outputs > len(results):
        raise InvalidInputError(f"{name} has no more than {len(results)} results, but {outputs} were asked for")
    return [np.atleast_2d(np.asarray(result)) for result in results[: max(outputs, 1)]]


def _shown(signature) -> str:
    """The names of the arguments; those that may be left out in brackets."""
    parameters = signature.parameters.values()
    names = [each.name.rstrip("_") if each.default is each.empty else f"[{each.name}]" for each in parameters]
    return f"({', '.join(names)})"
