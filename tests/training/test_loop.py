import csv
import dataclasses
import json

import imageio.v3 as imageio
import numpy as np
import pytest
from skimage import data

torch = pytest.importorskip("torch")

from pydeblur.errors import FileFormatError, InvalidInputError
from pydeblur.priors.classifier import architecture as architectures
from pydeblur.training import evaluation
from pydeblur.training.images import split_of
from pydeblur.training.kernels import random_kernel
from pydeblur.training.loop import learning_rate_at, load_network, read_checkpoint, train
from pydeblur.training.network import Classifier
from pydeblur.training.recipes import CPU_RECIPE, PAPER_RECIPE, FixedCrops, ScaledCrops, recipe_named

TINY = architectures.Architecture("tiny", (4, 4, 4, 4, 4))
RECIPE = dataclasses.replace(
    CPU_RECIPE,
    architecture="tiny",
    crops=ScaledCrops(view=(60, 80), sides=(16, 40), pixels=8 * 32**2, batch=(4, 8)),
    kernels=4,
    kernel_sizes=(7, 15),
    steps=10,
    validation_every=4,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A few images, named so that every split has some."""
    folder = tmp_path_factory.mktemp("images")
    pictures = [data.camera()[100:300, 100:300], data.coins()[:200, :200], data.page()[:180, :200], data.text()[:, :200]]
    wanted = ["train", "train", "train", "validation", "test"]
    number = 0
    for index, split in enumerate(wanted):
        while split_of(f"{number}.png") != split:
            number += 1
        imageio.imwrite(folder / f"{number}.png", pictures[index % len(pictures)])
        number += 1
    return folder


@pytest.fixture(autouse=True)
def tiny_architecture(monkeypatch):
    monkeypatch.setitem(architectures.ARCHITECTURES, "tiny", TINY)
    monkeypatch.setitem(architectures.ARCHITECTURES, "wider", architectures.Architecture("wider", (6, 8, 8, 4, 4)))
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def run(folder, out, **options):
    return train(folder, RECIPE, out, threads=1, progress=False, validation_side=64, **options)


def test_run_leaves_checkpoints_log_plot_and_report(folder, tmp_path):
    best = run(folder, tmp_path / "run")
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        "best.pt", "last.pt", "log.csv", "log.png", "report.json", "report.md",
    }
    checkpoint = read_checkpoint(best)
    assert checkpoint["architecture"] == {"name": "tiny", "channels": (4,) * 5, "pool_after": (1, 2, 3)}
    assert list(checkpoint["state_dict"]) == list(TINY.parameter_shapes())
    assert checkpoint["training"]["images"] == {"train": 3, "validation": 1, "test": 1}
    assert checkpoint["training"]["recipe"]["steps"] == 10 and checkpoint["training"]["seed"] == 0
    assert set(checkpoint["training"]["test"]) == {"1.0", "0.5", "0.25", "0.125", "0.0625"}
    with open(tmp_path / "run" / "log.csv", newline="") as file:
        assert [int(row["step"]) for row in csv.DictReader(file)] == [4, 8, 10]
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert [row["scale"] for row in report["scales"]] == [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16]


def test_resumed_run_equals_the_uninterrupted_one(folder, tmp_path):
    run(folder, tmp_path / "whole")
    # Step 5 lies between two validations.
    run(folder, tmp_path / "parts", stop_at=5)
    run(folder, tmp_path / "parts", resume=True)
    for name in ("last.pt", "best.pt"):
        whole, parts = (read_checkpoint(tmp_path / which / name) for which in ("whole", "parts"))
        for kind in ("state_dict", "raw_state_dict"):
            for parameter, value in whole[kind].items():
                assert torch.equal(value, parts[kind][parameter]), (name, kind, parameter)
    without_seconds = [
        [row.rsplit(",", 1)[0] for row in (tmp_path / which / "log.csv").read_text().splitlines()]
        for which in ("whole", "parts")
    ]
    assert [row.split(",")[0] for row in without_seconds[0]] == [row.split(",")[0] for row in without_seconds[1]]


def test_seed_decides_the_run(folder, tmp_path):
    weights = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run(folder, tmp_path / name, seed=seed, stop_at=3)
        weights.append(read_checkpoint(tmp_path / name / "last.pt")["raw_state_dict"]["conv3.weight"])
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


def test_wider_network_starts_from_a_narrow_one(folder, tmp_path):
    narrow = run(folder, tmp_path / "narrow")
    run(folder, tmp_path / "wide", architecture="wider", init_from=narrow, widening_noise=0.0, stop_at=0)
    wide = read_checkpoint(tmp_path / "wide" / "last.pt")
    network = Classifier(architectures.ARCHITECTURES["wider"])
    network.load_state_dict(wide["state_dict"])
    image = torch.rand(1, 1, 48, 48)
    with torch.no_grad():
        torch.testing.assert_close(network(image), load_network(narrow)[0](image), atol=1e-5, rtol=0)


def test_time_limit_ends_the_schedule(folder, tmp_path):
    run(folder, tmp_path / "run", minutes=0.001)
    position = read_checkpoint(tmp_path / "run" / "last.pt")["position"]
    assert position["progress"] == pytest.approx(1, abs=0.2)


def test_learns_to_tell_noise_from_blurred_noise(tmp_path):
    """Where the classes are easy to tell apart, a few steps must do: labels and loss are the right way round."""
    rng = np.random.default_rng(0)
    found = {"train": 0, "validation": 0, "test": 0}
    for number in range(200):
        name = f"{number}.png"
        if found[split_of(name)] < 3:
            found[split_of(name)] += 1
            imageio.imwrite(tmp_path / name, rng.integers(0, 256, (170, 170), dtype=np.uint8))
    recipe = dataclasses.replace(RECIPE, steps=60, learning_rate=1e-2, validation_every=60, average=0.0)
    train(tmp_path, recipe, tmp_path / "run", threads=1, progress=False, validation_side=64, scales=(1, 1))
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["scales"][0]["clear"] == 1 and report["scales"][0]["blurred"] > 0.9


def test_bad_arguments_are_refused(folder, tmp_path):
    with pytest.raises(InvalidInputError, match="recipe"):
        train(folder, "fast", tmp_path)
    with pytest.raises(InvalidInputError, match="architecture"):
        train(folder, RECIPE, tmp_path, architecture="deep")
    with pytest.raises(InvalidInputError, match="precision"):
        run(folder, tmp_path / "p", precision="float8")
    with pytest.raises(FileFormatError, match="last.pt"):
        run(folder, tmp_path / "nothing", resume=True)
    run(folder, tmp_path / "run", stop_at=1)
    with pytest.raises(InvalidInputError, match="resume"):
        run(folder, tmp_path / "run", resume=True, seed=5)
    (tmp_path / "bad.pt").write_text("no checkpoint")
    with pytest.raises(FileFormatError, match="bad.pt"):
        load_network(tmp_path / "bad.pt")
    (tmp_path / "one").mkdir()
    imageio.imwrite(tmp_path / "one" / "4.png", data.camera())
    with pytest.raises(InvalidInputError, match="validation split"):
        train(tmp_path / "one", RECIPE, tmp_path / "run2")
    with pytest.raises(InvalidInputError, match="train split.*at least 251"):
        train(folder, "paper", tmp_path / "run2")


def test_schedules():
    rates = [learning_rate_at(PAPER_RECIPE, 0, epoch * PAPER_RECIPE.steps_per_epoch) for epoch in (0, 49, 50, 100)]
    np.testing.assert_allclose(rates, [1e-3, 1e-3, 2e-4, 4e-5])
    rates = [learning_rate_at(CPU_RECIPE, progress, 0) for progress in (0, 0.1, 0.55, 1)]
    np.testing.assert_allclose(rates, [1e-4, 2e-3, 1e-3, 0], atol=1e-12)


def test_paper_recipe_is_the_papers():
    recipe = recipe_named("paper")
    assert recipe.crops == FixedCrops(200, 50) and recipe.kernels == 200 and recipe.kernel_sizes == (7, 51)
    assert recipe.synthesis.noise == (0.01, 0.01) and recipe.synthesis.scales == (0.25, 1.0)
    assert (recipe.optimizer, recipe.initialisation) == ("sgd", "xavier")
    assert (recipe.learning_rate, recipe.weight_decay) == (1e-3, 1e-4)
    assert recipe.steps_per_epoch * recipe.crops.batch / 2 == 100_000


def test_crops_shrink_with_the_scale():
    crops, rng = ScaledCrops(view=(100, 200), sides=(40, 160), pixels=20_000, batch=(4, 10)), np.random.default_rng(0)
    for _ in range(100):
        side, batch, (scale, same) = crops.draw(rng, (0.25, 1.0))
        assert scale == same and 0.25 <= scale <= 1
        assert side in (40, 160) or 100 * scale - 1 <= side <= 200 * scale
        assert batch % 2 == 0 and 4 <= batch <= 10 and (batch in (4, 10) or batch * side**2 <= 20_000)


def test_share_of_batches_at_full_resolution():
    crops, rng = ScaledCrops((100, 200), (40, 160), 20_000, (4, 10), full_share=0.3), np.random.default_rng(0)
    scales = [crops.draw(rng, (0.25, 1.0))[2][0] for _ in range(1000)]
    assert np.mean(np.array(scales) == 1.0) == pytest.approx(0.3, abs=0.05)


class Oracle(Classifier):
    """Calls blurred whatever has little local contrast."""

    def forward(self, x):
        return 0.1 - (x[..., 1:] - x[..., :-1]).abs().mean(dim=(1, 2, 3))


def test_evaluation_counts_per_scale_and_per_kernel_size():
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (140, 150), dtype=np.uint8) for _ in range(2)]
    images.append(np.full((140, 150), 128, np.uint8))  # taken for blurred
    rows = evaluation.evaluate(Oracle(TINY), images, "test", scales=(1.0, 0.5), bins=((7, 9), (31, 51)), noise=0.0)
    assert [row["scale"] for row in rows] == [1.0, 0.5]
    for row in rows:
        assert row["clear"] == pytest.approx(2 / 3)
        assert row["per_size"]["31-51"] == 1
        assert row["accuracy"] == pytest.approx((row["clear"] + row["blurred"]) / 2)
    again = evaluation.evaluate(Oracle(TINY), images, "test", scales=(1.0, 0.5), bins=((7, 9), (31, 51)), noise=0.0)
    assert rows == again


def test_evaluation_of_given_pairs():
    clear = [np.random.default_rng(0).uniform(size=(64, 64))]
    blurred = [np.full((64, 64), 0.5), clear[0]]
    (row,) = evaluation.evaluate_pairs(Oracle(TINY), clear, blurred, (1.0,))
    assert row == {"scale": 1.0, "accuracy": 0.75, "clear": 1.0, "blurred": 0.5}


def test_test_kernels_are_not_training_kernels():
    assert {0, 1}.isdisjoint(evaluation.KERNEL_STREAM.values())
    assert random_kernel(7, 0).shape == (7, 7)
