"""The trainable network: its parameters are the architecture's, and widening keeps what it computes."""
# ruff: noqa: E402

import pytest

torch = pytest.importorskip("torch")

from pydeblur.errors import InvalidInputError
from pydeblur.priors.classifier.architecture import COMPACT, PAPER, Architecture
from pydeblur.training.network import TrainableNetwork, initialise, widen

NARROW = Architecture("narrow", (4, 4, 6, 8, 8))
WIDE = Architecture("wide", (9, 8, 16, 8, 11))


def network(architecture, seed=0):
    built = TrainableNetwork(architecture)
    initialise(built, "he", torch.Generator().manual_seed(seed))
    with torch.no_grad():
        for name, parameter in built.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(0, 0.1, generator=torch.Generator().manual_seed(seed))
    return built.eval()


@pytest.mark.parametrize("architecture", [PAPER, COMPACT, NARROW])
def test_parameters_are_the_architectures(architecture):
    state = TrainableNetwork(architecture).state_dict()
    assert {name: tuple(value.shape) for name, value in state.items()} == architecture.parameter_shapes()


@pytest.mark.parametrize("size", [(8, 8), (33, 50), (64, 41)])
def test_one_logit_per_image_of_any_size(size):
    built, images = network(NARROW), torch.rand(3, 1, *size)
    logits = built(images)
    assert logits.shape == (3,)
    assert built.activation_map(images).shape == (3, 1, size[0] // 8, size[1] // 8)
    torch.testing.assert_close(logits[1:2], built(images[1:2]))


def test_widening_keeps_the_function():
    narrow, wide = network(NARROW), TrainableNetwork(WIDE)
    wide.load_state_dict(widen(narrow.state_dict(), NARROW, WIDE))
    images = torch.rand(4, 1, 40, 47, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(wide(images), narrow(images), atol=1e-5, rtol=0)


def test_noise_tells_the_copies_apart_but_hardly_changes_the_function():
    narrow, wide = network(NARROW), TrainableNetwork(WIDE)
    wide.load_state_dict(widen(narrow.state_dict(), NARROW, WIDE, 0.01, torch.Generator().manual_seed(0)))
    first, copy = wide.conv1.weight[0], wide.conv1.weight[4]
    assert 0 < (first - copy).abs().max() < 0.1 * first.abs().max()
    images = torch.rand(4, 1, 40, 47, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(wide(images), narrow(images), atol=0.05, rtol=0.2)


def test_bad_arguments_are_refused():
    state = network(NARROW).state_dict()
    with pytest.raises(InvalidInputError, match="depth"):
        widen(state, NARROW, Architecture("shallow", (4, 4)))
    with pytest.raises(InvalidInputError, match="wide"):
        widen(network(WIDE).state_dict(), WIDE, NARROW)
    with pytest.raises(InvalidInputError, match="initialisation"):
        initialise(TrainableNetwork(NARROW), "zeros")


def test_xavier_has_glorots_variance():
    built = TrainableNetwork(PAPER)
    initialise(built, "xavier", torch.Generator().manual_seed(0))
    assert built.conv2.weight.var().item() == pytest.approx(2 / (9 * 64 + 9 * 64), rel=0.03)
    assert not built.conv2.bias.any()
