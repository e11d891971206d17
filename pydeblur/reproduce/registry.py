"""Tables and figures by name."""

from __future__ import annotations

from importlib import import_module

from pydeblur.errors import InvalidOptionError

#: Item to its module and one line of help; a module has ``reproduce(data, out, **options)``.
ITEMS = {
    "fig1": ("pydeblur.reproduce.fig1", "ratios of the L0 gradient, the dark channel and f between clear and blurred"),
    "fig10a": ("pydeblur.reproduce.fig10a", "accuracy of the classifiers against the down-sampling ratio"),
    "fig11": ("pydeblur.reproduce.fig11", "activations of the last convolution on a blurred and a clear image"),
}


def reproduce(item: str, data, out, **options):
    """Make one table or figure in the folder `out`; returns the paths written.

    Raises
    ------
    InvalidOptionError
        If the item is unknown.
    """
    if item not in ITEMS:
        raise InvalidOptionError(f"the item should be one of {', '.join(ITEMS)}, but is {item!r}")
    return import_module(ITEMS[item][0]).reproduce(data, out, **options)
