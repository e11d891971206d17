"""Random blur kernels from simulated camera shake.

The random-motion model is that of G. Boracchi and A. Foi, "Modeling the performance of image restoration from
motion blur", IEEE Transactions on Image Processing 21(8), 2012, which section 3.4 of the paper names.
"""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

from pydeblur.errors import InvalidInputError

SMALLEST_SIZE = 3
SHORTEST_EXPOSURE = 0.1
"""Shortest exposed share of a path; a short piece of a tangled path is a simple curve."""
LARGEST_PIXEL = 0.5
"""A kernel that keeps more than this share of its mass in one pixel hardly blurs, and is drawn again."""
LEAST_FILL = 0.4
"""Least effective length (pixels that share the mass) of a kernel, as a share of its size."""
LONGEST_FILL = 4.0
"""Largest effective length as a share of the size: beyond, the shake has filled its box like a cloud."""
_TURNS_OF_SPEED = 8
"""Places along a path at which its speed is drawn."""


def random_trajectory(rng, samples=2000, length=1.0, anxiety=None):
    """Draw one path of a shaking camera, after Boracchi and Foi (2012), section II-B.

    A particle moves at constant speed. At each instant its velocity keeps its direction (inertia) but for a
    Gaussian perturbation, a pull towards where the exposure began (the photographer corrects), and now and then an
    impulsive perturbation that nearly inverts it (pressing the button, a sudden reflex).

    Parameters
    ----------
    rng : numpy.random.Generator or int
        Where the randomness comes from; an int is a seed.
    samples : int
        Number of instants at which the path is sampled, at least 2.
    length : float
        Length of the whole path, > 0, in the unit of the result.
    anxiety : float, optional
        Strength of all perturbations, >= 0: 0 is a straight line, 0.1 is a nervous hand. Drawn uniformly from
        [0, 0.1] by default.

    Returns
    -------
    (samples, 2) float64 ndarray
        Positions (row, column), the first at (0, 0).

    Raises
    ------
    InvalidInputError
        If `samples` < 2, `length` <= 0 or `anxiety` < 0.

    Examples
    --------
    >>> from pydeblur.synthesis import random_trajectory
    >>> path = random_trajectory(0, samples=100, length=20.0)
    >>> path.shape, path[0].tolist()
    ((100, 2), [0.0, 0.0])
    """
    if samples < 2:
        raise InvalidInputError(f"samples should be an integer of at least 2, but is {samples}.")
    if not length > 0:
        raise InvalidInputError(f"length should be positive, but is {length}.")
    rng = np.random.default_rng(rng)
    anxiety = 0.1 * rng.uniform() if anxiety is None else anxiety
    if not anxiety >= 0:
        raise InvalidInputError(f"anxiety should be at least 0, but is {anxiety}.")

    centripetal = 0.7 * rng.uniform()
    gaussian = 10.0 * rng.uniform()
    impulse_probability = 0.2 * rng.uniform()
    # The authors' model runs 2000 instants over 64 px: perturbations are per step, so fewer steps are made coarser
    # by working in their unit of length and rescaling at the end.
    step = 64.0 / (samples - 1)
    impulses = rng.uniform(size=samples - 1) < impulse_probability * anxiety
    turns = np.where(impulses, 2.0 * np.exp(1j * (np.pi + rng.uniform(-0.5, 0.5, samples - 1))), 0)
    shakes = gaussian * (rng.standard_normal(samples - 1) + 1j * rng.standard_normal(samples - 1))

    velocity = step * complex(np.exp(2j * np.pi * rng.uniform()))
    position, positions = 0j, [0j]
    # The loop runs a thousand times on scalars, for which NumPy's numbers are several times slower than Python's own.
    for turn, shake in zip(turns.tolist(), shakes.tolist()):
        velocity += anxiety * (shake - centripetal * position) * step + velocity * turn
        velocity *= step / (abs(velocity) or 1.0)
        position += velocity
        positions.append(position)
    path = np.array(positions)
    return np.stack([path.imag, path.real], axis=1) * (length / 64.0)


