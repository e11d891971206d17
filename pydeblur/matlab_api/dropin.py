"""Where the functions for MATLAB and Octave lie that call the engine."""

from __future__ import annotations

from pathlib import Path

from pydeblur.errors import FileFormatError


def dropin_folder() -> Path:
    """Find the folder that belongs on the path of MATLAB or Octave.

    Returns
    -------
    Path
        The installed package's own, or matlab_ref/dropin in the source tree.

    Raises
    ------
    FileFormatError
        If this installation has neither.

    Examples
    --------
    >>> (dropin_folder() / "blind_deconv.m").is_file()
    True
    """
    package = Path(__file__).resolve().parents[1]
    folders = (package / "matlab_dropin", package.parent / "matlab_ref" / "dropin")
    for folder in folders:
        if (folder / "blind_deconv.m").is_file():
            return folder
    raise FileFormatError("the functions for MATLAB should be in this installation, but are not; reinstall pydeblur")
