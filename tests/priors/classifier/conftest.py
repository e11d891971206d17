"""Random networks as exported files, and images to ask them about."""

import numpy as np
import pytest

from pydeblur.priors.classifier.architecture import COMPACT, PAPER, Architecture
from pydeblur.priors.classifier.numpy_backend import correlate

SMALL = Architecture("small", (4, 8, 8, 8, 8))
#: Its parameters are multiples of 1/8: on a constant image like 0.5 all sums are exact in float32, in whatever order,
#: so that equal maxima are exactly equal.
EXACT = Architecture("exact", (4, 8, 8, 8, 8))
ARCHITECTURES = {architecture.name: architecture for architecture in (SMALL, EXACT, COMPACT, PAPER)}


def random_parameters(architecture, seed=0):
    """He's initialisation with biases away from zero."""
    rng = np.random.default_rng(seed)
    parameters = {
        name: rng.standard_normal(shape) * (np.sqrt(2 / (9 * shape[1])) if len(shape) > 1 else 0.05)
        for name, shape in architecture.parameter_shapes().items()
    }
    if architecture is EXACT:
        parameters = {name: np.round(8 * value + (value.ndim == 1)) / 8 for name, value in parameters.items()}
    return {name: value.astype(np.float32) for name, value in parameters.items()}


def noise(shape, seed=1, dtype=np.float64):
    """Uniform in [0, 1]."""
    return np.random.default_rng(seed).random(shape).astype(dtype)


def kink_margin(architecture, image):
    """How far a random network's gradient on an image is from a jump: the smallest distance of a ReLU's argument from
    zero, or of a positive maximum from its window's second. float32 moves these numbers by a few 1e-7.
    """
    parameters = random_parameters(architecture)
    x, margin = image[None], np.inf
    for layer in range(len(architecture.channels)):
        weight, bias = (parameters[f"conv{layer + 1}.{kind}"].astype(np.float64) for kind in ("weight", "bias"))
        x = correlate(x, weight, bias)
        margin = min(margin, np.min(np.abs(x)))
        x = np.maximum(x, 0)
        if layer in architecture.pool_after:
            rows, columns = x.shape[1] // 2, x.shape[2] // 2
            windows = x[:, : 2 * rows, : 2 * columns].reshape(-1, rows, 2, columns, 2).swapaxes(2, 3)
            second, x = np.moveaxis(np.sort(windows.reshape(-1, rows, columns, 4))[..., 2:], -1, 0)
            margin = min(margin, np.min((x - second)[x > 0], initial=np.inf))
    return margin


@pytest.fixture(scope="session")
def weights_files(tmp_path_factory):
    """{"small" | "exact" | "compact" | "paper": path of an exported random network}."""
    pytest.importorskip("onnx")
    from pydeblur.training.export import export_onnx

    folder = tmp_path_factory.mktemp("weights")
    paths = {}
    for name, architecture in ARCHITECTURES.items():
        paths[name] = folder / f"{name}.onnx"
        metadata = {"training": {"images": 3}, "date": "2026-01-01"}
        export_onnx(random_parameters(architecture), architecture, paths[name], metadata)
    return paths


@pytest.fixture(scope="session")
def load(weights_files):
    """load(network, backend, **options) -> ClassifierPrior of a random network, on one thread; made once each."""
    from pydeblur.priors.classifier.prior import ClassifierPrior

    loaded = {}

    def load(network, backend="onnxruntime", **options):
        if backend == "torch":
            pytest.importorskip("torch")
        key = (network, backend, *sorted(options.items()))
        if key not in loaded:
            loaded[key] = ClassifierPrior(weights_files[network], backend=backend, **{"threads": 1, **options})
        return loaded[key]

    return load
