"""The options of the coarse-to-fine solver."""

from __future__ import annotations

from dataclasses import dataclass

from pydeblur.backend.threads import THREADS
from pydeblur.options import (
    NOT_NEGATIVE_COUNT,
    ODD_SIZE,
    ZERO_OR_AT_LEAST_ONE,
    above_up_to,
    check_options,
    documented,
    from_to,
    one_of,
    option,
    options_from,
    or_word,
    text_like,
    whole_from_to,
)

#: Beyond these bounds an option changes nothing any more, sums overflow, or the steps have no end.
_WEIGHT = from_to(0.0, 1e9)
_POSITIVE_WEIGHT = above_up_to(0.0, 1e9)
_GROWTH = from_to(1.001, 1e6)
_ITERATIONS = whole_from_to(1, 10_000)

_DEVICE = text_like(
    r"cpu|auto|((torch|cupy)/)?cuda(:\d+)?|torch/cpu",
    "'cpu', 'auto', 'cuda' or 'cuda:N', or one of these after 'torch/' or 'cupy/'",
)


@documented
@dataclass(frozen=True)
class SolverOptions:
    """All choices of the blind solver; the defaults are those of section 6 of the paper, in double precision.

    Examples
    --------
    >>> options = SolverOptions(kernel_size=25, lambda_grad=2e-3)
    >>> options.iterations, options.lambda_grad
    (5, 0.002)
    """

    kernel_size: int = option(ODD_SIZE, "Side of the square kernel that is estimated.")
    lambda_prior: float = option(
        _WEIGHT,
        "How much the image prior counts against the data (λ of eq. (4)). It is ignored where there is no prior beside\n"
        "the gradients.",
        4e-3,
        flag="lambda-prior",
    )
    lambda_grad: float = option(
        _WEIGHT,
        "How few edges the intermediate images have: the larger, the fewer and stronger (μ of eq. (4), the weight of the\n"
        "L0 norm of the gradients).",
        4e-3,
        flag="lambda-grad",
    )
    iterations: int = option(
        _ITERATIONS,
        "How often the latent image and the kernel are estimated in turn at each scale (iter_max of the paper).",
        5,
        flag="iterations",
        metavar="N",
    )
    gamma_correct: float = option(
        _POSITIVE_WEIGHT,
        "The image is raised to this power before anything else: 2.2 undoes the gamma of most photographs.",
        1.0,
        flag="gamma",
        metavar="G",
    )
    prefilter: float = option(
        from_to(0.0, 1000.0),
        "Standard deviation in pixels of a Gaussian that the image is smoothed with before its kernel is estimated; 0 is\n"
        "none, as in the paper. The kernel stays the same, since convolutions commute, but noise loses its share in the\n"
        "gradients. It is at most 10, or a quarter of the image's shorter side where that is more.",
        0.0,
        flag="prefilter",
        metavar="PX",
    )
    kernel_threshold: float = option(
        ZERO_OR_AT_LEAST_ONE,
        "How faint the faintest parts of the kernel may be: what is below its maximum divided by this becomes 0; with 0\n"
        "everything is kept.",
        20.0,
        flag="kernel-threshold",
    )
    kernel_weight: float = option(_POSITIVE_WEIGHT, "γ of eq. (13), the weight of the kernel's norm.", 2.0)
    relative_kernel_weight: float = option(
        _WEIGHT,
        "This many times the energy of the gradients, ||∇I||², is added to γ, so that a dark or small image is\n"
        "regularised as much as a bright or large one. The paper has 0.",
        0.0,
    )
    noise_reference: float | None = option(
        from_to(1e-6, 1e3),
        "The noise (standard deviation, intensities in [0, 1]) that `prefilter` and `relative_kernel_weight` are meant\n"
        "for: they are multiplied by the ratio of the noise found in the image to it, and by the ratio's square; the\n"
        "ratio is at most 1.5. None takes them as they are.",
        None,
        may_be_none=True,
    )
    initial_kernel: str = option(
        one_of("row", "column"),
        "How the two equal pixels lie that the coarsest scale starts from; the paper's family takes a row.",
        "row",
    )
    kernel_solver: str = option(
        one_of("cg", "fft"),
        "How the kernel is found from the gradients, eq. (13): by conjugate gradients on the kernel's support, or by the\n"
        "paper's closed form, which knows no support.",
        "cg",
        flag="kernel-solver",
    )
    beta_start: float | None = option(
        from_to(1e-9, 1e9),
        "How closely the image that the prior sees follows the latent one at first (the first β of eq. (7)); None is 2λ,\n"
        "or what the prior asks for.",
        None,
        flag="beta-start",
        may_be_none=True,
    )
    beta_growth: float = option(
        _GROWTH,
        "By what factor β grows from step to step: the larger, the fewer steps.",
        2.0,
        flag="beta-growth",
    )
    beta_max: float = option(_POSITIVE_WEIGHT, "How large β may become: it stays below this.", 8.0, flag="beta-max")
    alpha_growth: float = option(_GROWTH, "Factor from one α of eq. (7) to the next; α starts from 2μ.", 2.0)
    alpha_max: float = option(_POSITIVE_WEIGHT, "α stays below this.", 1e5)
    eta: float = option(
        _POSITIVE_WEIGHT, "How far each step down the prior's gradient goes (η of eq. (12)).", 0.1, flag="eta"
    )
    descent_steps: int = option(
        _ITERATIONS,
        "How many steps down the prior's gradient are made at a time (s_max of Algorithm 1).",
        10,
        flag="descent-steps",
        metavar="N",
    )
    descent_tolerance: float = option(
        _WEIGHT,
        "The steps down the prior's gradient, eq. (12), end once one of them moves no pixel by more than this; with 0,\n"
        "the paper's way, they never end early.",
        0.0,
        flag="descent-tolerance",
    )
    prior_scale: float | str = option(
        or_word("pixels", _POSITIVE_WEIGHT),
        'What the prior\'s gradient is multiplied by (w of eq. (12)): 1 is the letter of the paper, "pixels" is the number of\n'
        "pixels that the prior sees.",
        "pixels",
        flag="prior-scale",
        metavar="W",
    )
    prior_domain: str = option(
        one_of("crop", "padded"),
        "What the prior sees: the image's own area, with a gradient of 0 outside, or the circularly padded image.",
        "crop",
        flag="prior-domain",
    )
    finest_prior_scale: int = option(
        NOT_NEGATIVE_COUNT,
        "The prior takes part at this scale and all coarser ones: 0, the finest, is all of them, as in the paper; with 2\n"
        "the last two scales, from half the size on, are left to the L0 gradient prior.",
        0,
    )
    lambda_decay: float = option(from_to(1.0, 1e9), "After each iteration λ and μ are divided by this.", 1.1)
    lambda_min: float = option(_WEIGHT, "λ and μ do not fall below this; a weight of 0 stays 0.", 1e-4)
    lambda_prior_min: float | None = option(
        _WEIGHT, "λ does not fall below this; None is `lambda_min`. The prior pmp has 0.01.", None, may_be_none=True
    )
    dtype: str = option(
        one_of("float64", "float32"),
        "Arithmetic of the solver. Double precision is the faithful way; single takes half the time and memory.",
        "float64",
        flag="dtype",
    )
    workers: int = option(
        THREADS,
        "How many processors are used: so many runs are made at a time, and each Fourier transform has so many threads.",
        1,
        flag="threads",
        metavar="N",
    )
    device: str = option(
        _DEVICE,
        '"cpu" computes with NumPy and SciPy; "cuda" or "cuda:1" on a GPU, through CuPy if that is installed, else through\n'
        'PyTorch; "auto" on a GPU where one works, else on the CPU. "torch/cpu", "torch/cuda" and "cupy/cuda" name the\n'
        "library, too.",
        "cpu",
        flag="device",
        metavar="D",
    )
    finest_iterations: int | None = option(
        _ITERATIONS,
        "How often the two are estimated in turn at the finest scale; None is as often as at the others, as in the paper,\n"
        "whose Fig. 13 shows that they do not converge in five iterations.",
        None,
        flag="finest-iterations",
        metavar="N",
        may_be_none=True,
    )
    kernel_weight_pixels: int | None = option(
        whole_from_to(1, 10**12),
        "At most so many pixels count in the energy of `relative_kernel_weight`: of a larger image or scale it is that of\n"
        "so many average ones, since the more pixels there are to tell a kernel from, the less it has to be regularised.\n"
        "None counts all.",
        None,
        may_be_none=True,
    )

    def __post_init__(self):
        check_options(self)

    def iterations_at(self, scale: int) -> int:
        """Return the number of iterations at a scale, of which 0 is the finest."""
        return self.iterations if scale or self.finest_iterations is None else self.finest_iterations


def solver_options(fields) -> SolverOptions:
    """Make SolverOptions from a mapping of names to values.

    Parameters
    ----------
    fields : mapping of str to object

    Returns
    -------
    SolverOptions

    Raises
    ------
    InvalidOptionError
        If a name is unknown, ``kernel_size`` is missing, or a value is out of its range.

    Examples
    --------
    >>> solver_options({"kernel_size": 25}).iterations
    5
    """
    return options_from(SolverOptions, fields, "the solver")
