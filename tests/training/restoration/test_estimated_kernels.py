"""Kernels are estimated once, and kept with the picture that they were found from."""

import numpy as np
import pytest

from pydeblur.errors import KernelCollapseError
from pydeblur.synthesis.blur import convolve_valid
from pydeblur.training.restoration import estimated_kernels
from pydeblur.training.restoration.estimated_kernels import ROOM, EstimatedKernel, make_estimates


class Found:
    """What an estimator returns."""

    def __init__(self, kernel):
        self.kernel = kernel


@pytest.fixture
def asked(monkeypatch):
    """Small pictures, and what the estimator was asked in place of its answer."""
    calls = []

    def record(blurred, kernel_size, **options):
        calls.append((blurred, kernel_size, options))
        if len(calls) == 3:
            raise KernelCollapseError("every run collapsed")
        return Found(np.eye(kernel_size) / kernel_size)

    monkeypatch.setattr(estimated_kernels, "estimate_kernel", record)
    monkeypatch.setattr(estimated_kernels, "SIDE", 64)
    monkeypatch.setattr(estimated_kernels, "_LEAST_SIMILARITY", -1.0)
    return calls


def test_every_third_is_a_single_run_and_all_others_the_default_s(asked, photographs, tmp_path):
    tried = []
    paths = make_estimates(photographs, tmp_path, 4, progress=tried.append)
    assert [options for *_, options in asked] == [{"prior": "gradient"}, {}, {}, {"prior": "gradient"}]
    # The third collapsed: it is not tried again, and is none of the usable ones.
    assert len(tried) == 4 and paths == [tried[0], tried[1], tried[3]]
    assert make_estimates(photographs, tmp_path, 4) == paths and len(asked) == 4
    for path, (blurred, size, _) in zip(paths, (asked[0], asked[1], asked[3])):
        estimate = EstimatedKernel.load(path)
        np.testing.assert_array_equal(estimate.blurred, blurred)
        assert estimate.estimated.shape == (size, size) and size >= len(estimate.true)
        assert estimate.blurred.shape == (64, 64) and estimate.sharp.shape == (64 + 2 * ROOM,) * 2


def test_what_has_nothing_to_do_with_the_true_kernel_is_left_out(asked, photographs, tmp_path, monkeypatch):
    monkeypatch.setattr(estimated_kernels, "_LEAST_SIMILARITY", 1.1)
    assert make_estimates(photographs, tmp_path, 2) == [] and len(asked) == 2


def test_the_sharp_picture_is_the_one_that_was_blurred(asked, photographs, tmp_path):
    errors = []
    for path in make_estimates(photographs, tmp_path, 8):
        estimate = EstimatedKernel.load(path)
        rows, columns = (side // 2 for side in estimate.true.shape)
        inner = estimate.sharp[ROOM - rows : 64 + ROOM + rows, ROOM - columns : 64 + ROOM + columns]
        if min(inner.shape) == 64 + 2 * min(rows, columns):
            errors.append(np.abs(convolve_valid(inner, estimate.true) - estimate.blurred).mean())
    # Noise is at most 3 %; some pictures have changes of the blur or clipped lights beside it.
    assert len(errors) >= 3 and np.median(errors) < 0.03
