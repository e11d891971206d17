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


ROWS = {"dev": development_rows, "wide": wide_rows}
#: What tells one set of cases from another, as a row of finished ones has it.
_CHOICE = ("set", "noise", "split", "speed_variation")


def chosen_cases(arguments):
    """Which cases a study's arguments ask for: the row's `_CHOICE`, without a variation of 0."""
    which = {name: getattr(arguments, name) for name in _CHOICE}
    return which if which["speed_variation"] else {name: which[name] for name in _CHOICE[:-1]}


def is_among(row, which):
    """Whether a row is of just these cases."""
    return {name: row[name] for name in _CHOICE if name in row} == which


def rows_of(which, data, per_folder, every=1):
    """The cases of :func:`chosen_cases`."""
    selection = {name: value for name, value in which.items() if name != "set"}
    return ROWS[which["set"]](data, per_folder, **selection, every=every)


def _ratio(error, kernel):
    truth = error(kernel)
    return lambda found: float(error(found) / truth)
