"""One row per iteration of the solver: the table from which progress bars, CSV files and plots follow."""

from __future__ import annotations

import csv
import io
import os
from typing import Callable, Iterator, NamedTuple

import numpy as np

from pydeblur.files.atomic_write import write_bytes


class IterationRecord(NamedTuple):
    """What one latent / kernel alternation did.

    ``scale`` counts down to 0, the finest; ``iteration`` counts from 1. The energy is eq. (4) on the image's own
    area with the new kernel: ``data_term`` = ||I⊗k - B||², ``kernel_term`` = γ||k||², ``gradient_term`` = μ||g||_0 with
    the auxiliary gradients g of eq. (7), ``prior_term`` = λ w p(I); ``prior_value`` is p(I) itself.
    ``beta`` is the last β of the splitting, ``auxiliary_change`` the last max|u - I|; both are NaN without a prior.
    ``kernel_change`` is ||k_new - k_old||_2 / ||k_old||_2.
    """

    scale: int
    iteration: int
    height: int
    width: int
    kernel_size: int
    lambda_prior: float
    lambda_grad: float
    threshold: float
    beta: float
    data_term: float
    kernel_term: float
    gradient_term: float
    prior_term: float
    energy: float
    prior_value: float
    auxiliary_change: float
    kernel_change: float
    seconds: float


Callback = Callable[[IterationRecord], None]


class History:
    """The records of a run, in order; behaves as a read-only sequence of :class:`IterationRecord`."""

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
        """One column as an array (N,), float64 or int64."""
        return np.array([getattr(record, name) for record in self._records])

    def write_csv(self, path: str | os.PathLike) -> None:
        """Write the table with a header line; numbers are written so that they read back exactly."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([_exact(value) for value in record] for record in self._records)
        write_bytes(path, text.getvalue().encode())


def _exact(value):
    return value if isinstance(value, (int, str)) else repr(float(value))


class ProgressBar:
    """A callback that draws a tqdm bar from the records; use it as a context manager."""

    def __init__(self, total: int, disable: bool = False):
        from tqdm import tqdm

        self._bar = tqdm(total=total, unit="it", disable=disable, leave=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._bar.close()

    def __call__(self, record: IterationRecord) -> None:
        """Advance by one iteration."""
        self._bar.set_description(f"scale {record.scale} ({record.width}x{record.height}, kernel {record.kernel_size})")
        self._bar.set_postfix_str(f"energy {record.energy:.4g}, kernel change {record.kernel_change:.2g}")
        self._bar.update()
