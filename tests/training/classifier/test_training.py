"""The classifier's training: what a run leaves behind, that it can be interrupted, and that it learns."""
# ruff: noqa: E402

import csv
import dataclasses
import json
from contextlib import contextmanager

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pydeblur.errors import FileFormatError, InvalidInputError, InvalidOptionError
from pydeblur.priors.classifier.architecture import Architecture
from pydeblur.training.classifier import training
from pydeblur.training.classifier.batches import batches, load_training_images
from pydeblur.training.classifier.options import ClassifierTrainingOptions
from pydeblur.training.classifier.random_streams import BATCHES, KERNELS
from pydeblur.training.classifier.recipes import CPU_RECIPE, PAPER_RECIPE, ScaledCrops
from pydeblur.training.classifier.training import train_classifier
from pydeblur.training.torch_run import TorchCheckpoints, load_network

TINY = Architecture("tiny", (4, 4, 4, 4, 4))
RECIPE = dataclasses.replace(
    CPU_RECIPE,
    architecture=TINY,
    crops=ScaledCrops(view=(60, 80), sides=(16, 40), pixels=8 * 32**2, batch=(4, 8)),
    kernels=4,
    kernel_sizes=(7, 15),
    steps=10,
    validation_every=4,
)


def run(folder, out, recipe=RECIPE, init_from=None, resume=False, **options):
    options = ClassifierTrainingOptions(**{"threads": 1, "validation_side": 64, **options})
    return train_classifier(folder, out, recipe, options, init_from=init_from, resume=resume, progress=False)


@pytest.fixture(scope="module")
def whole_run(small_images, tmp_path_factory):
    """The folder of a run of ten steps."""
    return run(small_images, tmp_path_factory.mktemp("whole") / "run").parent


@pytest.fixture
def no_report(monkeypatch):
    """Leave out the test on all scales and sizes, which costs most of a tiny run."""
    monkeypatch.setattr(training._Training, "report", lambda own: own.run.folder / "best.pt")


@contextmanager
def interruption(after):
    """A ``with`` block in which a run ends as by Ctrl-C in the step after so many."""
    update = training._Training.update

    def interrupted(own, pairs):
        if own.step == after:
            raise KeyboardInterrupt
        return update(own, pairs)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training._Training, "update", interrupted)
        yield


def log_rows(folder):
    with open(folder / "log.csv", newline="") as file:
        return [{**row, "seconds": None} for row in csv.DictReader(file)]


def test_a_run_leaves_checkpoints_log_and_report(whole_run):
    files = {path.name for path in whole_run.iterdir()} - {"log.png"}
    assert files == {"best.pt", "last.pt", "log.csv", "report.json", "report.md"}
    checkpoint = TorchCheckpoints().read(whole_run / "best.pt")
    assert checkpoint["architecture"] == {"name": "tiny", "channels": [4] * 5, "pool_after": [1, 2, 3], "inputs": 1}
    assert list(checkpoint["state_dict"]) == list(TINY.parameter_shapes())
    assert checkpoint["training"]["images"] == {"train": 3, "validation": 1, "test": 1}
    assert checkpoint["training"]["recipe"]["steps"] == 10 and checkpoint["training"]["seed"] == 0
    assert set(checkpoint["training"]["test"]) == {"1.0", "0.5", "0.25", "0.125", "0.0625"}
    assert [int(row["step"]) for row in log_rows(whole_run)] == [4, 8, 10]
    report = json.loads((whole_run / "report.json").read_text())
    assert [row["scale"] for row in report["scales"]] == [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16]
    assert {str(row["scale"]): row["accuracy"] for row in report["scales"]} == checkpoint["training"]["test"]


def test_the_log_is_drawn_where_matplotlib_is_installed(whole_run):
    pytest.importorskip("matplotlib")
    imageio = pytest.importorskip("imageio.v3")
    assert imageio.imread(whole_run / "log.png").shape[:2] == (360, 900)


def test_the_best_checkpoint_has_the_highest_accuracy(whole_run):
    rows = log_rows(whole_run)
    scores = [sum(float(row[name]) for name in ("validation", "validation_half", "validation_quarter")) for row in rows]
    best = TorchCheckpoints().read(whole_run / "best.pt")
    # Of equals the later one.
    assert str(best["position"]["step"]) == max(zip(scores, range(3), rows))[2]["step"]
    assert sum(best["training"]["validation"].values()) == pytest.approx(max(scores))


