"""What a user can choose on the page, checked, and what it means for :func:`pydeblur.deblur`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydeblur.errors import InvalidOptionError
from pydeblur.nonblind.options import OPTIONS as FINAL_STEPS
from pydeblur.options import Kind, check_options, documented, is_integer, is_row, one_of, option, options_from
from pydeblur.preprocess.region import Region

#: Sizes that can be chosen without measuring anything, in pixels; None is found from the picture.
SIZES: dict[str, int | None] = {"automatic": None, "small": 15, "medium": 31, "large": 61, "very-large": 91}
_LARGEST = 201
_OWN_SIZE = Kind(
    f"an odd whole number from 3 to {_LARGEST}",
    lambda value: is_integer(value) and 3 <= value <= _LARGEST and value % 2 == 1,
    int,
    "int",
)
_REGION = Kind(
    "four whole numbers of at least 0: left, top, width and height in pixels",
    lambda value: is_row(value) and len(value) == 4 and all(is_integer(each) and 0 <= each < 1 << 31 for each in value),
    tuple,
    "sequence of int",
)
_SWITCH = Kind("true or false", lambda value: isinstance(value, bool), bool, "bool")
_CAMERA = {"shifted": False, "unknown": "auto", "turned": True}
_LIGHTS = {"unknown": None, "clipped": True, "none": False}
#: What estimates the kernel, as arguments of :func:`pydeblur.deblur`.
_METHODS: dict[str, dict] = {
    "best": {},
    "gradient": {"prior": "gradient"},
    "intensity": {"prior": "intensity"},
    "dark-channel": {"method": "dark_channel"},
    "fast": {"preset": "fast"},
}
#: A gamma of 1 leaves the values alone.
_GAMMAS = {"none": 1.0, "screen": 2.2}
_MEDIANS = {"none": 0, "3": 3, "5": 5}


@documented
@dataclass(frozen=True)
class Choices:
    """What was chosen for one picture.

    Examples
    --------
    >>> Choices(size="own", own_size=21).kernel_size, Choices().kernel_size
    (21, None)
    """

    size: str = option(
        one_of(*SIZES, "own"), "How large the blur is, or that the size is given, or found.", "automatic"
    )
    own_size: int = option(_OWN_SIZE, "The size that is given, in pixels; it counts with the size own alone.", 31)
    camera: str = option(
        one_of(*_CAMERA), "Whether the camera has turned, so that the blur changes over the picture.", "shifted"
    )
    lights: str = option(one_of(*_LIGHTS), "Whether lights are so bright that their values are cut off.", "unknown")
    text: bool = option(_SWITCH, "Whether it is text or a drawing, whose white paper is no clipped light.", False)
    method: str = option(one_of(*_METHODS), "What estimates the blur.", "best")
    final_step: str = option(one_of("automatic", *FINAL_STEPS), "What makes the final picture.", "automatic")
    gamma: str = option(one_of(*_GAMMAS), "Whether a screen's gamma is undone before the blur is estimated.", "none")
    median: str = option(one_of(*_MEDIANS), "The window of a median filter against single wrong pixels.", "none")
    region: object = option(_REGION, "The part of the picture that the blur is estimated from.", None, may_be_none=True)

    def __post_init__(self) -> None:
        check_options(self)
        if self.text and self.lights == "clipped":
            raise InvalidOptionError("a picture of text should have no clipped lights: choose one of the two")

    @property
    def kernel_size(self) -> int | None:
        """The side of the kernel in pixels; None where it is to be found from the picture."""
        return self.own_size if self.size == "own" else SIZES[self.size]

    @property
    def crop(self) -> Region | None:
        """The region as :func:`pydeblur.deblur` takes it."""
        if self.region is None:
            return None
        left, top, width, height = cast("Sequence[int]", self.region)
        return Region(top, left, height, width)

    def check_fits(self, width: int, height: int) -> None:
        """Refuse a region that does not lie in a picture of this size.

        Parameters
        ----------
        width, height : int

        Raises
        ------
        InvalidOptionError

        Examples
        --------
        >>> Choices(region=(10, 10, 50, 50)).check_fits(40, 60)
        Traceback (most recent call last):
            ...
        pydeblur.errors.InvalidOptionError: the region should lie in the picture of 40 × 60 pixels, but it ends at 60, 60
        """
        if (crop := self.crop) is None:
            return
        right, bottom = crop.left + crop.width, crop.top + crop.height
        if right > width or bottom > height:
            raise InvalidOptionError(
                f"the region should lie in the picture of {width} × {height} pixels, but it ends at {right}, {bottom}"
            )

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of :func:`pydeblur.deblur`, but for the picture and the callbacks.

        Returns
        -------
        dict

        Examples
        --------
        >>> chosen = Choices(text=True, method="gradient").arguments()
        >>> chosen["kernel_size"], chosen["saturated"], chosen["prior"]
        (None, False, 'gradient')
        """
        gamma = {} if self.gamma == "none" else {"gamma_correct": _GAMMAS[self.gamma]}
        return {
            "kernel_size": self.kernel_size,
            "nonuniform": _CAMERA[self.camera],
            "saturated": False if self.text else _LIGHTS[self.lights],
            "nonblind": None if self.final_step == "automatic" else self.final_step,
            "median": _MEDIANS[self.median],
            "crop": self.crop,
            **_METHODS[self.method],
            **gamma,
        }


def choices_from(fields: object) -> Choices:
    """Check what a page has sent.

    Parameters
    ----------
    fields : mapping
        Names of the fields of :class:`Choices`, and values.

    Returns
    -------
    Choices

    Raises
    ------
    InvalidOptionError
        If it is no mapping, has an unknown name, or a value is out of its range.

    Examples
    --------
    >>> choices_from({"size": "large"}).kernel_size
    61
    >>> choices_from({"size": "huge"})
    Traceback (most recent call last):
        ...
    pydeblur.errors.InvalidOptionError: size should be one of automatic, small, medium, large, very-large, own, but is 'huge'
    """
    if not isinstance(fields, Mapping):
        raise InvalidOptionError("the options should be an object of names and values")
    return options_from(Choices, fields, "the page")
