"""Reading and writing images and blur kernels; every write is atomic, every failure is one clear sentence."""

from pydeblur.files.atomic_write import check_writable, write_bytes
from pydeblur.files.image_files import (
    IMAGE_SUFFIXES,
    ImageFile,
    LossyFormatWarning,
    check_image_output,
    read_image,
    write_image,
)
from pydeblur.files.kernel_files import check_kernel_output, read_kernel, viewable, write_kernel

__all__ = [
    "IMAGE_SUFFIXES",
    "ImageFile",
    "LossyFormatWarning",
    "check_image_output",
    "check_kernel_output",
    "check_writable",
    "read_image",
    "read_kernel",
    "viewable",
    "write_bytes",
    "write_image",
    "write_kernel",
]
