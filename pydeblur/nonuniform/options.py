"""The options of the non-uniform solver."""

from __future__ import annotations

from dataclasses import dataclass

from pydeblur.nonuniform.models import MODELS
from pydeblur.options import COUNT, NOT_NEGATIVE, POSITIVE, check_options, documented, from_to, one_of, option
from pydeblur.solver.options import SolverOptions, solver_options

#: What differs from the uniform solver's defaults: measured on photographs with known shakes (benchmarks/nonuniform.py).
_SOLVER = {
    "lambda_grad": 1.6e-2,
    "lambda_decay": 1.1,
    # With more iterations the poses drift, at no gain in the mean.
    "iterations": 4,
    # Beyond this the latent picture is as good as it gets.
    "alpha_max": 1e3,
    # The weights are trimmed after each iteration, see NonuniformOptions.
    "kernel_threshold": 0.0,
    "dtype": "float32",
}


@documented
@dataclass(frozen=True)
class NonuniformOptions:
    """What eq. (14)-(17) need beside the options of the uniform solver.

    Examples
    --------
    >>> NonuniformOptions().poses
    'roll-xy'
    """

    poses: str = option(
        one_of(*MODELS),
        "The camera's motion: rotation about the optical axis with translations, or all three rotations.",
        "roll-xy",
        flag="poses",
    )
    focal_length: float | None = option(
        POSITIVE,
        "Focal length in pixels, which only the three rotations depend on; None is the picture's longer side.",
        None,
        flag="focal-length",
        metavar="PX",
        may_be_none=True,
    )
    pose_step: float = option(
        from_to(0.2, 4.0),
        "Distance of neighbouring poses, in pixels that they move the picture's corners by, at every scale.",
        0.7,
        flag="pose-step",
        metavar="PX",
    )
    patch_rows: int = option(COUNT, "Rows of patches in which the blur counts as uniform while it is estimated.", 12)
    patch_columns: int = option(COUNT, "Columns of such patches.", 16)
    smallest_patch_step: float = option(
        POSITIVE,
        "There are fewer patches where their centres would lie less than so many pixels, or a kernel's size, apart.",
        8.0,
    )
    weight_penalty: float = option(NOT_NEGATIVE, "γ of eq. (17), the weight of the norm of the pose weights.", 10.0)
    smoothness: float = option(
        NOT_NEGATIVE, "Weight of the squared differences of neighbouring poses' weights, beside γ.", 10.0
    )
    threshold_share: float = option(
        from_to(0.001, 1.0),
        "At each scale the gradients' threshold starts at this share of the uniform solver's: where the blur changes, weak\n"
        "gradients from all over the picture are worth more than a few strong ones.",
        0.12,
    )
    latent_smoothing: float = option(
        from_to(0.0, 3.0),
        "Width in pixels of the Gaussian that smooths the latent picture's gradients for eq. (17): the steps of eq. (16) are\n"
        "sharper than a photograph's edges, and the poses would spread to make up for the difference.",
        0.4,
    )
    weight_iterations: int = option(COUNT, "Iterations of the quasi-Newton method for eq. (17).", 30)
    weight_trim: float = option(
        from_to(0.0, 0.9),
        "After each iteration the smallest pose weights, which together make up this share of all, become 0. The faint parts\n"
        "of a path count as much as the places where the camera stayed, so that no weight is measured by the largest.",
        0.06,
    )
    reach: int = option(
        COUNT, "A pose takes part in eq. (17) if it is at most so many steps from one that has a weight.", 1
    )

    def __post_init__(self):
        check_options(self)


def nonuniform_solver_options(kernel_size: int, **fields) -> SolverOptions:
    """Return the options of the solver with the defaults that suit non-uniform blur.

    Parameters
    ----------
    kernel_size : int
        Odd; poses that move a corner of the picture by more than half of it are left out.
    **fields
        Fields of :class:`~pydeblur.solver.SolverOptions`, which win.

    Returns
    -------
    SolverOptions

    Raises
    ------
    InvalidOptionError
        If a name is unknown or a value is out of its range.

    Examples
    --------
    >>> nonuniform_solver_options(25).lambda_grad
    0.016
    """
    return solver_options({"kernel_size": kernel_size, **_SOLVER, **fields})
