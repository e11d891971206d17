"""What a user is told of a picture: what begins, and how long it will take."""

from __future__ import annotations

from pydeblur.deblurring.estimation_work import work_of
from pydeblur.deblurring.preparation import PreparedPicture
from pydeblur.estimators.description import described_region
from pydeblur.estimators.protocol import KernelEstimate
from pydeblur.progress.report import ProgressReport


def announce(report: ProgressReport | None, prepared: PreparedPicture, final_step: tuple | None) -> None:
    """Say what begins, and how long it will take.

    Parameters
    ----------
    report : ProgressReport or None
        None says nothing.
    prepared : PreparedPicture
    final_step : tuple or None
        Its method, its options and its type; None where no final step follows.
    """
    if report is None:
        return
    image, plan, search = prepared.image, prepared.plan, prepared.search
    if search is not None and search.is_sharp:
        return
    seconds = None
    if final_step is not None:
        method, options, dtype = final_step
        method = "whyte" if method is None and prepared.is_saturated and not options else method
        turns = prepared.nonuniform_plan is not None and not prepared.chosen.estimates_kernel
        seconds = _final_step_seconds(image, plan.kernel_size, (method, options, dtype), plan.workers, turns)
    size = f"{image.shape[1]}x{image.shape[0]} pixels"
    region = prepared.region
    from_region = "" if region is None else f"; the kernel is estimated from the region {described_region(region)}"
    found = "" if search is None else f"; kernel size {search.size}, since {search.reason}"
    report.estimation(work_of(prepared), seconds, f"{size}{found}{from_region}")


def announce_final_step(
    report: ProgressReport | None, prepared: PreparedPicture, found: KernelEstimate, final_step: tuple
) -> None:
    """Say that the kernel is known; the machine may have become slower or faster meanwhile."""
    if report is None:
        return
    turns = found.nonuniform is not None
    workers = found.options.workers
    seconds = _final_step_seconds(prepared.image, len(found.kernel), final_step, workers, turns)
    report.final_step(final_step[0], seconds)


def _final_step_seconds(image, kernel_size: int, final_step: tuple, workers: int, turns: bool) -> float | None:
    from pydeblur.progress.final_step import final_step_seconds, seconds_by_patches

    method, options, dtype = final_step
    if not turns or method == "whyte":
        return final_step_seconds(image, kernel_size, method, options, dtype, workers)
    from pydeblur.nonuniform.final_step import default_patches

    patches = default_patches(image.shape, kernel_size)
    return seconds_by_patches(image, patches, kernel_size, method, options, dtype, workers)
