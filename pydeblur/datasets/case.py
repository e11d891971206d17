"""One blurred image of a benchmark, and what is known about it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Case(ABC):
    """A blurred image with the settings to use on it, and the truth where there is one.

    The images are read from the disk each time that they are asked for: a list of cases costs nothing, and can be
    sent to other processes.

    Attributes
    ----------
    name : str
        Such as "im01_ker01".
    kernel_size : int
        The odd size to ask the kernel estimation for.
    gamma : float
        The exponent to apply to the image before estimating the kernel.
    saturated : bool
        Whether bright pixels are clipped, so that the non-blind step has to reckon with that.
    folder : Path
        The data set's folder.

    Examples
    --------
    A data set of your own is a subclass that reads its images:

    >>> from pathlib import Path
    >>> from pydeblur.datasets import Case
    >>> from pydeblur.files import read_image
    >>> class Photograph(Case):
    ...     @property
    ...     def blurred(self):
    ...         return read_image(self.folder / f"{self.name}.jpg").pixels
    >>> Photograph("street", 31, folder=Path("photographs")).sharp is None
    True
    """

    name: str
    kernel_size: int
    gamma: float = field(default=1.0, kw_only=True)
    saturated: bool = field(default=False, kw_only=True)
    folder: Path = field(kw_only=True, repr=False)

    @property
    @abstractmethod
    def blurred(self):
        """The blurred image, an (H, W) or (H, W, 3) float64 ndarray in [0, 1]."""

    @property
    def sharp(self):
        """The sharp image, of the same shape and range, or None where it is not known."""
        return None

    @property
    def kernel(self):
        """The true kernel, (n, n) float64, sum 1, with blurred = conv2(sharp, kernel); None where it is not known."""
        return None
