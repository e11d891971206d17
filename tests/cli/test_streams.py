"""Standard streams that are closed, full or of few characters, and surroundings that are not as usual: a result or one line."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from pydeblur.cli.streams import usable_streams
from pydeblur.files import write_image

needs_shell = pytest.mark.skipif(shutil.which("sh") is None or os.name != "posix", reason="needs a POSIX shell")


@pytest.fixture
def shell(blurred, tmp_path, monkeypatch):
    """Run a line of the shell, in which $PYDEBLUR is the command, in a folder with photo.png and k.npy."""
    write_image(tmp_path / "photo.png", blurred)
    np.save(tmp_path / "k.npy", np.ones((3, 3)))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("PYDEBLUR", f"{sys.executable} -m pydeblur")

    def run(line, **environment):
        return subprocess.run(
            ["sh", "-c", line],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            timeout=240,
            check=False,
        )

    return run


DECONV = "$PYDEBLUR deconv photo.png k.npy -o o.png --nonblind tv --quiet"


@needs_shell
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_do_not_matter(shell, tmp_path, closed):
    done = shell(f"{DECONV} {closed}")
    assert (done.returncode, done.stderr) == (0, b"") and (tmp_path / "o.png").is_file()


@needs_shell
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_full_streams_are_said_where_something_can_be_said(shell):
    full = shell("$PYDEBLUR classify photo.png --weights classifier-compact > /dev/full")
    assert full.returncode == 2 and full.stderr == b"pydeblur classify: error: No space left on device\n"
    assert shell("$PYDEBLUR deconv missing.png k.npy -o o.png 2> /dev/full").returncode == 2


@needs_shell
@pytest.mark.parametrize("variable", ["PYTHONWARNINGS=error", "HOME=/nonexistent", "TMPDIR=/nonexistent", "COLUMNS=1"])
@pytest.mark.parametrize("command", [DECONV, "$PYDEBLUR classify photo.png --weights classifier-compact"])
def test_surroundings_do_not_matter(shell, variable, command):
    done = shell(command, **dict([variable.split("=")]))
    assert (done.returncode, done.stderr) == (0, b"")


@needs_shell
@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii", "latin-1"])
def test_help_and_names_are_written_in_any_encoding(shell, tmp_path, encoding):
    assert shell("$PYDEBLUR evaluate --help", PYTHONIOENCODING=encoding).returncode == 0
    shutil.copy(tmp_path / "photo.png", tmp_path / "写真…é.png")
    done = shell("$PYDEBLUR classify 写真…é.png --weights classifier-compact", PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"") and done.stdout.endswith(b".png\n")


@needs_shell
def test_names_that_are_no_text_keep_their_bytes(shell, tmp_path):
    try:
        shutil.copy(tmp_path / "photo.png", os.fsencode(tmp_path) + b"/bad\xff.png")
    except OSError:
        pytest.skip("this file system has no such names")
    done = shell("$PYDEBLUR classify bad*.png --weights classifier-compact", PYTHONIOENCODING="utf-8")
    assert (done.returncode, done.stderr) == (0, b"") and done.stdout.endswith(b"bad\xff.png\n")


@needs_shell
def test_where_compiled_loops_can_be_kept_nowhere(shell, tmp_path):
    pytest.importorskip("numba")
    (tmp_path / "file").touch()
    assert (shell(DECONV, NUMBA_CACHE_DIR=str(tmp_path / "file"))).returncode == 0


@pytest.mark.parametrize(
    "words", [("x" * 5000,), ("deconv", "写" * 3000 + ".png", "k.npy", "-o", "o.png"), ("a\nb\x1b[31m",)]
)
def test_every_refusal_is_one_short_line(pydeblur, words):
    outcome = pydeblur(*words)
    assert outcome.code == 2 and outcome.err.count("\n") == 1 and len(outcome.err) < 300
    assert outcome.err[:-1].isprintable()


def test_streams_are_left_as_they_were(capsys):
    before = sys.stdout, sys.stderr, sys.stdout.errors
    with usable_streams():
        assert sys.stdout.errors != before[2]
    assert (sys.stdout, sys.stderr, sys.stdout.errors) == before
