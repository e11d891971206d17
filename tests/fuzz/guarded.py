"""Inputs in processes of their own, whose death, standstill or hunger for memory is the input's fault.

A child is forked from this process, which has loaded all libraries and made the valid files; it tries one input after the
other, and says what came of each through a pipe. When it dies, the input at which it was is to blame, and another child goes
on behind it.
"""

from __future__ import annotations

import faulthandler
import json
import mmap
import os
import resource
import select
import shutil
import signal
import struct
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.inputs import fuzz_input, seed_pool
from tests.fuzz.outcomes import Outcome, compare_with_trusted, place_input, try_reader
from tests.fuzz.targets import Target

#: Seconds of processor time for one input, and of the clock on a machine that others use too.
PROCESSOR_SECONDS, CLOCK_SECONDS = 5.0, 60.0
#: Memory that a trusted reader may take before the child is replaced.
TRUSTED_BYTES = 64 << 20
#: Resident memory that one input may add to the process.
MEMORY_BYTES = 1 << 30
#: Address space that a child may add: the machine is not to be brought down by a finding.
_ADDRESS_BYTES = 6 << 30
_READING, _COMPARING = 0, 1


class Result(NamedTuple):
    """What came of an input."""

    number: int
    outcome: Outcome
    detail: str


def guarded_results(target: Target, seed: int, numbers: Iterable[int]) -> Iterator[Result]:
    """Try inputs of a target in guarded processes; their results in order."""
    seed_pool(target.name, seed)
    numbers = list(numbers)
    done = 0
    while done < len(numbers):
        with tempfile.TemporaryDirectory(prefix="fuzz") as folder:
            for result in _one_child(target, seed, numbers[done:], Path(folder)):
                done += 1
                yield result


def _one_child(target, seed, numbers, folder) -> Iterator[Result]:
    """The results of one child, of which the last may tell of its death."""
    progress = mmap.mmap(-1, 16)
    progress[:] = struct.pack("<qq", -1, _READING)
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    with warnings.catch_warnings():
        # Python 3.12 warns of threads, of which the child uses none of those of its parent.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os.close(reader)
        _child(target, seed, numbers, folder, progress, writer)
    os.close(writer)
    count, killed = 0, False
    with os.fdopen(reader, "rb") as stream:
        for line, stood_still in _lines(stream, child, progress):
            killed = stood_still
            if line:
                number, outcome, detail = json.loads(line)
                count += 1
                yield Result(number, Outcome(outcome), detail)
    _, status = os.waitpid(child, 0)
    place, stage = struct.unpack("<qq", progress[:])
    if place < count:  # The child has ended between two inputs, of its own will.
        if not os.WIFEXITED(status) or os.WEXITSTATUS(status):
            raise RuntimeError(f"the fuzzing of {target.name} failed: {_said(folder)}")
        return
    if stage == _COMPARING:
        yield Result(numbers[place], Outcome.READ, "the trusted reader died")
        return
    told = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exit status {os.WEXITSTATUS(status)}"
    slow = killed or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGPROF)
    yield Result(numbers[place], Outcome.HANG if slow else Outcome.CRASH, f"{told} {_said(folder)}")


def _lines(stream, child, progress):
    """The child's lines as they come, and whether it was killed for standing still."""
    buffer, last, since, killed = b"", None, time.monotonic(), False
    while True:
        ready, _, _ = select.select([stream], [], [], 1.0)
        if ready:
            block = os.read(stream.fileno(), 1 << 16)
            if not block:
                return
            *lines, buffer = (buffer + block).split(b"\n")
            for line in lines:
                yield line, killed
        here = progress[:]
        if here != last:
            last, since = here, time.monotonic()
        elif time.monotonic() - since > CLOCK_SECONDS and not killed:
            killed = True
            os.kill(child, signal.SIGKILL)
            yield b"", True


def _said(folder):
    """The end of what a child has printed, on one line: where a dying one was."""
    path = folder / "printed"
    text = path.read_text(errors="replace") if path.exists() else ""
    frames = [line.strip() for line in text.splitlines() if line.strip()]
    return " | ".join(frames[:6])[:500]


def _child(target, seed, numbers, folder, progress, writer):
    """The life of a child; it does not return."""
    status = 1
    try:
        printed = os.open(folder / "printed", os.O_RDWR | os.O_CREAT | os.O_APPEND)
        os.dup2(printed, 1)
        os.dup2(printed, 2)
        faulthandler.enable(os.fdopen(os.dup(2), "w"))
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        _limit_address_space()
        with os.fdopen(writer, "wb", buffering=0) as stream:
            _try_all(target, seed, numbers, folder, progress, stream)
        status = 0
    except BaseException:  # The parent reports it.
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _try_all(target, seed, numbers, folder, progress, stream):
    scratch = folder / "files"
    size, memory = os.fstat(2).st_size, _peak_memory()
    for place, number in enumerate(numbers):
        fuzz = fuzz_input(target, seed, number)
        shutil.rmtree(scratch, ignore_errors=True)
        path = place_input(target, fuzz, scratch)
        progress[:] = struct.pack("<qq", place, _READING)
        signal.setitimer(signal.ITIMER_PROF, PROCESSOR_SECONDS)
        outcome, detail, value = try_reader(target, fuzz, path)
        signal.setitimer(signal.ITIMER_PROF, 0)
        progress[:] = struct.pack("<qq", place, _COMPARING)
        peak = _peak_memory()
        hungry = peak - memory > MEMORY_BYTES
        if hungry:
            outcome, detail = Outcome.MEMORY, f"{(peak - memory) >> 20} MB: {detail}"
        if outcome in (Outcome.READ, Outcome.READ_WITH_WARNING):
            difference = compare_with_trusted(target, fuzz, value)
            if difference:
                outcome, detail = Outcome.DIFFERENT, difference
        sys.stdout.flush()
        sys.stderr.flush()
        grown = os.fstat(2).st_size - size
        if grown and outcome in (Outcome.READ, Outcome.READ_WITH_WARNING, Outcome.REFUSED):
            outcome, detail = Outcome.PRINTED, os.pread(2, min(grown, 200), size).decode(errors="replace")
        size += grown
        stream.write(json.dumps([number, outcome.value, detail[:500]]).encode() + b"\n")
        progress[:] = struct.pack("<qq", -1, _READING)
        # What the trusted reader took would hide or raise the next input's peak: a fresh child goes on.
        if hungry or _peak_memory() > peak + TRUSTED_BYTES:
            return


def _peak_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _limit_address_space():
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + _ADDRESS_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
