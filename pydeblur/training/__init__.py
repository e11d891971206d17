"""Blur synthesis and training of the blurred-or-clear classifier (section 3 of the paper).

:mod:`.kernels`, :mod:`.synthesis` and :mod:`.images` need NumPy and SciPy only; :mod:`.network`, :mod:`.loop`
and :mod:`.evaluation` need PyTorch (``pip install pydeblur[train]``) and are imported only when asked for.
"""

from pydeblur.training.kernels import random_dwell, random_kernel, random_kernels, random_trajectory, trajectory_to_psf
from pydeblur.training.synthesis import Synthesis, add_noise, blur, defocus_parts, posterize, sample_pair

__all__ = [
    "Synthesis",
    "add_noise",
    "blur",
    "defocus_parts",
    "posterize",
    "random_dwell",
    "random_kernel",
    "random_kernels",
    "random_trajectory",
    "sample_pair",
    "trajectory_to_psf",
]
