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
    load_optimizer,
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
    with pytest.raises(FileFormatError, match=r"other\.pt.*conv1.weight should be a floating tensor of the shape"):
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


@pytest.mark.parametrize(
    "fields",
    [None, [], {"name": "x"}, {"channels": (4, 4)}, {"channels": [4.0, 4]}, {"channels": []}, {"channels": [0, 4]},
     {"channels": [True, 4]}, {"channels": [10**6, 4]}, {"channels": [4] * 1000}, {"channels": "44"}, {"pool_after": [2]},
     {"pool_after": [0, 0]}, {"pool_after": [-1]}, {"pool_after": [0.0]}, {"pool_after": 0}, {"name": 3}, {"name": ""},
     {"name": "a\nb"}, {"name": "x" * 1000}],
    ids=str,
)  # fmt: skip
def test_architectures_that_are_none_are_refused(tmp_path, fields):
    good = network_checkpoint(TrainableNetwork(SMALL), TrainableNetwork(SMALL).state_dict(), {})
    if isinstance(fields, dict) and fields != {"name": "x"}:
        fields = good["architecture"] | fields
    TorchCheckpoints().write(tmp_path / "bad.pt", good | {"architecture": fields})
    with pytest.raises(FileFormatError, match=r"^'[^']*bad.pt' should be a checkpoint[^\n]*$") as caught:
        read_network_checkpoint(tmp_path / "bad.pt")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "value",
    [torch.full((4,), torch.nan), torch.zeros(5), torch.zeros(4, dtype=torch.int32), 3.0],
    ids=lambda value: str(getattr(value, "dtype", value)),
)  # fmt: skip
def test_weights_that_are_none_are_refused(tmp_path, value):
    good = network_checkpoint(TrainableNetwork(SMALL), TrainableNetwork(SMALL).state_dict(), {})
    state = good["state_dict"] | {"conv1.bias": value}
    TorchCheckpoints().write(tmp_path / "bad.pt", good | {"state_dict": state})
    with pytest.raises(FileFormatError, match=r"bad.pt' should be a checkpoint[^\n]*conv1.bias should be [^\n]*$"):
        read_network_checkpoint(tmp_path / "bad.pt")


@pytest.mark.parametrize("training", [3, {"a": torch.ones(2)}, {1: 2}, {"a": (1, 2)}], ids=str)
def test_descriptions_of_the_training_that_are_none_are_refused(tmp_path, training):
    good = network_checkpoint(TrainableNetwork(SMALL), TrainableNetwork(SMALL).state_dict(), {})
    TorchCheckpoints().write(tmp_path / "bad.pt", good | {"training": training})
    with pytest.raises(FileFormatError, match=r"bad.pt' should be a checkpoint[^\n]*its training[^\n]*$"):
        read_network_checkpoint(tmp_path / "bad.pt")


def stepped(network, make):
    """An optimiser after one step."""
    optimizer = make(network.parameters())
    network(torch.rand(1, 1, 8, 8)).sum().backward()
    optimizer.step()
    return optimizer


MAKERS = {
    "adam": torch.optim.Adam,
    "sgd": lambda parameters: torch.optim.SGD(parameters, 0.1, momentum=0.9, weight_decay=1e-4),
}


@pytest.mark.parametrize("name", MAKERS)
def test_an_optimiser_goes_on(name):
    network = TrainableNetwork(SMALL)
    optimizer, other = stepped(network, MAKERS[name]), MAKERS[name](network.parameters())
    load_optimizer("last.pt", other, optimizer.state_dict())
    for one, two in zip(optimizer.state_dict()["state"].values(), other.state_dict()["state"].values(), strict=True):
        assert all(torch.equal(one[key], two[key]) for key in one)


@pytest.mark.parametrize("name", MAKERS)
def test_states_of_other_optimisers_are_refused(name):
    network = TrainableNetwork(SMALL)
    state = stepped(network, MAKERS[name]).state_dict()
    first = next(iter(state["state"][0]))
    bad = {
        "nothing": None,
        "no groups": {"state": {}},
        "another network": stepped(TrainableNetwork(Architecture("other", (4, 5), (0,))), MAKERS[name]).state_dict(),
        "another optimiser": stepped(network, MAKERS["adam" if name == "sgd" else "sgd"]).state_dict(),
        "other parameters": {**state, "state": {9: state["state"][0]}},
        "a list": {**state, "state": [1]},
        "a wrong shape": {**state, "state": state["state"] | {0: state["state"][0] | {first: torch.zeros(7)}}},
        "no tensor": {**state, "state": state["state"] | {0: state["state"][0] | {first: "x"}}},
        "no list of groups": {**state, "param_groups": 3},
        "no groups of parameters": {**state, "param_groups": [3]},
        "other groups": {**state, "param_groups": [{"params": [0]}]},
        "infinite": {**state, "state": state["state"] | {0: state["state"][0] | {first: torch.tensor(torch.inf)}}},
    }
    for wrong in bad.values():
        with pytest.raises(FileFormatError, match=r"^'last.pt' should be a checkpoint[^\n]*$"):
            load_optimizer("last.pt", MAKERS[name](network.parameters()), wrong)


@pytest.mark.parametrize(
    "name, value", [("step", torch.tensor(0.0)), ("step", torch.tensor(-5.0)), ("exp_avg_sq", None)]
)
def test_values_of_adam_that_are_out_of_range_are_refused(name, value):
    network = TrainableNetwork(SMALL)
    state = stepped(network, MAKERS["adam"]).state_dict()
    state["state"][1][name] = -torch.ones(4) if value is None else value
    with pytest.raises(FileFormatError, match="at least"):
        load_optimizer("last.pt", MAKERS["adam"](network.parameters()), state)


def test_settings_of_the_optimiser_stay_the_run_s():
    network = TrainableNetwork(SMALL)
    state = stepped(network, MAKERS["adam"]).state_dict()
    state["param_groups"][0]["betas"] = ("x", 1e300)
    optimizer = MAKERS["adam"](network.parameters())
    load_optimizer("last.pt", optimizer, state)
    assert optimizer.param_groups[0]["betas"] == (0.9, 0.999)
    optimizer.step()
