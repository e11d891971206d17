"""The blind methods of the package under the names that tables and figures use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydeblur.errors import InvalidOptionError
from pydeblur.estimators.presets import PRESETS
from pydeblur.estimators.registry import preset_and_prior
from pydeblur.evaluation.protocols import Protocol
from pydeblur.evaluation.store import Request, Task
from pydeblur.evaluation.stored_kernels import StoredKernels, find_kernels


@dataclass(frozen=True)
class Method:
    """A blind method.

    ``preset`` and ``prior`` are those of :func:`pydeblur.deblur`, ``method`` an estimator with a loop of its own; ``paper``
    is the row of the paper's tables that it stands for, None if there is none.
    """

    label: str
    preset: str | None = None
    prior: str | None = None
    paper: str | None = None
    method: str | None = None

    def protocol(self, benchmark: str, **fields) -> Protocol:
        """What is run on every case of a benchmark; `fields` are further ones of Protocol."""
        if self.method is not None:
            return Protocol(benchmark, method=self.method, **fields)
        solver = preset_and_prior(self.prior, fields.pop("solver", {}))[2] if self.prior else fields.pop("solver", {})
        fields["solver"] = solver
        resolved = Protocol(benchmark, preset=self.preset, prior=self.prior).resolved()
        # Networks have one thread: times and last bits do not depend on the machine.
        one_thread = {"threads": 1}
        prior_options = {
            **(one_thread if hasattr(resolved.prior.options, "threads") else {}),
            **fields.pop("prior_options", {}),
        }
        options = {"prior_options": prior_options, "ranking_options": one_thread if resolved.variants else {}}
        return Protocol(benchmark, preset=self.preset, prior=self.prior, **options, **fields)


@dataclass(frozen=True)
class StoredMethod:
    """A method of which only kernels in files are there.

    ``paper`` is the row of the paper's tables that has its very name, None if there is none.
    """

    name: str
    kernels: StoredKernels

    label = "stored kernels"

    @property
    def paper(self) -> str | None:
        """The row of the paper's tables."""
        return self.name

    def protocol(self, benchmark: str, **fields) -> Protocol:
        """What is run on every case of a benchmark; `fields` are those of the final step."""
        return Protocol(benchmark, kernels=self.kernels, **fields)


_PRESET_LABELS = {
    "faithful": "learned prior, the paper's method",
    "fast": "learned prior, compact network, fewer steps",
    "best": "several runs, of which a ranking network chooses the best",
}

METHODS = {
    "gradient": Method("L0 gradients", prior="gradient", paper="Xu et al. [38]"),
    # λ = μ = 0.004, no gamma: the solver's defaults are the text method's own values.
    "intensity": Method("L0 intensities and gradients", prior="intensity", paper="Pan et al. [26] (Text deblurring)"),
    "dark_channel": Method("dark channel", prior="dark_channel", paper="Pan et al. [27] (Dark channel)"),
    "extreme_channels": Method("dark and bright channel", prior="extreme_channels", paper="Yan et al. [40]"),
    "pmp": Method("patch-wise minimal pixels", prior="pmp"),
    # A control of the learned prior: the same splitting without a network.
    "null": Method("null prior: the β loop alone", prior="null"),
    "normalized_sparsity": Method("normalised sparsity", method="normalized_sparsity", paper="Krishnan et al. [16]"),
    "marginal": Method("marginal likelihood", method="marginal", paper="Levin et al. [20]"),
    "cho_lee": Method("fast motion deblurring", method="cho_lee", paper="Cho and Lee [4]"),
    "xu_jia": Method("two-phase kernel estimation", method="xu_jia", paper="Xu and Jia [36]"),
    **{
        name: Method(_PRESET_LABELS.get(name, f"preset {name}"), name, paper="Ours" if name == "faithful" else None)
        for name in PRESETS
    },
}

#: Names of priors by which :func:`pydeblur.deblur` and the commands know a method, to the method's name here.
_PRIORS_OF_METHODS = {"classifier": "faithful"}

#: Methods for some pictures only: they are run where they are asked for by their name.
SPECIAL_METHODS = {
    "light_streaks": Method("light streaks", method="light_streaks", paper="Hu et al. [11]"),
}


def requested_methods(request: Request, benchmark: str, others=()) -> dict[str, Method | StoredMethod]:
    """The methods that a request asks for, by name: the package's own, then those with stored kernels.

    `others` are names of an item's other rows, which stored kernels can't have.

    Raises
    ------
    InvalidOptionError
        See :func:`own_methods` and :func:`stored_methods`.
    FileFormatError
        See :func:`stored_methods`.
    """
    own = {name: METHODS[name] for name in own_methods(request)}
    return {**own, **stored_methods(request, benchmark, (*METHODS, *others))}


def own_methods(request: Request, known=tuple(METHODS)) -> tuple[str, ...]:
    """The package's methods that a request asks for, see :func:`chosen_methods`; beside stored kernels it can be none."""
    return () if request.kernels and request.methods == () else chosen_methods(request.methods, known)


def stored_methods(request: Request, benchmark: str, known=tuple(METHODS)) -> dict[str, StoredMethod]:
    """The methods that a request has stored kernels of, by name.

    Raises
    ------
    InvalidOptionError
        If one has the name of another method.
    FileFormatError
        If the stored kernels are none, see :func:`pydeblur.evaluation.stored_kernels.find_kernels`.
    """
    found: dict[str, StoredMethod] = {}
    for name, folder in request.kernels:
        if name in known or name in found:
            raise InvalidOptionError(f"stored kernels should have a name that no other method has, but have {name!r}")
        found[name] = StoredMethod(name, find_kernels(folder, benchmark, request.data))
    return found


def stored_method(request: Request, task: Task) -> StoredMethod:
    """The method of a task for which :func:`stored_methods` has found a kernel."""
    described = task.options["stored_kernel"]
    path = Path(dict(request.kernels)[task.method]) / described["file"]
    return StoredMethod(task.method, StoredKernels({task.case: path}, described["convention"]))


def method_of(request: Request, task: Task) -> Method | StoredMethod:
    """The method of a task, by its name."""
    return METHODS[task.method] if task.method in METHODS else stored_method(request, task)


def chosen_methods(wanted, known=tuple(METHODS)) -> tuple[str, ...]:
    """The methods to run: those wanted, in the order of the known ones; by default all.

    The prior `classifier` stands for the paper's own method, `faithful`.

    Raises
    ------
    InvalidOptionError
        If one is unknown, or none is wanted.
    """
    if wanted is None:
        return tuple(known)
    other_names = {prior: name for prior, name in _PRIORS_OF_METHODS.items() if prior not in known and name in known}
    wanted = tuple(other_names.get(name, name) for name in wanted)
    unknown = next((name for name in wanted if name not in known), None)
    if unknown is not None or not wanted:
        given = ", ".join(wanted) or "none"
        raise InvalidOptionError(f"the methods should be some of {', '.join(known)}, but are {given}")
    return tuple(name for name in known if name in wanted)
