"""Arrays of other libraries as pictures, as docs/how_to/arrays.md says; and what a result shows of itself."""

import numpy as np
import pytest

import pydeblur

IMAGE = np.kron(np.random.default_rng(0).random((8, 8)), np.ones((6, 6)))
KERNEL_WORDS = {"prior": "gradient", "iterations": 1}
WORDS = {**KERNEL_WORDS, "nonblind": "tv"}
COLOUR = np.stack([IMAGE, 1 - IMAGE, IMAGE**2], axis=-1)


class TestTorch:
    @pytest.fixture(autouse=True)
    def torch(self):
        return pytest.importorskip("torch")

    def test_a_tensor_is_taken_for_its_numbers_with_and_without_a_gradient(self, torch):
        expected = pydeblur.deblur(IMAGE, 5, **WORDS)
        for needs_gradient in (False, True):
            result = pydeblur.deblur(torch.tensor(IMAGE, requires_grad=needs_gradient), 5, **WORDS)
            assert np.array_equal(result.image, expected.image) and np.asarray(result.blurred).shape == IMAGE.shape
            assert torch.from_numpy(result.image).dtype == torch.float64
        bytes_ = torch.tensor(np.uint8(255 * IMAGE))
        assert torch.from_numpy(pydeblur.deblur(bytes_, 5, **WORDS).image).dtype == torch.uint8

    def test_channels_come_last(self, torch):
        tensor = torch.tensor(COLOUR).permute(2, 0, 1)
        with pytest.raises(pydeblur.InvalidInputError, match="channels should come last"):
            pydeblur.deblur(tensor, 5, **WORDS)
        result = pydeblur.deblur(tensor.permute(1, 2, 0), 5, **WORDS)
        assert torch.from_numpy(result.image).permute(2, 0, 1).shape == tensor.shape


class Labelled:
    """An array with names of its axes, as xarray has them, for where that is not installed."""

    def __init__(self, data, dims=("y", "x")):
        self.data, self.dims = data, dims

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.data, dtype)


def test_a_labelled_array_is_taken_for_its_numbers():
    expected = pydeblur.deblur(IMAGE, 5, **WORDS).image
    assert np.array_equal(pydeblur.deblur(Labelled(IMAGE), 5, **WORDS).image, expected)


def test_xarray_keeps_its_coordinates_in_a_copy():
    xarray = pytest.importorskip("xarray")
    photo = xarray.DataArray(COLOUR, dims=("y", "x", "band"), coords={"y": np.arange(48) / 2})
    sharp = photo.copy(data=pydeblur.deblur(photo, 5, **WORDS).image)
    assert sharp.dims == photo.dims and np.array_equal(sharp.y, photo.y)
    with pytest.raises(pydeblur.InvalidInputError, match="channels should come last"):
        pydeblur.deblur(photo.transpose("band", "y", "x"), 5, **WORDS)


def test_results_show_themselves_in_three_lines():
    result, estimate = (
        pydeblur.deblur(IMAGE, 5, iterations=1),
        pydeblur.estimate_kernel(IMAGE, 5, **KERNEL_WORDS),
    )
    for each, begin in (
        (result, "DeblurResult: image (48, 48) float64"),
        (estimate, "KernelEstimate: kernel (5, 5) float64"),
    ):
        lines = repr(each).split("\n")
        assert len(lines) == 3 and lines[0].startswith(begin) and "blur " in lines[1] and "the whole image" in lines[2]
        assert max(map(len, lines)) < 100
    assert f"candidate {[each.chosen for each in result.candidates].index(True) + 1} of" in repr(result)


def test_files_are_read_and_written_from_the_top(tmp_path):
    pydeblur.write_image(tmp_path / "a.png", IMAGE)
    photo = pydeblur.read_image(tmp_path / "a.png")
    assert isinstance(photo, pydeblur.ImageFile) and np.max(np.abs(photo.pixels - IMAGE)) < 0.51 / 255


class TestLargePictures:
    @pytest.fixture(autouse=True)
    def everything_is_large(self, monkeypatch):
        from pydeblur.preprocess import region

        monkeypatch.setattr(region, "LARGE_IMAGE", 1000)
        monkeypatch.setattr(region, "_SMALLEST_SIDE", 30)
        monkeypatch.setattr(region, "_KERNEL_SIZES", 3)

    def test_a_part_is_chosen_and_the_rest_computed_in_single_precision(self):
        result = pydeblur.deblur(IMAGE, 5, **WORDS)
        assert result.crop is not None and result.crop == pydeblur.deblur(IMAGE, 5, crop="auto", **WORDS).crop
        assert result.crop.height == result.crop.width == 30 and result.latent.dtype == np.float64
        assert result.unclipped.dtype == np.float32 and result.image.dtype == np.float64
        exact = pydeblur.deblur(IMAGE, 5, dtype="float64", **WORDS)
        assert exact.unclipped.dtype == np.float64 and np.max(np.abs(exact.unclipped - result.unclipped)) < 1e-3
        assert pydeblur.estimate_kernel(IMAGE, 5, **KERNEL_WORDS).crop == result.crop

    def test_unless_told_otherwise(self):
        whole = pydeblur.deblur(IMAGE, 5, crop="all", dtype="float64", **WORDS)
        assert whole.crop is None and whole.latent.shape == IMAGE.shape and whole.unclipped.dtype == np.float64
        assert pydeblur.deblur(IMAGE, 5, crop=(0, 0, 36, 40), **WORDS).crop == (0, 0, 36, 40)


def test_a_small_picture_is_taken_whole_in_double_precision():
    result = pydeblur.deblur(IMAGE, 5, **WORDS)
    assert result.crop is None and result.unclipped.dtype == np.float64
