"""Which of several kernels is the best, without the sharp image to compare with.

Three measures, that fail differently, of the image deblurred with the kernel by total variation and of the kernel itself:

- the classifier's log-odds of the deblurred image to be blurred. It is asked about what it was trained on, images that look
  like photographs, and so notices blur that is left; it hardly notices noise and artefacts.
- overshoot, what of the deblurred image leaves [0, 1], mean square: a wrong kernel makes edges ring.
- the energy (4) of the kernel at a fixed, small μ without a prior: artefacts cost gradients.

Where clipped pixels are in what the judge sees, the latter two are misled: TV rings around highlights whatever the kernel,
and the energy counts them. There the image is deblurred by Whyte et al.'s method, which knows of them, and the log-odds
decide alone.

The weights were learned on images of which none is in the development set (`benchmarks/judge_study.py`, docs/prior-study.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from threading import Lock

import numpy as np

from pydeblur.crop import choose_window
from pydeblur.nonblind.tv import deconvolve_tv
from pydeblur.nonblind.whyte import deconvolve_saturated
from pydeblur.priors import load_prior
from pydeblur.solver import BlindDeconvolution
from pydeblur.solver.coarse_to_fine import latent_energy

#: Log-odds that an increase of the energy by a factor of e is worth, and of the overshoot.
ENERGY_WEIGHT = 36.0
OVERSHOOT_WEIGHT = 3.2
#: Overshoot of less says little: a kernel that is too narrow has none at all.
OVERSHOOT_FLOOR = 3e-5
ENERGY_LAMBDA_GRAD = 1e-3
_LAMBDA_TV = 1e-3
#: The judge looks at a part of larger images: its network would need more memory than all else.
_JUDGED_SIDE = 1024


@dataclass(frozen=True)
class Verdict:
    """What speaks against a kernel; ``energy`` and ``overshoot`` are None where clipped pixels would mislead them."""

    log_odds: float
    energy: float | None = None
    overshoot: float | None = None

    @property
    def cost(self) -> float:
        """The least is the best, among the kernels of one image."""
        if self.energy is None:
            return self.log_odds
        energy = max(self.energy, np.finfo(float).tiny)
        return (
            self.log_odds
            + ENERGY_WEIGHT * math.log(energy)
            + OVERSHOOT_WEIGHT * math.log(self.overshoot + OVERSHOOT_FLOOR)
        )


class Judge:
    """A judge of kernels of one image; calls may come from several threads.

    Parameters
    ----------
    image : (H, W) ndarray
        Blurred image, as :func:`pydeblur.solver.blind_deconv` takes it. Of a large one it sees a part.
    kernel_size : int
    clipped : (H, W) bool ndarray or None
        Pixels that were clipped.
    workers : int
        Threads, >= 1.
    **classifier
        Options of the classifier.
    """

    def __init__(self, image: np.ndarray, kernel_size: int, clipped=None, workers: int = 1, **classifier):
        window = choose_window(np.asarray(image), kernel_size, _JUDGED_SIDE)
        self._image = window.part_of(image)
        self._sees_clipped = clipped is not None and bool(np.any(window.part_of(clipped)))
        self._workers = workers
        self._classifier = load_prior("classifier", **{"threads": workers, **classifier})
        self._lock = Lock()

    def __call__(self, result: BlindDeconvolution) -> Verdict:
        """What there is to say of a run's kernel, with the gamma and the prefilter of its options."""
        if self._sees_clipped:
            return Verdict(self._log_odds(restored_with_highlights(self._image, result, self._workers)))
        energy = latent_energy(self._image, result.kernel, result.options, ENERGY_LAMBDA_GRAD)
        restored, overshoot = restored_by_tv(self._image, result)
        return Verdict(self._log_odds(restored), energy, overshoot)

    def _log_odds(self, restored):
        with self._lock:
            return log_odds(restored, self._classifier)


def restored_by_tv(image: np.ndarray, result: BlindDeconvolution) -> tuple[np.ndarray, float]:
    """An image deblurred where the kernel was sought, with the gamma of the result's options, and given back without it.

    Returns
    -------
    (H, W) ndarray float64 in [0, 1]
    float
        Mean square of what was cut off for that.
    """
    gamma = result.options.gamma_correct
    restored = deconvolve_tv(np.asarray(image, np.float64) ** gamma, result.kernel, lambda_tv=_LAMBDA_TV)
    inside = np.clip(restored, 0, 1)
    restored -= inside
    return inside ** (1 / gamma), float(np.mean(restored * restored))


def restored_with_highlights(image: np.ndarray, result: BlindDeconvolution, workers: int = 1) -> np.ndarray:
    """Deblurred by a method that knows of clipped pixels; single precision is enough to look at, and twice as fast."""
    return np.clip(deconvolve_saturated(np.asarray(image, np.float32), result.kernel, workers=workers), 0, 1)


def log_odds(restored: np.ndarray, classifier) -> float:
    """The classifier's log-odds that a restored image is still blurred; smaller ones than it can take are padded."""
    short = [max(classifier.smallest_side - side, 0) for side in restored.shape]
    return classifier.logit(np.pad(restored, [(0, length) for length in short], mode="edge"))
