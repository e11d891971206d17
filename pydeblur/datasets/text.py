"""Pan et al. 2014 [26]: 15 RGB pictures of text, each blurred by 8 kernels.

The convention, fitted on the data: blurred = conv2(sharp, kernel) with replicated borders, per channel, at the same
size and without noise, rounded to 8 bits; the kernel is its picture divided by the sum. The residual is that of the
rounding. The kernels are Levin et al.'s f, turned by 180 degrees. Some of the sharp pictures have an alpha channel,
opaque everywhere.
"""

import math
import re
from dataclasses import dataclass

from pydeblur.datasets.case import Case
from pydeblur.datasets.folder import dataset_folder
from pydeblur.files import read_image, read_kernel

_FILE = re.compile(r"im(\d\d)_ker(\d\d)_blur\.png")


@dataclass(frozen=True)
class TextCase(Case):
    """One of the 120 cases; `kernel_size` is the first odd number that is at least 1.2 times the true size.

    Examples
    --------
    >>> from pathlib import Path
    >>> TextCase("im01_ker01", 23, folder=Path("text")).name
    'im01_ker01'
    """

    @property
    def blurred(self):
        """The blurred image, an (H, W, 3) float64 ndarray in [0, 1]."""
        return read_image(self.folder / "blurred" / f"{self.name}_blur.png").pixels

    @property
    def sharp(self):
        """The sharp image, an (H, W, 3) float64 ndarray in [0, 1]."""
        return read_image(self.folder / "gt" / f"{self.name[:4]}.png").pixels

    @property
    def kernel(self):
        """The true kernel, an (n, n) float64 ndarray of sum 1, n from 13 to 27, known to 8 bits."""
        return read_kernel(self.folder / "kernels" / f"{self.name[5:]}_truth.png")


def cases(data=None):
    """List all cases in the folder, by name; see :func:`pydeblur.datasets.load`.

    Parameters
    ----------
    data : path, optional
        The data folder, as :func:`pydeblur.datasets.dataset_folder` takes it.

    Returns
    -------
    list of TextCase

    Raises
    ------
    InvalidInputError
        If there is no such folder.
    FileFormatError
        If the picture of a kernel is missing or damaged.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from pydeblur.files import write_image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("blurred", "kernels"):
    ...         Path(folder, name).mkdir()
    ...     Path(folder, "blurred", "im01_ker01_blur.png").touch()
    ...     write_image(Path(folder, "kernels", "ker01_truth.png"), np.ones((19, 19)))
    ...     print([(case.name, case.kernel_size) for case in cases(folder)])
    [('im01_ker01', 23)]
    """
    folder = dataset_folder("text", "blurred/im*_ker*_blur.png", data)
    files = (path.name for path in (folder / "blurred").iterdir())
    found = sorted(match.groups() for match in map(_FILE.fullmatch, files) if match)
    sizes = {
        kernel: _first_odd_from(1.2 * len(read_kernel(folder / "kernels" / f"ker{kernel}_truth.png")))
        for kernel in sorted({kernel for _, kernel in found})
    }
    return [TextCase(f"im{image}_ker{kernel}", sizes[kernel], folder=folder) for image, kernel in found]


def _first_odd_from(size):
    return math.ceil(size) | 1
