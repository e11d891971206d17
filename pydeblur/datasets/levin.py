"""Levin et al. 2009: 4 grey images of 255 x 255, each really blurred by 8 camera shakes.

Their images im05 to im08 are im01 to im04 here. Each .mat file has the sharp image x, the blurred image y, and the
kernel f.

The convention, fitted on all 32 cases: y is x *correlated* with f, so the kernel in the sense of conv2 is f turned by
180 degrees (with which the residual is 0.004 to 0.012; with f as it is, 0.013 to 0.057), and y is moved by a few whole
pixels that depend only on the kernel, see `SHIFTS`.
"""

import re
from dataclasses import dataclass

import numpy as np
import scipy.io

from pydeblur.datasets.case import Case
from pydeblur.datasets.folder import dataset_folder
from pydeblur.errors import FileFormatError

#: blurred[i, j] = conv2(sharp, kernel)[i + rows, j + columns] with these (rows, columns), for kernels 1 to 8.
SHIFTS = ((0, -1), (0, 1), (-1, -1), (2, -3), (0, 0), (4, -4), (2, -2), (2, -2))

_FILE = re.compile(r"im(\d\d)_ker(\d\d)\.mat")


@dataclass(frozen=True)
class LevinCase(Case):
    """One of the 32; `kernel_size` is what the comparisons of this code family use: 25, and 31 for kernel 4."""

    @property
    def blurred(self):
        """(255, 255) float64 ndarray."""
        return self._variable("y")

    @property
    def sharp(self):
        """(255, 255) float64 ndarray; it differs a little between the kernels, as each was photographed anew."""
        return self._variable("x")

    @property
    def kernel(self):
        """(n, n) float64 ndarray, n from 13 to 27: Levin et al.'s f turned by 180 degrees."""
        turned = np.ascontiguousarray(self._variable("f")[::-1, ::-1])
        return turned / turned.sum()

    @property
    def shift(self):
        """(rows, columns): blurred[i, j] = conv2(sharp, kernel)[i + rows, j + columns]."""
        return SHIFTS[int(self.name[-2:]) - 1]

    def _variable(self, name):
        path = self.folder / f"{self.name}.mat"
        try:
            return scipy.io.loadmat(path, variable_names=[name])[name].astype(np.float64)
        except Exception as error:  # scipy.io raises all sorts of things on damaged files.
            raise FileFormatError(f"{path} can't be read as one of Levin et al.'s .mat files: {error}.") from error


def cases(data=None):
    """All cases in the folder, by name; see `pydeblur.datasets.load`."""
    folder = dataset_folder("levin", "im*_ker*.mat", data)
    found = sorted(match.groups() for match in map(_FILE.fullmatch, (path.name for path in folder.iterdir())) if match)
    return [
        LevinCase(f"im{image}_ker{kernel}", 31 if kernel == "04" else 25, folder=folder) for image, kernel in found
    ]
