"""The page's own files: HTML, style and script, as they are installed."""

from __future__ import annotations

from functools import cache
from importlib import resources
from string import Template

from pydeblur.serve.limits import MEGABYTE, Limits
from pydeblur.version import __version__


@cache
def page_file(name: str) -> str:
    """Return the contents of one of them.

    Parameters
    ----------
    name : str

    Returns
    -------
    str

    Examples
    --------
    >>> page_file("page.html").startswith("<!DOCTYPE html>")
    True
    """
    return resources.files("pydeblur.serve").joinpath(name).read_text(encoding="utf-8")


def start_page(limits: Limits) -> str:
    """Return the page itself, which tells how large a picture may be.

    Parameters
    ----------
    limits : Limits

    Returns
    -------
    str

    Examples
    --------
    >>> "200 MB" in start_page(Limits())
    True
    """
    return Template(page_file("page.html")).substitute(
        version=__version__,
        upload_bytes=limits.upload_bytes,
        megabytes=f"{limits.upload_bytes / MEGABYTE:g}",
        megapixels=f"{limits.pixels / 1e6:g}",
    )
