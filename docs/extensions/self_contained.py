"""A check of the finished pages: whatever a browser loads to show one has to come with the site.

The site is read from a folder as well as from a server, and readers need not be known to third parties.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from sphinx.util import logging

_LOGGER = logging.getLogger(__name__)
#: Elements to the attribute that names what a browser loads for them; links that a reader may follow are none of these.
_LOADED = {
    "script": "src",
    "link": "href",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "object": "data",
}
#: Relations of <link> that nothing is loaded for.
_NOT_LOADED = {"canonical", "author", "license", "search", "index", "prev", "next", "alternate"}
_IN_STYLE_SHEET = re.compile(r"""(?:url\(\s*|@import\s+)["']?((?:https?:)?//[^"')\s]+)""")


def setup(app):
    """Check all pages and style sheets after they have been written."""
    app.connect("build-finished", _check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def loaded_from_elsewhere(page: str) -> list[str]:
    """Addresses of other hosts that a browser loads for an HTML page.

    Parameters
    ----------
    page : str
        Its source.

    Returns
    -------
    list of str
        In their order.

    Examples
    --------
    >>> loaded_from_elsewhere('<a href="https://example.org">text</a><script src="https://example.org/x.js"></script>')
    ['https://example.org/x.js']
    """
    reader = _LoadedAddresses()
    reader.feed(page)
    return [address for address in reader.found if re.match(r"(https?:)?//", address)] + _IN_STYLE_SHEET.findall(page)


class _LoadedAddresses(HTMLParser):
    """Collects what a browser loads."""

    def __init__(self):
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        relations = set((attributes.get("rel") or "").split())
        if tag in _LOADED and not (tag == "link" and relations & _NOT_LOADED):
            self.found.append(attributes.get(_LOADED[tag]) or "")


def _check(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    for path in sorted(Path(app.outdir).rglob("*.html")):
        for address in loaded_from_elsewhere(path.read_text(encoding="utf-8")):
            _LOGGER.warning("%s loads %s from another host", path.relative_to(app.outdir), address)
    for path in sorted(Path(app.outdir).rglob("*.css")):
        for address in _IN_STYLE_SHEET.findall(path.read_text(encoding="utf-8")):
            _LOGGER.warning("%s loads %s from another host", path.relative_to(app.outdir), address)
