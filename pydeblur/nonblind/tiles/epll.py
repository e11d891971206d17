"""The expected patch log likelihood on a large picture: :func:`pydeblur.nonblind.epll.deconvolve_epll` in tiles."""

from __future__ import annotations

import numpy as np

from pydeblur.nonblind.epll import DEBLURRING_STEPS, ExpectedPatches
from pydeblur.nonblind.half_quadratic import ROUNDS
from pydeblur.nonblind.mixture import load_mixture
from pydeblur.nonblind.tiles.padded_blur import TiledPaddedBlur
from pydeblur.nonblind.tiles.rows import Rows


def expected_patches(picture: Rows, kernel: np.ndarray, noise: float = 0.01, workers: int = 1) -> Rows:
    """Deblur a grey picture by the expected patch log likelihood.

    Parameters
    ----------
    picture : Rows
        Blurred picture (H, W).
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    noise : float
        The noise's standard deviation, > 0.
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
    >>> latent = expected_patches(picture, np.full((3, 3), 1 / 9))  # doctest: +SKIP
    """
    mixture = load_mixture()
    problem = TiledPaddedBlur(picture, kernel, workers, room=mixture.side)
    passes = problem.passes
    (prior,) = passes.new_spectra(1)
    for step in DEBLURRING_STEPS:
        expected = ExpectedPatches(mixture, noise**2 / step.coupling, step.spacing, step.offset)
        coupling = passes.dtype.type(step.coupling)

        def changed(strips, first, expected=expected, coupling=coupling):
            return [coupling * expected.of_rows(strips[0], first, passes.shape[0]).astype(passes.dtype)]

        passes.over_rows([problem.image], [prior], changed, reach=mixture.side - 1)
        passes.over_columns([prior], [prior], lambda columns, block: columns, inverse=False)
        for _ in range(ROUNDS):
            problem.solve(prior, lambda block, coupling=coupling: coupling)
    return problem.cropped()
