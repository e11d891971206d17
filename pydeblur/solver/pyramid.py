"""The image and kernel pyramid of the coarse-to-fine strategy (docs/algorithm, section 2)."""

from __future__ import annotations

import math

import numpy as np

from pydeblur.matlab import conv2_separable, imresize, matlab_round
from pydeblur.solver.kernel import normalise_kernel

SCALE_RATIO = math.sqrt(0.5)


def scale_ratios(kernel_size: int) -> list[float]:
    """Return the ratios of all scales, the finest (1) first: powers of sqrt(1/2) until the kernel is about 5 wide.

    Examples
    --------
    >>> [round(ratio, 3) for ratio in scale_ratios(13)]
    [1.0, 0.707, 0.5]
    """
    coarsest = max(math.floor(math.log(5 / kernel_size) / math.log(SCALE_RATIO)), 0)
    # The power is taken as MATLAB takes it: sqrt(.5)^2 is a little more than 1/2, which moves the ceil below.
    return [math.pow(SCALE_RATIO, scale) for scale in range(coarsest + 1)]


def kernel_sizes(kernel_size: int) -> list[int]:
    """Return the kernel's size at each scale, the finest first: the next odd number from ``ceil(kernel_size * ratio)``.

    Examples
    --------
    >>> kernel_sizes(25)
    [25, 19, 13, 9, 7]
    """
    sizes = [math.ceil(kernel_size * ratio) for ratio in scale_ratios(kernel_size)]
    return [size + (size % 2 == 0) for size in sizes]


def initial_kernel(size: int, shape: str = "row") -> np.ndarray:
    """Return the kernel to start from at the coarsest scale: two equal neighbours.

    Parameters
    ----------
    size : int
    shape : {"row", "column"}
        Whether the two lie in a row or in a column.

    Returns
    -------
    (size, size) float64 ndarray

    Examples
    --------
    >>> initial_kernel(3).tolist()
    [[0.5, 0.5, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    kernel = np.zeros((size, size))
    centre = (size - 1) // 2
    kernel[centre - 1, centre - 1 : centre + 1] = 0.5
    return kernel if shape == "row" else kernel.T.copy()


def downsample_image(image: np.ndarray, ratio: float) -> np.ndarray:
    """Low-pass and sample an image at a coarser scale.

    Parameters
    ----------
    image : (H, W) ndarray
        Grey image.
    ratio : float
        In (0, 1]; 1 returns the image itself.

    Returns
    -------
    (h, w) ndarray
        Of the image's dtype, a little smaller than ratio * (H, W) since the low-pass keeps valid pixels only.

    Examples
    --------
    >>> import numpy as np
    >>> downsample_image(np.zeros((40, 60)), 0.5).shape
    (18, 28)
    """
    if ratio == 1:
        return image
    taps = _low_pass_taps(ratio)
    smooth = conv2_separable(taps, taps, image, "valid")
    if smooth.size == 0:
        return smooth
    return _sample_linearly(smooth, 1 / ratio).astype(image.dtype, copy=False)


def downsampled_shape(shape: tuple[int, int], ratio: float) -> tuple[int, int]:
    """Return the shape of what :func:`downsample_image` makes of an image; 0 where the low-pass leaves nothing.

    Parameters
    ----------
    shape : (int, int)
    ratio : float

    Returns
    -------
    (int, int)

    Examples
    --------
    >>> downsampled_shape((40, 60), 0.5)
    (18, 28)
    """
    if ratio == 1:
        return shape
    lost = len(_low_pass_taps(ratio)) - 1
    return tuple(len(_colon(length - lost, 1 / ratio)) if length > lost else 0 for length in shape)


def _low_pass_taps(ratio: float) -> np.ndarray:
    positions = 2 * np.pi * np.arange(-50, 51)
    taps = np.exp(-0.5 * positions**2 * (ratio / np.pi) ** 2)
    taps /= taps.sum()
    cumulative = np.cumsum(taps)
    # As in the MATLAB family, the taps are not normalised again after the cut: the coarse images are a little darker.
    return taps[np.minimum(cumulative, cumulative[::-1]) > 0.05]


def _sample_linearly(image: np.ndarray, step: float) -> np.ndarray:
    """MATLAB's ``interp2`` at every ``step``-th row and column, in double precision."""
    (above, below, up, down), (left, right, near, far) = (_neighbours(length, step) for length in image.shape)
    up, down = up[:, None], down[:, None]
    image = image.astype(np.float64)
    sampled = image[np.ix_(above, left)] * up * near
    sampled += image[np.ix_(above, right)] * up * far
    sampled += image[np.ix_(below, left)] * down * near
    sampled += image[np.ix_(below, right)] * down * far
    return sampled


def _neighbours(length: int, step: float):
    """The indices before and after each of MATLAB's ``1:step:length``, and the weights of both."""
    positions = _colon(length, step)
    before = np.floor(positions).astype(np.intp)
    weights = positions - before
    return before, np.minimum(before + 1, length - 1), 1 - weights, weights


