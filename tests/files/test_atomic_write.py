"""Files appear whole or not at all."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pydeblur.errors import FileFormatError
from pydeblur.files import atomic_write
from pydeblur.files.atomic_write import check_writable, make_folder, write_bytes
from pydeblur.files.temporary_files import temporary_name


def test_new_files_obey_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_bytes(tmp_path / "new", b"abc")
    finally:
        os.umask(before)
    assert (tmp_path / "new").read_bytes() == b"abc"
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640


def test_replaced_files_keep_their_permissions(tmp_path):
    path = tmp_path / "old"
    path.write_bytes(b"old")
    path.chmod(0o604)
    write_bytes(str(path), b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o604


def test_links_are_written_through(tmp_path):
    (tmp_path / "folder").mkdir()
    target = tmp_path / "folder" / "target"
    target.write_bytes(b"old")
    (tmp_path / "link").symlink_to(target)
    write_bytes(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert target.read_bytes() == b"new"


def test_relative_names_go_to_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_bytes("x", b"1")
    assert (tmp_path / "x").read_bytes() == b"1"


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError, OSError(errno.ENOSPC, "No space left")])
@pytest.mark.parametrize("step", ["open", "replace"])
def test_nothing_is_left_of_a_write_that_fails(tmp_path, monkeypatch, error, step):
    path = tmp_path / "x"
    path.write_bytes(b"old")

    class Interrupted:
        def __init__(self, name, mode):
            self.file = open(name, mode)  # noqa: SIM115

        def __enter__(self):
            return self

        def __exit__(self, *args):
            self.file.close()

        def write(self, data):
            self.file.write(data[:1])
            raise error

    def interrupted(*args):
        raise error

    if step == "open":
        monkeypatch.setattr(atomic_write, "open", Interrupted, raising=False)
    else:
        monkeypatch.setattr(os, "replace", interrupted)
    expected = FileFormatError if isinstance(error, OSError) else error
    with pytest.raises(expected):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_disk_errors_name_the_file(tmp_path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(FileFormatError, match="x can't be written: No space left on device"):
        write_bytes(tmp_path / "x", b"")


#: Writes a part of a temporary file and then waits to be killed.
KILLED_WRITER = """
import sys, pathlib
from pydeblur.files.temporary_files import temporary_name
path = pathlib.Path(sys.argv[1]) / temporary_name()
path.write_bytes(b"half")
print(path.name, flush=True)
sys.stdin.read()
"""


class TestLeftovers:
    @pytest.fixture
    def writer(self, tmp_path):
        command = [sys.executable, "-c", KILLED_WRITER, str(tmp_path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            yield process, tmp_path / process.stdout.readline().strip()
            process.kill()

    def test_files_of_a_killed_process_go_and_those_of_a_living_one_stay(self, tmp_path, writer):
        process, temporary = writer
        write_bytes(tmp_path / "x", b"1")
        assert temporary.exists()
        process.kill()
        process.wait()
        write_bytes(tmp_path / "x", b"2")
        assert [path.name for path in tmp_path.iterdir()] == ["x"]

    def test_a_process_that_its_parent_has_not_asked_for_counts_as_dead(self, tmp_path, writer):
        process, temporary = writer
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        write_bytes(tmp_path / "x", b"1")
        assert not temporary.exists()

    def test_a_later_process_with_the_same_number(self, tmp_path):
        mark, process, started = temporary_name().removeprefix(".pydeblur-").split("-")[:3]
        stale = tmp_path / f".pydeblur-{mark}-{process}-{int(started) + 1}-0123456789ab.part"
        stale.touch()
        write_bytes(tmp_path / "x", b"1")
        assert stale.exists() == (started == "0")  # Where the system does not tell starts, nothing is removed.

    def test_other_machines(self, tmp_path):
        # Whether the process lives can't be asked there; its file goes after a day.
        fresh, old = (tmp_path / f".pydeblur-00112233445{k}-1-1-0123456789ab.part" for k in range(2))
        for path in (fresh, old):
            path.touch()
        day = 24 * 3600
        os.utime(old, times=(old.stat().st_mtime - day - 60,) * 2)
        write_bytes(tmp_path / "x", b"1")
        assert (fresh.exists(), old.exists()) == (True, False)

    @pytest.mark.parametrize(
        "name", ["x.part", ".x.png.0123456789ab.part", ".pydeblur-notes.part", ".pydeblur-0-0-0-0.part"]
    )
    def test_files_of_others_stay(self, tmp_path, name):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, times=(0, 0))
        write_bytes(tmp_path / "x", b"1")
        assert (tmp_path / name).exists()


class TestLongNames:
    @pytest.mark.parametrize(
        "name", ["ä" * 120 + ".png", "漢" * 80 + ".tif", "n" * 251 + ".bmp", "k" * 244 + "_kernel.tif"]
    )
    def test_as_long_as_the_folder_allows(self, tmp_path, name):
        assert check_writable(tmp_path / name) == tmp_path / name
        write_bytes(tmp_path / name, b"1")
        assert [path.name for path in tmp_path.iterdir()] == [name]

    @pytest.mark.parametrize("write", [check_writable, lambda path: write_bytes(path, b"")])
    @pytest.mark.parametrize("name", ["漢" * 84 + ".png", "n" * 252 + ".bmp", "x" * 9000])
    def test_longer(self, tmp_path, write, name):
        with pytest.raises(
            FileFormatError, match=f"its name has {len(name.encode())} bytes, more than the 255"
        ) as error:
            write(tmp_path / name)
        assert len(str(error.value)) < 300

    @pytest.mark.parametrize("write", [check_writable, lambda path: write_bytes(path, b"")])
    def test_a_path_that_is_too_long_as_a_whole(self, tmp_path, write):
        with pytest.raises(FileFormatError, match="can't be written") as error:
            write(tmp_path.joinpath(*["folder" * 20] * 60, "x"))
        assert len(str(error.value)) < 300

    @pytest.mark.parametrize("write", [check_writable, lambda path: write_bytes(path, b"")])
    def test_characters_that_the_system_can_not_write(self, write):
        with pytest.raises(FileFormatError, match="characters that this system can't write"):
            write("\ud800.png")


@pytest.mark.parametrize("write", [check_writable, lambda path: write_bytes(path, b"")])
class TestImpossiblePlaces:
    def test_missing_folder(self, write, tmp_path):
        with pytest.raises(FileFormatError, match="the folder .*none does not exist"):
            write(tmp_path / "none" / "x")

    def test_file_in_place_of_the_folder(self, write, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(FileFormatError, match="does not exist"):
            write(tmp_path / "file" / "x")

    def test_folder(self, write, tmp_path):
        with pytest.raises(FileFormatError, match="it is a folder"):
            write(tmp_path)

    def test_device(self, write):
        with pytest.raises(FileFormatError, match="not a regular file"):
            write("/dev/null")
        assert not Path("/dev/null").is_file()

    @pytest.mark.parametrize("refused", ["folder", "file"])
    def test_permissions(self, write, tmp_path, monkeypatch, refused):
        path = tmp_path / "x"
        path.touch()
        refused_path = tmp_path if refused == "folder" else path
        # Asked of a stand-in: tests may run as root, who may do everything.
        monkeypatch.setattr(os, "access", lambda place, mode: Path(place) != refused_path)
        with pytest.raises(FileFormatError, match="permission denied"):
            write(path)

    @pytest.mark.parametrize("name", ["", None, 3, b"", "a\0b"])
    def test_not_a_name(self, write, name):
        with pytest.raises(FileFormatError, match="file name"):
            write(name)


class TestMakeFolder:
    def test_makes_the_parents_too(self, tmp_path):
        folder = make_folder(str(tmp_path / "a" / "b"))
        assert folder == tmp_path / "a" / "b"
        assert folder.is_dir()

    def test_a_folder_that_is_there_keeps_its_files(self, tmp_path):
        (tmp_path / "x").write_bytes(b"old")
        assert make_folder(tmp_path) == tmp_path
        assert (tmp_path / "x").read_bytes() == b"old"

    def test_relative_names_go_to_the_working_folder(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        make_folder("a")
        assert (tmp_path / "a").is_dir()

    @pytest.mark.parametrize(("name", "reason"), [("file", "File exists"), ("file/below", "Not a directory")])
    def test_a_file_in_its_place(self, tmp_path, name, reason):
        (tmp_path / "file").write_bytes(b"old")
        with pytest.raises(FileFormatError, match=rf"{name}: can't make this folder \({reason}\)\.$"):
            make_folder(tmp_path / name)
        assert (tmp_path / "file").read_bytes() == b"old"

    def test_permission(self, tmp_path, monkeypatch):
        def denied(*args, **options):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        # A stand-in refuses: tests may run as root, who may do everything.
        monkeypatch.setattr(Path, "mkdir", denied)
        with pytest.raises(FileFormatError, match="a: can't make this folder .Permission denied"):
            make_folder(tmp_path / "a")

    @pytest.mark.parametrize("name", ["", None, 3, b"", "a\0b"])
    def test_not_a_name(self, name):
        with pytest.raises(FileFormatError, match="file name"):
            make_folder(name)
