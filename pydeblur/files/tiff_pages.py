"""What the pages of a TIFF file are: the picture, further pictures, smaller copies, masks, a camera's raw data."""

from __future__ import annotations

import math
import struct

import tifffile

#: Values of the tag PhotometricInterpretation in raw files: TIFF/EP's colour filter array, and DNG's linear raw.
_RAW_PHOTOMETRICS = (32803, 34892)
#: Bits of the tag NewSubfileType.
_REDUCED, _MASK = 1, 4
_SUB_IFDS, _DNG_VERSION, _STK_PLANES = 330, 50706, 33629
#: Canon's CR2 files have this behind the header of a TIFF file.
_CR2_MARK = b"CR\2\0"
#: The directories that are looked at; the further ones of a longer chain are counted as pictures.
_PAGES = 1000
#: No more pages behind those are counted.
_MOST_PAGES = 100_000


def check_is_picture(file: tifffile.TiffFile) -> None:
    """Refuse a file whose first page is not the picture.

    Parameters
    ----------
    file : tifffile.TiffFile

    Raises
    ------
    ValueError
        The file is a camera's raw file, or its first page is a reduced image or a mask.

    Examples
    --------
    >>> from io import BytesIO
    >>> import numpy as np
    >>> contents = BytesIO()
    >>> tifffile.imwrite(contents, np.zeros((2, 3), np.uint8), subfiletype=1)
    >>> check_is_picture(tifffile.TiffFile(BytesIO(contents.getvalue())))
    Traceback (most recent call last):
        ...
    ValueError: its first page is a reduced image (a thumbnail), as in raw files of cameras; develop it into a TIFF file
    """
    first = file.pages.first
    file.filehandle.seek(8)
    pages = [*_chain(file), *_sub_pages(first)]
    if any(_is_raw(page) for page in pages) or file.filehandle.read(4) == _CR2_MARK or _DNG_VERSION in first.tags:
        raise ValueError("it is a raw file of a camera; develop it into a TIFF, PNG or JPEG file first")
    if first.subfiletype & _REDUCED:
        raise ValueError(
            "its first page is a reduced image (a thumbnail), as in raw files of cameras; develop it into a TIFF file"
        )
    if first.subfiletype & _MASK or int(first.photometric) == 4:
        raise ValueError("its first page is a transparency mask, not a picture")


def count_pictures(file: tifffile.TiffFile) -> int:
    """How many pictures the file has: pages that are no smaller copies, and images that one page holds.

    Parameters
    ----------
    file : tifffile.TiffFile

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> from io import BytesIO
    >>> import numpy as np
    >>> contents = BytesIO()
    >>> tifffile.imwrite(contents, np.zeros((5, 4, 3), np.uint8), photometric="minisblack")
    >>> count_pictures(tifffile.TiffFile(BytesIO(contents.getvalue())))
    5
    """
    chain = _chain(file)
    further = [*chain[1:], *_sub_pages(file.pages.first)]
    pages = 1 + sum(not int(page.subfiletype) & _REDUCED for page in further) + _pages_behind(file, chain)
    return max(pages, _pictures_of_first_page(file), 1)


def _chain(file):
    """The pages of the main chain; a damaged one ends it, and one that was there before."""
    pages: list = []
    seen = set()
    try:
        for page in file.pages:
            if page.offset in seen or len(pages) == _PAGES:
                break
            seen.add(page.offset)
            pages.append(page)
    except Exception:  # The first page is whole, and what follows a damaged directory can't be found.
        return pages or [file.pages.first]
    return pages


def _pages_behind(file, chain):
    """How many pages follow those that are looked at; a damaged chain ends where it is damaged, or meets itself."""
    if len(chain) < _PAGES:
        return 0
    seen = {page.offset for page in chain}
    offset = _next_offset(file, chain[-1].offset)
    count = 0
    while offset and offset not in seen and count < _MOST_PAGES:
        seen.add(offset)
        count += 1
        offset = _next_offset(file, offset)
    return count


def _next_offset(file, offset):
    """Where the directory after the one at an offset lies; 0 where there is none."""
    form, handle = file.tiff, file.filehandle
    try:
        handle.seek(offset)
        (entries,) = struct.unpack(form.tagnoformat, handle.read(form.tagnosize))
        handle.seek(offset + form.tagnosize + entries * form.tagsize)
        return struct.unpack(form.offsetformat, handle.read(form.offsetsize))[0]
    except (struct.error, ValueError, OSError, OverflowError):  # It lies beyond the file's end.
        return 0


def _sub_pages(page):
    """The pages below a page (the tag SubIFDs); those that are damaged are none."""
    try:
        return list(page.pages or ()) if _SUB_IFDS in page.tags else []
    except Exception:  # As above.
        return []


def _is_raw(page):
    return int(getattr(page, "photometric", 0) or 0) in _RAW_PHOTOMETRICS


def _pictures_of_first_page(file):
    """ImageJ, tifffile and MetaMorph put a whole stack behind one directory, and a description tells its length."""
    page = file.pages.first
    counts = [int(page.imagedepth)]
    try:
        if file.is_imagej:
            counts.append(int((file.imagej_metadata or {}).get("images", 1)))
        if file.is_shaped and file.shaped_metadata:
            shape = file.shaped_metadata[0].get("shape", ())
            counts.append(math.prod(int(side) for side in shape) // max(1, math.prod(page.shape)))
        if file.is_stk:
            counts.append(int(page.tags[_STK_PLANES].count))
    except Exception:  # A damaged description tells nothing.
        return max(counts)
    return max(counts)
