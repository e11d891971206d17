"""Patches of images, in 8 bits, so that millions fit into the memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.nonblind.mixture import CHUNK


def sample_patches(images: Sequence[np.ndarray], count: int, side: int, seed) -> np.ndarray:
    """Cut patches out of images, the same number from each as nearly as can be, in random order.

    Parameters
    ----------
    images : sequence of (H, W) uint8 ndarray
        Those smaller than a patch are left out.
    count, side : int
        Number of patches and pixels along their side.
    seed : int or sequence of int

    Returns
    -------
    (count, side²) uint8 ndarray

    Raises
    ------
    InvalidInputError
        If no image holds a patch.

    Examples
    --------
    >>> sample_patches([np.eye(9, dtype=np.uint8)], 5, 4, seed=0).shape
    (5, 16)
    """
    images = [image for image in images if min(image.shape) >= side]
    if not images:
        raise InvalidInputError(f"data should hold training images of at least {side} x {side} pixels, but has none")
    rng = np.random.default_rng(seed)
    patches = np.empty((count, side**2), np.uint8)
    # Shuffled where they go: every block of patches is a sample of all images.
    places = np.array_split(rng.permutation(count), len(images))
    for image, own in zip(images, places):
        windows = np.lib.stride_tricks.sliding_window_view(image, (side, side))
        rows, columns = (rng.integers(length, size=len(own)) for length in windows.shape[:2])
        patches[own] = windows[rows, columns].reshape(len(own), -1)
    return patches


def float_chunks(patches: np.ndarray) -> Iterator[np.ndarray]:
    """Patches as floats without their means, some at a time.

    Parameters
    ----------
    patches : (N, D) uint8 ndarray

    Yields
    ------
    (D, n) float32 ndarray
        Columns of mean 0, on the scale [0, 1]; at most `pydeblur.nonblind.mixture.CHUNK` of them.

    Examples
    --------
    >>> [chunk.T.tolist() for chunk in float_chunks(np.array([[0, 255], [255, 255]], np.uint8))]
    [[[-0.5, 0.5], [0.0, 0.0]]]
    """
    for first in range(0, len(patches), CHUNK):
        chunk = np.ascontiguousarray(patches[first : first + CHUNK].T, np.float32) / np.float32(255)
        yield chunk - chunk.mean(axis=0)
