"""Kernel estimates of any other program, stored in a folder, so that they can be scored like the package's own.

A file belongs to the case whose name its own name has in it, as ``im01_ker02.tif`` and ``im01_ker02_theirs.npy``, or whose
numbers of image and kernel it has, in either order, as ``k_2_im_1_theirs.png``. Formats are those of
:func:`pydeblur.files.read_kernel`; a kernel's sides are odd, and its sum does not matter.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pydeblur.datasets import load
from pydeblur.errors import FileFormatError, InvalidOptionError
from pydeblur.files import read_kernel
from pydeblur.files.contents import shown_path
from pydeblur.files.kernel_files import SUFFIXES
from pydeblur.metrics import kernel_similarity

#: What a stored kernel is: blurred = sharp convolved with it, or correlated, as Levin et al.'s kernels are.
CONVENTIONS = ("convolution", "correlation")
#: Where the true kernels are known, they tell which of the two a folder has.
AUTO = "auto"

_IMAGE_NUMBER = re.compile(r"(?<![a-z])im(?:age|g)?[ _-]?0*(\d+)", re.IGNORECASE)
_KERNEL_NUMBER = re.compile(r"(?<![a-z])k(?:er|ernel)?[ _-]?0*(\d+)", re.IGNORECASE)
#: A kernel this many times as wide as the case's own setting may not fit its picture, which is then looked at.
_SURELY_FITS = 3
#: A message names so many cases.
_SHOWN_CASES = 3


@dataclass(frozen=True)
class StoredKernels:
    """Kernel estimates in files, by the cases that they are of.

    Attributes
    ----------
    files : dict
        Name of the case to path.
    convention : {"convolution", "correlation"}
        Kernels of the second are turned by 180 degrees.

    Examples
    --------
    >>> StoredKernels({"im01_ker01": Path("k_1_im_1.png")}, "convolution").missing(["im01_ker01", "im02_ker01"])
    ['im02_ker01']
    """

    files: Mapping[str, Path]
    convention: str

    def kernel(self, case: str) -> np.ndarray:
        """The kernel (h, w) of a case, of sum 1: blurred = conv2(sharp, kernel)."""
        kernel = read_kernel(self.files[case])
        return _turned(kernel) if self.convention == "correlation" else kernel

    def missing(self, cases: Iterable[str]) -> list[str]:
        """Those of the cases that have no file."""
        return [case for case in cases if case not in self.files]

    def described(self, case: str) -> dict:
        """What decides on a case's outcome, in plain values: the file's name, its SHA-256 and the convention."""
        path = self.files[case]
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return {"file": path.name, "sha256": digest, "convention": self.convention}


def find_kernels(folder, benchmark: str, data=None, convention: str = AUTO) -> StoredKernels:
    """Find the stored kernels of a benchmark's cases in a folder, and check every one.

    Parameters
    ----------
    folder : path
        Of files named as this module's description says; others are left alone. Of two files that differ in their
        extension alone the more exact one counts.
    benchmark : str
        A data set of :func:`pydeblur.datasets.load`.
    data : path, optional
        Its folder.
    convention : {"auto", "convolution", "correlation"}
        What the kernels are. "auto" compares all of them with the true kernels, as they are and turned by 180 degrees,
        and takes for the whole folder what is more alike; where no truth is known, it is "convolution".

    Returns
    -------
    StoredKernels

    Raises
    ------
    FileFormatError
        If there is no such folder, no file of any case, two of the same case, or a file that is no kernel, or one that
        does not fit its picture.
    InvalidOptionError
        If the convention is unknown.
    """
    if convention not in (AUTO, *CONVENTIONS):
        raise InvalidOptionError(
            f"the convention of stored kernels should be one of {', '.join((AUTO, *CONVENTIONS))}, but is {convention!r}"
        )
    cases = {case.name: case for case in load(benchmark, data)}
    files = _files_of_cases(_kernel_files(folder), tuple(cases), folder)
    kernels = {name: read_kernel(path) for name, path in files.items()}
    for name, kernel in kernels.items():
        _check_fits(kernel, files[name], cases[name])
    if convention == AUTO:
        convention = _likelier_convention(kernels, cases)
    return StoredKernels(files, convention)


def sentence_on_missing(cases: list[str], count: int) -> str:
    """Say which of the cases had no stored kernel.

    Examples
    --------
    >>> sentence_on_missing(["im04_ker04"], 32)
    '1 of 32 cases has no stored kernel and is left out: im04_ker04'
    """
    shown = ", ".join(cases[:_SHOWN_CASES]) + (" and others" if len(cases) > _SHOWN_CASES else "")
    verbs = "has no stored kernel and is" if len(cases) == 1 else "have no stored kernel and are"
    return f"{len(cases)} of {count} cases {verbs} left out: {shown}"


def _kernel_files(folder) -> list[Path]:
    folder = Path(folder)
    if not folder.is_dir():
        raise FileFormatError(f"{shown_path(folder)} should be a folder of kernel files, but there is no such folder.")
    try:
        return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    except OSError as error:
        raise FileFormatError(f"{shown_path(folder)} can't be read: {error.strerror}.") from None


def _files_of_cases(paths: list[Path], names: tuple[str, ...], folder) -> dict[str, Path]:
    """The file of each case that has one, in the cases' order."""
    found: dict[str, Path] = {}
    by_numbers = {_numbers(name): name for name in names if _numbers(name)}
    patterns = {name: _whole_name(name) for name in names}
    for path in paths:
        name = _named_case(path.stem, patterns) or by_numbers.get(_numbers(path.stem))
        if name is not None:
            found[name] = _the_more_exact(found[name], path) if name in found else path
    if not found:
        raise FileFormatError(
            f"{shown_path(Path(folder))} holds no kernel file of any case: names should be such as {names[0]}.tif or "
            "k_2_im_1.png."
        )
    return {name: found[name] for name in names if name in found}


