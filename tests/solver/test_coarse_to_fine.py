"""The blind solver in stages: the same to the bit as in one go; and what it refuses."""

import numpy as np
import pytest

from pydeblur.errors import InvalidInputError
from pydeblur.priors.intensity import IntensityPrior
from pydeblur.solver import CoarseToFine, SolverOptions, blind_deconv, iteration_count
from pydeblur.solver.coarse_to_fine import level_at, prepared_image
from pydeblur.solver.pyramid import downsample_image


@pytest.fixture(scope="module")
def image(sharp_image):
    return np.clip(sharp_image[20:90, 20:96] + 0.01 * np.random.default_rng(0).standard_normal((70, 76)), 0, 1)


def same(one, other):
    """Whether two results are the same, but for the time that they took."""
    columns = [name for name in one.history.columns if name != "seconds"]
    return (
        np.array_equal(one.kernel, other.kernel)
        and np.array_equal(one.latent, other.latent)
        and all(
            np.array_equal(one.history.column(name), other.history.column(name), equal_nan=True) for name in columns
        )
    )


@pytest.mark.parametrize("prior", [None, IntensityPrior()], ids=["gradient", "intensity"])
@pytest.mark.parametrize("stages", [(2, 1, 0), (1, 1, 0), (2, 0, 0)], ids=str)
def test_stages_make_the_whole_run(image, prior, stages):
    options = SolverOptions(13, iterations=2, prefilter=0.6)
    search = CoarseToFine(image, options, prior)
    assert not search.has_result
    for scale in stages:
        search.advance_to(scale)
        assert search.has_result and search.result().history[-1].scale == scale
    assert same(search.result(), blind_deconv(image, options, prior))


@pytest.mark.parametrize("with_clipped", [False, True])
@pytest.mark.parametrize("prior", [None, IntensityPrior()], ids=["gradient", "intensity"])
def test_going_on_at_the_finest_scale_is_as_if_so_many_iterations_had_been_asked_for(image, prior, with_clipped):
    clipped = image > 0.85 if with_clipped else None
    options = SolverOptions(9, iterations=2)
    search = CoarseToFine(image, options, prior, clipped=clipped)
    search.advance_to(0)
    for iterations in (3, 3, 6):
        search.extend(iterations, workers=1)
        expected = blind_deconv(
            image, SolverOptions(9, iterations=2, finest_iterations=iterations), prior, clipped=clipped
        )
        assert same(search.result(), expected)
    assert search.options.iterations_at(0) == 6


def test_a_result_is_not_changed_by_what_follows(image):
    search = CoarseToFine(image, SolverOptions(13, iterations=1))
    search.advance_to(1)
    found = search.result()
    kernel, latent, length = found.kernel.copy(), found.latent.copy(), len(found.history)
    search.advance_to(0)
    assert (
        np.array_equal(found.kernel, kernel) and np.array_equal(found.latent, latent) and len(found.history) == length
    )


def test_the_kernel_of_a_coarse_scale_can_be_had_at_its_full_size(image):
    search = CoarseToFine(image, SolverOptions(13, iterations=1))
    search.advance_to(2)
    assert search.result().kernel.shape == (7, 7)
    kernel = search.result(at_full_size=True).kernel
    assert kernel.shape == (13, 13) and kernel.sum() == pytest.approx(1) and kernel.min() == 0


def test_after_a_stop_nothing_more_is_done(image):
    records = []

    def stop(state):
        records.append(state.record)
        raise StopIteration

    search = CoarseToFine(image, SolverOptions(13), callback=stop)
    for _ in range(2):
        search.advance_to(0)
        search.extend(9, workers=1)
    assert search.stopped and len(records) == 1 and search.result().stopped


@pytest.mark.parametrize("finest", [None, 4])
def test_iterations_are_counted_before_they_are_made(image, finest):
    options = SolverOptions(13, iterations=2, finest_iterations=finest)
    assert len(blind_deconv(image, options).history) == iteration_count(options) == 4 + (finest or 2)
    assert [iteration_count(options, scale) for scale in (1, 2, 3)] == [4, 2, 0]


def test_a_level_has_the_image_its_kernel_s_size_and_what_is_clipped(image):
    clipped = np.zeros(image.shape, bool)
    clipped[30, 40] = True
    level = level_at(2, image, 13, clipped)
    assert (level.scale, level.kernel_size) == (2, 7)
    np.testing.assert_array_equal(level.image, downsample_image(image, 0.5000000000000001))
    # A pixel of the coarse scale of which the clipped one makes more than a twentieth.
    shares = downsample_image(clipped.astype(float), 0.5000000000000001)
    np.testing.assert_array_equal(level.clipped, shares > 0.05)
    assert 1 <= level.clipped.sum() <= 9
    assert level_at(0, image, 13, clipped).clipped.sum() == 1 and level_at(0, image, 13).clipped is None


def test_the_image_is_raised_to_gamma_and_then_smoothed(image):
    from scipy.ndimage import gaussian_filter

    options = SolverOptions(9, gamma_correct=2.2, prefilter=0.7)
    expected = gaussian_filter(image**2.2, 0.7, mode="nearest")
    np.testing.assert_array_equal(prepared_image(image, options), expected)


BAD = {
    "colour": np.ones((40, 40, 3)),
    "vector": np.ones(40),
    "complex": np.ones((40, 40), complex),
    "text": np.full((40, 40), "a"),
    "NaN": np.full((40, 40), np.nan),
    "constant": np.full((40, 40), 0.5),
    "no larger than the kernel": np.random.default_rng(0).random((13, 40)),
    "too small at a coarse scale": np.random.default_rng(0).random((15, 40)),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_images_are_refused_in_one_sentence(name):
    with pytest.raises(InvalidInputError, match=r"^the image [^\n]+$"):
        blind_deconv(BAD[name], SolverOptions(13))


def test_negative_values_have_no_power():
    image = np.random.default_rng(0).random((40, 40)) - 0.1
    with pytest.raises(InvalidInputError, match="non-negative when gamma_correct is not 1"):
        blind_deconv(image, SolverOptions(5, gamma_correct=2.2))
    assert blind_deconv(image, SolverOptions(5, iterations=1)).kernel.shape == (5, 5)
