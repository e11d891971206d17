"""The MATLAB family's functions under their own names, with its argument order, defaults and shapes.

They are thin: each calls the stage of the solver that it names. Colour images are (H, W, 3), as in MATLAB. Numbers may be
MATLAB's: a whole number as 25.0, a size as one number or as [rows, columns], a scalar as a matrix 1 x 1, an array as the
view of memory that MATLAB's ``py.`` hands over. What comes back are NumPy arrays and floats.
"""

from pydeblur.matlab import im2double, rgb2gray
from pydeblur.matlab_api.blind import blind_deconv, blind_deconv_main
from pydeblur.matlab_api.final_steps import (
    L0Deblur_whole,
    L0Restoration,
    bilateral_filter,
    deblurring_adm_aniso,
    ringing_artifacts_removal,
    whyte_deconv,
)
from pydeblur.matlab_api.pictures import imread, imwrite
from pydeblur.matlab_api.stages import (
    adjust_psf_center,
    comp_upto_shift,
    downSmpImC,
    estimate_psf,
    fixsize,
    init_kernel,
    opt_fft_size,
    resizeKer,
    threshold_pxpy_v1,
    wrap_boundary_liu,
)

__all__ = [
    "L0Deblur_whole",
    "L0Restoration",
    "adjust_psf_center",
    "bilateral_filter",
    "blind_deconv",
    "blind_deconv_main",
    "comp_upto_shift",
    "deblurring_adm_aniso",
    "downSmpImC",
    "estimate_psf",
    "fixsize",
    "im2double",
    "imread",
    "imwrite",
    "init_kernel",
    "opt_fft_size",
    "resizeKer",
    "rgb2gray",
    "ringing_artifacts_removal",
    "threshold_pxpy_v1",
    "whyte_deconv",
    "wrap_boundary_liu",
]
