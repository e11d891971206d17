"""Resuming: what is on the disk is used again if, and only if, it was made by the same options."""

import json
import os

import numpy as np
import pytest

from pydeblur.backend.fft import fft_library
from pydeblur.errors import FileFormatError, InvalidOptionError
from pydeblur.evaluation import store
from pydeblur.evaluation.store import Request, RunStore, Task, run_tasks


def tasks(count=3, **options):
    return [Task("method", f"case {number}", {"weight": 0.5, **options}) for number in range(count)]


def measure(request, task):
    """Of a module's top level, so that other processes can import it."""
    with open(request.out / "log", "a") as log:
        log.write(f"{task.case}\n")
    return {"psnr": np.float64(len(task.case)), "ratio": np.inf, "curve": [1.0, np.nan], "picture": np.eye(3)}


def fail_on_the_last(request, task):
    if task.case == "case 2":
        raise KeyboardInterrupt
    return measure(request, task)


def cases_run(folder):
    path = folder / "log"
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return sorted(lines)


def test_a_finished_case_is_not_run_again(tmp_path):
    request = Request(tmp_path)
    first = run_tasks("item", tasks(), measure, request)
    assert cases_run(tmp_path) == ["case 0", "case 1", "case 2"]
    second = run_tasks("item", tasks(4), measure, request)
    assert cases_run(tmp_path) == ["case 3"]
    assert [result.task.case for result in second] == ["case 0", "case 1", "case 2", "case 3"]
    for one, two in zip(first, second):
        assert (one.figures, one.wall_seconds, one.cpu_seconds, one.date) == (
            two.figures,
            two.wall_seconds,
            two.cpu_seconds,
            two.date,
        )
        assert one.figures == {"psnr": 6.0, "ratio": None, "curve": [1.0, None]}
        np.testing.assert_array_equal(one.arrays["picture"], two.arrays["picture"])


