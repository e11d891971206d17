"""Two pictures to be deblurred for a demonstration.

With scikit-image they are two that it ships: a photograph with real motion blur, and one whose truth is known. Without it they
are drawn by :mod:`pydeblur.datasets.drawn_pictures`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pydeblur.datasets.drawn_pictures import drawn_page, drawn_street
from pydeblur.datasets.packaged_images import has_packaged_images, packaged_image
from pydeblur.synthesis.blur import blur
from pydeblur.synthesis.kernels import random_kernel


@dataclass(frozen=True)
class DemoImage:
    """A blurred image, how to deblur it, and what is known of it.

    Attributes
    ----------
    name : str
    blurred : (H, W) ndarray
        In [0, 1].
    kernel_size : int
        The odd size to ask the kernel estimation for.
    settings : dict
        Further arguments of :func:`pydeblur.deblur`.
    sharp : (H, W) ndarray or None
        The sharp image, where it is known.
    kernel : (n, n) ndarray or None
        The true kernel, where it is known.
    detail : tuple of slice
        The part of the image to show side by side.

    Examples
    --------
    >>> import numpy as np
    >>> DemoImage("flat", np.full((8, 8), 0.5), 3, {}).sharp is None
    True
    """

    name: str
    blurred: np.ndarray
    kernel_size: int
    settings: dict
    sharp: np.ndarray | None = None
    kernel: np.ndarray | None = None
    detail: tuple = np.s_[:, :]


def demo_images() -> list[DemoImage]:
    """Return the pictures of the demonstration: those of scikit-image where it is installed, else drawn ones.

    Returns
    -------
    list of DemoImage
        The clock (real motion blur) and the camera man (random-trajectory kernel, 1 % noise, 8 bit); or a street and a page
        of text, blurred in the same way as the camera man.

    Examples
    --------
    >>> [image.name for image in demo_images()]  # doctest: +SKIP
    ['clock', 'camera']
    """
    return _packaged() if has_packaged_images() else drawn_demo_images()


def drawn_demo_images() -> list[DemoImage]:
    """Return the drawn street and the drawn page of text, blurred.

    Returns
    -------
    list of DemoImage

    Examples
    --------
    >>> [image.name for image in drawn_demo_images()]
    ['street', 'page']
    """
    return [_blurred("street", drawn_street(), 7), _blurred("page", drawn_page(), 11)]


def _packaged() -> list[DemoImage]:
    # The clock is faint and hardly noisy: weak final priors keep its hands, and a higher cut cleans the kernel.
    # One run with the paper's values suits it best; the default would expect noise.
    faint = {"prior": "gradient", "kernel_threshold": 5, "nonblind_options": {"lambda_tv": 2e-4, "lambda_l0": 1e-4}}
    clock = DemoImage("clock", packaged_image("clock"), 41, faint, detail=np.s_[80:230, 110:310])
    return [clock, _blurred("camera", packaged_image("camera")[60:420, 60:420], 7)]


def _blurred(name: str, sharp: np.ndarray, seed: int) -> DemoImage:
    """A sharp picture under a random camera trajectory, with 1 % noise and 8 bits."""
    kernel = random_kernel(19, np.random.default_rng(seed))
    return DemoImage(name, blur(sharp, kernel, noise=0.01, rng=8), 25, {}, sharp, kernel)
