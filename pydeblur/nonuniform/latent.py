"""The latent image of eq. (16): the uniform solver's half-quadratic splitting on all patches at once, blended."""

from __future__ import annotations

import numpy as np

from pydeblur.backend.arrays import copied
from pydeblur.backend.fft import rfft2
from pydeblur.nonuniform.patches import PatchGrid
from pydeblur.solver.auxiliary import make_auxiliary_step
from pydeblur.solver.boundary import padded_shape, wrap_boundary
from pydeblur.solver.latent import LatentEstimate, LatentProblem, Splitting
from pydeblur.solver.options import SolverOptions


def padded_patches(image: np.ndarray, grid: PatchGrid, side: int) -> np.ndarray:
    """Cut a picture into regions, each extended so that it is circularly smooth.

    Parameters
    ----------
    image : (H, W) ndarray
    grid : PatchGrid
    side : int
        Of the kernels that there has to be room for.

    Returns
    -------
    (P, h', w') ndarray
        Of the image's dtype.

    Examples
    --------
    >>> padded_patches(np.full((40, 50), 0.5), PatchGrid((40, 50), (2, 2)), 5).shape
    (4, 44, 54)
    """
    shape = padded_shape(grid.region, (side, side))
    return wrap_boundary(grid.cut(image), shape)


def local_transfer_functions(kernels: np.ndarray, shape: tuple[int, int], workers: int = 1) -> np.ndarray:
    """Return the half-spectra of local kernels: MATLAB's ``psf2otf`` of each.

    Parameters
    ----------
    kernels : (P, n, n) ndarray
        n odd.
    shape : (int, int)
        Rows and columns of the patches.
    workers : int
        Threads of the FFT.

    Returns
    -------
    (P, h, w // 2 + 1) complex ndarray

    Examples
    --------
    >>> kernels = np.zeros((1, 3, 3))
    >>> kernels[0, 1, 1] = 1
    >>> local_transfer_functions(kernels, (4, 4)).real.ravel().tolist() == [1.0] * 12
    True
    """
    rows, columns = ((np.arange(n) - n // 2) % side for n, side in zip(kernels.shape[1:], shape))
    padded = np.zeros((len(kernels), *shape), kernels.dtype)
    padded[:, rows[:, None], columns] = kernels
    return rfft2(padded, workers)


class PatchLatent:
    """Eq. (16) for one blurred picture at one scale: min_I ||K I - B||² + λ p(I) + μ ||∇I||_0.

    In each patch K is the convolution with the patch's kernel, and α's loop is that of the uniform solver. The prior
    sees the picture that the patches make together.

    Parameters
    ----------
    blurred : (H, W) ndarray
    grid : PatchGrid
        Its margin is the part of the neighbours' area that takes part in each patch.
    side : int
        Of the local kernels.
    options : SolverOptions
    prior : object or None
        See :mod:`pydeblur.priors.protocol`.

    Attributes
    ----------
    auxiliary_step : object or None
        See :mod:`pydeblur.solver.auxiliary`; it takes and gives stacks of patches.

    Examples
    --------
    >>> picture = np.kron([[0.2, 0.8], [0.6, 0.4]], np.ones((8, 8)))
    >>> problem = PatchLatent(picture, PatchGrid((16, 16), (2, 2), 2), 3, SolverOptions(3))
    >>> identity = np.zeros((4, 3, 3))
    >>> identity[:, 1, 1] = 1
    >>> problem.set_kernels(identity)
    >>> bool(np.allclose(problem.solve(1e-4)[0], picture, atol=1e-3))
    True
    """

    def __init__(self, blurred: np.ndarray, grid: PatchGrid, side: int, options: SolverOptions, prior=None):
        self._grid, self._workers = grid, options.workers
        padded = padded_patches(blurred, grid, side)
        self._padded_shape = padded.shape[1:]
        self._dtype = padded.dtype
        splitting = Splitting(
            options.beta_start, options.beta_growth, options.beta_max, options.alpha_growth, options.alpha_max
        )
        self._problem = LatentProblem(padded, grid.region, splitting, options.workers, separate=True)
        step = make_auxiliary_step(prior, options, blurred.shape, blurred.shape)
        self.auxiliary_step = None if step is None else BlendedStep(step, grid)

    def set_kernels(self, kernels: np.ndarray) -> None:
        """Take the patches' kernels (P, n, n)."""
        kernels = kernels.astype(self._dtype, copy=False)
        self._problem.set_transfer_function(local_transfer_functions(kernels, self._padded_shape, self._workers))

    def solve(self, lambda_grad: float, lambda_prior: float = 0.0) -> tuple[np.ndarray, LatentEstimate]:
        """Return the latent picture (H, W), and the estimate of the patches that it is blended from."""
        estimate = self._problem.solve(lambda_grad, lambda_prior, self.auxiliary_step)
        rows, columns = self._grid.region
        return self._grid.blend(estimate.image[:, :rows, :columns]), estimate


class BlendedStep:
    """A prior's step for patches: its own step, see :mod:`pydeblur.solver.auxiliary`, on the picture that they make.

    Parameters
    ----------
    step : object
        A step of :mod:`pydeblur.solver.auxiliary` for the whole picture.
    grid : PatchGrid

    Examples
    --------
    >>> from pydeblur.priors import load_prior
    >>> from pydeblur.solver.auxiliary import ProximalStep
    >>> grid = PatchGrid((8, 8), (2, 2))
    >>> step = BlendedStep(ProximalStep(load_prior("intensity"), (8, 8)), grid)
    >>> float(step(np.full((4, 8, 8), 0.1), beta=1.0, lambda_prior=0.25).max())
    0.0
    """

    def __init__(self, step, grid: PatchGrid):
        self._step, self._grid = step, grid
        self.weight, self.value, self.filters_image = step.weight, step.value, step.filters_image
        if step.filters_image:
            self.passes = step.passes
        else:
            self.images = step.images

    def first_beta(self, patches: np.ndarray, lambda_prior: float) -> float | None:
        """Return the β that the prior wants to start from, or None."""
        return self._step.first_beta(self._blended(patches), lambda_prior)

    def __call__(self, patches: np.ndarray, *weights: float, **named_weights: float) -> np.ndarray:
        """Return u for padded patches (P, h, w) and the weights that the step takes; their padding stays as it is."""
        u = self._step(self._blended(patches), *weights, **named_weights)
        result = copied(patches)
        result[:, : self._grid.region[0], : self._grid.region[1]] = self._grid.cut(u)
        return result

    def _blended(self, patches):
        return self._grid.blend(patches[:, : self._grid.region[0], : self._grid.region[1]])
