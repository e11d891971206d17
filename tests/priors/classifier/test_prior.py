"""The prior's face: forms, dtypes, errors, devices, pickling."""

import pickle
import warnings

import numpy as np
import pytest

from pydeblur.backend import device as device_module
from pydeblur.errors import InvalidInputError, InvalidOptionError
from pydeblur.priors import load_prior
from pydeblur.priors.classifier.prior import ClassifierPrior, _sigmoid
from pydeblur.priors.protocol import DifferentiablePrior
from tests.priors.classifier.conftest import noise

BACKENDS = ("onnxruntime", "torch", "numpy")


@pytest.mark.parametrize("backend", BACKENDS)
def test_forms(load, backend):
    """Against the closed forms in f = 1 / (1 + exp(-logit))."""
    image = noise((20, 29))
    priors = {form: load("compact", backend, form=form) for form in ("probability", "nll", "logit")}
    results = {form: prior.value_and_grad(image) for form, prior in priors.items()}
    logit, dlogit = results["logit"]
    f = 1 / (1 + np.exp(-logit))
    assert results["probability"][0] == pytest.approx(f, rel=1e-14)
    assert results["nll"][0] == pytest.approx(-np.log(1 - f), rel=1e-12)
    assert np.allclose(results["probability"][1], f * (1 - f) * dlogit, rtol=1e-12, atol=0)
    assert np.allclose(results["nll"][1], f * dlogit, rtol=1e-12, atol=0)
    assert priors["logit"].score(image) == pytest.approx(f, rel=1e-6)
    assert priors["logit"].logit(image) == pytest.approx(logit, rel=1e-6)


def test_where_the_probability_saturates(load, monkeypatch):
    """f is 1 and its gradient 0 to the last bit of float32; the other forms still say where to go."""
    image = noise((8, 8))
    results = {}
    for form in ("probability", "nll", "logit"):
        prior = load("small", "numpy", form=form)
        gradient = prior.network.logit_and_gradient(image)[1]
        monkeypatch.setattr(prior.network, "logit_and_gradient", lambda u, gradient=gradient: (800.0, gradient))
        results[form] = prior.value_and_grad(image)
    assert results["probability"][0] == 1 and not results["probability"][1].any()
    assert results["nll"][0] == 800 and np.array_equal(results["nll"][1], gradient)
    assert results["logit"][0] == 800 and np.array_equal(results["logit"][1], gradient)


