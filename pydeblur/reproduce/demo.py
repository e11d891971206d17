"""Two images that scikit-image ships, deblurred: a real motion-blurred photo, and one whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pydeblur.api import DeblurResult, deblur
from pydeblur.matlab import imresize
from pydeblur.metrics import aligned_psnr
from pydeblur.reproduce.packaged_images import packaged_image
from pydeblur.training.kernels import random_kernel
from pydeblur.training.synthesis import blur

_GAP = 8


@dataclass(frozen=True)
class DemoImage:
    """A blurred image (H, W), how to deblur it, what is known of it, and the part to show side by side."""

    name: str
    blurred: np.ndarray
    kernel_size: int
    settings: dict
    sharp: np.ndarray | None = None
    kernel: np.ndarray | None = None
    detail: tuple = np.s_[:, :]


def demo_images() -> list[DemoImage]:
    """The clock (real motion blur) and the camera man (random-trajectory kernel, 1 % noise, 8 bit).

    Raises
    ------
    InvalidInputError
        If scikit-image is not installed.
    """
    sharp = packaged_image("camera")[60:420, 60:420]
    kernel = random_kernel(19, np.random.default_rng(7))
    blurred = blur(sharp, kernel, noise=0.01, rng=8)
    # The clock is faint and hardly noisy: weak final priors keep its hands, and a higher cut cleans the kernel.
    # One run with the paper's values suits it best, where the default would expect noise.
    faint = {"prior": "gradient", "kernel_threshold": 5, "nonblind_options": {"lambda_tv": 2e-4, "lambda_l0": 1e-4}}
    clock = DemoImage("clock", packaged_image("clock"), 41, faint, detail=np.s_[80:230, 110:310])
    return [clock, DemoImage("camera", blurred, 25, {}, sharp, kernel)]


def psnr_before_and_after(image: DemoImage, result: DeblurResult) -> tuple[float, float]:
    """PSNR in dB of the blurred and of the deblurred image, each after its best shift."""
    return tuple(aligned_psnr(candidate, image.sharp) for candidate in (image.blurred, result.image))


def run_demo_image(image: DemoImage, progress: bool = False) -> DeblurResult:
    """Deblur one of them."""
    return deblur(image.blurred, image.kernel_size, progress=progress, **image.settings)


def side_by_side(images: list[DemoImage], results: list[DeblurResult]) -> np.ndarray:
    """One picture (H, W) in [0, 1]: a row per image with the blurred one, the deblurred one and the kernel.

    A detail is shown at twice its size, and its contrast is stretched.
    """
    rows = [_row(image, result) for image, result in zip(images, results)]
    width = max(row.shape[1] for row in rows)
    rows = [np.pad(row, ((0, _GAP), (0, width - row.shape[1])), constant_values=1) for row in rows]
    return np.concatenate(rows)


def _row(image: DemoImage, result: DeblurResult) -> np.ndarray:
    panels = [_panel(picture, image.detail) for picture in (image.blurred, result.image)]
    height = panels[0].shape[0]
    enlarged = np.kron(result.kernel / result.kernel.max(), np.ones((4, 4)))
    kernel = np.pad(enlarged, ((0, height - enlarged.shape[0]), (0, 0)), constant_values=1)
    gap = np.ones((height, _GAP))
    return np.concatenate([panels[0], gap, panels[1], gap, kernel], axis=1)


def _panel(picture: np.ndarray, detail) -> np.ndarray:
    part = picture[detail]
    if part.shape == picture.shape:
        return np.clip(picture, 0, 1)
    low, high = np.percentile(part, (0.5, 99.5))
    return np.clip((imresize(part, 2) - low) / (high - low), 0, 1)
