"""Kills at random moments: of `batch --jobs 2` and of `reproduce`, their groups and their workers, by -9, TERM and HUP.

`python -m tests.fuzz.kills 100` tries so many; the test-suite tries a few. After each, nothing runs any more, every file that
is there is whole and right, and no finished case is lost; the next run goes on. Needs Linux's /proc.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from scipy.io import savemat
from scipy.signal import convolve2d

from pydeblur.files import read_image, write_image

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)
TARGETS = ("parent", "group", "worker")
#: Seconds after which everything must have ended.
LIMIT = 120.0
QUICK = ("--prior", "gradient", "--kernel-size", "5", "--iterations", "2")


def made_image(rng: np.random.Generator) -> np.ndarray:
    """(72, 76), blurred by a short stroke."""
    return convolve2d(np.kron(rng.random((10, 11)), np.ones((8, 8))), np.eye(5) / 5, "valid")[:72, :76]


class Batch:
    """`batch` on some pictures, whose right results an uninterrupted run gives."""

    name = "batch"

    def __init__(self, folder: Path):
        self._folder, rng = folder / "batch", np.random.default_rng(1)
        (self._folder / "photos").mkdir(parents=True)
        for number in range(8):
            write_image(self._folder / "photos" / f"{number}.png", made_image(rng))
        subprocess.run([*self._words("right"), "--jobs", "1"], check=True, capture_output=True)
        self._right = {path.name: read_image(path).pixels for path in (self._folder / "right").iterdir()}
        self._known: set[str] = set()

    def words(self) -> list[str]:
        """Of the command line; what is finished is removed first if all is."""
        if self._known == set(self._right):
            shutil.rmtree(self._folder / "out")
            self._known = set()
        return [*self._words("out"), "--jobs", "2"]

    def findings(self, killed: bool) -> list[str]:
        """What is wrong with what lies there."""
        out = self._folder / "out"
        paths = list(out.iterdir()) if out.exists() else []
        # Only who is killed by -9 leaves what it was writing; the next run removes it.
        whole = [path for path in paths if not (killed and path.name.endswith(".part"))]
        found = [f"{path.name} is no result" for path in whole if path.name not in self._right]
        names = {path.name for path in whole if path.name in self._right}
        found += [f"{name} is lost" for name in self._known - names]
        for name in names:
            if not np.array_equal(read_image(out / name).pixels, self._right[name]):
                found.append(f"{name} is wrong")
        self._known = names
        return found

    def _words(self, out: str) -> list[str]:
        folders = (str(self._folder / "photos"), "-o", str(self._folder / out))
        return [sys.executable, "-m", "pydeblur", "batch", *folders, *QUICK]


class Reproduce:
    """`reproduce fig13` on a data folder in the manner of Levin et al., of which the store of finished cases is looked at."""

    name = "reproduce"
    _CASES = 8

    def __init__(self, folder: Path):
        self._folder, rng = folder / "reproduce", np.random.default_rng(2)
        (self._folder / "data" / "levin").mkdir(parents=True)
        for number in range(self._CASES):
            variables = {"x": made_image(rng), "y": made_image(rng), "f": np.eye(5) / 5}
            savemat(self._folder / "data" / "levin" / f"im{1 + number // 4:02d}_ker{1 + number % 4:02d}.mat", variables)
        self._known: set[str] = set()

    def words(self) -> list[str]:
        """Of the command line; what is finished is removed first if all is."""
        if len(self._known) == self._CASES:
            shutil.rmtree(self._folder / "out")
            self._known = set()
        folders = ("--data", str(self._folder / "data"), "--out", str(self._folder / "out"))
        options = ("--methods", "gradient", "--jobs", "2", "--quiet")
        return [sys.executable, "-m", "pydeblur", "reproduce", "fig13", *folders, *options]

    def findings(self, killed: bool) -> list[str]:
        """What is wrong with the store; the last line may be cut after -9, and is then not counted by any reader."""
        path = self._folder / "out" / "runs" / "fig13.jsonl"
        lines = path.read_bytes().split(b"\n") if path.exists() else [b""]
        found, cases = [], set()
        for place, line in enumerate(lines):
            try:
                cases.add(json.loads(line)["case"])
            except ValueError:
                if line and not killed and place == len(lines) - 1:
                    found.append("the last line is cut")
        found += [f"{case} is lost" for case in self._known - cases]
        self._known = cases
        return found


def try_kill(command, rng: random.Random) -> tuple[str, list[str]]:
    """Run a command and kill it, or a part of it, at a random moment; says what was done, and what is wrong."""
    number, target = rng.choice(SIGNALS), rng.choice(TARGETS)
    process = subprocess.Popen(
        command.words(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    delay = rng.uniform(0.2, 8.0)
    _wait(lambda: process.poll() is not None or _processor_seconds(process.pid) > delay)
    _send(process, number, target)
    found = []
    try:
        _, errors = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        found.append("it, or who holds its pipes, goes on")
        errors = ""
    if not _wait(lambda: not _members(process.pid)):
        found.append("a process goes on")
    for member in _members(process.pid):
        os.kill(member, signal.SIGKILL)
    killed = number == signal.SIGKILL
    allowed = {0, 1, 2, 128 + number, -number}
    if process.returncode not in allowed:
        found.append(f"exit code {process.returncode}")
    if "Traceback" in errors or "resource_tracker" in errors or "semaphore" in errors:
        found.append(errors[-500:])
    return f"{command.name} {number.name} {target}", found + command.findings(killed)


def _send(process: subprocess.Popen, number: int, target: str) -> None:
    if process.poll() is not None:
        return
    workers = [member for member in _members(process.pid) if "spawn_main" in _command_line(member)]
    try:
        if target == "group":
            os.killpg(process.pid, number)
        elif target == "worker" and workers:
            os.kill(workers[-1], number)
        else:
            process.send_signal(number)
    except ProcessLookupError:  # it has just ended
        return


def _members(group: int) -> list[int]:
    """The running processes of a process group."""
    found = []
    for each in filter(str.isdigit, os.listdir("/proc")):
        fields = _fields(int(each))
        if fields and int(fields[2]) == group and fields[0] != "Z":
            found.append(int(each))
    return found


def _fields(process: int) -> list[str]:
    """Of /proc/PID/stat, from the state on."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _command_line(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def _processor_seconds(group: int) -> float:
    """Of a process group: on a busy machine a moment in the work is not one of the clock."""
    ticks = sum(int(tick) for member in _members(group) for tick in _fields(member)[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def _wait(condition) -> bool:
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def try_kills(count: int, seed: int, commands=(Batch, Reproduce), report=lambda done, found: None) -> list[str]:
    """So many kills, in turn of each command; returns what was found."""
    rng = random.Random(seed)
    everything = []
    with TemporaryDirectory() as folder:
        made = [command(Path(folder)) for command in commands]
        for number in range(count):
            done, found = try_kill(made[number % len(made)], rng)
            report(done, found)
            everything += [f"{done}: {what}" for what in found]
    return everything


def _main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.kills", description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    counts: Counter[str] = Counter()

    def report(done, found):
        counts[done] += 1
        print(done, found or "", flush=True)

    everything = try_kills(asked.count, asked.seed, report=report)
    print(f"{asked.count} kills, {len(everything)} findings: {dict(sorted(counts.items()))}")
    return int(bool(everything))


if __name__ == "__main__":
    sys.exit(_main())
