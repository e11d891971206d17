"""The sections about what was asked for and what it took: options, versions and timings."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib import metadata
from typing import TYPE_CHECKING

from pydeblur.estimators.registry import WHOLE_ESTIMATORS
from pydeblur.nonblind.options import OPTIONS as FINAL_STEPS
from pydeblur.options import option_infos
from pydeblur.report.markup import Html, element, table
from pydeblur.solver.options import SolverOptions
from pydeblur.version import __version__

if TYPE_CHECKING:  # api is above this package
    from pydeblur.api import DeblurResult

#: What a result may depend on, as far as it is installed.
_LIBRARIES = ("numpy", "scipy", "onnxruntime", "onnxruntime-gpu", "pillow", "tifffile", "ducc0", "numba", "torch")


def options(result: DeblurResult) -> Html:
    """List every option that the chosen run and the final step had.

    Returns
    -------
    Html

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> "lambda_grad" in options(pydeblur.deblur(image, 5, prior="gradient", nonblind="tv", iterations=1))
    True
    """
    groups = [
        table("Picture", ["what", "value"], _about_picture(result)),
        table("Kernel estimation", ["option", "value", "meaning"], _of_estimation(result)),
        table("Final step", ["option", "value", "meaning"], _of_final_step(result)),
    ]
    return element("details", element("summary", "All options"), *groups, class_="options")


def _about_picture(result: DeblurResult) -> list[list[str]]:
    value_range = result.value_range
    black_and_white = "0 and 1" if value_range is None else f"{value_range.low:.6g} and {value_range.high:.6g}"
    crop = "all of the picture" if result.crop is None else in_words(result.crop)
    return [
        ["black and white", black_and_white],
        ["region of the kernel", crop],
        ["median filter", f"{result.median} pixels" if result.median else "none"],
        ["clipped highlights", "yes" if result.saturated else "no"],
    ]


def in_words(region) -> str:
    """Return a region in words.

    Examples
    --------
    >>> from pydeblur.preprocess.region import Region
    >>> in_words(Region(top=10, left=20, height=300, width=400))
    '400 × 300 pixels, from 20 pixels to the right and 10 down'
    """
    return f"{region.width} × {region.height} pixels, from {region.left} pixels to the right and {region.top} down"


def _of_estimation(result: DeblurResult) -> list[list[str]]:
    infos = option_infos(SolverOptions)
    # Of a method with a loop of its own the solver's options are but the kernel's size.
    names = ["kernel_size"] if result.prior.get("name") in WHOLE_ESTIMATORS else list(infos)
    rows = [[f"prior: {name}", str(value), ""] for name, value in result.prior.items()]
    return rows + [[name, _shown(getattr(result.options, name)), infos[name].text] for name in names]


def _of_final_step(result: DeblurResult) -> list[list[str]]:
    infos = option_infos(FINAL_STEPS[result.nonblind]) if result.nonblind in FINAL_STEPS else {}
    rows = [["method", result.nonblind, result.nonblind_reason or ""]]
    for name, value in result.nonblind_options.items():
        rows.append([name, _shown(value), infos[name].text if name in infos else ""])
    return rows


def _shown(value) -> str:
    return "none" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def timings(result: DeblurResult) -> Html:
    """List how long the parts took.

    Returns
    -------
    Html

    Examples
    --------
    >>> import numpy as np, pydeblur
    >>> image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    >>> "final step" in timings(pydeblur.deblur(image, 5, prior="gradient", nonblind="tv", iterations=1))
    True
    """
    rows = [[name, seconds_in_words(seconds)] for name, seconds in result.seconds.items()]
    rows += [[f"chosen run, {name}", seconds_in_words(seconds)] for name, seconds in _by_scale(result).items()]
    return table("Timings", ["part", "time"], rows)


def _by_scale(result: DeblurResult) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for record in result.history:
        if record.seconds == record.seconds:
            name = f"{record.width} × {record.height} pixels"
            found[name] = found.get(name, 0.0) + record.seconds
    return found


def seconds_in_words(seconds: float) -> str:
    """Return a time in words.

    Examples
    --------
    >>> seconds_in_words(0.0421), seconds_in_words(96.4), seconds_in_words(3725)
    ('0.042 s', '96 s', '62 min 5 s')
    """
    if seconds < 10:
        return f"{seconds:.2g} s" if seconds >= 0.01 else "less than 0.01 s"
    whole = round(seconds)
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60} s"


def versions() -> Html:
    """List the versions of what has computed the result.

    Returns
    -------
    Html

    Examples
    --------
    >>> "numpy" in versions()
    True
    """
    rows = [["pydeblur", __version__], ["Python", platform.python_version()]]
    rows += [[name, version] for name in _LIBRARIES if (version := _installed(name)) is not None]
    rows.append(["system", f"{platform.system()} on {platform.machine()}"])
    return table("Versions", ["what", "version"], rows)


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
