"""A zero-mean Gaussian mixture on patches less their mean, the prior of EPLL (Zoran & Weiss, ICCV 2011 [43])."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import scipy

from pydeblur.errors import FileFormatError, InvalidInputError
from pydeblur.files import write_bytes
from pydeblur.files.contents import shown_path
from pydeblur.files.shipped_weights import shipped_weights
from pydeblur.files.zip_archive import read_npz

SHIPPED = "epll-mixture.npz"
#: Patches whose products are in memory at a time: 33 MB for 8x8 patches in float32.
CHUNK = 4096
#: The shipped mixture has 1.7 MB; a larger file would take many times its own size in memory.
_MOST_BYTES = 2**26


@dataclass(frozen=True, eq=False)
class PatchMixture:
    """The density p(x) = Σ_k π_k N(x; 0, Σ_k) of square patches x of D = side² pixels whose mean is 0.

    Attributes
    ----------
    log_weights : (K,) float64 ndarray
        log π_k; the weights' sum is 1.
    covariances : (K, D, D) float64 ndarray
        Symmetric, positive definite on the patches of mean 0, the constant patch in their null space. For intensities
        in [0, 1].

    Raises
    ------
    InvalidInputError
        If the shapes do not fit each other or a square patch, the weights' sum is not 1, or a covariance is not as
        above.

    Examples
    --------
    >>> import numpy as np
    >>> mixture = PatchMixture.from_frequencies(np.ones(1), 0.01 * np.eye(3)[None])
    >>> mixture.side, mixture.covariances.shape
    (2, (1, 4, 4))
    """

    log_weights: np.ndarray
    covariances: np.ndarray

    def __post_init__(self):
        shape = np.shape(self.covariances)
        if len(shape) != 3 or shape[1] != shape[2] or round(shape[1] ** 0.5) ** 2 != shape[1] or shape[1] < 4:
            raise InvalidInputError(f"covariances should be (K, D, D) with D the square of 2 or more, but are {shape}")
        with np.errstate(over="ignore"):
            total = np.exp(self.log_weights).sum()
        if np.shape(self.log_weights) != shape[:1] or not abs(total - 1) < 1e-4:
            raise InvalidInputError(f"log_weights should be the logarithms of {shape[0]} weights of sum 1")
        if not np.all(np.isfinite(self.covariances)):
            raise InvalidInputError("covariances should be finite, but hold NaN or infinite values")
        if not self.spectra[0].min() > 0:
            raise InvalidInputError("covariances should be positive definite on patches of mean 0")

    @classmethod
    def from_frequencies(cls, weights: np.ndarray, covariances: np.ndarray) -> PatchMixture:
        """Make a mixture from the covariances of the patches' frequencies.

        Parameters
        ----------
        weights : (K,) ndarray
            Of sum 1.
        covariances : (K, D - 1, D - 1) ndarray
            In the coordinates of :func:`frequency_basis`.

        Returns
        -------
        PatchMixture
        """
        basis = frequency_basis(round((covariances.shape[-1] + 1) ** 0.5))
        with np.errstate(divide="ignore"):
            return cls(np.log(weights), basis.T @ covariances @ basis)

    @property
    def side(self) -> int:
        """The number of pixels along a patch's side."""
        return round(self.covariances.shape[-1] ** 0.5)

    @cached_property
    def spectra(self) -> tuple[np.ndarray, np.ndarray]:
        """The variances (K, D - 1) and directions (K, D - 1, D - 1) of the components.

        The directions are columns in the coordinates of :func:`frequency_basis`.
        """
        basis = frequency_basis(self.side)
        return tuple(np.linalg.eigh(basis @ self.covariances @ basis.T))

    def wiener_filters(self, noise_variance: float) -> np.ndarray:
        """Return Σ_k (Σ_k + s I)⁻¹, the best estimate of a patch of component k under white noise of variance s.

        Parameters
        ----------
        noise_variance : float
            s > 0.

        Returns
        -------
        (K, D, D) float64 ndarray
            The filters are meant for patches of mean 0, as columns.
        """
        variances, directions = self.spectra
        directions = frequency_basis(self.side).T @ directions
        gains = variances / (variances + noise_variance)
        return (directions * gains[:, None]) @ directions.transpose(0, 2, 1)

    def log_likelihood(self, patches: np.ndarray, noise_variance: float = 0.0) -> np.ndarray:
        """Return log p of patches under white noise.

        Parameters
        ----------
        patches : (D, n) ndarray
            Patches as columns; their means are ignored, so that D - 1 dimensions count.
        noise_variance : float
            >= 0.

        Returns
        -------
        (n,) float64 ndarray
        """
        density = JointDensity(self, noise_variance)
        chunks = (density(patches[:, first : first + CHUNK]) for first in range(0, patches.shape[1], CHUNK))
        return np.concatenate([log_sum_exp(joint) for joint in chunks])

    def save(self, path) -> None:
        """Write the mixture as a .npz file.

        The file holds ``log_weights`` and the covariances' ``upper_triangles``, row by row, in float32.

        Parameters
        ----------
        path : str or os.PathLike

        Raises
        ------
        FileFormatError
            If the file can't be written.
        """
        rows, columns = np.triu_indices(self.covariances.shape[-1])
        stream = io.BytesIO()
        np.savez(
            stream,
            log_weights=self.log_weights.astype(np.float32),
            upper_triangles=self.covariances[:, rows, columns].astype(np.float32),
        )
        write_bytes(path, stream.getvalue())


