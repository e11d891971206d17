"""The patch mixture against plain formulas in double precision, its file, and what it refuses."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

import pydeblur
from pydeblur.errors import FileFormatError, InvalidInputError
from pydeblur.nonblind.mixture import JointDensity, PatchMixture, frequency_basis, load_mixture


def random_mixture(side=3, components=4, seed=0):
    """Covariances of very different size and orientation, constant patches in their null space."""
    rng = np.random.default_rng(seed)
    roots = rng.standard_normal((components, side**2 - 1, side**2 - 1)) * 10.0 ** rng.uniform(-3, 0, (components, 1, 1))
    weights = rng.dirichlet(np.full(components, 3.0))
    return PatchMixture.from_frequencies(weights, roots @ roots.transpose(0, 2, 1) + 1e-6 * np.eye(side**2 - 1))


def joint_by_definition(mixture, patches, noise_variance):
    basis = frequency_basis(mixture.side)
    covariances = basis @ mixture.covariances @ basis.T + noise_variance * np.eye(len(basis))
    return np.stack(
        [
            log_weight + multivariate_normal.logpdf((basis @ patches).T, cov=covariance, allow_singular=False)
            for log_weight, covariance in zip(mixture.log_weights, covariances)
        ]
    )


def patches_of(mixture, count, noise_variance, seed=1):
    """As many patches of each component, with noise."""
    rng = np.random.default_rng(seed)
    variances, directions = np.linalg.eigh(mixture.covariances)
    roots = directions * np.sqrt(np.maximum(variances, 0))[:, None]
    clean = np.concatenate([root @ rng.standard_normal((len(root), count)) for root in roots], axis=1)
    return clean + np.sqrt(noise_variance) * rng.standard_normal(clean.shape)


def test_frequencies_are_orthonormal_and_blind_to_the_mean():
    basis = frequency_basis(8)
    assert np.allclose(basis @ basis.T, np.eye(63)) and np.allclose(basis.sum(axis=1), 0)


@pytest.mark.parametrize("noise_variance", [0.0, 1e-4, 0.05])
def test_joint_density_and_likelihood_of_a_small_mixture(noise_variance):
    mixture = random_mixture()
    patches = patches_of(mixture, 50, noise_variance)
    expected = joint_by_definition(mixture, patches, noise_variance)
    best = expected.argmax(axis=0)
    joint = JointDensity(mixture, noise_variance)(patches)
    assert np.array_equal(joint.argmax(axis=0), best)
    assert np.allclose(joint.max(axis=0), expected.max(axis=0), rtol=0, atol=1e-3)
    likelihood = np.log(np.exp(expected - expected.max(axis=0)).sum(axis=0)) + expected.max(axis=0)
    assert np.allclose(mixture.log_likelihood(patches, noise_variance), likelihood, rtol=0, atol=1e-3)
    assert np.allclose(mixture.log_likelihood(patches + 0.3, noise_variance), likelihood, rtol=0, atol=1e-2)


@pytest.mark.parametrize("noise_variance", [0.0, 3e-6, 1e-4, 1e-2])
def test_shipped_mixture_assigns_in_single_as_in_double_precision(noise_variance):
    mixture = load_mixture()
    patches = patches_of(mixture, 4, max(noise_variance, 1e-7))
    expected = joint_by_definition(mixture, patches, noise_variance)
    labels = JointDensity(mixture, noise_variance)(patches).argmax(axis=0)
    found = expected[labels, np.arange(labels.size)]
    assert np.mean(labels == expected.argmax(axis=0)) > 0.995
    assert np.max(expected.max(axis=0) - found) < 1e-2  # where they differ, the two are as good as equal


def test_wiener_filter_is_the_formula_s():
    mixture, noise_variance = random_mixture(), 0.02
    filters = mixture.wiener_filters(noise_variance)
    for covariance, found in zip(mixture.covariances, filters):
        expected = covariance @ np.linalg.inv(covariance + noise_variance * np.eye(len(covariance)))
        assert np.allclose(found, expected, rtol=0, atol=1e-10)
    assert np.allclose(filters.sum(axis=2), 0, atol=1e-10)  # nothing of a constant patch passes


def test_shipped_mixture_is_that_of_the_paper_s_size():
    mixture = load_mixture()
    assert mixture.covariances.shape == (200, 64, 64) and mixture.side == 8
    assert np.exp(mixture.log_weights).sum() == pytest.approx(1, abs=1e-5)
    assert np.abs(mixture.covariances.sum(axis=2)).max() < 1e-5


def test_natural_patches_are_likelier_than_shuffled_ones(sharp_image):
    windows = np.lib.stride_tricks.sliding_window_view(sharp_image, (8, 8))[::5, ::5].reshape(-1, 64).T
    shuffled = np.random.default_rng(0).permuted(windows, axis=0)
    mixture = load_mixture()
    assert mixture.log_likelihood(windows).mean() > mixture.log_likelihood(shuffled).mean() + 50


def test_file_keeps_the_mixture_in_single_precision(tmp_path):
    mixture = random_mixture()
    mixture.save(tmp_path / "mixture.npz")
    loaded = load_mixture(tmp_path / "mixture.npz")
    assert np.allclose(loaded.covariances, mixture.covariances, rtol=1e-6, atol=0)
    assert np.allclose(loaded.log_weights, mixture.log_weights, rtol=1e-6)


def test_bad_mixtures_are_refused_in_one_sentence():
    good = random_mixture()
    constant = np.full((4, 9, 9), 0.1)
    for name, arguments in {
        "log_weights": (good.log_weights[:3], good.covariances),
        "weights of sum 1": (good.log_weights + 1, good.covariances),
        "covariances": (good.log_weights, good.covariances[:, :8, :8]),
        "finite": (good.log_weights, good.covariances * np.nan),
        "positive definite": (good.log_weights, constant),
    }.items():
        with pytest.raises(InvalidInputError, match=f"^[^\n]*{name}[^\n]*$"):
            PatchMixture(*arguments)


def test_bad_files_are_refused_in_one_sentence(tmp_path):
    (tmp_path / "text.npz").write_text("no archive")
    np.savez(tmp_path / "other.npz", log_weights=np.zeros(1))
    np.savez(tmp_path / "shape.npz", log_weights=np.zeros(1), upper_triangles=np.ones((1, 7)))
    for name in ("missing.npz", "text.npz", "other.npz", "shape.npz"):
        with pytest.raises(FileFormatError, match=f"^[^\n]*{name}[^\n]*$"):
            load_mixture(tmp_path / name)
    assert issubclass(FileFormatError, pydeblur.InvalidInputError)
