"""What passes for an image, a kernel and a matrix, and what is refused in one sentence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from pydeblur.errors import InvalidInputError
from pydeblur.preprocess.validation import check_deconvolution_input, check_image, check_matrix, check_unit_image

IMAGE = np.random.default_rng(0).random((8, 9))


@given(
    arrays(
        st.sampled_from([np.float16, np.float32, np.float64, np.longdouble]),
        st.tuples(st.integers(1, 5), st.integers(1, 5)) | st.tuples(st.integers(1, 5), st.integers(1, 5), st.just(3)),
        elements=st.floats(-2, 2, width=16),
    )
)
def test_floating_images_keep_their_values(image):
    checked = check_image(image)
    assert checked.dtype == (image.dtype if image.dtype in (np.float32, np.float64) else np.float64)
    np.testing.assert_array_equal(checked, image)


@pytest.mark.parametrize(
    ("dtype", "value", "expected"),
    [(np.uint8, 51, 0.2), (np.uint16, 13107, 0.2), (np.int16, -32768, 0), (np.int16, 32767, 1), (bool, True, 1)],
)
def test_integers_are_scaled_as_im2double_does(dtype, value, expected):
    checked = check_image(np.full((2, 3), value, dtype))
    assert checked.dtype == np.float64 and np.all(checked == expected)


@given(array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
def test_shapes_that_are_none_of_an_image_are_refused(shape):
    is_image = len(shape) == 2 or (len(shape) == 3 and shape[2] == 3)
    if is_image and np.prod(shape) > 0:
        assert check_image(np.ones(shape)).shape == shape
    else:
        with pytest.raises(InvalidInputError, match=r"^the image [^\n]+$"):
            check_image(np.ones(shape))


BAD_IMAGES = {
    "NaN": np.where(IMAGE > 0.5, np.nan, IMAGE),
    "infinite": np.where(IMAGE > 0.5, -np.inf, IMAGE),
    "wide integers": np.ones((3, 3), np.int64),
    "complex": np.ones((3, 3), complex),
    "text": "photo.png",
    "nothing": None,
    "ragged": [[1, 2, 3], [1]],
    "objects": np.full((3, 3), None),
}


@pytest.mark.parametrize("name", BAD_IMAGES)
def test_bad_images_are_refused_in_one_sentence(name):
    for check in (check_image, check_unit_image):
        with pytest.raises(InvalidInputError, match=r"^the image should be [^\n]+$"):
            check(BAD_IMAGES[name])


def test_values_far_outside_the_unit_interval_were_not_divided():
    assert np.array_equal(check_unit_image(100 * np.ones((2, 2))), 100 * np.ones((2, 2)))
    for value in (100.5, -255.0):
        with pytest.raises(InvalidInputError, match=r"the image should be in \[0, 1\]"):
            check_unit_image(np.where(np.eye(3), value, 0.5))


def test_a_kernel_is_divided_by_its_sum():
    image, kernel = check_deconvolution_input(IMAGE.astype(np.float32), np.arange(15, dtype=np.uint8).reshape(3, 5))
    assert image.dtype == np.float32 and kernel.dtype == np.float64
    np.testing.assert_allclose(kernel, np.arange(15).reshape(3, 5) / 105, rtol=1e-15)


@pytest.mark.parametrize("shape", [(9, 3), (3, 11), (11, 11)], ids=str)
def test_a_kernel_larger_than_the_image_is_refused(shape):
    with pytest.raises(InvalidInputError, match=r"the image \(8, 9\) should not be smaller than the kernel"):
        check_deconvolution_input(IMAGE, np.ones(shape))


@pytest.mark.parametrize(
    "kernel",
    [
        np.ones(3),
        np.ones((3, 3, 3)),
        np.ones((3, 4)),
        np.ones((4, 3)),
        np.zeros((3, 3)),
        -np.ones((3, 3)),
        np.full((3, 3), np.nan),
    ],
    ids=["vector", "cube", "even columns", "even rows", "zero", "negative", "NaN"],
)
def test_bad_kernels_are_refused_in_one_sentence(kernel):
    with pytest.raises(InvalidInputError, match=r"^[^\n]*the kernel [^\n]+$"):
        check_deconvolution_input(IMAGE, kernel)


@pytest.mark.parametrize("matrix", [np.ones(3), np.ones((0, 3)), np.full((2, 2), np.inf), "a", np.eye(2) * 1j])
def test_bad_matrices_are_refused_by_their_name(matrix):
    with pytest.raises(InvalidInputError, match=r"^psf should be [^\n]+$"):
        check_matrix(matrix, "psf")


@pytest.mark.parametrize("dtype", [np.uint8, bool, np.float32, int])
def test_matrices_become_float64_without_scaling(dtype):
    checked = check_matrix(np.eye(3, dtype=dtype), "psf")
    assert checked.dtype == np.float64 and np.array_equal(checked, np.eye(3))
