"""All choices of the blind solver in one frozen object."""

from __future__ import annotations

import math
import numbers
import re
from dataclasses import dataclass

from pydeblur.errors import InvalidOptionError

_DEVICE = re.compile(r"cpu|auto|((torch|cupy)/)?cuda(:\d+)?|torch/cpu")


@dataclass(frozen=True)
class SolverOptions:
    """Hyper-parameters of the coarse-to-fine solver; the defaults are section 6 of the paper in float64.

    Parameters
    ----------
    kernel_size : int
        Side of the square kernel to estimate: odd, at least 3.
    lambda_prior : float
        λ of eq. (4), the weight of the image prior, >= 0. Without a prior it is ignored.
    lambda_grad : float
        μ of eq. (4), the weight of the L0 norm of the gradients, >= 0.
    iterations : int
        iter_max of the paper: latent / kernel alternations per scale, >= 1.
    finest_iterations : int or None
        As many at the finest scale instead, >= 1; None is `iterations`, as in the paper. (Beyond the paper, whose Fig. 13
        shows that they do not converge in 5.)
    gamma_correct : float
        The image is raised to this power before anything else, > 0.
    prefilter : float
        Standard deviation in pixels of a Gaussian that the image is smoothed with before its kernel is estimated, >= 0;
        0 is none, as in the paper. The kernel stays the same, since convolutions commute, but noise loses its share in
        the gradients. Beyond the paper, as are `relative_kernel_weight`, `kernel_weight_pixels` and `noise_reference`.
    kernel_threshold : float
        Of the final kernel, what is below its maximum divided by this becomes 0: 0 keeps everything, else >= 1.
    kernel_weight : float
        γ of eq. (13), > 0.
    relative_kernel_weight : float
        Adds this times the energy of the gradients, ||∇I||², to γ, so that a dark or small image is regularised as much as
        a bright or large one, >= 0.
    kernel_weight_pixels : int or None
        So many pixels count in that energy at most, >= 1: of a larger image or scale it is that of so many average ones,
        since the more pixels there are to tell a kernel from, the less it has to be regularised. None counts all.
    noise_reference : float or None
        The noise (standard deviation, intensities in [0, 1]) that `prefilter` and `relative_kernel_weight` are meant for,
        > 0: they are multiplied by the ratio of the noise found in the image to it, and by the ratio's square, the
        ratio being at most 1.5. None takes them as they are.
    initial_kernel : {"row", "column"}
        How the two equal pixels lie that the coarsest scale starts from; the paper's family takes a row.
    kernel_solver : {"cg", "fft"}
        Conjugate gradients on the kernel's support (default), or the closed form without the support constraint.
    beta_start : float or None
        First β of eq. (7); None is 2λ (or what the prior asks for).
    beta_growth, beta_max : float
        β is multiplied by the growth while it is below the maximum.
    alpha_growth, alpha_max : float
        Likewise for α, which starts from 2μ.
    eta : float
        Step size of eq. (12), > 0.
    descent_steps : int
        s_max of Algorithm 1, >= 1.
    descent_tolerance : float
        The steps of eq. (12) end once one moves u by no more than this (max-norm), >= 0; with 0, the faithful mode,
        never.
    prior_scale : float or "pixels"
        w of eq. (12): 1 is the paper's letter, "pixels" is the number of pixels that the prior sees.
    prior_domain : {"crop", "padded"}
        What the prior sees: the image's own area (zero gradient outside), or the circularly padded image.
    finest_prior_scale : int
        The prior takes part at this scale and all coarser ones, >= 0: 0, the finest, is all of them, as in the paper; with
        2 the last two scales, from half the size on, are left to the L0 gradient prior. (Beyond the paper.)
    lambda_decay, lambda_min : float
        After each iteration λ and μ are divided by the decay, but not below the minimum; 0 stays 0.
    dtype : {"float64", "float32"}
        Arithmetic of the solver; float64 is the faithful mode.
    workers : int
        Threads of each FFT, >= 1; of several runs (the preset "best") as many at a time.
    device : str
        Where the solver computes: "cpu", the default, is NumPy and SciPy; "cuda" or "cuda:1" is a GPU, through CuPy if that
        is installed, else through PyTorch; "auto" is a GPU where one works, else the CPU. "torch/cpu", "torch/cuda" and
        "cupy/cuda" name the library, too.

    Raises
    ------
    InvalidOptionError
        If a value lies outside its range.
    """

    kernel_size: int
    lambda_prior: float = 4e-3
    lambda_grad: float = 4e-3
    iterations: int = 5
    gamma_correct: float = 1.0
    prefilter: float = 0.0
    kernel_threshold: float = 20.0
    kernel_weight: float = 2.0
    relative_kernel_weight: float = 0.0
    noise_reference: float | None = None
    initial_kernel: str = "row"
    kernel_solver: str = "cg"
    beta_start: float | None = None
    beta_growth: float = 2.0
    beta_max: float = 8.0
    alpha_growth: float = 2.0
    alpha_max: float = 1e5
    eta: float = 0.1
    descent_steps: int = 10
    descent_tolerance: float = 0.0
    prior_scale: float | str = "pixels"
    prior_domain: str = "crop"
    finest_prior_scale: int = 0
    lambda_decay: float = 1.1
    lambda_min: float = 1e-4
    dtype: str = "float64"
    workers: int = 1
    device: str = "cpu"
    finest_iterations: int | None = None
    kernel_weight_pixels: int | None = None

    def __post_init__(self):
        _require_odd(self, "kernel_size")
        _require_integer(self, "iterations", "descent_steps", "workers")
        for name in ("finest_iterations", "kernel_weight_pixels"):
            if getattr(self, name) is not None:
                _require_integer(self, name)
        if not is_integer(self.finest_prior_scale) or self.finest_prior_scale < 0:
            raise InvalidOptionError(
                f"finest_prior_scale should be a whole number of at least 0, but is {self.finest_prior_scale!r}"
            )
        _require_number(self, "at least 0", lambda x: x >= 0, "lambda_prior", "lambda_grad", "lambda_min")
        _require_number(self, "at least 0", lambda x: x >= 0, "prefilter", "relative_kernel_weight")
        _require_number(self, "at least 0", lambda x: x >= 0, "descent_tolerance")
        _require_number(self, "0 or at least 1", lambda x: x == 0 or x >= 1, "kernel_threshold")
        _require_number(
            self, "positive", lambda x: x > 0, "gamma_correct", "kernel_weight", "beta_max", "alpha_max", "eta"
        )
        _require_number(self, "greater than 1", lambda x: x > 1, "beta_growth", "alpha_growth")
        _require_number(self, "at least 1", lambda x: x >= 1, "lambda_decay")
        if self.beta_start is not None:
            _require_number(self, "positive", lambda x: x > 0, "beta_start")
        if self.noise_reference is not None:
            _require_number(self, "positive", lambda x: x > 0, "noise_reference")
        if self.prior_scale != "pixels":
            _require_number(self, 'positive, or "pixels"', lambda x: x > 0, "prior_scale")
        _require_choice(self, "initial_kernel", ("row", "column"))
        _require_choice(self, "kernel_solver", ("cg", "fft"))
        _require_choice(self, "prior_domain", ("crop", "padded"))
        _require_choice(self, "dtype", ("float64", "float32"))
        if not isinstance(self.device, str) or not _DEVICE.fullmatch(self.device):
            raise InvalidOptionError(
                f"device should be 'cpu', 'auto', 'cuda' or 'cuda:N', or one of these after 'torch/' or 'cupy/', but is {self.device!r}"
            )

    def iterations_at(self, scale: int) -> int:
        """Iterations at a scale, of which 0 is the finest."""
        return self.iterations if scale or self.finest_iterations is None else self.finest_iterations


