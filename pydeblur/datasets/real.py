"""Real blurred photographs with settings that work on them; what is sharp is for the eye to judge."""

import csv
from dataclasses import dataclass, field

from pydeblur.datasets.case import Case
from pydeblur.datasets.folder import dataset_folder
from pydeblur.errors import FileFormatError
from pydeblur.files import read_image


@dataclass(frozen=True)
class RealCase(Case):
    """One photograph; its name is the file's without the extension."""

    file: str = field(kw_only=True)

    @property
    def blurred(self):
        """(H, W) or (H, W, 3) float64 ndarray."""
        return read_image(self.folder / self.file).pixels


def cases(data=None):
    """All photographs that settings.tsv lists; see `pydeblur.datasets.load`."""
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
