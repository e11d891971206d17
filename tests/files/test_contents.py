"""Reading files whole: what is no regular file, too large or unreadable is refused at once, in one sentence."""

import os
import socket
import subprocess
import sys

import pytest

from pydeblur.errors import FileFormatError
from pydeblur.files.contents import file_contents, shown_path


def refusal(path, **options):
    with pytest.raises(FileFormatError) as caught:
        file_contents(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 300
    assert message.endswith(".")
    return message


def test_the_bytes_of_a_file_and_of_a_link_to_it(tmp_path):
    (tmp_path / "a").write_bytes(b"\0\1\r\n\2")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert file_contents(tmp_path / "a") == file_contents(str(tmp_path / "link")) == b"\0\1\r\n\2"


def test_at_most_the_limit(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert file_contents(tmp_path / "a", limit=3) == b"abc"
    assert "has 3 bytes, more than the 2" in refusal(tmp_path / "a", limit=2)


def test_a_sparse_file_of_many_gigabytes_is_refused_by_its_size(tmp_path):
    with open(tmp_path / "a", "wb") as file:
        file.truncate(1 << 40)
    assert f"has {1 << 40} bytes, more than" in refusal(tmp_path / "a")


def test_missing_empty_and_folders(tmp_path):
    (tmp_path / "empty").touch()
    assert refusal(tmp_path / "none").endswith("none does not exist.")
    assert refusal(tmp_path / "empty").endswith("is empty.")
    assert refusal(tmp_path).endswith("is a folder, not a regular file.")
    assert "Not a directory" in refusal(tmp_path / "empty" / "a")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_pipes_sockets_and_devices(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    script = (
        "import sys\nfrom pydeblur.files.contents import file_contents\n"
        "try:\n    file_contents(sys.argv[1])\nexcept ValueError as error:\n    print(error)"
    )
    # In a process of its own, so that a wait for the pipe's writer would fail this test and not stop all of them.
    command = [sys.executable, "-c", script, str(tmp_path / "pipe")]
    assert "is a pipe" in subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        # The name of a socket may have some 100 characters only, so it is given relative to its folder.
        with socket.socket(socket.AF_UNIX) as end:
            end.bind(f"/proc/self/fd/{folder}/s" if os.path.exists("/proc/self/fd") else str(tmp_path / "s"))
    finally:
        os.close(folder)
    assert "is a socket" in refusal(tmp_path / "s")
    assert "is a device" in refusal("/dev/zero")
    assert "is a device" in refusal(os.devnull)


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="the system has no /proc")
def test_files_that_tell_no_size():
    assert "does not tell its size" in refusal("/proc/self/status")


def test_permission(tmp_path, monkeypatch):
    def denied(*_):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a").write_bytes(b"abc")
    monkeypatch.setattr("os.open", denied)
    assert refusal(tmp_path / "a").endswith("a can't be read: Permission denied.")


def test_names_that_are_too_long_or_have_line_breaks(tmp_path):
    assert "does not exist" in refusal(tmp_path / "two\nlines")
    assert "can't be read: File name too long" in refusal(tmp_path / ("x" * 5000))
    assert shown_path("a\tb\udc80") == "a\\tb\\udc80"
    assert shown_path("/folder/" + "x" * 400) == "..." + "x" * 150
