"""The blind solver of section 4 of the paper: pyramid → (latent image ⇄ kernel); priors are handed in."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "coarse_to_fine": [
            "BlindDeconvolution",
            "CoarseToFine",
            "blind_deconv",
            "check_blurred_image",
            "iteration_count",
        ],
        "options": ["SolverOptions"],
        "records": ["History", "IterationRecord", "IterationState"],
    },
)
