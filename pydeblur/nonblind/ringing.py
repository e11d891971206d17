"""The final step of Pan et al. 2014 [26]: a TV result, less the smoothed difference from an L0 result."""

from __future__ import annotations

import numpy as np

from pydeblur.nonblind.bilateral import bilateral_filter
from pydeblur.nonblind.channels import channels_first, channels_last, each_channel
from pydeblur.nonblind.l0 import deconvolve_l0
from pydeblur.nonblind.tv import deconvolve_tv_periodic
from pydeblur.preprocess.noise_of_large import noise_of_picture
from pydeblur.solver.boundary import padded_shape, wrap_boundary

#: λ_tv and λ_l0 without noise, and what a noise of σ adds to them by σ². They were chosen on development images with
#: kernels as they are found, whose errors act as noise does (docs/studies/final_step).
_WITHOUT_NOISE, _BY_VARIANCE = (5e-4, 1.5e-4), (6.0, 1.1)
#: No weight mends more noise than this.
_LARGEST_NOISE = 0.1


def remove_ringing(
    image: np.ndarray,
    kernel: np.ndarray,
    lambda_tv: float = 1e-3,
    lambda_l0: float = 5e-4,
    weight_ring: float = 1.0,
    workers: int = 1,
) -> np.ndarray:
    """Compute I_tv - weight_ring * bilateral(I_tv - I_l0), ``ringing_artifacts_removal`` of the MATLAB family.

    The three parts are those of :func:`~pydeblur.nonblind.tv.deconvolve_tv`,
    :func:`~pydeblur.nonblind.bilateral.bilateral_filter` and :func:`~pydeblur.nonblind.l0.deconvolve_l0`.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray
        Blurred image in [0, 1].
    kernel : (n, m) ndarray
        Odd sizes, sum 1.
    lambda_tv : float
        Weight of the total variation, > 0; usual 1e-3.
    lambda_l0 : float
        Weight of the L0 gradients, >= 0; usual 5e-4 ... 2e-3.
    weight_ring : float
        Strength of the ringing removal; 0 gives the TV result alone.
    workers : int
        Threads, >= 1.

    Returns
    -------
    (H, W) or (H, W, 3) ndarray
        The final image in the image's dtype; not clipped.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.full((16, 16), 0.5)
    >>> bool(np.allclose(remove_ringing(image, np.full((3, 3), 1 / 9)), image, atol=1e-6))
    True
    """
    height, width = image.shape[:2]
    padded = wrap_boundary(channels_first(image), padded_shape(image.shape, kernel.shape))
    padded = channels_last(padded)
    smooth = each_channel(
        lambda channel: deconvolve_tv_periodic(channel, kernel, lambda_tv, workers)[:height, :width], padded
    )
    if weight_ring == 0:
        return smooth
    # As in the MATLAB family, the L0 part pads the already padded image once more.
    ringing = deconvolve_l0(padded, kernel, lambda_l0, workers=workers)[:height, :width]
    np.subtract(smooth, ringing, out=ringing)
    del padded
    ringing = bilateral_filter(ringing, workers=workers)
    ringing *= np.float32(weight_ring)
    smooth -= ringing
    return smooth


def weights_for_noise(image: np.ndarray) -> dict[str, float]:
    """Choose λ_tv and λ_l0 of :func:`remove_ringing` for the noise found in a blurred image.

    In the MATLAB family they are the user's choice. What this choice is worth is measured in docs/studies/final_step.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray
        In [0, 1]; of its channels the noisiest counts.

    Returns
    -------
    dict
        ``lambda_tv`` from 5e-4, and ``lambda_l0`` from 1.5e-4.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.nonblind import weights_for_noise
    >>> weights_for_noise(np.full((16, 16), 0.5))
    {'lambda_tv': 0.0005, 'lambda_l0': 0.00015}
    """
    noise = min(max(noise_of_picture(channel) for channel in np.atleast_3d(image).transpose(2, 0, 1)), _LARGEST_NOISE)
    weights = (least + growth * noise**2 for least, growth in zip(_WITHOUT_NOISE, _BY_VARIANCE))
    return dict(zip(("lambda_tv", "lambda_l0"), weights))
