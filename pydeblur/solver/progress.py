"""A progress bar that follows the solver's iterations."""

from __future__ import annotations

from pydeblur.solver.records import IterationState


class ProgressBar:
    """A callback that draws a bar on standard error from the iterations' records; use it as a context manager.

    The bar is tqdm's: it knows terminals, the time left and nested bars, which this package needs no code of its own
    for.

    Parameters
    ----------
    total : int
        How many iterations there will be at most.
    disable : bool
        Whether nothing is drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.solver import ProgressBar, SolverOptions, blind_deconv
    >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> with ProgressBar(2, disable=True) as bar:
    ...     result = blind_deconv(image, SolverOptions(5, iterations=2), callback=bar)
    """

    def __init__(self, total: int, disable: bool = False):
        from tqdm import tqdm

        self._bar = tqdm(total=total, unit="it", disable=disable, leave=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._bar.close()

    def __call__(self, state: IterationState) -> None:
        """Advance by one iteration."""
        record = state.record
        self._bar.set_description(f"scale {record.scale} ({record.width}x{record.height}, kernel {record.kernel_size})")
        self._bar.set_postfix_str(f"energy {record.energy:.4g}, kernel change {record.kernel_change:.2g}")
        self._bar.update()
