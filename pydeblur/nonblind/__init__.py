"""Final deconvolution with a known kernel: ringing removal, total variation, plain L0, saturation."""

from pydeblur.nonblind.methods import METHODS, check_deconvolution_input, deconvolve

__all__ = ["METHODS", "check_deconvolution_input", "deconvolve"]
