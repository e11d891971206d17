"""What a network leaves of the caller's process: its subnormal numbers, its standard error stream, its forked children."""

import os
import platform
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import uniform_filter

import pydeblur
from pydeblur.errors import InvalidInputError
from pydeblur.priors.classifier.architecture import Architecture
from pydeblur.priors.classifier.prior import ClassifierPrior
from tests.conftest import flushes_subnormals
from tests.priors.classifier.conftest import noise

ROOT = Path(pydeblur.__file__).resolve().parents[1]
BACKENDS = ("onnxruntime", "torch", "numpy")
#: No child takes longer than a few seconds; a hang takes for ever.
LIMIT = 120
ON_X86 = sys.platform == "linux" and platform.machine() == "x86_64"
can_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


def run(code, *arguments):
    """Run Python code in a new process; what it prints. A process that hangs is killed with all of its children."""
    words = [sys.executable, "-W", "error", "-c", textwrap.dedent(code), *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    )
    try:
        out, err = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        out, err = process.communicate()
        pytest.fail(f"the process hung: {out} {err}")
    assert (process.returncode, err) == (0, "")
    return out


ASK = """
import sys
import numpy as np
from pydeblur.priors.classifier.prior import ClassifierPrior

def flushed():
    return bool(np.float64(5e-324) * 1.0 == 0)

prior = ClassifierPrior(sys.argv[1], backend=sys.argv[2], threads=int(sys.argv[3]))
assert not flushed()
image = np.random.default_rng(0).random((33, 40))
"""


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("backend", BACKENDS)
def test_subnormal_numbers_stay_in_the_process_s_first_session(weights_files, backend, threads):
    """ONNX Runtime changes the thread that opens the first session, so it takes a new process."""
    if backend == "torch":
        pytest.importorskip("torch")
    code = (
        ASK
        + """
for ask in (prior.value_and_grad, prior.score, prior.activation_map):
    ask(image)
    assert not flushed()
try:
    prior.value_and_grad(image + np.nan)
except ValueError:
    assert not flushed()
"""
    )
    assert run(code, weights_files["small"], backend, threads) == ""


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("backend", BACKENDS)
def test_subnormal_numbers_stay_in_other_threads(load, backend, threads):
    prior, found = load("small", backend, threads=threads), []

    def other():
        prior.value_and_grad(noise((20, 30)))
        found.append(flushes_subnormals())

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert found == [False]


def test_subnormal_numbers_stay_in_callbacks_and_after_them(sharp_image):
    found = []
    pydeblur.deblur(
        uniform_filter(sharp_image[:64, :70], 3),
        5,
        preset="fast",
        callback=lambda *state: found.append(flushes_subnormals()),
    )
    assert found and not any(found) and not flushes_subnormals()


@pytest.mark.skipif(not ON_X86, reason="elsewhere subnormal numbers cost little, and stay")
@pytest.mark.parametrize("threads", [1, 3])
def test_gradients_that_fade_to_subnormal_numbers_are_flushed_inside(tmp_path, threads):
    """They are zero under ONNX Runtime; the NumPy reference, in float64, has them: 1e-39 divided among the pixels."""
    pytest.importorskip("onnx")
    from pydeblur.training.export import export_onnx

    architecture = Architecture("fading", (1,), ())
    point = np.zeros((1, 1, 3, 3))
    point[..., 1, 1] = 1
    parameters = {
        "conv1.weight": 1e-20 * point,
        "conv1.bias": np.ones(1),
        "conv2.weight": 1e-17 * point,
        "conv2.bias": np.zeros(1),
    }
    export_onnx(parameters, architecture, tmp_path / "fading.onnx")
    image = noise((64, 80))
    numpy, onnxruntime = (
        ClassifierPrior(tmp_path / "fading.onnx", backend=backend, threads=threads, form="logit").value_and_grad(image)[
            1
        ]
        for backend in ("numpy", "onnxruntime")
    )
    np.testing.assert_allclose(numpy, 1e-37 / image.size, rtol=1e-6)
    assert not onnxruntime.any()


@can_fork
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("end", ["os._exit(code)", "sys.exit(code)"])
def test_a_forked_child_gets_the_same_numbers_and_ends(weights_files, backend, threads, end):
    if backend == "torch":
        pytest.importorskip("torch")
    code = (
        ASK
        + f"""
import os
expected, exact = prior.value_and_grad(image)
score = prior.score(image)
child = os.fork()
if child == 0:
    code = 1
    try:
        value, gradient = prior.value_and_grad(image)
        same = abs(value - expected) < 1e-6 and np.allclose(gradient, exact, rtol=1e-4, atol=1e-9)
        new = ClassifierPrior(*sys.argv[1:3], threads=int(sys.argv[3])).score(image)
        same = same and abs(prior.score(image) - score) < 1e-6 and abs(new - score) < 1e-6
        code = 0 if same and not flushed() else 2
    finally:
        {end}
_, status = os.waitpid(child, 0)
assert status == 0, status
assert prior.value_and_grad(image)[0] == expected
"""
    )
    assert run(code, weights_files["small"], backend, threads) == ""


@can_fork
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_forked_child_that_does_not_use_its_prior_ends(weights_files, backend):
    if backend == "torch":
        pytest.importorskip("torch")
    code = (
        ASK
        + """
import os
prior.value_and_grad(image)
prior.score(image)
child = os.fork()
if child == 0:
    sys.exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""
    )
    assert run(code, weights_files["small"], backend, 2) == ""


@can_fork
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_pool_of_forked_processes(weights_files, backend):
    if backend == "torch":
        pytest.importorskip("torch")
    code = (
        ASK
        + """
import multiprocessing
expected = prior.value_and_grad(image)[0]
def ask(seed):
    return prior.value_and_grad(image)[0]
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert np.allclose(pool.map(ask, range(4)), expected, rtol=1e-6)
"""
    )
    assert run(code, weights_files["small"], backend, 2) == ""


@can_fork
def test_calls_in_threads_of_their_own_work_in_a_forked_child():
    code = """
    import os, sys
    from pydeblur.backend.own_thread import in_own_thread
    in_own_thread(max, 1, 2)
    child = os.fork()
    if child == 0:
        sys.exit(in_own_thread(max, 1, 2))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
    """
    assert run(code) == ""


def test_errors_of_onnx_runtime_are_ours_and_nothing_is_logged(load, capfd):
    session = load("small", "onnxruntime").network._backend._session
    capfd.readouterr()
    for outputs, inputs in (
        (["dlogit"], {"image": np.zeros((1, 3, 8, 8), np.float32)}),
        (["dlogit"], {"image": np.zeros((1, 1, 8, 8), np.float64)}),
        (["other"], {"image": np.zeros((1, 1, 8, 8), np.float32)}),
        (["dlogit"], {}),
        (["dlogit"], {"image": np.zeros((1, 1, 0, 8), np.float32)}),
    ):
        with pytest.raises(InvalidInputError, match=r"^ONNX Runtime can't run '.*small.onnx': [^\n]+\.$") as caught:
            session.run(outputs, inputs)
        assert len(str(caught.value)) < 300
        assert not flushes_subnormals()
    assert capfd.readouterr() == ("", "")
