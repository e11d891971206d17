"""The data sets by name."""

from pydeblur.datasets import kohler, levin, real, sun, text
from pydeblur.errors import InvalidInputError

_CASES = {"levin": levin.cases, "text": text.cases, "real": real.cases, "kohler": kohler.cases, "sun": sun.cases}

#: The names that `load` knows.
NAMES = tuple(_CASES)


def load(name, data=None, cases=None):
    """Load the cases of a data set.

    Parameters
    ----------
    name : {"levin", "text", "real", "kohler", "sun"}
        The data set.
    data : str or os.PathLike, optional
        The folder of the research data, which has a folder for each data set, or that one itself. By default the
        environment variable PYDEBLUR_DATA says.
    cases : str or iterable of str, optional
        Case names, or a string of them with commas between; by default all that are in the folder.

    Returns
    -------
    tuple of Case
        In the order asked for, each once.

    Raises
    ------
    InvalidInputError
        If the data set, its folder or a case is not there.
    FileFormatError
        If a file is damaged.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from pydeblur.datasets import load
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("im01_ker01.mat", "im01_ker02.mat"):
    ...         Path(folder, name).touch()
    ...     print([case.name for case in load("levin", folder, cases="im01_ker02")])
    ['im01_ker02']
    """
    if name not in _CASES:
        raise InvalidInputError(f"The data set should be one of {', '.join(NAMES)}, not {name!r}.")
    known = {case.name: case for case in _CASES[name](data)}
    if cases is None:
        return tuple(known.values())
    wanted = [part.strip() for part in cases.split(",")] if isinstance(cases, str) else list(cases)
    unknown = next((case for case in wanted if case not in known), None)
    if unknown is not None or not wanted:
        examples = ", ".join(list(known)[:3])
        raise InvalidInputError(
            f"cases should be names of cases of the data set {name!r}, such as {examples} ({len(known)} in all), "
            f"not {unknown!r}."
        )
    return tuple(known[case] for case in dict.fromkeys(wanted))
