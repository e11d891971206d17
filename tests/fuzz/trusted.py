"""What readers that are trusted make of a file that may be damaged; None where they tell nothing for certain."""

from __future__ import annotations

import io
import struct
import warnings
import zlib

import numpy as np
import scipy.io

from tests.fuzz.mutators.png_chunks import chunks, joined
from tests.fuzz.seeds.array_files import normalised
from tests.fuzz.seeds.pillow_files import decoded_by_pillow
from tests.fuzz.seeds.png_files import RGB, SIGNATURE
from tests.fuzz.seeds.seed import Pixels

_CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def pillow_pixels(data: bytes) -> Pixels | None:
    """Pillow's pixels, where it reads the file without an error or a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return decoded_by_pillow(data)
        except Exception:  # A file that Pillow refuses is none that it can be trusted with.
            return None


def strict_png_pixels(data: bytes) -> Pixels | None:
    """Pillow's pixels of an 8-bit PNG file that keeps the specification: every length, checksum and row."""
    return pillow_pixels(data) if is_strict_png(data) and data[24] <= 8 else None


def is_strict_png(data: bytes) -> bool:
    """Whether a file is a sequence of whole chunks in the right order, with as many rows as its header says."""
    try:
        parts = chunks(data)
        if data[:8] != SIGNATURE or joined(parts) != data or parts[0][0] != b"IHDR" or parts[-1] != (b"IEND", b""):
            return False
        kinds = [kind for kind, _ in parts]
        first, count = kinds.index(b"IDAT"), kinds.count(b"IDAT")
        if kinds[first : first + count] != [b"IDAT"] * count or kinds.count(b"IHDR") != 1 or kinds.count(b"IEND") != 1:
            return False
        # Other critical chunks, and those that change what the pixels mean, are left to other tests.
        if any(kind[0] < 0x61 and kind not in _CRITICAL for kind in kinds) or b"tRNS" in kinds or b"acTL" in kinds:
            return False
        width, height, depth, colour_type, packing, filters, interlaced = struct.unpack(">IIBBBBB", parts[0][1])
        if packing or filters or interlaced or not 0 < width * height < 1 << 20 or kinds.count(b"PLTE") > 1:
            return False
        if (b"PLTE" in kinds and kinds.index(b"PLTE") > first) or (colour_type == 3) != (b"PLTE" in kinds):
            return colour_type == RGB and depth == 8
        row = 1 + -(-width * _CHANNELS[colour_type] * depth // 8)
        raw = zlib.decompress(b"".join(body for kind, body in parts if kind == b"IDAT"))
        return len(raw) == row * height and max(raw[::row]) <= 4
    except (KeyError, IndexError, ValueError, struct.error, zlib.error):
        return False


def numpy_kernels(data: bytes) -> list[np.ndarray]:
    """The kernel in a .npy file by NumPy, in a list that is empty where NumPy refuses it or it is no kernel."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return _kernels([np.load(io.BytesIO(data), allow_pickle=False)])
        except Exception:  # NumPy raises many kinds of errors; such a file is compared with nothing.
            return []


def scipy_kernels(data: bytes) -> list[np.ndarray]:
    """All that may be a kernel in a .mat file by SciPy; empty where SciPy refuses it. SciPy may end the process."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return _kernels(scipy.io.loadmat(io.BytesIO(data)).values())
        except Exception:  # As above.
            return []


def _kernels(arrays):
    found = []
    for array in arrays:
        if isinstance(array, np.ndarray) and array.dtype.kind in "fiub" and array.ndim == 2 and array.size > 1:
            values = np.maximum(array.astype(np.float64), 0)
            if np.isfinite(values).all() and 0 < values.sum() < np.inf:
                found.append(normalised(values))
    return found
