"""Files appear whole or not at all."""

import errno
import os
from pathlib import Path

import pytest

from pydeblur.errors import FileFormatError
from pydeblur.files import atomic_write
from pydeblur.files.atomic_write import check_writable, make_folder, write_bytes


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
