"""The kernel's size where none is given: found, grown, or not looked for."""

from dataclasses import replace

import numpy as np
import pytest
from skimage import data

from pydeblur.estimators import load_estimator, resolve
from pydeblur.estimators.kernel_size import core_size, is_cut_off, resized_kernel
from pydeblur.estimators.kernel_size_search import (
    KernelSizeSearch,
    TriedSize,
    _chosen,
    _narrower_size,
    _size_of,
    search_kernel_size,
    with_other_sizes,
)
from pydeblur.metrics import kernel_similarity
from pydeblur.synthesis import blur, random_kernel

SCENE = data.camera()[100:330, 90:330] / 255


def blurred_by(kernel, noise=0.003):
    return np.clip(blur(SCENE, kernel, noise, 0), 0, 1)


@pytest.mark.parametrize(("size", "seed"), [(9, 1), (21, 3)])
def test_the_size_is_that_of_the_blur_with_some_room(size, seed):
    found = search_kernel_size(blurred_by(random_kernel(size, seed)))
    assert size <= found.size <= max(1.4 * size + 6, 25) and found.size % 2 == 1 and not found.is_sharp
    sizes = [each.size for each in found.tried]
    assert sizes == sorted(sizes) and sizes[0] == 11 and len(sizes) >= 3
    assert all(each.extent <= each.size and 0 <= each.border_mass <= 1 for each in found.tried)
    assert "pixels" in found.reason and "\n" not in found.reason


@pytest.mark.parametrize("side", [40, 60, 90, 230])
def test_the_size_fits_small_pictures(side):
    size = search_kernel_size(blurred_by(random_kernel(5, 1))[:side, :side]).size
    assert 5 <= size < side / 2


def test_a_picture_that_is_not_blurred_is_sharp():
    found = search_kernel_size(SCENE)
    assert found.is_sharp and found.size == 3


def test_what_was_cut_off_grows_and_what_has_room_shrinks():
    cut, roomy = TriedSize(31, 1.0, 30.0, 30.0, 0.2, -3.0), TriedSize(31, 1.0, 12.0, 12.0, 0.0, -3.0)
    assert cut.wanted_size > 31 > roomy.wanted_size > 12
    assert TriedSize(31, 1.0, 31.0, 31.0, 0.01, -3.0).wanted_size <= 1.2 * 31 + 2


def test_the_best_score_decides_but_a_finer_look_at_the_same_kernel_is_taken():
    coarse = TriedSize(63, 2.0, 22.0, 22.0, 0.0, -4.8)
    fine = TriedSize(31, 1.0, 20.0, 20.0, 0.0, -4.6)
    assert _chosen([fine, coarse]) is fine
    assert _chosen([TriedSize(31, 1.0, 20.0, 20.0, 0.0, -3.0), coarse]) is coarse  # another kernel, by its score
    assert _chosen([TriedSize(31, 1.0, 30.0, 30.0, 0.3, -4.6), coarse]) is coarse  # it was cut off
    cut = TriedSize(15, 1.0, 14.0, 14.0, 0.4, -5.0)
    still_cut, whole = TriedSize(31, 1.0, 30.0, 30.0, 0.1, -4.9), TriedSize(45, 1.4, 35.0, 35.0, 0.0, -4.7)
    assert _chosen([cut, still_cut, whole]) is whole and _chosen([cut, still_cut]) is cut
    wide = TriedSize(63, 2.0, 55.0, 55.0, 0.0, -4.8)
    assert _chosen([fine, wide]) is wide  # there is no room in the finer one


@pytest.mark.parametrize("image", [np.random.default_rng(0).random((20, 24)), np.full((90, 90), 0.5)])
def test_where_nothing_can_be_looked_for_the_size_fits_the_picture(image):
    found = search_kernel_size(image)
    assert found.tried == () and 3 <= found.size < min(image.shape) and found.size % 2 == 1


def test_a_kernel_that_spreads_over_every_square_does_not_grow_where_the_ranking_speaks_against_it():
    narrow, cut = TriedSize(11, 1.0, 10.0, 11.0, 0.3, -3.5), TriedSize(31, 1.0, 28.0, 30.0, 0.1, -2.2)
    spread = TriedSize(63, 2.0, 40.0, 50.0, 0.0, -1.0)
    tried = [narrow, cut, spread]
    assert _chosen(tried) is narrow and _size_of(narrow, tried) == 11 and _size_of(narrow, [narrow]) > 11
    liked = replace(spread, score=-3.4)
    assert _chosen([narrow, cut, liked]) is liked
    # What is too narrow for it is tried, too: where the ranking prefers it, or where nothing confirms the wide one.
    assert _narrower_size(liked, [narrow, cut, liked], is_confirmed=True) == 11
    disliked = replace(narrow, score=-3.2)
    assert _narrower_size(liked, [disliked, cut, liked], is_confirmed=True) is None
    assert _narrower_size(liked, [disliked, cut, liked], is_confirmed=False) == 11
    assert _narrower_size(liked, [replace(narrow, score=-2.0), cut, liked], is_confirmed=False) is None
    # Unless the size is small, both are kernels of their own only if what lies between them is worse than either.
    assert _narrower_size(liked, [narrow, replace(cut, score=-3.35), liked], is_confirmed=False) is None
    small = TriedSize(31, 1.0, 18.0, 20.0, 0.0, -3.4)
    assert _narrower_size(small, [narrow, small], is_confirmed=False) == 11


