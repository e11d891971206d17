"""What is said on the way: where the work stands, and how much time is left.

On a terminal it is a bar; elsewhere, in a log file or a pipe, plain lines, the first at once and others every few seconds, so
that nobody takes a long computation for a dead one.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydeblur.progress.estimation_work import EstimationWork, counted_work
from pydeblur.progress.scale_table import ScaleTable

if TYPE_CHECKING:  # a report begins before the solver is loaded
    from pydeblur.solver.records import IterationState

#: Seconds between two looks at the clock, between two drawings of a bar, and between two plain lines.
_TICK, _REDRAWN, _INTERVAL = 0.25, 0.1, 7.0
#: Nothing is said of what takes less time than this, unless something has been said before.
PATIENCE = 1.1
#: What is expected to take so many seconds is told of before it begins.
_WORTH_TELLING = 2.0
#: Share of the work after which its speed tells more than the measurement before it.
_TRUSTED_SHARE = 0.05


class ProgressReport:
    """Tells a user how far the work on one picture is; use it as a context manager.

    Parameters
    ----------
    prefix : str
        What each line begins with.
    verbose : bool
        Whether a table of the scales is written.
    stream : text stream, optional
        By default standard error.
    waited : float
        Seconds that nothing has been said for already.

    Examples
    --------
    >>> import io
    >>> stream = io.StringIO()
    >>> with ProgressReport("example: ", stream=stream) as report:
    ...     report.stage("reading photo.png", at_once=True)
    >>> stream.getvalue()
    'example: reading photo.png\\n'
    """

    def __init__(self, prefix: str = "pydeblur: ", verbose: bool = False, stream=None, waited: float = 0.0):
        self._waited = waited
        self._stream = sys.stderr if stream is None else stream
        self._prefix = prefix
        self._table = ScaleTable(self._write_line) if verbose else None
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._bar: Any = None
        self._drawn = 0.0
        self._doing, self._has_said = "", False
        self._started = self._last_said = self._stage_started = time.monotonic()
        self._work: EstimationWork = counted_work(0)
        self._done = 0.0
        self._iterating = False
        self._final_seconds: float | None = None
        self._in_final_step = False

    def __enter__(self) -> ProgressReport:
        self._started = self._stage_started = time.monotonic()
        self._last_said = self._started - self._waited
        self._thread = threading.Thread(target=self._tick_on, name="pydeblur-progress", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            if self._table is not None:
                self._table.end()
            if self._bar is not None:
                self._bar.close()

    def stage(self, doing: str, at_once: bool = False) -> None:
        """Say what is done from here on; unless `at_once`, only when it takes a while."""
        with self._lock:
            self._doing, self._stage_started, self._iterating = doing, time.monotonic(), False
            if at_once and not self._on_terminal:
                self._say(doing)

    def estimation(self, work: EstimationWork, final_seconds: float | None, remark: str = "") -> None:
        """Tell of the kernel's estimation that begins, and how long the final step after it will take.

        Parameters
        ----------
        work : EstimationWork
        final_seconds : float or None
            None where there is no final step, or nothing is known of it.
        remark : str
            Said at the beginning: what is deblurred, from which region.
        """
        with self._lock:
            self._work, self._final_seconds = work, final_seconds
            self._done, self._iterating, self._stage_started = 0.0, True, time.monotonic()
            self._doing = "estimating the kernel"
            total = self._expected_total()
            if total is not None and total >= _WORTH_TELLING and not self._on_terminal:
                about = f"about {shown_seconds(total)} in all"
                self._say(f"{remark}; {about}" if remark else about)

    def estimation_anew(self, work: EstimationWork) -> None:
        """Tell that the kernel is estimated once more, in a larger square."""
        with self._lock:
            final_seconds = self._final_seconds
        self.estimation(work, final_seconds, "the kernel is estimated once more, in a larger square")

    def __call__(self, state: IterationState) -> None:
        """Take note of an iteration: this is a callback of the solver."""
        record = state.record
        with self._lock:
            self._done += self._work.of(record, state.candidate)
            candidate = (
                f"candidate {state.candidate + 1} of {self._work.candidates}, " if self._work.candidates > 1 else ""
            )
            size = f"{record.width}x{record.height}, kernel {record.kernel_size}"
            self._doing = f"estimating the kernel: {candidate}scale {record.scale} ({size})"
            if self._table is not None:
                self._table.add(state.candidate, record)
            if self._on_terminal and time.monotonic() - self._drawn >= _REDRAWN:
                self._draw()

    def final_step(self, name: str, seconds: float | None = None) -> None:
        """Tell that the kernel is known and the final step begins, and how long it will take where that is known anew."""
        with self._lock:
            self._final_seconds = self._final_seconds if seconds is None else seconds
            self._doing, self._iterating, self._in_final_step = f"final step {name}", False, True
            self._stage_started = time.monotonic()
            if self._table is not None:
                self._table.end()

    def finished(self) -> None:
        """Tell that only writing is left."""
        with self._lock:
            self._in_final_step, self._final_seconds = False, None

    def seconds_left(self) -> float | None:
        """How long it will still take; None where that is not known.

        Returns
        -------
        float or None
        """
        elapsed = time.monotonic() - self._stage_started
        if self._in_final_step:
            # Once it takes longer than was expected, nothing is known of its end.
            left = -1.0 if self._final_seconds is None else self._final_seconds - elapsed
            return left if left > 0 else None
        if not self._iterating:
            return None
        share = min(self._done / self._work.total, 1.0) if self._work.total else 0.0
        if share >= _TRUSTED_SHARE or (self._work.seconds is None and share > 0):
            left = elapsed * (1 - share) / share
        elif self._work.seconds is not None:
            left = max(self._work.seconds - elapsed, 0.0)
        else:
            return None
        return left + (self._final_seconds or 0.0)

    @property
    def doing(self) -> str:
        """What is done at the moment, in words."""
        return self._doing

    @property
    def share_done(self) -> float:
        """How much of all the time is over, from 0 to 1."""
        left = self.seconds_left()
        elapsed = time.monotonic() - self._started
        return 0.0 if left is None else elapsed / max(elapsed + left, 1e-9)

    @property
    def _on_terminal(self) -> bool:
        try:
            return bool(self._stream.isatty())
        except (AttributeError, ValueError):  # it is not quite a stream, or closed
            return False

    def _expected_total(self) -> float | None:
        if self._work.seconds is None:
            return None
        return time.monotonic() - self._started + self._work.seconds + (self._final_seconds or 0.0)

    def _tick_on(self) -> None:
        while not self._ended.wait(_TICK):
            with self._lock:
                self._tick()

    def _tick(self) -> None:
        now = time.monotonic()
        if self._on_terminal:
            if now - self._started >= PATIENCE:
                self._draw()
            return
        if now - self._last_said >= (_INTERVAL if self._has_said else PATIENCE):
            self._say(self._status())

    def _status(self) -> str:
        """Where the work stands, in one line."""
        left = self.seconds_left()
        if left is None:
            elapsed = time.monotonic() - self._stage_started
            return f"{self._doing}, {shown_seconds(elapsed)} so far"
        return f"{self._doing}; {self.share_done:.0%} done, about {shown_seconds(left)} left"

    def _say(self, text: str) -> None:
        self._last_said, self._has_said = time.monotonic(), True
        self._write_line(f"{self._prefix}{text}")

    def _write_line(self, text: str) -> None:
        """A whole line, above the bar where there is one; a stream that is closed or full is no reason to end."""
        try:
            if self._bar is not None:
                self._bar.write(text, file=self._stream)
            else:
                print(text, file=self._stream, flush=True)
        except (OSError, ValueError):
            self._ended.set()

    def _draw(self) -> None:
        """The bar, of tqdm: it knows terminals, which this package needs no code of its own for."""
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(total=1.0, file=self._stream, leave=False, bar_format="{desc}", dynamic_ncols=True)
        self._drawn = time.monotonic()
        left = self.seconds_left()
        end = "" if left is None else f" {shown_seconds(left)} left"
        self._bar.bar_format = "{desc}: {percentage:3.0f}%|{bar}|" + end
        self._bar.set_description_str(self._doing, refresh=False)
        self._bar.n = self.share_done
        self._bar.refresh()


def shown_seconds(seconds: float) -> str:
    """A time as it is said: in seconds, or in minutes where these are two or more.

    Examples
    --------
    >>> shown_seconds(0.234), shown_seconds(95.4), shown_seconds(130), shown_seconds(8000)
    ('0.2 s', '95 s', '2 min 10 s', '2 h 13 min')
    """
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 119.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


@contextmanager
def report_for(progress: bool | ProgressReport) -> Iterator[ProgressReport | None]:
    """What the argument ``progress`` of :func:`pydeblur.deblur` means, for a ``with`` block.

    Parameters
    ----------
    progress : bool or ProgressReport
        A report of the caller's own is not ended.

    Yields
    ------
    ProgressReport or None
        None where nothing is to be said.

    Examples
    --------
    >>> with report_for(False) as report:
    ...     print(report)
    None
    """
    if isinstance(progress, ProgressReport):
        yield progress
    elif progress and sys.stderr is not None:
        with ProgressReport() as report:
            yield report
    else:
        yield None
