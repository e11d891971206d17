"""ONNX Runtime's sessions: what they are asked for, and what is no model."""

import os
import subprocess
import sys

import numpy as np
import onnxruntime
import pytest

from pydeblur.backend import onnx_session
from pydeblur.backend.onnx_session import cuda_works, open_session
from pydeblur.errors import FileFormatError
from pydeblur.priors.classifier.weights_file import resolve_weights


@pytest.fixture(scope="module")
def model():
    return resolve_weights("classifier-compact").read_bytes()


@pytest.mark.parametrize(
    "damaged", [b"", b"no model", b"\x89PNG\r\n\x1a\n" + bytes(range(256))], ids=["empty", "text", "picture"]
)
def test_bytes_that_are_no_model_are_refused_by_the_name_given(damaged, capfd):
    with pytest.raises(FileFormatError, match=r"^ONNX Runtime can't load 'wrong.onnx': [^\n]{1,200}\.$"):
        open_session(damaged, "wrong.onnx", "cpu", 1)
    assert capfd.readouterr() == ("", "")


def test_a_graph_that_can_t_be_run_is_refused_and_nothing_is_logged(capfd):
    onnx = pytest.importorskip("onnx")
    infos = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [2]) for name in "xy"]
    for operator in ("Absent", "Conv"):
        graph = onnx.helper.make_graph([onnx.helper.make_node(operator, ["x"], ["y"])], "g", infos[:1], infos[1:])
        opset = [onnx.helper.make_opsetid("", 17)]
        model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
        with pytest.raises(FileFormatError, match=r"^ONNX Runtime can't load 'odd.onnx': [^\n]{1,200}\.$"):
            open_session(model, "odd.onnx", "cpu", 1)
    assert capfd.readouterr() == ("", "")


def test_telemetry_is_off_and_the_environment_as_it_was():
    """The variable is set for the import alone; a thread of the telemetry would be there after it."""
    code = """
import os, threading
import pydeblur.backend.onnx_session
assert "ORT_DISABLE_TELEMETRY" not in os.environ
assert not os.path.isdir("/proc/self/task") or len(os.listdir("/proc/self/task")) == 1
"""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_a_model_cut_short_is_refused(model):
    with pytest.raises(FileFormatError, match=r"ONNX Runtime can't load 'short.onnx'"):
        open_session(model[: len(model) // 2], "short.onnx", "cpu", 1)


def test_threads_device_and_denormal_numbers_are_set(model):
    session = open_session(model, "compact", "cpu", 3)
    options = session.get_session_options()
    assert session.get_providers() == ["CPUExecutionProvider"]
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (3, 1)
    assert options.graph_optimization_level == onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    assert not options.enable_mem_pattern
    assert options.get_session_config_entry("session.set_denormal_as_zero") == "1"
    assert options.get_session_config_entry("session.force_spinning_stop") == "1"


def test_results_do_not_depend_on_the_number_of_threads(model):
    image = np.random.default_rng(0).random((1, 1, 45, 70)).astype(np.float32)
    one, three = (
        open_session(model, "compact", "cpu", threads).run(["dlogit"], {"image": image})[0] for threads in (1, 3)
    )
    np.testing.assert_array_equal(one, three)


def test_without_the_cuda_provider_no_session_is_tried(monkeypatch):
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    assert not cuda_works(b"is not opened", "compact")


@pytest.mark.parametrize(
    "providers", [["CPUExecutionProvider"], ["CUDAExecutionProvider", "CPUExecutionProvider"]], ids=len
)
def test_cuda_works_where_a_session_gets_the_provider(providers, monkeypatch):
    """ONNX Runtime falls back to the CPU in silence where the provider is compiled in but finds no driver."""

    class Session:
        def __init__(self, model, options, providers):
            assert [provider[0] for provider in providers[:1]] == ["CUDAExecutionProvider"]

        def get_providers(self):
            return providers

    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"]
    )
    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    assert cuda_works(b"", "compact") == (len(providers) == 2)


@pytest.mark.parametrize(("version", "expected"), [("1.16.3", None), ("1.18.0", "0"), ("1.32.0", "0"), ("2.0", "0")])
def test_float32_is_never_rounded_to_tf32(version, expected, monkeypatch):
    """Versions before 1.18 know no such option, and refuse it."""
    monkeypatch.setattr(onnxruntime, "__version__", version)
    assert onnx_session._cuda_options().get("use_tf32") == expected
