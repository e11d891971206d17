"""Expectation maximisation climbs, finds a mixture that is known, and is what the textbook's loop gives."""

import numpy as np
import pytest

from pydeblur.errors import InvalidInputError
from pydeblur.nonblind.mixture import frequency_basis
from pydeblur.training.epll_mixture.expectation_maximisation import (
    ROUNDING_VARIANCE,
    IncrementalEM,
    mean_log_likelihood,
    starting_mixture,
)

BASIS = frequency_basis(3)
WEIGHTS = np.array([0.6, 0.4])


def known_covariances():
    """Two textures on 3x3 patches, of 8-bit contrast: rows against columns."""
    rng = np.random.default_rng(7)
    roots = 0.01 * rng.standard_normal((2, 8, 8)) * np.array([[[3.0], [1.0]], [[1.0], [3.0]]]).repeat(4, axis=1)
    return roots @ roots.transpose(0, 2, 1) + 1e-4 * np.eye(8)


@pytest.fixture(scope="module")
def patches():
    """(20000, 9) uint8 of the known mixture."""
    rng = np.random.default_rng(8)
    roots = np.linalg.cholesky(known_covariances())
    labels = (rng.random(20_000) < WEIGHTS[1]).astype(int)
    frequencies = np.einsum("nij,nj->ni", roots[labels], rng.standard_normal((20_000, 8)))
    return np.rint(255 * np.clip(0.5 + frequencies @ BASIS, 0, 1)).astype(np.uint8)


def test_em_finds_a_known_mixture(patches):
    state = IncrementalEM(patches, *starting_mixture(patches[:5000], 2, 0), blocks=4)
    for _ in range(15):
        state.run_pass()
    order = np.argsort(-state.weights)
    assert np.allclose(state.weights[order], WEIGHTS, atol=0.02)
    for found, true in zip(state.covariances[order], known_covariances()):
        assert np.linalg.norm(found - true) < 0.06 * np.linalg.norm(true)


@pytest.mark.parametrize("blocks", [1, 5])
def test_each_pass_raises_the_likelihood(patches, blocks):
    state = IncrementalEM(patches, *starting_mixture(patches[:5000], 3, 0), blocks)
    values = [mean_log_likelihood(state.mixture(), patches)]
    for _ in range(5):
        state.run_pass()
        values.append(mean_log_likelihood(state.mixture(), patches))
    assert np.all(np.diff(values) > -1e-5) and values[-1] > values[0] + 0.05


def test_one_pass_is_the_textbook_s(patches):
    patches = patches[:6000]
    weights, covariances = starting_mixture(patches, 3, 0)
    state = IncrementalEM(patches, weights, covariances, blocks=1)
    likelihood = state.run_pass()
    frequencies = BASIS @ (patches.T / 255)
    joint = np.stack(
        [
            weight
            * np.exp(-0.5 * np.sum(frequencies * np.linalg.solve(own, frequencies), axis=0))
            / np.sqrt(np.linalg.det(2 * np.pi * own))
            for weight, own in zip(weights, covariances)
        ]
    )
    responsibilities = joint / joint.sum(axis=0)
    mass = responsibilities.sum(axis=1)
    expected = np.einsum("kn,in,jn->kij", responsibilities, frequencies, frequencies) / mass[:, None, None]
    assert likelihood == pytest.approx(np.log(joint.sum(axis=0)).mean(), abs=1e-4)
    assert np.allclose(state.weights, mass / mass.sum(), rtol=0, atol=1e-5)
    assert np.allclose(state.covariances, expected + ROUNDING_VARIANCE * np.eye(8), rtol=1e-4, atol=1e-7)


def test_a_start_needs_as_many_patches_as_components(patches):
    with pytest.raises(InvalidInputError, match="patches should be at least as many as components"):
        starting_mixture(patches[:2], 3, 0)


def test_a_component_that_hardly_any_patch_belongs_to_keeps_its_covariance(patches):
    weights, covariances = starting_mixture(patches[:5000], 2, 0)
    far = 100 * np.eye(8)
    state = IncrementalEM(patches[:2000], [*(0.999 * weights), 0.001], [*covariances, far], blocks=1)
    state.run_pass()
    assert np.array_equal(state.covariances[2], far) and state.weights[2] < 1e-3
    assert not np.array_equal(state.covariances[0], covariances[0])
