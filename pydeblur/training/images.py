"""Sharp grey training images: finding, splitting by image, and loading them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from pydeblur.errors import FileFormatError, InvalidInputError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
SPLITS = ("train", "validation", "test")
GREY_WEIGHTS = (0.2989, 0.5870, 0.1140)
"""MATLAB's ``rgb2gray``."""


def find_images(folders):
    """List the image files in folders and all their subfolders.

    Parameters
    ----------
    folders : path or sequence of path

    Returns
    -------
    list of pathlib.Path
        Sorted by path within each folder.

    Raises
    ------
    InvalidInputError
        If a folder does not exist, or none of them holds an image.
    """
    folders = [folders] if isinstance(folders, (str, Path)) else list(folders)
    found = []
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise InvalidInputError(f"data should be folders of images, but '{folder}' is not a folder.")
        found += sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not found:
        raise InvalidInputError(f"data should hold images ({', '.join(SUFFIXES)}), but there are none.")
    return found


def split_of(name):
    """Say to which split an image belongs: 80 % train, 10 % validation, 10 % test.

    The hash of the bare file name decides, so that an image stays in its split whatever folder it lies in and
    whatever other images there are.

    Parameters
    ----------
    name : str or path
        File name; folders are ignored.

    Returns
    -------
    str
        ``"train"``, ``"validation"`` or ``"test"``.
    """
    digest = hashlib.sha256(Path(name).name.encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    return "train" if share < 0.8 else "validation" if share < 0.9 else "test"


def split_images(paths):
    """Group image files by :func:`split_of`.

    Parameters
    ----------
    paths : sequence of path

    Returns
    -------
    dict of str to list of pathlib.Path
        Keys ``"train"``, ``"validation"`` and ``"test"``; the order is kept.
    """
    groups = {split: [] for split in SPLITS}
    for path in map(Path, paths):
        groups[split_of(path)].append(path)
    return groups


def equal_folder_shares(paths):
    """Probabilities of drawing images such that every folder comes up equally often.

    Parameters
    ----------
    paths : sequence of path

    Returns
    -------
    (len(paths),) float64 ndarray
        Sum 1; equal within a folder.
    """
    _, folder, counts = np.unique([str(Path(path).parent) for path in paths], return_inverse=True, return_counts=True)
    return 1.0 / (len(counts) * counts[folder])


def to_grey(image):
    """Convert a grey or colour array to grey in [0, 1], with MATLAB's luminance weights.

    Parameters
    ----------
    image : (H, W[, C]) ndarray
        Integer types are divided by their largest value; floats are taken to be in [0, 1]. One, three or four
        channels; the fourth, opacity, is ignored; with two the second is.

    Returns
    -------
    (H, W) float32 ndarray

    Raises
    ------
    InvalidInputError
        If the array has another shape.
    """
    image = np.asarray(image)
    if image.dtype == bool:
        image = image.astype(np.float32)
    elif np.issubdtype(image.dtype, np.integer):
        image = image.astype(np.float32) / np.float32(np.iinfo(image.dtype).max)
    image = image.astype(np.float32, copy=False)
    if image.ndim == 3 and image.shape[2] in (3, 4):
        return image[..., :3] @ np.asarray(GREY_WEIGHTS, np.float32)
    if image.ndim == 3 and image.shape[2] in (1, 2):
        return image[..., 0]
    if image.ndim != 2:
        raise InvalidInputError(f"image should be (H, W) or (H, W, C), but has the shape {image.shape}.")
    return image


def load_grey(path):
    """Read an image file as grey.

    Parameters
    ----------
    path : path

    Returns
    -------
    (H, W) float32 ndarray in [0, 1]

    Raises
    ------
    FileFormatError
        If the file is missing or is not an image.
    """
    import imageio.v3 as imageio

    try:
        return to_grey(imageio.imread(path))
    except (OSError, ValueError) as error:
        raise FileFormatError(f"'{path}' should be a readable image: {error}") from error


def load_compact(paths):
    """Read many images as 8-bit grey, so that a whole training set stays in memory.

    Parameters
    ----------
    paths : sequence of path

    Returns
    -------
    list of (H, W) uint8 ndarray
    """
    return [np.rint(load_grey(path) * 255).astype(np.uint8) for path in paths]
