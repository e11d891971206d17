"""Ctrl-C: exit code 130, one line, nothing left behind: neither files nor processes."""

import contextlib
import os
import signal
import time

import pytest

from pydeblur.solver import ProgressBar

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")

#: Python ends itself by the signal, which a shell shows as 130 too, if it came while a module was being imported.
INTERRUPTED = (130, -signal.SIGINT)
ENDLESS = ("--iterations", 10**6)


@pytest.mark.parametrize("command", ["deblur", "kernel"])
def test_interrupted_between_two_iterations(pydeblur, photo, tmp_path, monkeypatch, command):
    def interrupt(bar, state):
        if state.record.iteration == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(ProgressBar, "__call__", interrupt)
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


def test_interrupted_by_a_signal(start_pydeblur, photo, tmp_path):
    (tmp_path / "out").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    words = ("--kernel-size", 7, "--kernel-out", tmp_path / "out/k.tif", "--history", tmp_path / "out/h.csv", *ENDLESS)
    process = start_pydeblur(
        "deblur", tmp_path / "pipe.png", "-o", tmp_path / "out/o.png", *words, stderr=-1, text=True
    )
    (tmp_path / "pipe.png").write_bytes(photo.read_bytes())  # comes back when the command is reading its input
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[1] == "pydeblur deblur: interrupted\n"
    assert process.returncode in INTERRUPTED
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="counts processes in /proc")
@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["to the parent", "to all, as a terminal does"])
def test_interrupted_evaluation_ends_its_processes(start_pydeblur, levin_folder, tmp_path, send):
    words = ("--data", levin_folder, "--jobs", 2, "--json", tmp_path / "report.json", *ENDLESS)
    process = start_pydeblur("evaluate", "levin", *words, stderr=-1, text=True)
    wait_for(lambda: processes_of(process.pid) > 2)
    send(process.pid, signal.SIGINT)
    assert process.communicate(timeout=60)[1] == "pydeblur evaluate: interrupted\n"
    assert process.returncode in INTERRUPTED
    assert list(tmp_path.iterdir()) == []
    wait_for(lambda: processes_of(process.pid) == 0)


def processes_of(group):
    """How many processes a process group has."""
    count = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(ProcessLookupError):
            count += os.getpgid(int(pid)) == group
    return count


def wait_for(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
