"""What all estimators of the literature have in common: a kernel, records, stops and errors."""

import numpy as np
import pytest

from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.estimators import KernelEstimator
from pydeblur.estimators.cho_lee import ChoLee
from pydeblur.estimators.marginal import Marginal
from pydeblur.estimators.normalized_sparsity import NormalizedSparsity
from pydeblur.estimators.xu_jia import XuJia
from pydeblur.metrics import kernel_similarity
from pydeblur.synthesis import blur, random_kernel

CLASSES = {each.name: each for each in (ChoLee, XuJia, NormalizedSparsity, Marginal)}
#: How few rounds make the quick tests.
ROUNDS = {"cho_lee": "passes", "xu_jia": "passes", "normalized_sparsity": "alternations", "marginal": "steps"}


def quick(name):
    return CLASSES[name](**{ROUNDS[name]: 2})


@pytest.fixture(params=CLASSES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def photograph(sharp_image):
    """A photograph under a known kernel, with a little noise: (kernel, blurred)."""
    rng = np.random.default_rng(0)
    kernel = random_kernel(9, 4)
    return kernel, blur(sharp_image, kernel, 0.001, rng).astype(np.float64)


def test_the_kernel_of_a_photograph_is_found(name, photograph):
    true_kernel, blurred = photograph
    found = CLASSES[name]().estimate(blurred, 11)
    assert kernel_similarity(found.kernel, true_kernel) > 0.8
    # No kernel at all would be less alike.
    nothing = np.zeros((3, 3))
    nothing[1, 1] = 1
    assert kernel_similarity(nothing, true_kernel) < 0.7


def test_the_result_is_what_the_protocol_says(name, blurred):
    estimator = quick(name)
    assert isinstance(estimator, KernelEstimator)
    found = estimator.estimate(blurred, 9)
    assert found.kernel.shape == (9, 9)
    assert found.kernel.min() >= 0
    assert found.kernel.sum() == pytest.approx(1)
    assert found.latent.shape == blurred.shape
    assert np.isfinite(found.latent).all()
    assert found.prior["name"] == name and found.prior[ROUNDS[name]] == 2
    assert found.options.kernel_size == 9
    assert not found.stopped


def test_the_image_is_left_alone_and_the_result_is_the_same_again(name, blurred):
    before = blurred.copy()
    one, two = (quick(name).estimate(blurred, 5).kernel for _ in range(2))
    assert np.array_equal(blurred, before)
    assert np.array_equal(one, two)


def test_the_callback_sees_every_record(name, blurred):
    states = []
    found = quick(name).estimate(blurred, 9, callback=states.append)
    assert [state.record for state in states] == list(found.history)
    assert [record.scale for record in found.history] == sorted((r.scale for r in found.history), reverse=True)
    for state in states:
        record = state.record
        assert state.kernel.shape == (record.kernel_size, record.kernel_size)
        assert state.latent.shape == (record.height, record.width)
        assert record.data_term > 0
        assert record.seconds > 0
    assert (found.history[-1].height, found.history[-1].width) == blurred.shape


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_callback_may_stop_it(name, blurred, after):
    seen = []

    def callback(state):
        seen.append(state)
        if len(seen) == after:
            raise StopIteration

    found = quick(name).estimate(blurred, 9, callback=callback)
    assert found.stopped
    assert len(found.history) == len(seen) == after
    assert found.kernel.shape == (9, 9)
    assert found.kernel.sum() == pytest.approx(1)
    assert found.kernel.min() >= 0


def test_another_error_of_the_callback_goes_through(name, blurred):
    def callback(state):
        raise ValueError("enough")

    with pytest.raises(ValueError, match="^enough$"):
        quick(name).estimate(blurred, 5, callback=callback)


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, bool])
def test_other_types_are_taken(name, dtype):
    rng = np.random.default_rng(0)
    image = (np.kron(rng.integers(0, 2, (8, 8)), np.ones((6, 6)))).astype(dtype)
    as_double = quick(name).estimate(image.astype(np.float64), 5).kernel
    assert np.array_equal(quick(name).estimate(image, 5).kernel, as_double)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((40, 40)), "constant"),
        (np.full((40, 40), np.nan), "finite"),
        (np.eye(40)[..., None], "real array"),
        (np.eye(40) * 1j, "real array"),
        (np.eye(9), "larger than the kernel"),
        (np.random.default_rng(0).random((9, 60)), "larger than the kernel"),
    ],
)
def test_an_image_that_will_not_do(name, image, words):
    with pytest.raises(InvalidInputError, match=words):
        quick(name).estimate(image, 9)


def test_an_image_that_is_too_small_at_a_coarser_scale(name):
    image = np.random.default_rng(0).random((10, 60))
    if name == "normalized_sparsity":  # its coarser scales are as much larger than their kernels as the finest
        assert quick(name).estimate(image, 9).kernel.shape == (9, 9)
    else:
        with pytest.raises(InvalidInputError, match="too small for a kernel"):
            quick(name).estimate(image, 9)


@pytest.mark.parametrize("size", [4, 1, -3, 5.0, "5"])
def test_a_kernel_size_that_will_not_do(name, size):
    with pytest.raises(InvalidOptionError, match="^kernel_size should be an odd whole number"):
        quick(name).estimate(np.eye(40), size)


@pytest.mark.parametrize("value", [0, -1, 1.5, "many"])
def test_an_option_that_will_not_do(name, value):
    with pytest.raises(InvalidOptionError, match=f"^{ROUNDS[name]} should be"):
        CLASSES[name](**{ROUNDS[name]: value})
