"""Arrays of PyTorch and CuPy by their memory: what ONNX Runtime needs to read and write them in place."""

from __future__ import annotations

from importlib import import_module


def is_tensor(array) -> bool:
    """Tell whether an array is PyTorch's; PyTorch is not imported for it.

    Examples
    --------
    >>> import numpy as np
    >>> is_tensor(np.zeros(3))
    False
    """
    return type(array).__module__.partition(".")[0] == "torch"


def array_device(array) -> str:
    """Return the kind of device that an array of PyTorch or CuPy lies on.

    Returns
    -------
    str
        "cpu", "cuda" or another of PyTorch's names.
    """
    return array.device.type if is_tensor(array) else "cuda"


def device_number(array) -> int:
    """Return which of the devices of its kind an array of PyTorch or CuPy lies on, counted from 0."""
    if is_tensor(array):
        return array.device.index or 0
    return array.device.id


def contiguous(array):
    """Return an array of PyTorch or CuPy in row-major order and float32.

    An array that is so already is returned as it is.
    """
    if is_tensor(array):
        return array.to(import_module("torch").float32).contiguous()
    return import_module("cupy").ascontiguousarray(array, "float32")


def empty_beside(array):
    """Return an uninitialised array of the same shape, dtype and device as an array of PyTorch or CuPy."""
    return import_module("torch" if is_tensor(array) else "cupy").empty_like(array)


def pointer(array) -> int:
    """Return the address of the first element of an array of PyTorch or CuPy."""
    return array.data_ptr() if is_tensor(array) else array.data.ptr


def wait_for(array) -> None:
    """Return when all that was queued on the device of an array of PyTorch or CuPy is done."""
    if array_device(array) != "cuda":
        return
    if is_tensor(array):
        import_module("torch").cuda.current_stream(array.device).synchronize()
    else:
        import_module("cupy").cuda.get_current_stream().synchronize()
