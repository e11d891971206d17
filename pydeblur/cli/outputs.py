"""Refuse outputs that can't be written before minutes are spent on what would go into them."""

from __future__ import annotations

import os

from pydeblur.errors import FileFormatError


def check_outputs(inputs=(), image=None, kernel=None, table=None) -> None:
    """Check the paths that are given.

    Parameters
    ----------
    inputs : sequence of str
        What the command reads: no output may be one of them.
    image, kernel, table : str or None
        Outputs, of the three kinds that there are.

    Raises
    ------
    FileFormatError
        If a folder is missing or can't be written to, a path is a folder, an extension is unknown, two outputs are the
        same, or one would overwrite an input.
    """
    from pydeblur.files import check_image_output, check_kernel_output, check_writable

    given = [path for path in (image, kernel, table) if path is not None]
    if len({os.path.realpath(path) for path in given}) < len(given):
        raise FileFormatError(f"the outputs should be different files, but are {', '.join(given)}")
    for path, check in ((image, check_image_output), (kernel, check_kernel_output), (table, check_writable)):
        if path is not None:
            check(path)
            _refuse_overwriting(path, inputs)


def _refuse_overwriting(path, inputs):
    for source in inputs:
        if os.path.exists(path) and os.path.exists(source) and os.path.samefile(path, source):
            raise FileFormatError(f"{path} should not be the input file itself: the output would overwrite it")
