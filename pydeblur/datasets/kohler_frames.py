"""Köhler et al.'s own ground truth: the sharp frames along each camera shake, from a folder that the user has.

Their download has a file ``GroundTruthI_K.mat`` for scene I and shake K, with an array ``GroundTruth`` (800, 800, 3,
199). Pictures ``GroundTruthI_K_001.png`` and so on are taken as well.
"""

import re
from pathlib import Path

import numpy as np

from pydeblur.errors import FileFormatError, InvalidInputError
from pydeblur.files import read_image
from pydeblur.files.mat_file import mat_variables

#: Scene, shake and number (from 0) of the frame that their code leaves out because it is missing.
_MISSING = (1, 3, 29)
#: Of a stack whose class is double; it is stored as bytes, of which there are about 400 million.
_MOST_BYTES = 2**32


def check_frames_folder(folder):
    """Check that a folder holds frames.

    Parameters
    ----------
    folder : path

    Raises
    ------
    InvalidInputError
        If it is no folder, or there are no frames in it.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Path(folder, "GroundTruth1_1_001.png").touch()
    ...     check_frames_folder(folder)
    """
    folder = Path(folder)
    if not folder.is_dir() or not any(folder.glob("GroundTruth*_*.*")):
        raise InvalidInputError(
            f"frames should be a folder with GroundTruth1_1.mat or GroundTruth1_1_001.png and so on, but is {folder}."
        )


def frames(folder, name):
    """Read the sharp frames of one case, one after the other.

    Parameters
    ----------
    folder : path
    name : str
        The name of the case, such as "im01_ker03".

    Yields
    ------
    (H, W, 3) float64 ndarray
        In [0, 1].

    Raises
    ------
    InvalidInputError
        If there are none for this case.
    FileFormatError
        If their file is damaged.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from pydeblur.files import write_image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_image(Path(folder, "GroundTruth1_1_001.png"), np.zeros((4, 6, 3)))
    ...     print([frame.shape for frame in frames(folder, "im01_ker01")])
    [(4, 6, 3)]
    """
    scene, shake = int(name[2:4]), int(name[-2:])
    path = Path(folder) / f"GroundTruth{scene}_{shake}.mat"
    pictures = sorted(
        (int(match[1]), picture)
        for picture in Path(folder).glob(f"GroundTruth{scene}_{shake}_*")
        if (match := re.fullmatch(rf"GroundTruth{scene}_{shake}_(\d+)\.\w+", picture.name))
    )
    if path.is_file():
        found = (frame.astype(np.float64) / 255 for frame in _stack(path))
    elif pictures:
        found = (read_image(picture).pixels for _, picture in pictures)
    else:
        raise InvalidInputError(f"the folder of the frames has none for {name}: {path.name} or pictures of that name.")
    for number, frame in enumerate(found):
        if (scene, shake, number) != _MISSING:
            yield frame


def _stack(path):
    variable = mat_variables(path).get("GroundTruth")
    if variable is None:
        raise FileFormatError(f"{path} can't be read: it should hold the array GroundTruth.")
    # MATLAB stores whole numbers as bytes, whatever their class is.
    stack = variable.stored_array(_MOST_BYTES)
    if stack.ndim != 4 or stack.dtype != np.uint8:
        raise FileFormatError(f"{path}: GroundTruth should be uint8 (H, W, 3, N), but is {stack.dtype} {stack.shape}.")
    return np.moveaxis(stack, -1, 0)
