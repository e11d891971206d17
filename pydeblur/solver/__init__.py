"""The blind solver of section 4: pyramid → (latent ⇄ kernel); priors are handed in."""

from pydeblur.solver.coarse_to_fine import (
    BlindDeconvolution,
    CoarseToFine,
    blind_deconv,
    check_blurred_image,
    iteration_count,
)
from pydeblur.solver.options import SolverOptions
from pydeblur.solver.records import History, IterationRecord, ProgressBar

__all__ = [
    "BlindDeconvolution",
    "CoarseToFine",
    "History",
    "IterationRecord",
    "ProgressBar",
    "SolverOptions",
    "blind_deconv",
    "check_blurred_image",
    "iteration_count",
]
