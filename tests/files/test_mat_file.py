"""The reader of .mat files against SciPy's and GNU Octave's files, to the bit, and against damaged ones."""

import io
import os
import shutil
import struct
import subprocess
import zlib
from contextlib import suppress

import numpy as np
import pytest
import scipy.io
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from pydeblur.errors import FileFormatError
from pydeblur.files.mat_file import mat_variables, read_mat

LEVEL5_DTYPES = ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "c16", "c8", "?"]
LEVEL4_DTYPES = ["f8", "f4", "i4", "i2", "u2", "u1", "c16"]


def saved(variables, **options):
    """The bytes of SciPy's file."""
    file = io.BytesIO()
    scipy.io.savemat(file, variables, **options)
    return file.getvalue()


def assert_same(found, expected):
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    assert found.dtype.isnative and found.flags.writeable
    # NaNs and the signs of zeros count too.
    assert found.tobytes() == expected.astype(found.dtype).tobytes()


def any_array(dtypes, shapes):
    return st.tuples(st.sampled_from(dtypes), shapes).flatmap(lambda drawn: arrays(drawn[0], drawn[1]))


class TestFilesOfSciPy:
    @settings(max_examples=200, deadline=None)
    @given(any_array(LEVEL5_DTYPES, array_shapes(min_dims=2, max_dims=4, min_side=0, max_side=6)), st.booleans())
    def test_level_5(self, array, compressed):
        found, skipped = read_mat(saved({"a": array, "text": "b"}, do_compression=compressed))
        assert_same(found["a"], array)
        assert skipped == {"text": "char"}

    @settings(max_examples=200, deadline=None)
    @given(any_array(LEVEL4_DTYPES, array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=6)))
    def test_level_4(self, array):
        found, skipped = read_mat(saved({"a": array, "text": "b"}, format="4"))
        assert_same(found["a"], array)
        assert skipped == {"text": "char"}

    @pytest.mark.parametrize("compressed", [False, True])
    def test_what_is_no_numeric_array_is_named_and_passed_over(self, compressed):
        others = {
            "record": {"inner": np.eye(3), "deep": {"deeper": np.arange(4)}},
            "list": np.array([[np.eye(2), "x"]], dtype=object),
            "text": "kernel",
            "matrix": scipy.sparse.eye(4, format="csc"),
        }
        found, skipped = read_mat(saved({**others, "kernel": np.eye(3)}, do_compression=compressed))
        assert skipped == {"record": "struct", "list": "cell", "text": "char", "matrix": "sparse"}
        assert list(found) == ["kernel"] and np.array_equal(found["kernel"], np.eye(3))

    def test_only_the_wanted_variables(self):
        contents = saved({"a": np.eye(2), "b": np.eye(3), "c": "text"})
        assert list(read_mat(contents, ["b", "absent"]).arrays) == ["b"]
        assert read_mat(contents, ["c"]) == ({}, {"c": "char"})

    def test_the_last_of_one_name_counts(self):
        first, second = saved({"a": np.eye(2)}), saved({"a": np.eye(3)})
        assert read_mat(first + second[128:]).arrays["a"].shape == (3, 3)

    def test_from_the_disk(self, tmp_path):
        (tmp_path / "a.mat").write_bytes(saved({"a": np.eye(2)}))
        assert np.array_equal(read_mat(tmp_path / "a.mat").arrays["a"], np.eye(2))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One workspace in GNU Octave's formats."""
    program = shutil.which("octave-cli") or shutil.which("octave")
    if program is None:
        pytest.skip("GNU Octave is not installed")
    folder = tmp_path_factory.mktemp("octave")
    code = """
        d = [1.5, -2.25, pi; 0, NaN, -Inf]; w = reshape(0:11, 3, 4); n = -w; one = 7; e = zeros(0, 3);
        s = single(d); z = [1+2i, 3.5-4i]; r = 1:5; long_name_of_a_variable_that_has_more_than_thirty = 2;
        i8 = int8([-128, 127]); u8 = uint8([0; 255]); i16 = int16([-300, 7]); u16 = uint16(60000);
        i32 = int32([-70000, 3]); u32 = uint32(4e9); i64 = int64(2)^62; u64 = bitshift(uint64(1), 63) + 5;
        b = [true, false]; t = 'text'; c = {1, 'a', {2}}; x.y = {3}; x.z = 4; p = sparse([1, 0, 2]);
        cube = reshape(int16(1:24), 2, 3, 4);
        save('-v6', 'six.mat'); save('-v7', 'seven.mat');
        save('-v4', 'four.mat', 'd', 'w', 'n', 'one', 's', 'z', 'r', 't', 'p');
        save('-text', 'text.mat', 'd');
    """
    subprocess.run([program, "-qf", "--no-history", "--eval", code], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.octave
class TestFilesOfOctave:
    @pytest.mark.parametrize("name", ["six", "seven"])
    def test_level_5(self, folder, name):
        found, skipped = read_mat(folder / f"{name}.mat")
        d = np.array([[1.5, -2.25, np.pi], [0, np.nan, -np.inf]])
        w = np.arange(12.0).reshape(3, 4, order="F")
        expected = {
            "d": d, "w": w, "n": 0 - w, "one": np.array([[7.0]]), "e": np.zeros((0, 3)), "s": d.astype("f4"),
            "z": np.array([[1 + 2j, 3.5 - 4j]]), "r": np.array([[1.0, 2, 3, 4, 5]]),
            "long_name_of_a_variable_that_has_more_than_thirty": np.array([[2.0]]),
            "i8": np.array([[-128, 127]], "i1"), "u8": np.array([[0], [255]], "u1"), "i16": np.array([[-300, 7]], "i2"),
            "u16": np.array([[60000]], "u2"), "i32": np.array([[-70000, 3]], "i4"),
            "u32": np.array([[4 * 10**9]], "u4"), "i64": np.array([[2**62]], "i8"),
            "u64": np.array([[2**63 + 5]], "u8"), "b": np.array([[True, False]]),
            "cube": np.arange(1, 25, dtype="i2").reshape((2, 3, 4), order="F"),
        }  # fmt: skip
        assert set(found) == set(expected)
        for variable, array in expected.items():
            assert found[variable].dtype == array.dtype and np.array_equal(
                found[variable], array, equal_nan=array.dtype.kind in "fc"
            )
        kinds = {"t": "char", "c": "cell", "x": "struct", "p": "sparse"}
        assert skipped == kinds

    def test_level_4(self, folder):
        found, skipped = read_mat(folder / "four.mat")
        seven = read_mat(folder / "seven.mat").arrays
        assert set(found) == {"d", "w", "n", "one", "s", "z", "r"}
        assert skipped == {"t": "char", "p": "sparse"}
        for name, array in found.items():
            assert np.array_equal(array, seven[name], equal_nan=True)

    def test_octave_s_own_text_is_refused(self, folder):
        with pytest.raises(FileFormatError, match="save it with the flag -v7"):
            read_mat(folder / "text.mat")


class TestByteOrders:
    """No program at hand writes big-endian files, so these are made here, from the format's description."""

    @staticmethod
    def level5(order, elements):
        array = elements.astype(elements.dtype.newbyteorder(order))
        types = {"f8": 9, "f4": 7, "i2": 3}
        classes = {"f8": 6, "f4": 7, "i2": 10}
        kind = elements.dtype.str[1:]

        def element(data_type, data):
            return struct.pack(order + "2I", data_type, len(data)) + data + bytes(-len(data) % 8)

        # The name in the small form: type and size share a word.
        name = struct.pack(order + "I", 2 << 16 | 1) + b"ab\0\0"
        body = element(6, struct.pack(order + "2I", classes[kind], 0))
        body += element(5, struct.pack(f"{order}{array.ndim}i", *array.shape)) + name
        body += element(types[kind], array.tobytes(order="F"))
        marker = {"<": b"IM", ">": b"MI"}[order]
        return b"MATLAB".ljust(124) + struct.pack(order + "H", 0x0100) + marker, element(14, body)

    @pytest.mark.parametrize("order", "<>")
    @pytest.mark.parametrize("dtype", ["f8", "f4", "i2"])
    @pytest.mark.parametrize("compressed", [False, True])
    def test_level_5(self, order, dtype, compressed):
        elements = (np.arange(15).reshape(3, 5) * 7.25 - 30).astype(dtype)
        header, variable = self.level5(order, elements)
        if compressed:
            packed = zlib.compress(variable)
            variable = struct.pack(order + "2I", 15, len(packed)) + packed
        assert_same(read_mat(header + variable).arrays["ab"], elements)
        assert np.array_equal(scipy.io.loadmat(io.BytesIO(header + variable))["ab"], elements)

    @pytest.mark.parametrize("order", "<>")
    @pytest.mark.parametrize("precision, dtype", list(enumerate(["f8", "f4", "i4", "i2", "u2", "u1"])))
    def test_level_4(self, order, precision, dtype):
        elements = np.arange(6).reshape(2, 3).astype(dtype)
        code = 1000 * "<>".index(order) + 10 * precision
        header = struct.pack(order + "5i", code, 2, 3, 0, 3) + b"ab\0"
        data = elements.astype(elements.dtype.newbyteorder(order)).tobytes(order="F")
        assert_same(read_mat(header + data).arrays["ab"], elements)


def damaged(contents, start, layout, *values):
    """The bytes with some of them replaced."""
    changed = bytearray(contents)
    struct.pack_into(layout, changed, start, *values)
    return bytes(changed)


#: SciPy's file of one kernel: the tag at 128, flags 136, dimensions 152, name 168, elements' tag 184, elements 192.
ONE = saved({"kernel": np.arange(15.0).reshape(3, 5)})


def packed_variable(body, declared=None):
    """A file of level 5 with one compressed element."""
    data = zlib.compress(struct.pack("<2I", 14, len(body) if declared is None else declared) + body)
    return ONE[:128] + struct.pack("<2I", 15, len(data)) + data


class TestDamagedFiles:
    def refused(self, contents, reason):
        with pytest.raises(FileFormatError, match=reason) as caught:
            read_mat(contents)
        message = str(caught.value)
        assert "\n" not in message and len(message) < 300 and message.endswith(".")

    @pytest.mark.parametrize(
        ("start", "layout", "values", "reason"),
        [
            (124, "<H", (0x0300,), "version should be 1, not 3"),
            (126, "2s", (b"XX",), "does not start as one"),
            (128, "<I", (77,), "unknown number 77"),
            (132, "<I", (2**32 - 1,), "ends within a variable"),
            (136, "<I", (5,), "does not start with its flags"),
            (144, "<I", (99,), "unknown class 99"),
            (152, "<I", (9,), "no proper dimensions"),
            (156, "<I", (4,), "no proper dimensions"),
            (156, "<I", (2**31,), "ends too late"),
            (160, "<2i", (-3, -5), "negative dimensions"),
            (160, "<2i", (2**31 - 1, 2**31 - 1), "more than 512 MiB"),
            (160, "<2i", (4, 5), "not as many as its dimensions say"),
            (168, "<I", (9,), "no proper name"),
            (184, "<I", (0x100,), "unknown type 256"),
            (184, "<I", (16 << 16 | 9,), "more than four bytes"),
            (184, "<I", (14,), "unknown type 14"),
            (188, "<I", (2**32 - 8,), "ends too late"),
        ],
    )
    def test_one_wrong_word(self, start, layout, values, reason):
        self.refused(damaged(ONE, start, layout, *values), reason)

    @pytest.mark.parametrize("options", [{}, {"do_compression": True}, {"format": "4"}])
    def test_cut_anywhere(self, options):
        contents = saved({"kernel": np.arange(15.0).reshape(3, 5)}, **options)
        # A file of level 5 may end after its header: it holds no variable.
        for length in set(range(len(contents))) - {128}:
            self.refused(contents[:length], "can't be read as a .mat file: ")

    def test_elements_that_their_class_does_not_hold(self):
        stored = saved({"a": np.array([[300.0, 2.0]])})
        self.refused(damaged(stored, 144, "<I", 9), "do not fit its class")

    def test_a_wrong_sum_of_compressed_data(self):
        contents = saved({"a": np.eye(9)}, do_compression=True)
        self.refused(contents[:-1] + bytes([contents[-1] ^ 1]), "do not have their sum")

    def test_compressed_data_longer_than_they_say_or_can_be(self):
        body = ONE[136:]
        assert read_mat(packed_variable(body)).arrays["kernel"].shape == (3, 5)
        self.refused(packed_variable(body + bytes(5000), len(body)), "another length")
        self.refused(packed_variable(body, 2**32 - 1), "longer than it can be")
        self.refused(packed_variable(body, len(body) + 8), "another length")

    def test_a_small_file_that_inflates_to_a_huge_array(self):
        side = 40_000
        # The elements are left out: the size is refused before they are looked for.
        self.refused(damaged(ONE, 160, "<2i", side, side), "more than 512 MiB")
        (variable,) = mat_variables(damaged(ONE, 160, "<2i", side, side)).values()
        assert variable.shape == (side, side)

    def test_more_variables_than_anybody_has(self):
        self.refused(ONE[:128] + struct.pack("<2I", 14, 0) * (2**16 + 1), "more than 65536 variables")

    def test_nesting_is_not_followed(self):
        variable = b""
        for _ in range(3000):
            # Flags of a cell, dimensions 1 x 1, and the name in the small form.
            body = struct.pack("<10I", 6, 8, 1, 0, 5, 8, 1, 1, 1 << 16 | 1, ord("c")) + variable
            variable = struct.pack("<2I", 14, len(body)) + body
        found, skipped = read_mat(ONE[:128] + variable)
        assert not found and skipped == {"c": "cell"}

    @pytest.mark.parametrize(
        "numbers",
        [(5000, 1, 1, 0, 2), (60, 1, 1, 0, 2), (3, 1, 1, 0, 2), (100, 1, 1, 0, 2), (2000, 1, 1, 0, 2), (-1, 1, 1, 0, 2),
         (0, -1, 1, 0, 2), (0, 1, 1, 2, 2), (0, 1, 1, 0, 0), (0, 1, 1, 0, 2**31 - 1), (0, 2**31 - 1, 2**31 - 1, 1, 2)],
    )  # fmt: skip
    def test_headers_of_level_4(self, numbers):
        self.refused(struct.pack("<5i", *numbers) + b"a\0" + bytes(40), "can't be read as a .mat file: ")

    def test_version_7_3(self):
        for contents in (damaged(ONE, 124, "<H", 0x0200), b"\x89HDF\r\n\x1a\n" + bytes(600)):
            self.refused(contents, "save it with the flag -v7")

    def test_names_that_do_not_print(self):
        contents = ONE[:176] + b"k\n\xff\x1b[m" + ONE[182:]
        assert scipy.io.whosmat(io.BytesIO(ONE))[0][0] == "kernel"
        self.refused(damaged(contents, 184, "<I", 8), r"k\\n")

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
    def test_pipes_and_folders(self, tmp_path):
        os.mkfifo(tmp_path / "pipe.mat")
        for path in (tmp_path / "pipe.mat", tmp_path, tmp_path / "absent.mat"):
            with pytest.raises(FileFormatError):
                read_mat(path)

    @settings(max_examples=300, deadline=None)
    @given(st.data())
    def test_changed_bytes_lead_to_an_array_or_a_refusal(self, data):
        options = data.draw(st.sampled_from([{}, {"do_compression": True}, {"format": "4"}]))
        contents = bytearray(saved({"kernel": np.arange(15.0).reshape(3, 5), "t": "x"}, **options))
        places = st.tuples(st.integers(0, len(contents) - 1), st.integers(0, 255))
        for place, value in data.draw(st.lists(places, min_size=1, max_size=4)):
            contents[place] = value
        # Any other exception fails the test.
        with suppress(FileFormatError):
            for array in read_mat(bytes(contents)).arrays.values():
                assert array.nbytes <= 2**20
