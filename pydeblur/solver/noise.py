"""What the noise found in a blurred image means for the solver's options: γ and the prefilter follow it.

This goes beyond the paper (docs/algorithm, section 9).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pydeblur.preprocess.noise import noise_level
from pydeblur.solver.options import SolverOptions

#: More noise than this multiple of the reference changes the options no further.
_LARGEST_RATIO = 1.5


def adapt_to_noise(image: np.ndarray, options: SolverOptions) -> SolverOptions:
    """Adapt ``prefilter`` and ``relative_kernel_weight`` to the noise of an image, see SolverOptions.

    Parameters
    ----------
    image : (H, W) ndarray
        In [0, 1].
    options : SolverOptions

    Returns
    -------
    SolverOptions
        Without a ``noise_reference``; the given options, if they have none.

    Examples
    --------
    >>> import numpy as np
    >>> clean = np.full((16, 16), 0.5)
    >>> adapt_to_noise(clean, SolverOptions(5, prefilter=1.0, noise_reference=0.01)).prefilter
    0.0
    """
    return adapt_all_to_noise(image, [options])[0]


def adapt_all_to_noise(image: np.ndarray, several: list[SolverOptions]) -> list[SolverOptions]:
    """Adapt the options of several runs on one image, whose noise is measured once, as :func:`adapt_to_noise` does.

    Parameters
    ----------
    image : (H, W) ndarray
        In [0, 1].
    several : list of SolverOptions

    Returns
    -------
    list of SolverOptions

    Examples
    --------
    >>> import numpy as np
    >>> adapt_all_to_noise(np.full((16, 16), 0.5), [SolverOptions(5)]) == [SolverOptions(5)]
    True
    """
    if all(options.noise_reference is None for options in several):
        return several
    noise = noise_level(image)
    return [_adapted(options, noise) for options in several]


def _adapted(options: SolverOptions, noise: float) -> SolverOptions:
    if options.noise_reference is None:
        return options
    ratio = min(noise / options.noise_reference, _LARGEST_RATIO)
    return replace(
        options,
        noise_reference=None,
        prefilter=options.prefilter * ratio,
        relative_kernel_weight=options.relative_kernel_weight * ratio**2,
    )
