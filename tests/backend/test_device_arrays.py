"""PyTorch's arrays by their memory."""

import ctypes

import numpy as np
import pytest

from pydeblur.backend.device_arrays import (
    array_device,
    contiguous,
    device_number,
    empty_beside,
    is_tensor,
    pointer,
    wait_for,
)

torch = pytest.importorskip("torch")


def test_what_a_tensor_says_of_itself():
    tensor = torch.zeros(2, 3)
    assert is_tensor(tensor) and not is_tensor(np.zeros((2, 3)))
    assert array_device(tensor) == "cpu" and device_number(tensor) == 0


def test_contiguous_tensors_of_float32_stay_the_same_object():
    tensor = torch.zeros(4, 6)
    assert contiguous(tensor) is tensor
    for other in (tensor[:, ::2], tensor.T, tensor.double()):
        made = contiguous(other)
        assert made.is_contiguous() and made.dtype == torch.float32 and made.shape == other.shape


def test_the_pointer_is_that_of_the_first_element():
    tensor = torch.arange(6, dtype=torch.float32).reshape(2, 3)
    wait_for(tensor)
    found = (ctypes.c_float * 3).from_address(pointer(tensor[1]))
    assert list(found) == [3, 4, 5]


def test_an_array_beside_another_is_like_it_and_has_its_own_memory():
    tensor = torch.zeros(2, 3)
    beside = empty_beside(tensor)
    assert beside.shape == tensor.shape and beside.dtype == tensor.dtype and pointer(beside) != pointer(tensor)
