"""A run's folder: what it has written comes back, whatever the interruption, and another run is told from it."""

import dataclasses
import math
import os
import time
from pathlib import Path

import numpy as np
import pytest

from pydeblur.errors import FileFormatError, InvalidInputError, InvalidOptionError
from pydeblur.training.run import ArrayCheckpoints, RunLog, TrainingRun, plain_values, require_arrays

COLUMNS = ("step", "loss")


@dataclasses.dataclass(frozen=True)
class Recipe:
    rate: float
    sizes: tuple


def run_in(folder, **settings):
    return TrainingRun(folder, {"seed": 0, **settings}, COLUMNS, ArrayCheckpoints())


def log_lines(folder):
    """The log without its column of seconds."""
    return [line.rsplit(",", 1)[0] for line in (folder / "log.csv").read_text().splitlines()]


def test_array_checkpoints_give_back_what_they_were_given(tmp_path):
    checkpoint = {
        "weights": np.random.default_rng(0).standard_normal((3, 4)),
        "labels": np.arange(5, dtype=np.uint8),
        "settings": {"rate": 0.1 + 0.2, "largest": math.inf, "names": ["a", None]},
    }
    ArrayCheckpoints().write(tmp_path / "last.npz", checkpoint)
    read = ArrayCheckpoints().read(tmp_path / "last.npz")
    assert read["settings"] == checkpoint["settings"] and set(read) == set(checkpoint)
    for name in ("weights", "labels"):
        assert read[name].dtype == checkpoint[name].dtype and np.array_equal(read[name], checkpoint[name])
    assert [path.name for path in tmp_path.iterdir()] == ["last.npz"]


@pytest.mark.parametrize("contents", [b"", b"no checkpoint", None], ids=["empty", "text", "cut"])
def test_what_is_no_checkpoint_is_one_sentence(tmp_path, contents):
    path = tmp_path / "last.npz"
    ArrayCheckpoints().write(path, {"weights": np.zeros(100)})
    path.write_bytes(path.read_bytes()[:-40] if contents is None else contents)
    with pytest.raises(FileFormatError, match=r"^'[^']*last.npz' should be a checkpoint[^\n]*$"):
        ArrayCheckpoints().read(path)
    np.savez(path, weights=np.zeros(2))
    with pytest.raises(FileFormatError, match="checkpoint"):
        ArrayCheckpoints().read(path)


def test_a_missing_checkpoint_is_said_so(tmp_path):
    with pytest.raises(FileFormatError, match=r"last\.npz.*no such file"):
        run_in(tmp_path).resume()


def test_a_checkpoint_that_lacks_something_is_refused(tmp_path):
    run = run_in(tmp_path)
    run.start()
    run.save(1, {"weights": np.zeros(2)})
    assert np.array_equal(run_in(tmp_path).resume(["weights"])["weights"], np.zeros(2))
    with pytest.raises(FileFormatError, match="lacks mass, moments"):
        run_in(tmp_path).resume(["weights", "mass", "moments"])


