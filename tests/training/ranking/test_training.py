"""The ranking network's training: where it starts, that it learns, and that it can be interrupted."""
# ruff: noqa: E402

import csv
from contextlib import contextmanager

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pydeblur.errors import FileFormatError, InvalidInputError, InvalidOptionError
from pydeblur.priors.classifier.weights_file import read_weights
from pydeblur.training.export import export_checkpoint
from pydeblur.training.network import TrainableNetwork
from pydeblur.training.ranking import training
from pydeblur.training.ranking.cases import CELL, RankingCase
from pydeblur.training.ranking.options import RankingTrainingOptions
from pydeblur.training.ranking.training import train_ranking
from pydeblur.training.torch_run import TorchCheckpoints


@pytest.fixture(autouse=True)
def one_thread():
    """Several threads gain nothing on such small crops, and wait for one another where other tests run beside."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def run(paths, out, resume=False, **options):
    options = RankingTrainingOptions(**{"steps": 6, "save_every": 3, **options})
    return train_ranking(paths, paths[:1], out, options, resume=resume, progress=False)


@contextmanager
def interruption(after):
    """A ``with`` block in which a run ends as by Ctrl-C in the step after so many."""
    update = training._Training.update

    def interrupted(own, *others):
        if own.step > after:
            raise KeyboardInterrupt
        return update(own, *others)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training._Training, "update", interrupted)
        yield


def log_rows(folder):
    with open(folder / "log.csv", newline="") as file:
        return [{**row, "seconds": None} for row in csv.DictReader(file)]


@pytest.mark.parametrize("name, is_ranking", [("kernel-ranking", True), ("classifier-compact", False)])
def test_a_classifier_gets_a_new_question_and_a_ranking_network_is_trained_on(tmp_path, name, is_ranking):
    weights = read_weights(name)
    begun = training._Training(weights, RankingTrainingOptions(steps=1), tmp_path, {})
    state = begun.network.state_dict()
    changed = {key for key, value in weights.parameters.items() if not np.array_equal(state[key].numpy(), value)}
    assert changed == (set() if is_ranking else {"conv6.weight", "conv6.bias"})
    assert begun.run.settings["started_from"] == weights.sha256
    before = {key: value.clone() for key, value in state.items()}
    for value in begun.average.state.values():
        value += 1
    begun.publish()
    for key, value in begun.published.state_dict().items():
        # Of a ranking network the result is half-way to what training has made of it.
        torch.testing.assert_close(value, before[key] + (0.5 if is_ranking else 1))


def test_crops_show_the_errors_of_what_they_show(case_paths):
    """Turned, inverted and re-exposed as they are, the squares stay with their errors, which follow the contrast's square."""
    case = training._CroppedCase(case_paths[0])
    # Each square has a level of its own, and an error by which it can be told.
    numbers = torch.arange(case.errors[0].numel()).reshape(case.errors[0].shape)
    levels = numbers / numbers.numel()
    case.errors = torch.exp(levels).expand_as(case.errors)
    case.planes = levels.repeat_interleave(CELL, 0).repeat_interleave(CELL, 1).expand_as(case.planes).half()
    slopes = []
    for seed in range(20):
        images, errors = case.sample(np.random.default_rng(seed))
        # Three others, and most often the true one.
        assert images.shape[1:] == (1, 128, 128) and errors.shape == (len(images), 16, 16) and len(images) in (3, 4)
        shown, logs = images[0, 0, ::CELL, ::CELL].double().numpy(), torch.log(errors[0]).double().numpy()
        assert shown.min() >= 0 and shown.max() <= 1
        # Both are linear in the level: the slope is the contrast, negative where the crop is inverted.
        slope, offset = np.polyfit(logs.ravel(), shown.ravel(), 1)
        np.testing.assert_allclose(shown, slope * logs + offset, atol=1e-3)
        found = numbers.numel() * (logs - 2 * np.log(abs(slope)))
        np.testing.assert_allclose(found, np.rint(found), atol=0.3)
        assert len(np.unique(np.rint(found))) == 256
        slopes.append(slope)
    assert min(slopes) < -0.5 < 0.5 < max(slopes) and min(np.abs(slopes)) > 0.5


def test_planes_are_shown_with_the_restored_image(case_paths):
    """Turned, inverted and re-exposed alike: the changes and the residuals are those of the restored and the blurred image."""
    case, whole = training._CroppedCase(case_paths[0], 3), RankingCase.load(case_paths[0])
    images, changes, residuals = case.planes.float().unbind(1)
    blurred = torch.from_numpy(whole.blurred).float()
    torch.testing.assert_close(changes, images - blurred, atol=1e-3, rtol=0)
    assert np.array_equal(np.rint(127 * residuals.numpy()), whole.residuals)
    # In crops the blurred image is the same for all kernels.
    for seed in range(10):
        planes, _ = case.sample(np.random.default_rng(seed))
        assert planes.shape[1:] == (3, 128, 128)
        shown = planes[:, 0] - planes[:, 1]
        torch.testing.assert_close(shown, shown[:1].expand_as(shown), atol=2e-3, rtol=0)
        assert torch.equal(planes[:, :1], training._CroppedCase(case_paths[0]).sample(np.random.default_rng(seed))[0])


def test_new_planes_change_nothing_at_first(tmp_path, case_paths):
    weights = read_weights("kernel-ranking")
    begun = training._Training(weights, RankingTrainingOptions(steps=1, shown="planes"), tmp_path, {})
    assert begun.network.architecture.inputs == 3 and begun.run.settings["shown"] == "planes"
    planes = torch.from_numpy(RankingCase.load(case_paths[0]).planes(3))
    former = TrainableNetwork(weights.architecture)
    former.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in weights.parameters.items()})
    with torch.no_grad():
        torch.testing.assert_close(
            begun.network.activation_map(planes),
            former.activation_map(planes[:, :1].contiguous()),
            atol=1e-4,
            rtol=1e-4,
        )


