"""What is said on standard error: one line, and not a long one."""

from __future__ import annotations

import sys
from contextlib import suppress

#: Longest line, in characters.
LONGEST = 290


def one_line(prefix: str, text: object) -> str:
    """A line that begins with a prefix; a text that is too long loses its middle.

    Parameters
    ----------
    prefix : str
        Such as "pydeblur deblur: error: ".
    text : object
        What it says; ends of lines become spaces, and characters that can't be shown their escape sequences.

    Returns
    -------
    str
        At most :data:`LONGEST` characters, but for a longer prefix.

    Examples
    --------
    >>> one_line("pydeblur: ", "two\\nlines and a \\x07")
    'pydeblur: two lines and a \\\\x07'
    >>> len(one_line("pydeblur: ", "long " * 1000))
    290
    """
    shown = "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in " ".join(str(text).split())
    )
    room = max(LONGEST - len(prefix), LONGEST // 2)
    if len(shown) > room:
        # A sentence's subject is at its beginning, and what should be done at its end.
        head = (room - 1) // 2
        shown = f"{shown[:head]}…{shown[len(shown) - (room - 1 - head) :]}"
    return f"{prefix}{shown}"


def say(prefix: str, text: object) -> None:
    """Put such a line on standard error, if somebody can read it.

    Examples
    --------
    >>> say("pydeblur: ", "finished")
    """
    with suppress(OSError, ValueError):
        print(one_line(prefix, text), file=sys.stderr, flush=True)
