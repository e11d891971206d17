"""How ONNX Runtime is asked to compute: threads, devices, and what makes its results repeatable."""

from __future__ import annotations

import re

import onnxruntime

from pydeblur.errors import FileFormatError

_CUDA = "CUDAExecutionProvider"
_CPU = "CPUExecutionProvider"


def open_session(model: bytes, name: str, device: str, threads: int) -> onnxruntime.InferenceSession:
    """Open a session of a model.

    Parameters
    ----------
    model : bytes
        The ONNX file.
    name : str
        What messages call it.
    device : {"cpu", "cuda"}
        The device that computes.
    threads : int
        Threads of the CPU execution provider.

    Returns
    -------
    onnxruntime.InferenceSession

    Raises
    ------
    FileFormatError
        If ONNX Runtime refuses the model.

    Examples
    --------
    >>> from pydeblur.priors.classifier.weights_file import resolve_weights
    >>> session = open_session(resolve_weights("classifier-compact").read_bytes(), "classifier-compact", "cpu", 1)
    >>> [given.name for given in session.get_inputs()]
    ['image']
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    # Memory patterns would be one plan per image size, all of them kept: that doubles the memory and saves no time.
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    # Between two calls the threads sleep instead of waiting busily: it is as fast, and others get the processors.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    # Gradients fade towards denormals, with which the CPU is up to a hundred times slower.
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    providers = [(_CUDA, _cuda_options()), _CPU] if device == "cuda" else [_CPU]
    try:
        return onnxruntime.InferenceSession(model, options, providers=providers)
    except Exception as error:  # ONNX Runtime has no public base class for its errors
        raise FileFormatError(f"ONNX Runtime can't load '{name}': {error}") from error


def cuda_works(model: bytes, name: str) -> bool:
    """Tell whether a session of a model gets the CUDA provider.

    ONNX Runtime may have it compiled in and find no driver, or no GPU.

    Parameters
    ----------
    model : bytes
        The ONNX file.
    name : str
        What messages call it.

    Returns
    -------
    bool

    Raises
    ------
    FileFormatError
        If ONNX Runtime refuses the model.

    Examples
    --------
    >>> cuda_works(b"", "a model")  # doctest: +SKIP
    False
    """
    if _CUDA not in onnxruntime.get_available_providers():
        return False
    return _CUDA in open_session(model, name, "cuda", 1).get_providers()


def _cuda_options() -> dict[str, str]:
    """Options for full float32, and for the same algorithm in every run."""
    options = {"cudnn_conv_algo_search": "HEURISTIC"}
    version = tuple(int(number) for number in re.findall(r"\d+", onnxruntime.__version__)[:2])
    if version >= (1, 18):
        options["use_tf32"] = "0"
    return options
