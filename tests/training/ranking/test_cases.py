"""Cases of the ranking network's training: the errors are those of what the network is shown, where it is shown it."""

from dataclasses import replace

import numpy as np
import pytest

from pydeblur.errors import FileFormatError, InvalidInputError, KernelCollapseError
from pydeblur.estimators.presets import PRESETS
from pydeblur.estimators.ranking import RANGE, restored_by_tv
from pydeblur.files import write_image
from pydeblur.metrics import comp_upto_shift
from pydeblur.solver import CoarseToFine, SolverOptions
from pydeblur.solver.coarse_to_fine import level_at
from pydeblur.synthesis import random_kernel
from pydeblur.training.ranking import cases
from pydeblur.training.ranking.cases import (
    CELL,
    FAULT,
    HALF_SIZE,
    POINT,
    TRUE,
    RankingCase,
    candidate_runs,
    case_at,
    make_ranking_cases,
    refinement_iterations,
    restored_case,
)

#: Squares along the images of 255 pixels.
CELLS = 31


def test_a_case_has_each_kernel_s_image_and_errors(quick, make_blurred, tmp_path):
    blurred = make_blurred()
    case = restored_case(blurred, 5)
    assert case.runs == (TRUE, POINT, "first", "other") and case.is_candidate.tolist() == [False, False, True, True]
    assert (case.name, case.noise, case.kernel_size) == ("camera", 0.01, 15)
    assert case.images.shape == (4, CELL * CELLS, CELL * CELLS) and case.errors.shape == (4, CELLS, CELLS)
    shown = restored_by_tv(blurred.blurred, blurred.kernel)
    assert np.array_equal(case.images[0], shown[: CELL * CELLS, : CELL * CELLS].astype(np.float16))
    assert RANGE[0] - 1e-3 <= case.images.min() and case.images.max() <= RANGE[1] + 1e-3
    true, point = (
        comp_upto_shift(np.clip(restored_by_tv(blurred.blurred, kernel), 0, 1), blurred.sharp)[0]
        for kernel in (blurred.kernel, np.eye(1))
    )
    # A kernel whose centroid is elsewhere is compared on a few pixels less.
    assert case.ratios[0] == 1 and case.ratios[1] == pytest.approx(point / true, rel=0.05) and case.ratios[1] > 1


def test_errors_are_mean_squares_of_squares(quick, make_blurred):
    blurred = make_blurred()
    case = restored_case(blurred, 5)
    # The true kernel needs no shift.
    squares = (np.clip(restored_by_tv(blurred.blurred, blurred.kernel), 0, 1) - blurred.sharp) ** 2
    for row, column in ((4, 4), (10, 20), (27, 26)):
        own = squares[CELL * row : CELL * (row + 1), CELL * column : CELL * (column + 1)]
        assert case.errors[0, row, column] == pytest.approx(own.mean(), rel=1e-5)
    # 15 pixels along the border are not compared, and squares that hold some of them are unknown.
    unknown = np.isnan(case.errors[0])
    assert unknown[:2].all() and unknown[:, :2].all() and unknown[-1:].all() and unknown[:, -1:].all()
    assert not unknown[2:-2, 2:-2].any()


def test_errors_lie_where_the_restored_image_has_them(monkeypatch, make_blurred):
    """A kernel whose centre is off shifts the image: its errors go with it."""
    off = np.pad(random_kernel(13, 4), ((16, 0), (8, 8)))[:29, :29]
    monkeypatch.setattr(cases, "candidate_runs", lambda image, kernel_size: {"off": None})
    monkeypatch.setattr(cases, "_kernels_of", lambda *others: {"off": off})
    case = restored_case(make_blurred(0.0), 5)
    assert case.ratios[2] == pytest.approx(1, abs=0.3)
    true, off = (np.log(case.errors[number, 4:-4, 4:-4]) for number in (0, 2))
    # By 8 pixels in the rows: one square.
    assert np.corrcoef(true[1:].ravel(), off[:-1].ravel())[0, 1] > 0.8 > np.corrcoef(true.ravel(), off.ravel())[0, 1]


