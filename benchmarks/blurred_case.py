"""A case of a benchmark: a scene, its blurred image and its kernel."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np


@dataclass(frozen=True)
class BlurredCase:
    """``sharp`` and ``blurred`` (H, W) float64 in [0, 1], the latter in 8 bits; ``kernel`` (n, n) of sum 1."""

    name: str
    sharp: np.ndarray
    blurred: np.ndarray
    kernel: np.ndarray
    #: The size handed to the solver, by the kernel's own: users leave room.
    room: ClassVar[float] = 1.2

    @property
    def kernel_size(self) -> int:
        """Size handed to the solver: the next odd number from `room` times the kernel's own."""
        return int(np.ceil(self.room * self.kernel.shape[0])) // 2 * 2 + 1
