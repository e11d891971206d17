"""The priors and estimators of the literature on Levin's data, against what their own programs' kernels give."""

import numpy as np
import pytest

import pydeblur
from pydeblur import datasets
from pydeblur.backend.fft import fft_fixed
from pydeblur.estimators.cho_lee import ChoLee
from pydeblur.estimators.marginal import Marginal
from pydeblur.estimators.normalized_sparsity import NormalizedSparsity
from pydeblur.estimators.xu_jia import XuJia
from pydeblur.matlab_api import ringing_artifacts_removal
from pydeblur.metrics import comp_upto_shift

pytestmark = pytest.mark.needs_data

#: Of the true kernel.
TRUE_SSD = 25.33


@pytest.fixture(scope="module")
def case(research_data):
    (case,) = datasets.load("levin", research_data, ["im01_ker01"])
    return case


def aligned_ssd(case, kernel):
    restored = ringing_artifacts_removal(case.blurred, kernel, 1e-3, 2e-4, 1)
    return comp_upto_shift(restored, case.sharp)[0]


def pmp(blurred):
    options = {
        "kernel_size": 25,
        "prior": pydeblur.load_prior("pmp", patch=5),
        "xk_iter": 6,
        "gamma_correct": 0.8,
        "lambda_prior_min": 1e-2,
    }
    return pydeblur.blind_deconv(blurred, 0.1, 5e-3, options)[0]


def by_prior(name):
    return lambda blurred: pydeblur.blind_deconv(blurred, 4e-3, 4e-3, {"kernel_size": 25, "prior": name})[0]


def by_estimator(estimator):
    return lambda blurred: estimator.estimate(blurred, 25).kernel


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        pytest.param(by_prior("intensity"), 46.07, id="intensity"),
        pytest.param(by_prior("dark_channel"), 32.33, id="dark_channel"),
        pytest.param(by_prior("extreme_channels"), 34.88, id="extreme_channels"),
        pytest.param(pmp, 28.22, id="pmp"),
        pytest.param(by_estimator(NormalizedSparsity()), 87.49, id="normalized_sparsity"),
        pytest.param(by_estimator(Marginal()), 40.20, id="marginal"),
    ],
)
def test_the_error_is_that_of_the_methods_own_program(case, method, expected):
    with fft_fixed("scipy"):
        kernel = method(case.blurred)
    assert aligned_ssd(case, kernel) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("estimator", [ChoLee(), XuJia()], ids=lambda each: each.name)
def test_the_error_of_a_method_without_a_program_is_small(case, estimator):
    """The kernels that the authors of [4] have stored give 2.99 times the true kernel's error on the mean of seven cases."""
    with fft_fixed("scipy"):
        kernel = estimator.estimate(case.blurred, 25).kernel
    assert aligned_ssd(case, kernel) < 2.99 * TRUE_SSD


def test_the_true_kernel_sets_the_mark(case):
    assert aligned_ssd(case, np.asarray(case.kernel)) == pytest.approx(TRUE_SSD, rel=1e-3)