def random_dwell(rng, samples=2000, variation=1.0):
    """Draw how long a shaking camera stays at each instant of its path.

    Boracchi and Foi's particle moves at constant speed; a hand rests and jerks, and leaves bright spots and faint
    streaks. Here the logarithm of the time is a cubic spline through eight normal numbers.

    Parameters
    ----------
    rng : numpy.random.Generator or int
        Where the randomness comes from; an int is a seed.
    samples : int
        Number of instants, at least 2.
    variation : float
        Standard deviation of the logarithm, >= 0: 0 is constant speed.

    Returns
    -------
    (samples,) float64 ndarray
        Positive, of mean 1.

    Raises
    ------
    InvalidInputError
        If `samples` < 2 or `variation` < 0.

    Examples
    --------
    >>> from pydeblur.synthesis import random_dwell
    >>> dwell = random_dwell(0, samples=100)
    >>> bool(dwell.min() > 0), round(float(dwell.mean()), 12)
    (True, 1.0)
    """
    if samples < 2:
        raise InvalidInputError(f"samples should be an integer of at least 2, but is {samples}.")
    if not variation >= 0:
        raise InvalidInputError(f"variation should be at least 0, but is {variation}.")
    numbers = np.random.default_rng(rng).standard_normal(_TURNS_OF_SPEED)
    course = CubicSpline(np.linspace(0, 1, _TURNS_OF_SPEED), numbers)(np.linspace(0, 1, samples))
    dwell = np.exp(variation * course)
    return dwell / dwell.mean()


def trajectory_to_psf(trajectory, size, exposure=1.0, dwell=None):
    """Sample a path to a point-spread function, spreading each instant over its four nearest pixels.

    Boracchi and Foi (2012), section II-B: the PSF is the time the path spends at each pixel during the exposure,
    interpolated bilinearly for sub-pixel positions.

    Parameters
    ----------
    trajectory : (N, 2) array_like
        Positions (row, column) in pixels at equally spaced instants. The box around the exposed part is moved to
        the kernel's centre; the scale is kept.
    size : int
        Side of the kernel, odd, at least 3.
    exposure : float
        Share of the path, in (0, 1], during which the shutter is open, from its start.
    dwell : (N,) array_like, optional
        Time spent at each instant's position (:func:`random_dwell`); by default the same for all.

    Returns
    -------
    (size, size) float64 ndarray
        Non-negative, sum 1.

    Raises
    ------
    InvalidInputError
        If `size` is even or too small, `exposure` lies outside (0, 1], the exposed path does not fit into
        `size` pixels, or `dwell` is not one non-negative number for each instant.

    Examples
    --------
    >>> from pydeblur.synthesis import trajectory_to_psf
    >>> trajectory_to_psf([[0, 0], [0, 1], [0, 2]], 3).round(3).tolist()
    [[0.0, 0.0, 0.0], [0.333, 0.333, 0.333], [0.0, 0.0, 0.0]]
    """
    size = _checked_size(size)
    exposed = _exposed_part(trajectory, exposure)
    low, high = exposed.min(axis=0), exposed.max(axis=0)
    if np.max(high - low) > size - 1 + 1e-9:
        raise InvalidInputError(
            f"size should be at least {int(np.ceil(np.max(high - low))) + 1} for this trajectory, but is {size}."
        )
    position = np.clip(exposed - (low + high) / 2 + (size - 1) / 2, 0, size - 1)
    corner = np.minimum(position.astype(int), size - 2)
    right = position - corner
    time = (
        np.ones(len(exposed)) if dwell is None else _checked_dwell(dwell, len(np.asarray(trajectory)))[: len(exposed)]
    )
    psf = np.zeros((size, size))
    for row in (0, 1):
        for column in (0, 1):
            weight = np.abs(1 - row - right[:, 0]) * np.abs(1 - column - right[:, 1]) * time
            np.add.at(psf, (corner[:, 0] + row, corner[:, 1] + column), weight)
    return psf / psf.sum()