def _whole_name(name: str) -> re.Pattern:
    """A case's name that is not a part of a longer word or number."""
    return re.compile(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", re.IGNORECASE)


def _named_case(stem: str, patterns: dict[str, re.Pattern]) -> str | None:
    """The case whose name a file's name has in it; of several the longest."""
    return max((name for name, pattern in patterns.items() if pattern.search(stem)), key=len, default=None)


def _numbers(stem: str) -> tuple[int, int] | None:
    image, kernel = _IMAGE_NUMBER.search(stem), _KERNEL_NUMBER.search(stem)
    return (int(image[1]), int(kernel[1])) if image and kernel else None


def _the_more_exact(one: Path, other: Path) -> Path:
    """Of a kernel's float file and its picture the former."""
    rank = {suffix: place for place, suffix in enumerate(SUFFIXES)}
    ranks = rank[one.suffix.lower()], rank[other.suffix.lower()]
    if one.stem != other.stem or ranks[0] == ranks[1]:
        raise FileFormatError(f"{shown_path(one)} and {other.name} are kernels of the same case: there should be one.")
    return one if ranks[0] < ranks[1] else other


def _check_fits(kernel: np.ndarray, path: Path, case) -> None:
    if max(kernel.shape) <= _SURELY_FITS * case.kernel_size:
        return
    height, width = case.blurred.shape[:2]
    if kernel.shape[0] >= height or kernel.shape[1] >= width:
        sides = f"{kernel.shape[0]} x {kernel.shape[1]}"
        raise FileFormatError(
            f"{shown_path(path)} should hold a kernel smaller than the picture of {case.name} ({height} x {width}), but it "
            f"has {sides} pixels."
        )


def _likelier_convention(kernels: dict[str, np.ndarray], cases) -> str:
    convolution = correlation = 0.0
    for name, kernel in kernels.items():
        true = cases[name].kernel
        if true is not None:
            convolution += kernel_similarity(kernel, true)
            correlation += kernel_similarity(_turned(kernel), true)
    return CONVENTIONS[correlation > convolution]


def _turned(kernel: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(kernel[::-1, ::-1])
