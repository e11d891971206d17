"""What is said where a package of an extra is not installed: one sentence, everywhere the same."""

from __future__ import annotations


def missing_extra(task: str, package: str, extra: str) -> str:
    """The message for a package that is not installed.

    Parameters
    ----------
    task : str
        What needs the package.
    package : str
    extra : str
        The extra of pydeblur that brings it; "" where it is one of pydeblur's own requirements.

    Returns
    -------
    str
        Without a full stop, so that the command can be copied.

    Examples
    --------
    >>> missing_extra("training", "PyTorch", "train")
    "training needs PyTorch: pip install 'pydeblur[train]'"
    """
    return f"{task} needs {package}: pip install 'pydeblur{f'[{extra}]' if extra else ''}'"
