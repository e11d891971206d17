"""Vertical bars in docstrings are those of magnitudes, as in |∇I|: reStructuredText would take them for substitutions."""

from __future__ import annotations

import re

#: Literals, in which nothing has a meaning of its own; the bar that a line of a line block starts with; all other bars.
_LITERAL_OR_BAR = re.compile(r"``.*?``|^\s*\| |\|")


def setup(app):
    """Escape them in every docstring."""
    app.connect("autodoc-process-docstring", _escape)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def escaped(line: str) -> str:
    """A line of a docstring with its bars escaped.

    Parameters
    ----------
    line : str

    Returns
    -------
    str
        Examples of code, what stands between double backquotes, and the bars of line blocks stay as they are.

    Examples
    --------
    >>> print(escaped("Σ |∇I|^α, ``a | b``"))
    Σ \\|∇I\\|^α, ``a | b``
    """
    if line.lstrip().startswith((">>>", "...")):
        return line
    return _LITERAL_OR_BAR.sub(lambda found: "\\|" if found[0] == "|" else found[0], line)


def _escape(app, what, name, obj, options, lines):
    lines[:] = map(escaped, lines)
