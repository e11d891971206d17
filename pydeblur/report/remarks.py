"""The section with what the reader should be warned of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydeblur.estimators.confidence import doubt_about
from pydeblur.estimators.kernel_size import border_mass, border_width, is_cut_off
from pydeblur.report.markup import Html, element

if TYPE_CHECKING:  # api is above this package
    from pydeblur.api import DeblurResult

#: A kernel with more than this share of its mass in one element blurs nothing.
_POINT = 0.99


def remarks(texts) -> Html | None:
    """List warnings; None where there are none.

    Examples
    --------
    >>> remarks(["The estimation was stopped."]).count("<li>"), remarks([])
    (1, None)
    """
    entries = [element("li", each) for each in texts]
    return element("ul", *entries) if entries else None


def found_wrong(result: DeblurResult) -> list[str]:
    """Return a sentence about everything in a result that its reader should know of.

    Parameters
    ----------
    result : DeblurResult

    Returns
    -------
    list of str

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> def stop(state):
    ...     raise StopIteration
    >>> found_wrong(pydeblur.deblur(image, 5, prior="gradient", nonblind="tv", callback=stop))[0]
    'The estimation was stopped before its end: the kernel is the best until then.'
    """
    found = []
    if result.stopped:
        found.append("The estimation was stopped before its end: the kernel is the best until then.")
    kernel, search = result.kernel, result.kernel_size_search
    if search is not None and search.is_sharp:
        found.append("This picture is not blurred by camera shake, and is left as it is.")
    elif kernel.max() > _POINT:
        found.append("The kernel is a point, so that the picture is left as it is.")
    elif result.nonuniform is None and (doubt := doubt_about(kernel, result.confidence)) is not None:
        # The same words as in the warning, which the page then has once.
        found.append(doubt)
    if result.nonuniform is None and is_cut_off(kernel):
        width = border_width(min(kernel.shape))
        frame = "two outermost" if width > 1 else "outermost"
        found.append(
            f"{border_mass(kernel, width):.0%} of the kernel's mass lies in its {frame} rows and columns: the blur may "
            f"be larger than the kernel size of {kernel.shape[0]}; try a larger one."
        )
    if result.saturated:
        found.append("The picture is taken to have clipped highlights, where its values say less than the truth.")
    return found