@pytest.mark.parametrize("after", [4, 6, 9])
def test_resumed_run_equals_the_uninterrupted_one(whole_run, small_images, tmp_path, no_report, after):
    with interruption(after):
        run(small_images, tmp_path / "parts")
    run(small_images, tmp_path / "parts", resume=True)
    for name in ("last.pt", "best.pt"):
        whole, parts = (TorchCheckpoints().read(folder / name) for folder in (whole_run, tmp_path / "parts"))
        for kind in ("state_dict", "raw_state_dict"):
            for parameter, value in whole[kind].items():
                assert torch.equal(value, parts[kind][parameter]), (name, kind, parameter)
        assert whole["schedule"] == parts["schedule"] and whole["best"] == parts["best"]
    assert log_rows(whole_run) == log_rows(tmp_path / "parts")


def test_before_the_first_checkpoint_there_is_nothing_to_resume(small_images, tmp_path):
    with interruption(2):
        run(small_images, tmp_path / "run")
    with pytest.raises(FileFormatError, match=r"last\.pt"):
        run(small_images, tmp_path / "run", resume=True)


def test_a_finished_run_that_is_resumed_stays_as_it_is(whole_run, small_images, no_report):
    before = (whole_run / "last.pt").read_bytes()
    assert run(small_images, whole_run, resume=True) == whole_run / "best.pt"
    assert (whole_run / "last.pt").read_bytes() == before


def test_the_seed_decides_the_run(whole_run, small_images, tmp_path, no_report):
    run(small_images, tmp_path / "again")
    run(small_images, tmp_path / "other", seed=2)
    folders = (whole_run, tmp_path / "again", tmp_path / "other")
    first, again, other = (
        TorchCheckpoints().read(folder / "last.pt")["raw_state_dict"]["conv3.weight"] for folder in folders
    )
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_wider_network_starts_from_a_narrow_one(whole_run, small_images, tmp_path):
    wider = dataclasses.replace(RECIPE, architecture=Architecture("wider", (6, 8, 8, 4, 4)))
    narrow, image = load_network(whole_run / "best.pt")[0], torch.rand(1, 1, 48, 48)
    started = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training._Training, "loop", lambda own, show: started.append(own))
        patch.setattr(training._Training, "report", lambda own: None)
        for noise in (0.0, 0.05):
            run(small_images, tmp_path / "wide", wider, whole_run / "best.pt", widening_noise=noise)
    exact, perturbed = (each.network for each in started)
    with torch.no_grad():
        torch.testing.assert_close(exact(image), narrow(image), atol=1e-5, rtol=0)
        assert not torch.equal(exact.conv1.weight, perturbed.conv1.weight)
    # The average begins with the widened weights.
    for name, value in exact.state_dict().items():
        assert torch.equal(started[0].average.state[name], value)
    with pytest.raises(InvalidInputError, match="depth"):
        shallow = dataclasses.replace(RECIPE, architecture=Architecture("shallow", (4, 4), (0,)))
        run(small_images, tmp_path / "shallow", shallow, whole_run / "best.pt")


def test_a_run_of_some_minutes_ends_when_they_are_over(small_images, tmp_path, no_report):
    """The recipe has a hundred thousand batches: only the time, which is up at once, can end the run so early."""
    recipe = dataclasses.replace(RECIPE, steps=100_000, validation_every=100_000)
    run(small_images, tmp_path / "run", recipe, minutes=1e-6)
    # The schedule is fitted to the time every 50 batches.
    assert [row["step"] for row in log_rows(tmp_path / "run")] == ["51"]
    assert TorchCheckpoints().read(tmp_path / "run" / "last.pt")["schedule"]["progress"] == pytest.approx(1)


def test_learns_to_tell_noise_from_blurred_noise(split_images_folder, tmp_path):
    """Where the classes are easy to tell apart, a few steps must do: labels and loss are the right way round."""
    rng = np.random.default_rng(0)
    splits = ("train", "validation", "test")
    split_images_folder(tmp_path, [(split, rng.random((170, 170))) for split in splits for _ in range(3)])
    recipe = dataclasses.replace(RECIPE, steps=60, learning_rate=1e-2, validation_every=60, average=0.0)
    run(tmp_path, tmp_path / "run", recipe, scales=(1, 1))
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["scales"][0]["clear"] == 1 and report["scales"][0]["blurred"] > 0.9


