"""The two tasks of a process: to look at a picture that was received, and to deblur it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pydeblur.files import read_image, write_image, write_kernel
from pydeblur.files.contents import file_contents
from pydeblur.files.decoded_image import at_most_pixels
from pydeblur.files.image_formats import FORMATS, format_of_contents
from pydeblur.files.pillow_writing import can_encode
from pydeblur.preprocess.value_range import in_unit_range
from pydeblur.report.encoding import eight_bits, encoded_alike
from pydeblur.report.markup import element
from pydeblur.report.page import page
from pydeblur.report.page_file import write_page
from pydeblur.report.pictures import shown_pictures
from pydeblur.report.sections import main_sections, sections, summary
from pydeblur.serve.choices import choices_from
from pydeblur.serve.job_progress import JobProgress

if TYPE_CHECKING:
    from pydeblur.api import DeblurResult
    from pydeblur.files import ImageFile

#: The name that a picture's file has, which messages begin with.
PICTURE = "The picture"
#: Files of a result, but for the picture, whose format is that of the one received.
REPORT, VIEW, KERNEL, BLUR, DRAWING = "report.html", "view.html", "kernel.tif", "blur.npz", "kernel.png"
TASKS = {"look": "look_at", "deblur": "deblur_picture"}
#: Bytes of a preview, and of the small picture in the strip of results.
_PREVIEW_BUDGET, _SMALL_BUDGET = 400_000, 12_000
#: Longest side of the small picture.
_SMALL_SIDE = 160
#: A preview's black and white are found on about so many pixels.
_SAMPLED = 250_000


def look_at(folder: str, pixels: int, send: Callable) -> dict[str, Any]:
    """Decode a picture, and say what it is.

    Parameters
    ----------
    folder : str
        Where it lies.
    pixels : int
        The most that it may have.
    send : callable
        Not used: there is nothing to be told before the end.

    Returns
    -------
    dict
        Its ``width``, ``height``, what it is in ``words``, a ``preview`` as an address, and ``remarks``.

    Raises
    ------
    FileFormatError
        If it can't be read.
    """
    with _inside(folder), _noted() as remarks:
        source = _read(pixels)
        name = _format(PICTURE).name
    height, width = source.pixels.shape[:2]
    return {
        "width": width,
        "height": height,
        "words": _in_words(name, source),
        "preview": _preview(source),
        "remarks": remarks,
    }


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
    from pydeblur.api import deblur

    chosen = choices_from(choices)
    with _noted() as remarks, JobProgress(send) as progress:
        progress.stage("reading the picture")
        with _inside(folder):
            source = _read(pixels)
            suffix = _suffix(_format(PICTURE), source.depth)
        result = deblur(source.pixels, **chosen.arguments(), callback=progress.iteration, progress=progress)
        progress.stage("writing the result")
        with _inside(results):
            return _written(result, source, f"sharp{suffix}", remarks)


def _written(result: DeblurResult, source: ImageFile, name: str, remarks: list[str]) -> dict[str, Any]:
    write_image(name, result.unclipped, like=source)
    files = {"picture": name, "report": REPORT, **_kernel_files(result, source)}
    pictures = shown_pictures(result, source)
    done = summary(result, pictures)
    shown_remarks = list(dict.fromkeys(remarks))
    contents = sections(result, pictures, shown_remarks)
    write_page(REPORT, page("A deblurred picture", contents, element("p", done, class_="summary")))
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
        write_kernel(KERNEL, result.kernel)
        write_kernel(DRAWING, result.kernel)
        return {"kernel": KERNEL, "kernel-picture": DRAWING}
    from pydeblur.nonuniform import write_blur
    from pydeblur.nonuniform.drawing import draw_kernels

    low, high = result.value_range or (0.0, 1.0)
    write_blur(BLUR, result.nonuniform.blur)
    write_image(DRAWING, draw_kernels(result.nonuniform.blur, (source.pixels - low) / (high - low)))
    return {"kernel": BLUR, "kernel-picture": DRAWING}


def _read(pixels: int) -> ImageFile:
    with at_most_pixels(pixels):
        return read_image(PICTURE)


def _format(path: str):
    found = format_of_contents(file_contents(path))
    assert found is not None  # it was read
    return found


def _suffix(own, depth: str) -> str:
    """The extension of the picture's own format, or of the first one that holds its depth and can be written here."""
    formats = [
        each for each in (own, *FORMATS) if depth in each.depths and (each.name == "TIFF" or can_encode(each.name))
    ]
    return formats[0].suffixes[0]


def _in_words(name: str, source: ImageFile) -> str:
    """What a picture is: its format, its size and its depth."""
    height, width = source.pixels.shape[:2]
    depth = {"uint8": "8 bits", "uint16": "16 bits", "float32": "floating values"}[source.depth]
    colours = "grey" if source.grey else "colour"
    return (
        f"{name}, {width} × {height} pixels, {colours}, {depth}{', with opacity' if source.alpha is not None else ''}"
    )


def _preview(source: ImageFile) -> str:
    """The picture in 8 bits from black to white, reduced where it is large."""
    step = max(1, int(np.sqrt(source.pixels.shape[0] * source.pixels.shape[1] / _SAMPLED)))
    low, high = in_unit_range(source.pixels[::step, ::step], "auto").value_range
    alpha = None if source.alpha is None else eight_bits(source.alpha)
    return encoded_alike([eight_bits(source.pixels, low, high - low)], _PREVIEW_BUDGET, alpha, source.icc_profile)[
        0
    ].address


def _small(image: np.ndarray, result: DeblurResult) -> str:
    """The result as it is shown in the strip."""
    step = max(1, -(-max(image.shape[:2]) // (2 * _SMALL_SIDE)))
    low, high = result.value_range or (0.0, 1.0)
    return encoded_alike([eight_bits(image[::step, ::step], low, high - low)], _SMALL_BUDGET)[0].address


@contextmanager
def _inside(folder: str) -> Iterator[None]:
    """A ``with`` block in a folder: files are then named without it, and so are they in messages."""
    earlier = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(earlier)


@contextmanager
def _noted() -> Iterator[list[str]]:
    """A ``with`` block whose warnings for users are kept as texts."""
    remarks: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = lambda message, *others, **words: remarks.append(str(message))
        yield remarks
