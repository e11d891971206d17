"""The kernel step, eq. (13) (docs/algorithm, section 6): conjugate gradients on the support, or the closed form."""

from __future__ import annotations

import numpy as np

from pydeblur.backend import fft
from pydeblur.backend.arrays import irfft2_around_origin, rfft2
from pydeblur.errors import KernelCollapseError
from pydeblur.solver.boundary import opt_fft_size
from pydeblur.solver.components import components

_CG_ITERATIONS = 20
_CG_TOLERANCE = 1e-5
_RELATIVE_FLOOR = 0.05
_SMALLEST_COMPONENT = 0.1


class KernelProblem:
    """The problem min_k ||∇I⊗k - ∇B||² + γ||k||² for fixed blurred gradients, whose spectra are kept.

    Parameters
    ----------
    blurred_x, blurred_y : (H, W) array
        Gradients of the blurred image, of any library that :mod:`pydeblur.backend.arrays` knows.
    weight : float
        γ.
    relative_weight : float
        Added to γ, times the energy of the latent gradients.
    workers : int
        Threads of each FFT.
    weight_pixels : int or None
        So many pixels count in that energy at most; None is all.

    Attributes
    ----------
    weight : float
        γ of the last estimate.

    Examples
    --------
    >>> import numpy as np
    >>> x, y = np.random.default_rng(0).standard_normal((2, 24, 24))
    >>> problem = KernelProblem(x, y, weight=0.1)
    >>> problem.estimate(x, y, (3, 3)).round(3).tolist()  # the blurred gradients are the latent ones
    [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """

    def __init__(
        self,
        blurred_x,
        blurred_y,
        weight: float = 2.0,
        relative_weight: float = 0.0,
        workers: int = 1,
        weight_pixels: int | None = None,
    ):
        self._width = blurred_x.shape[-1]
        self._given_weight = weight
        rows, columns = blurred_x.shape
        counted = 1.0 if weight_pixels is None else min(1.0, weight_pixels / (rows * columns))
        self._relative_weight = relative_weight * counted
        self._workers = workers
        self.set_blurred(blurred_x, blurred_y)

    def set_blurred(self, blurred_x, blurred_y) -> None:
        """Take other blurred gradients of the same shape."""
        self._blurred_spectra = rfft2(blurred_x, self._workers), rfft2(blurred_y, self._workers)

    def estimate(self, latent_x, latent_y, kernel_shape: tuple[int, int], method: str = "cg") -> np.ndarray:
        """Estimate the kernel.

        Parameters
        ----------
        latent_x, latent_y : (H, W) array
            Thresholded gradients of the latent image.
        kernel_shape : (int, int)
        method : {"cg", "fft"}
            Conjugate gradients on the kernel's support, or the closed form, which knows no support.

        Returns
        -------
        (n, m) ndarray
            Of sum 1; what is below 5 % of its maximum is 0.

        Raises
        ------
        KernelCollapseError
            If no positive mass is left.
        """
        self.weight = self._given_weight
        if self._relative_weight:
            energy = float((latent_x * latent_x).sum() + (latent_y * latent_y).sum())
            self.weight += self._relative_weight * energy
        kernel = (self._by_cg if method == "cg" else self._by_closed_form)(latent_x, latent_y, kernel_shape)
        kernel[kernel < kernel.max() * _RELATIVE_FLOOR] = 0
        return normalise_kernel(np.maximum(kernel, 0))

    def _by_cg(self, latent_x, latent_y, kernel_shape):
        correlation, power = self._normal_equations(latent_x, latent_y)
        right_side = self._window(correlation, kernel_shape)
        lags = self._window(power + 0j, tuple(2 * n - 1 for n in kernel_shape))
        operator = ToeplitzOperator(lags, kernel_shape, self.weight)
        start = np.full(kernel_shape, 1 / np.prod(kernel_shape), right_side.dtype)
        return conjugate_gradients(operator, right_side, start)

    def _by_closed_form(self, latent_x, latent_y, kernel_shape):
        correlation, power = self._normal_equations(latent_x, latent_y)
        return self._window(correlation / (power + self.weight), kernel_shape)

    def _normal_equations(self, latent_x, latent_y):
        spectrum_x, spectrum_y = rfft2(latent_x, self._workers), rfft2(latent_y, self._workers)
        blurred_x, blurred_y = self._blurred_spectra
        correlation = spectrum_x.conj() * blurred_x
        correlation += spectrum_y.conj() * blurred_y
        power = spectrum_x.real**2
        for part in (spectrum_x.imag, spectrum_y.real, spectrum_y.imag):
            power += part**2
        return correlation, power

    def _window(self, spectrum, shape):
        return irfft2_around_origin(spectrum, self._width, shape, self._workers)


