"""The reader of .npy files against NumPy's own, and against files that are none or lie."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from pydeblur.errors import FileFormatError
from pydeblur.files.npy_file import array_of_npy, read_npy

DTYPES = ["?", "<u1", "<i2", ">u2", "<i4", ">i8", "<f2", ">f4", "<f8", ">f8", "<c8", ">c16"]


def saved(array, version=None):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array), version)
    return file.getvalue()


def headed(header, data=b"", version=1):
    """A file with any text in place of its header."""
    layout = "<H" if version == 1 else "<I"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack(layout, len(header)) + header + data


@settings(max_examples=200, deadline=None)
@given(
    st.tuples(st.sampled_from(DTYPES), array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)).flatmap(
        lambda drawn: arrays(drawn[0], drawn[1])
    ),
    st.sampled_from([(1, 0), (2, 0), (3, 0)]),
    st.sampled_from("CF"),
)
def test_arrays_of_every_type_order_and_version(tmp_path_factory, array, version, order):
    path = tmp_path_factory.mktemp("npy") / "a.npy"
    array = np.array(array, order=order)
    path.write_bytes(saved(array, version))
    found, expected = read_npy(path), np.load(path)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    assert found.tobytes() == expected.tobytes() == array.tobytes()


def numbers(shape, descr="'<f8'"):
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()


@pytest.mark.parametrize(
    ("contents", "reason"),
    [
        (saved(np.eye(3))[:-1], "fewer bytes"),
        (saved(np.eye(3)) + b"\0", "more bytes"),
        (headed(numbers("(1000000, 1000000)"), bytes(8)), "fewer bytes"),
        (headed(numbers(f"({10**30}, {10**30})"), bytes(8)), "fewer bytes"),
        (headed(numbers("(0,)"), bytes(8)), "more bytes"),
        (headed(numbers("(-3, -3)"), bytes(72)), "impossible shape"),
        (headed(numbers("(True, 3)"), bytes(24)), "impossible shape"),
        (headed(numbers("(" * 300 + "3" + ")" * 300), bytes(24)), "header is damaged"),
        (headed(numbers("(" + "1," * 33 + ")"), bytes(8)), "impossible shape"),
        (headed(numbers("3"), bytes(24)), "header is damaged"),
        (headed(numbers("(2.5,)"), bytes(24)), "header is damaged"),
        (headed(numbers("(1" + "0" * 1900 + ",)"), bytes(24)), "fewer bytes"),
        (headed(numbers("(3,)", "'float'"), bytes(23)), "fewer bytes"),
        (headed(numbers("(3,)", "'x9'"), bytes(24)), "header is damaged"),
        (headed(numbers("(3,)", "[('a', '<f8')]"), bytes(24)), "real numbers"),
        (headed(numbers("(3,)", "'<M8[s]'"), bytes(24)), "real numbers"),
        (headed(numbers("(3,)", "'|S8'"), bytes(24)), "real numbers"),
        (headed(numbers("(3,)", "'|V0'")), "real numbers"),
        (headed(numbers("(3,)", "'|O'"), bytes(24)), "Python objects"),
        (headed(b"(" * 1500), "header is damaged"),
        (headed(b"-" * 1500 + b"1"), "header is damaged"),
        (headed(b"[" * 1000 + b"]" * 1000), "header is damaged"),
        (headed(b"{'\\d': '\\q'}"), "header is damaged"),
        (headed(b"\xff\xfe{"), "header is damaged"),
        (headed(b"("*60_000), "header is longer"),
        (headed(b"1+" * 100_000, version=2), "header is longer"),
        (headed(numbers("(3,)"), version=4), "version should be"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "header is longer"),
        (b"\x93NUMPY", "does not start as one"),
        (b"no array", "does not start as one"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_what_is_none_is_one_sentence(tmp_path, contents, reason):
    path = tmp_path / "a.npy"
    path.write_bytes(contents)
    with pytest.raises(FileFormatError, match=reason) as caught:
        read_npy(path)
    message = str(caught.value)
    assert str(path) in message and "\n" not in message and message.endswith(".") and len(message) < 300


def test_archives_and_empty_files(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.eye(3))
    (tmp_path / "a.npz").rename(tmp_path / "a.npy")
    with pytest.raises(FileFormatError, match="is an .npz archive"):
        read_npy(tmp_path / "a.npy")
    (tmp_path / "b.npy").touch()
    with pytest.raises(FileFormatError, match="is empty"):
        read_npy(tmp_path / "b.npy")


def test_pickles_are_not_run(tmp_path):
    np.save(tmp_path / "a.npy", np.array([print]), allow_pickle=True)
    with pytest.raises(FileFormatError, match="Python objects"):
        read_npy(tmp_path / "a.npy")


@pytest.mark.parametrize("point", [0x110000, 2**32 - 1, 0xD800, 0xDFFF])
@pytest.mark.parametrize("order", "<>")
def test_texts_of_impossible_characters_are_refused(point, order):
    header = numbers("(2,)", f"'{order}U2'")
    good = struct.pack(order + "4I", 0x10FFFF, 0xD7FF, 0xE000, ord("a"))
    assert array_of_npy(headed(header, good), "a.npy", "U").tolist() == ["\U0010ffff\ud7ff", "\ue000a"]
    with pytest.raises(FileFormatError, match="valid Unicode"):
        array_of_npy(headed(header, good[:12] + struct.pack(order + "I", point)), "a.npy", "U")


def test_texts_without_characters_are_refused():
    with pytest.raises(FileFormatError, match="should not be empty"):
        array_of_npy(headed(numbers("(2,)", "'<U0'")), "a.npy", "U")