def test_a_killed_run_loses_no_row_and_has_none_twice(tmp_path, monkeypatch):
    run = run_in(tmp_path / "run")
    run.start()
    run.save(1, {"weights": np.array([1.0])}, [0.5])
    run.save(2, {"weights": np.array([2.0])}, [0.25])

    def killed(*others):
        raise KeyboardInterrupt

    monkeypatch.setattr(ArrayCheckpoints, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        run.save(3, {"weights": np.array([3.0])}, [0.125])
    monkeypatch.undo()
    with (tmp_path / "run" / "log.csv").open("a") as file:
        file.write("4,0.0")  # killed while it wrote the row
    assert log_lines(tmp_path / "run")[:4] == ["step,loss", "1,0.5", "2,0.25", "3,0.125"]
    later = run_in(tmp_path / "run")
    assert later.resume()["weights"] == [2.0] and later.step == 2
    later.save(3, {"weights": np.array([3.0])}, [0.125])
    assert log_lines(tmp_path / "run") == ["step,loss", "1,0.5", "2,0.25", "3,0.125"]
    assert run_in(tmp_path / "run").resume()["weights"] == [3.0]


def test_a_new_run_begins_a_new_log(tmp_path):
    for _ in range(2):
        run = run_in(tmp_path)
        run.start()
        run.save(1, {}, [1 / 3])
    assert log_lines(tmp_path) == ["step,loss", "1,0.33333333"]


def test_a_log_that_was_deleted_is_begun_anew(tmp_path):
    run = run_in(tmp_path)
    run.start()
    run.save(1, {}, [0.5])
    (tmp_path / "log.csv").unlink()
    later = run_in(tmp_path)
    later.resume()
    later.save(2, {}, [0.25])
    assert log_lines(tmp_path) == ["step,loss", "2,0.25"]


def test_a_row_of_another_length_is_refused(tmp_path):
    log = RunLog(tmp_path / "log.csv", COLUMNS)
    log.write([])
    with pytest.raises(ValueError, match="zip"):
        log.append((1,))
    assert log.rows() == []


def test_time_goes_on_where_it_stopped(tmp_path, monkeypatch):
    clock = iter((100.0, 100.0, 130.0, 500.0, 500.0, 507.0))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    run = run_in(tmp_path)
    run.start()
    run.save(1, {})  # 30 seconds later
    later = run_in(tmp_path)
    later.resume()
    assert later.seconds == 37.0


def test_the_best_is_kept_beside_the_last(tmp_path):
    run = run_in(tmp_path)
    run.start()
    assert run.keep("best", 1, {"weights": np.array([1.0])}) == tmp_path / "best.npz"
    run.save(2, {"weights": np.array([2.0])})
    assert ArrayCheckpoints().read(tmp_path / "best.npz")["position"]["step"] == 1
    assert run_in(tmp_path).resume()["weights"] == [2.0]


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"seed": 1}, "seed should be 0, as in the run in '.*' to resume, but is 1"),
        ({"recipe": Recipe(0.2, (3, 5))}, "recipe.rate should be 0.1,"),
        ({"recipe": Recipe(0.1, (3, 7))}, r"recipe.sizes should be \[3, 5\],"),
        ({"recipe": None}, "recipe should be {"),
        ({"device": "cuda"}, "device should be None,"),
    ],
    ids=str,
)
def test_another_run_is_refused_and_what_differs_is_named(tmp_path, changed, message):
    settings = {"recipe": Recipe(0.1, (3, 5))}
    run = run_in(tmp_path, **settings)
    run.start()
    run.save(1, {}, [0.5])
    run_in(tmp_path, **settings).resume()
    with pytest.raises(InvalidOptionError, match=message):
        run_in(tmp_path, **settings | changed).resume()
    assert log_lines(tmp_path) == ["step,loss", "1,0.5"]


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileFormatError, match="file"):
        run_in(tmp_path / "file" / "run").start()


def test_plain_values():
    given = {"recipe": Recipe(np.float32(0.5), (np.int64(3), 5)), "path": Path("a"), 1: [True, None]}
    assert plain_values(given) == {"recipe": {"rate": 0.5, "sizes": [3, 5]}, "path": "a", "1": [True, None]}
    assert type(plain_values(np.int64(3))) is int


def with_plain(path, plain, **arrays):
    """An .npz checkpoint with any text in the place of its JSON."""
    np.savez(path, plain=np.array(plain), **arrays)


@pytest.mark.parametrize(
    "plain",
    ["[" * 100_000, "1" * 5000, "[1]", '{"a": 1, "a": 2}', '{"a": "\\ud800"}', "", "{" + '"a":{' * 40 + "}" * 41],
    ids=lambda text: text[:6],
)
def test_checkpoints_with_json_that_is_none_are_one_sentence(tmp_path, plain):
    with_plain(tmp_path / "last.npz", plain)
    with pytest.raises(FileFormatError, match=r"^'[^']*last.npz' should be a checkpoint[^\n]*$") as caught:
        ArrayCheckpoints().read(tmp_path / "last.npz")
    assert len(str(caught.value)) < 300


