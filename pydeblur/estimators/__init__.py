"""Whole kernel estimators behind one protocol, ``estimate(image, kernel_size) -> KernelEstimate``."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "kernel_size_search": ["KernelSizeSearch", "TriedSize", "search_kernel_size"],
        "multistart": ["Multistart", "run_plan"],
        "plan": ["EstimationPlan", "RunPlan"],
        "presets": [
            "PRESETS",
            "EvidenceWeights",
            "Preset",
            "Proposal",
            "RankingOptions",
            "Refinement",
            "Restarts",
            "SuccessiveHalving",
            "Variant",
            "resolve",
        ],
        "evidence": ["KernelEvidence"],
        "protocol": ["Candidate", "KernelEstimate", "KernelEstimator"],
        "ranking": ["KernelRanker", "KernelScore"],
        "registry": ["METHODS", "WHOLE_ESTIMATORS", "load_estimator"],
    },
)
