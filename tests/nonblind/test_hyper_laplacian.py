"""The proximal operator against brute force, its roots against each other, and what deconvolution makes of images."""

import numpy as np
import pytest
from scipy.signal import convolve2d

import pydeblur
from pydeblur.nonblind.hyper_laplacian import _root_by_newton, deconvolve_hyper_laplacian, shrink, usual_weight
from pydeblur.nonblind.tv import deconvolve_tv

BETAS = (1.0, 2**1.5, 64.0, 181.0)
EXPONENTS = (0.1, 0.3, 1 / 2, 2 / 3, 0.8, 0.95, 1.0)


@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("beta", BETAS)
def test_shrinking_minimises_as_a_dense_grid_does(exponent, beta):
    values = np.linspace(-3, 3, 121)
    grid = np.linspace(-3, 3, 6001)

    def objective(w, v):
        return np.abs(w) ** exponent + beta / 2 * (w - v) ** 2

    found = objective(shrink(values, beta, exponent), values)
    smallest = objective(grid[:, None], values).min(axis=0)
    # The grid may miss the minimum by its spacing: it is no better, and but a little worse.
    assert np.all(found <= smallest + 1e-12) and np.all(found >= smallest - 1e-3)


@pytest.mark.parametrize("exponent", [0.1, 1 / 2, 2 / 3, 0.95])
def test_what_is_kept_is_a_stationary_point(exponent):
    values = np.linspace(-4, 4, 1001)
    shrunk = shrink(values, 5.0, exponent)
    kept = shrunk != 0
    slope = exponent * np.abs(shrunk[kept]) ** (exponent - 1) * np.sign(shrunk[kept]) + 5 * (shrunk - values)[kept]
    assert kept.sum() > 100 and np.abs(slope).max() < 1e-11


@pytest.mark.parametrize("exponent", [1 / 2, 2 / 3])
def test_closed_forms_equal_newton_s_root(exponent):
    values = np.linspace(1.6, 5, 500)
    assert np.allclose(shrink(values, 2.0, exponent), _root_by_newton(values, 2.0, exponent), rtol=1e-13)


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_shrinking_keeps_sign_dtype_and_zero(exponent):
    values = np.linspace(-2, 2, 101, dtype=np.float32)
    shrunk = shrink(values, 3.0, exponent)
    assert shrunk.dtype == np.float32 and np.array_equal(shrunk, -shrink(-values, 3.0, exponent))
    assert shrunk[50] == 0 and np.all(shrunk * values >= 0) and np.all(np.abs(shrunk) <= np.abs(values))
    assert np.allclose(shrunk, shrink(values.astype(float), 3.0, exponent), rtol=0, atol=1e-5)


def test_a_hardly_weighted_prior_inverts_a_kernel_without_zeros():
    """Periodic: the image is continued far enough by a constant."""
    sharp = np.full((40, 44), 0.3)
    sharp[12:28, 14:30] = np.random.default_rng(0).random((16, 16))
    kernel = np.array([[0.05, 0.1, 0.05], [0.1, 0.4, 0.1], [0.05, 0.1, 0.05]])
    blurred = convolve2d(np.pad(sharp, 1, mode="edge"), kernel, "valid")
    restored = deconvolve_hyper_laplacian(blurred, kernel, lambda_hl=1e-9)
    assert np.abs(restored - sharp).max() < 1e-3


def test_better_than_total_variation_on_a_natural_image(natural_case):
    sharp, blurred, kernel, error = natural_case
    mine, other = error(deconvolve_hyper_laplacian(blurred, kernel)), error(deconvolve_tv(blurred, kernel))
    assert mine < other < error(blurred) / 3


def test_the_usual_weight_follows_the_noise():
    rng, smooth = np.random.default_rng(0), np.add.outer(np.linspace(0.2, 0.5, 90), np.linspace(0, 0.3, 100))
    for noise, expected in ((0.0, 7e-4 * 0.6**1.5), (0.01, 7e-4), (0.02, 7e-4 * 2**1.5)):
        blurred = smooth + noise * rng.standard_normal(smooth.shape)
        assert usual_weight(blurred) == pytest.approx(expected, rel=0.25)
        own = deconvolve_hyper_laplacian(blurred, np.ones((3, 3)) / 9, usual_weight(blurred))
        assert np.array_equal(deconvolve_hyper_laplacian(blurred, np.ones((3, 3)) / 9), own)


def test_options_arrive(natural_case):
    _, blurred, kernel, _ = natural_case
    results = [
        pydeblur.deconvolve(blurred, kernel, "hyper-laplacian", **options)
        for options in ({}, {"lambda_hl": 5e-3}, {"exponent": 0.5}, {"workers": 2})
    ]
    assert not np.allclose(results[0], results[1]) and not np.allclose(results[0], results[2])
    assert np.allclose(results[0], results[3], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "options",
    [{"lambda_hl": 0}, {"lambda_hl": np.nan}, {"exponent": 0}, {"exponent": 1.1}, {"exponent": "1"}, {"noise": 1}],
)
def test_bad_options_are_refused_in_one_sentence(options):
    with pytest.raises(pydeblur.InvalidOptionError, match=f"^[^\n]*{next(iter(options))}[^\n]*$"):
        pydeblur.deconvolve(np.zeros((20, 20)), np.ones((3, 3)), "hyper-laplacian", **options)
