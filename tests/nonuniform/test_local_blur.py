"""Files of non-uniform blur, and the final steps with them."""

import io

import numpy as np
import pytest

from pydeblur.errors import FileFormatError, InvalidInputError, InvalidOptionError
from pydeblur.metrics import psnr
from pydeblur.nonblind.methods import deconvolve
from pydeblur.nonblind.whyte import deconvolve_saturated
from pydeblur.nonuniform import (
    CameraPoses,
    KernelGridBlur,
    PoseBlur,
    PoseOperator,
    deconvolve_nonuniform,
    read_blur,
    write_blur,
)
from pydeblur.nonuniform.final_step import default_patches
from pydeblur.nonuniform.richardson_lucy import deconvolve_saturated_nonuniform
from pydeblur.synthesis import add_noise

SHAPE = (72, 90)


def rolling_blur(shape=SHAPE):
    """A shake that rolls by ±2 degrees while it moves to the right."""
    path = np.linspace(-1, 1, 15)
    poses = CameraPoses(np.column_stack([2 * path, np.zeros(15), 0.035 * path]), shape)
    return PoseBlur(poses, np.ones(15))


@pytest.fixture(scope="module")
def picture():
    rng = np.random.default_rng(0)
    return np.kron(rng.random((9, 10)), np.ones((8, 9)))


def grid_of(blur, counts=(5, 6)):
    """The same blur as a grid of kernels."""
    rows, columns = (np.linspace(0, side - 1, count) for side, count in zip(blur.shape, counts))
    y, x = np.meshgrid(rows, columns, indexing="ij")
    kernels = blur.kernels_at(np.column_stack([x.ravel(), y.ravel()]))
    return KernelGridBlur(kernels.reshape(*counts, *kernels.shape[1:]), rows, columns, blur.shape)


def test_poses_come_back_as_they_were(tmp_path):
    blur = PoseBlur(CameraPoses([[0.01, 0.02, 0.03], [0.0, 0.0, 0.0]], (480, 640), "rotations", 700.0), [1, 3])
    write_blur(tmp_path / "blur.npz", blur)
    found = read_blur(tmp_path / "blur.npz")
    assert isinstance(found, PoseBlur)
    assert found.poses.parameters.tolist() == blur.poses.parameters.tolist()
    assert (found.poses.model, found.poses.focal_length, found.shape) == ("rotations", 700.0, (480, 640))
    assert found.weights.tolist() == [0.25, 0.75]


def test_a_grid_of_kernels_comes_back_as_it_was(tmp_path):
    blur = grid_of(rolling_blur())
    write_blur(tmp_path / "blur.npz", blur)
    found = read_blur(tmp_path / "blur.npz")
    assert isinstance(found, KernelGridBlur)
    assert np.allclose(found.kernels, blur.kernels, rtol=0, atol=1e-15)
    assert found.rows.tolist() == blur.rows.tolist() and found.columns.tolist() == blur.columns.tolist()


def test_between_the_points_kernels_are_interpolated():
    kernels = np.zeros((1, 2, 3, 3))
    kernels[0, 0, 1, 0] = kernels[0, 1, 1, 2] = 1
    blur = KernelGridBlur(kernels, [5.0], [0.0, 8.0], (11, 9))
    assert blur.kernels_at([[2.0, 0.0]])[0, 1].tolist() == [0.75, 0.0, 0.25]
    assert blur.kernels_at([[-3.0, 0.0]])[0, 1].tolist() == [1.0, 0.0, 0.0]


