"""Synthetic blur for tests, benchmarks and training: random camera trajectories, kernels, blur and noise.

The package needs no PyTorch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "blur": ["add_noise", "blur", "salt_and_pepper", "valid_part"],
        "cases": ["BlurredCase", "blurred_case"],
        "kernels": [
            "random_dwell",
            "random_kernel",
            "random_kernels",
            "random_size",
            "random_trajectory",
            "trajectory_to_psf",
        ],
        "resize": ["resize"],
        "scenes": ["defocus_parts", "posterize"],
    },
)
