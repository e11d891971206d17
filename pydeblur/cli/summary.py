"""What was done: one line for people at the end of a command, and the same as JSON for machines (``--json``).

The fields of the JSON are part of the command line's face: docs/how_to/command_line.md lists them.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydeblur.version import __version__

if TYPE_CHECKING:  # the command line's help has no need of NumPy
    import numpy as np

    from pydeblur.api import DeblurResult
    from pydeblur.estimators.kernel_size_search import KernelSizeSearch
    from pydeblur.estimators.protocol import KernelEstimate
    from pydeblur.preprocess.region import Region

#: Below so many megapixels, a picture's size is told in pixels.
_SMALL = 0.1


def add_json_argument(parser: argparse.ArgumentParser) -> None:
    """``--json``."""
    parser.add_argument("--json", metavar="FILE", help="also write what was done, for machines")


def picture_size(shape: Sequence[int]) -> str:
    """Return the size of a picture as it is said.

    Examples
    --------
    >>> picture_size((3000, 4032, 3)), picture_size((72, 80))
    ('12.1 MP', '80×72 px')
    """
    megapixels = shape[0] * shape[1] / 1e6
    return f"{megapixels:.1f} MP" if megapixels >= _SMALL else f"{shape[1]}×{shape[0]} px"


def estimate_line(path: str, shape: Sequence[int], seconds: float, result: DeblurResult | KernelEstimate) -> str:
    """Return the line about an estimated kernel, and about the picture that was deblurred with it where there is one.

    Parameters
    ----------
    path : str
        The output.
    shape : sequence of int
        Of the picture.
    seconds : float
        What all of it took.
    result : DeblurResult or KernelEstimate

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> result = pydeblur.deblur(image, 5, prior="gradient", iterations=2, crop=(2, 4, 30, 32))
    >>> estimate_line("sharp.png", image.shape, 1.23, result)
    'sharp.png: 36×36 px in 1.2 s; blur ... px; region 4,2 32×30; final step ringing'
    """
    from pydeblur.estimators.description import described_kernel, described_region
    from pydeblur.estimators.protocol import KernelEstimate
    from pydeblur.progress.report import shown_seconds

    search = result.kernel_size_search
    size = f"{path}: {picture_size(shape)} in {shown_seconds(seconds)}"
    if search is not None and search.is_sharp:
        return f"{size}; not blurred by camera shake, left as it is"
    blur = described_kernel(result.kernel, result.candidates)
    if result.nonuniform is not None:
        blur = f"a camera that turned, in the middle {blur}"
    parts = [size, blur]
    parts += [] if search is None else [f"kernel size {search.size} found"]
    parts += [] if result.confidence is None else [f"confidence {result.confidence:.0%}"]
    parts += [] if result.crop is None else [f"region {described_region(result.crop)}"]
    parts += [] if isinstance(result, KernelEstimate) else [f"final step {result.nonblind}"]
    parts += ["stopped before its end"] if result.stopped else []
    return "; ".join(parts)


def size_note(arguments: argparse.Namespace, result: DeblurResult | KernelEstimate) -> str | None:
    """Return a sentence about the kernel size that was found, for ``--verbose``; None where there is nothing to tell."""
    search = result.kernel_size_search
    if search is None or not getattr(arguments, "verbose", False):
        return None
    tried = ", ".join(str(each.size) for each in search.tried)
    return f"kernel size {search.size}: {search.reason}" + (f" (tried {tried})" if tried else "")


def deconvolution_line(path: str, shape: Sequence[int], seconds: float, kernel_file: str, method: str) -> str:
    """Return the line about a picture that was deblurred with a given kernel.

    Examples
    --------
    >>> deconvolution_line("sharp.png", (1000, 1000), 2.0, "kernel.tif", "tv")
    'sharp.png: 1.0 MP in 2.0 s; kernel kernel.tif; final step tv'
    """
    from pydeblur.progress.report import shown_seconds

    size = picture_size(shape)
    return f"{path}: {size} in {shown_seconds(seconds)}; kernel {kernel_file}; final step {method}"


def estimate_record(
    arguments: argparse.Namespace,
    shape: Sequence[int],
    seconds: float,
    result: DeblurResult | KernelEstimate,
    remarks: dict[str, list[str]],
) -> dict[str, Any]:
    """Return the fields of ``--json`` for an estimated kernel; `remarks` holds "notes" and "warnings"."""
    from pydeblur.estimators.protocol import KernelEstimate

    record = common_record(arguments, shape, seconds, remarks)
    record |= {
        "kernel": kernel_record(result.kernel),
        "kernel_output": getattr(arguments, "kernel_out", None),
        "kernel_size_search": search_record(result.kernel_size_search),
        "candidate": next((number for number, each in enumerate(result.candidates, 1) if each.chosen), None),
        "candidates": [
            {
                "changes": dict(each.changes),
                "scale": each.scale,
                "iterations": each.iterations,
                "score": each.score,
                "measure": each.measure,
            }
            for each in result.candidates
        ],
        "confidence": result.confidence,
        "region": region_record(result.crop),
        "prior": result.prior.get("name"),
        "iterations": len(result.history),
        "saturated": bool(result.saturated),
        "nonuniform": result.nonuniform is not None,
        "value_range": None if result.value_range is None else [float(end) for end in result.value_range],
        "stopped": bool(result.stopped),
        "final_step": None,
    }
    if not isinstance(result, KernelEstimate):
        record["final_step"] = {
            "name": result.nonblind,
            "options": dict(result.nonblind_options),
            "reason": result.nonblind_reason,
        }
        record["seconds_by_stage"] = {name: round(taken, 3) for name, taken in result.seconds.items()}
    return record


def common_record(
    arguments: argparse.Namespace, shape: Sequence[int], seconds: float, remarks: dict[str, list[str]]
) -> dict[str, Any]:
    """Return the fields that the JSON of every command has."""
    return {
        "pydeblur": __version__,
        "command": arguments.command,
        "input": arguments.image,
        "output": arguments.output,
        "width": int(shape[1]),
        "height": int(shape[0]),
        "channels": int(shape[2]) if len(shape) == 3 else 1,
        "megapixels": round(shape[0] * shape[1] / 1e6, 6),
        "seconds": round(seconds, 3),
        **remarks,
    }


def kernel_record(kernel: np.ndarray) -> dict[str, int]:
    """Return the size of a kernel's array, and that of the blur in it."""
    from pydeblur.estimators.description import kernel_extent

    height, width = kernel_extent(kernel)
    return {"rows": kernel.shape[0], "columns": kernel.shape[1], "blur_width": width, "blur_height": height}


