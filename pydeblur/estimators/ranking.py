"""Which of several kernels is the best, without the sharp image to compare with.

A network is shown what total variation makes of the image with each kernel, and says for every 8 × 8 pixels how wrong that
looks: blur that is left, ringing, double edges, noise. It has the classifier's architecture and was trained on from the
classifier's weights, with restored images of right and wrong kernels whose errors were known (:mod:`pydeblur.training.ranking`).
One for wide kernels is shown as well what the kernel has changed, and what it leaves unexplained of the blurred image.

Where clipped pixels are in what the network sees, total variation rings around highlights whatever the kernel. There the image
is deblurred by Whyte et al.'s method, which knows of them, and the classifier's log-odds that the result is blurred decide.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Lock

import numpy as np
from numpy.typing import DTypeLike

from pydeblur.estimators.evidence import KernelEvidence, image_numbers, kernel_numbers, unexplained
from pydeblur.estimators.presets import LOG_ERROR_ALONE, SEVERAL_PLANES, EvidenceWeights, RankingOptions
from pydeblur.nonblind.tv import deconvolve_tv
from pydeblur.nonblind.whyte import deconvolve_saturated
from pydeblur.preprocess.region import choose_region
from pydeblur.priors.classifier.network import ClassifierNetwork
from pydeblur.priors.classifier.weights_file import LOG_ERROR
from pydeblur.solver.pyramid import downsample_image

#: What the metadata of a ranking network's weights say that it answers.
ANSWERS = LOG_ERROR
#: Weight of the total variation.
LAMBDA_TV = 1e-3
#: What a kernel leaves unexplained is small; so many times as large it is shown, within [-1, 1].
RESIDUAL_SCALE = 8.0
#: What total variation leaves outside [0, 1] is a sign of ringing; beyond this it says no more.
RANGE = (-0.3, 1.3)
#: What the network says beyond this logarithm, a mean square of 20, counts no more: one square would outweigh all others.
LARGEST_LOG_ERROR = 3.0
#: The evidence that is the ranking network's.
_ERRORS = frozenset({"log_error", "half_log_error", "log_mean_error"})
#: Squares of 8 × 8 pixels at the border that do not count: nothing is known there of the image beyond.
MARGIN = 2
#: Of larger images a part is looked at, of so many kernel sizes and at least so many pixels a side: what a kernel is estimated
#: from where no more than a part is taken (:mod:`pydeblur.preprocess.region`).
_KERNEL_SIZES, _SUFFICIENT_SIDE = 12, 512
#: The network looks at no larger part: it would need more memory than all else.
_LARGEST_SIDE = 1024
#: Smaller parts are padded: squares are left within the margin.
_SMALLEST_SIDE = 8 * (2 * MARGIN + 1)
#: For images with clipped pixels.
_CLASSIFIER = "classifier-compact"


@dataclass(frozen=True)
class KernelScore:
    """What speaks against a kernel: the lower, the better, among the kernels of one image.

    Attributes
    ----------
    value : float
        A natural logarithm.
    measure : {"log error", "log odds"}
        Of what: of the mean square error of the image deblurred with the kernel, against which other evidence may be weighed,
        or of the odds that that image is blurred.
    """

    value: float
    measure: str


class KernelRanker:
    """Scores kernels of one blurred image; may be used from several threads.

    Parameters
    ----------
    image : (H, W) ndarray
        Blurred image in [0, 1]. Of a large one a part is looked at.
    kernel_size : int
    clipped : (H, W) bool ndarray, optional
        Pixels that the sensor clipped.
    options : RankingOptions
        With weights of a classifier its log-odds decide on all images.
    workers : int
        Threads, >= 1; the network has as many unless the options say otherwise.
    weights : EvidenceWeights
        What counts in the score of a kernel where the network predicts errors; by default its log error alone.
    dtype : dtype
        Arithmetic of the restoration that the network is shown, by total variation: float64 or float32.

    Examples
    --------
    >>> image = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((8, 8)))
    >>> ranker = KernelRanker(image, 5)
    >>> point = np.zeros((5, 5))
    >>> point[2, 2] = 1
    >>> ranker.score(point).measure
    'log error'
    """

    def __init__(
        self,
        image: np.ndarray,
        kernel_size: int,
        clipped: np.ndarray | None = None,
        options: RankingOptions = RankingOptions(),
        workers: int = 1,
        weights: EvidenceWeights = LOG_ERROR_ALONE,
        dtype: DTypeLike = np.float64,
    ):
        self._kernel_size, self._weights, self._dtype = kernel_size, weights, dtype
        side = min(max(_KERNEL_SIZES * kernel_size, _SUFFICIENT_SIDE), _LARGEST_SIDE)
        region = choose_region(np.asarray(image), kernel_size, side)
        self._image = region.part_of(image)
        self._sees_clipped = clipped is not None and bool(np.any(region.part_of(clipped)))
        self._workers = workers
        options = replace(options, threads=options.threads or workers)
        self._network = ClassifierNetwork(options)
        self._predicts_errors = self._network.answers == ANSWERS
        if self._sees_clipped and self._predicts_errors:
            self._network, self._predicts_errors = ClassifierNetwork(replace(options, weights=_CLASSIFIER)), False
        self._classifier_options = replace(options, weights=_CLASSIFIER)
        self._lock = Lock()

    def score(self, kernel: np.ndarray, gamma: float = 1.0) -> KernelScore:
        """The score of a kernel (n, n), found for the image raised to `gamma`."""
        if self._predicts_errors:
            found = self.evidence(kernel, gamma, self._weights.names)
            return KernelScore(weighted(found, self._weights), "log error")
        if self._sees_clipped:
            restored = restored_with_highlights(self._image, kernel, self._workers)
        else:
            restored = restored_by_tv(self._image, kernel, gamma, self._dtype)
        with self._lock:
            return KernelScore(log_odds(restored, self._network), "log odds")

    @property
    def gives_evidence(self) -> bool:
        """Whether there is evidence of kernels: the network predicts errors, and no clipped pixels are in view."""
        return self._predicts_errors

    def evidence(
        self, kernel: np.ndarray, gamma: float = 1.0, names: Collection[str] = tuple(vars(LOG_ERROR_ALONE))
    ) -> KernelEvidence:
        """What speaks for and against a kernel (n, n), found for the image raised to `gamma`, where there is evidence.

        Only the numbers of these names are computed, beside those that follow from the kernel alone.
        """
        restored = restored_by_tv(self._image, kernel, gamma, self._dtype)
        found = kernel_numbers(kernel, self._kernel_size) | image_numbers(self._image, restored, kernel, gamma, names)
        # What the ranking network is shown costs a convolution.
        is_asked = not _ERRORS.isdisjoint(names)
        shown = shown_to(self._network, self._image, restored, kernel, gamma) if is_asked else restored
        answers = self._answers(restored, shown)
        with self._lock:
            found |= {name: answer() for name, answer in answers.items() if name in names}
        return KernelEvidence(**found)

    def _answers(self, restored: np.ndarray, shown: np.ndarray) -> dict[str, Callable[[], float]]:
        """What the networks say of a restored image, and of what the ranking network is shown; by the evidence's names."""
        return {
            "log_error": lambda: log_error(shown, self._network),
            "half_log_error": lambda: log_error(_halved(shown), self._network),
            "log_mean_error": lambda: log_mean_error(shown, self._network),
            "log_odds": lambda: log_odds(restored, self._classifier),
            "half_log_odds": lambda: log_odds(_halved(np.clip(restored, 0, 1)), self._classifier),
        }

    @cached_property
    def _classifier(self) -> ClassifierNetwork:
        return ClassifierNetwork(self._classifier_options)


