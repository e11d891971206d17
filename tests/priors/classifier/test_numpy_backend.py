"""The reference against central differences, brute force, the MATLAB-language goldens, and autograd in float64."""

import numpy as np
import pytest
from scipy.signal import correlate2d

from pydeblur.priors.classifier.architecture import Architecture
from pydeblur.priors.classifier.numpy_backend import correlate, correlate_adjoint, max_pool, max_unpool
from tests.priors.classifier.conftest import SMALL, noise, random_parameters


def central_differences(function, image, directions, step):
    """(f(u + hv) - f(u - hv)) / 2h per direction, and whether the function is straight there (no kink in between)."""
    middle = function(image)
    slopes, straight = [], []
    for direction in directions:
        ahead, behind = function(image + step * direction), function(image - step * direction)
        slopes.append((ahead - behind) / (2 * step))
        straight.append(abs(ahead - 2 * middle + behind) < 1e-13)
    return np.array(slopes), np.array(straight)


@pytest.mark.parametrize("shape", [(8, 8), (17, 19)], ids=str)
def test_gradient_pixel_by_pixel(load, shape):
    """The logit is piecewise linear in the image: but for kinks, central differences are exact."""
    prior = load("small", "numpy", form="logit")
    image = noise(shape)
    directions = np.eye(image.size).reshape(-1, *shape)
    slopes, straight = central_differences(prior.logit, image, directions, 1e-6)
    gradient = prior.value_and_grad(image)[1].ravel()
    assert straight.mean() > 0.9
    assert np.max(np.abs(slopes - gradient)[straight]) <= 1e-6 * np.max(np.abs(gradient))


@pytest.mark.parametrize("network", ["compact", "paper"])
def test_gradient_along_random_directions(load, network):
    prior = load(network, "numpy", form="logit")
    image = noise((16, 25))
    directions = np.random.default_rng(2).standard_normal((4, *image.shape))
    slopes, straight = central_differences(prior.logit, image, directions, 1e-8)
    expected = np.tensordot(directions, prior.value_and_grad(image)[1], axes=2)
    assert straight.sum() >= 2
    assert np.max(np.abs(slopes - expected)[straight]) <= 1e-6 * np.max(np.abs(expected))


@pytest.mark.parametrize("form", ["probability", "nll", "logit"])
def test_gradient_of_each_form(load, form):
    prior = load("small", "numpy", form=form)
    image, direction = noise((17, 24)), np.random.default_rng(0).standard_normal((17, 24))
    step = 1e-6
    ahead, behind = (prior.value_and_grad(image + sign * step * direction)[0] for sign in (1, -1))
    slope = (ahead - behind) / (2 * step)
    expected = np.sum(prior.value_and_grad(image)[1] * direction)
    assert abs(slope - expected) <= 1e-6 * abs(expected)


def test_correlation_against_scipy():
    x, weight, bias = noise((3, 7, 9)), noise((2, 3, 3, 3), 2) - 0.5, np.array([0.5, -1.0])
    expected = [sum(correlate2d(x[i], weight[o, i], "same") for i in range(3)) + bias[o] for o in range(2)]
    assert np.max(np.abs(correlate(x, weight, bias) - expected)) < 1e-13


def test_adjoints_by_dot_products():
    x, y, weight = noise((3, 7, 9)), noise((2, 7, 9), 2), noise((2, 3, 3, 3), 3) - 0.5
    forward = np.sum(correlate(x, weight, np.zeros(2)) * y)
    assert np.sum(x * correlate_adjoint(y, weight)) == pytest.approx(forward, rel=1e-13)
    maxima, winners = max_pool(x)
    z = noise(maxima.shape, 4)
    assert np.sum(max_unpool(z, winners, x.shape[1:]) * x) == pytest.approx(np.sum(z * maxima), rel=1e-13)


def test_pooling_by_brute_force():
    x = np.random.default_rng(0).integers(0, 3, (2, 7, 9)).astype(float)  # many ties
    maxima, winners = max_pool(x)
    spread = max_unpool(np.ones_like(maxima), winners, x.shape[1:])
    expected = np.zeros_like(x)
    for channel, row, column in np.ndindex(2, 3, 4):
        window = [(2 * row + i, 2 * column + j) for i in (0, 1) for j in (0, 1)]
        values = [x[(channel, *place)] for place in window]
        assert maxima[channel, row, column] == max(values)
        expected[(channel, *window[values.index(max(values))])] = 1
    assert np.array_equal(spread, expected)


def test_autograd_in_float64():
    torch = pytest.importorskip("torch")
    parameters = {name: torch.tensor(value, dtype=torch.float64) for name, value in random_parameters(SMALL).items()}
    for image in (noise((25, 38)), np.full((24, 17), 0.5)):
        x = torch.tensor(image[None, None], requires_grad=True)
        y = x
        for layer in range(1, 7):
            y = torch.nn.functional.conv2d(
                y, parameters[f"conv{layer}.weight"], parameters[f"conv{layer}.bias"], padding=1
            )
            y = torch.relu(y) if layer < 6 else y
            y = torch.nn.functional.max_pool2d(y, 2) if layer in (2, 3, 4) else y
        y.mean().backward()
        logit, gradient = backend_of(SMALL, random_parameters(SMALL)).logit_and_gradient(image)
        assert logit == pytest.approx(y.mean().item(), rel=1e-12)
        assert np.max(np.abs(gradient - x.grad[0, 0].numpy())) <= 1e-12 * np.max(np.abs(gradient))


@pytest.mark.parametrize("backend", ["numpy", "onnxruntime", "torch"])
def test_goldens(backend, golden_cases, relative_difference, tmp_path):
    """MATLAB-language forward and VJP; the goldens' parameters are exact in float32."""
    pytest.importorskip("onnx")
    if backend == "torch":
        pytest.importorskip("torch")
    for case in golden_cases("stages/classifier"):
        prior = golden_prior(case["params"], backend, tmp_path / "golden.onnx")
        tolerance = 1e-10 if backend == "numpy" else 1e-5
        logit, gradient = prior.value_and_grad(case["image"])
        assert relative_difference(logit, case["logit"]) <= tolerance
        assert relative_difference(prior.score(case["image"]), case["f"]) <= tolerance
        assert relative_difference(gradient, case["dlogit"]) <= tolerance


def golden_prior(params, backend, path):
    from pydeblur.priors.classifier.prior import ClassifierPrior
    from pydeblur.training.export import export_onnx

    biases = [np.ravel(params[f"conv{n}_bias"]) for n in range(1, 7)]
    pool_after = tuple(int(index) for index in params["pool_after"].ravel())
    architecture = Architecture("golden", tuple(bias.size for bias in biases[:-1]), pool_after)
    shapes = architecture.parameter_shapes()
    values = {name: np.reshape(params[name.replace(".", "_")], shape) for name, shape in shapes.items()}
    export_onnx(values, architecture, path)
    return ClassifierPrior(path, backend=backend, form="logit", threads=1)


def backend_of(architecture, parameters):
    from types import SimpleNamespace

    from pydeblur.priors.classifier.numpy_backend import NumpyBackend

    return NumpyBackend(SimpleNamespace(architecture=architecture, parameters=parameters))
