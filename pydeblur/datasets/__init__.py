"""The benchmarks' images and kernels, by case: `load("levin")`, `load("text", cases="im01_ker01,im02_ker05")`."""

from pydeblur.datasets.case import Case
from pydeblur.datasets.folder import DATA_VARIABLE, dataset_folder
from pydeblur.datasets.registry import NAMES, load

__all__ = ["DATA_VARIABLE", "NAMES", "Case", "dataset_folder", "load"]
