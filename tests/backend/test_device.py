"""The choice of a network's device, and what is said where there is no GPU."""

import warnings

import pytest

from pydeblur.backend import device as device_module
from pydeblur.backend.device import DeviceFallbackWarning, choose_device
from pydeblur.errors import InvalidInputError


@pytest.fixture(autouse=True)
def nothing_said_yet(monkeypatch):
    monkeypatch.setattr(device_module, "_warned", set())


@pytest.mark.parametrize(
    ("device", "cuda_works", "expected"),
    [("cpu", True, "cpu"), ("cpu", False, "cpu"), ("cuda", True, "cuda"), ("auto", True, "cuda")],
)
def test_the_device_is_the_one_asked_for(device, cuda_works, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert choose_device(device, "torch", cuda_works, "") == expected


def test_cuda_that_does_not_work_is_refused_with_the_remedy():
    with pytest.raises(InvalidInputError, match="the torch backend finds no usable CUDA device here; buy one"):
        choose_device("cuda", "torch", False, "buy one")


def test_auto_says_once_for_each_backend_that_it_takes_the_cpu():
    for backend in ("torch", "onnxruntime"):
        with pytest.warns(DeviceFallbackWarning, match=f"the {backend} backend finds no usable CUDA device"):
            assert choose_device("auto", backend, False, "") == "cpu"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert choose_device("auto", "torch", False, "") == "cpu"


@pytest.mark.parametrize("device", ["gpu", "cuda:1", "", None, 0])
def test_unknown_devices_are_refused(device):
    with pytest.raises(InvalidInputError, match="device should be one of cpu, cuda, auto"):
        choose_device(device, "torch", True, "")
