"""Refuse outputs that can't be written before minutes are spent on what would go into them."""

from __future__ import annotations

import os

from pydeblur.errors import FileFormatError
from pydeblur.files import check_image_output, check_kernel_output, check_writable


def check_outputs(image=None, kernel=None, table=None) -> None:
    """Check the paths that are given.

    Raises
    ------
    FileFormatError
        If a folder is missing or can't be written to, a path is a folder, an extension is unknown, or two are the same.
    """
    given = [path for path in (image, kernel, table) if path is not None]
    if len({os.path.realpath(path) for path in given}) < len(given):
        raise FileFormatError(f"the outputs should be different files, but are {', '.join(given)}")
    for path, check in ((image, check_image_output), (kernel, check_kernel_output), (table, check_writable)):
        if path is not None:
            check(path)
