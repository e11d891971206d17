"""L0 gradients on a large picture: :func:`pydeblur.nonblind.l0.deconvolve_l0` in tiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pydeblur.nonblind.tiles.passes import Passes
from pydeblur.nonblind.tiles.rows import PaddedRows, Rows, SpectrumRows
from pydeblur.solver.boundary import padded_shape
from pydeblur.solver.gradients import sparse_gradients
from pydeblur.solver.latent import Splitting


def sparse_gradients_latent(
    channels: Sequence[Rows], kernel: np.ndarray, lambda_l0: float = 5e-4, growth: float = 2.0, workers: int = 1
) -> list[Rows]:
    """Deblur the channels of a picture, which keep or lose their gradients together.

    Parameters
    ----------
    channels : sequence of Rows
        The blurred picture's (H, W).
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    lambda_l0 : float
        Weight of the L0 norm, >= 0.
    growth : float
        Factor of the penalty from one step to the next, > 1.
    workers : int
        Threads.

    Returns
    -------
    list of Rows
        The padded latent channels; their upper left part (H, W) is that of the picture.

    Examples
    --------
    >>> from pydeblur.nonblind.tiles.rows import ArrayRows
    >>> picture = np.kron([[0.2, 0.8], [0.6, 0.4]], np.ones((8, 8)))
    >>> (latent,) = sparse_gradients_latent([ArrayRows(picture)], np.ones((1, 1)), 1e-4)
    >>> bool(np.allclose(latent.read(0, 16), picture, atol=1e-3))
    True
    """
    shape = padded_shape(channels[0].shape, kernel.shape)
    passes = Passes(shape, channels[0].dtype, workers)
    numerators, spectra = passes.new_spectra(len(channels)), passes.new_spectra(len(channels))
    latent: list[Rows] = [PaddedRows(channel, shape) for channel in channels]
    passes.over_rows(latent, numerators, lambda strips, first: strips)

    def times_conjugate(columns, block):
        otf = passes.transfer_function(kernel, block).conj()
        return [column * otf for column in columns]

    passes.over_columns(numerators, numerators, times_conjugate, inverse=False)
    for alpha in Splitting(alpha_growth=growth).alphas(lambda_l0):
        threshold = lambda_l0 / alpha if alpha else 0.0

        def changed(strips, first, threshold=threshold):
            return _thresholded_divergence(np.stack(strips), threshold)[:, 1:-1]

        def quotient(columns, block, alpha=alpha):
            return _quotients(columns, numerators, passes, kernel, block, alpha)

        passes.over_rows(latent, spectra, changed, reach=1)
        passes.over_columns(spectra, spectra, quotient)
        latent = [SpectrumRows(spectrum, shape[1]) for spectrum in spectra]
    return latent


def _thresholded_divergence(strips, threshold):
    """∇ᵀ of the gradients that reach the threshold, (C, n, W)."""
    # One channel alone takes the form without sums over channels.
    seen = strips if len(strips) > 1 else strips[0]
    divergence = sparse_gradients(seen).divergence(seen, threshold)
    return np.zeros_like(strips) if divergence is None else divergence.reshape(strips.shape)


def _quotients(columns, numerators, passes, kernel, block, alpha):
    """(numerator + α F(divergence)) / (|F(k)|² + α |F(∇)|²) for a block of columns of every channel."""
    otf = passes.transfer_function(kernel, block)
    below = passes.gradient_power(block) * passes.dtype.type(alpha)
    below += otf.real**2 + otf.imag**2
    if alpha == 0:
        # Without a prior nothing bounds the inverse filter: what the kernel has cut off stays 0, not 0/0.
        np.maximum(below, np.finfo(below.dtype).smallest_normal, out=below)
    for spectrum, numerator in zip(columns, numerators):
        if passes.dtype == np.float32 and block.start == 0:
            # A divergence sums to 0; single precision's rounding, times α, would move the mean.
            spectrum[0, 0] = 0
        spectrum *= passes.dtype.type(alpha)
        spectrum += numerator.read_columns(block)
        spectrum /= below
    return columns