def search_record(search: KernelSizeSearch | None) -> dict[str, Any] | None:
    """Return how the kernel's size was found; None where it was given."""
    if search is None:
        return None
    tried = [
        {
            "size": each.size,
            "reduction": round(each.reduction, 3),
            "extent": round(each.extent, 1),
            "reach": round(each.reach, 1),
            "border_mass": round(each.border_mass, 4),
            "score": round(each.score, 3),
        }
        for each in search.tried
    ]
    return {
        "size": search.size,
        "reason": search.reason,
        "is_sharp": search.is_sharp,
        "second_size": search.second_size,
        "is_confirmed": search.is_confirmed,
        "extent": None if search.extent is None else round(search.extent, 1),
        "tried": tried,
    }


def region_record(region: Region | None) -> dict[str, int] | None:
    """Return the part of the picture that the kernel was estimated from; None is all of it."""
    if region is None:
        return None
    return {"x": region.left, "y": region.top, "width": region.width, "height": region.height}


def write_record(path: str | os.PathLike, record: dict[str, Any]) -> None:
    """Write it as JSON, whole or not at all.

    Numbers that are not finite, which JSON does not have, are written as text. The bytes of a file's name that is no text are
    kept as Python keeps them, as lone surrogates.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_record(f"{folder}/done.json", {"seconds": 1.5})
    ...     pathlib.Path(f"{folder}/done.json").read_text()
    '{\\n  "seconds": 1.5\\n}\\n'
    """
    from pydeblur.files import write_bytes

    write_bytes(path, f"{record_text(record)}\n".encode("utf-8", "backslashreplace"))


def record_text(record: dict[str, Any]) -> str:
    """Return a record as JSON.

    Examples
    --------
    >>> record_text({"seconds": float("nan")})
    '{\\n  "seconds": "nan"\\n}'
    """
    return json.dumps(_plain(record), indent=2, ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    """In the types that JSON has; NumPy's numbers are given as Python's."""
    if isinstance(value, dict):
        return {str(name): _plain(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(member) for member in value]
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if isinstance(value, float) and not abs(value) < float("inf"):
        return str(value)
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
