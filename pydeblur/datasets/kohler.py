"""Köhler et al. 2012 [15]: 4 RGB scenes of 800 x 800, each under 12 recorded camera shakes, not uniform.

Their measure takes the best of 199 sharp frames per shake. This data has one sharp frame per scene, as a JPEG file, so
whatever is computed with it is a surrogate that lies lower.
"""

import re
from dataclasses import dataclass

from pydeblur.datasets.case import Case
from pydeblur.datasets.folder import dataset_folder
from pydeblur.files import read_image

#: Kernel sizes that this code family uses, for shakes 1 to 12.
_SIZES = {
    "scenes 1 and 2": (41, 41, 41, 41, 41, 41, 41, 121, 125, 151, 75, 41),
    "scenes 3 and 4": (41, 41, 31, 21, 41, 41, 41, 121, 101, 151, 75, 41),
}

_FILE = re.compile(r"Blurry(\d+)_(\d+)\.png")


@dataclass(frozen=True)
class KohlerCase(Case):
    """One of the 48 cases, named by scene and shake: "im01_ker01" is their Blurry1_1.

    Examples
    --------
    >>> from pathlib import Path
    >>> KohlerCase("im01_ker08", 121, folder=Path("kohler")).kernel is None  # no single kernel explains the blur
    True
    """

    @property
    def blurred(self):
        """The blurred image, an (800, 800, 3) float64 ndarray in [0, 1]."""
        return read_image(self.folder / f"Blurry{int(self.name[2:4])}_{int(self.name[-2:])}.png").pixels

    @property
    def sharp(self):
        """Frame 1 of shake 1, an (800, 800, 3) float64 ndarray in [0, 1].

        It comes from a JPEG file, and is not aligned with the other shakes.
        """
        return read_image(self.folder / "gt" / f"GroundTruth{int(self.name[2:4])}.jpg").pixels


def cases(data=None):
    """List all cases in the folder, by name; see :func:`pydeblur.datasets.load`.

    Parameters
    ----------
    data : path, optional
        The data folder, as :func:`pydeblur.datasets.dataset_folder` takes it.

    Returns
    -------
    list of KohlerCase

    Raises
    ------
    InvalidInputError
        If there is no such folder.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Path(folder, "Blurry1_8.png").touch()
    ...     print([(case.name, case.kernel_size) for case in cases(folder)])
    [('im01_ker08', 121)]
    """
    folder = dataset_folder("kohler", "Blurry*_*.png", data)
    matches = filter(None, (_FILE.fullmatch(path.name) for path in folder.iterdir()))
    found = sorted((int(scene), int(shake)) for scene, shake in (match.groups() for match in matches))
    return [KohlerCase(f"im{scene:02d}_ker{shake:02d}", _size(scene, shake), folder=folder) for scene, shake in found]


def _size(scene, shake):
    return _SIZES["scenes 1 and 2" if scene <= 2 else "scenes 3 and 4"][shake - 1]
