"""NumPy and MATLAB files with a blur kernel in them, and kernels as pictures."""

from __future__ import annotations

import io
import struct

import numpy as np
import scipy.io
import tifffile

from tests.fuzz.seeds.png_files import GREY, encode
from tests.fuzz.seeds.seed import Seed

_DTYPES = ("f8", ">f8", "f4", ">f4", "u1", "u2", ">u2", "i2", "i4", "?", "f2", "u8")
_MAT_DTYPES = ("f8", "f4", "u1", "u2", "i2", "i4", "u4", "u8", "i1")
#: The data types of version 4 files: the digit P of a variable's number MOPT.
_MAT4_TYPES = (("f8", 0), ("f4", 1), ("i4", 2), ("i2", 3), ("u2", 4), ("u1", 5))


def _random_array(rng, dtype):
    shape = tuple(int(2 * half + 1) for half in rng.integers(1, 6, 2))
    kind = np.dtype(dtype).kind
    values = rng.random(shape) if kind == "f" else rng.integers(0, 2 if kind == "b" else 100, shape)
    values.flat[0] = 1
    return values.astype(dtype)


def normalised(array) -> np.ndarray:
    """A stored array as the kernel that `read_kernel` makes of it, to rounding."""
    kernel = np.asarray(array).astype(np.float64)
    return kernel / kernel.sum()


def random_npy(rng: np.random.Generator) -> Seed:
    """A .npy file of version 1, 2 or 3, in C's or Fortran's order."""
    array = _random_array(rng, str(rng.choice(_DTYPES)))
    array = np.asfortranarray(array) if rng.random() < 0.3 else array
    version = ((1, 0), (2, 0), (3, 0))[int(rng.integers(3))]
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version=version)
    name = f"version {version[0]} {array.dtype.str} {array.shape} Fortran={array.flags.fnc}"
    return Seed(name, stream.getvalue(), normalised(array), ".npy")


def random_mat(rng: np.random.Generator) -> Seed:
    """A .mat file of version 4, 5 or 7 (compressed), alone or among variables of other kinds."""
    style = str(rng.choice(["4", "5", "7", "5 others", "7 others", "4 own"]))
    if style == "4 own":
        return _mat4(rng)
    array = _random_array(rng, "f8" if style == "4" else str(rng.choice(_MAT_DTYPES)))
    variables = {str(rng.choice(["kernel", "psf", "k", "estimate"])): array}
    if style.endswith("others"):
        variables = {"note": "a text", "cells": np.array([1, "x"], object), "record": {"a": 1.0, "b": "y"}} | variables
        variables["flag"] = np.array([[True]])
    stream = io.BytesIO()
    scipy.io.savemat(stream, variables, format="4" if style == "4" else "5", do_compression=style[0] == "7")
    data = stream.getvalue()
    if style != "4":  # The text of the header tells the time.
        data = b"MATLAB 5.0 MAT-file".ljust(116) + data[116:]
    return Seed(f"version {style} {array.dtype} {array.shape}", data, normalised(array), ".mat")


def _mat4(rng):
    """A version 4 file of every data type, in both byte orders: SciPy writes only some."""
    dtype, digit = _MAT4_TYPES[int(rng.integers(len(_MAT4_TYPES)))]
    order, machine = (("<", 0), (">", 1))[int(rng.integers(2))]
    array = _random_array(rng, dtype)
    name = b"kernel\0"
    header = struct.pack(f"{order}5i", 1000 * machine + 10 * digit, *array.shape, 0, len(name))
    data = header + name + array.astype(np.dtype(dtype).newbyteorder(order)).tobytes(order="F")
    return Seed(f"version 4 {order}{dtype} {array.shape}", data, normalised(array), ".mat")


def random_kernel_picture(rng: np.random.Generator) -> Seed:
    """A kernel as a 16-bit PNG or a floating TIFF file."""
    array = _random_array(rng, "u2")
    if rng.random() < 0.5:
        return Seed(f"PNG {array.shape}", encode(array[..., None], GREY, 16, rng=rng), normalised(array), ".png")
    stream = io.BytesIO()
    tifffile.imwrite(stream, array.astype("f4"), metadata=None)
    return Seed(f"TIFF {array.shape}", stream.getvalue(), normalised(array), ".tif")