def test_sigmoid_at_its_ends():
    assert [_sigmoid(x) for x in (-1e5, 0.0, 1e5)] == [0, 0.5, 1]
    assert _sigmoid(-700.0) == pytest.approx(np.exp(-700), rel=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradient_has_the_images_dtype(load, backend, dtype):
    value, gradient = load("small", backend).value_and_grad(noise((12, 9), dtype=dtype))
    assert type(value) is float and gradient.dtype == dtype and gradient.shape == (12, 9)
    assert gradient.flags.writeable


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("method", ["score", "logit", "value_and_grad", "activation_map"])
def test_wrong_images(load, backend, method):
    ask = getattr(load("small", backend), method)
    nan, infinite = noise((9, 9)), noise((9, 9))
    nan[3, 3], infinite[0, 0] = np.nan, np.inf
    for image, message in (
        (noise((7, 20)), "at least 8x8"),
        (noise((20, 7)), "at least 8x8"),
        (noise((9, 9, 3)), "grey image"),
        (np.zeros((0, 0)), "at least 8x8"),
        (nan, "NaN"),
        (infinite, "infinity"),
        (np.zeros((9, 9), np.uint8), "float32 or float64, but is an array of uint8"),
        (noise((9, 9)).tolist(), "but is list"),
        (None, "but is NoneType"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            ask(image)


@pytest.mark.parametrize("backend", BACKENDS)
def test_values_beyond_float32(load, backend):
    for scale in (2e9, 1e300):
        with pytest.raises(InvalidInputError, match=r"within ±1e.?09"):
            load("compact", backend).value_and_grad(scale * np.ones((16, 16)))


def test_a_network_that_overflows(load, monkeypatch):
    prior = load("small", "numpy")
    monkeypatch.setattr(prior.network._backend, "logit_and_gradient", lambda u: (np.inf, np.zeros_like(u)))
    with pytest.raises(InvalidInputError, match="overflows"):
        prior.value_and_grad(noise((8, 8)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "tensorflow"}, "^backend should be one of onnxruntime, torch, numpy"),
        ({"form": "log"}, "^form should be one of probability, nll, logit"),
        ({"threads": 0}, "^threads should be a whole number"),
        ({"threads": 1.5}, "^threads should be a whole number"),
        ({"device": "gpu"}, "^device should be one of cpu, cuda, auto"),
        ({"weights": ""}, "^weights should be the name of shipped weights or the path of an ONNX file"),
    ],
    ids=str,
)
def test_wrong_options(weights_files, options, message):
    with pytest.raises(InvalidOptionError, match=message):
        ClassifierPrior(**{"weights": weights_files["small"], **options})


@pytest.mark.parametrize("backend", BACKENDS)
def test_cuda_where_there_is_none(weights_files, backend):
    if backend != "numpy" and cuda_works(backend):
        pytest.skip("there is a CUDA device")
    with pytest.raises(InvalidInputError, match=f"the {backend} backend finds no usable CUDA device"):
        ClassifierPrior(weights_files["small"], backend=backend, device="cuda")


@pytest.mark.parametrize("backend", ["onnxruntime", "torch"])
def test_auto_falls_back_and_says_so_once(weights_files, backend, monkeypatch):
    if cuda_works(backend):
        pytest.skip("there is a CUDA device")
    monkeypatch.setattr(device_module, "_warned", set())
    with pytest.warns(device_module.DeviceFallbackWarning, match=backend):
        prior = ClassifierPrior(weights_files["small"], backend=backend, device="auto", threads=1)
    assert prior.device == "cpu"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ClassifierPrior(weights_files["small"], backend=backend, device="auto", threads=1)


@pytest.mark.parametrize("backend", ["onnxruntime", "torch"])
def test_on_a_gpu(weights_files, load, backend):
    if not cuda_works(backend):
        pytest.skip("needs a CUDA device")
    prior = ClassifierPrior(weights_files["compact"], backend=backend, device="cuda")
    for image in (noise((33, 47)), noise((101, 200)), np.full((62, 41), 0.5)):
        value, gradient = prior.value_and_grad(image)
        expected, exact = load("compact", "numpy").value_and_grad(image)
        assert abs(value - expected) <= 1e-5
        assert np.max(np.abs(gradient - exact)) <= 1e-4 * np.max(np.abs(exact))


def cuda_works(backend):
    if backend == "torch":
        return pytest.importorskip("torch").cuda.is_available()
    import onnxruntime

    return "CUDAExecutionProvider" in onnxruntime.get_available_providers()


@pytest.mark.parametrize("backend", BACKENDS)
def test_pickled(weights_files, load, backend):
    prior = load("small", backend, form="nll")
    copy = pickle.loads(pickle.dumps(prior))
    image = noise((15, 22))
    value, gradient = prior.value_and_grad(image)
    again = copy.value_and_grad(image)
    assert again[0] == value and np.array_equal(again[1], gradient)
    assert (copy.form, copy.backend, copy.threads, copy.weights_hash) == ("nll", backend, 1, prior.weights_hash)
    assert len(pickle.dumps(prior)) < 2000


def test_attributes(weights_files):
    prior = load_prior("classifier", weights=weights_files["compact"], backend="onnxruntime", device="cpu", threads=1)
    assert isinstance(prior, DifferentiablePrior)
    assert prior.name == "classifier" and prior.smallest_side == 8 and len(prior.weights_hash) == 64
    assert prior.metadata["licence"] == "MIT" and prior.metadata["date"] == "2026-01-01"
    assert "backend='onnxruntime'" in repr(prior)
    assert ClassifierPrior(weights_files["compact"], threads=None).threads >= 1


def test_torch_settings_are_put_back(load):
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads(), torch.backends.cudnn.allow_tf32
    load("small", "torch").value_and_grad(noise((9, 9)))
    assert (torch.get_num_threads(), torch.backends.cudnn.allow_tf32) == before
    with torch.no_grad():
        assert load("small", "torch").value_and_grad(noise((9, 9)))[1].any()
