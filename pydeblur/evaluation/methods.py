"""The blind methods of the package under the names that tables and figures use."""

from __future__ import annotations

from dataclasses import dataclass

from pydeblur.errors import InvalidOptionError
from pydeblur.estimators.presets import PRESETS
from pydeblur.evaluation.protocols import Protocol


@dataclass(frozen=True)
class Method:
    """A blind method.

    ``preset`` and ``prior`` are those of :func:`pydeblur.deblur`; ``paper`` is the row of the paper's tables that it
    stands for, None if there is none.
    """

    label: str
    preset: str | None = None
    prior: str | None = None
    paper: str | None = None

    def protocol(self, benchmark: str, **fields) -> Protocol:
        """What is run on every case of a benchmark; `fields` are further ones of Protocol."""
        resolved = Protocol(benchmark, preset=self.preset, prior=self.prior).resolved()
        # Networks have one thread: times and last bits do not depend on the machine.
        one_thread = {"threads": 1}
        prior_options = {
            **(one_thread if resolved.prior.options is not None else {}),
            **fields.pop("prior_options", {}),
        }
        options = {"prior_options": prior_options, "ranking_options": one_thread if resolved.variants else {}}
        return Protocol(benchmark, preset=self.preset, prior=self.prior, **options, **fields)


_PRESET_LABELS = {
    "faithful": "learned prior, the paper's method",
    "fast": "learned prior, compact network, fewer steps",
    "best": "several runs, of which a ranking network chooses the best",
}

METHODS = {
    "gradient": Method("L0 gradients", prior="gradient", paper="Xu et al. [38]"),
    # λ = μ = 0.004, no gamma: the solver's defaults are the text method's own values.
    "intensity": Method("L0 intensities and gradients", prior="intensity", paper="Pan et al. [26] (Text deblurring)"),
    **{
        name: Method(_PRESET_LABELS.get(name, f"preset {name}"), name, paper="Ours" if name == "faithful" else None)
        for name in PRESETS
    },
}


def chosen_methods(wanted, known=tuple(METHODS)) -> tuple[str, ...]:
    """The methods to run: those wanted, in the order of the known ones; by default all.

    Raises
    ------
    InvalidOptionError
        If one is unknown, or none is wanted.
    """
    if wanted is None:
        return tuple(known)
    unknown = next((name for name in wanted if name not in known), None)
    if unknown is not None or not wanted:
        given = ", ".join(wanted) or "none"
        raise InvalidOptionError(f"the methods should be some of {', '.join(known)}, but are {given}")
    return tuple(name for name in known if name in wanted)
