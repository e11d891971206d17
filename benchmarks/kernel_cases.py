"""Cases for studies of candidates: a blurred image, and what a kernel found for it is worth.

Each case is (name, blurred image, kernel size, error_ratio); ``error_ratio(kernel)`` is Levin et al.'s, with the final step TV.
"""

from itertools import islice

from default_elsewhere import CONDITIONS, aligned, cases
from development_set import development_cases

from pydeblur.metrics import align
from pydeblur.nonblind import deconvolve

LARGEST_SHIFT = 12


def development_rows(data, per_folder, *, every=1, **selection):
    """Every n-th of :func:`development_set.development_cases`; `per_folder` None is 12."""
    for case in development_cases(data, per_folder or 12, **selection)[::every]:

        def error(kernel, case=case):
            return align(deconvolve(case.blurred, kernel, "tv"), case.sharp, LARGEST_SHIFT).ssd

        yield case.name, case.blurred, case.kernel_size, _ratio(error, case.kernel)


def wide_rows(data, per_folder, *, noise, split, every=1, speed_variation=0.0):
    """The same of default_elsewhere.py's cases with wide kernels; `per_folder` None is 3."""
    found = cases(data, CONDITIONS["wide"], noise, per_folder or 3, split, speed_variation)
    for case in islice(found, None, None, every):

        def error(kernel, case=case):
            return aligned(case, deconvolve(case.blurred, kernel, "tv")).ssd

        yield case.name, case.blurred, case.kernel_size, _ratio(error, case.kernel)


def _ratio(error, kernel):
    truth = error(kernel)
    return lambda found: float(error(found) / truth)
