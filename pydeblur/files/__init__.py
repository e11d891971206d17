"""Reading and writing images, blur kernels and tables; every write is atomic, every failure is one clear sentence."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "atomic_write": ["check_writable", "make_folder", "write_bytes"],
        "image_file": ["ImageFile", "LossyFormatWarning"],
        "image_formats": ["IMAGE_SUFFIXES"],
        "image_reading": ["read_image"],
        "image_writing": ["check_image_output", "write_image"],
        "kernel_files": ["check_kernel_output", "read_kernel", "viewable", "write_kernel"],
        "tables": ["markdown_table", "write_csv"],
    },
)