def test_pickles_in_checkpoints_are_refused(tmp_path):
    np.savez(tmp_path / "last.npz", plain=np.array("{}"), weights=np.array([print]))
    with pytest.raises(FileFormatError, match="Python objects"):
        ArrayCheckpoints().read(tmp_path / "last.npz")


@pytest.mark.parametrize(
    "position",
    [None, [], {}, {"step": 1}, {"step": -1, "seconds": 0}, {"step": 1.5, "seconds": 0}, {"step": True, "seconds": 0},
     {"step": "1", "seconds": 0}, {"step": 1, "seconds": -1}, {"step": 1, "seconds": math.nan}, {"step": 1, "seconds": []}],
    ids=str,
)  # fmt: skip
def test_positions_that_are_none_are_refused(tmp_path, position):
    run = run_in(tmp_path)
    run.start()
    ArrayCheckpoints().write(run.last, {"settings": run.settings, "position": position})
    with pytest.raises(FileFormatError, match=r"^'[^']*last.npz' should be a checkpoint[^\n]*$"):
        run_in(tmp_path).resume()


@pytest.mark.parametrize("saved", [3, ["seed"], np.zeros(2), {"seed": ["[" * 500]}], ids=str)
def test_settings_that_are_none_are_refused(tmp_path, saved):
    run = run_in(tmp_path)
    run.start()
    ArrayCheckpoints().write(run.last, {"settings": saved, "position": {"step": 1, "seconds": 1}})
    with pytest.raises(InvalidInputError, match=r"^[^\n]*$") as caught:
        run_in(tmp_path).resume()
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "row",
    ["5" * 5000 + ",0.5,1", "²,0.5,1", "1,0.5,x",
     "1,,1", '1,"0.5,1', "1,0.5", "1,0.5,1,1", "-1,0.5,1", "\0,0.5,1", "a" * 200_000],
    ids=lambda row: row[:10],
)  # fmt: skip
def test_damaged_rows_of_the_log_are_left_out(tmp_path, row):
    run = run_in(tmp_path)
    run.start()
    run.save(1, {}, [0.5])
    text = (tmp_path / "log.csv").read_text()
    (tmp_path / "log.csv").write_text(text + row + "\n")
    later = run_in(tmp_path)
    later.resume()
    assert log_lines(tmp_path) == ["step,loss", "1,0.5"]


def test_a_log_in_bytes_of_another_kind(tmp_path):
    run = run_in(tmp_path)
    run.start()
    run.save(1, {}, [0.5])
    for contents in (b"\xff\xfe\x00,\r\n", b""):
        (tmp_path / "log.csv").write_bytes(contents)
        run_in(tmp_path).resume()
        assert log_lines(tmp_path) == ["step,loss"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_pipes_are_refused(tmp_path):
    run = run_in(tmp_path)
    run.start()
    run.save(1, {}, [0.5])
    (tmp_path / "log.csv").unlink()
    os.mkfifo(tmp_path / "log.csv")
    with pytest.raises(FileFormatError, match=r"log\.csv is a pipe"):
        run_in(tmp_path).resume()
    (tmp_path / "last.npz").unlink()
    os.mkfifo(tmp_path / "last.npz")
    with pytest.raises(FileFormatError, match=r"last\.npz.*is a pipe"):
        run_in(tmp_path).resume()


def test_arrays_of_a_state_are_checked(tmp_path):
    good = {"mass": np.ones((2, 3)), "weights": np.ones(3)}
    shapes = {name: array.shape for name, array in good.items()}
    require_arrays("last.npz", good, shapes)
    bad = (
        np.ones((3, 2)),
        np.ones((2, 3), int),
        np.full((2, 3), np.nan),
        [[1.0] * 3] * 2,
        "text",
        np.ones((2, 3), complex),
    )
    for mass in bad:
        with pytest.raises(FileFormatError, match=r"^'last.npz' should be a checkpoint[^\n]*mass"):
            require_arrays("last.npz", {**good, "mass": mass}, shapes)
    with pytest.raises(FileFormatError, match="lacks weights"):
        require_arrays("last.npz", {"mass": good["mass"]}, shapes)
