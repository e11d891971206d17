"""Final deconvolution with a known kernel: ringing removal, TV, L0, hyper-Laplacian, EPLL, saturation."""

from pydeblur.nonblind.checked_input import check_deconvolution_input
from pydeblur.nonblind.methods import METHODS, deconvolve
from pydeblur.nonblind.ringing import weights_for_noise

__all__ = ["METHODS", "check_deconvolution_input", "deconvolve", "weights_for_noise"]
