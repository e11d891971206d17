"""Ctrl-C, SIGTERM and SIGHUP: exit codes 130, 143 and 129, one line, nothing left behind: neither files nor processes."""

import contextlib
import json
import os
import re
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from pydeblur.files import write_image
from pydeblur.solver.records import Reporter

needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks at processes in /proc")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")

#: Python ends itself by the signal, which a shell shows as 130 too, if it came while a module was being imported.
INTERRUPTED = (130, -signal.SIGINT)
ENDLESS = ("--iterations", 10_000)


@pytest.mark.parametrize("command", ["deblur", "kernel"])
def test_interrupted_between_two_iterations(pydeblur, photo, tmp_path, monkeypatch, command):
    def interrupt(reporter, state):
        if state.record.iteration == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Reporter, "__call__", interrupt)
    (tmp_path / "out").mkdir()
    output = tmp_path / "out" / ("o.png" if command == "deblur" else "k.npy")
    outcome = pydeblur(command, photo, "-o", output, "--history", tmp_path / "out/h.csv", "--kernel-size", 7, "--quiet")
    assert outcome == (130, "", f"pydeblur {command}: interrupted\n")
    assert list((tmp_path / "out").iterdir()) == []


def test_interrupted_while_writing(pydeblur, photo, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    (tmp_path / "out").mkdir()
    outcome = pydeblur("deblur", photo, "-o", tmp_path / "out/o.png", "--kernel-size", 5, "--iterations", 1, "--quiet")
    assert outcome.code == 130
    assert list((tmp_path / "out").iterdir()) == []


ENDS = {
    signal.SIGINT: (INTERRUPTED, "interrupted"),
    signal.SIGTERM: ((143,), "ended by SIGTERM"),
    signal.SIGHUP: ((129,), "ended by SIGHUP"),
}


@needs_proc
@pytest.mark.parametrize("number", ENDS, ids=lambda number: number.name)
def test_ended_by_a_signal(start_pydeblur, photo, tmp_path, number):
    (tmp_path / "out").mkdir()
    words = ("--kernel-size", 7, "--kernel-out", tmp_path / "out/k.tif", "--history", tmp_path / "out/h.csv", *ENDLESS)
    words = (*words, "--quiet")
    process = start_pydeblur("deblur", photo, "-o", tmp_path / "out/o.png", *words, stderr=-1, text=True)
    wait_for(lambda: seconds_of(process.pid) > 3)
    process.send_signal(number)
    codes, said = ENDS[number]
    assert process.communicate(timeout=240)[1] == f"pydeblur deblur: {said}\n"
    assert process.returncode in codes
    assert list((tmp_path / "out").iterdir()) == []


@needs_proc
def test_a_hangup_that_is_ignored_ends_nothing(start_pydeblur, photo, tmp_path):
    """As under nohup."""
    ignored = {"preexec_fn": lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)}
    words = ("deblur", photo, "-o", tmp_path / "o.png", "--kernel-size", 7, "--quiet", *ENDLESS)
    process = start_pydeblur(*words, stderr=-1, text=True, **ignored)
    wait_for(lambda: seconds_of(process.pid) > 3)
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=240)[1] == "pydeblur deblur: ended by SIGTERM\n"


