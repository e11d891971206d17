"""The section with what the reader should be warned of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydeblur.estimators.confidence import doubt_about
from pydeblur.report.markup import Html, element

if TYPE_CHECKING:  # api is above this package
    from pydeblur.api import DeblurResult

#: A kernel with more than this share of its mass in one element blurs nothing.
_POINT = 0.99
#: With more than this share of its mass in the two outermost elements on all sides a kernel may be too small for the blur.
_BORDER, _BORDER_MASS = 2, 0.05


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
    kernel, border = result.kernel, _BORDER
    if kernel.max() > _POINT:
        found.append("The kernel is a point, so that the picture is left as it is.")
    elif result.nonuniform is None and (doubt := doubt_about(kernel, result.confidence)) is not None:
        # The same words as in the warning, which the page then has once.
        found.append(doubt)
    if result.nonuniform is None and min(kernel.shape) > 4 * border:
        outside = 1 - kernel[border:-border, border:-border].sum() / kernel.sum()
        if outside > _BORDER_MASS:
            found.append(
                f"{outside:.0%} of the kernel's mass lies in its two outermost rows and columns: the blur may be larger than "
                f"the kernel size of {kernel.shape[0]}; try a larger one."
            )
    if result.saturated:
        found.append("The picture is taken to have clipped highlights, where its values say less than the truth.")
    return found