def weighted(evidence: KernelEvidence, weights: EvidenceWeights) -> float:
    """The score of a kernel: the weighted sum of what speaks against it.

    Examples
    --------
    >>> evidence = KernelEvidence(-4.0, -3.5, 1.0, 2.0, 0.25, 3.0, 0.1, 0.0, -8.0, -6.0, -9.0)
    >>> weighted(evidence, EvidenceWeights(half_log_odds=0.1, extent=-2.0))
    -4.3
    """
    return sum(weight * getattr(evidence, name) for name, weight in vars(weights).items() if weight)


def restored_by_tv(
    image: np.ndarray, kernel: np.ndarray, gamma: float = 1.0, dtype: DTypeLike = np.float64
) -> np.ndarray:
    """An image deblurred where the kernel was sought, raised to `gamma`, and given back without it.

    Parameters
    ----------
    image : (H, W) ndarray
        Blurred image in [0, 1].
    kernel : (n, n) ndarray
    gamma : float
    dtype : dtype
        float64 or float32.

    Returns
    -------
    (H, W) ndarray
        Of that dtype, within :data:`RANGE`: [0, 1], and what the restored image has beyond it, as far as it goes.

    Examples
    --------
    >>> restored_by_tv(np.full((16, 16), 0.5), np.ones((1, 1)), dtype=np.float32).dtype
    dtype('float32')
    """
    restored = deconvolve_tv(np.asarray(image, dtype) ** gamma, kernel, lambda_tv=LAMBDA_TV)
    inside = np.clip(restored, 0, 1)
    return np.clip(inside ** (1 / gamma) + (restored - inside), *RANGE)


