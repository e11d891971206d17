"""Accuracies are counted per scale and per kernel size, on kernels that training never has."""
# ruff: noqa: E402

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pydeblur.priors.classifier.architecture import Architecture
from pydeblur.training.classifier import accuracy
from pydeblur.training.classifier.random_streams import BATCHES, KERNELS
from pydeblur.training.network import TrainableNetwork

TINY = Architecture("tiny", (4, 4, 4, 4, 4))


class Oracle(TrainableNetwork):
    """Calls blurred whatever has little local contrast."""

    def forward(self, x):
        return 0.1 - (x[..., 1:] - x[..., :-1]).abs().mean(dim=(1, 2, 3))


def test_accuracies_are_counted_per_scale_and_per_kernel_size():
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (140, 150), dtype=np.uint8) for _ in range(2)]
    images.append(np.full((140, 150), 128, np.uint8))  # taken for blurred
    words = {"scales": (1.0, 0.5), "bins": ((7, 9), (31, 51)), "noise": 0.0}
    rows = accuracy.evaluate(Oracle(TINY), images, "test", **words)
    assert [row["scale"] for row in rows] == [1.0, 0.5]
    for row in rows:
        assert row["clear"] == pytest.approx(2 / 3)
        assert list(row["per_size"]) == ["7-9", "31-51"] and row["per_size"]["31-51"] == 1
        assert row["blurred"] == pytest.approx(np.mean(list(row["per_size"].values())))
        assert row["accuracy"] == pytest.approx((row["clear"] + row["blurred"]) / 2)
    assert rows == accuracy.evaluate(Oracle(TINY), images, "test", **words)


def test_large_images_are_cut_and_small_ones_not_shrunk_below_the_network(monkeypatch):
    shapes = []

    def logits_of(network, images):
        shapes.extend(image.shape for image in images)
        return np.zeros(1)

    monkeypatch.setattr(accuracy, "logits_of", logits_of)
    image = np.zeros((90, 200), np.uint8)
    accuracy.evaluate(Oracle(TINY), [image], "test", scales=(1.0, 1 / 16), bins=((7, 7),), largest_side=120)
    # Of the blurred image the border, three pixels on each side, is lost.
    assert shapes == [(90, 120), (84, 120), (9, 11), (9, 12)]


def test_accuracies_of_given_pairs():
    clear = [np.random.default_rng(0).uniform(size=(64, 64))]
    blurred = [np.full((64, 64), 0.5), clear[0]]
    (row,) = accuracy.evaluate_pairs(Oracle(TINY), clear, blurred, (1.0,))
    assert row == {"scale": 1.0, "accuracy": 0.75, "clear": 1.0, "blurred": 0.5}


def test_a_report_has_all_numbers(tmp_path):
    results = [
        {"scale": 1.0, "accuracy": 0.75, "clear": 1.0, "blurred": 0.5, "per_size": {"7-13": 0.25, "15-23": 0.75}},
        {"scale": 0.0625, "accuracy": 0.5, "clear": 0.125, "blurred": 0.875, "per_size": {"7-13": 0.8, "15-23": 0.95}},
    ]
    accuracy.write_report(tmp_path / "report", results, "Accuracy", ["Three images."])
    assert json.loads((tmp_path / "report.json").read_text()) == {
        "title": "Accuracy",
        "notes": ["Three images."],
        "scales": results,
    }
    assert (tmp_path / "report.md").read_text().splitlines() == [
        "# Accuracy",
        "",
        "Three images.",
        "",
        "| scale | accuracy | clear | blurred | kernels 7-13 | kernels 15-23 |",
        "| --- | --- | --- | --- | --- | --- |",
        "| 1 | 75.0 % | 100.0 % | 50.0 % | 25.0 % | 75.0 % |",
        "| 1/16 | 50.0 % | 12.5 % | 87.5 % | 80.0 % | 95.0 % |",
    ]


def test_validation_and_test_draw_from_streams_of_their_own(monkeypatch):
    streams, default_rng = {}, np.random.default_rng
    for split in ("validation", "test"):
        seeds = []

        def recorded(seed=None, seeds=seeds):
            if isinstance(seed, tuple):
                seeds.append(seed)
            return default_rng(seed)

        monkeypatch.setattr(np.random, "default_rng", recorded)
        accuracy.evaluate(Oracle(TINY), [np.zeros((40, 40), np.uint8)] * 2, split, scales=(1.0,), bins=((7, 7),))
        streams[split] = {seed[0] for seed in seeds}
    assert streams == {"validation": {KERNELS["validation"]}, "test": {KERNELS["test"]}}
    assert len({BATCHES, *KERNELS.values()}) == 4
