"""Fast motion deblurring, Cho and Lee 2009 [4].

Sharp edges are predicted from the last latent image by a bilateral filter, a shock filter and a threshold on gradients;
the kernel is found from them by conjugate gradients,

    min_k Σ_q ω_q ||∂_q P⊗k - ∂_q B||² + β ||k||²,    q = x, y, xx, xy, yy,

and the next latent image, which only the next prediction sees, in closed form:

    min_I Σ_q ω_q ||k⊗∂_q I - ∂_q B||² + α ||∇I||²,    q = 0, x, y, xx, xy, yy.

The paper leaves these details open, or they could not be had from its program, of which there is none to be read:

* Intensities are in [0, 1]. ω_q is 50, 25 and 12.5 for derivatives of order 0, 1 and 2, as in Shan et al. 2008, whom the
  paper follows; α = 0.1 and β = 5 are the paper's. They were tried in that scale on photographs of our own.
* The pyramid is that of the paper's descendants (:mod:`pydeblur.solver.pyramid`): ratio √½, from a kernel of about 5 on.
* Each of 7 passes of a scale predicts, finds the kernel and the image. The first one at the coarsest scale predicts from
  the blurred image, at finer scales from the coarser latent image, enlarged bilinearly.
* The bilateral filter has a window of 5x5 with standard deviations of 2 pixels and 0.5 in intensity, the shock filter one
  step of dt = 1. Both 0.5 and dt are multiplied by 0.9 from pass to pass and start anew at each scale.
* The shock filter's upwind scheme is that of :func:`~pydeblur.solver.shock_filter.shock_filter`.
* The gradients' threshold is found at the first pass of each scale, so that 2 n pixels of each of the four groups of
  directions reach it, n being the kernel's size there; then it is multiplied by 0.9 from pass to pass. It is lowered
  where no gradient would reach it.
* Conjugate gradients make 5 steps on the kernel's own support, from the uniform kernel. P is 0 outside of the image.
* Elements below a twentieth of the largest one become 0 in each pass. The kernel is centred by whole pixels at the end of
  each scale.
* For the latent image's step the blurred image is extended as in :func:`~pydeblur.solver.boundary.wrap_boundary`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pydeblur.estimators.edge_prediction import EdgeScale, edges_above, solve_by_edges
from pydeblur.estimators.kernel_size import finds_size
from pydeblur.estimators.protocol import KernelEstimate
from pydeblur.nonblind.bilateral import bilateral_filter
from pydeblur.options import above_up_to, check_options, documented, from_to, option, whole_from_to
from pydeblur.solver.coarse_to_fine import Level, check_blurred_image, check_large_enough
from pydeblur.solver.edge_selection import direction_groups, keeping_threshold
from pydeblur.solver.gradients import valid_gradients
from pydeblur.solver.kernel import conjugate_gradients
from pydeblur.solver.kernel_equations import KernelEquations
from pydeblur.solver.options import SolverOptions
from pydeblur.solver.pyramid import finish_kernel, kernel_sizes
from pydeblur.solver.quadratic_latent import QuadraticLatent
from pydeblur.solver.records import Reporter
from pydeblur.solver.shock_filter import shock_filter

#: ω_q of the derivatives of order 0, 1 and 2.
_ORDER_WEIGHTS = (50.0, 25.0, 12.5)
#: Of the prediction's first pass: the bilateral filter's widths in space and intensity, and the shock filter's step.
_SIGMA_S, _SIGMA_R, _SHOCK_STEP = 2.0, 0.5, 1.0
_RADIUS = 2
#: From pass to pass the filters' widths and the threshold for gradients are multiplied by this.
_DECAY = 0.9
_CG_STEPS = 5
#: What is below the kernel's maximum divided by this becomes 0.
_KERNEL_THRESHOLD = 20.0


@documented
@dataclass(frozen=True)
class ChoLeeOptions:
    """Options of the method.

    Examples
    --------
    >>> ChoLeeOptions().passes
    7
    """

    passes: int = option(
        whole_from_to(1, 10_000), "How often edges, kernel and image are found in turn at each scale.", 7
    )
    edge_pixels: float = option(
        above_up_to(0.0, 1e6),
        "r: so many times the kernel's size pixels of each direction are taken for edges at first.",
        2.0,
    )
    kernel_weight: float = option(from_to(1e-9, 1e9), "β, the weight of the kernel's norm.", 5.0)
    gradient_weight: float = option(from_to(1e-9, 1e9), "α, the weight of the latent image's gradients.", 0.1)

    def __post_init__(self):
        check_options(self)


class ChoLee:
    """The estimator of Cho and Lee 2009 [4], see :class:`ChoLeeOptions`.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((6, 6)))
    >>> estimate = ChoLee(passes=2).estimate(image, 9)
    >>> estimate.kernel.shape, round(float(estimate.kernel.sum()), 9), len(estimate.history)
    ((9, 9), 1.0, 4)
    """

    name = "cho_lee"

    def __init__(self, **options):
        self.options = ChoLeeOptions(**options)

    def iteration_count(self, kernel_size: int) -> int:
        """Return how many iterations there are for a kernel of some size."""
        return len(kernel_sizes(kernel_size)) * self.options.passes

    @finds_size
    def estimate(self, image: np.ndarray, kernel_size: int, *, clipped=None, callback=None) -> KernelEstimate:
        """Estimate the kernel of a grey image (H, W), see :class:`~pydeblur.estimators.KernelEstimator`."""
        solver = SolverOptions(kernel_size)
        image = check_blurred_image(image, solver).astype(np.float64)
        check_large_enough(image.shape, kernel_size)
        report = Reporter(callback)
        kernel, latent = solve_by_edges(image, kernel_size, lambda level: _Scale(level, self.options), report)
        kernel = finish_kernel(kernel, _KERNEL_THRESHOLD)
        described = {"name": self.name, **vars(self.options)}
        return KernelEstimate(kernel, latent, report.history, solver, described, stopped=report.stopped)


class _Scale(EdgeScale):
    def __init__(self, level: Level, options: ChoLeeOptions):
        size = level.kernel_size
        super().__init__(
            level, options.passes, QuadraticLatent(level.image, size, options.gradient_weight, _ORDER_WEIGHTS)
        )
        self._options = options
        self._equations = KernelEquations(*valid_gradients(level.image), size, _ORDER_WEIGHTS[1:])
        self._threshold = 0.0

    def predict(self, pass_number):
        decay = _DECAY ** (pass_number - 1)
        smooth = bilateral_filter(self.latent, _SIGMA_S, _SIGMA_R * decay, radius=_RADIUS).astype(np.float64)
        sharp = shock_filter(smooth, _SHOCK_STEP * decay)
        if pass_number == 1:
            self._threshold = self._first_threshold(sharp)
        return edges_above(sharp, self._threshold * decay**2)

    def _first_threshold(self, sharp):
        """The threshold of the squared gradients that enough pixels of each direction reach."""
        x, y = valid_gradients(sharp)
        wanted = self._options.edge_pixels * self.level.kernel_size
        return keeping_threshold(x * x + y * y, direction_groups(x, y), wanted)

    def find_kernel(self, edges_x, edges_y):
        operator, right_side = self._equations.equations(edges_x, edges_y, self._options.kernel_weight)
        uniform = np.full(right_side.shape, 1 / right_side.size)
        return finish_kernel(conjugate_gradients(operator, right_side, uniform, _CG_STEPS), _KERNEL_THRESHOLD)

    def find_latent(self, kernel, edges_x, edges_y):
        return self.latent_problem.solve(kernel)