@pytest.mark.parametrize("precision", ["bf16", "auto"])
def test_other_precisions_train_as_well(small_images, tmp_path, no_report, precision):
    recipe = dataclasses.replace(RECIPE, steps=2)
    run(small_images, tmp_path / "run", recipe, precision=precision)
    (row,) = log_rows(tmp_path / "run")
    assert float(row["loss"]) == pytest.approx(np.log(2), abs=0.3)


def test_training_draws_from_streams_of_its_own(small_images, tmp_path, no_report, monkeypatch):
    """No number is drawn for the batches or the training kernels that validation or test draw, whatever the seeds."""
    seeds, default_rng = [], np.random.default_rng

    def recorded(seed=None):
        if isinstance(seed, tuple):
            seeds.append(seed)
        return default_rng(seed)

    monkeypatch.setattr(np.random, "default_rng", recorded)
    monkeypatch.setattr(training, "evaluate", lambda *others, **words: [{"scale": 1.0, "accuracy": 0.5}] * 3)
    run(small_images, tmp_path / "run", dataclasses.replace(RECIPE, steps=1), seed=7)
    assert {seed[0] for seed in seeds} == {KERNELS["train"], BATCHES} and {seed[1] for seed in seeds} == {7}
    assert {KERNELS["train"], BATCHES}.isdisjoint({KERNELS["validation"], KERNELS["test"]})


def test_batches_follow_from_their_numbers(small_images):
    images = load_training_images(small_images, RECIPE)
    kernels = [np.ones((3, 3)) / 9]
    some = [pairs for _, pairs in zip(range(4), batches(images, kernels, RECIPE, 1, 0))]
    later = next(batches(images, kernels, RECIPE, 1, 3))
    assert np.array_equal(some[3], later) and not np.array_equal(some[2][:, :, :8, :8], later[:, :, :8, :8])


def test_folders_come_up_equally_often(small_images, split_images_folder, tmp_path):
    image = np.zeros((100, 100))
    splits = ("train", "train", "train", "validation", "test")
    for name, count in (("many", 5), ("few", 3)):
        (tmp_path / name).mkdir()
        split_images_folder(tmp_path / name, [(split, image) for split in splits[-count:]])
    images = load_training_images(tmp_path, RECIPE)
    assert images.counts == {"train": 4, "validation": 2, "test": 2}
    np.testing.assert_allclose(sorted(images.shares), [1 / 6, 1 / 6, 1 / 6, 1 / 2])
    assert load_training_images(tmp_path, dataclasses.replace(RECIPE, equal_folders=False)).shares is None


def test_bad_arguments_are_refused(whole_run, small_images, split_images_folder, tmp_path):
    with pytest.raises(InvalidInputError, match="recipe"):
        run(small_images, tmp_path, "fast")
    with pytest.raises(FileFormatError, match=r"last\.pt"):
        run(small_images, tmp_path / "nothing", resume=True)
    for options, name in (({"seed": 5}, "seed"), ({"steps": 11}, "recipe.steps"), ({"minutes": 3.0}, "minutes")):
        with pytest.raises(InvalidOptionError, match=f"^{name} should be .* to resume"):
            run(small_images, whole_run, resume=True, **options)
    if not torch.cuda.is_available():
        with pytest.raises(InvalidInputError, match="CUDA"):
            run(small_images, tmp_path / "gpu", device="cuda")
    with pytest.raises(InvalidInputError, match="optimizer should be 'sgd' or 'adam', but is 'lion'"):
        run(small_images, tmp_path / "lion", dataclasses.replace(RECIPE, optimizer="lion"))
    (tmp_path / "one").mkdir()
    split_images_folder(tmp_path / "one", [("train", np.zeros((300, 300)))])
    with pytest.raises(InvalidInputError, match="validation split"):
        run(tmp_path / "one", tmp_path / "run2")
    with pytest.raises(InvalidInputError, match=r"train split.*at least 251"):
        run(small_images, tmp_path / "run2", PAPER_RECIPE)
    assert not (tmp_path / "run2").exists()