def arrays(**changes):
    """The arrays of a good file of poses, with changes; None leaves one out."""
    good = {
        "format": np.array("pydeblur local blur"),
        "version": np.array(1),
        "shape": np.array([20, 30]),
        "model": np.array("roll-xy"),
        "parameters": np.zeros((2, 3)),
        "weights": np.ones(2),
        "focal_length": np.array(30.0),
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"format": np.array("something")}, "holds no non-uniform blur"),
        ({"format": None}, "holds no non-uniform blur"),
        ({"version": np.array(2)}, "version 1"),
        ({"version": np.zeros(2)}, "'version' should be one number"),
        ({"shape": np.array([20.5, 3])}, "'shape' should be"),
        ({"shape": np.array([-1, 3])}, "'shape' should be"),
        ({"shape": None}, "'shape' should be"),
        ({"weights": None}, "should hold a non-uniform blur"),
        ({"weights": np.ones(3)}, "2 real numbers, one for each pose"),
        ({"weights": np.array([1, np.nan])}, "NaN"),
        ({"weights": np.array([1, -0.5])}, "not be negative"),
        ({"weights": np.zeros(2)}, "positive sum"),
        ({"parameters": np.zeros((2, 2))}, r"array \(T, 3\)"),
        ({"parameters": np.full((2, 3), np.inf)}, "finite"),
        ({"model": np.array("pan")}, "poses should be one of"),
        ({"focal_length": np.array(0.0)}, "focal length"),
        ({"focal_length": np.zeros(0)}, "focal_length"),
    ],
)
def test_a_file_with_a_fault_is_refused_in_one_sentence(tmp_path, changes, words):
    path = tmp_path / "blur.npz"
    np.savez(path, **arrays(**changes))
    with pytest.raises(FileFormatError, match=words) as caught:
        read_blur(path)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300 + len(str(path))


@pytest.mark.parametrize(
    "kernels", [np.zeros((1, 1, 3, 3)), -np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2)), np.ones((3, 3))]
)
def test_bad_local_kernels_are_refused(tmp_path, kernels):
    path = tmp_path / "blur.npz"
    places = {"kernels": kernels, "rows": np.zeros(1), "columns": np.zeros(1)}
    np.savez(path, **arrays(model=None, parameters=None, weights=None, focal_length=None), **places)
    with pytest.raises(FileFormatError, match="kernel"):
        read_blur(path)


def test_pickles_are_not_read(tmp_path):
    np.savez(tmp_path / "blur.npz", **arrays(weights=np.array([{"a": 1}, 2], dtype=object)))
    with pytest.raises(FileFormatError):
        read_blur(tmp_path / "blur.npz")