def test_a_network_that_is_shown_planes_is_exported_and_trained_on(case_paths, tmp_path):
    pytest.importorskip("onnx")
    export_checkpoint(run(case_paths, tmp_path / "run", steps=2, shown="planes"), tmp_path / "planes.onnx")
    weights = read_weights(tmp_path / "planes.onnx")
    assert weights.architecture.inputs == 3 and weights.metadata["answers"] == "log error"
    begun = training._Training(weights, RankingTrainingOptions(steps=1), tmp_path / "again", {})
    assert begun.network.architecture.inputs == 3


def test_training_learns_to_tell_errors(tmp_path):
    """One image with little noise and one with much, again and again: after a few steps both errors are about right."""
    begun = training._Training(read_weights("classifier-compact"), RankingTrainingOptions(steps=10_000), tmp_path, {})
    noise = 0.3 * torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    images = 0.5 + torch.tensor([0.02, 1.0])[:, None, None, None] * noise
    errors = torch.exp(torch.tensor([-8.0, -3.0]))[:, None, None].expand(2, 8, 8)
    losses = []
    # Behind the warm-up, where the learning rate is largest.
    for begun.step in range(100, 124):
        losses.append(begun.update(images, errors))
    assert losses[-1] < 0.2 * losses[0]
    with torch.no_grad():
        predicted = begun.network.activation_map(images).mean((1, 2, 3))
    assert predicted[0] < -6 < predicted[1]


def test_a_run_leaves_a_checkpoint_and_a_log(case_paths, tmp_path):
    last = run(case_paths, tmp_path / "run")
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"last.pt", "log.csv"} and last.name == "last.pt"
    said = TorchCheckpoints().read(last)["training"]
    assert said["recipe"] == "ranking" and said["answers"] == "log error"
    assert (said["cases"], said["validation_cases"], said["steps"]) == (2, 1, 6)
    rows = log_rows(tmp_path / "run")
    assert [row["step"] for row in rows] == ["3", "6"]
    assert float(rows[-1]["regret"]) == pytest.approx(said["validation"]["regret"], abs=1e-6)


@pytest.mark.parametrize("after", [3, 5])
def test_resumed_run_equals_the_uninterrupted_one(case_paths, tmp_path, after):
    whole = TorchCheckpoints().read(run(case_paths, tmp_path / "whole"))
    with interruption(after):
        run(case_paths, tmp_path / "parts")
    parts = TorchCheckpoints().read(run(case_paths, tmp_path / "parts", resume=True))
    for kind in ("state_dict", "average_state_dict", "raw_state_dict"):
        for name, value in whole[kind].items():
            assert torch.equal(value, parts[kind][name]), (kind, name)
    assert log_rows(tmp_path / "whole") == log_rows(tmp_path / "parts")


def test_the_seed_decides_the_run(case_paths, tmp_path):
    states = [TorchCheckpoints().read(run(case_paths, tmp_path / str(seed), steps=2, seed=seed)) for seed in (0, 1)]
    assert not torch.equal(*(state["raw_state_dict"]["conv6.weight"] for state in states))


def test_what_does_not_fit_is_refused(case_paths, tmp_path):
    with pytest.raises(FileFormatError, match=r"last\.pt"):
        run(case_paths, tmp_path / "run", resume=True)
    run(case_paths, tmp_path / "run", steps=2)
    for options, name in (({"steps": 7}, "steps"), ({"steps": 2, "seed": 1}, "seed")):
        with pytest.raises(InvalidOptionError, match=f"^{name} should be .* to resume"):
            run(case_paths, tmp_path / "run", resume=True, **options)
    with pytest.raises(InvalidOptionError, match=r"^cases should be 2, .* but is 1$"):
        run(case_paths[:1], tmp_path / "run", resume=True, steps=2)
    for paths in ([], case_paths[:0]):
        with pytest.raises(InvalidInputError, match="cases"):
            run(paths, tmp_path / "none")
    (tmp_path / "bad.npz").write_text("nothing")
    with pytest.raises(FileFormatError, match=r"bad\.npz"):
        run([tmp_path / "bad.npz"], tmp_path / "bad")


@pytest.mark.parametrize("options", [{"steps": 0}, {"save_every": 1.5}, {"seed": -1}], ids=str)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(InvalidOptionError, match=f"^{next(iter(options))} should be [^\n]+$"):
        RankingTrainingOptions(**options)


def test_the_command_and_its_export(quick, pictures, tmp_path, capsys):
    from pydeblur.cli.main import main

    out = tmp_path / "run"
    words = ["train-ranking", "--data", pictures, "--out", out, "--cases", 1, "--validation-cases", 1, "--steps", 2]
    assert main(list(map(str, words))) == 0
    assert capsys.readouterr().out.strip() == str(out / "last.pt")
    assert [len(list((out / split).iterdir())) for split in ("train", "validation")] == [1, 1]
    pytest.importorskip("onnx")
    assert main(["export", str(out / "last.pt"), "-o", str(tmp_path / "own.onnx")]) == 0
    assert read_weights(tmp_path / "own.onnx").metadata["answers"] == "log error"
    capsys.readouterr()
    assert main(["train-ranking", "--data", str(tmp_path / "nowhere"), "--out", str(out)]) == 2
    assert "nowhere" in capsys.readouterr().err
