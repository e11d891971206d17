"""What an iteration of the solver reports: a row of figures, and the state that a callback sees."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from pydeblur.backend.arrays import to_numpy
from pydeblur.files.atomic_write import write_bytes


class IterationRecord(NamedTuple):
    """The figures of one iteration, in which the latent image and the kernel were estimated once each.

    ``scale`` counts down to 0, the finest; ``iteration`` counts from 1; ``height`` and ``width`` are the image's at
    this scale. The energy is eq. (4) on the image's own area with the new kernel: ``data_term`` = ||I⊗k - B||²,
    ``kernel_term`` = γ||k||², ``gradient_term`` = μ||g||_0 with the auxiliary gradients g of eq. (7), ``prior_term`` =
    λ w p(I); ``prior_value`` is p(I) itself. ``beta`` is the last β of the splitting, ``auxiliary_change`` the last
    max|u - I|; both are NaN without a prior. ``kernel_change`` is ||k_new - k_old||_2 / ||k_old||_2, and ``seconds`` is
    the time that the iteration took. What an estimator of another kind does not have is NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.solver import SolverOptions, blind_deconv
    >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> record = blind_deconv(image, SolverOptions(5, iterations=1)).history[0]
    >>> record.scale, record.iteration, record.kernel_size, record.lambda_grad
    (0, 1, 5, 0.004)
    """

    scale: int
    iteration: int
    height: int
    width: int
    kernel_size: int
    lambda_prior: float = math.nan
    lambda_grad: float = math.nan
    threshold: float = math.nan
    beta: float = math.nan
    data_term: float = math.nan
    kernel_term: float = math.nan
    gradient_term: float = math.nan
    prior_term: float = math.nan
    energy: float = math.nan
    prior_value: float = math.nan
    auxiliary_change: float = math.nan
    kernel_change: float = math.nan
    seconds: float = math.nan


class IterationState:
    """What a callback sees after each iteration of the solver.

    A callback is called as ``callback(state)``. It may raise StopIteration, which ends the whole estimation cleanly:
    the best kernel so far is the result, and the result's ``stopped`` says so. What it returns is ignored.

    Attributes
    ----------
    record : IterationRecord
        The iteration's figures.
    candidate : int
        Which run of the estimation it belongs to, counted from 0; always 0 where there is one run.

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> def stop_at_the_finest_scale(state):
    ...     if state.record.scale == 0:
    ...         raise StopIteration
    >>> image = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((6, 6)))
    >>> estimate = pydeblur.estimate_kernel(image, 9, prior="gradient", callback=stop_at_the_finest_scale)
    >>> estimate.stopped, estimate.kernel.shape, len(estimate.history)
    (True, (9, 9), 6)
    """

    def __init__(self, record: IterationRecord, latent, kernel: np.ndarray, candidate: int = 0):
        self.record = record
        self.candidate = candidate
        self._latent = latent
        self._kernel = kernel

    @property
    def latent(self) -> np.ndarray:
        """The latent image (h, w) at this scale, read-only; fetched from the GPU where the solver computes there."""
        return _read_only(to_numpy(self._latent))

    @property
    def kernel(self) -> np.ndarray:
        """The new kernel (n, n) at this scale, of sum 1, read-only. It is not centred yet: that ends the scale."""
        return _read_only(self._kernel)

    def of_candidate(self, candidate: int) -> IterationState:
        """Return the same state as that of a numbered run."""
        return IterationState(self.record, self._latent, self._kernel, candidate)

    def __repr__(self) -> str:
        record = self.record
        return (
            f"IterationState(candidate {self.candidate}, scale {record.scale}, iteration {record.iteration}, "
            f"latent {record.height}x{record.width}, kernel {record.kernel_size}x{record.kernel_size})"
        )


Callback = Callable[[IterationState], object]


def _read_only(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view


class History:
    """The records of a run in their order: a read-only sequence of :class:`IterationRecord`.

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> image = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((6, 6)))
    >>> history = pydeblur.estimate_kernel(image, 5, prior="gradient", iterations=2).history
    >>> len(history), history.column("iteration").tolist()
    (2, [1, 2])
    """

    columns = IterationRecord._fields

    def __init__(self, records=()):
        self._records = list(records)

    def append(self, record: IterationRecord) -> None:
        """Add the next iteration's record."""
        self._records.append(record)

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index) -> IterationRecord:
        return self._records[index]

    def __iter__(self) -> Iterator[IterationRecord]:
        return iter(self._records)

    def __repr__(self) -> str:
        return f"History({len(self)} iterations: {', '.join(self.columns)})"

    def column(self, name: str) -> np.ndarray:
        """Return one column as an array (N,), float64 or int64."""
        return np.array([getattr(record, name) for record in self._records])

    def write_csv(self, path: str | os.PathLike) -> None:
        """Write the table with a header line; numbers are written so that they read back exactly.

        Parameters
        ----------
        path : str or os.PathLike

        Raises
        ------
        FileFormatError
            If the file can't be written.
        """
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([_exact(value) for value in record] for record in self._records)
        write_bytes(path, text.getvalue().encode())


def _exact(value):
    return value if isinstance(value, (int, str)) else repr(float(value))


class Reporter:
    """What keeps the records of a run, and asks its callback after each iteration.

    Parameters
    ----------
    callback : callable or None
        Called with each :class:`IterationState`; it may end the run by raising StopIteration.

    Attributes
    ----------
    history : History
    stopped : bool
        Whether the callback has ended the run.

    Examples
    --------
    >>> import numpy as np
    >>> report = Reporter()
    >>> report(IterationState(IterationRecord(0, 1, 8, 8, 3), np.zeros((8, 8)), np.ones((3, 3)) / 9))
    False
    >>> len(report.history)
    1
    """

    def __init__(self, callback: Callback | None = None):
        self._callback = callback
        self.history = History()
        self.stopped = False

    def __call__(self, state: IterationState) -> bool:
        """Keep the record and hand the state to the callback; return whether that wants the run to end."""
        self.history.append(state.record)
        if self._callback is not None:
            try:
                self._callback(state)
            except StopIteration:
                self.stopped = True
        return self.stopped