class ToeplitzOperator:
    """The operator k -> (∇I correlated with ∇I⊗k) on the support + γk.

    On a support of n x m only the autocorrelation's lags within ±(n-1), ±(m-1) matter, so that each product costs FFTs
    of the kernel's size, not of the image's; in exact arithmetic it is the same operator.

    Parameters
    ----------
    lags : (2n - 1, 2m - 1) ndarray
        The autocorrelation of ∇I, with lag 0 in the middle.
    shape : (int, int)
        n and m.
    weight : float
        γ.

    Examples
    --------
    >>> import numpy as np
    >>> operator = ToeplitzOperator(np.array([[0.5, 2.0, 0.5]]), (1, 2), weight=1.0)
    >>> operator(np.array([[1.0, 0.0]])).round(12).tolist()
    [[3.0, 0.5]]
    """

    def __init__(self, lags: np.ndarray, shape: tuple[int, int], weight: float):
        self._shape = shape
        self._weight = weight
        height, self._width = (opt_fft_size(3 * n - 2) for n in shape)
        self._spectrum = rfft2(np.pad(lags, ((0, height - lags.shape[0]), (0, self._width - lags.shape[1]))))
        self._padded = np.zeros((shape[0], self._width), lags.dtype)
        self._lines = np.empty_like(self._spectrum)

    def __call__(self, kernel: np.ndarray) -> np.ndarray:
        rows, columns = self._shape
        # The kernel fills a third of the rows, and a third of the product's rows are asked for: the other rows are not
        # transformed.
        self._padded[:, :columns] = kernel
        self._lines[:rows] = fft.rfft_rows(self._padded)
        self._lines[rows:] = 0
        spectrum = fft.fft_columns(self._lines)
        spectrum *= self._spectrum
        product = fft.irfft_rows(fft.ifft_columns(spectrum)[rows - 1 : 2 * rows - 1], self._width)
        return product[:, columns - 1 : 2 * columns - 1] + self._weight * kernel


def conjugate_gradients(
    operator, right_side: np.ndarray, start: np.ndarray, iterations: int = _CG_ITERATIONS
) -> np.ndarray:
    """Solve ``operator(x) = right_side`` by some iterations, or until the residual's norm is below 1e-5.

    Parameters
    ----------
    operator : callable
        Symmetric and positive definite.
    right_side, start : (n, m) ndarray
        The right side, and where to start from.
    iterations : int

    Returns
    -------
    (n, m) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> conjugate_gradients(lambda x: 2 * x, np.array([[2.0, 4.0]]), np.zeros((1, 2))).tolist()
    [[1.0, 2.0]]
    """
    solution = start.copy()
    residual = right_side - operator(solution)
    direction = residual.copy()
    energy = _dot(residual, residual)
    for _ in range(iterations):
        if energy == 0:  # the start is the solution, and there is no direction to go in
            break
        image = operator(direction)
        step = energy / _dot(direction, image)
        solution += step * direction
        residual -= step * image
        new_energy = _dot(residual, residual)
        if np.sqrt(new_energy) < _CG_TOLERANCE:
            break
        direction = residual + (new_energy / energy) * direction
        energy = new_energy
    return solution


def _dot(one: np.ndarray, other: np.ndarray):
    """The sum of products, added pairwise as by ``np.sum``, whose own checks take as long as the sum of a small kernel."""
    return np.add.reduce(one * other, axis=None)


def drop_small_components(kernel: np.ndarray) -> np.ndarray:
    """Return a kernel without its 8-connected components of mass below 0.1, clipped at 0, of sum 1.

    Parameters
    ----------
    kernel : (n, m) ndarray
        Of sum 1.

    Returns
    -------
    (n, m) ndarray

    Raises
    ------
    KernelCollapseError
        If nothing is left.

    Examples
    --------
    >>> import numpy as np
    >>> drop_small_components(np.array([[0.95, 0.0, 0.05]])).tolist()
    [[1.0, 0.0, 0.0]]
    """
    kernel = kernel.copy()
    for indices in components(kernel != 0):
        if kernel.flat[indices].sum() < _SMALLEST_COMPONENT:
            kernel.flat[indices] = 0
    return normalise_kernel(np.maximum(kernel, 0))


def normalise_kernel(kernel: np.ndarray) -> np.ndarray:
    """Return a kernel divided by its sum.

    Parameters
    ----------
    kernel : (n, m) ndarray

    Returns
    -------
    (n, m) ndarray

    Raises
    ------
    KernelCollapseError
        If the sum is not positive and finite.

    Examples
    --------
    >>> import numpy as np
    >>> normalise_kernel(np.array([[1.0, 3.0]])).tolist()
    [[0.25, 0.75]]
    """
    mass = kernel.sum()
    if not (np.isfinite(mass) and mass > 0):
        raise KernelCollapseError("the kernel estimate collapsed: it has no mass left")
    return kernel / mass
