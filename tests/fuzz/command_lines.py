"""Random command lines over all commands: each ends with a result or with one short line, and leaves its inputs as they were.

`python -m tests.fuzz.command_lines 1500` tries so many; the test-suite tries a few. Every line runs in a forked child, which
is told to end by SIGTERM if it works for long: that has to be one line, too.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from pydeblur.cli.main import COMMANDS, _make_parser, main
from pydeblur.cli.outputs import FILES
from pydeblur.files import write_image
from pydeblur.files.shipped_weights import shipped_weights

#: Seconds after which a line is told to end, and in which it then has to.
PATIENCE, GRACE = 8.0, 60.0
#: Longest line that may be written on standard error.
LONGEST = 300
NUMBERS = (
    "0",
    "1",
    "2",
    "3",
    "5",
    "7",
    "-1",
    "0.5",
    "1e-3",
    "2.2",
    "1e9",
    "1e400",
    "nan",
    "inf",
    "9" * 30,
    "٣",
    "1_0",
    " 4",
)
TEXTS = (
    "",
    " ",
    "x",
    "auto",
    "é…λ写",
    "a\nb",
    "\x1b[31m",
    "--",
    "-",
    "=",
    "%s",
    "x" * 5000,
    "\udcff",
    "a,b,,",
    "0,0,8,8",
)
FILE_NAMES = (
    *("photo.png", "photo.tif", "tiny.png", "empty.png", "text.png", "cut.png", "folder.png", "link.png", "loop.png"),
    *(
        "pipe.png",
        "missing.png",
        "nowhere/o.png",
        "out/o.png",
        "out/k.npy",
        "out/k.mat",
        "out/h.csv",
        "out/o.jpg",
        "out",
    ),
    *("k.npy", "cut.npy", "pipe.npy", "w.onnx", "cut.onnx", "photos", ".", "out/w.onnx", "best.pt", "n" * 300 + ".png"),
    *("/dev/zero", "/dev/full", "/dev/null", "/proc/self/mem", "写真.png", "classifier-compact", "kernel-ranking"),
)
#: Values that are right, so that some lines get as far as to the computation, by the argument.
RIGHT = {
    "image": ("photo.png", "photo.tif", "写真.png"),
    "images": ("photo.png", "link.png"),
    "inputs": ("photos", "photo.tif"),
    "kernel": ("k.npy",),
    "output": ("out/o.png", "out/o.tif", "out/k.npy", "out", "out/写.png"),
    "kernel_out": ("out/k.npy", "out/k.mat"),
    "history": ("out/h.csv",),
    "activation_map": ("out/map.png",),
    "weights": ("w.onnx", "classifier-compact"),
    "kernel_size": ("3", "5"),
    "iterations": ("1", "2"),
    "finest_iterations": ("1", "2"),
    "data": ("photos",),
    "out": ("out/run",),
    "jobs": ("1", "2"),
    "threads": ("1", "2"),
}


class Tried(NamedTuple):
    """What came of a command line."""

    words: list[str]
    code: int
    errors: str
    findings: list[str]


def make_inputs(folder: Path) -> None:
    """Put good and bad inputs into a folder."""
    rng = np.random.default_rng(0)
    image = np.kron(rng.random((10, 11)), np.ones((4, 4)))
    for name in ("photos", "out", "folder.png"):
        (folder / name).mkdir()
    for name in ("photo.png", "photo.tif", "写真.png", "photos/a.png", "photos/.hidden.png"):
        write_image(folder / name, image)
    write_image(folder / "tiny.png", image[:3, :3])
    np.save(folder / "k.npy", np.full((3, 3), 1 / 9))
    weights = shipped_weights("classifier-compact.onnx").read_bytes()
    (folder / "w.onnx").write_bytes(weights)
    (folder / "cut.onnx").write_bytes(weights[:5000])
    (folder / "cut.png").write_bytes((folder / "photo.png").read_bytes()[:200])
    (folder / "cut.npy").write_bytes((folder / "k.npy").read_bytes()[:130])
    (folder / "best.pt").write_bytes(b"no checkpoint")
    (folder / "empty.png").touch()
    (folder / "text.png").write_text("no image")
    os.link(folder / "photo.png", folder / "link.png")
    os.symlink("loop.png", folder / "loop.png")
    for name in ("pipe.png", "pipe.npy"):
        os.mkfifo(folder / name)


def random_words(rng: random.Random) -> list[str]:
    """The words of a command line: mostly such that the parser lets them pass."""
    command = rng.choice(list(COMMANDS))
    (commands,) = (action for action in _make_parser()._actions if action.dest == "command")
    words = [command]
    for action in commands.choices[command]._actions:
        given = not action.option_strings or action.required or rng.random() < 0.06
        if not given or action.dest == "help" or (action.required and rng.random() < 0.02):
            continue
        words += action.option_strings[-1:]
        if action.nargs != 0:
            number = action.nargs if isinstance(action.nargs, int) else 1 + (action.nargs == "+" and rng.random() < 0.3)
            words += [_random_value(command, action, rng) for _ in range(number)]
    if rng.random() < 0.05:
        words.insert(rng.randrange(len(words) + 1), rng.choice(TEXTS))
    return words


def _random_value(command: str, action, rng: random.Random) -> str:
    if action.dest in RIGHT and rng.random() < 0.7:
        return rng.choice(RIGHT[action.dest])
    if rng.random() < 0.1:
        return rng.choice(TEXTS + NUMBERS + FILE_NAMES)
    if action.choices is not None:
        return rng.choice(list(action.choices))
    return rng.choice(FILE_NAMES if action.dest in FILES[command].declared else NUMBERS)


def try_words(words: list[str], folder: Path, log: Path) -> Tried:
    """Run a command line in a forked child whose working directory is `folder`; what it prints goes to `log`."""
    before = _contents(folder)
    child = os.fork()
    if child == 0:
        _run_child(words, folder, log)
    code, long = _code_of(child)
    errors = log.read_text(errors="backslashreplace")
    findings = _findings(code, long, errors)
    after = _contents(folder)
    changed = [name for name, content in before.items() if after.get(name) != content]
    if words[:1] == ["reproduce"]:
        # Without --out it renews what an earlier line has written to its own folder.
        changed = [name for name in changed if "docs/results" not in Path(name).as_posix()]
    # What a line names once may be its output.
    if any(words.count(os.path.relpath(name, folder)) != 1 for name in changed):
        findings.append("an input has changed")
    return Tried(words, code, errors, findings)


def _run_child(words: list[str], folder: Path, log: Path) -> None:
    """Never returns."""
    code = 70
    try:
        os.setsid()
        os.chdir(folder)
        os.environ.pop("PYDEBLUR_DATA", None)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 2)
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 - the process ends with it
        sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
        try:
            code = main(words)
        except SystemExit as ended:
            code = ended.code or 0
        except BaseException:
            import traceback

            traceback.print_exc()
    finally:
        os._exit(code)


def _code_of(child: int) -> tuple[int, bool]:
    """Its exit code, minus the signal if one ended it; and whether it had to be told to end."""
    start, told = time.monotonic(), False
    while True:
        process, status = os.waitpid(child, os.WNOHANG)
        if process:
            return os.waitstatus_to_exitcode(status), told
        worked = time.monotonic() - start
        if worked > PATIENCE and not told:
            os.kill(child, signal.SIGTERM)
            told = True
        if worked > PATIENCE + GRACE:
            os.killpg(child, signal.SIGKILL)
        time.sleep(0.01)


def _findings(code: int, long: bool, errors: str) -> list[str]:
    lines = [line for line in errors.split("\n")[:-1] if not re.search(r"\d+%\|", line) and line]  # without progress
    found = []
    if code not in ((143, 0, 1, 2) if long else (0, 1, 2)):
        found.append(f"exit code {code}")
    if any(not line.startswith("pydeblur") for line in lines):
        found.append("a line of something else")
    if any(len(line) >= LONGEST for line in lines):
        found.append("a long line")
    if code == 2 and sum(": error: " in line for line in lines) != 1:
        found.append("not one line of error")
    return found


def _contents(folder: Path) -> dict[str, bytes]:
    """The inputs; what lies in the folder of outputs may change."""
    return {
        str(path): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_relative_to(folder / "out")
    }


def try_random_lines(count: int, seed: int, report=lambda tried: None) -> list[Tried]:
    """Try so many; returns those with findings."""
    rng = random.Random(seed)
    found = []
    with TemporaryDirectory() as folder:
        inputs = Path(folder) / "inputs"
        inputs.mkdir()
        make_inputs(inputs)
        for _ in range(count):
            tried = try_words(random_words(rng), inputs, Path(folder) / "log")
            report(tried)
            if tried.findings:
                found.append(tried)
    return found


def _main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.command_lines", description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    codes: Counter[str] = Counter()

    def report(tried):
        codes[f"{tried.words[0][:20]} {tried.code}"] += 1
        if tried.findings:
            print(tried.findings, ascii([word[:60] for word in tried.words]), ascii(tried.errors[-600:]), flush=True)

    found = try_random_lines(asked.count, asked.seed, report)
    print(f"{asked.count} command lines, {len(found)} with findings; exit codes: {dict(sorted(codes.items()))}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(_main())
