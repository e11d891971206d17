"""JSON from files, read without trust: whatever comes back can be written again, compared and shown."""

from __future__ import annotations

import json
import math
from typing import Any

#: Deeper values are none of this package's, and would exhaust Python's stack where they are compared or written.
MOST_LEVELS = 32


def parsed_json(text: str | bytes) -> Any:
    """Parse a JSON text.

    Parameters
    ----------
    text : str or bytes
        Bytes are UTF-8.

    Returns
    -------
    object
        Of dicts, lists, texts, ints of at most 64 bits, floats (infinities and NaN, which Python writes, included), bools
        and None.

    Raises
    ------
    ValueError
        The text is none, nests too deeply, has a key twice or a number out of range, or texts that are no valid Unicode.

    Examples
    --------
    >>> parsed_json('{"figures": [1, 0.5, null]}')
    {'figures': [1, 0.5, None]}
    >>> parsed_json("[" * 100_000)
    Traceback (most recent call last):
        ...
    ValueError: it is nested too deeply
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_object, parse_int=_integer)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    _check_plain(value)
    return value


def is_finite_throughout(value: Any) -> bool:
    """Whether a value from :func:`parsed_json` holds neither infinities nor NaN.

    Parameters
    ----------
    value : object

    Examples
    --------
    >>> is_finite_throughout({"psnr": [1.0]}), is_finite_throughout({"psnr": [float("nan")]})
    (True, False)
    """
    if isinstance(value, dict):
        return all(is_finite_throughout(member) for member in value.values())
    if isinstance(value, list):
        return all(is_finite_throughout(member) for member in value)
    return not isinstance(value, float) or math.isfinite(value)


def _object(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("it has a key twice")
    return found


def _integer(digits):
    """Longer numbers are refused before they are converted, which takes a time that grows with their square."""
    if len(digits) > 20 or int(digits).bit_length() > 63:
        raise ValueError("it has an integer of more than 64 bits")
    return int(digits)


def _check_plain(value, level=0):
    if level > MOST_LEVELS:
        raise ValueError("it is nested too deeply")
    if isinstance(value, dict):
        for name, member in value.items():
            _check_plain(name, level + 1)
            _check_plain(member, level + 1)
    elif isinstance(value, list):
        for member in value:
            _check_plain(member, level + 1)
    elif isinstance(value, str):
        # A surrogate alone, which JSON's escapes can name, can't be written or shown.
        value.encode("utf-8")
