"""MATLAB's ``imread`` and ``imwrite``."""

from __future__ import annotations

import numpy as np

from pydeblur.errors import InvalidInputError
from pydeblur.files import read_image, write_image
from pydeblur.matlab import im2double
from pydeblur.preprocess.validation import check_image

_LARGEST = {"uint8": 255, "uint16": 65535}


def imread(filename):
    """Read an image file as MATLAB does: with the numbers of the file.

    Parameters
    ----------
    filename : str or os.PathLike
        A file of a kind that :func:`pydeblur.files.read_image` knows.

    Returns
    -------
    (H, W) or (H, W, 3) ndarray
        uint8, uint16 or, of a floating TIFF file, float32. Palettes become RGB, the orientation of EXIF is applied, and
        opacity is left out.

    Raises
    ------
    FileFormatError
        If the file can't be read.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from pydeblur.matlab_api import imread, imwrite
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     imwrite(np.array([[0.0, 0.5, 1.2]]), f"{folder}/grey.png")
    ...     image = imread(f"{folder}/grey.png")
    >>> image.tolist(), image.dtype.name
    ([[0, 128, 255]], 'uint8')
    """
    file = read_image(filename)
    if file.depth not in _LARGEST:
        return file.pixels.astype(np.float32)
    return np.rint(file.pixels * _LARGEST[file.depth]).astype(file.depth)


def imwrite(A, filename):
    """Write an image file as MATLAB does.

    Parameters
    ----------
    A : (H, W) or (H, W, 3) array_like
        Floating in [0, 1], which is clipped and written with 8 bits, bool likewise, uint8, or uint16.
    filename : str or os.PathLike
        Its extension names the format, see :func:`pydeblur.files.write_image`; JPEG files have quality 95.

    Raises
    ------
    InvalidInputError
        If `A` is no such image.
    FileFormatError
        If the extension is unknown, or the file can't be written.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from pydeblur.matlab_api import imread, imwrite
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     imwrite(np.array([[1, 65535]], np.uint16), f"{folder}/deep.png")
    ...     imread(f"{folder}/deep.png").tolist()
    [[1, 65535]]
    """
    pixels = check_image(A)
    if np.asarray(A).dtype == np.int16:
        raise InvalidInputError("A should be floating, bool, uint8 or uint16, but is int16")
    depth = "uint16" if np.asarray(A).dtype == np.uint16 else "uint8"
    write_image(filename, im2double(pixels), depth=depth)
