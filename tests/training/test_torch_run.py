"""What the trainings of networks share: checkpoints, the average of the weights, PyTorch's settings."""
# ruff: noqa: E402

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pydeblur.errors import FileFormatError
from pydeblur.priors.classifier.architecture import Architecture
from pydeblur.training.network import TrainableNetwork
from pydeblur.training.torch_run import (
    MovingAverage,
    TorchCheckpoints,
    load_network,
    network_checkpoint,
    read_network_checkpoint,
    training_settings,
)

SMALL = Architecture("small", (4, 4), (0,))


def test_a_network_comes_back_as_it_was(tmp_path):
    network = TrainableNetwork(SMALL)
    TorchCheckpoints().write(
        tmp_path / "best.pt", network_checkpoint(network, network.state_dict(), {"seed": np.int64(3)})
    )
    read, training = load_network(tmp_path / "best.pt")
    assert read.architecture == SMALL and not read.training and training["seed"] == 3
    assert set(training) == {"seed", "date"}
    image = torch.rand(2, 1, 16, 20)
    assert torch.equal(read(image), network(image))
    assert [path.name for path in tmp_path.iterdir()] == ["best.pt"]


def test_what_is_no_checkpoint_of_a_network_is_one_sentence(tmp_path):
    good = network_checkpoint(TrainableNetwork(SMALL), TrainableNetwork(SMALL).state_dict(), {})
    bad = {
        "list": [1, 2],
        "lacking": {name: good[name] for name in ("architecture", "training")},
        "halved": {**good, "architecture": {"name": "small"}},
        "numbers": {**good, "state_dict": {"conv1.weight": 3.0}},
    }
    for name, contents in bad.items():
        TorchCheckpoints().write(tmp_path / f"{name}.pt", contents)
    (tmp_path / "text.pt").write_text("no checkpoint")
    for name in (*bad, "text", "absent"):
        with pytest.raises(FileFormatError, match=rf"^'[^']*{name}.pt' should be a checkpoint[^\n]*$"):
            read_network_checkpoint(tmp_path / f"{name}.pt")
    other = network_checkpoint(
        TrainableNetwork(SMALL), TrainableNetwork(Architecture("other", (5, 4), (0,))).state_dict(), {}
    )
    TorchCheckpoints().write(tmp_path / "other.pt", other)
    with pytest.raises(FileFormatError, match=r"other\.pt.*those of its architecture"):
        load_network(tmp_path / "other.pt")


def test_the_average_is_the_textbook_s():
    network, rng = TrainableNetwork(SMALL), np.random.default_rng(0)
    average = MovingAverage(network, 0.7)
    expected = network.conv1.bias.detach().numpy().astype(float).copy()
    for step in range(1, 40):
        values = rng.standard_normal(4)
        with torch.no_grad():
            network.conv1.bias.copy_(torch.from_numpy(values))
        average.update(network, step)
        decay = min(0.7, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * values
    np.testing.assert_allclose(average.state["conv1.bias"].numpy(), expected, rtol=1e-5)
    other = MovingAverage(TrainableNetwork(SMALL), 0.7)
    other.load(average.state)
    assert all(torch.equal(other.state[name], value) for name, value in average.state.items())
    # Neither the network's weights nor the other average's are the same memory.
    average.update(network, 40)
    assert not torch.equal(other.state["conv1.bias"], average.state["conv1.bias"])


@pytest.mark.parametrize("flushed", [False, True])
def test_settings_are_put_back(flushed):
    before, subnormal = torch.get_num_threads(), np.float64(5e-324)
    torch.set_flush_denormal(flushed)
    try:
        with pytest.raises(KeyError), training_settings(threads=before + 1):
            assert torch.get_num_threads() == before + 1 and subnormal * 1.0 == 0
            raise KeyError
        assert torch.get_num_threads() == before and bool(subnormal * 1.0 == 0) == flushed
        with training_settings():
            assert torch.get_num_threads() == before
    finally:
        torch.set_flush_denormal(False)
