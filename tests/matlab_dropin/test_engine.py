"""The engine without Octave: requests, answers, and how it ends."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from pydeblur import matlab_api
from pydeblur.errors import InvalidInputError
from pydeblur.matlab_api.server import serve
from pydeblur.matlab_api.server.folder import SessionFolder
from pydeblur.matlab_api.server.functions import BUILT_INS, FUNCTIONS, call
from pydeblur.matlab_api.server.request import read_arguments, read_request

DROPIN = Path(__file__).resolve().parents[2] / "matlab_ref" / "dropin"


class Engine:
    """A process of the engine, in a folder for its temporary files."""

    def __init__(self, temporary):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pydeblur", "matlab-server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "TMPDIR": str(temporary), "OMP_NUM_THREADS": "1"},
        )
        self.greeting = self.answer()
        self.folder = Path(self.greeting.split(" ", 2)[2])

    def answer(self):
        return self.process.stdout.readline().decode().rstrip("\n")

    def send(self, line):
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def ask(self, line, **variables):
        """The answer to a request; a variable's bytes are what the whole file holds."""
        if "contents" in variables:
            (self.folder / "request.mat").write_bytes(variables["contents"])
        elif variables:
            scipy.io.savemat(self.folder / "request.mat", variables)
        self.send(line)
        return self.answer()

    def close(self):
        """End it, and return its exit code and what it has said on standard error."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        code = self.process.wait(timeout=120)
        said = self.process.stderr.read().decode()
        self.process.stdout.close()
        self.process.stderr.close()
        return code, said


@pytest.fixture
def engine(tmp_path):
    started = Engine(tmp_path)
    yield started
    if started.process.poll() is None:
        started.process.kill()
    if not started.process.stdin.closed:
        started.close()


def test_requests_good_and_bad_in_one_session(engine, tmp_path):
    whyte = "call whyte_deconv 1 number number"
    assert engine.folder.stat().st_mode & 0o077 == 0  # nobody else can look at the pictures
    assert engine.ask("call opt_fft_size 1 number", a1=[[17.0, 121.0]]) == "result 1"
    assert scipy.io.loadmat(engine.folder / "result.mat")["r1"].tolist() == [[18, 125]]
    damaged = io.BytesIO()
    scipy.io.savemat(damaged, {"a1": np.ones((9, 9)), "a2": np.ones((3, 3))})
    assert engine.ask(whyte, contents=damaged.getvalue()[:200]).startswith("error FileFormatError ")
    assert not (engine.folder / "result.mat").exists()  # no result of the call before is taken for this one's
    assert engine.ask(whyte, contents=b"no MAT file").startswith("error FileFormatError ")
    assert engine.ask(whyte).startswith("error FileFormatError ")  # there is no file
    assert (
        engine.ask(whyte, a1=np.ones((9, 9))) == "error InvalidInputError the request's file lacks the numeric array a2"
    )
    engine.process.send_signal(signal.SIGINT)  # Ctrl-C in the terminal is not for an engine that waits
    assert engine.ask("system rm").startswith("error InvalidInputError the request's line should be")
    assert engine.ask("call whyte_deconvs 1").endswith("there is no function whyte_deconvs; did you mean whyte_deconv?")
    assert engine.ask("call imread 1 text", a1=[[47.0]]).startswith(
        "error InvalidInputError there is no function imread"
    )
    fields = "call blind_deconv 2 number number number fields:kernel_size=number,xk_iter=number,kernal=number"
    image = np.kron(np.random.default_rng(0).random((6, 6)), np.ones((6, 6)))
    options = {"a4_1": 5.0, "a4_2": 1.0, "a4_3": 1.0}
    assert engine.ask(fields, a1=image, a2=0.0, a3=4e-3, **options).startswith(
        "warning UnknownFieldWarning opts.kernal is"
    )
    assert engine.answer() == "result 2"
    found = scipy.io.loadmat(engine.folder / "result.mat")
    kernel, latent = matlab_api.blind_deconv(image, 0, 4e-3, {"kernel_size": 5, "xk_iter": 1})
    assert np.array_equal(found["r1"], kernel) and np.array_equal(found["r2"], latent)
    assert engine.ask(whyte, a1=np.ones((9, 9)), a2=np.ones((3, 3))) == "result 1"
    assert engine.close() == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_sigterm_ends_it_in_the_middle_of_a_computation(tmp_path):
    engine = Engine(tmp_path)
    image = np.random.default_rng(0).random((200, 200))
    scipy.io.savemat(engine.folder / "request.mat", {"a1": image, "a2": 0.0, "a3": 4e-3, "a4_1": 25.0, "a4_2": 10000.0})
    engine.send("call blind_deconv 2 number number number fields:kernel_size=number,xk_iter=number")
    time.sleep(0.3)
    engine.process.terminate()
    engine.process.wait(timeout=120)
    assert engine.close()[0] == 143
    assert list(tmp_path.iterdir()) == []


def test_folders_of_killed_engines_are_removed_and_no_others(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    of_others = tmp_path / "pydeblur-matlab-of-mine"  # it has no lock
    of_others.mkdir()
    os.utime(of_others, (0, 0))
    with SessionFolder() as running:
        left = tmp_path / "pydeblur-matlab-left"
        left.mkdir()
        (left / "lock").touch()
        (left / "request.mat").touch()
        with SessionFolder():
            assert left.exists()  # it is young: its process may be about to lock it
        for folder in (left, running.path):
            os.utime(folder, (0, 0))
        with SessionFolder():
            assert not left.exists() and running.path.exists() and of_others.exists()


def test_a_function_that_fails_in_an_unforeseen_way_does_not_end_the_session(monkeypatch):
    def fail():
        raise RuntimeError("a bug\nin two lines")

    def exhaust():
        raise MemoryError

    monkeypatch.setitem(FUNCTIONS, "fail", fail)
    monkeypatch.setitem(FUNCTIONS, "exhaust", exhaust)
    answers = io.BytesIO()
    serve(io.BytesIO(b"call fail 1\ncall exhaust 1\nend\ncall fail 1\n"), answers)
    assert answers.getvalue().decode().splitlines()[1:] == [
        "error InternalError RuntimeError: a bug in two lines",
        "error OutOfMemory there is not enough memory",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "call",
        "call f",
        "call f x",
        "call f 1  number",
        "call f 1 array",
        "call f 1 fields",
        "call f 1 fields:a",
        "call f 1 fields:a=number,",
        "call f 1 fields:a=fields:",
        "call f 1 other",
        "call ../f 1",
        "call f 100",
    ],
)
def test_bad_lines(line):
    with pytest.raises(InvalidInputError):
        read_request(line)


def test_text_and_fields_are_read(tmp_path):
    scipy.io.savemat(
        tmp_path / "request.mat", {"a1": [[107.0, 228.0]], "a2_1": np.zeros((0, 0)), "a2_2": np.uint8([[3]])}
    )
    request = read_request("call f 2 text fields:name=text,count=number fields:")
    assert read_arguments(request, tmp_path / "request.mat") == ["kä", {"name": "", "count": np.uint8([[3]])}, {}]
    scipy.io.savemat(tmp_path / "request.mat", {"a1": [[1e9]]})
    with pytest.raises(InvalidInputError, match="numbers of the text a1"):
        read_arguments(read_request("call f 1 text"), tmp_path / "request.mat")


def test_results_and_arguments_are_counted():
    assert [result.shape for result in call("threshold_pxpy_v1", [np.eye(9), np.array([[3.0]])], 0)] == [(8, 8)]
    assert call("threshold_pxpy_v1", [np.eye(9), 3.0], 3)[2].shape == (1, 1)
    with pytest.raises(InvalidInputError, match="no more than 3 results, but 4"):
        call("threshold_pxpy_v1", [np.eye(9), 3.0], 4)
    with pytest.raises(
        InvalidInputError, match=r"takes the arguments \(Im, kernel, lambda, \[kappa\]\), but 2 were given"
    ):
        call("L0Restoration", [np.eye(9), np.eye(3)], 1)


def test_every_function_has_its_file_and_the_same_arguments():
    """The engine's names are those of the package, and of the files of matlab_ref/dropin."""
    import inspect
    import re

    assert set(FUNCTIONS) == set(matlab_api.__all__) - set(BUILT_INS)
    files = {path.stem: path.read_text() for path in DROPIN.glob("*.m")}
    assert set(files) == set(FUNCTIONS) | {"pydeblur_close", "blind_deconv_by_prior"}
    for name, function in FUNCTIONS.items():
        declared = re.search(rf"\b{name}\((.*)\)\n", files[name])[1].split(", ")
        expected = [parameter.rstrip("_") for parameter in inspect.signature(function).parameters]
        assert [word.lower() for word in declared] == [word.lower() for word in expected]
