"""A run of the mixture's training: what it leaves behind, that it resumes exactly, and what it refuses."""

import csv
from contextlib import contextmanager

import numpy as np
import pytest

from pydeblur.errors import FileFormatError, InvalidInputError, InvalidOptionError
from pydeblur.nonblind.mixture import load_mixture
from pydeblur.training.epll_mixture.expectation_maximisation import IncrementalEM
from pydeblur.training.epll_mixture.options import MixtureTrainingOptions
from pydeblur.training.epll_mixture.training import train_mixture


def run(folder, out, resume=False, **options):
    small = {"components": 4, "patches": 6000, "iterations": 4, "blocks": 3, "side": 4}
    return train_mixture(folder, out, MixtureTrainingOptions(**{**small, **options}), resume=resume, progress=False)


@contextmanager
def interruption(after):
    """A ``with`` block in which a run ends as by Ctrl-C in the pass after so many."""
    maximisation = IncrementalEM._maximisation

    def interrupted(own):
        maximisation(own)
        if own.iteration == after:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(IncrementalEM, "_maximisation", interrupted)
        yield


def log_rows(folder):
    with open(folder / "log.csv", newline="") as file:
        return [{**row, "seconds": None} for row in csv.DictReader(file)]


def test_a_run_leaves_mixture_checkpoint_and_log(small_images, tmp_path):
    path = run(small_images, tmp_path / "run")
    assert {file.name for file in (tmp_path / "run").iterdir()} == {"mixture.npz", "last.npz", "log.csv"}
    assert load_mixture(path).covariances.shape == (4, 16, 16)
    rows = log_rows(tmp_path / "run")
    assert [int(row["iteration"]) for row in rows] == [1, 2, 3, 4]
    assert float(rows[-1]["log_likelihood"]) > float(rows[0]["log_likelihood"])
    assert np.isfinite(float(rows[-1]["validation"]))
    weights = np.exp(load_mixture(path).log_weights)
    assert float(rows[-1]["smallest_weight"]) == pytest.approx(weights.min(), rel=1e-5)
    assert float(rows[-1]["largest_weight"]) == pytest.approx(weights.max(), rel=1e-5)


def test_resumed_run_equals_the_uninterrupted_one(small_images, tmp_path):
    run(small_images, tmp_path / "whole")
    with interruption(2):
        run(small_images, tmp_path / "parts")
    assert [row["iteration"] for row in log_rows(tmp_path / "parts")] == ["1", "2"]
    run(small_images, tmp_path / "parts", resume=True)
    mixtures = [load_mixture(tmp_path / name / "mixture.npz") for name in ("whole", "parts")]
    assert np.array_equal(mixtures[0].covariances, mixtures[1].covariances)
    assert np.array_equal(mixtures[0].log_weights, mixtures[1].log_weights)
    assert log_rows(tmp_path / "whole") == log_rows(tmp_path / "parts")


def test_a_run_can_be_made_longer(small_images, tmp_path):
    whole = run(small_images, tmp_path / "whole", iterations=3)
    for number in (1, 3, 2):
        # Fewer passes than were made change nothing.
        longer = run(small_images, tmp_path / "longer", resume=number > 1, iterations=number)
    assert np.array_equal(load_mixture(whole).covariances, load_mixture(longer).covariances)
    assert [row["iteration"] for row in log_rows(tmp_path / "longer")] == ["1", "2", "3"]


def test_the_seed_decides_the_run(small_images, tmp_path):
    runs = (("a", 1), ("b", 1), ("c", 2))
    mixtures = [load_mixture(run(small_images, tmp_path / name, seed=seed, iterations=1)) for name, seed in runs]
    assert np.array_equal(mixtures[0].covariances, mixtures[1].covariances)
    assert not np.array_equal(mixtures[0].covariances, mixtures[2].covariances)


def test_without_images_for_validation_there_is_no_figure_of_it(split_images_folder, camera, tmp_path):
    split_images_folder(tmp_path, [("train", camera[:60, :60])])
    run(tmp_path, tmp_path / "run", iterations=1)
    assert log_rows(tmp_path / "run")[0]["validation"] == "nan"


@pytest.mark.parametrize(
    "options",
    [
        {"components": 0},
        {"patches": 2.5},
        {"iterations": 0},
        {"blocks": -1},
        {"side": 1},
        {"side": 17},
        {"seed": -1},
        {"patches": 3, "components": 4},
        {"patches": 5, "components": 4, "blocks": 6},
    ],
    ids=str,
)
def test_bad_options_are_refused_in_one_sentence(options):
    with pytest.raises(InvalidOptionError, match=f"^{next(iter(options))} should be [^\n]*$"):
        MixtureTrainingOptions(**options)


def test_bad_folders_and_checkpoints_are_refused(small_images, split_images_folder, camera, tmp_path):
    with pytest.raises(InvalidInputError, match="data"):
        run(tmp_path / "missing", tmp_path / "run")
    with pytest.raises(FileFormatError, match=r"last\.npz"):
        run(small_images, tmp_path / "run", resume=True)
    assert not (tmp_path / "run").exists()
    run(small_images, tmp_path / "run", iterations=1)
    with pytest.raises(InvalidOptionError, match=r"^components should be 4, "):
        run(small_images, tmp_path / "run", components=5, resume=True)
    (tmp_path / "other").mkdir()
    split_images_folder(tmp_path / "other", [("train", camera[:60, :60])])
    with pytest.raises(InvalidOptionError, match=r"^images\.train should be 3, "):
        run(tmp_path / "other", tmp_path / "run", resume=True)
    (tmp_path / "held out").mkdir()
    split_images_folder(tmp_path / "held out", [("validation", camera[:60, :60])])
    with pytest.raises(InvalidInputError, match="train split"):
        run(tmp_path / "held out", tmp_path / "run")
