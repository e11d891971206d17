"""What all commands share: help, version, warnings, the progress bar, the last line, broken pipes."""

import io
import os
import re
import subprocess
import sys
import warnings
from types import ModuleType

import pytest

import pydeblur as package
from pydeblur.cli import main as cli
from pydeblur.errors import InvalidInputError

QUICK = ("--kernel-size", 5, "--iterations", 1)


@pytest.fixture
def command_that(monkeypatch):
    """Put a function in the place of a command's ``run``; returns the command's name."""

    def install(run):
        module = ModuleType("replaced")
        module.add_arguments, module.run = lambda parser: None, lambda arguments: run()
        monkeypatch.setitem(sys.modules, "replaced", module)
        monkeypatch.setitem(cli.COMMANDS, "replaced", ("replaced", "something else"))
        return "replaced"

    return install


def test_version(pydeblur):
    assert pydeblur("--version") == (0, f"pydeblur {package.__version__}\n", "")


def test_help_names_every_command(pydeblur):
    outcome = pydeblur("--help")
    assert outcome.code == 0 and outcome.err == ""
    assert all(name in outcome.out for name in ("deblur", "kernel", "deconv", "evaluate", "demo"))


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_every_command_has_help(pydeblur, name):
    outcome = pydeblur(name, "--help")
    assert outcome.code == 0 and outcome.out.startswith(f"usage: pydeblur {name}")


def test_help_needs_no_heavy_import(start_pydeblur):
    code = "import sys; from pydeblur.cli.main import _make_parser; _make_parser(); print('numpy' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"


def test_without_a_word_it_shows_its_help(pydeblur):
    outcome = pydeblur()
    assert outcome == pydeblur("--help") == pydeblur("help") and outcome.code == 0
    assert pydeblur("help", "kernel").out.startswith("usage: pydeblur kernel")


def test_as_a_module_in_a_process_of_its_own(start_pydeblur, photo, tmp_path):
    process = start_pydeblur("deblur", photo, "-o", tmp_path / "o.png", *QUICK, stdout=-1, stderr=-1, text=True)
    out, err = process.communicate(timeout=120)
    assert re.fullmatch(
        r"\S+o\.png: 80×72 px in [\d.]+ s; blur \d×\d px, from candidate \d of \d; final step ringing\n", out
    )
    # Standard error is no terminal: plain lines, and no progress bar.
    assert "\r" not in err and all(line.startswith("pydeblur deblur: ") for line in err.splitlines())
    assert process.returncode == 0 and (tmp_path / "o.png").is_file()


def test_errors_in_a_process_of_its_own(start_pydeblur, tmp_path):
    process = start_pydeblur("deblur", "missing.png", "-o", "o.png", *QUICK, stderr=-1, text=True, cwd=tmp_path)
    *earlier, last = process.communicate(timeout=120)[1].splitlines()
    assert last == "pydeblur deblur: error: missing.png does not exist."
    on_slow_machines = ("pydeblur deblur: reading missing.png", "pydeblur deblur: starting")
    assert all(line.startswith(on_slow_machines) for line in earlier)
    assert process.returncode == 2


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("words, is_drawn", [((), True), (("--quiet",), False)])
def test_a_terminal_gets_a_progress_bar_unless_quiet(pydeblur, photo, tmp_path, monkeypatch, words, is_drawn):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert pydeblur("kernel", photo, "-o", tmp_path / "k.npy", *QUICK, *words).code == 0
    assert ("estimating the kernel" in terminal.getvalue()) == is_drawn
    assert is_drawn or terminal.getvalue() == ""


def test_without_standard_error_there_is_no_progress_bar(pydeblur, photo, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)  # as with 2>&-
    assert pydeblur("kernel", photo, "-o", tmp_path / "k.npy", *QUICK).code == 0


def test_warnings_for_users_are_one_line_and_those_for_developers_none(pydeblur, command_that):
    def warn():
        warnings.warn("take care", UserWarning, stacklevel=1)
        warnings.warn("invalid value", RuntimeWarning, stacklevel=1)

    before = warnings.showwarning
    assert pydeblur(command_that(warn)) == (0, "", "pydeblur: warning: take care\n")
    assert warnings.showwarning is before


@pytest.mark.parametrize(
    "error, code, sentence",
    [
        (InvalidInputError("the image is bad"), 2, "error: the image is bad"),
        (MemoryError("no 9 GiB left"), 2, "error: not enough memory (no 9 GiB left)"),
        (PermissionError(13, "Permission denied", "data"), 2, "error: data: Permission denied"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_errors_become_one_line_and_a_code(pydeblur, command_that, error, code, sentence):
    def fail():
        raise error

    assert pydeblur(command_that(fail)) == (code, "", f"pydeblur replaced: {sentence}\n")


def test_mistakes_in_the_program_are_not_hidden(pydeblur, command_that):
    with pytest.raises(ZeroDivisionError):
        pydeblur(command_that(lambda: 1 / 0))


def test_a_reader_that_has_gone_is_no_error(command_that, monkeypatch, capsys):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as nobody:
        monkeypatch.setattr(sys, "stdout", nobody)
        assert cli.main([command_that(lambda: print("figures", flush=True))]) == 141
        assert capsys.readouterr().err == ""
