"""The development set: its cases are what they say, do not depend on what else is asked for, and are measured by their
truth."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import convolve2d

from pydeblur.datasets.photographs import split_of
from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.evaluation.development import SETS, CaseMeasure, DevelopmentSet, Selection, development_cases
from pydeblur.files import write_image
from pydeblur.metrics import comp_upto_shift
from pydeblur.nonblind import deconvolve
from pydeblur.synthesis.cases import BlurredCase
from pydeblur.synthesis.kernels import random_kernel, random_size

SMALL = DevelopmentSet((5, 9), side=40, largest_shift=3, border=6)


def names_of_split(split, count):
    names = (f"photo{number:03d}.png" for number in range(1000))
    return [name for name in names if split_of(name) == split][:count]


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Three photographs of each split in each of two folders; the second of a folder is small."""
    folder = tmp_path_factory.mktemp("photographs")
    rng = np.random.default_rng(0)
    for kind in ("plants", "rooms"):
        (folder / kind).mkdir()
        for split in ("train", "validation", "test"):
            for number, name in enumerate(names_of_split(split, 3)):
                shape = (30, 80) if number == 1 else (70, 80)
                write_image(folder / kind / name, np.kron(rng.random((shape[0] // 10, 8)), np.ones((10, 10))))
    return folder


def test_cases_of_a_split_are_of_its_photographs_that_are_large_enough(photographs):
    first, small, third = names_of_split("test", 3)
    found = [(case.folder, case.path.name) for case in development_cases(photographs, SMALL)]
    assert found == [(folder, name) for folder in ("plants", "rooms") for name in (first, third)]
    others = development_cases(photographs, SMALL, "validation")
    assert not {case.path for case in others} & {case.path for case in development_cases(photographs, SMALL)}
    assert [
        case.path.name for case in development_cases(photographs, replace(SMALL, side=None, least_shape=(30, 80)))
    ] == [
        first,
        small,
        third,
    ] * 2


def test_first_photographs_of_some_folders(photographs):
    (case,) = development_cases(photographs, replace(SMALL, folders=("rooms",), per_folder=1))
    assert case.name == f"rooms-{names_of_split('test', 1)[0].removesuffix('.png')}"
    # A photograph that is too small counts among the first, so that a smaller set is a part of a larger one.
    assert len(development_cases(photographs, replace(SMALL, per_folder=2))) == 2


def test_the_blurred_image_is_the_sharp_one_under_the_kernel(photographs):
    for case in development_cases(photographs, SMALL, speed_variation=1.0):
        found = case.blurred(0.0)
        assert found.sharp.shape == found.blurred.shape == (40, 40)
        assert 5 <= found.kernel.shape[0] <= 9 and found.kernel.sum() == pytest.approx(1)
        assert found.kernel_size >= 1.2 * found.kernel.shape[0] > found.kernel_size - 2 and found.kernel_size % 2 == 1
        margin = found.kernel.shape[0] // 2
        inside = found.blurred[margin:-margin, margin:-margin]
        # Rounded to 8 bits.
        np.testing.assert_allclose(inside, convolve2d(found.sharp, found.kernel, "valid"), atol=0.5 / 255 + 1e-6)


def test_noise_changes_neither_the_part_nor_the_kernel(photographs):
    case = development_cases(photographs, SMALL)[1]
    clean, noisy = case.blurred(0.0), case.blurred(0.02)
    np.testing.assert_array_equal(clean.kernel, noisy.kernel)
    np.testing.assert_array_equal(clean.sharp, noisy.sharp)
    assert np.std(noisy.blurred - clean.blurred) == pytest.approx(0.02, rel=0.1)


def test_a_case_is_the_same_in_a_larger_selection(photographs):
    first = development_cases(photographs, replace(SMALL, folders=("plants",)))
    both = development_cases(photographs, SMALL)
    for one, other in zip(first, both):
        np.testing.assert_array_equal(one.blurred(0.01).blurred, other.blurred(0.01).blurred)
    kernels = [case.blurred(0.0).kernel for case in both]
    assert len({kernel.tobytes() for kernel in kernels}) == len(kernels)


def test_highlights_are_clipped_in_both_images(photographs):
    plain = replace(SMALL, folders=("plants",))
    for case, bright in zip(
        *(development_cases(photographs, each) for each in (plain, replace(plain, highlights=(3.0, 4.0))))
    ):
        usual, clipped = case.blurred(0.0), bright.blurred(0.0)
        assert clipped.sharp.max() == clipped.blurred.max() == 1
        assert np.sum(clipped.blurred == 1) > np.sum(usual.blurred == 1)
        # It is no longer the sharp image, as a display shows it, under the kernel.
        margin = clipped.kernel.shape[0] // 2
        inside = clipped.blurred[margin:-margin, margin:-margin]
        assert np.max(inside - convolve2d(clipped.sharp, clipped.kernel, "valid")) > 0.05


def test_the_published_sets_are_frozen():
    """The figures of docs/studies are about them."""
    assert SETS["development"] == DevelopmentSet(
        (15, 31), side=255, per_folder=12, room=1.2, largest_shift=12, border=15
    )
    assert (SETS["wide"].kernel_sizes, SETS["wide"].side, SETS["wide"].room) == ((41, 75), 384, 1.1)
    assert (SETS["clipped"].kernel_sizes, SETS["clipped"].highlights) == ((21, 51), (2.0, 6.0))
    assert (SETS["large"].kernel_sizes, SETS["large"].side, SETS["large"].least_shape) == ((13, 31), None, (420, 560))


@pytest.mark.parametrize("split, stream", [("test", 4000), ("train", 6000), ("validation", 8000)])
def test_kernels_are_drawn_from_frozen_seeds(photographs, split, stream):
    for place, case in enumerate(development_cases(photographs, SMALL, split, speed_variation=0.5)):
        rng = np.random.default_rng((stream, place))
        kernel = random_kernel(random_size((5, 9), rng), rng, 0.5)
        np.testing.assert_array_equal(case.blurred(0.01).kernel, kernel)


def test_a_selection_finds_its_cases_by_name(photographs, monkeypatch):
    monkeypatch.setitem(SETS, "development", SMALL)
    selection = Selection(split="validation", noise=0.0, speed_variation=0.7)
    cases = selection.cases(photographs)
    found = selection.case(photographs, cases[-1].name)
    np.testing.assert_array_equal(found.blurred, cases[-1].blurred(0.0).blurred)
    with pytest.raises(InvalidInputError, match=r"^there should be a case 'plants-none'"):
        selection.case(photographs, "plants-none")


@pytest.mark.parametrize("words", [{"set_name": "narrow"}, {"split": "all"}])
def test_unknown_selections(words):
    with pytest.raises(InvalidOptionError, match=f"^{next(iter(words))} should be one of"):
        Selection(**words)


def test_no_photograph_is_large_enough(photographs):
    with pytest.raises(InvalidInputError, match=r"^data should hold photographs of the split test"):
        development_cases(photographs, replace(SMALL, side=200))


@pytest.fixture(scope="module")
def case():
    """A blurred image (60, 64) with 1 % noise."""
    rng = np.random.default_rng(1)
    scene = np.kron(rng.random((8, 8)), np.ones((8, 8)))[:, :66]
    kernel = np.diag([0.2, 0.3, 0.5])
    blurred = convolve2d(np.pad(scene, 1, mode="edge"), kernel, "valid") + 0.01 * rng.standard_normal(scene.shape)
    return BlurredCase("case", scene, blurred, kernel, 5, 0.01)


def test_error_ratios_are_levin_s(case):
    wrong = np.full((3, 3), 1 / 9)
    sums = [
        comp_upto_shift(deconvolve(case.blurred, kernel, "l0"), case.sharp, 5)[0] for kernel in (wrong, case.kernel)
    ]
    measured = CaseMeasure(case, DevelopmentSet((3, 3), largest_shift=5), "l0")
    assert measured.error_ratio(wrong) == pytest.approx(sums[0] / sums[1], rel=1e-12)
    assert measured.figures(wrong)["error_ratio"] == measured.error_ratio(wrong) > 1.2


def test_a_kernel_that_is_shifted_is_as_good(case):
    measured = CaseMeasure(case, DevelopmentSet((3, 3), largest_shift=4, border=8))
    shifted = np.pad(case.kernel, ((0, 4), (4, 0)))
    assert measured.error_ratio(shifted) == pytest.approx(1, abs=0.02)
    assert measured.figures(shifted)["kernel_similarity"] == pytest.approx(1)
    assert CaseMeasure(case, DevelopmentSet((3, 3), largest_shift=0, border=8)).error_ratio(shifted) > 2


def test_psnr_is_of_the_clipped_image_within_the_border(case):
    measured = CaseMeasure(case, DevelopmentSet((3, 3), largest_shift=1, border=8))
    image = case.sharp + 0.1
    image[:8] = -5.0
    inside = np.s_[8:-8, 8:-8]
    error = np.mean((np.minimum(image, 1) - case.sharp)[inside] ** 2)
    assert measured.psnr(image) >= -10 * np.log10(error)
    assert measured.psnr(case.sharp) == np.inf


def test_where_highlights_are_clipped_images_are_compared_clipped(case):
    bright = replace(case, sharp=np.clip(1.5 * case.sharp, 0, 1), blurred=np.clip(1.5 * case.blurred, 0, 1))
    clipped = DevelopmentSet((3, 3), largest_shift=0, border=8, highlights=(2.0, 3.0))
    found = CaseMeasure(bright, clipped).aligned(np.full(case.sharp.shape, 3.0))
    assert found.image.max() == 1
    assert (
        CaseMeasure(bright, replace(clipped, highlights=None)).aligned(np.full(case.sharp.shape, 3.0)).image.max() == 3
    )


def test_without_a_kernel_there_are_no_figures(case):
    figures = CaseMeasure(case, DevelopmentSet((3, 3), largest_shift=0, border=8)).figures(None)
    assert set(figures.values()) == {None}
    assert figures.keys() == CaseMeasure(case, DevelopmentSet((3, 3))).figures(case.kernel).keys()