def shown_to(
    network: ClassifierNetwork, image: np.ndarray, restored: np.ndarray, kernel: np.ndarray, gamma: float = 1.0
) -> np.ndarray:
    """What a network that predicts errors is shown of a restored image.

    Parameters
    ----------
    network : ClassifierNetwork
        With one input or three.
    image, restored : (H, W) ndarray
        The latter as :func:`restored_by_tv` gives it.
    kernel : (n, n) ndarray
        Smaller than the image.
    gamma : float
        The kernel blurs the image raised to this power.

    Returns
    -------
    (H, W) or (3, H, W) ndarray
        The restored image; for three inputs also what it differs from the blurred one by, and what the restored one, blurred
        again, leaves of the blurred one, eight times as large and within [-1, 1]. Where that would need pixels beyond the
        border it is 0.

    Examples
    --------
    >>> network = ClassifierNetwork(RankingOptions(threads=1))
    >>> image = np.full((24, 24), 0.5)
    >>> shown_to(network, image, image, np.ones((1, 1))).shape
    (24, 24)
    """
    return shown_planes(image, restored, kernel, gamma) if sees_planes(network) else restored


def sees_planes(network: ClassifierNetwork) -> bool:
    """Whether a network that predicts errors is shown more than the restored image."""
    return network.architecture.inputs == SEVERAL_PLANES


def shown_planes(image: np.ndarray, restored: np.ndarray, kernel: np.ndarray, gamma: float = 1.0) -> np.ndarray:
    """The planes (3, H, W) of :func:`shown_to`, float32.

    Examples
    --------
    >>> planes = shown_planes(np.full((8, 8), 0.5), np.full((8, 8), 0.75), np.ones((3, 3)) / 9)
    >>> planes[:, 4, 4].tolist(), planes[:, 0, 0].tolist()
    ([0.75, 0.25, -1.0], [0.75, 0.25, 0.0])
    """
    residual = np.zeros_like(restored)
    seen = tuple(slice(side // 2, length - side // 2) for side, length in zip(kernel.shape, image.shape))
    residual[seen] = -unexplained(image, np.clip(restored, 0, 1), kernel, gamma)
    return planes_of(image, restored, residual)


def planes_of(image: np.ndarray, restored: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """The same from the residual (H, W): what is left of the blurred image.

    Examples
    --------
    >>> planes_of(np.full((8, 8), 0.5), np.full((8, 8), 0.75), np.full((8, 8), 0.03125))[:, 0, 0].tolist()
    [0.75, 0.25, 0.25]
    """
    return np.stack([restored, restored - image, np.clip(RESIDUAL_SCALE * residual, -1, 1)]).astype(np.float32)


def restored_with_highlights(image: np.ndarray, kernel: np.ndarray, workers: int = 1) -> np.ndarray:
    """Deblurred by a method that knows of clipped pixels; single precision is enough to look at, and twice as fast."""
    return np.clip(deconvolve_saturated(np.asarray(image, np.float32), kernel, workers=workers), 0, 1)


def log_error(shown: np.ndarray, network: ClassifierNetwork) -> float:
    """What a network that predicts errors says of what it is shown: the mean of its map within the margin."""
    return float(_map_of(shown, network).mean())


def log_mean_error(shown: np.ndarray, network: ClassifierNetwork) -> float:
    """What a network that predicts errors says of what it is shown: the logarithm of the mean error within the margin.

    The mean of the logarithms weighs every square alike; the mean square error, on which PSNR depends, is made by those
    where most is wrong.
    """
    return float(np.log(np.exp(np.minimum(_map_of(shown, network), LARGEST_LOG_ERROR), dtype=np.float64).mean()))


def _map_of(shown: np.ndarray, network: ClassifierNetwork) -> np.ndarray:
    return network.activation_map(_padded(shown, _SMALLEST_SIDE))[MARGIN:-MARGIN, MARGIN:-MARGIN]


def _halved(shown: np.ndarray) -> np.ndarray:
    """An image, or each of some planes, at half its size."""
    return (
        downsample_image(shown, 0.5) if shown.ndim == 2 else np.stack([downsample_image(each, 0.5) for each in shown])
    )


def log_odds(restored: np.ndarray, classifier: ClassifierNetwork) -> float:
    """The classifier's log-odds that a restored image is still blurred; beyond [0, 1] it knows nothing."""
    return classifier.logit(_padded(np.clip(restored, 0, 1), classifier.smallest_side))


def _padded(image: np.ndarray, smallest_side: int) -> np.ndarray:
    """An image, or planes, at least that large."""
    short = [max(smallest_side - side, 0) for side in image.shape[-2:]]
    return np.pad(image, [(0, 0)] * (image.ndim - 2) + [(0, length) for length in short], mode="edge")
