"""The estimation of a prepared picture's blur, and what a user should know of what was found."""

from __future__ import annotations

import warnings
from dataclasses import replace

from pydeblur.deblurring.estimation_work import work_of
from pydeblur.deblurring.preparation import PreparedPicture
from pydeblur.errors import BlurNotFoundWarning, KernelCollapseWarning, KernelSizeWarning
from pydeblur.estimators.confidence import doubt_about
from pydeblur.estimators.kernel_size_search import size_to_try, unblurred, with_other_sizes
from pydeblur.estimators.multistart import run_plan
from pydeblur.estimators.protocol import KernelEstimate
from pydeblur.progress.report import ProgressReport

#: A kernel with more than this share of its mass in one pixel blurs nothing.
_DELTA_MASS = 0.99
_NOT_BLURRED, _POINT = "this picture is not blurred by camera shake", KernelCollapseWarning


def estimate(prepared: PreparedPicture, callback, report: ProgressReport | None) -> KernelEstimate:
    """Estimate the blur of a prepared picture, and once more in a larger square where its size was found too small.

    Parameters
    ----------
    prepared : PreparedPicture
    callback : callable or None
        Called after each iteration.
    report : ProgressReport or None

    Returns
    -------
    KernelEstimate

    Warns
    -----
    KernelCollapseWarning, KernelSizeWarning, BlurNotFoundWarning
        Of what a user should know of the kernel, in the name of the function that calls the caller.
    """
    emit = callback if report is None else calling_both(callback, report)
    if prepared.search is not None and prepared.search.is_sharp:
        found = unblurred(prepared.grey, prepared.plan)
    else:
        found = _found(prepared, emit)
        if (grown := _grown(prepared, found)) is not None:
            prepared = grown
            if report is not None:
                report.estimation_anew(work_of(prepared))
            found = _found(prepared, emit)
    for text, category in _doubts(prepared, found):
        warnings.warn(text, category, stacklevel=3)  # the caller of deblur or estimate_kernel
    return replace(
        found,
        median=prepared.median,
        crop=prepared.region,
        saturated=prepared.is_saturated,
        value_range=prepared.picture.value_range,
        kernel_size_search=prepared.search,
    )


def calling_both(callback, bar):
    """A callback that calls another, and the user's after it, if there is one."""

    def emit(state):
        bar(state)
        if callback is not None:
            callback(state)

    return emit


def _grown(prepared: PreparedPicture, found: KernelEstimate) -> PreparedPicture | None:
    """The same with a larger kernel size, where the size was not given and the kernel presses against its border."""
    search, plan = prepared.search, prepared.plan
    if search is None or found.nonuniform is not None or prepared.nonuniform_plan is not None:
        return None
    larger = size_to_try(prepared.grey, found, plan, search)
    if larger is None:
        return None
    reason = f"{search.reason}; {larger.reason}"
    search = replace(search, size=larger.size, second_size=None, reason=reason)
    preset = with_other_sizes(prepared.chosen.preset, search, plan.clipped is not None)
    return prepared._replace(plan=preset.for_image(prepared.grey, larger.size, plan.clipped), search=search)


def _doubts(prepared: PreparedPicture, found: KernelEstimate) -> list[tuple[str, type[Warning]]]:
    """What a user should know of a kernel that was found."""
    search = prepared.search
    if search is not None and search.is_sharp:
        return [(f"{_NOT_BLURRED}, and is left as it is; give a kernel size to deblur it all the same", _POINT)]
    if is_point(found):
        why = "or its blur was not found: the kernel is a point, and the picture is left as it is"
        return [(f"{_NOT_BLURRED}, {why}; try a larger kernel size or a part with stronger edges", _POINT)]
    if found.nonuniform is not None:
        return []
    texts: list[tuple[str, type[Warning]]] = []
    if (size := size_to_try(prepared.grey, found, prepared.plan, search)) is not None:
        texts.append((f"{size.reason}; try a kernel size of {size.size}", KernelSizeWarning))
    if (doubt := doubt_about(found.kernel, found.confidence)) is not None:
        texts.append((doubt, BlurNotFoundWarning))
    return texts


def is_point(found: KernelEstimate) -> bool:
    """Whether what was found blurs nothing, so that the picture is left as it is."""
    if found.nonuniform is None:
        return bool(found.kernel.max() > _DELTA_MASS)
    from pydeblur.nonuniform.estimate import is_delta

    return is_delta(found, _DELTA_MASS)


def _found(prepared: PreparedPicture, emit) -> KernelEstimate:
    """The estimate of one kernel, of the camera's poses, or of what explains the picture better."""

    def uniform() -> KernelEstimate:
        estimator = prepared.chosen.estimator
        if estimator is None:
            return run_plan(prepared.plan, prepared.grey, emit)
        return estimator.estimate(prepared.grey, prepared.plan.kernel_size, callback=emit)

    plan, turning = prepared.nonuniform_plan, prepared.chosen.turning
    if plan is None or turning is None:
        return uniform()
    from pydeblur.nonuniform.estimate import estimate_either, estimate_poses

    picture = prepared.grey, prepared.image.shape[:2], prepared.region
    if turning.chooses:
        return estimate_either(turning, plan, *picture, uniform, emit)
    return estimate_poses(plan, *picture, emit)
