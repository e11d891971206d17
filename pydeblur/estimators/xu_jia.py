"""Two-phase kernel estimation, Xu and Jia 2010 [36].

Phase 1 goes through the scales. A map of how useful edges are, found from the blurred image alone, says which gradients of
the shock-filtered latent image are kept as the sharp edges ∇Iˢ. From these follow the kernel and the latent image:

    min_k ||∇Iˢ⊗k - ∇B||² + γ ||k||²,        min_I ||I⊗k - B||² + λ ||∇I - ∇Iˢ||².

Phase 2 refines the kernel at the finest scale by iterative support detection: elements that stand out (the support) are
left free, all others are held down by an L1 norm,

    min_k ½ ||∇Iˢ⊗k - ∇B||² + γ Σ_{j outside of the support} |k_j|.

The paper's final step is not part of this; any of the package's can follow.

The paper leaves these details open, and its program can't be read:

* Intensities are in [0, 1]; the constant of the usefulness, 0.5, and the weights λ = 0.002 and γ = 1 of phase 2 are the
  paper's.
* γ of phase 1 is 10 in the paper, for images and edges of a strength that it does not name. A few weak edges have an energy
  ||∇Iˢ||² below 10 at coarse scales of a picture of 255 x 255 pixels, and a kernel held down by so much is too wide. So γ is
  a share of that energy, at each pass: 0.01, and where the image is noisy 0.3 more at a noise of 1 %, by the noise's square.
  On photographs of our own the error ratios fell by 11 ± 4 % with 1 % noise, and by 6 ± 6 % without.
* The pyramid is that of the paper's relatives (:mod:`pydeblur.solver.pyramid`): ratio √½, from a kernel of about 5 on,
  with 12 passes at each scale. The first one at the coarsest scale predicts from the blurred image, at finer scales from
  the coarser latent image, enlarged bilinearly.
* The latent image is smoothed by a Gaussian of standard deviation 1 and goes through one step of the shock filter with
  dt = 1, whose scheme is that of :func:`~pydeblur.solver.shock_filter.shock_filter`.
* Both thresholds are found anew at each scale, that of the usefulness from the blurred gradients' directions, that of the
  edges at the first pass from those of the predicted image. The latter is lowered where no edge would reach it.
* The paper keeps at least 0.5 √(H W n²) useful pixels and 2 √(n²) edges of each of four groups of directions, for pictures of
  sizes that it does not name. On parts of 255 x 255 pixels of photographs of our own as many useful pixels as √(H W n²), and
  √(n²) edges, lower error ratios by 15 ± 6 %; these are the defaults. The paper's are `useful_pixels` = 0.5 and
  `edge_pixels` = 2.
* The window of the usefulness mirrors gradients at the borders.
* The paper finds the kernel in closed form by the FFT, which knows no support, and does not say how it is cut out. Here the
  same energy is minimised over kernels of the size asked for, by 20 steps of conjugate gradients from the uniform kernel,
  which was better on photographs of our own. Elements below 5 % of the largest one become 0, and 8-connected parts of a
  mass below 0.1 are dropped. The kernel is centred by whole pixels at the end of each scale.
* For the latent image's step the blurred image is extended as in :func:`~pydeblur.solver.boundary.wrap_boundary`; where
  there is no predicted edge, ∇Iˢ is 0.
* Phase 2 takes the edges of the last pass. Each support is followed by three reweighted least-squares problems, each
  solved by conjugate gradients on the kernel's own support from the kernel so far; then negative elements become 0, and the
  sum 1. It ends after 5 supports at the latest. Elements below a twentieth of the largest one become 0 at the end.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from pydeblur.estimators.edge_prediction import EdgeScale, edges_above, relative_change, solve_by_edges
from pydeblur.estimators.kernel_size import finds_size
from pydeblur.estimators.protocol import KernelEstimate
from pydeblur.options import above_up_to, check_options, documented, from_to, option, whole_from_to
from pydeblur.preprocess.noise import noise_level
from pydeblur.solver.coarse_to_fine import Level, check_blurred_image, check_large_enough
from pydeblur.solver.edge_selection import direction_groups, edge_usefulness, keeping_threshold
from pydeblur.solver.gradients import valid_gradients
from pydeblur.solver.kernel import KernelProblem, conjugate_gradients, drop_small_components, normalise_kernel
from pydeblur.solver.kernel_equations import KernelEquations
from pydeblur.solver.options import SolverOptions
from pydeblur.solver.pyramid import finish_kernel, kernel_sizes
from pydeblur.solver.quadratic_latent import QuadraticLatent
from pydeblur.solver.records import Reporter
from pydeblur.solver.shock_filter import shock_filter

#: The prediction: the Gaussian's standard deviation, the shock filter's step and its number of steps.
_SIGMA, _SHOCK_STEP, _SHOCK_STEPS = 1.0, 1.0, 1
#: From pass to pass the thresholds of the edges' magnitude and of their usefulness are divided by this.
_DECAY = 1.1
#: Phase 2: the most supports, the reweightings for each, the smallest element in a weight, and the change that ends it.
_SUPPORTS, _REWEIGHTINGS, _SMALLEST_ELEMENT, _TOLERANCE = 5, 3, 1e-5, 1e-3
#: The noise that the weight for noisy images is meant for; more than this multiple of it changes nothing.
_NOISE, _LARGEST_NOISE_RATIO = 0.01, 1.5
#: What is below the final kernel's maximum divided by this becomes 0.
_KERNEL_THRESHOLD = 20.0


@documented
@dataclass(frozen=True)
class XuJiaOptions:
    """Options of the method.

    Examples
    --------
    >>> XuJiaOptions().relative_kernel_weight
    0.01
    """

    passes: int = option(
        whole_from_to(1, 10_000), "How often edges, kernel and image are found in turn at each scale.", 12
    )
    kernel_weight: float = option(
        from_to(0.0, 1e9),
        "A part of γ of phase 1, the weight of the kernel's norm, that is fixed. The paper has 10.",
        0.0,
    )
    relative_kernel_weight: float = option(
        from_to(0.0, 1e9), "This many times the energy of the predicted edges is added to γ of phase 1.", 0.01
    )
    noise_kernel_weight: float = option(
        from_to(0.0, 1e9),
        "The same at a noise of 1 %; it follows the square of the image's noise, up to 1.5 %.",
        0.3,
    )
    edge_weight: float = option(
        above_up_to(0.0, 1e9), "λ, the weight of the predicted edges for the latent image.", 2e-3
    )
    sparsity_weight: float = option(
        from_to(0.0, 1e9), "γ of phase 2, the weight of the kernel's elements outside of its support.", 1.0
    )
    useful_pixels: float = option(
        above_up_to(0.0, 1e6),
        "So many times √(H W n²) pixels of each direction are useful at the first pass of a scale of H x W pixels with a\n"
        "kernel of n x n. The paper has 0.5.",
        1.0,
    )
    edge_pixels: float = option(
        above_up_to(0.0, 1e6),
        "So many times √(n²) pixels of each direction are taken for edges at the first pass. The paper has 2.",
        1.0,
    )

    def __post_init__(self):
        check_options(self)


class XuJia:
    """The estimator of Xu and Jia 2010 [36], see :class:`XuJiaOptions`.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((6, 6)))
    >>> estimate = XuJia(passes=2).estimate(image, 9)
    >>> estimate.kernel.shape, round(float(estimate.kernel.sum()), 9)
    ((9, 9), 1.0)
    """

    name = "xu_jia"

    def __init__(self, **options):
        self.options = XuJiaOptions(**options)

    def iteration_count(self, kernel_size: int) -> int:
        """Return how many iterations there are at most for a kernel of some size."""
        return len(kernel_sizes(kernel_size)) * self.options.passes + _SUPPORTS

    @finds_size
    def estimate(self, image: np.ndarray, kernel_size: int, *, clipped=None, callback=None) -> KernelEstimate:
        """Estimate the kernel of a grey image (H, W), see :class:`~pydeblur.estimators.KernelEstimator`."""
        solver = SolverOptions(kernel_size)
        image = check_blurred_image(image, solver).astype(np.float64)
        check_large_enough(image.shape, kernel_size)
        report = Reporter(callback)
        share = share_of_energy(image, self.options)
        kernel, latent = solve_by_edges(image, kernel_size, lambda level: _Scale(level, self.options, share), report)
        kernel = finish_kernel(kernel, _KERNEL_THRESHOLD)
        described = {"name": self.name, **vars(self.options)}
        return KernelEstimate(kernel, latent, report.history, solver, described, stopped=report.stopped)


class _Scale(EdgeScale):
    def __init__(self, level: Level, options: XuJiaOptions, share: float):
        size = level.kernel_size
        super().__init__(level, options.passes, QuadraticLatent(level.image, size, options.edge_weight))
        self._options = options
        self._blurred = valid_gradients(level.image)
        self._kernel_problem = KernelProblem(*self._blurred, options.kernel_weight, share)
        self._usefulness = edge_usefulness(*self._blurred, size)
        wanted = options.useful_pixels * math.sqrt(level.image.size) * size
        self._useful = keeping_threshold(self._usefulness, direction_groups(*self._blurred), wanted)
        self._threshold = 0.0

    def predict(self, pass_number):
        smooth = gaussian_filter(self.latent, _SIGMA, mode="nearest")
        sharp = shock_filter(smooth, _SHOCK_STEP, _SHOCK_STEPS)
        decay = _DECAY ** (1 - pass_number)
        useful = self._usefulness >= self._useful * decay
        if pass_number == 1:
            self._threshold = self._first_threshold(sharp, useful)
        return edges_above(sharp, self._threshold * decay**2, useful)

    def _first_threshold(self, sharp, useful):
        """The threshold of the squared gradients that enough useful pixels of each direction reach."""
        x, y = valid_gradients(sharp)
        wanted = self._options.edge_pixels * self.level.kernel_size
        return keeping_threshold((x * x + y * y) * useful, direction_groups(x, y), wanted)

    def find_kernel(self, edges_x, edges_y):
        shape = self.level.kernel_size, self.level.kernel_size
        return drop_small_components(self._kernel_problem.estimate(edges_x, edges_y, shape))

    def find_latent(self, kernel, edges_x, edges_y):
        return self.latent_problem.solve(kernel, (edges_x, edges_y))

    def finish(self, edges_x, edges_y, report):
        """Phase 2, at the finest scale."""
        if self.level.scale:
            return
        operator, right_side = KernelEquations(*self._blurred, self.level.kernel_size).equations(edges_x, edges_y)
        kernel = self.kernel
        for count in range(1, _SUPPORTS + 1):
            started = time.perf_counter()
            previous, free = kernel, support(kernel, count)
            kernel = sparse_off_support(operator, right_side, previous, free, self._options.sparsity_weight)
            self.take(kernel, (edges_x, edges_y), (self._passes + count, np.nan, started), report)
            if report.stopped or relative_change(kernel, previous) <= _TOLERANCE:
                break


def share_of_energy(image: np.ndarray, options: XuJiaOptions) -> float:
    """Return the part of the predicted edges' energy that γ of phase 1 is, for an image of some noise.

    Parameters
    ----------
    image : (H, W) ndarray
        In [0, 1].
    options : XuJiaOptions

    Returns
    -------
    float
        At least `relative_kernel_weight`.

    Examples
    --------
    >>> import numpy as np
    >>> share_of_energy(np.full((32, 32), 0.5), XuJiaOptions())
    0.01
    """
    ratio = min(noise_level(image) / _NOISE, _LARGEST_NOISE_RATIO)
    return options.relative_kernel_weight + options.noise_kernel_weight * ratio**2


def support(kernel: np.ndarray, iteration: int) -> np.ndarray:
    """Return which elements of a kernel stand out, by the first significant jump (Wang and Yin 2009).

    The elements in ascending order are searched for the first difference above max|k| / (2 n i); what lies above the
    element before it is the support.

    Parameters
    ----------
    kernel : (n, n) ndarray
        Not negative.
    iteration : int
        i, counted from 1: later supports are larger.

    Returns
    -------
    (n, n) ndarray of bool
        All elements above 0 where there is no such jump.

    Examples
    --------
    >>> import numpy as np
    >>> support(np.array([[0.0, 0.01, 0.0], [0.02, 0.4, 0.3], [0.0, 0.27, 0.0]]), 1).astype(int).tolist()
    [[0, 0, 0], [0, 1, 1], [0, 1, 0]]
    """
    ascending = np.sort(kernel, axis=None)
    jumps = np.flatnonzero(np.diff(ascending) > ascending[-1] / (2 * len(kernel) * iteration))
    return kernel > (ascending[jumps[0]] if jumps.size else 0)


def sparse_off_support(operator, right_side, kernel, free, weight: float) -> np.ndarray:
    """Minimise ½ kᵀAk - bᵀk + γ Σ |k_j| over the elements outside of the support, by reweighted least squares.

    Parameters
    ----------
    operator : callable
        A, as a map of kernels (n, n).
    right_side, kernel : (n, n) ndarray
        b, and the kernel to start from.
    free : (n, n) bool ndarray
        The support.
    weight : float
        γ.

    Returns
    -------
    (n, n) ndarray
        Not negative, of sum 1.

    Raises
    ------
    KernelCollapseError
        If nothing of the kernel is left.

    Examples
    --------
    >>> import numpy as np
    >>> start, free = np.array([[0.5, 0.5]]), np.array([[True, False]])
    >>> sparse_off_support(lambda k: 4 * k, np.array([[4.0, 0.4]]), start, free, 1.0).round(1).tolist()
    [[1.0, 0.0]]
    """
    for _ in range(_REWEIGHTINGS):
        weights = weight * ~free / np.maximum(np.abs(kernel), _SMALLEST_ELEMENT)
        kernel = conjugate_gradients(lambda k, weights=weights: operator(k) + weights * k, right_side, kernel)
    return normalise_kernel(np.maximum(kernel, 0))
