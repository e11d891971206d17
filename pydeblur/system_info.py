"""What a report of a fault has to say about an installation: versions, providers, weights, threads, and picture formats."""

from __future__ import annotations

import hashlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydeblur.backend.compiled import has_numba
from pydeblur.backend.fft import fft_library
from pydeblur.backend.threads import processor_count
from pydeblur.files.image_formats import FORMATS
from pydeblur.files.shipped_weights import weights_folders
from pydeblur.version import __version__

_REQUIRED = ("numpy", "scipy", "ducc0", "onnxruntime", "pillow", "tifffile", "tqdm", "lazy_loader", "shtab")
_EXTRAS = (
    "numba",
    "imagecodecs",
    "torch",
    "onnx",
    "onnxruntime-gpu",
    "cupy",
    "array-api-compat",
    "scikit-image",
)
#: Environment variables that decide on threads and devices.
_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_DISABLE_JIT", "CUDA_VISIBLE_DEVICES")


def system_info() -> dict[str, Any]:
    """Collect what a report of a fault should say about this installation; ``pydeblur info`` prints it.

    Returns
    -------
    dict
        Plain values, which JSON can hold, under these keys.

        - ``pydeblur``, ``python``, ``system``: versions; ``folder``: where the package lies.
        - ``packages``: name to version, or None where one is not installed.
        - ``computing``: ``processors`` that this process may use, ``default_threads``, ``fft``, ``compiled_loops``,
          ``onnxruntime_providers``, and the environment ``variables`` that are set.
        - ``weights``: a list of dicts of ``name``, ``bytes`` and ``sha256``.
        - ``formats``: a list of dicts of ``name``, ``suffixes``, ``depths`` and ``transparency``.
        - ``value_ranges``, ``colours``: sentences about the numbers and colours that are understood.

    Examples
    --------
    >>> import pydeblur
    >>> info = pydeblur.system_info()
    >>> info["pydeblur"] == pydeblur.__version__, sorted(info)[:4]
    (True, ['colours', 'computing', 'folder', 'formats'])
    """
    return {
        "pydeblur": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": platform.platform(),
        "folder": os.path.dirname(os.path.abspath(__file__)),
        "packages": {name: _version(name) for name in (*_REQUIRED, *_EXTRAS)},
        "computing": {
            "processors": processor_count(),
            "default_threads": 1,
            "fft": fft_library(),
            "compiled_loops": has_numba(),
            "onnxruntime_providers": _providers(),
            "variables": {name: os.environ[name] for name in _VARIABLES if name in os.environ},
        },
        "weights": _weights(),
        "formats": [
            {
                "name": each.name,
                "suffixes": list(each.suffixes),
                "depths": list(each.depths),
                "transparency": each.holds_alpha,
            }
            for each in FORMATS
        ],
        "value_ranges": "8 bits 0 to 255; 16 bits 0 to 65535, or 8 to 14 bits, which are found; floating numbers 0 to 1, or "
        "another range, which is found or given (--range, value_range)",
        "colours": "grey and RGB; palettes, CMYK and YCbCr become RGB; an ICC profile goes with the result and is not applied; "
        "the kernel is estimated from the grey channel, and each channel is deblurred",
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _providers() -> list[str]:
    """What ONNX Runtime can compute with here."""
    from pydeblur.backend.onnx_session import onnxruntime

    return list(onnxruntime.get_available_providers())


def _weights() -> list[dict[str, Any]]:
    """The weights that come with the package, each once."""
    found: dict[str, dict[str, Any]] = {}
    for folder in weights_folders():
        files = sorted(folder.iterdir()) if folder.is_dir() else []
        for path in files:
            if path.suffix in (".onnx", ".npz") and path.name not in found:
                data = path.read_bytes()
                digest = hashlib.sha256(data).hexdigest()
                found[path.name] = {"name": path.name, "bytes": len(data), "sha256": digest}
    return list(found.values())


def info_lines(info: dict[str, Any]) -> list[str]:
    """Return the lines that ``pydeblur info`` prints.

    Parameters
    ----------
    info : dict
        Of :func:`system_info`.

    Returns
    -------
    list of str

    Examples
    --------
    >>> info_lines(system_info())[0].startswith("pydeblur ")
    True
    """
    computing = info["computing"]
    installed = [f"{name} {number}" for name, number in info["packages"].items() if number is not None]
    missing = [name for name, number in info["packages"].items() if number is None]
    lines = [
        f"pydeblur {info['pydeblur']}, {info['python']}, {info['system']}",
        f"installed in      {info['folder']}",
        f"packages          {', '.join(installed)}",
        f"not installed     {', '.join(missing) or 'none of the optional ones is missing'}",
        f"processors        {computing['processors']} that this process may use; commands use "
        f"{computing['default_threads']} unless --threads says more",
        f"Fourier transform {computing['fft']}; loops compiled by Numba: {'yes' if computing['compiled_loops'] else 'no'}",
        f"ONNX Runtime      {', '.join(computing['onnxruntime_providers'])}",
    ]
    lines += [f"environment       {name}={value}" for name, value in computing["variables"].items()]
    lines += [
        f"weights           {each['name']}, {each['bytes']} bytes, sha256 {each['sha256']}" for each in info["weights"]
    ]
    lines += [f"format            {_format_line(each)}" for each in info["formats"]]
    return [*lines, f"range             {info['value_ranges']}", f"colour            {info['colours']}"]


def _format_line(each: dict[str, Any]) -> str:
    transparency = ", transparency" if each["transparency"] else ""
    return f"{each['name']} ({' '.join(each['suffixes'])}): {', '.join(each['depths'])}{transparency}"
