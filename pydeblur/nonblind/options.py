"""The options of every final step, by the step's name."""

from __future__ import annotations

from dataclasses import dataclass

from pydeblur.backend.threads import THREADS
from pydeblur.options import check_options, documented, from_to, option, whole_from_to

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
class SaturationOptions(FinalStepOptions):
    """Options of the final step "whyte".

    Examples
    --------
    >>> SaturationOptions().iterations
    50
    """

    iterations: int = option(whole_from_to(1, 10_000), "Iterations of the Richardson-Lucy method.", 50)


#: Name of a final step to its options.
OPTIONS = {
    "ringing": RingingRemovalOptions,
    "tv": TotalVariationOptions,
    "l0": SparseGradientOptions,
    "hyper-laplacian": HyperLaplacianOptions,
    "epll": PatchLikelihoodOptions,
    "whyte": SaturationOptions,
}
#: The final step that is used where none is named.
DEFAULT = "ringing"
