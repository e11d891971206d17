"""Kernels with a fault: what a wrong kernel looks like, made of a right one.

The solver's runs fail in a few ways, and each case of the ranking network's training shows but few of them. So kernels are
damaged as failed runs are: too small, fallen together to a point, with strokes that are not there or without some that are,
mirrored, smoothed, of a coarser scale.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pydeblur.estimators.evidence import radius
from pydeblur.synthesis.kernels import random_kernel

#: How often each fault is drawn, relative to the others.
_SHARES = {
    "small": 2,
    "large": 1,
    "collapsed": 1,
    "sharpened": 1,
    "spur": 2,
    "mirrored": 1,
    "coarse": 1,
    "smoothed": 2,
    "faint lost": 2,
    "half lost": 1,
    "turned": 1,
    "straightened": 1,
    "another": 1,
}


def faulty_kernel(kernel: np.ndarray, rng, fault: str | None = None) -> tuple[str, np.ndarray] | None:
    """Damage a kernel.

    Parameters
    ----------
    kernel : (n, n) ndarray
        Non-negative, of sum 1, n odd and at least 3.
    rng : numpy.random.Generator or int
        Draws the fault and how bad it is; an int is a seed.
    fault : str, optional
        One of :func:`fault_names`; drawn by default.

    Returns
    -------
    (str, (n, n) ndarray) or None
        The fault's name, and a kernel of sum 1; None where nothing of it would be left.

    Examples
    --------
    >>> stroke = np.eye(15) / 15
    >>> name, kernel = faulty_kernel(stroke, 0, "mirrored")
    >>> kernel.shape, round(float(kernel.sum()), 6)
    ((15, 15), 1.0)
    """
    rng = np.random.default_rng(rng)
    if fault is None:
        shares = np.array(list(_SHARES.values()), float)
        fault = list(_SHARES)[rng.choice(len(shares), p=shares / shares.sum())]
    damaged = np.maximum(_FAULTS[fault](np.asarray(kernel, float), rng), 0)
    total = damaged.sum()
    return (fault, damaged / total) if total > 0 else None


def fault_names() -> tuple[str, ...]:
    """The names of the faults.

    Examples
    --------
    >>> fault_names()[:3]
    ('small', 'large', 'collapsed')
    """
    return tuple(_SHARES)


def _small(kernel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _transformed(kernel, np.eye(2) / rng.uniform(0.4, 0.9))


def _large(kernel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _transformed(kernel, np.eye(2) / rng.uniform(1.1, 1.4))


def _collapsed(kernel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Most of the mass near one point."""
    point = np.zeros_like(kernel)
    point[np.unravel_index(kernel.argmax(), kernel.shape)] = 1
    point = _smooth(point, rng.uniform(0.3, 1.5))
    share = rng.uniform(0.15, 0.8)
    return share * point / point.sum() + (1 - share) * kernel


def _sharpened(kernel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (kernel / kernel.max()) ** rng.uniform(1.4, 3.0)


def _spur(kernel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A stroke that is not there."""
    side = min(max(int(len(kernel) * rng.uniform(0.4, 1.0)) // 2 * 2 - 1, 3), len(kernel))
    top, left = rng.integers(0, len(kernel) - side + 1, 2)
    stroke = np.zeros_like(kernel)
    stroke[top : top + side, left : left + side] = random_kernel(side, rng, 1.0)
    share = rng.uniform(0.08, 0.45)
    return (1 - share) * kernel + share * stroke


def _mirrored(kernel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (kernel[::-1], kernel[:, ::-1], kernel[::-1, ::-1], kernel.T)[rng.integers(4)].copy()


def _coarse(kernel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Of a neighbouring scale: made small, and enlarged again."""
    ratio = rng.uniform(0.35, 0.7)
    return _transformed(_transformed(kernel, np.eye(2) / ratio), np.eye(2) * ratio)


def _smoothed(kernel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _smooth(kernel, rng.uniform(0.6, max(1.2, len(kernel) / 16)))


def _faint_lost(kernel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.where(kernel >= rng.uniform(0.05, 0.5) * kernel.max(), kernel, 0)


def _half_lost(kernel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What lies on one side of a line."""
    angle = rng.uniform(0, 2 * np.pi)
    rows, columns = _places(kernel)
    distance = np.cos(angle) * rows + np.sin(angle) * columns
    return np.where(distance > rng.uniform(-0.5, 0.2) * radius(kernel), kernel, 0)


def _turned(kernel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    angle = rng.uniform(0.15, 0.6) * rng.choice([-1, 1])
    return _transformed(kernel, np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]))


def _straightened(kernel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A Gaussian of the same extent in every direction."""
    rows, columns = (each.ravel() for each in _places(kernel))
    places = np.stack([rows, columns])
    # A line has no width: without some of it there would be no Gaussian.
    covariance = (places * kernel.ravel()) @ places.T + 0.3 * np.eye(2)
    exponents = np.einsum("in,ij,jn->n", places, np.linalg.inv(covariance), places)
    return np.exp(-0.5 * exponents).reshape(kernel.shape)


def _another(kernel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return random_kernel(len(kernel), rng, rng.uniform(0.6, 1.4))


_FAULTS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "small": _small,
    "large": _large,
    "collapsed": _collapsed,
    "sharpened": _sharpened,
    "spur": _spur,
    "mirrored": _mirrored,
    "coarse": _coarse,
    "smoothed": _smoothed,
    "faint lost": _faint_lost,
    "half lost": _half_lost,
    "turned": _turned,
    "straightened": _straightened,
    "another": _another,
}


def _places(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of each pixel, from the kernel's centroid."""
    rows, columns = np.mgrid[: kernel.shape[0], : kernel.shape[1]]
    return rows - (kernel * rows).sum(), columns - (kernel * columns).sum()


def _transformed(kernel: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """What lies at the matrix times each place, both from the centroid."""
    from scipy.ndimage import affine_transform  # SciPy takes a second to import it

    total = kernel.sum()
    rows, columns = np.mgrid[: kernel.shape[0], : kernel.shape[1]]
    centre = np.array([(kernel * rows).sum(), (kernel * columns).sum()]) / max(total, np.finfo(float).tiny)
    return affine_transform(kernel, matrix, offset=centre - matrix @ centre, order=1)


def _smooth(kernel: np.ndarray, sigma: float) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(kernel, sigma, mode="constant")
