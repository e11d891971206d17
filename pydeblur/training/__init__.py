"""Training of the networks and of the patch mixture: one folder for each, over one shared run (:mod:`pydeblur.training.run`).

Networks need PyTorch, and their export needs onnx: both come with the extra ``[train]``. The mixture needs neither.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "classifier.options": ["ClassifierTrainingOptions"],
        "classifier.training": ["train_classifier"],
        "epll_mixture.options": ["MixtureTrainingOptions"],
        "epll_mixture.training": ["train_mixture"],
        "export": ["export_checkpoint", "export_onnx"],
        "ranking.cases": ["make_ranking_cases"],
        "ranking.options": ["RankingTrainingOptions"],
        "ranking.training": ["train_ranking"],
        "restoration.estimated_kernels": ["make_estimates"],
        "restoration.onnx_file": ["export_restoration"],
        "restoration.options": ["RestorationTrainingOptions"],
        "restoration.pairs": ["make_pairs"],
        "restoration.training": ["train_restoration"],
    },
)