def test_an_interrupted_run_keeps_what_was_finished(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run_tasks("item", tasks(), fail_on_the_last, Request(tmp_path))
    assert cases_run(tmp_path) == ["case 0", "case 1"]
    run_tasks("item", tasks(), measure, Request(tmp_path))
    assert cases_run(tmp_path) == ["case 2"]


def test_other_options_another_version_or_other_weights_are_another_case(tmp_path, monkeypatch):
    known = {"prior": {"weights": "net", "weights_hash": "a"}}
    run_tasks("item", tasks(1, **known), measure, Request(tmp_path))
    cases_run(tmp_path)
    for changed in ({"weight": 0.6}, {"prior": {"weights": "net", "weights_hash": "b"}}):
        run_tasks("item", tasks(1, **{**known, **changed}), measure, Request(tmp_path))
        assert cases_run(tmp_path) == ["case 0"]
    run_tasks("item", tasks(1, **known), measure, Request(tmp_path))
    assert cases_run(tmp_path) == []
    monkeypatch.setattr(store, "__version__", "99.0")
    run_tasks("item", tasks(1, **known), measure, Request(tmp_path))
    assert cases_run(tmp_path) == ["case 0"]


def test_rows_of_other_code_are_run_again(tmp_path, monkeypatch):
    run_tasks("item", tasks(1), measure, Request(tmp_path))
    cases_run(tmp_path)
    original = store.code_hash(measure)
    monkeypatch.setattr(store, "code_hash", lambda function: "of another state of the package")
    (other,) = run_tasks("item", tasks(1), measure, Request(tmp_path))
    assert cases_run(tmp_path) == ["case 0"]
    monkeypatch.setattr(store, "code_hash", lambda function: original)
    (again,) = run_tasks("item", tasks(1), measure, Request(tmp_path))
    assert cases_run(tmp_path) == [] and again.fingerprint != other.fingerprint


@pytest.mark.parametrize("kept", [-1, -30, -80])
def test_a_line_cut_short_is_run_again_and_spoils_no_other(tmp_path, kept):
    request = Request(tmp_path)
    run_tasks("item", tasks(), measure, request)
    store = tmp_path / "runs/item.jsonl"
    store.write_bytes(store.read_bytes()[:kept])
    cases_run(tmp_path)
    run_tasks("item", tasks(), measure, request)
    # Without its newline alone, a line is whole.
    assert cases_run(tmp_path) == ([] if kept == -1 else ["case 2"])
    run_tasks("item", tasks(4), measure, request)
    assert cases_run(tmp_path) == ["case 3"]
    run_tasks("item", tasks(4), measure, request)
    assert cases_run(tmp_path) == []


def test_lines_that_are_no_records_are_passed_over(tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs/item.jsonl").write_bytes(b"\xff\xfe\n[]\n17\n{}\n")
    run_tasks("item", tasks(1), measure, Request(tmp_path))
    assert len(RunStore(tmp_path, "item", store.code_hash(measure)).finished(tasks())) == 1


def test_a_case_whose_arrays_are_gone_is_run_again(tmp_path):
    run_tasks("item", tasks(2), measure, Request(tmp_path))
    cases_run(tmp_path)
    paths = sorted((tmp_path / "runs/item").iterdir())
    paths[0].unlink()
    paths[1].write_bytes(b"damaged")
    run_tasks("item", tasks(2), measure, Request(tmp_path))
    assert cases_run(tmp_path) == ["case 0", "case 1"]


def test_restart_runs_all_anew_but_forgets_no_other_method(tmp_path):
    other = [Task("other", "case 0", {})]
    run_tasks("item", tasks() + other, measure, Request(tmp_path))
    cases_run(tmp_path)
    run_tasks("item", tasks(), measure, Request(tmp_path, restart=True))
    assert cases_run(tmp_path) == ["case 0", "case 1", "case 2"]
    run_tasks("item", tasks() + other, measure, Request(tmp_path))
    assert cases_run(tmp_path) == []


def test_lines_are_json(tmp_path):
    run_tasks("item", tasks(2), measure, Request(tmp_path))
    lines = [json.loads(line) for line in (tmp_path / "runs/item.jsonl").read_text().splitlines()]
    assert [line["case"] for line in lines] == ["case 0", "case 1"]
    assert all(line["wall_seconds"] >= 0 and line["cpu_seconds"] >= 0 for line in lines)


@pytest.mark.parametrize("words", [{"jobs": 0}, {"jobs": 1.5}, {"subset": 0}, {"subset": True}])
def test_bad_requests(tmp_path, words):
    with pytest.raises(InvalidOptionError, match="^[^\n]+$"):
        Request(tmp_path, **words)


def test_benchmarks_are_run_with_scipys(tmp_path):
    """Their figures are the same whether ducc0 is installed or not."""
    (finished,) = run_tasks("item", [Task("method", "case", {})], _library, Request(tmp_path))
    assert finished.figures == {"library": "scipy"}


def _library(request, task):
    return {"library": fft_library()}


def stored_lines(folder):
    return (folder / "runs/item.jsonl").read_text().splitlines()


@pytest.mark.parametrize(
    "change",
    [
        lambda line: "[" * 100_000,
        lambda line: line.replace('"wall_seconds": ', '"wall_seconds": ' + "1" * 5000),
        lambda line: line.replace('"psnr": 6.0', '"psnr": NaN'),
        lambda line: line.replace('"psnr": 6.0', '"psnr": 1e999'),
        lambda line: line.replace('"psnr": 6.0', '"psnr": 7.0'),
        lambda line: line.replace('"psnr": 6.0', '"psnq": 6.0'),
        lambda line: line.replace('"psnr": 6.0', '"psnr": "\\ud800"'),
        lambda line: line.replace('"case": "case 0"', '"case": "case 0", "case": "case 0"'),
        lambda line: line.replace('"figures": {', '"figures": [{').replace('}, "arrays"', '}], "arrays"'),
        lambda line: line.replace('"arrays": ["picture"]', '"arrays": "picture"'),
        lambda line: line.replace('"arrays": ["picture"]', '"arrays": ["other"]'),
        lambda line: line.replace('"arrays": ["picture"]', '"arrays": [{}]'),
        lambda line: line.replace('"case": "case 0"', '"case": ["case 0"]'),
        lambda line: line.replace('"method": "method"', '"method": {}'),
        lambda line: line + " " * 2**22,
    ],
)
@pytest.mark.parametrize("with_check", [True, False])
def test_a_line_that_was_changed_is_run_again(tmp_path, change, with_check):
    run_tasks("item", tasks(2), measure, Request(tmp_path))
    cases_run(tmp_path)
    first, second = stored_lines(tmp_path)
    if not with_check:
        first = json.dumps({name: value for name, value in json.loads(first).items() if name != "check"})
    changed = change(first)
    assert changed != first
    is_seen = with_check or changed not in (first.replace("6.0", "7.0"), first.replace("psnr", "psnq"))
    (tmp_path / "runs/item.jsonl").write_text(f"{changed}\n{second}\n")
    run_tasks("item", tasks(2), measure, Request(tmp_path))
    assert cases_run(tmp_path) == (["case 0"] if is_seen else [])


def test_lines_without_check_sums_are_used(tmp_path):
    run_tasks("item", tasks(1), measure, Request(tmp_path))
    (line,) = map(json.loads, stored_lines(tmp_path))
    del line["check"]
    (tmp_path / "runs/item.jsonl").write_text(json.dumps(line))
    cases_run(tmp_path)
    run_tasks("item", tasks(1), measure, Request(tmp_path))
    assert cases_run(tmp_path) == []


def test_an_empty_file_and_arrays_of_another_task(tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs/item.jsonl").touch()
    run_tasks("item", tasks(1), measure, Request(tmp_path))
    assert cases_run(tmp_path) == ["case 0"]
    (path,) = (tmp_path / "runs/item").iterdir()
    for members in ({"other": np.eye(3)}, {"picture": np.eye(3), "more": np.eye(2)}, {"picture": np.array([{}])}):
        np.savez(path, **members)
        run_tasks("item", tasks(1), measure, Request(tmp_path))
        assert cases_run(tmp_path) == ["case 0"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_pipes_and_folders_are_refused(tmp_path):
    (tmp_path / "runs").mkdir()
    os.mkfifo(tmp_path / "runs/item.jsonl")
    (tmp_path / "runs/other.jsonl").mkdir()
    for item in ("item", "other"):
        with pytest.raises(FileFormatError, match=r"^[^\n]*jsonl is a [^\n]*$"):
            run_tasks(item, tasks(1), measure, Request(tmp_path))
    assert cases_run(tmp_path) == []
