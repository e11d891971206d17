"""Non-uniform deblurring, section 5 of the paper: camera poses, their blur, and the solver on top of the uniform one."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "blur_file": ["read_blur", "write_blur"],
        "choose": ["ModelChoice", "choose_model"],
        "coarse_to_fine": ["NonuniformDeconvolution", "blind_deconv_nonuniform"],
        "dot_test": ["dot_test"],
        "drawing": ["draw_kernels", "draw_poses"],
        "estimate": ["NonuniformEstimate"],
        "filter_flow": ["FilterFlow", "LocalKernels"],
        "final_step": ["deconvolve_nonuniform"],
        "local_blur": ["KernelGridBlur", "LocalBlur", "PoseBlur"],
        "operators": ["PoseOperator"],
        "options": ["NonuniformOptions"],
        "patches": ["PatchGrid"],
        "poses": ["CameraPoses", "default_focal_length", "focal_length_from_35mm"],
        "pose_grid": ["PoseGrid"],
        "region": ["blur_of_whole_picture"],
        "shake": ["ShakenCase", "shaken_case"],
        "single_kernel": ["grid_of_kernel", "poses_of_kernel"],
    },
)
