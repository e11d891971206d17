"""Levin et al. 2009 [19]: 4 grey images of 255 x 255, each really blurred by 8 camera shakes.

Their images im05 to im08 are im01 to im04 here. Each .mat file has the sharp image x, the blurred image y, and the
kernel f.

The convention, fitted on all 32 cases: y is x *correlated* with f, so the kernel in the sense of conv2 is f turned by
180 degrees (with which the residual is 0.004 to 0.012; with f as it is, 0.013 to 0.057), and y is moved by a few whole
pixels that depend only on the kernel, see `SHIFTS`.
"""

import re
from dataclasses import dataclass

import numpy as np

from pydeblur.datasets.case import Case
from pydeblur.datasets.folder import dataset_folder
from pydeblur.errors import FileFormatError
from pydeblur.files.mat_file import read_mat

#: blurred[i, j] = conv2(sharp, kernel)[i + rows, j + columns] with these (rows, columns), for kernels 1 to 8.
SHIFTS = ((0, -1), (0, 1), (-1, -1), (2, -3), (0, 0), (4, -4), (2, -2), (2, -2))

_FILE = re.compile(r"im(\d\d)_ker(\d\d)\.mat")


@dataclass(frozen=True)
class LevinCase(Case):
    """One of the 32 cases.

    `kernel_size` is what the comparisons of this code family use: 25, and 31 for kernel 4.

    Examples
    --------
    >>> from pathlib import Path
    >>> LevinCase("im01_ker04", 31, folder=Path("levin")).shift
    (2, -3)
    """

    @property
    def blurred(self):
        """The blurred image, a (255, 255) float64 ndarray in [0, 1]."""
        return self._variable("y")

    @property
    def sharp(self):
        """The sharp image, a (255, 255) float64 ndarray in [0, 1].

        It differs a little between the kernels, as it was photographed anew for each.
        """
        return self._variable("x")

    @property
    def kernel(self):
        """The true kernel, an (n, n) float64 ndarray of sum 1, n from 13 to 27.

        It is Levin et al.'s f, turned by 180 degrees.
        """
        turned = np.ascontiguousarray(self._variable("f")[::-1, ::-1])
        return turned / turned.sum()

    @property
    def shift(self):
        """The pair (rows, columns) with blurred[i, j] = conv2(sharp, kernel)[i + rows, j + columns]."""
        return SHIFTS[int(self.name[-2:]) - 1]

    def _variable(self, name):
        path = self.folder / f"{self.name}.mat"
        array = read_mat(path, [name]).arrays.get(name)
        if array is None or array.ndim != 2 or not array.size or array.dtype.kind not in "fiub":
            raise FileFormatError(
                f"{path} can't be read as one of Levin et al.'s .mat files: it lacks a matrix {name}."
            )
        if not np.isfinite(array).all():
            raise FileFormatError(f"{path} can't be used: its matrix {name} should be finite.")
        return array.astype(np.float64)


def cases(data=None):
    """List all cases in the folder, by name; see :func:`pydeblur.datasets.load`.

    Parameters
    ----------
    data : path, optional
        The data folder, as :func:`pydeblur.datasets.dataset_folder` takes it.

    Returns
    -------
    list of LevinCase

    Raises
    ------
    InvalidInputError
        If there is no such folder.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Path(folder, "im01_ker04.mat").touch()
    ...     print([(case.name, case.kernel_size) for case in cases(folder)])
    [('im01_ker04', 31)]
    """
    folder = dataset_folder("levin", "im*_ker*.mat", data)
    found = sorted(match.groups() for match in map(_FILE.fullmatch, (path.name for path in folder.iterdir())) if match)
    return [LevinCase(f"im{image}_ker{kernel}", 31 if kernel == "04" else 25, folder=folder) for image, kernel in found]
