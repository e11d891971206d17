"""The section with the latent images and kernels over the scales."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pydeblur.report.encoding import EncodedPicture, encoded_alike, encoded_kernel
from pydeblur.report.markup import Html, element
from pydeblur.report.stages import LONGEST_SIDE, Stage, reduced

if TYPE_CHECKING:  # api is above this package
    from pydeblur.api import DeblurResult

#: Bytes for all latent images.
_BUDGET = 250_000


def all_stages(result: DeblurResult) -> tuple[Stage, ...]:
    """Return the ends of all scales of a result, the coarsest first; the last is the result itself.

    Examples
    --------
    >>> import pydeblur
    >>> image = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((6, 6)))
    >>> stages = all_stages(pydeblur.deblur(image, 9, prior="gradient", nonblind="tv"))
    >>> [stage.record.scale for stage in stages]
    [1, 0]
    """
    if not len(result.history):
        return ()
    last = result.history[-1]
    final = Stage(last, reduced(result.latent, LONGEST_SIDE), np.asarray(result.kernel, np.float32))
    return (*(stage for stage in result.stages if stage.record.scale > last.scale), final)


def scales(stages: Sequence[Stage]) -> Html:
    """Draw the latent image and the kernel at the end of every scale.

    Parameters
    ----------
    stages : sequence of Stage
        The coarsest first.

    Returns
    -------
    Html
        A list with a figure for each.

    Examples
    --------
    >>> from pydeblur.solver.records import IterationRecord
    >>> stage = Stage(IterationRecord(0, 5, 30, 40, 9), np.zeros((30, 40), np.uint8), np.ones((9, 9), np.float32) / 81)
    >>> scales([stage]).count("<img")
    2
    """
    figures = [element("li", _figure(stage, number, len(stages))) for number, stage in enumerate(stages, 1)]
    return element("ol", *figures, class_="scales")


def _figure(stage: Stage, number: int, count: int) -> Html:
    record = stage.record
    size = f"{record.width} × {record.height} px"
    (latent,) = encoded_alike([stage.latent], _BUDGET // count)
    kernel = encoded_kernel(stage.kernel)
    return element(
        "figure",
        element(
            "div",
            _picture(latent, f"Latent image at scale {number} of {count}", "latent"),
            _picture(kernel, f"Kernel at scale {number} of {count}", "kernel"),
            class_="pair",
        ),
        element(
            "figcaption",
            element("strong", f"Scale {number} of {count}"),
            element("br"),
            f"image {size}",
            element("br"),
            f"kernel {record.kernel_size} × {record.kernel_size}, after {_iterations(record.iteration)}",
        ),
    )


def _picture(picture: EncodedPicture, alt: str, kind: str) -> Html:
    return element("img", src=picture.address, width=picture.width, height=picture.height, alt=alt, class_=kind)


def _iterations(count: int) -> str:
    return "1 iteration" if count == 1 else f"{count} iterations"
