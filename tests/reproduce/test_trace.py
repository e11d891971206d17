"""The iterations one by one are the solver's own."""

import numpy as np
import pytest

from pydeblur.priors import load_prior
from pydeblur.reproduce.fig13 import energy_with_weights
from pydeblur.reproduce.trace import trace
from pydeblur.solver import SolverOptions, blind_deconv
from pydeblur.solver.pyramid import finish_kernel, finish_scale_kernel

#: prefilter and noise_reference stand for all that is done to the image and to the options first.
OPTIONS = {"iterations": 3, "prefilter": 0.5, "noise_reference": 0.01, "finest_prior_scale": 1, "finest_iterations": 4}


@pytest.mark.parametrize("prior", ["gradient", "intensity"])
def test_trace_makes_the_solver_s_records_and_kernel(sharp_image, prior):
    image = np.clip(sharp_image[20:90, 20:96] + 0.01 * np.random.default_rng(0).standard_normal((70, 76)), 0, 1)
    options = SolverOptions(9, **OPTIONS)
    expected = blind_deconv(image, options, load_prior(prior))
    steps = list(trace(image, options, load_prior(prior)))
    for step, record in zip(steps, expected.history, strict=True):
        ours, theirs = (np.array(entry._replace(seconds=0.0), float) for entry in (step.record, record))
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(steps[-1].latent, expected.latent)
    kernel = finish_kernel(finish_scale_kernel(steps[-1].kernel), options.kernel_threshold)
    np.testing.assert_array_equal(kernel, expected.kernel)


def test_more_iterations_at_the_finest_scale_only(sharp_image):
    options = SolverOptions(9, iterations=2, finest_iterations=5)
    steps = list(trace(sharp_image[20:80, 20:80], options))
    scales = [step.record.scale for step in steps]
    assert scales == [1, 1, 0, 0, 0, 0, 0]
    assert [step.record.iteration for step in steps][2:] == [1, 2, 3, 4, 5]
    record = steps[4].record
    first = record.data_term + record.kernel_term + record.gradient_term / record.lambda_grad * 4e-3
    assert energy_with_weights(record, options) == pytest.approx(first) and first > record.energy
