"""The final step of a picture: which one is made, with which options, and the image that it gives."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pydeblur.deblurring.preparation import PreparedPicture
from pydeblur.errors import InvalidOptionError
from pydeblur.estimators.confidence import step_in_doubt
from pydeblur.estimators.light import step_for_highlights
from pydeblur.estimators.protocol import KernelEstimate
from pydeblur.nonblind.chosen_step import ChosenStep
from pydeblur.nonblind.options import LEARNED, PLUG_AND_PLAY
from pydeblur.options import shown


def restored(blurred: np.ndarray, found: KernelEstimate, final_step: str | None, options: dict) -> np.ndarray:
    """The final image, with the one kernel or with the local ones."""
    from pydeblur.nonblind.methods import deconvolve

    if found.nonuniform is not None:
        from pydeblur.nonuniform.final_step import deconvolve_nonuniform

        return deconvolve_nonuniform(blurred, found.nonuniform.blur, final_step, **options)
    return deconvolve(blurred, found.kernel, final_step, value_range="full", **options)


def step_of_picture(prepared: PreparedPicture, found: KernelEstimate, looks_for_lights: bool) -> ChosenStep | None:
    """The final step where none is named and the picture or the kernel asks for another than the default."""
    # In which light the blur adds up is known where the kernel was sought in linear light, and told by one kernel alone.
    is_known = found.options.gamma_correct != 1 or found.nonuniform is not None
    region = prepared.region
    part = None if is_known else prepared.image if region is None else region.part_of(prepared.image)
    is_clipped = looks_for_lights and prepared.is_saturated
    return step_asked_for(prepared.image, found.kernel, found.confidence, is_clipped, part, found.options.workers)


def step_asked_for(
    image: np.ndarray,
    kernel: np.ndarray,
    confidence: float | None,
    is_clipped: bool,
    part: np.ndarray | None,
    workers: int = 1,
) -> ChosenStep | None:
    """The step that clipped highlights ask for, or a kernel that is doubted; None where nothing was looked at.

    `part` tells in which light the blur adds up; None where that is known.
    """
    in_doubt = step_in_doubt(confidence)
    if not is_clipped:
        return in_doubt
    for_lights = step_for_highlights(image, kernel, part, workers)
    return for_lights if for_lights.method is not None or in_doubt is None else in_doubt


def check_saturated(saturated) -> None:
    """Refuse what is neither a truth value nor None."""
    if not (saturated is None or isinstance(saturated, (bool, np.bool_))):
        raise InvalidOptionError(f"saturated should be True, False or None, but is {shown(saturated)}")


def checked_final_step(nonblind, saturated) -> str | None:
    """As far as it does not depend on what the image looks like; None is :func:`deconvolve`'s default."""
    from pydeblur.nonblind.methods import check_step_name

    check_saturated(saturated)
    check_step_name(nonblind)
    if saturated and nonblind not in (None, "whyte"):
        raise InvalidOptionError(f"a saturated image needs the final step 'whyte', not {shown(nonblind)}")
    return "whyte" if saturated else nonblind


def checked_final_options(nonblind: str | None, given, denoiser, device):
    """The final step's options: the given ones, its denoiser, and the device that all networks compute on."""
    options = {} if given is None else given
    if denoiser is not None and nonblind != PLUG_AND_PLAY:
        raise InvalidOptionError(f"denoiser belongs to the final step {PLUG_AND_PLAY!r}, not {shown(nonblind)}")
    if not isinstance(options, Mapping):
        return options
    if denoiser is not None:
        return {**options, "denoiser": denoiser}
    return {"device": device, **options} if nonblind == LEARNED and device != "cpu" else options
