"""Real blurred photographs with settings that work on them; there is no sharp image to compare with."""

import csv
from dataclasses import dataclass, field

from pydeblur.datasets.case import Case
from pydeblur.datasets.folder import dataset_folder
from pydeblur.errors import FileFormatError
from pydeblur.files import read_image


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
        with open(table, newline="", encoding="utf-8") as lines:
            found = [_case(folder, row) for row in csv.DictReader(lines, delimiter="\t")]
        if not found:
            raise ValueError("it lists none")
        return found
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise FileFormatError(
            f"{table} should have the columns file, kernel_size, gamma and saturated, filled in for every photograph: "
            f"{error!r}."
        ) from error


def _case(folder, row):
    return RealCase(
        row["file"].rsplit(".", 1)[0],
        int(row["kernel_size"]),
        gamma=float(row["gamma"]),
        saturated=bool(int(row["saturated"])),
        folder=folder,
        file=row["file"],
    )
