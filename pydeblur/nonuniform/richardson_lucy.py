"""Richardson-Lucy with saturation for a blur that changes over the picture: Whyte et al., on camera poses or patches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pydeblur.matlab import padarray
from pydeblur.nonblind.channels import each_channel
from pydeblur.nonblind.whyte import GAMMA, SaturatedProblem
from pydeblur.nonuniform.filter_flow import PatchBlur
from pydeblur.nonuniform.local_blur import LocalBlur, PoseBlur
from pydeblur.nonuniform.operators import PoseOperator
from pydeblur.nonuniform.patches import PatchGrid
from pydeblur.nonuniform.poses import CameraPoses

#: A kernel's elements above this share of its largest count as reached.
_FLOOR = 1 / 100


def deconvolve_saturated_nonuniform(
    image: np.ndarray,
    blur: LocalBlur,
    iterations: int = 50,
    patches: tuple[int, int] = (10, 14),
    exact: bool = False,
    workers: int = 1,
    light_gamma: float = GAMMA,
) -> np.ndarray:
    """Deblur a saturated picture whose blur is known and changes over it.

    The method is that of :func:`pydeblur.nonblind.deconvolve_saturated`, with the blur of the whole picture in place of a
    convolution.

    Parameters
    ----------
    image : (H, W) or (H, W, C) ndarray
        Blurred picture, gamma-coded, saturated at 1; negative values count as 0.
    blur : PoseBlur or KernelGridBlur
        For pictures of this size.
    iterations : int
    patches : (int, int)
        Rows and columns of patches of the filter flow.
    exact : bool
        Whether the warps of all poses take the place of the filter flow: a hundred times slower. Only for camera poses.
    workers : int
        Threads of the FFTs.
    light_gamma : float
        The blur adds up intensities to this power.

    Returns
    -------
    (H, W) or (H, W, C) ndarray
        The latent picture in the image's dtype; at least 0, and not clipped at 1.

    Examples
    --------
    >>> blur = PoseBlur(CameraPoses([[-1.0, 0.0, 0.0], [1.0, 0.0, 0.02]], (20, 30)), [0.5, 0.5])
    >>> picture = np.full((20, 30), 0.5)
    >>> bool(np.allclose(deconvolve_saturated_nonuniform(picture, blur, 3, (2, 2)), picture))
    True
    """
    radius = blur.radius
    shape = tuple(side + 2 * radius for side in image.shape[:2])
    observed = np.zeros(shape, image.dtype)
    inside = tuple(slice(radius, radius + side) for side in image.shape[:2])
    observed[inside] = 1
    operators = _patch_operators(blur, shape, patches, image.dtype, workers)
    if exact and isinstance(blur, PoseBlur):
        # The reach stays that of the filter flow.
        operators = *_exact_operators(blur, shape, image.dtype), operators[2]
    problem = SaturatedProblem(*operators, observed)

    def solve(channel):
        light = np.maximum(channel, 0) ** light_gamma
        return problem.solve(padarray(light, (radius, radius), "replicate"), iterations)[inside] ** (1 / light_gamma)

    return each_channel(solve, image)


Operators = tuple[Callable, Callable, Callable]


def _patch_operators(blur: LocalBlur, shape, patches, dtype, workers) -> Operators:
    """Blur, adjoint and reach of the padded picture, by filter flow."""
    grid = PatchGrid(shape, patches)
    radius = blur.radius
    last = np.array(blur.shape[::-1]) - 1
    kernels = blur.kernels_at(np.clip(grid.centres - radius, 0, last))
    kernels[kernels < _FLOOR * kernels.max(axis=(1, 2), keepdims=True)] = 0
    kernels /= kernels.sum(axis=(1, 2), keepdims=True)
    kernels = kernels.astype(dtype)
    flow = PatchBlur(grid, kernels.shape[1] // 2, workers)
    reach = (kernels > 0).astype(dtype)
    return (
        lambda image: flow.blur(image, kernels),
        lambda image: flow.adjoint(image, kernels),
        lambda mask: flow.blur(mask, reach),
    )


def _exact_operators(blur: PoseBlur, shape, dtype) -> tuple[Callable, Callable]:
    """Blur and adjoint of the padded picture, by the warps of all poses."""
    weights = blur.weights
    # The centre of the padded picture is that of the picture.
    poses = CameraPoses(blur.poses.parameters, shape, blur.poses.model, blur.poses.focal_length)
    operator = PoseOperator(poses)
    return (
        lambda image: operator.blur(image, weights).astype(dtype),
        lambda image: operator.adjoint(image, weights).astype(dtype),
    )
