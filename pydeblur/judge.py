"""Which of several kernels is the best, without the sharp image to compare with.

A network is shown what total variation makes of the image with each kernel, and says for every 8 × 8 pixels how wrong that
looks: blur that is left, ringing, double edges, noise. It has the classifier's architecture and began as the classifier,
but was trained on restored images with right and wrong kernels, whose errors were known (:mod:`pydeblur.training.judge_network`).

Where clipped pixels are in what the judge sees, TV rings around highlights whatever the kernel, which that network was not
trained on. There the image is deblurred by Whyte et al.'s method, which knows of them, and the classifier's log-odds that
the result is blurred decide.

Measured in docs/prior-study.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

import numpy as np

from pydeblur.crop import choose_window
from pydeblur.nonblind.tv import deconvolve_tv
from pydeblur.nonblind.whyte import deconvolve_saturated
from pydeblur.priors import load_prior
from pydeblur.solver import BlindDeconvolution

#: What the metadata of a judge's weights say that they answer.
ANSWERS = "log error"
#: Weight of the total variation.
LAMBDA_TV = 1e-3
#: What TV leaves outside [0, 1] is a sign of ringing; beyond this it says no more.
RANGE = (-0.3, 1.3)
#: Squares of 8 × 8 pixels at the border that do not count: nothing is known there of the image beyond.
MARGIN = 2
#: The judge looks at a part of larger images: its network would need more memory than all else.
_JUDGED_SIDE = 1024
#: Smaller parts are padded: squares are left within the margin.
_SMALLEST_SIDE = 8 * (2 * MARGIN + 1)
#: For images with clipped pixels.
_CLASSIFIER = "classifier-compact"


@dataclass(frozen=True)
class Verdict:
    """What speaks against a kernel: one of the two, in natural logarithms, and None for the other."""

    #: Of the mean square error of the image deblurred with it.
    log_error: float | None = None
    #: Of that image being blurred.
    log_odds: float | None = None

    @property
    def cost(self) -> float:
        """The least is the best, among the kernels of one image."""
        return self.log_odds if self.log_error is None else self.log_error


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
    weights : str or path
        Of a judge's network, or of a classifier, whose log-odds then decide on all images.
    **classifier
        Other options of the classifier.
    """

    def __init__(self, image: np.ndarray, kernel_size: int, clipped=None, workers: int = 1, weights="judge", **classifier):
        window = choose_window(np.asarray(image), kernel_size, _JUDGED_SIDE)
        self._image = window.part_of(image)
        self._sees_clipped = clipped is not None and bool(np.any(window.part_of(clipped)))
        self._workers = workers
        options = {"threads": workers, **classifier}
        self._network = load_prior("classifier", weights=weights, **options)
        self._knows_errors = self._network.answers == ANSWERS
        if self._sees_clipped and self._knows_errors:
            self._network, self._knows_errors = load_prior("classifier", weights=_CLASSIFIER, **options), False
        self._lock = Lock()

    def __call__(self, result: BlindDeconvolution) -> Verdict:
        """What there is to say of a run's kernel, with the gamma of its options."""
        if self._sees_clipped:
            restored = restored_with_highlights(self._image, result, self._workers)
        else:
            restored = restored_by_tv(self._image, result)
        with self._lock:
            if self._knows_errors:
                return Verdict(log_error=log_error(restored, self._network))
            return Verdict(log_odds=log_odds(restored, self._network))


def restored_by_tv(image: np.ndarray, result: BlindDeconvolution) -> np.ndarray:
    """An image deblurred where the kernel was sought, with the gamma of the result's options, and given back without it.

    Returns
    -------
    (H, W) ndarray float64
        Within :data:`RANGE`: [0, 1], and what the restored image has beyond it, as far as it goes.
    """
    gamma = result.options.gamma_correct
    restored = deconvolve_tv(np.asarray(image, np.float64) ** gamma, result.kernel, lambda_tv=LAMBDA_TV)
    inside = np.clip(restored, 0, 1)
    return np.clip(inside ** (1 / gamma) + (restored - inside), *RANGE)


def restored_with_highlights(image: np.ndarray, result: BlindDeconvolution, workers: int = 1) -> np.ndarray:
    """Deblurred by a method that knows of clipped pixels; single precision is enough to look at, and twice as fast."""
    return np.clip(deconvolve_saturated(np.asarray(image, np.float32), result.kernel, workers=workers), 0, 1)


def log_error(restored: np.ndarray, network) -> float:
    """What a judge's network says of a restored image: the mean of its map within the margin."""
    return float(network.activation_map(_padded(restored, _SMALLEST_SIDE))[MARGIN:-MARGIN, MARGIN:-MARGIN].mean())


def log_odds(restored: np.ndarray, classifier) -> float:
    """The classifier's log-odds that a restored image is still blurred; beyond [0, 1] it knows nothing."""
    return classifier.logit(_padded(np.clip(restored, 0, 1), classifier.smallest_side))


def _padded(image, smallest_side):
    """At least that large."""
    short = [max(smallest_side - side, 0) for side in image.shape]
    return np.pad(image, [(0, length) for length in short], mode="edge")
