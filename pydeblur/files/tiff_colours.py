"""What the samples of a TIFF page mean: black and white, palettes, CMYK, YCbCr, alpha, further channels (TIFF 6.0)."""

from __future__ import annotations

import numpy as np
import tifffile
from PIL import Image

from pydeblur.files.decoded_image import DecodedImage

#: Values of the tag PhotometricInterpretation, and how many channels the colours have.
MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE, CMYK, YCBCR = 0, 1, 2, 3, 5, 6
_CHANNELS = {MIN_IS_WHITE: 1, MIN_IS_BLACK: 1, RGB: 3, PALETTE: 1, CMYK: 4, YCBCR: 3}
_ASSOCIATED_ALPHA, _UNASSOCIATED_ALPHA = 1, 2
#: Decoders of JPEG data give RGB where the page says YCbCr.
_JPEG = 7
_INK_SET = 332
_NOT_CMYK = 2


def check_colours(page: tifffile.TiffPage) -> None:
    """Refuse colours that can't be read as grey or RGB.

    Raises
    ------
    ValueError
        The message names what the page has.

    Examples
    --------
    >>> from io import BytesIO
    >>> file = BytesIO()
    >>> tifffile.imwrite(file, np.zeros((2, 3, 3), np.uint8), photometric="cielab")
    >>> check_colours(tifffile.TiffFile(BytesIO(file.getvalue())).pages[0])
    Traceback (most recent call last):
        ...
    ValueError: its colour mode CIELAB is neither grey, RGB nor CMYK
    """
    photometric, bits = int(page.photometric), page.bitspersample
    floating = page.sampleformat == 3
    if photometric not in _CHANNELS:
        name = getattr(page.photometric, "name", photometric)
        raise ValueError(f"its colour mode {name} is neither grey, RGB nor CMYK")
    if page.samplesperpixel < _CHANNELS[photometric]:
        raise ValueError(f"it has {page.samplesperpixel} samples per pixel where {_CHANNELS[photometric]} are needed")
    if photometric == CMYK and page.tags.valueof(_INK_SET, 1) == _NOT_CMYK:
        raise ValueError("its inks are others than those of CMYK")
    if photometric == PALETTE and (floating or page.colormap is None or page.colormap.shape != (3, 2**bits)):
        raise ValueError("its palette is missing or has another length than its samples need")
    if photometric == CMYK and floating:
        raise ValueError("its inks are floating samples, which are not read")
    if photometric == YCBCR and page.compression != _JPEG and (floating or bits != 8):
        raise ValueError("its colours are YCbCr of another depth than 8 bits, which are not read")


def picture_of_samples(page: tifffile.TiffPage, samples: np.ndarray, photometric: int) -> DecodedImage:
    """Grey or RGB, and alpha, of a page's samples.

    Parameters
    ----------
    page : tifffile.TiffPage
    samples : (H, W, S) ndarray
        Of the page's depth: white is 2 ** bits - 1, or 1 where they are floating.
    photometric : int
        What `samples` are, if decoding has changed it; MIN_IS_WHITE, ...

    Returns
    -------
    DecodedImage
        With a remark, if the page has further channels.

    Examples
    --------
    >>> from io import BytesIO
    >>> file = BytesIO()
    >>> tifffile.imwrite(file, np.zeros((2, 3), np.uint8), photometric="miniswhite")
    >>> page = tifffile.TiffFile(BytesIO(file.getvalue())).pages[0]
    >>> picture_of_samples(page, page.asarray()[..., None], MIN_IS_WHITE).samples.max()
    np.uint8(255)
    """
    colours = _CHANNELS[photometric]
    whole, bits = samples.dtype.kind == "u", page.bitspersample
    white = 2**bits - 1
    colour = samples[..., :colours]
    kinds = [int(kind) for kind in page.extrasamples][: samples.shape[2] - colours]
    alphas = [place for place, kind in enumerate(kinds) if kind in (_ASSOCIATED_ALPHA, _UNASSOCIATED_ALPHA)]
    alpha = samples[..., colours + alphas[0], None] if alphas else None
    if photometric == MIN_IS_WHITE and whole:
        colour = np.array(white, colour.dtype) - colour
    elif photometric == CMYK:
        colour = _rgb_of_cmyk(colour, white)
    elif photometric == YCBCR:
        colour = _rgb_of_ycbcr(colour)
    elif photometric == PALETTE:
        colour = _rgb_of_palette(colour[..., 0], page.colormap)
        if alpha is not None:
            alpha = _scaled(alpha, white, colour.dtype)
        bits = 8 * colour.itemsize
        white = 2**bits - 1
    if alpha is not None:
        if kinds[alphas[0]] == _ASSOCIATED_ALPHA:
            colour = _divided_by_alpha(colour, alpha, white if whole else 1.0)
        colour = np.concatenate([colour, alpha], axis=2)
    further = samples.shape[2] - colours - (alpha is not None)
    remarks = (f"has {further} further channel{'s'[: further > 1]}, which {'are' if further > 1 else 'is'} left out",)
    return DecodedImage(samples=colour, bits=bits if whole else None, remarks=remarks if further > 0 else ())


def _rgb_of_cmyk(samples, white):
    """Section 16, with inks that absorb independently: each of RGB is (1 - ink) (1 - black)."""
    ink, black = samples[..., :3].astype(np.float64), samples[..., 3:].astype(np.float64)
    return np.rint((white - ink) * (white - black) / white).astype(samples.dtype)


def _rgb_of_ycbcr(samples):
    """Section 21, with the coefficients of CCIR 601, as JFIF has them."""
    height, width = samples.shape[:2]
    image = Image.frombytes("YCbCr", (width, height), np.ascontiguousarray(samples).tobytes())
    return np.asarray(image.convert("RGB"))


def _rgb_of_palette(places, colours):
    """Section 5: the colours are of 16 bits; where they only repeat or pad 8 bits, they are read as 8-bit ones.

    Some programs write 8-bit values as they are; a palette without a greater one is taken for such a one.
    """
    if colours.max(initial=0) < 256:
        colours = colours.astype(np.uint8)
    elif not (colours & 255).any() or np.array_equal(colours & 255, colours >> 8):
        colours = (colours >> 8).astype(np.uint8)
    return np.moveaxis(colours[:, places], 0, -1)


def _scaled(samples, white, dtype):
    """Samples up to `white` as samples of an unsigned type."""
    return np.rint(samples * (np.iinfo(dtype).max / white)).astype(dtype)


def _divided_by_alpha(colour, alpha, white):
    """(H, W, C) colours that were multiplied by their (H, W, 1) alpha, as they were before, in their dtype."""
    # A pixel that is fully transparent has no colour left to recover.
    with np.errstate(invalid="ignore", over="ignore"):
        plain = colour * (white / np.where(alpha > 0, alpha, white))
    if colour.dtype.kind == "u":
        plain = np.floor(np.minimum(plain, white) + 0.5)
    return plain.astype(colour.dtype)
