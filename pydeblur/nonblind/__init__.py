"""Final deconvolution with a known kernel: ringing removal, total variation, plain L0, saturation."""

from pydeblur.nonblind.checked_input import check_deconvolution_input
from pydeblur.nonblind.methods import METHODS, deconvolve

__all__ = ["METHODS", "check_deconvolution_input", "deconvolve"]
