"""The page about one result: its sections put together in one HTML file that needs no other."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterable
from datetime import datetime, timezone
from importlib import resources
from string import Template
from typing import TYPE_CHECKING

from pydeblur.report.markup import Html, element, text
from pydeblur.report.page_file import check_page_output, write_page
from pydeblur.report.pictures import shown_pictures
from pydeblur.report.sections import sections, summary
from pydeblur.version import __version__

if TYPE_CHECKING:  # api is above this package
    from pydeblur.api import DeblurResult
    from pydeblur.files import ImageFile


def write_report(
    path: str | os.PathLike,
    result: DeblurResult,
    *,
    name: str = "",
    source: ImageFile | None = None,
    warnings: Iterable[str] = (),
) -> None:
    """Write the page about a result.

    Parameters
    ----------
    path : str or os.PathLike
        A file named .html or .htm, which appears whole or not at all.
    result : DeblurResult
    name, source, warnings
        As in :func:`report_page`.

    Raises
    ------
    FileFormatError
        If the file can't be written, or has another extension.
    InvalidInputError
        If the result has no blurred picture.

    Examples
    --------
    >>> import tempfile, numpy as np, pydeblur
    >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> result = pydeblur.deblur(image, 5, prior="gradient", nonblind="tv", iterations=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_report(f"{folder}/result.html", result, name="tiles.png")
    ...     os.path.getsize(f"{folder}/result.html") < 3_000_000
    True
    """
    check_page_output(path)
    write_page(path, report_page(result, name=name, source=source, warnings=warnings))


def report_page(
    result: DeblurResult, *, name: str = "", source: ImageFile | None = None, warnings: Iterable[str] = ()
) -> str:
    """Make the page about a result.

    Parameters
    ----------
    result : DeblurResult
        With the blurred picture.
    name : str
        What the picture is called, such as its file's name.
    source : ImageFile, optional
        The file that the picture came from: its alpha channel and colour profile are used.
    warnings : iterable of str
        What was warned of on the way.

    Returns
    -------
    str
        HTML that loads nothing: pictures, style and script are in it, and its policy allows no other.

    Raises
    ------
    InvalidInputError
        If the result has no blurred picture.

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> result = pydeblur.deblur(image, 5, prior="gradient", nonblind="tv", iterations=1)
    >>> "<h1>&lt;tiles&gt;.png, deblurred</h1>" in report_page(result, name="<tiles>.png")
    True
    """
    pictures = shown_pictures(result, source)
    title = f"{name}, deblurred" if name else "A deblurred picture"
    return page(title, sections(result, pictures, warnings), element("p", summary(result, pictures), class_="summary"))


def page(title: str, contents: Html, beginning: Html | None = None) -> str:
    """Put contents into a page of their own.

    Parameters
    ----------
    title : str
    contents, beginning : Html
        The latter stands below the title.

    Returns
    -------
    str

    Examples
    --------
    >>> "script-src 'sha256-" in page("Nothing", element("p", "There is nothing."))
    True
    """
    style, script = stylesheet(), program()
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return Template(_read("page.html")).substitute(
        policy=policy,
        version=__version__,
        title=text(title),
        style=style,
        script=script,
        summary=beginning or "",
        sections=contents,
        date=datetime.now(timezone.utc).strftime("%Y-%m-%d at %H:%M UTC"),
    )


def stylesheet() -> str:
    """Return the style sheet of all sections."""
    return _read("page.css")


def program() -> str:
    """Return the script that brings comparisons to life: those of the page itself, and those that it is handed later."""
    return _read("page.js")


def _read(name: str) -> str:
    return resources.files("pydeblur.report").joinpath(name).read_text(encoding="utf-8")


def _hash(contents: str) -> str:
    """What a content security policy says for the one style or script that it allows: CSP 3, section 2.3.1."""
    return f"sha256-{base64.b64encode(hashlib.sha256(contents.encode()).digest()).decode()}"