@lru_cache(maxsize=2)
def load_mixture(path=None) -> PatchMixture:
    """Read a mixture from a file of :meth:`PatchMixture.save`.

    Parameters
    ----------
    path : str or os.PathLike, optional
        Without a path it is the mixture that comes with the package.

    Returns
    -------
    PatchMixture

    Raises
    ------
    FileFormatError
        If the file is missing or something else.

    Examples
    --------
    >>> mixture = load_mixture()
    >>> mixture.side, mixture.covariances.shape
    (8, (200, 64, 64))
    """
    path = shipped_weights(SHIPPED) if path is None else Path(path)
    try:
        contents = read_npz(path, "f", _MOST_BYTES)
        log_weights = contents["log_weights"].astype(np.float64)
        triangles = contents["upper_triangles"].astype(np.float64)
        if triangles.ndim != 2 or triangles.size > _MOST_BYTES // 4:
            raise ValueError(f"upper_triangles should not have the shape {triangles.shape}")
        dimensions = int((8 * triangles.shape[1] + 1) ** 0.5 - 1) // 2
        rows, columns = np.triu_indices(dimensions)
        covariances = np.empty((len(triangles), dimensions, dimensions))
        covariances[:, rows, columns] = covariances[:, columns, rows] = triangles
        return PatchMixture(log_weights, covariances)
    except (KeyError, ValueError) as error:  # FileFormatError is a ValueError.
        shown = shown_path(path)
        reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error).removeprefix(f"{shown} ")
        raise FileFormatError(
            f"'{shown[-100:]}' should be a mixture written by pydeblur train-mixture: {reason.rstrip('.')[:120]}"
        ) from error


@lru_cache(maxsize=8)
def frequency_basis(side: int) -> np.ndarray:
    """Return the orthonormal rows of the two-dimensional DCT of a patch, without the constant.

    The frequencies' variances differ by orders of magnitude but are nearly uncorrelated, in natural images.

    Parameters
    ----------
    side : int
        Pixels along the patch's side.

    Returns
    -------
    (D - 1, D) float64 ndarray
        With D = side².

    Examples
    --------
    >>> import numpy as np
    >>> basis = frequency_basis(3)
    >>> bool(np.allclose(basis @ basis.T, np.eye(8))), round(abs(basis.sum(axis=1)).max().item(), 9)
    (True, 0.0)
    """
    cosines = scipy.fft.dct(np.eye(side), axis=0, norm="ortho")
    return np.kron(cosines, cosines)[1:]


