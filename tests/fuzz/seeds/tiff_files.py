"""TIFF files in every coding that tifffile and Pillow write; their pixels are known, for they were drawn here."""

from __future__ import annotations

import io

import numpy as np
import tifffile
from PIL import Image

from tests.fuzz.seeds.seed import Seed, plain_pixels

_DTYPES = ("u1", "u2", "f2", "f4", "f8")
_COMPRESSIONS = (None, None, "zlib", "lzw", "packbits", "zstd", "lzma")


def random_tiff(rng: np.random.Generator) -> Seed:
    """A TIFF or BigTIFF file, by tifffile or (8 bits a sample) by Pillow, of which Pillow's may use other libraries."""
    return _by_pillow(rng) if rng.random() < 0.2 else _by_tifffile(rng)


def _samples(rng, dtype, channels):
    height, width = (int(side) for side in rng.integers(1, 40, 2))
    if np.dtype(dtype).kind == "f":
        return rng.random((height, width, channels)).astype(dtype)
    return rng.integers(0, np.iinfo(dtype).max + 1, (height, width, channels)).astype(dtype)


def _by_tifffile(rng):
    dtype, channels = str(rng.choice(_DTYPES)), int(rng.choice([1, 1, 2, 3, 3, 4]))
    samples = _samples(rng, dtype, channels)
    options = {
        "compression": _COMPRESSIONS[int(rng.integers(len(_COMPRESSIONS)))],
        "byteorder": str(rng.choice(["<", ">"])),
        "bigtiff": bool(rng.random() < 0.2),
        "planarconfig": None if channels == 1 else str(rng.choice(["contig", "separate"])),
    }
    if rng.random() < 0.3:
        options["tile"] = (16, 16)
    else:
        options["rowsperstrip"] = int(rng.integers(1, 20))
    if options["compression"] in ("zlib", "lzw", "zstd") and dtype != "f2" and rng.random() < 0.4:
        options["predictor"] = True
    if rng.random() < 0.3:
        options |= {"resolution": (200, 300), "resolutionunit": "CENTIMETER"}
    if rng.random() < 0.3:
        options["iccprofile"] = bytes(range(128)) * 3
    description = "a caption" if rng.random() < 0.3 else None
    white_is_zero = channels == 1 and dtype in ("u1", "u2") and rng.random() < 0.2
    stored = np.iinfo(samples.dtype).max - samples if white_is_zero else samples
    photometric = "rgb" if channels >= 3 else "miniswhite" if white_is_zero else "minisblack"
    planar = options["planarconfig"] == "separate"
    picture = np.moveaxis(stored, 2, 0) if planar else stored if channels > 1 else stored[..., 0]
    stream = io.BytesIO()
    tifffile.imwrite(
        stream,
        picture,
        photometric=photometric,
        extrasamples=["unassalpha"] if channels in (2, 4) else None,
        metadata=None,
        description=description,
        **options,
    )
    said = " ".join(f"{key}={value}" for key, value in options.items() if value and key != "iccprofile")
    name = f"{dtype} {samples.shape} {photometric} {said}"
    return Seed(name, stream.getvalue(), plain_pixels(samples), ".tif")


def _by_pillow(rng):
    mode, channels = [("L", 1), ("RGB", 3), ("RGBA", 4), ("LA", 2)][int(rng.integers(4))]
    samples = _samples(rng, "u1", channels)
    compression = [None, "tiff_lzw", "packbits", "tiff_adobe_deflate", "tiff_deflate"][int(rng.integers(5))]
    stream = io.BytesIO()
    Image.fromarray(samples if channels > 1 else samples[..., 0]).save(stream, "TIFF", compression=compression)
    return Seed(f"Pillow {mode} {samples.shape} {compression}", stream.getvalue(), plain_pixels(samples), ".tif")
