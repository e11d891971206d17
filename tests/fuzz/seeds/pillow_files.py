"""JPEG, BMP, WebP and AVIF files, encoded by Pillow; what they hold is what Pillow decodes."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from pydeblur.files.pillow_writing import can_encode
from tests.fuzz.seeds.png_files import exif_block
from tests.fuzz.seeds.seed import Pixels, Seed

_PROFILE = bytes(range(128)) * 3
_XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"


def random_jpeg(rng: np.random.Generator) -> Seed:
    """A JPEG file: grey, colour or CMYK, baseline or progressive, with or without metadata."""
    mode = str(rng.choice(["L", "RGB", "RGB", "CMYK"]))
    options = {"quality": int(rng.integers(20, 100)), "progressive": bool(rng.random() < 0.4)}
    options["optimize"] = bool(rng.random() < 0.3)
    if mode == "RGB":
        options["subsampling"] = int(rng.integers(3))
    if rng.random() < 0.3:
        options["restart_marker_blocks"] = int(rng.integers(1, 4))
    options |= _metadata(
        rng, {"exif": b"Exif\0\0" + exif_block(1), "icc_profile": _PROFILE, "xmp": _XMP, "comment": b"a"}
    )
    if rng.random() < 0.3:
        options["dpi"] = (300, 300)
    return _encoded(rng, mode, "JPEG", ".jpg", options)


def random_bmp(rng: np.random.Generator) -> Seed:
    """A BMP file of 1, 8, 24 or 32 bits a pixel."""
    return _encoded(rng, str(rng.choice(["1", "L", "P", "RGB"])), "BMP", ".bmp", {})


def random_webp(rng: np.random.Generator) -> Seed:
    """A WebP file, with or without losses."""
    options = {"lossless": bool(rng.random() < 0.5), "quality": int(rng.integers(10, 100)), "method": 0}
    options |= _metadata(rng, {"exif": b"Exif\0\0" + exif_block(1), "icc_profile": _PROFILE, "xmp": _XMP})
    return _encoded(rng, str(rng.choice(["RGB", "RGBA"])), "WEBP", ".webp", options)


def random_avif(rng: np.random.Generator) -> Seed:
    """An AVIF file."""
    options = {"quality": int(rng.integers(10, 100)), "speed": 10, "max_threads": 1}
    options |= _metadata(rng, {"exif": b"Exif\0\0" + exif_block(1), "icc_profile": _PROFILE})
    return _encoded(rng, str(rng.choice(["RGB", "RGBA"])), "AVIF", ".avif", options)


def has_avif() -> bool:
    """Whether this Pillow was built with AVIF."""
    return can_encode("AVIF")


def decoded_by_pillow(data: bytes) -> Pixels | None:
    """The first frame by Pillow, as numbers in [0, 1]; None for modes that this tells nothing of."""
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        has_alpha = picture.mode in ("LA", "RGBA", "PA") or "transparency" in picture.info
        grey = picture.mode in ("1", "L", "LA")
        if picture.mode not in ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"):
            return None
        samples = np.asarray(picture.convert("RGBA" if has_alpha else "RGB")) / 255.0
    colour = samples[..., 0] if grey else samples[..., :3]
    return Pixels(colour, samples[..., 3] if has_alpha else None)


def _metadata(rng, options):
    return {name: value for name, value in options.items() if rng.random() < 0.25}


def _encoded(rng, mode, name, suffix, options):
    height, width = (int(side) for side in rng.integers(1, 24, 2))
    channels = {"RGB": 3, "RGBA": 4, "CMYK": 4}.get(mode, 1)
    samples = rng.integers(0, 256, (height, width, channels)).astype(np.uint8)
    samples = samples if channels > 1 else samples[..., 0]
    picture = Image.fromarray(samples, mode) if mode == "CMYK" else Image.fromarray(samples)
    if mode == "P":
        picture = picture.quantize(int(rng.integers(2, 200)))
    elif mode == "1":
        picture = picture.convert("1")
    stream = io.BytesIO()
    picture.save(stream, name, **options)
    said = " ".join(f"{key}" if isinstance(value, bytes) else f"{key}={value}" for key, value in options.items())
    data = stream.getvalue()
    return Seed(f"{name} {mode} {height} × {width} {said}", data, decoded_by_pillow(data), suffix)
