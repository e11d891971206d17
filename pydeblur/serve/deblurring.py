"""The task of a process that deblurs a picture: it computes, and writes the result with its page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pydeblur.api import deblur
from pydeblur.files import write_image, write_kernel
from pydeblur.files.image_formats import FORMATS, ImageFormat
from pydeblur.files.pillow_writing import can_encode
from pydeblur.report.encoding import eight_bits, encoded_alike
from pydeblur.report.markup import element
from pydeblur.report.page import page
from pydeblur.report.page_file import write_page
from pydeblur.report.pictures import shown_pictures
from pydeblur.report.sections import main_sections, sections, summary
from pydeblur.serve.choices import choices_from
from pydeblur.serve.job_progress import JobProgress
from pydeblur.serve.names import VIEW
from pydeblur.serve.picture_file import inside, noted, picture_format, read_picture

if TYPE_CHECKING:
    from pydeblur.api import DeblurResult
    from pydeblur.files import ImageFile

#: Files of a result, but for the picture, whose format is that of the one received.
_REPORT, _KERNEL, _BLUR, _DRAWING = "report.html", "kernel.tif", "blur.npz", "kernel.png"
#: Bytes and longest side of the small picture in the strip of results.
_SMALL_BUDGET, _SMALL_SIDE = 12_000, 160


def deblur_picture(
    folder: str, results: str, pixels: int, choices: dict[str, Any], send: Callable[[dict], None]
) -> dict[str, Any]:
    """Deblur a picture, and write the result and its page.

    Parameters
    ----------
    folder, results : str
        Where the picture lies, and where the files of the result go.
    pixels : int
        The most that it may have.
    choices : dict
        See :class:`pydeblur.serve.choices.Choices`.
    send : callable
        Called with messages of the kinds "progress" and "iteration".

    Returns
    -------
    dict
        The ``files`` by what they are, a ``summary``, the ``confidence``, and a small picture.

    Raises
    ------
    InvalidInputError
        If the picture can't be read or deblurred so.
    """
    chosen = choices_from(choices)
    with noted() as remarks, JobProgress(send) as progress:
        progress.stage("reading the picture")
        with inside(folder):
            source = read_picture(pixels)
            suffix = _suffix(picture_format(), source.depth)
        result = deblur(source.pixels, **chosen.arguments(), callback=progress.iteration, progress=progress)
        progress.stage("writing the result")
        with inside(results):
            return _written(result, source, f"sharp{suffix}", remarks)


def _written(result: DeblurResult, source: ImageFile, name: str, remarks: list[str]) -> dict[str, Any]:
    write_image(name, result.unclipped, like=source)
    files = {"picture": name, "report": _REPORT, **_kernel_files(result, source)}
    pictures = shown_pictures(result, source)
    done = summary(result, pictures)
    shown_remarks = list(dict.fromkeys(remarks))
    contents = sections(result, pictures, shown_remarks)
    write_page(_REPORT, page("A deblurred picture", contents, element("p", done, class_="summary")))
    Path(VIEW).write_text(main_sections(result, pictures, shown_remarks), encoding="utf-8")
    return {
        "files": files,
        "summary": done,
        "confidence": result.confidence,
        "small": _small(result.image, result),
        "seconds": sum(result.seconds.values()),
    }


def _kernel_files(result: DeblurResult, source: ImageFile) -> dict[str, str]:
    """The one kernel, or the blur of the turned camera, as data and as a picture."""
    if result.nonuniform is None:
        write_kernel(_KERNEL, result.kernel)
        write_kernel(_DRAWING, result.kernel)
        return {"kernel": _KERNEL, "kernel-picture": _DRAWING}
    from pydeblur.nonuniform import write_blur
    from pydeblur.nonuniform.drawing import draw_kernels

    low, high = result.value_range or (0.0, 1.0)
    write_blur(_BLUR, result.nonuniform.blur)
    write_image(_DRAWING, draw_kernels(result.nonuniform.blur, (source.pixels - low) / (high - low)))
    return {"kernel": _BLUR, "kernel-picture": _DRAWING}


def _suffix(own: ImageFormat, depth: str) -> str:
    """The extension of the picture's own format, or of the first one that holds its depth and can be written here."""
    formats = [
        each for each in (own, *FORMATS) if depth in each.depths and (each.name == "TIFF" or can_encode(each.name))
    ]
    return formats[0].suffixes[0]


def _small(image: np.ndarray, result: DeblurResult) -> str:
    """The result as it is shown in the strip."""
    step = max(1, -(-max(image.shape[:2]) // (2 * _SMALL_SIDE)))
    low, high = result.value_range or (0.0, 1.0)
    return encoded_alike([eight_bits(image[::step, ::step], low, high - low)], _SMALL_BUDGET)[0].address
