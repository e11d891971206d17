"""Total variation on a large grey picture: :func:`pydeblur.nonblind.tv.deconvolve_tv` in tiles."""

from __future__ import annotations

import numpy as np

from pydeblur.nonblind.tiles.passes import Passes
from pydeblur.nonblind.tiles.rows import PaddedRows, Rows, SpectrumRows
from pydeblur.nonblind.tv import make_quotient, penalties, shrunk_divergence
from pydeblur.solver.boundary import padded_shape


def total_variation(picture: Rows, kernel: np.ndarray, lambda_tv: float = 1e-3, workers: int = 1) -> Rows:
    """Deblur a grey picture by total variation.

    Parameters
    ----------
    picture : Rows
        Blurred picture (H, W).
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    lambda_tv : float
        Weight of the total variation, > 0.
    workers : int
        Threads.

    Returns
    -------
    Rows
        The padded latent image; its upper left part (H, W) is that of the picture.

    Examples
    --------
    >>> from pydeblur.nonblind.tiles.rows import ArrayRows
    >>> picture = ArrayRows(np.full((16, 16), 0.5))
    >>> bool(np.allclose(total_variation(picture, np.full((3, 3), 1 / 9)).read(0, 16), 0.5))
    True
    """
    shape = padded_shape(picture.shape, kernel.shape)
    passes = Passes(shape, picture.dtype, workers)
    numerator, image_spectrum = passes.new_spectra(2)
    latent: Rows = PaddedRows(picture, shape)
    passes.over_rows([latent], [numerator], lambda strips, first: strips)
    passes.over_columns(
        [numerator],
        [numerator],
        lambda columns, block: [columns[0] * passes.transfer_function(kernel, block).conj()],
        inverse=False,
    )
    for beta in penalties(lambda_tv):
        threshold, gamma = beta * lambda_tv, 1 / (2 * beta)

        def changed(strips, first, threshold=threshold):
            return [shrunk_divergence(strips[0], threshold)[1:-1]]

        def quotient(columns, block, gamma=gamma):
            otf = passes.transfer_function(kernel, block)
            power = otf.real**2 + otf.imag**2
            make_quotient(columns[0], numerator.read_columns(block), power, passes.gradient_power(block), gamma)
            return columns

        passes.over_rows([latent], [image_spectrum], changed, reach=1)
        passes.over_columns([image_spectrum], [image_spectrum], quotient)
        latent = SpectrumRows(image_spectrum, shape[1])
    return latent