def test_a_case_comes_back_as_it_was_saved(quick, make_blurred, tmp_path):
    case = restored_case(make_blurred(), 5)
    case.save(tmp_path / "case.npz")
    read = RankingCase.load(tmp_path / "case.npz")
    assert (read.name, read.runs, read.noise, read.kernel_size) == (case.name, case.runs, case.noise, case.kernel_size)
    assert np.array_equal(read.images, case.images) and np.array_equal(read.errors, case.errors, equal_nan=True)
    assert np.array_equal(read.ratios, case.ratios) and np.array_equal(read.residuals, case.residuals)
    assert np.array_equal(read.blurred, case.blurred)
    assert [path.name for path in tmp_path.iterdir()] == ["case.npz"]
    (tmp_path / "text.npz").write_text("nothing")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "case.npz").read_bytes()[:-50])
    np.savez(tmp_path / "other.npz", name="other")
    fields = {**vars(case), "runs": np.array(case.runs)}
    np.savez(tmp_path / "no truth.npz", **{**fields, "runs": np.array(["first"] * len(case.runs))})
    np.savez(tmp_path / "residuals.npz", **{**fields, "residuals": case.residuals.astype(np.int16) + 128})
    np.savez(tmp_path / "blurred.npz", **{**fields, "blurred": case.blurred[:8]})
    for name in ("text.npz", "cut.npz", "other.npz", "absent.npz", "no truth.npz", "residuals.npz", "blurred.npz"):
        with pytest.raises(FileFormatError, match=name):
            RankingCase.load(tmp_path / name)


def test_a_case_in_which_every_run_collapses_is_none(quick, monkeypatch, make_blurred):
    def collapse(*others):
        raise KernelCollapseError("nothing left")

    monkeypatch.setattr(CoarseToFine, "advance_to", collapse)
    assert restored_case(make_blurred(), 5) is None


def test_the_refinements_are_the_preset_s():
    best = PRESETS["best"]
    assert refinement_iterations(15) == [each.iterations for each in best.refinements] != []
    assert refinement_iterations(45) == [each.iterations for each in best.for_wide_kernels.refinements]


def test_some_runs_are_refined(quick, monkeypatch, make_blurred):
    monkeypatch.setattr(cases, "refinement_iterations", lambda kernel_size: [1, 2, 3])
    monkeypatch.setattr(cases, "_REFINED", 1)
    blurred = make_blurred()
    case = restored_case(blurred, 5)
    (run,) = {name.split(",")[0] for name in case.runs if "finest" in name}
    assert [name for name in case.runs if "finest" in name] == [
        f"{run}, {number} at the finest scale" for number in (2, 3)
    ]
    assert case.is_candidate.tolist() == [False, False, True, True, True, True] and len(set(case.ratios)) == 6
    fields = {"lambda_grad": 8e-3} if run == "other" else {}
    straight = CoarseToFine(blurred.blurred, SolverOptions(15, iterations=1, finest_iterations=3, **fields))
    straight.advance_to(0)
    restored = restored_by_tv(blurred.blurred, straight.result().kernel)
    found = case.images[case.runs.index(f"{run}, 3 at the finest scale")]
    assert np.array_equal(found, restored[: CELL * CELLS, : CELL * CELLS].astype(np.float16))


def test_what_was_found_before_a_collapse_is_kept(quick, monkeypatch, make_blurred):
    def collapse(*others, **words):
        raise KernelCollapseError("nothing left")

    monkeypatch.setattr(cases, "refinement_iterations", lambda kernel_size: [2])
    monkeypatch.setattr(CoarseToFine, "extend", collapse)
    assert restored_case(make_blurred(), 5).runs == (TRUE, POINT, "first", "other")


def test_the_candidates_are_the_preset_s(make_blurred):
    image, best = make_blurred().blurred, PRESETS["best"]
    narrow, wide = candidate_runs(image, 15), candidate_runs(image, 45)
    assert "paper's values" in narrow and "paper's values" not in wide
    assert narrow["paper's values"].options == SolverOptions(15)
    assert len(narrow) == len(best.variants) + 1
    both = [preset.for_image(image, 45).runs for preset in (best, replace(best, for_wide_kernels=None))]
    assert set(narrow) - {"paper's values"} <= set(wide)
    assert {str(run.options) for run in wide.values()} == {str(run.options) for runs in both for run in runs}
    assert narrow["lambda_grad 0.008"].options.lambda_grad == 8e-3
    (intensity,) = [run for name, run in narrow.items() if "intensity" in name]
    assert intensity.prior.prior == "intensity"
    # Adapted to the noise.
    assert all(run.options.noise_reference is None for run in wide.values())