class JointDensity:
    """The log-densities log π_k + log N(x; 0, Σ_k + s I) of many patches and all components.

    They are made by one matrix product in float32. With z the patch in coordinates in which the whole mixture's
    covariance is the identity, the quadratic forms zᵀ P_k z are linear in the products z_i z_j, i <= j: those of n
    patches are one matrix (d (d + 1) / 2, n). That is half the work of n K triangular systems, and in one piece. The
    whitening keeps the P_k so well conditioned where a component fits that single precision is enough.

    Parameters
    ----------
    mixture : PatchMixture
    noise_variance : float
        s >= 0.

    Examples
    --------
    >>> import numpy as np
    >>> density = JointDensity(load_mixture(), 0.01)
    >>> density(np.zeros((64, 5))).shape
    (200, 5)
    """

    def __init__(self, mixture: PatchMixture, noise_variance: float = 0.0):
        variances, directions = mixture.spectra
        variances = variances + noise_variance
        self.dimensions = variances.shape[1]
        spread = directions * np.sqrt(np.exp(mixture.log_weights)[:, None] * variances)[:, None]
        self.unwhitening = np.linalg.cholesky(np.tensordot(spread, spread, ((0, 2), (0, 2))))
        self._from_pixels = (np.linalg.inv(self.unwhitening) @ frequency_basis(mixture.side)).astype(np.float32)
        # Σ_k + s I = (V √v)(V √v)ᵀ; (V / √v)ᵀ takes the patches to the component's own coordinates.
        own = (directions / np.sqrt(variances)[:, None]).transpose(0, 2, 1) @ self.unwhitening
        precisions = own.transpose(0, 2, 1) @ own
        log_determinants = np.log(variances).sum(axis=1)
        constants = mixture.log_weights - 0.5 * (log_determinants + self.dimensions * np.log(2 * np.pi))
        self._constants = constants.astype(np.float32)[:, None]
        rows, columns = np.triu_indices(self.dimensions)
        # Off the diagonal, each product stands for two elements of the symmetric matrix.
        factors = np.where(rows == columns, -0.5, -1.0)
        self._forms = (factors * precisions[:, rows, columns]).astype(np.float32)

    def products(self, patches: np.ndarray) -> np.ndarray:
        """Return z_i z_j of patches (D, n), i <= j row by row: (d (d + 1) / 2, n) float32."""
        whitened = self._from_pixels @ patches.astype(np.float32, copy=False)
        products = np.empty((self._forms.shape[1], patches.shape[1]), np.float32)
        first = 0
        for index, row in enumerate(whitened):
            last = first + self.dimensions - index
            np.multiply(row, whitened[index:], out=products[first:last])
            first = last
        return products

    def of_products(self, products: np.ndarray) -> np.ndarray:
        """Return the log-densities (K, n) float32 of patches whose products are given."""
        joint = self._forms @ products
        joint += self._constants
        return joint

    def __call__(self, patches: np.ndarray) -> np.ndarray:
        """Return the log-densities (K, n) float32 of patches (D, n), whose means are ignored."""
        return self.of_products(self.products(patches))


def log_sum_exp(joint: np.ndarray) -> np.ndarray:
    """Compute log Σ_k exp(joint) over the rows without overflow.

    Parameters
    ----------
    joint : (K, n) ndarray

    Returns
    -------
    (n,) float64 ndarray

    Examples
    --------
    >>> import numpy as np
    >>> log_sum_exp(np.log([[1.0, 200.0], [3.0, 300.0]])).round(6).tolist() == np.log([4.0, 500.0]).round(6).tolist()
    True
    """
    largest = joint.max(axis=0)
    return largest + np.log(np.exp(joint - largest).sum(axis=0, dtype=np.float64))
