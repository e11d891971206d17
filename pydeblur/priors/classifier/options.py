"""Options of the network and of the learned prior."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike

from pydeblur.backend.threads import THREADS
from pydeblur.options import Kind, check_options, documented, one_of, option

BACKENDS = ("onnxruntime", "torch", "numpy")
FORMS = ("probability", "nll", "logit")

WEIGHTS = Kind(
    "the name of shipped weights or the path of an ONNX file",
    lambda value: isinstance(value, (str, PathLike)) and bool(str(value)),
    str,
    "str or path",
)


@documented
@dataclass(frozen=True)
class NetworkOptions:
    """Which weights a network has, and what computes it.

    Examples
    --------
    >>> NetworkOptions("classifier-compact").backend
    'onnxruntime'
    """

    weights: object = option(
        WEIGHTS,
        "Weights that come with the package, by their name, or an ONNX file from ``pydeblur export``.",
        "classifier-paper",
        flag="weights",
        metavar="W",
    )
    backend: str = option(
        one_of(*BACKENDS),
        "What computes the network: ONNX Runtime, PyTorch with its automatic differentiation, or the NumPy reference.",
        "onnxruntime",
        flag="backend",
    )
    device: str = option(
        one_of("cpu", "cuda", "auto"),
        '"auto" takes a GPU where the backend finds one, else says so once and takes the CPU.',
        "cpu",
    )
    threads: int | None = option(
        THREADS, "Threads on the CPU; None is as many as there are processors to run on.", None, may_be_none=True
    )

    def __post_init__(self):
        check_options(self)


@documented
@dataclass(frozen=True)
class ClassifierOptions(NetworkOptions):
    """Options of the learned prior: of its network, and the form of the prior.

    Examples
    --------
    >>> ClassifierOptions("classifier-compact").form
    'probability'
    """

    form: str = option(
        one_of(*FORMS),
        "What the prior is: the probability f of being blurred, eq. (4)'s; -log(1 - f), the negative log-likelihood of being\n"
        "clear; or log(f / (1 - f)). The last two have a gradient where f is close to 0 or 1.",
        "probability",
        flag="form",
    )
