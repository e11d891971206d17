"""MATLAB built-ins with MATLAB's exact semantics, one topic per module, in NumPy and SciPy."""

from pydeblur.matlab.colour import im2double, im2uint8, rgb2gray, rgb2lab
from pydeblur.matlab.conv2 import conv2, conv2_separable
from pydeblur.matlab.dst import dst, idst
from pydeblur.matlab.fspecial import fspecial
from pydeblur.matlab.graythresh import graythresh
from pydeblur.matlab.histc import histc
from pydeblur.matlab.imresize import imresize
from pydeblur.matlab.interp2 import interp2, interp2_grid
from pydeblur.matlab.labelling import bwlabel, connected_components
from pydeblur.matlab.padding import padarray
from pydeblur.matlab.psf_otf import otf2psf, otf2psf_half, psf2otf, psf2otf_half
from pydeblur.matlab.rounding import matlab_round

__all__ = [
    "bwlabel",
    "connected_components",
    "conv2",
    "conv2_separable",
    "dst",
    "fspecial",
    "graythresh",
    "histc",
    "idst",
    "im2double",
    "im2uint8",
    "imresize",
    "interp2",
    "interp2_grid",
    "matlab_round",
    "otf2psf",
    "otf2psf_half",
    "padarray",
    "psf2otf",
    "psf2otf_half",
    "rgb2gray",
    "rgb2lab",
]