def test_damaged_files_are_refused(tmp_path):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays())
    data = buffer.getvalue()
    for part in (data[: len(data) // 2], b"", b"not an archive"):
        (tmp_path / "blur.npz").write_bytes(part)
        with pytest.raises(FileFormatError):
            read_blur(tmp_path / "blur.npz")


def test_a_wrong_extension_and_a_missing_folder_are_refused_and_nothing_is_written(tmp_path):
    for path in (tmp_path / "blur.tif", tmp_path / "missing" / "blur.npz"):
        with pytest.raises(FileFormatError):
            write_blur(path, rolling_blur())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("weights", [[1.0, -1.0], [np.nan, 1.0], [0.0, 0.0], [1.0], ["a", "b"]])
def test_bad_weights_are_refused(weights):
    with pytest.raises(InvalidInputError, match="pose weights should"):
        PoseBlur(CameraPoses(np.zeros((2, 3)), (10, 10)), weights)


@pytest.mark.parametrize("blur", [rolling_blur(), grid_of(rolling_blur())], ids=["poses", "kernels"])
@pytest.mark.parametrize("method", ["tv", "hyper-laplacian", "ringing", "l0", None])
def test_known_blur_is_undone(picture, blur, method):
    poses = rolling_blur()
    blurred = add_noise(PoseOperator(poses.poses).blur(picture, poses.weights), 0.003, 1).astype(float)
    inside = np.s_[8:-8, 8:-8]
    restored = deconvolve_nonuniform(blurred, blur, method)
    assert psnr(restored[inside], picture[inside]) > psnr(blurred[inside], picture[inside]) + 3


def test_one_kernel_everywhere_gives_nearly_the_uniform_result(picture):
    kernel = np.zeros((7, 7))
    kernel[3, 1:6] = 0.2
    blur = KernelGridBlur(kernel[None, None], [0.0], [0.0], SHAPE)
    blurred = deconvolve(picture, kernel, "tv", lambda_tv=0.5)  # any picture will do
    uniform = deconvolve(blurred, kernel, "tv", lambda_tv=2e-3)
    one = deconvolve_nonuniform(blurred, blur, "tv", patches=(1, 1), lambda_tv=2e-3)
    assert np.allclose(one, uniform, atol=1e-12)
    many = deconvolve_nonuniform(blurred, blur, "tv", patches=(3, 4), lambda_tv=2e-3)
    assert np.sqrt(np.mean((many - uniform)[8:-8, 8:-8] ** 2)) < 0.01


@pytest.mark.parametrize("light_gamma", [2.2, 1.0])
def test_richardson_lucy_with_one_kernel_is_the_uniform_one(picture, light_gamma):
    kernel = np.zeros((5, 5))
    kernel[2] = 0.2
    blur = KernelGridBlur(kernel[None, None], [0.0], [0.0], SHAPE)
    blurred = np.clip(picture * 1.3, 0, 1)
    found = deconvolve_saturated_nonuniform(blurred, blur, 10, (1, 1), light_gamma=light_gamma)
    assert np.allclose(found, deconvolve_saturated(blurred, kernel, 10, light_gamma=light_gamma), atol=1e-9)


@pytest.mark.parametrize("kernel_size, expected", [(1, (10, 14)), (31, (10, 14)), (61, (8, 11)), (301, (2, 3))])
def test_patches_lie_at_least_a_kernels_size_apart(kernel_size, expected):
    counts = default_patches((430, 640), kernel_size)
    steps = [(side - 1) / (count - 1) for side, count in zip((430, 640), counts)]
    assert counts == expected and min(steps) >= kernel_size


def test_richardson_lucy_by_filter_flow_is_near_that_by_warps(picture):
    blur = rolling_blur()
    blurred = PoseOperator(blur.poses).blur(picture**2.2, blur.weights) ** (1 / 2.2)
    exact = deconvolve_saturated_nonuniform(blurred, blur, 8, exact=True)
    by_patches = deconvolve_saturated_nonuniform(blurred, blur, 8, (6, 8))
    assert np.sqrt(np.mean((exact - by_patches) ** 2)) < 0.01
    inside = np.s_[6:-6, 6:-6]
    assert psnr(exact[inside], picture[inside]) > psnr(blurred[inside], picture[inside]) + 1


def test_colour_and_precision_are_kept(picture):
    colour = np.stack([picture, picture / 2, 1 - picture], axis=-1).astype(np.float32)
    for method in ("tv", "whyte"):
        restored = deconvolve_nonuniform(colour, rolling_blur(), method)
        assert restored.shape == colour.shape and restored.dtype == np.float32
        grey = deconvolve_nonuniform(colour[..., 1], rolling_blur(), method)
        assert np.allclose(restored[..., 1], grey, atol=1e-4)


def test_a_blur_of_another_size_is_refused(picture):
    with pytest.raises(InvalidInputError, match="for a picture of 72x91 pixels, but the image has 72x90"):
        deconvolve_nonuniform(picture, rolling_blur((72, 91)))


def test_a_picture_smaller_than_a_patch_is_refused():
    blur = PoseBlur(CameraPoses([[9.0, 0.0, 0.0]], (12, 40)), [1.0])
    with pytest.raises(InvalidInputError, match="smaller than a patch"):
        deconvolve_nonuniform(np.zeros((12, 40)), blur)


def test_unknown_methods_and_options_are_refused(picture):
    with pytest.raises(InvalidOptionError):
        deconvolve_nonuniform(picture, rolling_blur(), "wiener")
    with pytest.raises(InvalidOptionError):
        deconvolve_nonuniform(picture, rolling_blur(), "tv", lambda_l0=1.0)
