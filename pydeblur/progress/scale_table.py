"""A table with a row for each scale of each candidate, written while they are finished."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a report begins before the solver is loaded
    from pydeblur.solver.records import IterationRecord

_WIDTHS = {
    "candidate": 9,
    "scale": 5,
    "picture": 11,
    "kernel": 7,
    "iterations": 10,
    "energy": 10,
    "change": 8,
    "seconds": 8,
}


@dataclass
class _Row:
    """What the iterations of one candidate at one scale come to."""

    last: IterationRecord
    iterations: int = 0
    seconds: float = 0.0

    def add(self, record: IterationRecord) -> None:
        self.last = record
        self.iterations += 1
        self.seconds += record.seconds


class ScaleTable:
    """Collects the iterations' records, and writes a row when a candidate has left a scale.

    Parameters
    ----------
    write : callable
        It is given each line.

    Examples
    --------
    >>> from pydeblur.solver import IterationRecord
    >>> lines = []
    >>> table = ScaleTable(lines.append)
    >>> table.add(0, IterationRecord(1, 1, 41, 55, 7, energy=2.5, kernel_change=0.5, seconds=0.25))
    >>> table.add(0, IterationRecord(0, 1, 60, 80, 9, energy=1.5, kernel_change=0.1, seconds=0.5))
    >>> table.end()
    >>> for line in lines: print(line)
    candidate scale     picture kernel iterations     energy   change  seconds
            1     1       55x41    7x7          1        2.5      0.5     0.25
            1     0       80x60    9x9          1        1.5      0.1     0.50
    """

    def __init__(self, write: Callable[[str], None]):
        self._write = write
        self._rows: dict[int, _Row] = {}
        self._has_header = False

    def add(self, candidate: int, record: IterationRecord) -> None:
        """Take note of an iteration of a numbered candidate, counted from 0."""
        row = self._rows.get(candidate)
        if row is not None and row.last.scale != record.scale:
            self._finish(candidate)
            row = None
        if row is None:
            row = self._rows[candidate] = _Row(record)
        row.add(record)

    def end(self) -> None:
        """Write what has not been written yet."""
        for candidate in sorted(self._rows):
            self._finish(candidate)

    def _finish(self, candidate: int) -> None:
        row = self._rows.pop(candidate)
        record = row.last
        if not self._has_header:
            self._write_cells(list(_WIDTHS))
            self._has_header = True
        picture, kernel = f"{record.width}x{record.height}", f"{record.kernel_size}x{record.kernel_size}"
        cells = [candidate + 1, record.scale, picture, kernel, row.iterations]
        figures = [f"{record.energy:.4g}", f"{record.kernel_change:.2g}", f"{row.seconds:.2f}"]
        self._write_cells([*cells, *figures])

    def _write_cells(self, cells: list) -> None:
        self._write(" ".join(f"{cell:>{width}}" for cell, width in zip(cells, _WIDTHS.values())))
