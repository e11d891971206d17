"""Standard input, output and error as a caller may have left them: closed, full, or in an encoding of few characters."""

from __future__ import annotations

import codecs
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

#: What the help has in it, for encodings that do not.
_PLAIN = {"…": "...", "–": "-", "—": "-", "×": "x", "≥": ">=", "≤": "<=", "λ": "lambda", "σ": "sigma", "μ": "mu"}
_ERRORS = "pydeblur.plain"


@contextmanager
def usable_streams() -> Iterator[None]:
    """A ``with`` block in which printing never fails for want of a stream or of a character.

    A standard stream that is closed leads to nothing. What an encoding does not have is written in its characters; names
    of files that are no text keep their bytes.
    """
    _open_missing_descriptors()
    codecs.register_error(_ERRORS, _in_plain_characters)
    earlier, opened, encoded = {}, [], []
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None or stream.closed:
            earlier[name] = stream
            opened.append(open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - it is closed below
            setattr(sys, name, opened[-1])
        elif hasattr(stream, "reconfigure"):
            encoded.append((stream, stream.errors))
            stream.reconfigure(errors=_ERRORS)
    try:
        yield
    finally:
        for name in ("stdout", "stderr"):
            _discard_if_unwritable(getattr(sys, name))
        for stream, errors in encoded:
            with suppress(OSError, ValueError):
                stream.reconfigure(errors=errors)
        for name, stream in earlier.items():
            setattr(sys, name, stream)
        for stream in opened:
            stream.close()


def _open_missing_descriptors() -> None:
    """Without them the next file that is opened would be the standard output of some library."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest number that is free


def _in_plain_characters(error: UnicodeError) -> tuple[bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = b""
    for character in error.object[error.start : error.end]:
        if "\udc80" <= character <= "\udcff":  # a byte of a file name, as os.fsdecode keeps it
            text += bytes([ord(character) - 0xDC00])
        else:
            text += _PLAIN.get(character, "").encode() or character.encode("ascii", "backslashreplace")
    return text, error.end


def _discard_if_unwritable(stream) -> None:
    """Point a stream at nothing if it can't be written to: what is in its buffer would fail again at exit."""
    try:
        stream.flush()
    except OSError:
        with open(os.devnull, "wb") as nothing:
            os.dup2(nothing.fileno(), stream.fileno())
    except ValueError:  # it is closed
        return


@contextmanager
def messages_for_users(show: Callable[[str], None]) -> Iterator[None]:
    """A ``with`` block in which warnings for users are shown by a function, and libraries' own messages are not shown.

    Warnings for developers are left out as well, unless Python's option -W or PYTHONWARNINGS asks for them. Where these
    make errors of warnings, warnings are shown all the same: an error in the middle of a library's import or of a result's
    writing would serve nobody.

    Parameters
    ----------
    show : callable
        Called with the text of each warning.
    """
    quiet = logging.NullHandler()
    logging.getLogger().addHandler(quiet)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_, **__: show(str(message))
            if not sys.warnoptions or any(action == "error" for action, *_ in warnings.filters):
                warnings.simplefilter("ignore")
                warnings.simplefilter("always", UserWarning)
            yield
    finally:
        logging.getLogger().removeHandler(quiet)
