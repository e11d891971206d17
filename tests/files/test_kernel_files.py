"""Kernel files: exact round trips, files of other programs, and everything that is no kernel."""

import imageio.v3 as iio
import numpy as np
import pytest
import scipy.io
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pydeblur.errors import FileFormatError, InvalidInputError
from pydeblur.files import check_kernel_output, read_kernel, viewable, write_kernel

SUFFIXES = [".tif", ".tiff", ".npy", ".mat", ".png"]


def random_kernel(height=7, width=5):
    kernel = np.random.default_rng(3).random((height, width))
    kernel[:2, :2] = 0
    return kernel / kernel.sum()


odd = st.integers(1, 6).map(lambda n: 2 * n + 1)
kernels = (
    st.tuples(odd, odd)
    .flatmap(lambda shape: arrays(np.float64, shape, elements=st.floats(0, 1)))
    .filter(lambda kernel: kernel.sum() > 1e-3)
)


class TestRoundTrips:
    @settings(max_examples=60, deadline=None)
    @given(kernels, st.sampled_from(SUFFIXES))
    def test_every_format(self, tmp_path_factory, kernel, suffix):
        kernel = kernel / kernel.sum()
        path = tmp_path_factory.mktemp("kernel") / f"k{suffix}"
        write_kernel(path, kernel)
        again = read_kernel(path)
        assert (again.dtype, again.shape) == (np.float64, kernel.shape)
        if suffix in (".npy", ".mat"):
            assert np.array_equal(again, kernel)
        elif suffix == ".png":
            assert np.abs(again - kernel).max() <= 1e-5 * kernel.max() * (1 + kernel.size * kernel.max())
        else:
            assert np.array_equal(again, kernel.astype(np.float32))

    def test_what_was_read_from_tiff_is_written_and_read_again_unchanged(self, tmp_path):
        write_kernel(tmp_path / "a.tif", random_kernel(31, 31))
        once = read_kernel(tmp_path / "a.tif")
        write_kernel(tmp_path / "b.tif", once)
        assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()
        assert np.array_equal(read_kernel(tmp_path / "b.tif"), once)

    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_reading_divides_by_the_sum(self, tmp_path, suffix):
        write_kernel(tmp_path / f"k{suffix}", 5 * random_kernel())
        again = read_kernel(tmp_path / f"k{suffix}")
        assert abs(again.sum() - 1) < 1e-12
        assert np.abs(again - random_kernel()).max() < 1e-5

    def test_old_files_are_replaced(self, tmp_path):
        write_kernel(tmp_path / "k.npy", random_kernel())
        write_kernel(tmp_path / "k.npy", random_kernel(9, 9))
        assert read_kernel(tmp_path / "k.npy").shape == (9, 9)
        assert len(list(tmp_path.iterdir())) == 1


class TestFilesOfOtherPrograms:
    @pytest.mark.parametrize("name", ["kernel", "k", "f", "psf"])
    def test_mat_variables(self, tmp_path, name):
        scipy.io.savemat(tmp_path / "k.mat", {name: random_kernel(), "other": np.eye(3), "lambda_": 4e-3})
        assert np.array_equal(read_kernel(tmp_path / "k.mat"), random_kernel())

    def test_kernel_goes_before_the_other_names(self, tmp_path):
        scipy.io.savemat(tmp_path / "k.mat", {"f": np.eye(3), "k": np.eye(5), "kernel": random_kernel()})
        assert np.array_equal(read_kernel(tmp_path / "k.mat"), random_kernel())

    def test_the_only_matrix(self, tmp_path):
        scipy.io.savemat(
            tmp_path / "k.mat",
            {"estimate": random_kernel(), "gamma": 1.0, "name": "im01", "cell": np.array([["x"]], dtype=object)},
        )
        assert np.array_equal(read_kernel(tmp_path / "k.mat"), random_kernel())

    def test_integers_in_mat(self, tmp_path):
        scipy.io.savemat(tmp_path / "k.mat", {"kernel": np.array([[0, 1, 3]], np.uint8)})
        assert read_kernel(tmp_path / "k.mat").tolist() == [[0, 0.25, 0.75]]

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
    def test_tiff(self, tmp_path, dtype):
        samples = (random_kernel() * 200).astype(dtype)
        tifffile.imwrite(tmp_path / "k.tif", samples)
        assert np.abs(read_kernel(tmp_path / "k.tif") - samples.astype(float) / samples.sum(dtype=float)).max() < 1e-15

    @pytest.mark.parametrize("colour", [False, True])
    def test_8_bit_pictures(self, tmp_path, colour):
        samples = (random_kernel() * 2000).astype(np.uint8)
        iio.imwrite(tmp_path / "k.png", np.dstack([samples] * 3) if colour else samples)
        assert np.abs(read_kernel(tmp_path / "k.png") - samples / samples.sum()).max() < 1e-15

    def test_single_row(self, tmp_path):
        np.save(tmp_path / "k.npy", np.full((1, 5), 0.2))
        assert read_kernel(tmp_path / "k.npy").shape == (1, 5)


