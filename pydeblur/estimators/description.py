"""What was found, in words: for the ``repr`` of results, and for the line that a command ends with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pydeblur.preprocess.region import Region

#: What is below this share of a kernel's maximum does not count for its extent.
_FAINT = 0.05


def kernel_extent(kernel: np.ndarray) -> tuple[int, int]:
    """Return the height and the width of the part of a kernel that blurs.

    Parameters
    ----------
    kernel : (n, m) ndarray
        Not negative.

    Returns
    -------
    height, width : int
        Of the smallest rectangle around all pixels of at least a twentieth of the kernel's maximum.

    Examples
    --------
    >>> kernel = np.zeros((9, 9))
    >>> kernel[4, 2:8] = [0.001, 0.2, 0.3, 0.3, 0.2, 0.001]
    >>> kernel_extent(kernel)
    (1, 4)
    """
    rows, columns = np.nonzero(kernel >= _FAINT * kernel.max())
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def described_array(array: np.ndarray) -> str:
    """Return the shape and the type of an array.

    Examples
    --------
    >>> described_array(np.zeros((3, 4, 3), np.uint8))
    '(3, 4, 3) uint8'
    """
    return f"{array.shape} {array.dtype}"


def described_region(region: Region) -> str:
    """Return a region as the command line takes and names it: left and top, width and height.

    Examples
    --------
    >>> described_region(Region(900, 1400, 768, 512))
    '1400,900 512×768'
    """
    return f"{region.left},{region.top} {region.width}×{region.height}"


def described_kernel(kernel: np.ndarray, candidates: Sequence[Any] = ()) -> str:
    """Return the size of a blur, and which of the candidates it comes from.

    Parameters
    ----------
    kernel : (n, m) ndarray
    candidates : sequence of Candidate
        Empty where there was no choice.

    Examples
    --------
    >>> import pydeblur
    >>> runs = [pydeblur.Candidate({}, 0, 5, -4.0, "log error", chosen) for chosen in (False, True)]
    >>> described_kernel(np.ones((3, 5)) / 15, runs)
    'blur 5×3 px, from candidate 2 of 2'
    """
    height, width = kernel_extent(kernel)
    chosen = [number for number, each in enumerate(candidates, 1) if each.chosen]
    source = f", from candidate {chosen[0]} of {len(candidates)}" if chosen else ""
    return f"blur {width}×{height} px{source}"


def described_run(history, region: Region | None, saturated: bool, stopped: bool) -> str:
    """Return what else there is to know of an estimation.

    Parameters
    ----------
    history : History
    region : Region or None
    saturated, stopped : bool

    Examples
    --------
    >>> described_run([None] * 40, Region(0, 8, 32, 32), saturated=True, stopped=False)
    '40 iterations, region 8,0 32×32, clipped highlights'
    """
    parts = [f"{len(history)} iteration{'s' * (len(history) != 1)}"]
    parts.append("the whole image" if region is None else f"region {described_region(region)}")
    parts += ["clipped highlights"] * saturated + ["stopped before its end"] * stopped
    return ", ".join(parts)
