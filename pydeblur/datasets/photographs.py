"""Sharp grey training images: finding them, splitting them by image, and loading them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.files import IMAGE_SUFFIXES, read_image
from pydeblur.preprocess.grey import grey_image

SPLITS = ("train", "validation", "test")


def find_images(folders):
    """List the image files in folders and all their subfolders.

    Parameters
    ----------
    folders : path or sequence of path
        One or several folders.

    Returns
    -------
    list of pathlib.Path
        Sorted by path within each folder.

    Raises
    ------
    InvalidInputError
        If a folder does not exist, or none of them holds an image.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("b.png", "a.jpg", "notes.txt"):
    ...         Path(folder, name).touch()
    ...     print([path.name for path in find_images(folder)])
    ['a.jpg', 'b.png']
    """
    folders = [folders] if isinstance(folders, (str, Path)) else list(folders)
    found = []
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise InvalidInputError(f"data should be folders of images, but '{folder}' is not a folder.")
        found += sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file())
    if not found:
        raise InvalidInputError(f"data should hold images ({', '.join(IMAGE_SUFFIXES)}), but there are none.")
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

    Examples
    --------
    >>> split_of("photographs/a.jpg") == split_of("elsewhere/a.jpg")
    True
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

    Examples
    --------
    >>> groups = split_images([f"{number}.png" for number in range(100)])
    >>> {split: len(paths) for split, paths in groups.items()}
    {'train': 82, 'validation': 10, 'test': 8}
    """
    groups = {split: [] for split in SPLITS}
    for path in map(Path, paths):
        groups[split_of(path)].append(path)
    return groups


def equal_folder_shares(paths):
    """Compute probabilities of drawing images such that every folder comes up equally often.

    Parameters
    ----------
    paths : sequence of path

    Returns
    -------
    (len(paths),) float64 ndarray
        Of sum 1; equal within a folder.

    Examples
    --------
    >>> equal_folder_shares(["a/1.png", "b/1.png", "b/2.png"]).tolist()
    [0.5, 0.25, 0.25]
    """
    _, folder, counts = np.unique([str(Path(path).parent) for path in paths], return_inverse=True, return_counts=True)
    return 1.0 / (len(counts) * counts[folder])


def load_grey(path):
    """Read an image file as grey.

    Parameters
    ----------
    path : path

    Returns
    -------
    (H, W) float32 ndarray
        In [0, 1].

    Raises
    ------
    FileFormatError
        If the file is missing or is not an image.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from pydeblur.files import write_image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_image(Path(folder, "white.png"), np.ones((2, 3, 3)))
    ...     print(load_grey(Path(folder, "white.png")).shape)
    (2, 3)
    """
    return grey_image(read_image(path).pixels).astype(np.float32)


def load_compact(paths):
    """Read many images as 8-bit grey, so that a whole training set stays in memory.

    Parameters
    ----------
    paths : sequence of path

    Returns
    -------
    list of (H, W) uint8 ndarray

    Raises
    ------
    FileFormatError
        If a file is missing or is not an image.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from pydeblur.files import write_image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_image(Path(folder, "white.png"), np.ones((1, 2)))
    ...     print(load_compact([Path(folder, "white.png")])[0].tolist())
    [[255, 255]]
    """
    return [np.rint(load_grey(path) * 255).astype(np.uint8) for path in paths]