def _colon(length: int, step: float) -> np.ndarray:
    """MATLAB's ``1:step:length`` as 0-based positions."""
    count = math.floor((length - 1) / step * (1 + np.finfo(float).eps)) + 1
    return np.minimum(np.arange(count) * step, length - 1)


def upsample_kernel(kernel: np.ndarray, size: int) -> np.ndarray:
    """Enlarge a kernel to the next finer scale.

    Parameters
    ----------
    kernel : (n, n) ndarray
    size : int
        The size at that scale.

    Returns
    -------
    (size, size) ndarray
        Non-negative, of sum 1.

    Raises
    ------
    KernelCollapseError
        If nothing of the kernel is left.

    Examples
    --------
    >>> kernel = upsample_kernel(initial_kernel(5), 7)
    >>> kernel.shape, round(kernel.sum().item(), 12)
    ((7, 7), 1.0)
    """
    larger = np.maximum(imresize(kernel, 1 / SCALE_RATIO), 0)
    return normalise_kernel(fix_size(larger, (size, size)))


def fix_size(kernel: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Cut or pad a kernel to a shape, one row and one column a pass, always at the lighter end when cutting.

    Padding appends a zero line at the end when the first line is lighter than the last, else at the front.

    Parameters
    ----------
    kernel : (n, m) ndarray
    shape : (int, int)

    Returns
    -------
    ndarray
        Of that shape.

    Examples
    --------
    >>> import numpy as np
    >>> fix_size(np.array([[0.1, 0.6, 0.3]]), (1, 2)).tolist()
    [[0.6, 0.3]]
    """
    while kernel.shape != tuple(shape):
        kernel = _fix_length(kernel, shape[0])
        kernel = _fix_length(kernel.T, shape[1]).T
    return np.ascontiguousarray(kernel)


def _fix_length(kernel: np.ndarray, length: int) -> np.ndarray:
    """One step of :func:`fix_size` along the rows."""
    masses = kernel.sum(axis=1)
    first_is_lighter = masses[0] < masses[-1]
    if len(kernel) > length:
        return kernel[1:] if first_is_lighter else kernel[:-1]
    if len(kernel) < length:
        return np.pad(kernel, ((0, 1) if first_is_lighter else (1, 0), (0, 0)))
    return kernel


def centre_kernel(kernel: np.ndarray) -> np.ndarray:
    """Shift a kernel by whole pixels so that its centroid comes next to the centre.

    It is ``adjust_psf_center`` of the MATLAB family.

    Parameters
    ----------
    kernel : (n, m) ndarray
        Of sum 1.

    Returns
    -------
    (n, m) ndarray
        What comes in from outside is 0.

    Examples
    --------
    >>> import numpy as np
    >>> centre_kernel(np.array([[1.0, 0.0, 0.0]])).tolist()
    [[0.0, 1.0, 0.0]]
    """
    shift = []
    for axis in (0, 1):
        length = kernel.shape[axis]
        centroid = np.sum(kernel.sum(axis=1 - axis) * np.arange(1, length + 1))
        shift.append(int(matlab_round((length + 1) / 2 - centroid)))
    return _shifted(kernel, *shift)


def _shifted(array: np.ndarray, down: int, right: int) -> np.ndarray:
    result = np.zeros_like(array)
    height, width = array.shape
    if abs(down) < height and abs(right) < width:
        source = array[max(-down, 0) : height - max(down, 0), max(-right, 0) : width - max(right, 0)]
        result[max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)] = source
    return result


def finish_scale_kernel(kernel: np.ndarray) -> np.ndarray:
    """Centre, clip and normalise the kernel that a scale has found.

    Parameters
    ----------
    kernel : (n, m) ndarray
        Of sum 1.

    Returns
    -------
    (n, m) ndarray
        Non-negative, of sum 1.

    Raises
    ------
    KernelCollapseError
        If nothing of the kernel is left.

    Examples
    --------
    >>> import numpy as np
    >>> finish_scale_kernel(np.array([[1.0, 0.0, 0.0]])).tolist()
    [[0.0, 1.0, 0.0]]
    """
    return normalise_kernel(np.maximum(centre_kernel(kernel), 0))


def finish_kernel(kernel: np.ndarray, threshold: float) -> np.ndarray:
    """Set what is below ``max / threshold`` to zero and normalise.

    Parameters
    ----------
    kernel : (n, m) ndarray
    threshold : float
        With 0 everything is kept.

    Returns
    -------
    (n, m) ndarray
        Of sum 1.

    Raises
    ------
    KernelCollapseError
        If nothing of the kernel is left.

    Examples
    --------
    >>> import numpy as np
    >>> finish_kernel(np.array([[0.8, 0.01, 0.2]]), 20).tolist()
    [[0.8, 0.0, 0.2]]
    """
    floor = kernel.max() / threshold if threshold > 0 else 0.0
    return normalise_kernel(np.where(kernel < floor, 0, kernel))
