"""The unknown border against dense least squares."""

import numpy as np
import pytest
from scipy import fft
from scipy.signal import convolve2d

from pydeblur.nonblind.padded_blur import PaddedBlur

RNG = np.random.default_rng(0)
KERNEL = RNG.random((3, 5)) / 7
KERNEL /= KERNEL.sum()
BLURRED = RNG.random((6, 7))


def blur_matrix(shape):
    """The periodic blur of images of a shape, as a matrix on their pixels in row-major order."""
    columns = []
    for index in range(shape[0] * shape[1]):
        point = np.zeros(shape[0] * shape[1])
        point[index] = 1
        wrapped = np.pad(point.reshape(shape), [(side // 2, side // 2) for side in KERNEL.shape], mode="wrap")
        columns.append(convolve2d(wrapped, KERNEL, "valid").ravel())
    return np.transpose(columns)


def observed(shape):
    mask = np.zeros(shape, bool)
    mask[: BLURRED.shape[0], : BLURRED.shape[1]] = True
    return mask.ravel()


def test_first_step_solves_the_circularly_padded_problem():
    problem = PaddedBlur(BLURRED, KERNEL)
    padded, shape = problem.image.copy(), problem.image.shape
    guess = RNG.random(shape)
    problem.solve(0.3 * fft.rfft2(guess), 0.3)
    matrix = blur_matrix(shape)
    expected = np.linalg.solve(
        matrix.T @ matrix + 0.3 * np.eye(padded.size), matrix.T @ padded.ravel() + 0.3 * guess.ravel()
    )
    assert np.allclose(problem.image.ravel(), expected, rtol=0, atol=1e-12)
    assert np.array_equal(problem.cropped(), problem.image[:6, :7])


def test_steps_go_down_to_the_minimum_for_the_observed_pixels():
    problem = PaddedBlur(BLURRED, KERNEL)
    shape = problem.image.shape
    matrix, mask = blur_matrix(shape), observed(shape)
    guess = np.full(shape, 0.4)

    def objective(image):
        return np.sum((matrix[mask] @ image.ravel() - BLURRED.ravel()) ** 2) + 0.1 * np.sum((image - guess) ** 2)

    values = []
    for _ in range(150):
        problem.solve(0.1 * fft.rfft2(guess), 0.1)
        values.append(objective(problem.image))
    seen = matrix[mask]
    expected = np.linalg.solve(seen.T @ seen + 0.1 * np.eye(guess.size), seen.T @ BLURRED.ravel() + 0.1 * guess.ravel())
    assert np.all(np.diff(values) < 1e-12)
    assert np.allclose(problem.image.ravel(), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_stacks_room_and_dtype(dtype):
    stack = np.stack([BLURRED, 1 - BLURRED]).astype(dtype)
    problem = PaddedBlur(stack, KERNEL, room=8)
    assert problem.image.shape[-2] >= 6 + 7 and problem.image.shape[-1] >= 7 + 7
    alone = PaddedBlur(stack[1], KERNEL, room=8)
    for each, zeros in ((problem, 0 * fft.rfft2(stack, problem.image.shape[-2:])), (alone, 0)):
        each.solve(zeros, dtype(0.01))
        each.solve(zeros, dtype(0.01))
    assert problem.cropped().dtype == dtype and problem.cropped().shape == stack.shape
    assert np.allclose(problem.cropped()[1], alone.cropped(), rtol=0, atol=1e-5)
