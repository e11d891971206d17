"""What the deblurring of a picture gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pydeblur.estimators.description import described_array, described_kernel, described_run
from pydeblur.estimators.kernel_size_search import KernelSizeSearch
from pydeblur.estimators.protocol import Candidate
from pydeblur.preprocess.region import Region
from pydeblur.preprocess.value_range import PictureConvention, ValueRange
from pydeblur.report.stages import Stage
from pydeblur.solver import History, SolverOptions

if TYPE_CHECKING:
    import os

    from pydeblur.files import ImageFile
    from pydeblur.nonuniform.choose import ModelChoice
    from pydeblur.nonuniform.estimate import NonuniformEstimate


@dataclass(frozen=True, eq=False)
class DeblurResult:
    """What :func:`deblur` gives.

    Attributes
    ----------
    image : (H, W) or (H, W, 3) ndarray
        The deblurred image in the type and the numbers of the blurred one, clipped to its value range: uint8 from 0 to 255 for
        uint8, uint16 from 0 to 4095 for 12 bits in uint16, and floating for floating types and bool. Where ``dtype="float32"``
        was given, floating results have it. It is made of `unclipped` when it is first asked for.
    unclipped : (H, W) or (H, W, 3) ndarray
        The same before clipping and rounding: float32 or float64, in the scale that ``im2double`` gives to bool, uint8, uint16
        and int16, and in the blurred image's own numbers for all other types.
    kernel : (n, n) ndarray
        The estimated kernel: non-negative, of sum 1; of non-uniform blur the local kernel at the middle of the picture.
    latent : (h, w) ndarray
        The last intermediate image of the kernel's estimation, of the size of the part that was looked at; in [0, 1],
        to which the value range was mapped.
    history : History
        One record for each iteration of the chosen run.
    options : SolverOptions
        Those of the chosen run.
    prior : dict
        The chosen run's prior: its ``name`` and settings.
    candidates : tuple of Candidate
        The runs that the kernel was chosen from; empty where there was no choice.
    median : int
        Window of the median filter that the blurred image went through first; 0 is none.
    crop : Region or None
        The part of the image that the kernel was estimated from: (top, left, height, width); None is all of it.
    saturated : bool
        Whether the image was taken to have clipped highlights.
    nonblind : str
        The final step that was made; "none" where the kernel is a point, so that the image is left as it is.
    nonblind_options : dict
        Those of its options that were given or followed from the image.
    nonblind_reason : str or None
        Why the final step is this one, in a sentence without a full stop, where the image or the kernel decided; None where it
        was given or is the default.
    stopped : bool
        Whether a callback has ended the estimation before its end, so that the kernel is the best until then.
    value_range : ValueRange or None
        The two numbers, in the blurred image's own scale, that were taken for black and white.
    nonuniform : NonuniformEstimate or None
        Where a camera that turned was taken for the blur: its poses and weights for the whole picture (``blur``), the
        ``reason`` and the ``options``; None where the blur is one kernel.
    model_choice : ModelChoice or None
        With ``nonuniform="auto"`` which of the two was taken (``nonuniform``), the ``reason`` and the scores.
    kernel_size_search : KernelSizeSearch or None
        How the kernel's size was found; None where it was given.
    confidence : float or None
        Of a kernel that was chosen among several: the probability, in [0, 1], that the image comes within 1.5 dB of what the
        true kernel would give; None where that can't be told (:class:`pydeblur.estimators.KernelEstimate`).
    blurred : array_like or None
        The blurred image itself, as it was given and not copied.
    stages : tuple of Stage
        The latent image, reduced, and the kernel at the end of every scale of the chosen run, the coarsest first.
    seconds : dict
        The time that the kernel's estimation (with all that is done to the image before) and the final step took.
    convention : PictureConvention or None
        The type and range of the blurred image, which `image` has; None leaves `image` as `unclipped` is.

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> result = pydeblur.deblur(image, 5, prior="gradient", iterations=2)
    >>> type(result).__name__, result.image.shape, result.nonblind
    ('DeblurResult', (36, 36), 'ringing')
    """

    unclipped: np.ndarray
    kernel: np.ndarray
    latent: np.ndarray
    history: History
    options: SolverOptions
    prior: dict
    candidates: tuple[Candidate, ...] = ()
    median: int = 0
    crop: Region | None = None
    saturated: bool = False
    nonblind: str = "ringing"
    nonblind_options: dict = field(default_factory=dict)
    nonblind_reason: str | None = None
    stopped: bool = False
    value_range: ValueRange | None = None
    nonuniform: NonuniformEstimate | None = None
    model_choice: ModelChoice | None = None
    confidence: float | None = None
    blurred: object = None
    stages: tuple[Stage, ...] = ()
    seconds: dict = field(default_factory=dict)
    convention: PictureConvention | None = None
    kernel_size_search: KernelSizeSearch | None = None

    @cached_property
    def image(self) -> np.ndarray:
        """The deblurred image, like the blurred one."""
        return self.unclipped if self.convention is None else self.convention.applied(self.unclipped)

    def __repr__(self) -> str:
        """What was found, in three lines."""
        return "\n".join(
            [
                f"DeblurResult: image {described_array(self.image)} by the final step {self.nonblind}",
                f"  {described_kernel(self.kernel, self.candidates)}",
                f"  {described_run(self.history, self.crop, self.saturated, self.stopped)}",
            ]
        )

    def report(
        self,
        path: str | os.PathLike,
        *,
        name: str = "",
        source: ImageFile | None = None,
        warnings: Sequence[str] = (),
    ) -> None:
        """Write a page about the result: one HTML file that needs no other and loads nothing.

        It has the image before and after, the kernel, both over the scales, the candidates, the iterations, all options,
        timings and versions.

        Parameters
        ----------
        path : str or os.PathLike
            A file named .html or .htm, which appears whole or not at all.
        name : str, optional
            What the image is called.
        source : ImageFile, optional
            The file that the image came from, as :func:`pydeblur.files.read_image` gives it: the page shows its opacity, and
            the colours by its profile.
        warnings : sequence of str, optional
            What the page warns of, beside what follows from the result itself.

        Raises
        ------
        FileFormatError
            If the file can't be written, or has another extension.
        InvalidInputError
            If the result has no ``blurred``.

        Examples
        --------
        >>> import tempfile, numpy as np, pydeblur
        >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
        >>> result = pydeblur.deblur(image, 5, prior="gradient", nonblind="tv", iterations=1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     result.report(f"{folder}/result.html", name="tiles")
        """
        from pydeblur.report.page import write_report

        write_report(path, self, name=name, source=source, warnings=warnings)
