"""Whether a blurred image whose kernel is known needs a final step that knows of clipped highlights."""

from __future__ import annotations

import numpy as np

from pydeblur.matlab import padarray
from pydeblur.nonblind.tiles.steps import deconvolve_in_tiles
from pydeblur.nonblind.tv import deconvolve_tv
from pydeblur.preprocess.clipping import CLIPPED_LEVEL, brightness_of
from pydeblur.preprocess.region import is_large

#: A scene with light beyond 1 leaves at least so much brightness unexplained, on the mean over the clipped pixels. With
#: the true kernels it is 0.13 to 0.32 on clipped development images, and about 0 on others; with wrong ones either may
#: have some hundredths.
_SMALLEST_LACK = 0.05
#: Rows of a large image that are blurred at a time.
_STRIP = 256


def needs_more_light(image: np.ndarray, kernel: np.ndarray) -> bool:
    """Tell whether the clipped pixels of a blurred image had more light than a sharp image within [0, 1] can give.

    The image is deblurred by TV and clipped to [0, 1]: what it was before blurring, if nothing was clipped after.
    Blurred again, it is then as bright as the image; if lights were brighter than 1, it is darker where they were
    spread to.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray
        In [0, 1].
    kernel : (n, m) ndarray
        Odd sizes, sum 1.

    Returns
    -------
    bool
        False where no pixel is clipped but near the border.

    Examples
    --------
    >>> import numpy as np
    >>> light = np.zeros((40, 40))
    >>> light[18:22, 12:28] = 3.0
    >>> kernel = np.full((9, 1), 1 / 9)
    >>> blurred = sum(np.roll(light, shift, axis=0) for shift in range(-4, 5)) / 9
    >>> needs_more_light(np.minimum(blurred, 1.0), kernel), needs_more_light(blurred / 3, kernel)
    (True, False)
    """
    # What lies beyond the border is not known.
    brightness = brightness_of(image)
    known = tuple(slice(length, -length or None) for length in kernel.shape)
    clipped = brightness[known] >= CLIPPED_LEVEL
    if not clipped.any():
        return False
    if is_large(image.shape):
        sharp = deconvolve_in_tiles(brightness, kernel, "tv", {})
    else:
        sharp = deconvolve_tv(brightness, kernel)
    np.clip(sharp, 0, 1, out=sharp)
    lack = (brightness - _blurred(sharp, kernel))[known][clipped]
    return bool(lack.mean() > _SMALLEST_LACK)


def _blurred(sharp: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """The image blurred, its border replicated; a large one by strips, which spares the Fourier transform of the whole."""
    from scipy.signal import fftconvolve  # SciPy takes a second to import it

    margins = tuple(length // 2 for length in kernel.shape)
    step = _STRIP if is_large(sharp.shape) else len(sharp)
    strips = []
    for top in range(0, len(sharp), step):
        rows = np.arange(top - margins[0], min(top + step, len(sharp)) + margins[0]).clip(0, len(sharp) - 1)
        seen = padarray(sharp[rows], (0, margins[1]), "replicate")
        strips.append(fftconvolve(seen, kernel, mode="valid"))
    return np.concatenate(strips)
