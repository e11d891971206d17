"""Pictures of photographs beside every method's result, and of the kernels alone."""

from __future__ import annotations

import numpy as np

from pydeblur.evaluation.store import Finished


def kernel_plot(pyplot, finished: list[Finished], names: tuple[str, ...]):
    """The kernels of finished cases: a row for each method, a column for each photograph.

    Parameters
    ----------
    pyplot : module
        :func:`pydeblur.evaluation.figures.pyplot_without_display`.
    finished : list of Finished
        Each with an array `kernel` (n, n).
    names : tuple of str
        The methods.

    Returns
    -------
    Figure
    """
    kernels = {(result.task.case, result.task.method): result.arrays["kernel"] for result in finished}
    cases = list(dict.fromkeys(case for case, _ in kernels))
    figure, axes = pyplot.subplots(len(names), len(cases), squeeze=False, figsize=(1.6 * len(cases), 1.7 * len(names)))
    for row, name in zip(axes, names):
        row[0].set_ylabel(name, fontsize=8)
        for axis, case in zip(row, cases):
            axis.imshow(kernels[case, name], cmap="gray", interpolation="nearest")
    for axis, case in zip(axes[0], cases):
        axis.set_title(case, fontsize=7)
    _without_ticks(axes)
    return figure


def result_sheet(pyplot, cases, finished: list[Finished], names: tuple[str, ...]):
    """A row for each photograph: blurred, then every method's result with its kernel in the corner.

    Parameters
    ----------
    pyplot : module
        See :func:`kernel_plot`.
    cases : sequence of Case
        Each with its photograph as `blurred`.
    finished : list of Finished
        Each with the arrays `restored` and `kernel`.
    names : tuple of str
        The methods.

    Returns
    -------
    Figure
    """
    results = {(result.task.case, result.task.method): result.arrays for result in finished}
    size = (5 * (len(names) + 1), 5 * len(cases))
    figure, axes = pyplot.subplots(len(cases), len(names) + 1, squeeze=False, figsize=size)
    for row, case in zip(axes, cases):
        row[0].imshow(np.clip(case.blurred, 0, 1), cmap="gray")
        row[0].set_ylabel(case.name)
        for axis, name in zip(row[1:], names):
            arrays = results[case.name, name]
            axis.imshow(arrays["restored"], cmap="gray")
            inset = axis.inset_axes((0.0, 0.75, 0.25, 0.25))
            inset.imshow(arrays["kernel"], cmap="gray", interpolation="nearest")
            inset.set(xticks=[], yticks=[])
    for axis, title in zip(axes[0], ("blurred", *names)):
        axis.set_title(title)
    _without_ticks(axes)
    figure.tight_layout(pad=0.5)
    return figure


def restored_arrays(restored: np.ndarray | None, kernel: np.ndarray | None, shape, kernel_size: int) -> dict:
    """The arrays that a sheet is drawn from; both are 0 where the kernel collapsed.

    Parameters
    ----------
    restored : (H, W) or (H, W, 3) ndarray or None
        The final image, of any range; it is clipped to [0, 1] and kept in 8 bits.
    kernel : (n, n) ndarray or None
    shape : tuple of int
        Of the photograph.
    kernel_size : int
        n.

    Returns
    -------
    dict
        `restored`, uint8, and `kernel`, float32.

    Examples
    --------
    >>> restored_arrays(np.array([[0.5, 2.0]]), np.array([[1.0]]), (1, 2), 1)["restored"].tolist()
    [[128, 255]]
    >>> restored_arrays(None, None, (1, 2), 3)["kernel"].shape
    (3, 3)
    """
    if restored is None or kernel is None:
        return {"restored": np.zeros(shape, np.uint8), "kernel": np.zeros((kernel_size, kernel_size), np.float32)}
    eight_bits = np.round(255 * np.clip(restored, 0, 1)).astype(np.uint8)
    return {"restored": eight_bits, "kernel": kernel.astype(np.float32)}


def _without_ticks(axes):
    for axis in axes.ravel():
        axis.set(xticks=[], yticks=[])
