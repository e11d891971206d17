"""A picture before the first iteration: its range, its part, its clipped pixels, the kernel's size and the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from pydeblur.deblurring.choice import Choice
from pydeblur.estimators.kernel_size_search import (
    PROVISIONAL_SIZE,
    SMALLEST_SIZE,
    KernelSizeSearch,
    search_kernel_size,
    with_other_sizes,
)
from pydeblur.estimators.plan import EstimationPlan, check_brightness, check_fits
from pydeblur.estimators.presets import Preset
from pydeblur.nonuniform.plan import NonuniformPlan
from pydeblur.options import is_integer
from pydeblur.preprocess.clipping import clipped_pixels, has_clipped_highlights
from pydeblur.preprocess.grey import grey_image
from pydeblur.preprocess.median import check_median, median_filtered
from pydeblur.preprocess.region import Region, check_crop, region_from
from pydeblur.preprocess.value_range import PictureConvention, RangedPicture, check_value_range, in_unit_range
from pydeblur.progress.report import ProgressReport
from pydeblur.solver import SolverOptions
from pydeblur.solver.options import solver_options


class Preparation(NamedTuple):
    """What is done to the picture before anything else, as the caller gave it."""

    value_range: str | Sequence
    median: int
    crop: object


class PreparedPicture(NamedTuple):
    """A picture at the door: what its kernel is estimated from, the plan, and what was done to it."""

    picture: RangedPicture
    grey: np.ndarray
    plan: EstimationPlan
    chosen: Choice
    nonuniform_plan: NonuniformPlan | None
    median: int
    region: Region | None
    is_saturated: bool
    search: KernelSizeSearch | None = None

    @property
    def image(self) -> np.ndarray:
        """The picture in [0, 1]."""
        return self.picture.pixels


def prepare(
    image, kernel_size, chosen: Choice, saturated, preparation: Preparation, report: ProgressReport | None
) -> PreparedPicture:
    """All that is decided before the first iteration.

    Parameters
    ----------
    image : array_like
        As the call has it.
    kernel_size : int or None
        None finds it.
    chosen : Choice
    saturated : bool or None
        None decides by the image.
    preparation : Preparation
    report : ProgressReport or None

    Returns
    -------
    PreparedPicture

    Raises
    ------
    InvalidInputError
        If the image or an argument is not what it should be.
    """
    preset = chosen.preset
    value_range, median, crop = preparation
    # All arguments are checked before anything is done with the image.
    check_value_range(value_range)
    check_median(median)
    check_crop(crop)
    checked_size = SMALLEST_SIZE if kernel_size is None else kernel_size
    options = solver_options({**preset.for_size(checked_size).runs()[0][1], "kernel_size": checked_size})
    picture = in_unit_range(image, value_range, lambda pixels: _filtered(pixels, median, options))
    check_brightness(picture.pixels, options)
    search = None
    if kernel_size is None:
        if report is not None:
            report.stage("looking for the kernel's size")
        search = _search(_seen(picture, PROVISIONAL_SIZE, preset, saturated, crop), preset, options)
        kernel_size = search.size
        if saturated is None:
            # A size that was found has more room around the blur than one that is given, and a small blur tells nothing of
            # clipped highlights.
            saturated = _is_saturated(picture.for_clipping, search.blur_size, None, preset)
    seen = _seen(picture, kernel_size, preset, saturated, crop, chosen.turning is not None)
    if search is not None:
        preset = with_other_sizes(preset, search, seen.clipped is not None)
    plan = preset.for_image(seen.grey, kernel_size, seen.clipped)
    turning = None if search is not None and search.is_sharp else chosen.turning
    shape = picture.pixels.shape
    nonuniform_plan = None if turning is None else turning.for_image(seen.grey.shape, shape, kernel_size)
    return PreparedPicture(
        picture, seen.grey, plan, chosen, nonuniform_plan, median, seen.region, seen.is_saturated, search
    )


class _Seen(NamedTuple):
    """What the kernel is estimated from."""

    grey: np.ndarray
    clipped: np.ndarray | None
    region: Region | None
    is_saturated: bool


def _seen(picture: RangedPicture, kernel_size, preset: Preset, saturated, crop, turns: bool = False) -> _Seen:
    for_clipping = picture.for_clipping
    is_saturated = _is_saturated(for_clipping, kernel_size, saturated, preset)
    region = region_from(crop, for_clipping, kernel_size, turns)
    part, with_lights = (each if region is None else region.part_of(each) for each in (picture.pixels, for_clipping))
    clipped = clipped_pixels(with_lights) if is_saturated and preset.handles_clipping else None
    return _Seen(grey_image(part), clipped, region, is_saturated)


def _search(seen: _Seen, preset: Preset, options: SolverOptions) -> KernelSizeSearch:
    return search_kernel_size(
        seen.grey,
        gamma=options.gamma_correct,
        clipped=seen.clipped,
        ranking=preset.ranking,
        workers=options.workers,
    )


def _filtered(pixels: np.ndarray, median: int, options: SolverOptions) -> np.ndarray:
    """The image after its median filter, once it is known to be large enough for all that follows."""
    check_fits(pixels.shape, options)
    return median_filtered(pixels, median)


def convention_of(picture: RangedPicture, gives_single: bool) -> PictureConvention:
    """That of the picture, but single precision where results are told to be in it."""
    convention = picture.convention
    is_single = gives_single and convention.dtype.kind == "f"
    return replace(convention, dtype=np.dtype(np.float32)) if is_single else convention


def _is_saturated(image, kernel_size, saturated, preset: Preset) -> bool:
    """What the user says, or what the image looks like to a preset that asks."""
    if saturated is None:
        return preset.handles_clipping and is_integer(kernel_size) and has_clipped_highlights(image, kernel_size)
    return bool(saturated)