class TestNoKernels:
    def refused(self, path, reason):
        with pytest.raises(FileFormatError) as caught:
            read_kernel(path)
        assert reason in str(caught.value)
        assert str(path) in str(caught.value)
        assert str(caught.value).endswith(".")
        assert "\n" not in str(caught.value)

    @pytest.mark.filterwarnings("ignore:Corrupt EXIF")
    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_missing_empty_and_damaged_files(self, tmp_path, suffix):
        path = tmp_path / f"k{suffix}"
        self.refused(path, "does not exist")
        path.write_bytes(b"")
        self.refused(path, "is empty")
        path.write_bytes(b"nothing that anyone could call a kernel" * 9)
        self.refused(path, "read")
        path.unlink()
        write_kernel(path, random_kernel())
        path.write_bytes(path.read_bytes()[:100])
        self.refused(path, "can't be read")
        path.unlink()
        path.mkdir()
        self.refused(path, "is a folder")

    @pytest.mark.parametrize("name", ["k.jpg", "k", "k.txt", "k.npz"])
    def test_extension(self, tmp_path, name):
        self.refused(tmp_path / name, "extension should be one of .tif")
        for attempt in (check_kernel_output, lambda path: write_kernel(path, random_kernel())):
            with pytest.raises(FileFormatError, match="extension should be one of .tif"):
                attempt(tmp_path / name)

    @pytest.mark.parametrize(
        ("array", "reason"),
        [
            (np.zeros(3), "two-dimensional"),
            (np.zeros((3, 3, 3)), "two-dimensional"),
            (np.float64(1), "two-dimensional"),
            (np.zeros((0, 3)), "not empty"),
            (np.zeros((3, 3)), "positive sum"),
            (-np.ones((3, 3)), "positive sum"),
            (np.eye(3) - 0.1, "non-negative, but its smallest element is -0.1"),
            (np.eye(3) * np.nan, "finite"),
            (np.diag([1, np.inf, 0]), "finite"),
            (np.eye(3, dtype=complex), "real numbers"),
            (np.array([["a", "b", "c"]]), "real numbers"),
        ],
    )
    def test_values(self, tmp_path, array, reason):
        np.save(tmp_path / "k.npy", array)
        self.refused(tmp_path / "k.npy", reason)
        for suffix in SUFFIXES:
            with pytest.raises(InvalidInputError, match=reason):
                write_kernel(tmp_path / f"new{suffix}", array)
        with pytest.raises(InvalidInputError, match=reason):
            viewable(array)
        assert not list(tmp_path.glob("new*"))

    @pytest.mark.parametrize("shape", [(4, 4), (3, 4), (4, 3), (1, 1), (2, 1)])
    def test_sizes(self, tmp_path, shape):
        np.save(tmp_path / "k.npy", np.ones(shape))
        self.refused(tmp_path / "k.npy", f"should be odd and not both 1, not {shape[0]} and {shape[1]}")

    def test_rounding_below_zero_is_cut(self, tmp_path):
        np.save(tmp_path / "k.npy", np.array([[-1e-9, 1.0, 0.0]]))
        assert read_kernel(tmp_path / "k.npy").tolist() == [[0, 1, 0]]

    def test_colour_pictures(self, tmp_path):
        iio.imwrite(tmp_path / "k.png", np.random.default_rng(0).integers(0, 255, (5, 5, 3), dtype=np.uint8))
        self.refused(tmp_path / "k.png", "colour picture")

    def test_pickles_are_not_run(self, tmp_path):
        np.save(tmp_path / "k.npy", np.array([[object()]]), allow_pickle=True)
        self.refused(tmp_path / "k.npy", "can't be read")

    def test_mat_without_or_with_too_many_matrices(self, tmp_path):
        scipy.io.savemat(tmp_path / "k.mat", {"gamma": 1.0})
        self.refused(tmp_path / "k.mat", "it has gamma")
        scipy.io.savemat(tmp_path / "k.mat", {})
        self.refused(tmp_path / "k.mat", "it has none")
        scipy.io.savemat(tmp_path / "k.mat", {"b": np.eye(3), "a": np.eye(3)})
        self.refused(tmp_path / "k.mat", "it has a, b")

    @pytest.mark.parametrize("value", ["text", {"field": 1}, 1j * np.eye(3)])
    def test_mat_with_a_kernel_that_is_none(self, tmp_path, value):
        scipy.io.savemat(tmp_path / "k.mat", {"kernel": value})
        self.refused(tmp_path / "k.mat", "holds no blur kernel")

    def test_mat_version_7_3(self, tmp_path):
        # The header that MATLAB puts before HDF5's.
        start = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(116) + bytes(8) + b"\x00\x02IM"
        (tmp_path / "k.mat").write_bytes(start.ljust(512, b"\0") + b"\x89HDF\r\n\x1a\n" + bytes(600))
        self.refused(tmp_path / "k.mat", "-v7")

    def test_unwritable(self, tmp_path):
        for attempt in (check_kernel_output, lambda path: write_kernel(path, random_kernel())):
            with pytest.raises(FileFormatError, match="does not exist"):
                attempt(tmp_path / "none" / "k.tif")
        check_kernel_output(tmp_path / "k.tif")
        assert not list(tmp_path.iterdir())


def test_viewable_scales_to_white_and_rounds_as_matlab():
    picture = viewable(np.array([[0, 2.0, 1.0], [0.5 / 255 * 2, 0.4999 / 255 * 2, 2.5 / 255 * 2]]))
    assert picture.dtype == np.uint8
    assert picture.tolist() == [[0, 255, 128], [1, 0, 3]]
