"""HTML and SVG elements from Python values: whatever is not marked up already is escaped."""

from __future__ import annotations

from html import escape

#: Elements that have no contents and no end tag.
_VOID = frozenset({"br", "img", "input", "link", "meta"})


class Html(str):
    """Text that is marked up already."""

    __slots__ = ()


def text(value) -> Html:
    """A value as text of a page.

    Parameters
    ----------
    value : object
        What is :class:`Html` already stays as it is.

    Returns
    -------
    Html
        Escaped for contents and for quoted attributes. Spaces of all kinds become ordinary ones; characters that can't be
        shown, among them those that turn the direction of writing and single bytes of file names, become their escape sequences.

    Examples
    --------
    >>> text("<b>.png"), text("a\\u202egnp.exe")
    ('&lt;b&gt;.png', 'a\\\\u202egnp.exe')
    """
    if isinstance(value, Html):
        return value
    shown = str(value)
    if not shown.isprintable():
        shown = "".join(map(_shown_character, shown))
    return Html(escape(shown, quote=True))


def _shown_character(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() else character.encode("ascii", "backslashreplace").decode()


def joined(parts, between: str = "") -> Html:
    """Several values one after the other, each as :func:`text` gives it.

    Examples
    --------
    >>> joined(["a < b", element("b", "c")], ", ")
    'a &lt; b, <b>c</b>'
    """
    return Html(text(between).join(text(part) for part in parts))


def element(name: str, *contents, **attributes) -> Html:
    """An element.

    Parameters
    ----------
    name : str
        Its tag.
    *contents : object
        Elements and texts; None is left out.
    **attributes : object
        A trailing underscore is dropped and others become hyphens: ``class_``, ``aria_label``. True is an attribute without a
        value; None and False leave it out; a floating number is written in at most six significant digits.

    Returns
    -------
    Html

    Examples
    --------
    >>> element("p", "5 < 6", element("br"), class_="note", hidden=True, title=None)
    '<p class="note" hidden>5 &lt; 6<br></p>'
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items() if value is not None)
    if name in _VOID:
        return Html(f"<{name}{written}>")
    inner = "".join(text(part) for part in contents if part is not None)
    return Html(f"<{name}{written}>{inner}</{name}>")


def _attribute(key: str, value) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    if value is False:
        return ""
    shown = f"{value:.6g}" if isinstance(value, float) else text(value)
    return f' {name}="{shown}"'


def table(caption: str, head, rows, label: str | None = None, hidden_caption: bool = False) -> Html:
    """A table with a heading for every column and row; a wide one scrolls by itself and not the page.

    Parameters
    ----------
    caption : str
    head : sequence of str
        One heading for each column.
    rows : iterable of sequence
        The first entry of each is the row's heading. A row may be a pair of its class and its entries.
    label : str, optional
        Name of the area that scrolls; by default the caption.
    hidden_caption : bool
        Whether the caption is for screen readers alone, because a visible heading says the same.

    Returns
    -------
    Html

    Examples
    --------
    >>> print(table("Sizes", ["picture", "pixels"], [["photo.jpg", "4000 × 3000"]]).count("scope"))
    3
    """
    body = []
    for row in rows:
        kind, entries = (row[0] or None, row[1]) if isinstance(row, tuple) else (None, row)
        first, *others = entries
        body.append(
            element("tr", element("th", first, scope="row"), *(element("td", each) for each in others), class_=kind)
        )
    made = element(
        "table",
        element("caption", caption, class_="unseen" if hidden_caption else None),
        element("thead", element("tr", *(element("th", name, scope="col") for name in head))),
        element("tbody", *body),
    )
    return element("div", made, class_="wide", tabindex="0", role="region", aria_label=label or caption)
