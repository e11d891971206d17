from .api import DeblurResult, deblur, estimate_kernel
from .errors import (
    BlurNotFoundWarning,
    FileFormatError,
    InvalidInputError,
    InvalidOptionError,
    KernelBeyondTrainingWarning,
    KernelCollapseError,
    KernelCollapseWarning,
    KernelSizeWarning,
)
from .estimators.protocol import Candidate, KernelEstimate
from .estimators.registry import load_estimator
from .files.image_file import ImageFile
from .files.image_reading import read_image
from .files.image_writing import write_image
from .matlab_api import (
    L0Restoration,
    adjust_psf_center,
    blind_deconv,
    comp_upto_shift,
    estimate_psf,
    opt_fft_size,
    ringing_artifacts_removal,
    threshold_pxpy_v1,
    whyte_deconv,
    wrap_boundary_liu,
)
from .nonblind.methods import deconvolve
from .preprocess.value_range import ValueRange
from .priors.registry import load_prior
from .solver.options import SolverOptions
from .solver.records import IterationState
from .system_info import system_info

__all__ = [
    "BlurNotFoundWarning",
    "Candidate",
    "DeblurResult",
    "FileFormatError",
    "ImageFile",
    "InvalidInputError",
    "InvalidOptionError",
    "IterationState",
    "KernelBeyondTrainingWarning",
    "KernelCollapseError",
    "KernelCollapseWarning",
    "KernelEstimate",
    "KernelSizeWarning",
    "L0Restoration",
    "SolverOptions",
    "ValueRange",
    "__version__",
    "adjust_psf_center",
    "blind_deconv",
    "comp_upto_shift",
    "deblur",
    "deconvolve",
    "estimate_kernel",
    "estimate_psf",
    "load_estimator",
    "load_prior",
    "opt_fft_size",
    "read_image",
    "ringing_artifacts_removal",
    "system_info",
    "threshold_pxpy_v1",
    "whyte_deconv",
    "wrap_boundary_liu",
    "write_image",
]

__version__: str
