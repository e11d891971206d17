"""Draw the README's picture: a photograph blurred by a known kernel, and what the default makes of it, side by side.

    python docs/draw_before_after.py         # writes docs/figures/before_after.jpg

The photograph is scikit-image's `coffee` (Rachel Michetti, public domain). It is blurred by a random camera shake, gets 0.5 %
noise and is rounded to 8 bits, as a camera would store it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from skimage.data import coffee

import pydeblur
from pydeblur.metrics import aligned_psnr
from pydeblur.synthesis import blur, random_kernel, valid_part

PICTURE = Path(__file__).resolve().parent / "figures" / "before_after.jpg"
_SEED = 7
_GAP = 8


def main() -> None:
    """Draw the picture, and print the PSNR of both halves."""
    kernel = random_kernel(21, _SEED, speed_variation=1.0)
    photograph = coffee() / 255
    rng = np.random.default_rng(_SEED)
    channels = np.moveaxis(photograph, -1, 0)
    blurred = np.dstack([blur(channel, kernel, noise=0.005, rng=rng, boundary="valid") for channel in channels])
    sharp = np.dstack([valid_part(channel, kernel.shape) for channel in channels])
    restored = pydeblur.deblur(blurred, kernel_size=25).image
    for name, image in (("before", blurred), ("after", restored)):
        print(f"{name}: {aligned_psnr(image, sharp):.2f} dB")
    halves = [np.round(255 * image).astype(np.uint8) for image in (blurred, restored)]
    gap = np.full((len(blurred), _GAP, 3), 255, np.uint8)
    Image.fromarray(np.hstack([halves[0], gap, halves[1]])).save(PICTURE, quality=88)


if __name__ == "__main__":
    main()