def random_kernel(size, rng, speed_variation=0.0):
    """Draw a camera-shake kernel that fills its square.

    A random trajectory (:func:`random_trajectory`) is exposed for a random 10 to 100 % of its path (uniform in the
    logarithm), scaled so that the longer side of its box is `size` pixels long, and sampled
    (:func:`trajectory_to_psf`). Kernels that hardly blur, because most of the time was spent at one spot, and tangles
    that fill their square like a cloud are drawn again.

    Parameters
    ----------
    size : int
        Side in pixels, odd, at least 3; the paper takes 7 to 51.
    rng : numpy.random.Generator or int
        Where the randomness comes from; an int is a seed.
    speed_variation : float
        The variation of :func:`random_dwell`, >= 0. The paper's model has constant speed, 0; real shakes have bright
        spots and faint streaks, as with about 1.

    Returns
    -------
    (size, size) float64 ndarray
        Non-negative, sum 1; the box around its support is centred and spans the full `size` in at least one
        direction.

    Raises
    ------
    InvalidInputError
        If `size` is even or less than 3, or `speed_variation` < 0.

    Examples
    --------
    >>> from pydeblur.synthesis import random_kernel
    >>> kernel = random_kernel(7, 0)
    >>> kernel.shape, round(float(kernel.sum()), 12)
    ((7, 7), 1.0)
    """
    size = _checked_size(size)
    rng = np.random.default_rng(rng)
    if not speed_variation >= 0:
        raise InvalidInputError(f"speed_variation should be at least 0, but is {speed_variation}.")
    while True:
        exposed = _exposed_part(random_trajectory(rng), SHORTEST_EXPOSURE ** rng.uniform())
        span = np.ptp(exposed, axis=0).max()
        dwell = random_dwell(rng, len(exposed), speed_variation) if speed_variation else None
        kernel = trajectory_to_psf(exposed * ((size - 1) / span), size, dwell=dwell)
        # The inverse participation ratio tells over how many pixels the mass is really spread.
        effective_length = 1.0 / np.sum(kernel**2)
        if kernel.max() <= LARGEST_PIXEL and LEAST_FILL <= effective_length / size <= LONGEST_FILL:
            return kernel


def random_size(sizes, rng):
    """Draw a kernel's size: one of the odd numbers of a range, all equally likely.

    Parameters
    ----------
    sizes : (int, int)
        Smallest and largest, odd.
    rng : numpy.random.Generator
        Where the randomness comes from.

    Returns
    -------
    int

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.synthesis import random_size
    >>> random_size((7, 11), np.random.default_rng(0)) in (7, 9, 11)
    True
    """
    low, high = sizes
    return 2 * int(rng.integers(low // 2, high // 2 + 1)) + 1


def random_kernels(count, seed, sizes=(7, 51)):
    """Draw a set of kernels whose odd sizes are spread evenly over a range.

    Parameters
    ----------
    count : int
        How many.
    seed : int or sequence of int
        Seed of the whole set.
    sizes : (int, int)
        Smallest and largest size, odd; both occur if `count` allows.

    Returns
    -------
    list of (size, size) float64 ndarray
        From small to large.

    Raises
    ------
    InvalidInputError
        If a size is even or less than 3, or the range is empty.

    Examples
    --------
    >>> from pydeblur.synthesis import random_kernels
    >>> [len(kernel) for kernel in random_kernels(3, 0, sizes=(5, 9))]
    [5, 7, 9]
    """
    smallest, largest = (_checked_size(size) for size in sizes)
    if largest < smallest:
        raise InvalidInputError(f"sizes should be (smallest, largest), but are {tuple(sizes)}.")
    rng = np.random.default_rng(seed)
    halves = np.rint(np.linspace(smallest // 2, largest // 2, count)).astype(int)
    return [random_kernel(2 * half + 1, rng) for half in halves]


def _exposed_part(trajectory, exposure):
    trajectory = np.asarray(trajectory, float)
    if trajectory.ndim != 2 or trajectory.shape[1] != 2 or len(trajectory) < 1 or not np.isfinite(trajectory).all():
        raise InvalidInputError(
            f"trajectory should be a finite (N, 2) array of positions, but has the shape {trajectory.shape}."
        )
    if not 0 < exposure <= 1:
        raise InvalidInputError(f"exposure should be in (0, 1], but is {exposure}.")
    return trajectory[: max(1, round(exposure * len(trajectory)))]


def _checked_dwell(dwell, count):
    dwell = np.asarray(dwell, float)
    if dwell.shape != (count,) or not np.isfinite(dwell).all() or dwell.min() < 0 or not dwell.any():
        raise InvalidInputError(
            f"dwell should be {count} finite non-negative numbers, not all 0, but has the shape {dwell.shape}."
        )
    return dwell


def _checked_size(size):
    if int(size) != size or size % 2 == 0 or size < SMALLEST_SIZE:
        raise InvalidInputError(f"size should be an odd integer of at least {SMALLEST_SIZE}, but is {size}.")
    return int(size)
