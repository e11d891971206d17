"""Every table and figure of the paper from one command each: a module per item, with a function ``reproduce(request)``."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from pydeblur.errors import InvalidOptionError

if TYPE_CHECKING:  # the command line's help has no need of NumPy
    from pydeblur.evaluation.store import Request


@dataclass(frozen=True)
class Item:
    """A module with ``reproduce(request)``, one line of help, and which fields of Request mean something to it."""

    module: str
    summary: str
    takes: tuple[str, ...] = ()

    def reproduce(self, request: Request, **options) -> list:
        """Make it; returns the paths written."""
        return import_module(f"pydeblur.reproduce.{self.module}").reproduce(request, **options)


_BENCHMARK = ("methods", "subset")
_SCORED = (*_BENCHMARK, "kernels")
#: In the order in which all of them are made: first what is quick.
ITEMS = {
    "fig1": Item("fig1", "ratios of the L0 gradient, the dark channel and f between clear and blurred"),
    "fig11": Item("fig11", "activations of the last convolution on a blurred and a clear image"),
    "fig10a": Item("fig10a", "accuracy of the classifiers against the down-sampling ratio"),
    "fig12": Item("fig12", "latent images and kernels on the way, for each prior", ("methods",)),
    "fig14": Item("fig14", "salt-and-pepper noise, and the median filter against it", ("methods",)),
    "table2": Item("table2", "run times, next to matlab_ref in GNU Octave", _BENCHMARK),
    "fig10b": Item("fig10b", "Levin et al.: error ratios with and without each of the two priors", _SCORED),
    "fig13": Item("fig13", "Levin et al.: kernel similarity and energy over 50 iterations", _BENCHMARK),
    "fig9": Item("fig9", "blur that changes over the picture: one kernel against a camera that turned", _BENCHMARK),
    "fig4": Item("fig4", "a photo of Köhler et al.'s by each method; its sheet is not for publication", ("methods",)),
    "figs5to8": Item("figs5to8", "real photographs by each method; its sheets are not for publication", _BENCHMARK),
    "table1": Item("table1", "text images: mean PSNR", _SCORED),
    "fig3a": Item("fig3a", "Köhler et al.: PSNR, a surrogate unless --frames is given", (*_SCORED, "frames")),
    "fig3b": Item("fig3b", "Sun et al.: error ratios, EPLL as the final step", _SCORED),
}
ALL = "all"


def reproduce(item: str, request: Request, **options) -> list:
    """Make one table or figure, or all; returns the paths written.

    Parameters
    ----------
    item : str
        One of `ITEMS`, or "all".
    request : Request
    **options
        Further ones of the item's own function.

    Raises
    ------
    InvalidOptionError
        If the item is unknown, or takes no such request.
    """
    from pydeblur.datasets import NAMES, load
    from pydeblur.files import make_folder

    if item != ALL and item not in ITEMS:
        raise InvalidOptionError(f"the item should be one of {', '.join(ITEMS)} or {ALL}, but is {item!r}")
    chosen = list(ITEMS.values()) if item == ALL else [ITEMS[item]]
    if request.methods is not None and (item == ALL or "methods" not in ITEMS[item].takes):
        raise InvalidOptionError(f"methods can't be chosen for {item}")
    if request.kernels and (item == ALL or "kernels" not in ITEMS[item].takes):
        raise InvalidOptionError(f"{item} has no place for stored kernels")
    if item != ALL:
        for name in ("subset", "frames"):
            if getattr(request, name) is not None and name not in ITEMS[item].takes:
                raise InvalidOptionError(f"{item} has no {name}")
    if item == ALL:
        # The last items take days: what they need is looked for first.
        for name in NAMES:
            load(name, request.data)
    make_folder(request.out)
    return [path for entry in chosen for path in entry.reproduce(request, **options)]
