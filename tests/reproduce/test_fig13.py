"""Figure 13's energies, with the weights of the moment and with the first ones."""

import pytest

from pydeblur.priors import load_prior
from pydeblur.reproduce.fig13 import energy_with_weights
from pydeblur.solver import SolverOptions, blind_deconv


@pytest.mark.parametrize("prior", ["gradient", "intensity"])
def test_terms_are_weighed_as_in_the_first_iteration(sharp_image, prior):
    options = SolverOptions(9, iterations=2, finest_iterations=5)
    history = blind_deconv(sharp_image[20:80, 20:80], options, load_prior(prior)).history
    first, last = history[0], history[-1]
    assert (first.lambda_grad, last.lambda_grad) == (4e-3, pytest.approx(4e-3 / 1.1**6))
    assert energy_with_weights(first, options) == pytest.approx(first.energy)
    # Where μ and λ have fallen by the same factor, both terms are that much larger with the first weights.
    reweighted = last.data_term + last.kernel_term + 1.1**6 * (last.gradient_term + last.prior_term)
    assert energy_with_weights(last, options) == pytest.approx(reweighted)
    assert reweighted > last.energy and (last.prior_term > 0) == (prior == "intensity")


def test_terms_without_a_weight_stay_out(sharp_image):
    options = SolverOptions(9, iterations=1, lambda_grad=0.0)
    record = blind_deconv(sharp_image[20:80, 20:80], options).history[-1]
    assert energy_with_weights(record, options) == record.data_term + record.kernel_term == record.energy
