"""The null prior: the splitting alone."""

import numpy as np
import pytest

import pydeblur
from pydeblur.errors import InvalidOptionError
from pydeblur.priors import load_prior
from pydeblur.priors.protocol import ProximalPrior
from pydeblur.synthesis import blur


@pytest.fixture(scope="module")
def blurred():
    scene = np.kron(np.random.default_rng(3).random((9, 9)), np.ones((8, 8)))
    return np.asarray(blur(scene, np.eye(7) / 7, noise=0.0), float)


class ZeroGradient:
    """A prior that wants nothing, as the solver's gradient descent sees it."""

    name = "zero gradient"

    def value_and_grad(self, image):
        return 0.0, np.zeros_like(image)


def test_the_minimiser_is_the_image_itself_in_memory_of_its_own():
    prior = load_prior("null")
    assert isinstance(prior, ProximalPrior)
    image = np.random.default_rng(0).random((4, 5)).astype(np.float32)
    found = prior.prox(image, 0.3)
    assert found.dtype == np.float32 and np.array_equal(found, image) and not np.shares_memory(found, image)
    assert prior.value(image) == 0.0


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_it_is_gradient_descent_along_a_zero_gradient(blurred, dtype):
    by_name = pydeblur.estimate_kernel(blurred, 9, prior="null", dtype=dtype, iterations=2)
    by_descent = pydeblur.estimate_kernel(blurred, 9, prior=ZeroGradient(), dtype=dtype, iterations=2)
    assert np.array_equal(by_name.kernel, by_descent.kernel)
    assert by_name.prior["name"] == "null" and all(record.prior_term == 0 for record in by_name.history)


def test_the_splitting_alone_is_another_method_than_none(blurred):
    null, plain = (pydeblur.estimate_kernel(blurred, 9, prior=name, iterations=2) for name in ("null", "gradient"))
    assert np.abs(null.kernel - plain.kernel).max() > 1e-4
    assert np.array_equal(null.kernel, pydeblur.estimate_kernel(blurred, 9, method="null", iterations=2).kernel)


def test_it_has_no_options():
    with pytest.raises(InvalidOptionError, match="the null prior has no option patch"):
        load_prior("null", patch=3)
