"""Where the research data lies."""

import os
from pathlib import Path

from pydeblur.errors import InvalidInputError

#: The environment variable that names the data folder.
DATA_VARIABLE = "PYDEBLUR_DATA"


def dataset_folder(name, landmark, data=None):
    """Find the folder of one data set.

    Parameters
    ----------
    name : str
        The name of the data set, and of its folder inside the data folder.
    landmark : str
        A glob pattern that matches something in the data set's folder.
    data : str or os.PathLike, optional
        The data folder, or the data set's own folder; by default the environment variable PYDEBLUR_DATA says.

    Returns
    -------
    Path

    Raises
    ------
    InvalidInputError
        If it is not known where the data lies, or it does not lie there.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as data:
    ...     Path(data, "levin").mkdir()
    ...     Path(data, "levin", "im01_ker01.mat").touch()
    ...     print(dataset_folder("levin", "im*_ker*.mat", data).name)
    levin
    """
    source = "data"
    if data is None:
        data, source = os.environ.get(DATA_VARIABLE), DATA_VARIABLE
    if not data:
        raise InvalidInputError(
            f"The data set {name!r} needs the folder of the research data: give it as data, or in the environment "
            f"variable {DATA_VARIABLE}."
        )
    data = Path(data)
    if not data.is_dir():
        raise InvalidInputError(f"{source} should be the folder of the research data, but {data} is not a folder.")
    for folder in (data / name, data):
        if any(folder.glob(landmark)):
            return folder
    raise InvalidInputError(f"{source} should be a folder that holds {name}/{landmark}, but {data} does not.")
