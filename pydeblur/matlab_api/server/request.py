"""A request of the MATLAB side: one line, and a .mat file with the arguments.

The line is ``call FUNCTION OUTPUTS ARGUMENT …`` with words that are separated by single spaces. OUTPUTS is how many results
are wanted. An ARGUMENT is ``number``, ``text``, or ``fields:NAME=number,NAME=text`` for a struct with those fields,
``fields:`` for one without; a field may also be ``other``: its value is neither, and does not come along. The values lie in
the .mat file, as ``a1``, ``a2`` …, and the fields of the second argument as ``a2_1``, ``a2_2`` …: numeric arrays of any
class, and text as the numbers of its characters. So nothing is read but numeric arrays.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.files.mat_file import read_mat

#: A longer line is none of ours.
LONGEST_LINE = 2**16
_LINE = re.compile(r"call ([A-Za-z]\w{0,62}) (\d{1,2})((?: \S+)*)")
_FIELD = r"[A-Za-z]\w*=(?:number|text|other)"
_FIELDS = re.compile(f"(?:{_FIELD}(?:,{_FIELD})*)?")


class OtherValue:
    """A field's value of a class that is not understood.

    Examples
    --------
    >>> OtherValue()
    neither a number nor text
    """

    def __repr__(self):
        return "neither a number nor text"


class Request(NamedTuple):
    """A function that is called: its name, how many results are wanted, and how its arguments are described.

    Examples
    --------
    >>> read_request("call opt_fft_size 1 number")
    Request(function='opt_fft_size', outputs=1, descriptions=('number',))
    """

    function: str
    outputs: int
    descriptions: tuple[str, ...]


def read_request(line: str) -> Request:
    """Take a request's line apart.

    Parameters
    ----------
    line : str
        Without its end.

    Returns
    -------
    Request

    Raises
    ------
    InvalidInputError
        If it is none.

    Examples
    --------
    >>> read_request("call whyte_deconv 1 number fields:kernel_size=number").descriptions
    ('number', 'fields:kernel_size=number')
    """
    match = _LINE.fullmatch(line)
    descriptions = tuple(match[3].split()) if match else ()
    if match is None or not all(map(_is_description, descriptions)):
        raise InvalidInputError("the request's line should be 'call FUNCTION OUTPUTS ARGUMENT …'")
    return Request(match[1], int(match[2]), descriptions)


def _is_description(word):
    kind, colon, names = word.partition(":")
    return word in ("number", "text") or (kind == "fields" and colon == ":" and _FIELDS.fullmatch(names) is not None)


def read_arguments(request: Request, path: str | os.PathLike) -> list:
    """Read the arguments of a request.

    Parameters
    ----------
    request : Request
    path : str or os.PathLike
        The .mat file; without arguments it is not read.

    Returns
    -------
    list of ndarray, str or dict
        In the function's order.

    Raises
    ------
    InvalidInputError
        If the file is damaged, or an argument is missing in it.

    Examples
    --------
    >>> import tempfile
    >>> import scipy.io
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     scipy.io.savemat(f"{folder}/request.mat", {"a1_1": 25.0, "a1_2": [[99.0, 103.0]]})
    ...     read_arguments(read_request("call f 1 fields:size=number,kernel_step=text"), f"{folder}/request.mat")
    [{'size': array([[25.]]), 'kernel_step': 'cg'}]
    """
    if not request.descriptions:
        return []
    arrays = read_mat(path).arrays
    return [_argument(description, f"a{place}", arrays) for place, description in enumerate(request.descriptions, 1)]


def _argument(description, name, arrays):
    if not description.startswith("fields:"):
        return _value(description, name, arrays)
    fields = [field.split("=") for field in description.removeprefix("fields:").split(",") if field]
    return {field: _value(kind, f"{name}_{place}", arrays) for place, (field, kind) in enumerate(fields, 1)}


def _value(kind, name, arrays):
    if kind == "other":
        return OtherValue()
    if name not in arrays:
        raise InvalidInputError(f"the request's file lacks the numeric array {name}")
    array = arrays[name]
    if kind == "number":
        return array
    codes = np.asarray(array.ravel(order="F"), dtype=np.float64)
    if np.any((codes % 1 != 0) | (codes < 0) | (codes > 0x10FFFF)):
        raise InvalidInputError(f"the numbers of the text {name} should be those of characters")
    return "".join(map(chr, codes.astype(int)))
