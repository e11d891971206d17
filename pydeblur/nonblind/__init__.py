"""Final deconvolution with a known kernel: ringing removal, TV, L0, hyper-Laplacian, EPLL, saturation."""

from pydeblur.nonblind.checked_input import check_deconvolution_input
from pydeblur.nonblind.methods import METHODS, deconvolve

__all__ = ["METHODS", "check_deconvolution_input", "deconvolve"]
