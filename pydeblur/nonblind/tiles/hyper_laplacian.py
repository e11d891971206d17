"""The hyper-Laplacian prior on a large picture: :mod:`pydeblur.nonblind.hyper_laplacian` in tiles."""

from __future__ import annotations

import numpy as np

from pydeblur.nonblind.hyper_laplacian import penalties, shrunk_divergence
from pydeblur.nonblind.tiles.padded_blur import TiledPaddedBlur
from pydeblur.nonblind.tiles.rows import Rows


def hyper_laplacian(
    picture: Rows, kernel: np.ndarray, lambda_hl: float, exponent: float = 2 / 3, workers: int = 1
) -> Rows:
    """Deblur a grey picture by a hyper-Laplacian prior on its gradients.

    Parameters
    ----------
    picture : Rows
        Blurred picture (H, W).
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    lambda_hl : float
        Weight of the prior, > 0.
    exponent : float
        0 to 1.
    workers : int
        Threads.

    Returns
    -------
    Rows
        The latent image (H, W).

    Examples
    --------
    >>> from pydeblur.nonblind.tiles.rows import ArrayRows
    >>> picture = ArrayRows(np.full((16, 16), 0.5))
    >>> bool(np.allclose(hyper_laplacian(picture, np.full((3, 3), 1 / 9), 1e-3).read(0, 16), 0.5))
    True
    """
    problem = TiledPaddedBlur(picture, kernel, workers)
    passes = problem.passes
    (prior,) = passes.new_spectra(1)
    for beta in penalties():
        weight = lambda_hl * beta / 2

        def changed(strips, first, beta=beta, weight=weight):
            return [weight * shrunk_divergence(strips[0], beta, exponent)[1:-1]]

        passes.over_rows([problem.image], [prior], changed, reach=1)
        passes.over_columns([prior], [prior], lambda columns, block: columns, inverse=False)
        problem.solve(prior, lambda block, weight=weight: weight * passes.gradient_power(block))
    return problem.cropped()
