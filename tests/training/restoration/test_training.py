"""The restoring network's training: that it learns, that it can be interrupted, and that its ONNX file is the network."""
# ruff: noqa: E402

import json
from contextlib import contextmanager

import numpy as np
import onnxruntime
import pytest

torch = pytest.importorskip("torch")

from pydeblur.errors import FileFormatError, InvalidInputError, InvalidOptionError
from pydeblur.nonblind.restoration_inputs import BASE, INPUTS
from pydeblur.nonblind.restoration_network import RestorationArchitecture, read_network
from pydeblur.training.restoration import training
from pydeblur.training.restoration.network import RestorationNetwork
from pydeblur.training.restoration.onnx_file import export_restoration
from pydeblur.training.restoration.options import RestorationTrainingOptions
from pydeblur.training.restoration.training import crop_of, gains, log_error, train_restoration
from pydeblur.training.torch_run import TorchCheckpoints


@pytest.fixture(autouse=True)
def one_thread():
    """Several threads gain nothing on such small crops, and wait for one another where other tests run beside."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def run(paths, out, resume=False, **options):
    options = RestorationTrainingOptions(**{"steps": 4, "save_every": 2, "batch": 2, "threads": 1, **options})
    return train_restoration(paths, paths[:2], out, options, resume=resume, progress=False)


@contextmanager
def interruption(after):
    """A ``with`` block in which a run ends as by Ctrl-C in the step after so many."""
    update = training._Training.update

    def interrupted(own, *others):
        if own.step > after:
            raise KeyboardInterrupt
        return update(own, *others)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training._Training, "update", interrupted)
        yield


def drawn_network(*widths):
    """All weights are other than 0, the last layer's too."""
    network = RestorationNetwork(RestorationArchitecture(widths))
    network.initialise(torch.Generator().manual_seed(0))
    torch.nn.init.normal_(network.half_out.weight, std=0.1, generator=torch.Generator().manual_seed(1))
    return network


def parameters_of(network):
    return {name: value.numpy() for name, value in network.state_dict().items()}


def test_the_onnx_file_computes_what_the_network_does(tmp_path):
    network = drawn_network(8, 12, 16)
    path = tmp_path / "restoration.onnx"
    export_restoration(parameters_of(network), network.architecture, path, {"steps": 7})
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for shape in ((1, 16, 24), (2, 40, 8)):
        x = torch.randn(shape[0], len(INPUTS), *shape[1:], generator=torch.Generator().manual_seed(2))
        (found,) = session.run(["residual"], {"inputs": x.numpy()})
        with torch.no_grad():
            np.testing.assert_allclose(found, network(x).numpy(), atol=1e-3 * float(np.abs(found).max()))
    metadata = read_network(path).metadata
    said = {
        name: json.loads(metadata[name])
        for name in ("format", "inputs", "base", "multiple", "kernel_sizes", "training")
    }
    assert said == {
        "format": 1,
        "inputs": list(INPUTS),
        "base": BASE,
        "multiple": 8,
        "kernel_sizes": [5, 91],
        "training": {"steps": 7},
    }


def test_parameters_that_do_not_fit_are_not_exported(tmp_path):
    parameters = parameters_of(drawn_network(4, 4, 4))
    for changed, complaint in (
        ({"half_in.bias": np.full(4, np.nan)}, "finite"),
        ({"half_in.bias": np.zeros(5)}, "shape"),
        ({"other.bias": np.zeros(4)}, "other.bias"),
    ):
        with pytest.raises(InvalidInputError, match=complaint):
            export_restoration(
                parameters | changed, RestorationArchitecture((4, 4, 4)), tmp_path / "restoration.onnx", {}
            )
    assert not list(tmp_path.iterdir())


def test_a_new_network_is_its_base(pair_paths):
    network = RestorationNetwork()
    network.initialise(torch.Generator().manual_seed(0))
    of_network, of_best_input = gains(network, pair_paths[:3])
    assert of_network == pytest.approx(0, abs=1e-6) and of_best_input >= 0


def test_crops_are_turned_as_one():
    """A plane that depends on another one does so in every crop, and inverted crops keep their noise."""
    pair = np.zeros((len(INPUTS) + 1, 90, 90), np.float16)
    pair[INPUTS.index("noise")] = 0.5
    pair[2] = np.random.default_rng(0).standard_normal((90, 90))
    pair[-1] = 2 * pair[2]
    crops = [crop_of(pair, np.random.default_rng(seed)) for seed in range(40)]
    for crop in crops:
        np.testing.assert_array_equal(crop[-1], 2 * crop[2])
        assert (crop[INPUTS.index("noise")] == 0.5).all()
    assert len({crop.tobytes() for crop in crops}) == 40
    with pytest.raises(InvalidInputError, match="80 rows"):
        crop_of(pair[:, :79], np.random.default_rng(0))


def test_the_loss_counts_every_crop_s_factor_alike():
    wanted = torch.zeros(2, 1, 8, 8)
    residual = torch.stack([torch.full((1, 8, 8), 0.5), torch.full((1, 8, 8), 4.0)])
    expected = np.mean(np.log([0.51, 4.01]))
    assert log_error(residual, wanted).item() == pytest.approx(expected, rel=1e-6)


def test_training_learns(tmp_path, pair_paths):
    """One batch again and again: the error is soon well below the base's."""
    begun = training._Training(RestorationTrainingOptions(steps=10_000), tmp_path, {})
    begun.start()
    pair = training.load_pair(pair_paths[0])
    crops = np.stack([crop_of(pair, np.random.default_rng(seed), 48) for seed in range(2)])
    losses = []
    for begun.step in range(200, 230):
        losses.append(begun.update(crops))
    assert losses[-1] < losses[0] - 0.15


def test_a_resumed_run_ends_as_one_that_was_not_interrupted(tmp_path, pair_paths):
    run(pair_paths, tmp_path / "whole")
    with interruption(after=3):
        run(pair_paths, tmp_path / "parts")
    weights = run(pair_paths, tmp_path / "parts", resume=True)
    states = [TorchCheckpoints().read(tmp_path / name / "last.pt") for name in ("whole", "parts")]
    for kind in ("state_dict", "raw_state_dict"):
        for name, value in states[0][kind].items():
            torch.testing.assert_close(states[1][kind][name], value, rtol=0, atol=0)
    assert weights == tmp_path / "parts" / "restoration.onnx" and weights.stat().st_size < 3_000_000
    assert {path.name for path in weights.parent.iterdir()} == {"last.pt", "log.csv", "restoration.onnx"}
    rows = (tmp_path / "parts" / "log.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["step", "2", "4"]
    # A longer run goes on from there, another one does not.
    run(pair_paths, tmp_path / "parts", resume=True, steps=5)
    assert TorchCheckpoints().read(tmp_path / "parts" / "last.pt")["training"]["steps"] == 5
    with pytest.raises(InvalidOptionError, match="batch should be 2"):
        run(pair_paths, tmp_path / "parts", resume=True, steps=6, batch=3)


def test_what_can_not_be_trained_on_is_refused(tmp_path, pair_paths):
    with pytest.raises(InvalidInputError, match="none"):
        train_restoration([], pair_paths, tmp_path / "run", progress=False)
    with pytest.raises(FileFormatError, match="no such file"):
        run(pair_paths, tmp_path / "run", resume=True)


def test_the_architecture_is_small():
    assert sum(value.numel() for value in RestorationNetwork().parameters()) < 600_000
