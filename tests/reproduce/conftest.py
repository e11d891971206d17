"""A data folder in the manner of every benchmark, with pictures made here, for runs of the whole command in seconds."""

import numpy as np
import pytest
from scipy.io import savemat
from scipy.signal import convolve2d

from pydeblur.files import write_image, write_kernel

#: A bent stroke, 5 x 5.
KERNEL = np.zeros((5, 5))
KERNEL[[0, 1, 2, 3, 4], [1, 1, 2, 3, 3]] = 0.2


def blurred(sharp):
    """Of (H, W): 4 pixels less on each axis."""
    return convolve2d(sharp, KERNEL, "valid")


def in_colour(image):
    """Three slightly different channels."""
    return np.stack([image, image**1.2, image**0.9], axis=-1)


@pytest.fixture(scope="session")
def data_folder(sharp_image, tmp_path_factory):
    """Levin 2 × 2 cases and 6 without blur, text 2 × 2, Köhler 2, Sun 1 × 8, two real photos; one kernel."""
    folder = tmp_path_factory.mktemp("data")
    for name in ("levin", "text/blurred", "text/gt", "text/kernels", "kohler/gt", "sun/clear", "real"):
        (folder / name).mkdir(parents=True)
    crops = [sharp_image[20:84, 20:88], sharp_image[30:94, 40:108]]
    for number, sharp in enumerate(crops, 1):
        inner = sharp[2:-2, 2:-2]
        write_image(folder / f"text/gt/im{number:02d}.png", in_colour(inner))
        for shake in (1, 2):
            variables = {"x": inner, "y": blurred(sharp), "f": KERNEL[::-1, ::-1]}
            savemat(folder / f"levin/im{number:02d}_ker{shake:02d}.mat", variables)
            write_image(folder / f"text/blurred/im{number:02d}_ker{shake:02d}_blur.png", in_colour(blurred(sharp)))
            write_kernel(folder / f"text/kernels/ker{shake:02d}_truth.png", KERNEL)
        write_image(folder / f"kohler/Blurry{number}_1.png", in_colour(blurred(sharp_image[:110, :110])))
        write_image(folder / f"kohler/gt/GroundTruth{number}.jpg", in_colour(sharp_image[2:108, 2:108]))
    write_image(folder / "sun/clear/img01.png", np.pad(crops[0], 50, mode="reflect"))
    for shake in range(3, 9):  # Sun et al.'s kernels are Levin et al.'s
        savemat(folder / f"levin/im01_ker{shake:02d}.mat", {"x": crops[0], "y": crops[0], "f": KERNEL})
    write_image(folder / "real/natural_a.png", in_colour(blurred(crops[0])))
    write_image(folder / "real/lowlight_b.png", in_colour(blurred(crops[1])))
    rows = ["file\tkernel_size\tgamma\tsaturated", "natural_a.png\t7\t1.0\t0", "lowlight_b.png\t7\t1.0\t1"]
    (folder / "real/settings.tsv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture
def stored(tmp_path):
    """A folder with the kernel of all cases, but for im02_ker02."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    for name in ("im01_ker01", "im01_ker02", "im02_ker01"):
        write_kernel(folder / f"{name}.npy", KERNEL)
    return folder
