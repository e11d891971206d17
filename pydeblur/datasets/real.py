"""Real blurred photographs with settings that work on them; there is no sharp image to compare with."""

import csv
import io
import math
from dataclasses import dataclass, field
from pathlib import Path

from pydeblur.datasets.case import Case
from pydeblur.datasets.folder import dataset_folder
from pydeblur.errors import FileFormatError
from pydeblur.files import read_image
from pydeblur.files.contents import file_contents, shown_path

#: A larger table is none of photographs, and a larger kernel is none of a camera shake.
_MOST_TABLE_BYTES, _LARGEST_KERNEL = 2**24, 999


@dataclass(frozen=True)
class RealCase(Case):
    """One photograph; its name is the file's without the extension.

    Attributes
    ----------
    file : str
        The name of the file in the folder. The other attributes are those of :class:`~pydeblur.datasets.Case`.

    Examples
    --------
    >>> from pathlib import Path
    >>> RealCase("street", 31, folder=Path("real"), file="street.png").sharp is None
    True
    """

    file: str = field(kw_only=True)

    @property
    def blurred(self):
        """The photograph, an (H, W) or (H, W, 3) float64 ndarray in [0, 1]."""
        return read_image(self.folder / self.file).pixels


def cases(data=None):
    r"""List all photographs that settings.tsv names; see :func:`pydeblur.datasets.load`.

    Parameters
    ----------
    data : path, optional
        The data folder, as :func:`pydeblur.datasets.dataset_folder` takes it.

    Returns
    -------
    list of RealCase

    Raises
    ------
    InvalidInputError
        If there is no such folder.
    FileFormatError
        If a column or a value is missing in the table.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> table = "file\tkernel_size\tgamma\tsaturated\nstreet.png\t31\t1.0\t0\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "settings.tsv").write_text(table)
    ...     print([(case.name, case.kernel_size) for case in cases(folder)])
    [('street', 31)]
    """
    folder = dataset_folder("real", "settings.tsv", data)
    table = folder / "settings.tsv"
    try:
        text = file_contents(table, _MOST_TABLE_BYTES).decode("utf-8-sig")
        found = [_case(folder, row) for row in csv.DictReader(io.StringIO(text, newline=""), delimiter="\t")]
        if not found:
            raise ValueError("it lists none")
        return found
    except (KeyError, ValueError, TypeError, AttributeError, csv.Error) as error:
        # FileFormatError, of a file that can't be read at all, is a ValueError.
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise FileFormatError(
            f"{shown_path(table)} should have the columns file, kernel_size, gamma and saturated, filled in for every "
            f"photograph: {ascii(reason)[1:81]}."
        ) from error


def _case(folder, row):
    size, gamma, saturated = int(row["kernel_size"]), float(row["gamma"]), int(row["saturated"])
    if size < 3 or size % 2 == 0 or size > _LARGEST_KERNEL:
        raise ValueError(f"kernel_size should be odd and from 3 to {_LARGEST_KERNEL}")
    if not row["file"].rpartition(".")[0].strip():
        raise ValueError("file should be a name with an extension")
    if not 0 < gamma < math.inf or saturated not in (0, 1):
        raise ValueError("gamma should be positive, and saturated 0 or 1")
    if not row["file"] or Path(row["file"]).name != row["file"]:
        raise ValueError("file should be a name without a folder")
    return RealCase(
        row["file"].rsplit(".", 1)[0],
        size,
        gamma=gamma,
        saturated=bool(saturated),
        folder=folder,
        file=row["file"],
    )
