"""Files that trainings leave: ONNX weights, checkpoints, the patch mixture, cases of the ranking network."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from pydeblur.nonblind.mixture import PatchMixture
from pydeblur.priors.classifier.architecture import Architecture
from pydeblur.training.ranking.cases import RankingCase
from pydeblur.training.run import ArrayCheckpoints
from tests.fuzz.seeds.seed import Seed

_ARCHITECTURES = (
    Architecture("tiny", (2,), ()),
    Architecture("small", (4, 4), (0,)),
    Architecture("deep", (3, 2, 4), (0, 2)),
)


def _written(write, name) -> bytes:
    """What `write` puts into a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write(path)
        return path.read_bytes()


def _parameters(rng, architecture):
    return {name: rng.normal(0, 0.3, shape) for name, shape in architecture.parameter_shapes().items()}


def random_onnx(rng: np.random.Generator) -> Seed:
    """Weights of a small network, as ``pydeblur export`` writes them."""
    from pydeblur.training.export import export_onnx

    architecture = _ARCHITECTURES[int(rng.integers(len(_ARCHITECTURES)))]
    said = {"date": "2026-01-01", "training": {"seed": 1}}
    data = _written(lambda path: export_onnx(_parameters(rng, architecture), architecture, path, said), "w.onnx")
    return Seed(architecture.name, data, suffix=".onnx")


def random_torch_checkpoint(rng: np.random.Generator) -> Seed:
    """A checkpoint of the training of a small network."""
    import torch

    from pydeblur.training.network import TrainableNetwork
    from pydeblur.training.torch_run import TorchCheckpoints, network_checkpoint

    architecture = _ARCHITECTURES[int(rng.integers(len(_ARCHITECTURES)))]
    network = TrainableNetwork(architecture)
    parameters = _parameters(rng, architecture)
    state = {name: torch.tensor(value, dtype=torch.float32) for name, value in parameters.items()}
    network.load_state_dict(state)
    checkpoint = network_checkpoint(network, network.state_dict(), {"seed": int(rng.integers(100))})
    checkpoint |= {"settings": {"rate": 0.1}, "position": {"step": 3, "seconds": 1.5}}
    return Seed(
        architecture.name, _written(lambda path: TorchCheckpoints().write(path, checkpoint), "c.pt"), suffix=".pt"
    )


def random_array_checkpoint(rng: np.random.Generator) -> Seed:
    """A checkpoint of the training of the patch mixture."""
    checkpoint = {
        "log_weights": rng.random(3),
        "covariances": rng.random((3, 4, 4)),
        "settings": {"seed": 1, "components": 3},
        "position": {"step": 10, "seconds": 2.5},
    }
    return Seed("arrays", _written(lambda path: ArrayCheckpoints().write(path, checkpoint), "last.npz"), suffix=".npz")


def random_mixture(rng: np.random.Generator) -> Seed:
    """A small mixture of Gaussians of patches."""
    factors = rng.normal(0, 1, (3, 4, 4))
    covariances = factors @ factors.transpose(0, 2, 1) + np.eye(4)
    mixture = PatchMixture(np.log(np.full(3, 1 / 3)), covariances)
    return Seed("3 components", _written(mixture.save, "mixture.npz"), suffix=".npz")


def random_ranking_case(rng: np.random.Generator) -> Seed:
    """A case of the training of the ranking network."""
    count, blocks = int(rng.integers(2, 4)), 2
    case = RankingCase(
        "natural/picture",
        tuple(["true", "point", "default"][:count]),
        rng.random((count, 8 * blocks, 8 * blocks)).astype(np.float16),
        rng.integers(-127, 128, (count, 8 * blocks, 8 * blocks)).astype(np.int8),
        rng.random((8 * blocks, 8 * blocks)).astype(np.float16),
        rng.random((count, blocks, blocks)).astype(np.float32),
        rng.random(count),
        0.01,
        15,
    )
    return Seed(f"{count} kernels", _written(case.save, "case.npz"), suffix=".npz")
