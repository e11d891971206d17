"""The benchmarks' own measures of images and kernels (docs/algorithm, section 10)."""

from pydeblur.metrics.alignment import Alignment, align
from pydeblur.metrics.kernels import kernel_similarity
from pydeblur.metrics.levin import comp_upto_shift, error_ratio, success_rate
from pydeblur.metrics.quality import aligned_psnr, psnr, ssim

__all__ = [
    "Alignment",
    "align",
    "aligned_psnr",
    "comp_upto_shift",
    "error_ratio",
    "kernel_similarity",
    "psnr",
    "ssim",
    "success_rate",
]