def solver_options(fields) -> SolverOptions:
    """SolverOptions from a dict; InvalidOptionError also for unknown names, and where ``kernel_size`` is missing."""
    unknown = [str(name) for name in fields if name not in SolverOptions.__dataclass_fields__]
    if unknown:
        known = ", ".join(SolverOptions.__dataclass_fields__)
        raise InvalidOptionError(f"the solver has no option {', '.join(unknown)}; it has {known}")
    if "kernel_size" not in fields:
        raise InvalidOptionError("the solver needs the option kernel_size")
    return SolverOptions(**fields)


def is_integer(value) -> bool:
    """Whether a value is a whole number, but no bool."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def is_finite_number(value) -> bool:
    """Whether a value is a finite real number, but no bool."""
    try:
        return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # a whole number beyond all floats
        return False


def _require_odd(options, name):
    value = getattr(options, name)
    if not is_integer(value) or value < 3 or value % 2 == 0:
        raise InvalidOptionError(f"{name} should be an odd whole number of at least 3, but is {value!r}")


def _require_integer(options, *names):
    for name in names:
        value = getattr(options, name)
        if not is_integer(value) or value < 1:
            raise InvalidOptionError(f"{name} should be a whole number of at least 1, but is {value!r}")


def _require_number(options, what, accepts, *names):
    for name in names:
        value = getattr(options, name)
        if not is_finite_number(value) or not accepts(value):
            raise InvalidOptionError(f"{name} should be a finite number, {what}, but is {value!r}")


def _require_choice(options, name, choices):
    value = getattr(options, name)
    if value not in choices:
        raise InvalidOptionError(f"{name} should be one of {', '.join(choices)}, but is {value!r}")
