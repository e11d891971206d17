"""Arrays of PyTorch and CuPy by their memory: what ONNX Runtime needs to read and write them in place."""

from __future__ import annotations

from importlib import import_module


def is_tensor(array) -> bool:
    """Whether an array is PyTorch's, which only needs looking at where PyTorch is loaded."""
    return type(array).__module__.partition(".")[0] == "torch"


def array_device(array) -> str:
    """"cpu", "cuda" or whatever kind of device an array lies on."""
    return array.device.type if is_tensor(array) else "cuda"


def device_number(array) -> int:
    """Which of the devices of that kind."""
    if is_tensor(array):
        return array.device.index or 0
    return array.device.id


def contiguous(array):
    """The array in row-major order and float32; itself if it is so already."""
    if is_tensor(array):
        return array.to(import_module("torch").float32).contiguous()
    return import_module("cupy").ascontiguousarray(array, "float32")


def empty_beside(array):
    """An uninitialised array of the same shape, dtype and device."""
    return import_module("torch" if is_tensor(array) else "cupy").empty_like(array)


def pointer(array) -> int:
    """The address of the first element."""
    return array.data_ptr() if is_tensor(array) else array.data.ptr


def wait_for(array) -> None:
    """Return when all that was queued on the array's device is done."""
    if array_device(array) != "cuda":
        return
    if is_tensor(array):
        import_module("torch").cuda.current_stream(array.device).synchronize()
    else:
        import_module("cupy").cuda.get_current_stream().synchronize()
