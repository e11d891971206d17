"""ZIP archives and .npz files: what zipfile and NumPy have written comes back, and no archive unpacks to more than allowed."""

import io
import zipfile

import numpy as np
import pytest

from pydeblur.errors import FileFormatError
from pydeblur.files.zip_archive import read_archive, read_npz


def archive(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, contents in members.items():
            file.writestr(name, contents)
    return path


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_come_back(tmp_path, save):
    arrays = {"a": np.random.default_rng(0).random((3, 4)), "b": np.arange(5, dtype=">i2"), "c": np.array("text")}
    save(tmp_path / "a.npz", **arrays)
    found = read_npz(tmp_path / "a.npz", "fiU")
    assert found.keys() == arrays.keys()
    assert all(found[name].dtype == arrays[name].dtype and np.array_equal(found[name], arrays[name]) for name in arrays)
    with pytest.raises(
        FileFormatError, match="an array of .*a.npz can't be read as a .npy file: it should hold real numbers"
    ):
        read_npz(tmp_path / "a.npz")


def test_members_come_back(tmp_path):
    members = {"folder/a": b"one", "b": b"", "c": bytes(range(256))}
    assert read_archive(archive(tmp_path / "a.zip", members)) == members


def test_a_bomb_is_refused_by_what_it_declares(tmp_path):
    path = archive(tmp_path / "a.zip", {"zeros": bytes(2_000_000)}, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 10_000
    with pytest.raises(FileFormatError, match="should unpack to at most 1999999 bytes"):
        read_archive(path, 1_999_999)
    assert read_archive(path, 2_000_000) == {"zeros": bytes(2_000_000)}


def test_a_member_that_declares_less_than_it_unpacks_to_is_refused(tmp_path):
    path = archive(tmp_path / "a.zip", {"zeros": bytes(70_000)}, zipfile.ZIP_DEFLATED)
    contents = path.read_bytes()
    assert contents.count((70_000).to_bytes(4, "little")) == 2
    path.write_bytes(contents.replace((70_000).to_bytes(4, "little"), (700).to_bytes(4, "little")))
    with pytest.raises(FileFormatError, match="damaged"):
        read_archive(path, 2**20)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(tmp_path, compression):
    with pytest.raises(FileFormatError, match="stored or deflated"):
        read_archive(archive(tmp_path / "a.zip", {"a": bytes(9)}, compression), 2**20)


def test_a_directory_of_more_members_than_anybody_has(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK\x01\x02" * (2**16 + 1))
    with pytest.raises(FileFormatError, match="at most 65536 members"):
        read_archive(tmp_path / "a.zip")


def test_damaged_files_and_what_is_no_archive(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, a=np.arange(100.0))
    whole = path.read_bytes()
    for contents in (b"text", whole[:-30], whole[:200] + b"\xff" + whole[201:], b"PK\x05\x06" + bytes(17)):
        path.write_bytes(contents)
        with pytest.raises(FileFormatError, match=r"^[^\n]*a\.npz [^\n]*\.$"):
            read_npz(path)
    archive(path, {"readme.txt": b"text"})
    with pytest.raises(FileFormatError, match="should hold arrays alone"):
        read_npz(path)
    with pytest.raises(FileFormatError, match="does not exist"):
        read_npz(tmp_path / "absent.npz")


def test_encrypted_members_are_refused(tmp_path):
    stream = io.BytesIO()
    archive(stream, {"a": b"secret"})
    contents = bytearray(stream.getvalue())
    # Bit 0 of the flags, in the member's own header and in the directory.
    contents[6] |= 1
    contents[contents.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(contents)
    with pytest.raises(FileFormatError, match="damaged"):
        read_archive(tmp_path / "a.zip")
