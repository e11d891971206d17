"""Write the images that the golden outputs start from: tests/golden/inputs/images.mat.

The images are scikit-image's packaged ones, cropped and (where the name says ``half``) reduced by 2x2 means, as uint8.
Run by hand, once; the result is committed, so that ``make golden`` needs Octave alone.

    python tests/octave/make_inputs.py
"""

from pathlib import Path

import numpy as np
import scipy.io
from skimage import data

TARGET = Path(__file__).resolve().parent.parent / "golden" / "inputs" / "images.mat"


def half(image):
    """Reduce an image by means over 2x2 blocks, rounded half up."""
    blocks = image.astype(np.float64).reshape(image.shape[0] // 2, 2, image.shape[1] // 2, 2, *image.shape[2:])
    return np.floor(blocks.mean(axis=(1, 3)) + 0.5).astype(np.uint8)


def main():
    images = {
        "camera_half": half(data.camera())[10:200, 60:250],
        "coins_half": half(data.coins()[:302])[0:150, 0:190],
        "page": data.page()[0:190, 170:360],
        "astronaut_half": half(data.astronaut())[20:90, 70:150],
    }
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(TARGET, images, do_compression=True)
    with open(TARGET, "r+b") as file:  # the header's text holds the date, which would make every file a new one
        file.write(b"MATLAB 5.0 MAT-file, written by tests/octave/make_inputs.py".ljust(116))


if __name__ == "__main__":
    main()
