"""Pictures as ``data:`` addresses, in as many bytes as a page can spare for them."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from pydeblur.report.markup import Html

#: Larger colour profiles, which are tables for printers, are left out.
_LARGEST_PROFILE = 20_000
#: Bytes in a band of rows that is turned into 8 bits at a time.
_BAND = 1 << 22
#: Longest side and quality of what is tried when a picture is too large as it is, the best first.
_REDUCED = (
    (1600, 88), (1600, 80), (1600, 70), (1280, 80), (1280, 70), (1024, 75), (1024, 65), (800, 70), (800, 60), (640, 50),
    (400, 50),
)  # fmt: skip
_AS_IT_IS = (95, 90, 85)
#: A picture coded with loss that takes this many times its bytes is not coded at that size with less quality either.
_HOPELESS = 4


class EncodedPicture(NamedTuple):
    """A picture ready for a page.

    Attributes
    ----------
    address : Html
        It starts with ``data:``, and has nothing to be escaped.
    width, height : int
        Of the picture in it.
    coding : str
        In words, such as "JPEG, quality 80".
    """

    address: Html
    width: int
    height: int
    coding: str


class _Attempt(NamedTuple):
    """How a picture is coded: the longest side, and the quality; None is lossless."""

    longest: int
    quality: int | None


def eight_bits(image: np.ndarray, low: float = 0.0, span: float = 1.0) -> np.ndarray:
    """Turn a picture into 8 bits, a band of rows at a time.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) ndarray
    low, span : float
        Black, and the distance from black to white. What lies beyond them is clipped.

    Returns
    -------
    uint8 ndarray of the same shape

    Examples
    --------
    >>> eight_bits(np.array([[0.0, 0.5, 3.0]])).tolist()
    [[0, 128, 255]]
    """
    result = np.empty(image.shape, np.uint8)
    rows = max(1, _BAND * image.shape[0] // max(1, image.nbytes))
    for top in range(0, image.shape[0], rows):
        band = (image[top : top + rows].astype(np.float64) - low) / span
        result[top : top + rows] = np.rint(np.clip(band, 0, 1) * 255)
    return result


def encoded_alike(
    pictures: Sequence[np.ndarray], budget: int, alpha: np.ndarray | None = None, icc_profile: bytes | None = None
) -> list[EncodedPicture]:
    """Code pictures of one size in one way, so that they can be compared, with as little loss as their bytes allow.

    Small pictures are coded without any loss (PNG), others as JPEG, or with alpha as WebP; pictures with long sides, and those
    that need too many bytes, are reduced.

    Parameters
    ----------
    pictures : sequence of (H, W) or (H, W, 3) uint8 ndarray
    budget : int
        Bytes for all of them together, before they are written in the letters of an address.
    alpha : (H, W) uint8 ndarray, optional
        Opacity of all.
    icc_profile : bytes, optional
        The pictures' colour profile; it is left out where it is not for their channels, or is very large.

    Returns
    -------
    list of EncodedPicture

    Examples
    --------
    >>> (picture,) = encoded_alike([np.zeros((2, 3), np.uint8)], 1000)
    >>> picture.width, picture.height, picture.coding, picture.address[:22]
    (3, 2, 'PNG, without loss', 'data:image/png;base64,')
    """
    from PIL import Image

    layers = [Image.fromarray(_with_alpha(picture, alpha)) for picture in pictures]
    profile = _fitting(icc_profile, layers[0])
    hopeless = math.inf
    for attempt in _attempts(max(pictures[0].shape[:2])):
        if attempt.longest >= hopeless:
            continue
        used = attempt
        # Attempts go from large to small, so that each may begin with what the one before has left.
        layers = [_reduced(layer, attempt.longest) for layer in layers]
        coded = [_coded(layer, attempt.quality, profile) for layer in layers]
        total = sum(len(data) for data, *_ in coded)
        if total <= budget:
            break
        if total > _HOPELESS * budget and attempt.quality is not None:
            hopeless = attempt.longest
    return [
        EncodedPicture(Html(f"data:{kind};base64,{base64.b64encode(data).decode()}"), *size, _in_words(kind, used))
        for data, kind, size in coded
    ]


def _attempts(side: int) -> Iterator[_Attempt]:
    if side <= _REDUCED[0][0]:
        yield from (_Attempt(side, quality) for quality in (None, *_AS_IT_IS))
    yield from (_Attempt(*each) for each in _REDUCED)


def _reduced(layer, longest: int):
    from PIL import Image

    scale = min(1.0, longest / max(layer.size))
    size = tuple(max(1, round(side * scale)) for side in layer.size)
    # The filter has no negative values, so that it adds no ringing that could be taken for the method's.
    return layer if size == layer.size else layer.resize(size, Image.Resampling.HAMMING)


def _coded(layer, quality: int | None, profile: bytes | None) -> tuple[bytes, str, tuple[int, int]]:
    form, words = _form(layer, quality)
    if profile is not None:
        words["icc_profile"] = profile
    with io.BytesIO() as file:
        layer.save(file, form, **words)
        return file.getvalue(), f"image/{form.lower()}", layer.size


def _form(layer, quality: int | None) -> tuple[str, dict]:
    """The file format of a picture, and the words of its writer."""
    if quality is None:
        return "PNG", {}
    if "A" in layer.mode:
        return "WEBP", {"quality": quality, "alpha_quality": quality, "method": 0}
    return "JPEG", {"quality": quality, "subsampling": 0 if quality >= 85 else 2}


def _in_words(kind: str, attempt: _Attempt) -> str:
    if attempt.quality is None:
        return "PNG, without loss"
    return f"{ {'image/jpeg': 'JPEG', 'image/webp': 'WebP'}[kind] }, quality {attempt.quality}"


def _with_alpha(picture: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
    if alpha is None:
        return np.ascontiguousarray(picture)
    colours = np.repeat(picture[..., None], 3, axis=2) if picture.ndim == 2 else picture
    return np.dstack([colours, alpha])


def _fitting(profile: bytes | None, layer) -> bytes | None:
    """The profile if it is for the picture's channels: ICC.1:2022, section 7.2.6, the colour space in the header."""
    wanted = b"GRAY" if layer.mode == "L" else b"RGB "
    return profile if profile and len(profile) <= _LARGEST_PROFILE and profile[16:20] == wanted else None


def encoded_kernel(kernel: np.ndarray) -> EncodedPicture:
    """A kernel without loss in 8 bits: its largest element is white, and what has no mass is black.

    Parameters
    ----------
    kernel : (m, n) ndarray
        Non-negative.

    Returns
    -------
    EncodedPicture

    Examples
    --------
    >>> encoded_kernel(np.ones((5, 7)) / 35).width
    7
    """
    largest = float(kernel.max())
    (picture,) = encoded_alike([eight_bits(kernel, 0.0, largest if largest > 0 else 1.0)], 1 << 30)
    return picture
