"""Final deconvolution with a known kernel: ringing removal, TV, L0, hyper-Laplacian, EPLL, saturation."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={"methods": ["METHODS", "deconvolve"], "ringing": ["weights_for_noise"]},
)