def test_cases_are_the_same_again_and_made_once(quick, pictures, tmp_path):
    made = []
    first = make_ranking_cases(pictures, tmp_path / "cases", 2, progress=made.append)
    assert made == first and len(first) == 2
    kept = [path.read_bytes() for path in first]
    assert make_ranking_cases(pictures, tmp_path / "cases", 2, progress=made.append) == first and len(made) == 2
    again = make_ranking_cases([pictures], tmp_path / "again", 2)
    for one, two in zip(map(RankingCase.load, first), map(RankingCase.load, again), strict=True):
        assert one.name == two.name and np.array_equal(one.images, two.images)
    assert [path.read_bytes() for path in first] == kept
    (other,) = make_ranking_cases(pictures, tmp_path / "validation", 1, "validation")
    assert RankingCase.load(other).name not in {RankingCase.load(path).name for path in first}


def test_draws_vary_and_fit(tmp_path, split_images_folder, camera):
    split_images_folder(tmp_path, [("train", camera[:280, :500]), ("train", camera), ("train", camera[:450])])
    folders = cases._folders(cases._hashable(tmp_path), "train")
    drawn = [cases._drawn_case(folders, "train", number) for number in range(50)]
    found = [case for case in drawn if case is not None]
    # Pictures are too small for some of the kernels.
    assert 10 < len(found) < len(drawn)
    assert {case.noise for case in found} <= {0.0, 0.005, 0.01, 0.02} and len({case.noise for case in found}) > 2
    sizes = [case.kernel.shape[0] for case in found]
    assert 9 <= min(sizes) < 25 < 50 < max(sizes) <= 101
    assert all(case.sharp.shape == ((255, 255) if size < 41 else (351, 351)) for case, size in zip(found, sizes))
    rooms = [case.kernel_size / size for case, size in zip(found, sizes)]
    assert min(rooms) == 1 and 1.2 < max(rooms) < 1.5
    number = next(number for number, case in enumerate(drawn) if case is not None)
    again = cases._drawn_case(folders, "train", number)
    assert np.array_equal(again.blurred, drawn[number].blurred)


def test_wide_kernels_are_compared_at_half_the_size_too(quick, tmp_path, split_images_folder, camera, monkeypatch):
    (tmp_path / "pictures").mkdir()
    split_images_folder(tmp_path / "pictures", [("train", camera)])
    monkeypatch.setattr(cases, "_NARROW_SHARE", 0.0)
    monkeypatch.setattr(cases, "_WIDE", (41, 45))
    monkeypatch.setattr(cases, "_WIDE_SIDE", 303)
    for share, shape in ((1.0, (18, 18)), (0.0, (37, 37))):
        monkeypatch.setattr(cases, "_HALF_SHARE", share)
        (path,) = make_ranking_cases(tmp_path / "pictures", tmp_path / str(share), 1)
        assert RankingCase.load(path).errors.shape[1:] == shape


def test_a_case_at_half_the_size_is_the_solver_s_level(quick, make_blurred):
    blurred = make_blurred()
    half = case_at(blurred, HALF_SIZE)
    level = level_at(HALF_SIZE, blurred.blurred, blurred.kernel_size)
    assert np.array_equal(half.blurred, level.image) and half.kernel_size == level.kernel_size
    assert half.kernel.sum() == pytest.approx(1) and half.kernel.shape[0] % 2 == 1
    case = restored_case(blurred, 5, HALF_SIZE)
    search = CoarseToFine(blurred.blurred, SolverOptions(blurred.kernel_size, iterations=1))
    search.advance_to(HALF_SIZE)
    shown = restored_by_tv(level.image, search.result().kernel)
    side = CELL * case.errors.shape[1]
    found = case.images[case.runs.index("first")]
    assert found.shape == (side, side) and np.array_equal(found, shown[:side, :side].astype(np.float16))


def test_faulty_kernels_are_no_candidates(quick, monkeypatch, make_blurred):
    monkeypatch.setattr(cases, "_FAULTS_OF_TRUE", 3)
    monkeypatch.setattr(cases, "_FAULTS_OF_FOUND", 2)
    case = restored_case(make_blurred(), 5)
    assert sum(run.startswith(FAULT) for run in case.runs) == 5
    assert case.is_candidate.tolist() == [False, False, True, True] + [False] * 5
    assert len(set(case.ratios)) == 9


def test_images_that_are_too_small_are_refused(split_images_folder, tmp_path, camera):
    split_images_folder(tmp_path, [("train", camera[:200, :200])] * 3)
    with pytest.raises(InvalidInputError, match="at least 293"):
        make_ranking_cases(tmp_path, tmp_path / "cases", 1)
    with pytest.raises(InvalidInputError, match="validation split"):
        make_ranking_cases(tmp_path, tmp_path / "cases", 1, "validation")
    write_image(tmp_path / "no.png", camera)
    with pytest.raises(InvalidInputError, match="not a folder"):
        make_ranking_cases(tmp_path / "no.png", tmp_path / "cases", 1)
