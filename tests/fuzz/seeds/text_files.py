"""Text files that are read: finished cases, a training's log, the table of a folder of photographs."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np

from pydeblur.evaluation.store import RUNS_FOLDER, Finished, RunStore, Task
from tests.fuzz.seeds.seed import Seed

#: The tasks that the finished cases belong to, and the hash of the code that made them.
TASKS = tuple(Task(method, case, {"gamma": 2.2}) for method in ("default", "fast") for case in ("im1", "im2"))
CODE = "0" * 16


def random_finished_cases(rng: np.random.Generator) -> Seed:
    """The lines of a store of finished cases, some with arrays; also as stores without check sums wrote them."""
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(folder, "item", CODE)
        for task in TASKS:
            figures = {"psnr": float(rng.random()), "list": [1, 2.5, None], "note": "é"}
            arrays = {"kernel": rng.random((3, 3))} if rng.random() < 0.3 else {}
            store.add(Finished(task, figures, 1.5, 1.25, "2026-01-01 10:00", task.fingerprint(CODE), arrays))
        lines = (Path(folder) / RUNS_FOLDER / "item.jsonl").read_bytes().splitlines()
    checked = bool(rng.random() < 0.4)
    if not checked:
        known = [json.loads(line) for line in lines]
        lines = [json.dumps({key: each[key] for key in each if key != "check"}).encode() for each in known]
    name = f"four lines {'with' if checked else 'without'} check sums"
    return Seed(name, b"\n".join(lines) + b"\n", suffix=".jsonl")


def random_log(rng: np.random.Generator) -> Seed:
    """The log of a training."""
    rows = [f"{step},{rng.random():.8g},{step * 1.5}" for step in range(1, int(rng.integers(3, 9)))]
    return Seed(f"{len(rows)} rows", "\r\n".join(["step,loss,seconds", *rows, ""]).encode(), suffix=".csv")


def random_settings(rng: np.random.Generator) -> Seed:
    """The table of a folder of photographs."""
    rows = [f"picture{row}.png\t{2 * row + 15}\t{rng.choice([1.0, 2.2])}\t{row % 2}" for row in range(3)]
    return Seed("three rows", "\n".join(["file\tkernel_size\tgamma\tsaturated", *rows, ""]).encode(), suffix=".tsv")
