"""The options of every final step, by the step's name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING

from pydeblur.backend.threads import THREADS
from pydeblur.errors import InvalidOptionError
from pydeblur.options import Kind, check_options, documented, from_to, one_of, option, shown, whole_from_to

if TYPE_CHECKING:
    import numpy as np

#: The name of the final step with a denoiser of the caller's own.
PLUG_AND_PLAY = "plug-and-play"
#: The name of the final step that a network makes.
LEARNED = "learned"
_WEIGHTS = Kind(
    "the name of shipped weights or the path of an ONNX file",
    lambda value: isinstance(value, (str, PathLike)) and bool(str(value)),
    str,
    "str or path",
)
_DENOISER = Kind("a callable, denoiser(image, sigma) -> image", callable, str, "callable")
# By their names, since the command line's help has no need of NumPy.
_SWITCH = Kind("True or False", lambda value: type(value).__name__ in ("bool", "bool_"), bool, "bool")
#: TV's penalty runs from 1 / lambda_tv down to 0.001: from 1000 on there would be no step at all.
_TV_WEIGHT = from_to(1e-9, 999.0)


@documented
@dataclass(frozen=True)
class FinalStepOptions:
    """The option that all final steps have in common.

    Examples
    --------
    >>> FinalStepOptions().workers
    1
    """

    workers: int = option(THREADS, "Threads of the Fourier transforms.", 1)

    def __post_init__(self):
        check_options(self)


@documented
@dataclass(frozen=True)
class TotalVariationOptions(FinalStepOptions):
    """Options of the final step "tv".

    Examples
    --------
    >>> TotalVariationOptions().lambda_tv
    0.001
    """

    lambda_tv: float = option(
        _TV_WEIGHT, "How strongly noise is smoothed away (the weight of the total variation).", 1e-3, flag="lambda-tv"
    )


@documented
@dataclass(frozen=True)
class SparseGradientOptions(FinalStepOptions):
    """Options of the final step "l0".

    Examples
    --------
    >>> SparseGradientOptions(lambda_l0=1e-3).growth
    2.0
    """

    lambda_l0: float = option(
        from_to(0.0, 1e9),
        "How flat areas become between strong edges (the weight of the L0 norm of the gradients).",
        5e-4,
        flag="lambda-l0",
    )
    growth: float = option(
        from_to(1.001, 1e3), "Factor of the penalty from one step to the next, κ in the MATLAB family.", 2.0
    )


@documented
@dataclass(frozen=True)
class RingingRemovalOptions(FinalStepOptions):
    """Options of the final step "ringing".

    Examples
    --------
    >>> RingingRemovalOptions().weight_ring
    1.0
    """

    lambda_tv: float = option(
        _TV_WEIGHT, "How strongly noise is smoothed away (the weight of the total variation).", 1e-3, flag="lambda-tv"
    )
    lambda_l0: float = option(
        from_to(0.0, 1e9),
        "How flat areas become between strong edges (the weight of the L0 norm of the gradients).",
        5e-4,
        flag="lambda-l0",
    )
    weight_ring: float = option(
        from_to(0.0, 1e6),
        "How strongly rings beside edges are removed; 0 leaves the result of total variation.",
        1.0,
        flag="weight-ring",
    )


@documented
@dataclass(frozen=True)
class HyperLaplacianOptions(FinalStepOptions):
    """Options of the final step "hyper-laplacian".

    Examples
    --------
    >>> HyperLaplacianOptions().lambda_hl is None
    True
    """

    lambda_hl: float | None = option(
        from_to(1e-9, 1e6),
        "How strongly noise is smoothed away (the weight of the hyper-Laplacian |∇I|^α); None follows the noise found in\n"
        "the image.",
        None,
        flag="lambda-hl",
        may_be_none=True,
    )
    exponent: float = option(
        from_to(0.01, 1.0),
        "How much weak edges are suppressed against strong ones (the exponent α): the smaller, the more.",
        2 / 3,
        flag="exponent",
    )


@documented
@dataclass(frozen=True)
class PatchLikelihoodOptions(FinalStepOptions):
    """Options of the final step "epll".

    Examples
    --------
    >>> PatchLikelihoodOptions().noise
    0.01
    """

    noise: float = option(
        from_to(1e-4, 1.0),
        "How noisy the image is: the standard deviation of its noise, of intensities from 0 to 1.",
        0.01,
        flag="noise",
    )


@documented
@dataclass(frozen=True)
class LearnedOptions(FinalStepOptions):
    """Options of the final step "learned".

    Examples
    --------
    >>> LearnedOptions(noise=0.01).weights
    'restoration'
    """

    noise: float | None = option(
        from_to(0.0, 1.0),
        "How noisy the image is: the standard deviation of its noise, of intensities from 0 to 1.",
        None,
        flag="noise",
        may_be_none=True,
    )
    weights: object = option(
        _WEIGHTS,
        "Weights of the network that makes the final step learned: those that come with the package, by their name, or an ONNX\n"
        "file from ``pydeblur train-restoration``.",
        "restoration",
        flag="restoration-weights",
        metavar="W",
    )
    device: str = option(
        one_of("cpu", "cuda", "auto"),
        "What computes the network of the final step learned: with auto a GPU where ONNX Runtime finds one, else the CPU.",
        "cpu",
        flag="restoration-device",
    )


@documented
@dataclass(frozen=True)
class SaturationOptions(FinalStepOptions):
    """Options of the final step "whyte".

    Examples
    --------
    >>> SaturationOptions().iterations
    50
    """

    iterations: int = option(whole_from_to(1, 10_000), "Iterations of the Richardson-Lucy method.", 50)
    light_gamma: float = option(
        from_to(0.2, 5.0),
        "The blur adds up intensities to this power: 2.2 is linear light, in which a camera blurs, and 1 the stored values.",
        2.2,
        flag="light-gamma",
    )


@documented
@dataclass(frozen=True, kw_only=True)
class PlugAndPlayOptions(FinalStepOptions):
    """Options of the final step "plug-and-play".

    Examples
    --------
    >>> PlugAndPlayOptions(denoiser=lambda image, sigma: image).iterations
    8
    """

    denoiser: Callable[[np.ndarray, float], np.ndarray] = option(  # noqa: RUF009 - a field, as all options are
        _DENOISER,
        "What removes noise: it is called with an image (H, W) in float64 within [0, 1] and with the standard deviation of the\n"
        "noise, and returns an image of the same shape and scale.",
    )
    noise: float | None = option(
        from_to(1e-4, 1.0),
        "How noisy the image is: the standard deviation of its noise, of intensities from 0 to 1; None is what is found in the\n"
        "image.",
        None,
        may_be_none=True,
    )
    iterations: int = option(whole_from_to(1, 1000), "How often the denoiser is called for each channel.", 8)
    jointly: bool = option(
        _SWITCH, "Whether the denoiser is given the channels of a colour image together, as (H, W, 3).", False
    )

    def __post_init__(self):
        check_denoiser(self.denoiser)
        super().__post_init__()


def check_denoiser(denoiser) -> None:
    """Check that an object can be called as a denoiser.

    Raises
    ------
    InvalidOptionError
        If it can't be called, or is a class.

    Examples
    --------
    >>> class Smoothing:
    ...     def __call__(self, image, sigma):
    ...         return image
    >>> check_denoiser(Smoothing())
    >>> check_denoiser(Smoothing)
    Traceback (most recent call last):
        ...
    pydeblur.errors.InvalidOptionError: denoiser should be an instance, not a class: write denoiser=Smoothing(...)
    """
    if isinstance(denoiser, type):
        name = denoiser.__name__[:40]
        raise InvalidOptionError(f"denoiser should be an instance, not a class: write denoiser={name}(...)")
    if not callable(denoiser):
        raise InvalidOptionError(
            f"denoiser should be a callable, denoiser(image, sigma) -> image, but is {shown(denoiser)}"
        )


#: Name of a final step to its options.
OPTIONS = {
    "ringing": RingingRemovalOptions,
    "tv": TotalVariationOptions,
    "l0": SparseGradientOptions,
    "hyper-laplacian": HyperLaplacianOptions,
    "epll": PatchLikelihoodOptions,
    LEARNED: LearnedOptions,
    "whyte": SaturationOptions,
}
#: The final step that is used where none is named.
DEFAULT = "ringing"