def test_a_square_with_most_of_the_kernel_at_its_border_holds_none():
    point, wide = TriedSize(11, 1.0, 11.0, 11.0, 0.7, -4.5), TriedSize(63, 2.0, 40.0, 50.0, 0.0, -3.5)
    assert _chosen([point, wide]) is wide and _chosen([replace(point, border_mass=0.3), wide]) is not wide
    assert _chosen([point]) is point


def sizes_of_runs(search, **words):
    plan = with_other_sizes(resolve(), search, **words).for_image(SCENE, search.size)
    assert plan.kernel_size == search.size
    return sorted(run.options.kernel_size for run in plan.runs)


def test_several_runs_are_made_in_other_sizes_too_and_one_run_stays_one():
    own = len(resolve().for_image(SCENE, 25).runs)
    small = KernelSizeSearch(25, "", second_size=15)
    assert sizes_of_runs(small) == [15] * (own - 1) + [25] * own
    assert sizes_of_runs(small, is_clipped=True) == [15, *[25] * own]
    plan = with_other_sizes(resolve(), small).for_image(SCENE, 25)
    assert all((run.handicap > 0) == (run.options.kernel_size < 25) for run in plan.runs)
    assert sizes_of_runs(KernelSizeSearch(33, "")) == [21, *[33] * own, 45]
    assert sizes_of_runs(KernelSizeSearch(33, "", is_confirmed=True)) == [21, *[33] * own]
    assert sizes_of_runs(KernelSizeSearch(33, "", second_size=11)) == [11, 21, *[33] * own]
    assert 11 in sizes_of_runs(KernelSizeSearch(53, "", second_size=11))
    assert with_other_sizes(resolve(prior="gradient"), KernelSizeSearch(33, "")) == resolve(prior="gradient")


def test_a_kernel_that_fits_is_looked_for_in_the_common_size_too():
    found = search_kernel_size(blurred_by(random_kernel(9, 1)))
    assert found.size == 25 > found.second_size >= 9 and found.is_confirmed and found.blur_size < found.size
    assert search_kernel_size(blurred_by(random_kernel(31, 1))).second_size != 25
    assert search_kernel_size(blurred_by(random_kernel(9, 1))[:100, :100]).second_size is None


def test_wider_squares_are_looked_at_until_two_say_the_same():
    narrow, wide = (
        search_kernel_size(blurred_by(random_kernel(9, 1))),
        search_kernel_size(blurred_by(random_kernel(27, 3))),
    )
    assert len(narrow.tried) < len(wide.tried)
    (before, last) = narrow.tried[-2:]
    assert before.agrees_with(last) and last.has_room and not replace(last, border_mass=0.5).has_room
    assert not before.agrees_with(replace(last, extent=1.5 * before.extent + 3))
    assert not before.agrees_with(replace(last, border_mass=0.5))
    assert last.agrees_with(replace(before, border_mass=0.5))


def test_clipped_pixels_and_gamma_are_taken_along():
    light = np.minimum(1.8 * blurred_by(random_kernel(11, 2)), 1)
    found = search_kernel_size(light, gamma=2.2, clipped=light >= 1)
    assert found.tried and found.size >= 3


def test_every_estimator_finds_its_size():
    image = blurred_by(random_kernel(9, 1))[:110, :110]
    for name, words in (("gradient", {"iterations": 1}), ("cho_lee", {"passes": 1})):
        found = load_estimator(name, **words).estimate(image)
        assert found.kernel.shape == (found.kernel_size_search.size,) * 2
    assert load_estimator("cho_lee", passes=1).estimate(image, 11).kernel_size_search is None


def test_the_core_is_the_smallest_square_of_a_share():
    kernel = np.zeros((15, 15))
    kernel[2:9, 5] = [0.01, 0.19, 0.2, 0.2, 0.2, 0.19, 0.01]
    assert core_size(kernel) == 5 and core_size(kernel, 0.985) == 6 and core_size(kernel, 1.0) == 7
    assert core_size(np.ones((1, 1))) == 1 and core_size(np.full((5, 5), 1 / 25)) == 5


@pytest.mark.parametrize("factor", [0.5, 0.7, 1.4, 2.0])
def test_a_kernel_in_a_reduced_picture_is_the_same_blur(factor):
    kernel = random_kernel(21, 4)
    there = resized_kernel(kernel, factor)
    assert there.sum() == pytest.approx(1) and there.min() >= 0 and len(there) % 2 == 1
    assert core_size(there) == pytest.approx(factor * core_size(kernel), abs=2)
    assert kernel_similarity(resized_kernel(there, 1 / factor), kernel) > 0.8


def test_mass_at_the_border_is_a_cut_unless_the_square_is_too_small_to_tell():
    assert is_cut_off(np.full((21, 21), 1 / 441)) and is_cut_off(np.full((5, 5), 1 / 25))
    assert not is_cut_off(np.full((3, 3), 1 / 9)) and not is_cut_off(np.pad(np.full((3, 3), 1 / 9), 3))
