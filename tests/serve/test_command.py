"""``pydeblur serve``: what it says, how it ends, and what it leaves: nothing."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from pydeblur.cli.main import main

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs signals of POSIX systems")


@contextmanager
def command(folder, *words):
    process = subprocess.Popen(
        [sys.executable, "-m", "pydeblur", "serve", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    "number, code, host, warnings", [(signal.SIGINT, 0, "127.0.0.1", 0), (signal.SIGTERM, 143, "0.0.0.0", 1)]
)
def test_it_ends_when_it_is_told_and_leaves_nothing(tmp_path, number, code, host, warnings):
    with command(tmp_path, "--port", "0", "--host", host) as process:
        assert process.stdout.readline().startswith("pydeblur serve: the page is at http://")
        assert len(list(tmp_path.glob("pydeblur-serve-*"))) == 1
        process.send_signal(number)
        output, errors = process.communicate(timeout=120)
    assert process.returncode == code, errors
    assert list(tmp_path.glob("pydeblur-serve-*")) == []
    # Another host than this machine alone is warned of.
    warned = [
        line for line in errors.splitlines() if line.startswith("pydeblur serve: warning: everybody who can reach")
    ]
    assert len(warned) == warnings
    assert all(len(line) < 300 for line in warned)
    assert len((output + errors).splitlines()) == 1 + warnings


def test_what_cannot_be_listened_to_is_said_in_one_line(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["serve", "--port", str(taken.getsockname()[1])]) == 2
        assert main(["serve", "--host", "no such host"]) == 2
        assert main(["serve", "--host", "203.0.113.7", "--port", "0"]) == 2
    *lines, in_use, no_host, not_ours = [line for line in capsys.readouterr().err.splitlines() if "warning" not in line]
    assert lines == []
    assert "is in use" in in_use
    assert "host should be" in no_host
    assert "host should be" in not_ours


@pytest.mark.parametrize(
    "words", [("--port", "65536"), ("--port", "-1"), ("--port", "x"), ("--jobs", "0"), ("--memory", "0")]
)
def test_numbers_out_of_range_are_refused(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["serve", *words])
    assert ended.value.code == 2
    assert words[0] in capsys.readouterr().err


def test_without_the_extra_it_says_what_to_install(tmp_path):
    code = (
        "import sys; sys.modules['starlette'] = None\n"
        "from pydeblur.cli.main import main\n"
        "sys.exit(main(['serve', '--port', '0']))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.returncode, "pip install 'pydeblur[serve]'" in result.stderr) == (2, True)
