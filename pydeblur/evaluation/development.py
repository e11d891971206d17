"""Cases to choose defaults by: photographs of one's own under random kernels, so that no benchmark is seen before the
choice.

A folder of sharp photographs, with a subfolder for each kind, is divided by the hash of the file names
(:func:`pydeblur.datasets.photographs.split_images`). Networks are trained on the split "train", options are chosen on
"validation" and "test", and the benchmarks' images and kernels are in none of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from pydeblur.datasets.photographs import SPLITS, find_images, load_grey, split_images
from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.metrics import align, error_ratio, kernel_similarity, psnr
from pydeblur.metrics.alignment import Alignment
from pydeblur.nonblind import deconvolve
from pydeblur.synthesis.cases import BlurredCase, blurred_case
from pydeblur.synthesis.kernels import random_kernel, random_size

#: First number of the seed of each split's cases; the second is the case's place.
_STREAMS = {"test": 4000, "train": 6000, "validation": 8000}
#: What is brighter than this share of a scene is a highlight.
_HIGHLIGHTS = 0.97


@dataclass(frozen=True)
class DevelopmentSet:
    """How the cases of a set are made of photographs, and how an estimate is compared with their truth.

    Attributes
    ----------
    kernel_sizes : (int, int)
        Smallest and largest kernel, odd.
    side : int or None
        Side of the square parts that are blurred; None takes whole photographs.
    per_folder : int or None
        The first so many photographs of each folder; None takes all.
    folders : tuple of str
        Subfolders whose photographs are taken; empty for all of them.
    least_shape : (int, int)
        Shorter and longer side that a photograph has to have.
    room : float
        The kernel size that is asked for is the next odd number from this many times the kernel's.
    highlights : (float, float) or None
        Range of the factor by which the brightest 3 % of a scene are made brighter before the blur, so that they are
        clipped; None leaves scenes as they are.
    light_gamma : float
        The kernels blur intensities to this power: 1 is the stored values, 2.2 linear light.
    largest_shift, border : int
        Shifts in pixels that are tried to align an image with the sharp one, and the pixels on each side that do not
        count.
    """

    kernel_sizes: tuple[int, int]
    side: int | None = None
    per_folder: int | None = 12
    folders: tuple[str, ...] = ()
    least_shape: tuple[int, int] = (0, 0)
    room: float = 1.2
    highlights: tuple[float, float] | None = None
    light_gamma: float = 1.0
    # A true kernel is centred by its box and an estimate by its centroid, which can be most of half a kernel apart.
    largest_shift: int = 12
    border: int = 15

    def takes(self, shape: tuple[int, int], kernel_size: int) -> bool:
        """Whether a photograph of some shape is large enough, under a kernel of some size."""
        needed = 1 if self.side is None else self.side
        large = min(shape) >= self.least_shape[0] and max(shape) >= self.least_shape[1]
        return large and min(shape) >= needed + kernel_size - 1


_CLIPPED = DevelopmentSet(
    (21, 51),
    side=384,
    folders=("lowlight", "natural", "manmade"),
    room=1.1,
    highlights=(2.0, 6.0),
    largest_shift=40,
    border=45,
)
#: The development set, on which the presets were chosen, and what lies beyond it.
SETS = {
    "development": DevelopmentSet((15, 31), side=255),
    "wide": DevelopmentSet((41, 75), side=384, room=1.1, largest_shift=40, border=45),
    "clipped": _CLIPPED,
    "clipped_in_light": replace(_CLIPPED, light_gamma=2.2),
    "large": DevelopmentSet((13, 31), per_folder=None, least_shape=(420, 560)),
}


@dataclass(frozen=True)
class DevelopmentCase:
    """A case before its pixels are made, so that a list of cases costs little memory.

    Attributes
    ----------
    name, folder : str
        The folder is the photograph's, and tells its kind.
    path : Path
        The photograph.
    seed : (int, int)
        Of the kernel, the part of the photograph and the noise.
    case_set : DevelopmentSet
    speed_variation : float
        Of :func:`pydeblur.synthesis.random_kernel`.
    """

    name: str
    folder: str
    path: Path
    seed: tuple[int, int]
    case_set: DevelopmentSet
    speed_variation: float

    def blurred(self, noise: float) -> BlurredCase:
        """The case with Gaussian noise of that standard deviation; part and kernel are the same for every noise."""
        own, rng = self.case_set, np.random.default_rng(self.seed)
        kernel = random_kernel(random_size(own.kernel_sizes, rng), rng, self.speed_variation)
        scene = load_grey(self.path)
        if own.highlights is not None:
            scene = _with_highlights(scene, own.highlights, rng)
        case = blurred_case(
            self.name, scene, kernel, noise, rng, side=own.side, room=own.room, light_gamma=own.light_gamma
        )
        return case if own.highlights is None else replace(case, sharp=np.clip(case.sharp, 0, 1))


def _with_highlights(scene: np.ndarray, gains: tuple[float, float], rng) -> np.ndarray:
    """A scene whose brightest pixels are as many times brighter as is drawn."""
    return np.where(scene >= np.quantile(scene, _HIGHLIGHTS), scene * rng.uniform(*gains), scene)


@dataclass(frozen=True)
class Selection:
    """Which cases a study looks at; in plain values, so that it can be a part of a task's options.

    Parameters
    ----------
    set_name : {"development", "wide", "clipped", "clipped_in_light", "large"}
    split : {"test", "train", "validation"}
    noise : float
        Standard deviation, intensities in [0, 1].
    speed_variation : float
        How much the speed varies along the kernels' trajectories, see :func:`pydeblur.synthesis.random_dwell`.

    Raises
    ------
    InvalidOptionError
        If there is no such set or split.

    Examples
    --------
    >>> Selection("wide", noise=0.0).case_set.kernel_sizes
    (41, 75)
    """

    set_name: str = "development"
    split: str = "test"
    noise: float = 0.01
    speed_variation: float = 0.0

    def __post_init__(self):
        for name, value, known in (("set_name", self.set_name, SETS), ("split", self.split, SPLITS)):
            if value not in known:
                raise InvalidOptionError(f"{name} should be one of {', '.join(known)}, but is {value!r}")

    @property
    def case_set(self) -> DevelopmentSet:
        """How its cases are made."""
        return SETS[self.set_name]

    @property
    def label(self) -> str:
        """A word for it, which is a part of files' names.

        Examples
        --------
        >>> Selection("wide").label, Selection(speed_variation=1.2).label
        ('wide_test_0.01', 'development_test_0.01_speed_1.2')
        """
        speed = f"_speed_{self.speed_variation:g}" if self.speed_variation else ""
        return f"{self.set_name}_{self.split}_{self.noise:g}{speed}"

    def cases(self, data) -> list[DevelopmentCase]:
        """The cases of a folder of photographs, see :func:`development_cases`."""
        return list(_cases(data, self.case_set, self.split, self.speed_variation))

    def case(self, data, name: str) -> BlurredCase:
        """One of them, with its pixels.

        Raises
        ------
        InvalidInputError
            If there is no such case.
        """
        for case in _cases(data, self.case_set, self.split, self.speed_variation):
            if case.name == name:
                return case.blurred(self.noise)
        raise InvalidInputError(f"there should be a case {name!r} among the photographs of the split {self.split}")


@lru_cache(maxsize=4)
def _cases(data, case_set, split, speed_variation) -> tuple[DevelopmentCase, ...]:
    return tuple(development_cases(data, case_set, split, speed_variation))


def development_cases(
    data, case_set: DevelopmentSet, split: str = "test", speed_variation: float = 0.0
) -> list[DevelopmentCase]:
    """The cases that a set makes of a folder of sharp photographs.

    Parameters
    ----------
    data : path
        The photographs, in a subfolder for each kind.
    case_set : DevelopmentSet
    split : {"test", "train", "validation"}
    speed_variation : float

    Returns
    -------
    list of DevelopmentCase
        Folder by folder, in the order of the file names; always the same for the same photographs.

    Raises
    ------
    InvalidInputError
        If no photograph of the split is large enough, or the folder is none.
    """
    by_folder: dict[str, list[Path]] = {}
    for path in split_images(find_images(data))[split]:
        by_folder.setdefault(path.parent.name, []).append(path)
    cases: list[DevelopmentCase] = []
    for folder in case_set.folders or sorted(by_folder):
        for path in by_folder.get(folder, [])[: case_set.per_folder]:
            seed = _STREAMS[split], len(cases)
            # The size is the first that a case's generator draws.
            size = random_size(case_set.kernel_sizes, np.random.default_rng(seed))
            if case_set.takes(load_grey(path).shape, size):
                cases.append(DevelopmentCase(f"{folder}-{path.stem}", folder, path, seed, case_set, speed_variation))
    if not cases:
        raise InvalidInputError(
            f"data should hold photographs of the split {split} that are large enough, but there is none"
        )
    return cases


class CaseMeasure:
    """What an estimate for a case is worth, told by the truth (Levin et al.'s error ratio [19]; docs/algorithm,
    section 10).

    Parameters
    ----------
    case : BlurredCase
    case_set : DevelopmentSet
        How images are aligned with the sharp one. Where highlights are clipped, so are the images.
    final_step : str
        The method of :func:`pydeblur.deconvolve` that every kernel, the true one too, is compared by.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> scene = np.kron(rng.random((8, 8)), np.ones((6, 6)))
    >>> case = blurred_case("squares", scene, random_kernel(5, rng), 0.0, rng)
    >>> CaseMeasure(case, DevelopmentSet((5, 5), largest_shift=2, border=5)).error_ratio(case.kernel)
    1.0
    """

    def __init__(self, case: BlurredCase, case_set: DevelopmentSet, final_step: str = "tv"):
        self._case, self._set, self._final_step = case, case_set, final_step
        self._ssd_true = self._restored(case.kernel).ssd

    def aligned(self, image: np.ndarray) -> Alignment:
        """An image (H, W) at its best shift to the sharp one."""
        if self._set.highlights is not None:
            image = np.clip(image, 0, 1)
        return align(image, self._case.sharp, self._set.largest_shift, self._set.border)

    def _restored(self, kernel: np.ndarray) -> Alignment:
        return self.aligned(deconvolve(self._case.blurred, kernel, self._final_step))

    def psnr(self, image: np.ndarray) -> float:
        """PSNR in dB of an image (H, W), clipped to [0, 1], at its best shift."""
        aligned = self.aligned(np.clip(image, 0, 1))
        return psnr(aligned.image, aligned.reference)

    def error_ratio(self, kernel: np.ndarray) -> float:
        """How many times larger the squared error is with a kernel (n, n) than with the true one."""
        return float(error_ratio(self._restored(kernel).ssd, self._ssd_true))

    def figures(self, kernel: np.ndarray | None) -> dict:
        """``error_ratio``, ``psnr`` in dB and ``kernel_similarity`` of a kernel; None for each where there is no
        kernel."""
        if kernel is None:
            return dict.fromkeys(("error_ratio", "psnr", "kernel_similarity"))
        found = self._restored(kernel)
        return {
            "error_ratio": float(error_ratio(found.ssd, self._ssd_true)),
            "psnr": psnr(found.image, found.reference),
            "kernel_similarity": kernel_similarity(kernel, self._case.kernel),
        }
