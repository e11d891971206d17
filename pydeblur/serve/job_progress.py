"""How far a job is, as messages to the server: a few a second, however many iterations there are."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from pydeblur.progress.report import ProgressReport
from pydeblur.report.encoding import encoded_alike, encoded_kernel
from pydeblur.report.stages import LONGEST_SIDE, reduced

if TYPE_CHECKING:
    from pydeblur.solver.records import IterationState

#: Seconds between two messages of each kind.
_TOLD, _SHOWN = 0.4, 0.8
#: Bytes of a latent image: it is coded without loss, which takes the least time.
_LATENT_BUDGET = 1 << 20


class _Nowhere:
    """A stream for lines that nobody reads."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        """Nothing is kept back."""


class JobProgress(ProgressReport):
    """A report of progress that goes to the server; use it as a context manager.

    Parameters
    ----------
    send : callable
        Called with dicts: ``kind`` "progress" has what is done (``doing``), the ``share`` from 0 to 1 and the seconds
        ``left``, or None; ``kind`` "iteration" has the latent image and the kernel as addresses, and where they belong.

    Examples
    --------
    >>> told = []
    >>> with JobProgress(told.append) as progress:
    ...     progress.stage("reading the picture")
    >>> told[0]["doing"]
    'reading the picture'
    """

    def __init__(self, send: Callable[[dict], None]):
        super().__init__(stream=_Nowhere())
        self._send = send
        self._sending = threading.Lock()
        self._share = 0.0
        self._shown = 0.0
        self._finished = threading.Event()
        self._teller = threading.Thread(target=self._tell_on, daemon=True)

    def __enter__(self) -> JobProgress:
        super().__enter__()
        self._teller.start()
        return self

    def __exit__(self, *error) -> None:
        self._finished.set()
        self._teller.join()
        super().__exit__(*error)

    def stage(self, doing: str, at_once: bool = False) -> None:
        """Say what is done from here on."""
        super().stage(doing, at_once)
        self._tell()

    def iteration(self, state: IterationState) -> None:
        """Show an iteration's latent image and kernel, unless others were shown just now."""
        if time.monotonic() - self._shown < _SHOWN:
            return
        record = state.record
        (latent,) = encoded_alike([eight_bit_latent(state.latent)], _LATENT_BUDGET)
        self._send_one(
            {
                "kind": "iteration",
                "latent": latent.address,
                "kernel": encoded_kernel(state.kernel).address,
                "where": f"{record.width} × {record.height} pixels, kernel {record.kernel_size}",
            }
        )
        self._shown = time.monotonic()

    def _tell_on(self) -> None:
        while not self._finished.wait(_TOLD):
            self._tell()

    def _tell(self) -> None:
        # The share never falls, even where the time left turns out to be longer.
        self._share = max(self._share, min(self.share_done, 1.0))
        self._send_one({"kind": "progress", "doing": self.doing, "share": self._share, "left": self.seconds_left()})

    def _send_one(self, message: dict) -> None:
        with self._sending:
            self._send(message)


def eight_bit_latent(latent):
    """A latent image (H, W) in [0, 1] as small 8-bit values.

    Examples
    --------
    >>> import numpy as np
    >>> eight_bit_latent(np.ones((500, 700))).shape
    (166, 233)
    """
    return reduced(latent, LONGEST_SIDE)
