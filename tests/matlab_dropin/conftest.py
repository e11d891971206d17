"""GNU Octave with matlab_ref/dropin, and a program that logs when it starts the engine."""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import convolve2d

DROPIN = Path(__file__).resolve().parents[2] / "matlab_ref" / "dropin"
#: No run takes longer, unless it hangs.
LIMIT = 200


@pytest.fixture
def engine_program(tmp_path):
    """A program that starts the engine and appends the engine's process number to the file starts.txt beside it."""
    folder = tmp_path / "engine of ours – ä"
    folder.mkdir()
    program = folder / "pydeblur"
    log, python = shlex.quote(str(folder / "starts.txt")), shlex.quote(sys.executable)
    program.write_text(f'#!/bin/sh\necho $$ >> {log}\nexec {python} -m pydeblur "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return program


class Octave:
    """Octave in a folder of its own, with temporary files in another; both have spaces and letters beyond ASCII."""

    def __init__(self, folder, program):
        self.folder, self.temporary, self.program = folder / "scripts of ü", folder / "temporary – é", program
        self.folder.mkdir()
        self.temporary.mkdir()
        self._processes = []

    def start(self, script, name="script"):
        """Start a script, in which DROPIN stands for the folder of that name; its outputs go to pipes."""
        script = script.replace("DROPIN", DROPIN.as_posix())
        path = self.folder / f"{name}.m"
        path.write_text(script, encoding="utf-8")
        environment = {key: value for key, value in os.environ.items() if key != "DISPLAY"}
        environment |= {"PYDEBLUR": str(self.program), "TMPDIR": str(self.temporary), "OMP_NUM_THREADS": "1"}
        process = subprocess.Popen(
            ["octave", "--no-gui", "--norc", "-q", path.name],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )
        self._processes.append(process)
        return process

    def end(self):
        """End what still runs after a script, or after a test that has failed."""
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if process.poll() is None:
                process.communicate()

    def run(self, script, name="script"):
        """Run a script to its end; returns what it has printed."""
        process = self.start(script, name)
        return self.finished(process)

    @staticmethod
    def finished(process):
        """Wait for a script's end; returns what it has printed."""
        output, errors = process.communicate(timeout=LIMIT)
        assert process.returncode == 0, errors
        return output

    def starts(self):
        """The process numbers of the engines that were started."""
        log = self.program.with_name("starts.txt")
        return [int(line) for line in log.read_text().split()] if log.exists() else []

    def session_folders(self):
        """The engines' folders that are there."""
        return list(self.temporary.glob("pydeblur-matlab-*"))


@pytest.fixture
def octave(tmp_path, engine_program):
    if shutil.which("octave") is None:
        pytest.skip("octave is not on PATH")
    session = Octave(tmp_path, engine_program)
    yield session
    session.end()


@pytest.fixture(scope="session")
def colour_photo(sharp_image):
    """(72, 80, 3) uint8, blurred by a kernel of 5 x 5."""
    kernel = np.zeros((5, 5))
    kernel[[0, 1, 2, 3, 4], [0, 1, 2, 2, 3]] = 0.2
    grey = convolve2d(sharp_image[:76, :84], kernel, "valid")
    return np.rint(255 * np.stack([grey, grey**2, 1 - grey], axis=-1)).astype(np.uint8)
