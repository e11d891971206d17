"""The restoration network at work: ONNX Runtime, on images of any size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from pydeblur.backend.device import choose_device
from pydeblur.backend.kept import kept
from pydeblur.backend.onnx_session import OnnxSession, cuda_works
from pydeblur.nonblind.restoration_inputs import corrected, network_inputs
from pydeblur.nonblind.restoration_network import read_network

#: Images are restored at once up to this side; of larger ones the network sees squares with what lies around them.
LARGEST_SIDE = 1024


class Span(NamedTuple):
    """Rows or columns of a tile: its own, and those that the network sees for it."""

    own: slice
    seen: slice

    @property
    def inner(self) -> slice:
        """Its own, counted from the first that is seen."""
        return slice(self.own.start - self.seen.start, self.own.stop - self.seen.start)


def spans(length: int, step: int, reach: int, multiple: int) -> Iterator[Span]:
    """Cut the rows or columns of an image into tiles.

    Parameters
    ----------
    length : int
        Rows or columns of the image.
    step : int
        Those of a tile, a multiple of `multiple`.
    reach : int
        How many around it the network has to see.
    multiple : int
        Where the network sees a tile's surroundings they begin at a multiple of this, as the whole image would.

    Yields
    ------
    Span

    Examples
    --------
    >>> [(span.own, span.seen) for span in spans(40, 24, 6, 8)]
    [(slice(0, 24, None), slice(0, 32, None)), (slice(24, 40, None), slice(16, 40, None))]
    """
    reach += -reach % multiple
    for first in range(0, length, step):
        last = min(first + step, length)
        yield Span(slice(first, last), slice(max(first - reach, 0), min(last + reach, length)))


class RestorationSession:
    """A restoration network that is ready to compute.

    Parameters
    ----------
    weights : "restoration" or path
        As :func:`~pydeblur.nonblind.restoration_network.read_network` takes it.
    device : {"cpu", "cuda", "auto"}
        See :func:`pydeblur.backend.device.choose_device`.
    threads : int
        On the CPU.

    Attributes
    ----------
    weights : RestorationWeights

    Raises
    ------
    FileFormatError
        If there are no such weights, or their file is something else.
    InvalidInputError
        If "cuda" is asked for and does not work.

    Examples
    --------
    >>> planes = np.full((10, 40, 56), 0.5, np.float32)
    >>> RestorationSession("restoration").restored(planes).shape
    (40, 56)
    """

    def __init__(self, weights="restoration", device: str = "cpu", threads: int = 1):
        self.weights = read_network(weights)
        model, name = self.weights.model, str(self.weights.path)
        self.device = choose_device(
            device,
            "onnxruntime",
            device != "cpu" and cuda_works(model, name),
            "it takes an NVIDIA GPU and pip install 'pydeblur[gpu]'",
        )
        key = ("restoration", self.weights.metadata["parameters_sha256"], self.device, threads)
        self._session = kept(key, lambda: OnnxSession(model, name, self.device, threads))

    def restored(self, planes: np.ndarray, largest_side: int = LARGEST_SIDE) -> np.ndarray:
        """Restore an image.

        Parameters
        ----------
        planes : (C, H, W) float32 ndarray
            Of :func:`~pydeblur.nonblind.restoration_inputs.restoration_inputs`.
        largest_side : int
            Rows and columns of the tiles. The tiles of an image are what the whole would be, but for rounding.

        Returns
        -------
        (H, W) float32 ndarray
            Not clipped.
        """
        rows, columns = planes.shape[1:]
        result = np.empty((rows, columns), np.float32)
        for down in self.spans(rows, largest_side):
            for across in self.spans(columns, largest_side):
                seen = self.restored_at_once(planes[:, down.seen, across.seen])
                result[down.own, across.own] = seen[down.inner, across.inner]
        return result

    def spans(self, length: int, step: int) -> Iterator[Span]:
        """Yield the tiles' rows or columns, see :func:`spans`; `step` is rounded up to a multiple of the network's."""
        architecture = self.weights.architecture
        multiple = architecture.multiple
        return spans(length, step + -step % multiple, architecture.reach, multiple)

    def restored_at_once(self, planes: np.ndarray) -> np.ndarray:
        """Restore planes (C, H, W) as one tile: (H, W) float32."""
        rows, columns = planes.shape[1:]
        multiple = self.weights.architecture.multiple
        missing = [(0, 0), (0, -rows % multiple), (0, -columns % multiple)]
        inputs = np.pad(network_inputs(planes), missing, mode="edge")
        (residual,) = self._session.run(["residual"], {"inputs": inputs[None]})
        return corrected(planes, residual[0, :, :rows, :columns])
