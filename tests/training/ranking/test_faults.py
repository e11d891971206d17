"""Faulty kernels: non-negative, of sum 1, of the same size, and wrong in the way that their names say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydeblur.estimators.evidence import radius
from pydeblur.metrics.kernels import kernel_similarity
from pydeblur.synthesis import random_kernel
from pydeblur.training.ranking.faults import fault_names, faulty_kernel

#: With room around it, so that a larger one fits.
KERNEL = np.pad(random_kernel(31, 3, 1.0), 8)


def damaged(fault, seed):
    name, kernel = faulty_kernel(KERNEL, seed, fault)
    assert name == fault
    return kernel


@given(st.sampled_from(fault_names()), st.integers(0, 2**32 - 1), st.sampled_from([3, 5, 9, 17]))
def test_every_fault_gives_a_kernel_or_nothing(fault, seed, size):
    made = faulty_kernel(random_kernel(size, seed, 1.0), seed, fault)
    if made is not None:
        name, kernel = made
        assert name == fault and kernel.shape == (size, size)
        assert kernel.min() >= 0 and kernel.sum() == pytest.approx(1)


@pytest.mark.parametrize("fault", fault_names())
def test_a_fault_is_one(fault):
    assert all(kernel_similarity(damaged(fault, seed), KERNEL) < 0.999 for seed in range(5))


def test_faults_are_what_their_names_say():
    own = radius(KERNEL)
    for seed in range(5):
        assert 0.35 * own < radius(damaged("small", seed)) < 0.95 * own
        assert radius(damaged("large", seed)) > 1.02 * own
        assert damaged("collapsed", seed).max() > KERNEL.max()
        assert damaged("sharpened", seed).max() > KERNEL.max()
        assert damaged("smoothed", seed).max() < KERNEL.max()
        lost = damaged("faint lost", seed) == 0
        assert (lost & (KERNEL > 0)).any() and KERNEL[~lost].min() > KERNEL[lost].max()
        assert 0.05 < KERNEL[damaged("half lost", seed) == 0].sum() < 0.95
        np.testing.assert_allclose(np.sort(damaged("mirrored", seed).ravel()), np.sort(KERNEL.ravel()), atol=1e-12)
        assert radius(damaged("turned", seed)) == pytest.approx(own, rel=0.05)
        assert radius(damaged("straightened", seed)) == pytest.approx(own, rel=0.15)
        spur = damaged("spur", seed)
        assert ((spur > 0) & (KERNEL == 0)).any() and np.all(spur[KERNEL > 0] > 0.5 * KERNEL[KERNEL > 0])


def test_faults_are_drawn_and_the_seed_decides():
    drawn = [faulty_kernel(KERNEL, seed) for seed in range(60)]
    assert {each[0] for each in drawn} == set(fault_names())
    again = faulty_kernel(KERNEL, 7)
    assert again[0] == drawn[7][0] and np.array_equal(again[1], drawn[7][1])
