"""Sun et al. 2013 [32]: 80 grey photographs under Levin et al.'s 8 kernels with 1 % Gaussian noise, 640 cases.

Only the photographs are in the data; the blurred images are made from them here, and need the data set levin beside
this one. As in the original, the image is what is left of the photograph after 50 pixels are cut on each side, so
that what is blurred into it from outside is real.
"""

import re
from dataclasses import dataclass

import numpy as np
import scipy

from pydeblur.datasets.case import Case
from pydeblur.datasets.folder import dataset_folder
from pydeblur.datasets.levin import LevinCase
from pydeblur.files import read_image
from pydeblur.matlab import psf2otf_half

#: Pixels cut from each side of a photograph.
BORDER = 50
#: Standard deviation of the noise.
NOISE = 0.01

_FILE = re.compile(r"img(\d\d)\.png")


@dataclass(frozen=True)
class SunCase(Case):
    """One of the 640 cases; `kernel_size` is as for Levin et al.'s own images: 25, and 31 for kernel 4.

    Examples
    --------
    >>> from pathlib import Path
    >>> SunCase("im01_ker04", 31, folder=Path("sun/clear")).kernel_size
    31
    """

    @property
    def blurred(self):
        """The blurred image, an (H, W) float64 ndarray of 8-bit values in [0, 1].

        A case's noise is the same each time.
        """
        photograph = self._photograph()
        # The convolution is cyclic, but what comes round the edge gets no further than half a kernel, and is cut off.
        spectrum = scipy.fft.rfft2(photograph) * psf2otf_half(self.kernel, photograph.shape)
        blurred = scipy.fft.irfft2(spectrum, photograph.shape)[BORDER:-BORDER, BORDER:-BORDER]
        generator = np.random.default_rng([int(self.name[2:4]), int(self.name[-2:])])
        noisy = blurred + NOISE * generator.standard_normal(blurred.shape)
        return np.floor(np.clip(noisy, 0, 1) * 255 + 0.5) / 255

    @property
    def sharp(self):
        """The sharp image, an (H, W) float64 ndarray in [0, 1]."""
        return self._photograph()[BORDER:-BORDER, BORDER:-BORDER]

    @property
    def kernel(self):
        """The true kernel, an (n, n) float64 ndarray of sum 1: Levin et al.'s f turned by 180 degrees."""
        levin = dataset_folder("levin", "im*_ker*.mat", self.folder.parent.parent)
        return LevinCase(f"im01_{self.name[5:]}", 25, folder=levin).kernel

    def _photograph(self):
        return read_image(self.folder / f"img{self.name[2:4]}.png").pixels


def cases(data=None):
    """List all cases of the photographs in the folder, by name; see :func:`pydeblur.datasets.load`.

    Parameters
    ----------
    data : path, optional
        The data folder, as :func:`pydeblur.datasets.dataset_folder` takes it.

    Returns
    -------
    list of SunCase

    Raises
    ------
    InvalidInputError
        If there is no such folder.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Path(folder, "clear").mkdir()
    ...     Path(folder, "clear", "img01.png").touch()
    ...     print([case.name for case in cases(folder)][:2])
    ['im01_ker01', 'im01_ker02']
    """
    folder = dataset_folder("sun", "clear/img*.png", data) / "clear"
    found = sorted(match[1] for match in map(_FILE.fullmatch, (path.name for path in folder.iterdir())) if match)
    return [
        SunCase(f"im{image}_ker{kernel:02d}", 31 if kernel == 4 else 25, folder=folder)
        for image in found
        for kernel in range(1, 9)
    ]
