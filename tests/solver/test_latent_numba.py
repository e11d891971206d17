"""The compiled quotients of the latent image's step: NumPy's numbers to the last bit."""

import numpy as np
import pytest

from pydeblur.solver.auxiliary import ProximalStep
from pydeblur.solver.latent import LatentProblem

pytest.importorskip("numba")


class Half:
    """A prior whose auxiliary image is half of the image."""

    def prox(self, image, threshold):
        return image / 2


@pytest.mark.parametrize("shape", [(24, 30), (3, 24, 30), (25, 27)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_latent_image(without_numba, shape, dtype):
    """Also where no gradient passes the threshold, with a prior's pull, and with α = 0."""
    blurred = np.random.default_rng(3).random(shape).astype(dtype)
    kernel = np.random.default_rng(4).random((5, 3))
    kernel /= kernel.sum()

    def solved(lambda_grad, *prior):
        problem = LatentProblem(blurred, (20, 24))
        problem.set_kernel(kernel)
        return problem.solve(lambda_grad, *prior)

    half = ProximalStep(Half(), (20, 24))
    for arguments in ((4e-3,), (10.0,), (0.0,), (4e-3, 4e-3, half)):
        found = solved(*arguments)
        with without_numba():
            expected = solved(*arguments)
        assert found.image.dtype == dtype and np.array_equal(found.image, expected.image)
        assert found.gradients == expected.gradients
