"""How ONNX Runtime is asked to compute: threads, devices, and what makes its results repeatable.

Neither opening a session nor running it changes anything in the caller's process: the calling thread keeps its treatment of
subnormal numbers, nothing is written to the standard error stream, and a forked child opens its sessions anew.
"""

from __future__ import annotations

import ctypes
import os
import re
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from pydeblur.backend.own_thread import in_own_thread
from pydeblur.backend.subnormal_numbers import subnormals_flushed
from pydeblur.errors import FileFormatError, InvalidInputError

# Telemetry, which some builds of ONNX Runtime 1.32 and later have, would send what was done to its maker, and its thread would
# keep a forked child from ending. This variable is read at the import only.
_telemetry_before = os.environ.get("ORT_DISABLE_TELEMETRY")
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
try:
    import onnxruntime
finally:
    if _telemetry_before is None:
        del os.environ["ORT_DISABLE_TELEMETRY"]
    else:
        os.environ["ORT_DISABLE_TELEMETRY"] = _telemetry_before

_CUDA = "CUDAExecutionProvider"
_CPU = "CPUExecutionProvider"
#: Messages of ONNX Runtime are shown up to this length.
_SHOWN_CHARACTERS = 120
#: Above errors, which are raised as well: only what ends the process is logged to the standard error stream.
_LOG_FATAL_ONLY = 4


class OnnxSession:
    """A session of a model for this process, and another one for each child that is forked from it.

    A forked child has none of its parent's threads, for which the parent's session would wait without end.

    Parameters
    ----------
    model, name, device, threads
        As :func:`open_session` takes them.

    Raises
    ------
    FileFormatError
        If ONNX Runtime refuses the model.

    Examples
    --------
    >>> from pydeblur.priors.classifier.weights_file import resolve_weights
    >>> model = resolve_weights("classifier-compact").read_bytes()
    >>> session = OnnxSession(model, "classifier-compact", "cpu", 1)
    >>> session.run(["activation"], {"image": np.zeros((1, 1, 40, 56), np.float32)})[0].shape
    (1, 1, 5, 7)
    """

    def __init__(self, model: bytes, name: str, device: str, threads: int):
        self._open = partial(open_session, model, name, device, threads)
        self._name, self._device = name, device
        self._session: onnxruntime.InferenceSession | None = self._open()
        _sessions.add(self)

    def run(self, outputs: list[str], inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Compute some outputs of the model.

        Parameters
        ----------
        outputs : list of str
        inputs : dict of str to ndarray

        Returns
        -------
        list of ndarray

        Raises
        ------
        InvalidInputError
            If ONNX Runtime can't compute them: the memory does not suffice, or an input is not what the model takes.
        """
        return self._computed(lambda session: session.run(outputs, inputs))

    def run_bound(self, bind: Callable[[Any], None]) -> Any:
        """Compute outputs into memory that the caller has bound.

        Parameters
        ----------
        bind : callable
            It is given a new ``onnxruntime.IOBinding``, to which it binds inputs and outputs.

        Returns
        -------
        onnxruntime.IOBinding
            After the computation.

        Raises
        ------
        InvalidInputError
            If ONNX Runtime can't compute them.
        """

        def computed(session):
            binding = session.io_binding()
            bind(binding)
            session.run_with_iobinding(binding)
            binding.synchronize_outputs()
            return binding

        return self._computed(computed)

    def _computed(self, compute):
        if self._session is None:
            if self._device != "cpu":
                raise InvalidInputError(
                    "a forked process can't use its parent's GPU; start processes by multiprocessing's method 'spawn'."
                )
            self._session = self._open()
        try:
            # Threads of the session's own flush subnormal numbers; the calling thread does a share of their work.
            with subnormals_flushed():
                return compute(self._session)
        except Exception as error:  # ONNX Runtime has no public base class for its errors
            raise InvalidInputError(f"ONNX Runtime can't run {_shown(self._name)}: {_first_words(error)}.") from error

    def abandon(self) -> None:
        """Leave a parent's session alone in a forked child: its destructor would wait for threads that are not there."""
        if self._session is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._session))
            self._session = None


_sessions: weakref.WeakSet[OnnxSession] = weakref.WeakSet()


def _abandon_sessions():
    for session in list(_sessions):
        session.abandon()


if hasattr(os, "register_at_fork"):  # there is no fork on Windows
    os.register_at_fork(after_in_child=_abandon_sessions)


def open_session(model: bytes, name: str, device: str, threads: int) -> onnxruntime.InferenceSession:
    """Open a session of a model, in a thread of its own.

    The first session of a process sets its thread to flush subnormal numbers to zero; this must not be the caller's.

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
    options.log_severity_level = _LOG_FATAL_ONLY
    # Between two calls the threads sleep instead of waiting busily: it is as fast, and others get the processors.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    # Gradients fade towards subnormal numbers, with which the CPU is up to a hundred times slower.
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    providers = [(_CUDA, _cuda_options()), _CPU] if device == "cuda" else [_CPU]
    try:
        return in_own_thread(partial(onnxruntime.InferenceSession, model, options, providers=providers))
    except Exception as error:  # ONNX Runtime has no public base class for its errors
        raise FileFormatError(f"ONNX Runtime can't load {_shown(name)}: {_first_words(error)}.") from error


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


def _shown(name) -> str:
    """A name for messages; of a long one the end."""
    name = str(name)
    return f"'{name}'" if len(name) <= 100 else f"'...{name[-100:]}'"


def _first_words(error: Exception) -> str:
    """The beginning of a message, on one line."""
    return " ".join(str(error).split())[:_SHOWN_CHARACTERS].rstrip(". ") or type(error).__name__