@pytest.fixture
def photos(blurred, tmp_path):
    """A folder of four pictures."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in "abcd":
        write_image(folder / f"{name}.png", blurred)
    return folder


@needs_proc
@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["to the parent", "to all"])
@pytest.mark.parametrize("number", ENDS, ids=lambda number: number.name)
def test_a_batch_ends_with_its_workers_and_sums_up(start_pydeblur, photos, tmp_path, number, send):
    words = ("--jobs", 2, "--kernel-size", 7, *ENDLESS)
    process = start_pydeblur("batch", photos, "-o", tmp_path / "out", *words, stdout=-1, stderr=-1, text=True)
    wait_for(lambda: len(workers_of(process.pid)) == 2)
    wait_for(lambda: all(seconds_of(worker) > 2 for worker in workers_of(process.pid)))
    send(process.pid, number)
    out, err = process.communicate(timeout=240)
    codes, said = ENDS[number]
    assert out == "0 deblurred, 0 failed, 0 were there already, 4 not begun or not finished\n"
    assert err == f"pydeblur batch: {said}\n"
    assert process.returncode in codes
    assert list((tmp_path / "out").iterdir()) == []
    wait_for(lambda: processes_of(process.pid) == 0)


@needs_proc
def test_a_worker_that_is_killed_costs_its_image_alone(start_pydeblur, photos, blurred, tmp_path):
    for name in "ab":  # they take long
        write_image(photos / f"{name}.png", np.tile(blurred, (6, 6)))
    words = ("--jobs", 2, "--kernel-size", 7, "--iterations", 80, "--prior", "gradient")
    process = start_pydeblur("batch", photos, "-o", tmp_path / "out", *words, stdout=-1, stderr=-1, text=True)
    wait_for(lambda: any(seconds_of(worker) > 2 for worker in workers_of(process.pid)))
    os.kill(max(workers_of(process.pid), key=seconds_of), signal.SIGKILL)
    out, err = process.communicate(timeout=240)
    assert (process.returncode, out) == (1, "3 deblurred, 1 failed, 0 were there already\n")
    (line,) = err.splitlines()
    named = re.fullmatch(rf"pydeblur batch: error: {photos}/(.)\.png: its process was killed by SIGKILL, .*", line)
    assert {path.stem for path in (tmp_path / "out").iterdir()} == set("abcd") - {named[1]}


@needs_proc
def test_a_case_whose_worker_is_killed_is_named_and_in_no_mean(start_pydeblur, levin_folder, tmp_path):
    words = ("--jobs", 2, "--quiet", "--prior", "gradient", "--iterations", 100, "--json", tmp_path / "r.json")
    process = start_pydeblur("evaluate", "levin", "--data", levin_folder, *words, stdout=-1, stderr=-1, text=True)
    wait_for(lambda: any(seconds_of(worker) > 1.5 for worker in workers_of(process.pid)))
    os.kill(max(workers_of(process.pid), key=seconds_of), signal.SIGKILL)
    _, err = process.communicate(timeout=240)
    named = re.fullmatch(r"pydeblur evaluate: error: (\w+): its process was killed by SIGKILL, .*\n", err)
    assert process.returncode == 1 and named
    report = json.loads((tmp_path / "r.json").read_text())
    assert list(report["lost"]) == [named[1]] and len(report["cases"]) == 2
    assert named[1] not in {case["name"] for case in report["cases"]}


@needs_proc
def test_workers_of_a_batch_that_is_killed_end_and_leave_its_pipes(start_pydeblur, photos, tmp_path):
    words = ("--jobs", 2, "--kernel-size", 7, *ENDLESS)
    process = start_pydeblur("batch", photos, "-o", tmp_path / "out", *words, stdout=-1, stderr=-1, text=True)
    wait_for(lambda: len(workers_of(process.pid)) == 2)
    wait_for(lambda: all(seconds_of(worker) > 2 for worker in workers_of(process.pid)))
    process.kill()
    assert process.communicate(timeout=240) == ("", "")
    wait_for(lambda: processes_of(process.pid) == 0)
    assert list((tmp_path / "out").iterdir()) == []


@needs_proc
@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["to the parent", "to all, as a terminal does"])
def test_interrupted_evaluation_ends_its_processes(start_pydeblur, levin_folder, tmp_path, send):
    words = ("--data", levin_folder, "--jobs", 2, "--json", tmp_path / "report.json", *ENDLESS)
    process = start_pydeblur("evaluate", "levin", *words, stderr=-1, text=True)
    wait_for(lambda: processes_of(process.pid) > 2)
    send(process.pid, signal.SIGINT)
    assert process.communicate(timeout=240)[1] == "pydeblur evaluate: interrupted\n"
    assert process.returncode in INTERRUPTED
    assert list(tmp_path.iterdir()) == []
    wait_for(lambda: processes_of(process.pid) == 0)


def seconds_of(process_id):
    """Processor time of a process, in seconds; 0 if it has ended."""
    try:
        times = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[11:13]
    except OSError:
        return 0
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


def workers_of(process_id):
    """Process ids of the workers of a process."""
    try:
        children = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    except OSError:
        return []
    return [int(child) for child in children if b"spawn_main" in _command_line(child)]


def _command_line(process_id):
    try:
        return Path(f"/proc/{process_id}/cmdline").read_bytes()
    except OSError:
        return b""


def processes_of(group):
    """How many processes a process group has."""
    count = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(ProcessLookupError):
            count += os.getpgid(int(pid)) == group
    return count


def wait_for(condition):
    end = time.monotonic() + 240
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
