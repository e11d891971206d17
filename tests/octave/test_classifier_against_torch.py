"""matlab_ref's classifier, by its golden outputs, against PyTorch in float64: forward pass and autograd."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pydeblur.priors.classifier.architecture import Architecture  # noqa: E402
from pydeblur.training.network import TrainableNetwork  # noqa: E402


def network(params):
    """The golden's classifier as a torch module."""
    pool_after = tuple(int(index) for index in params["pool_after"].ravel())
    built = TrainableNetwork(Architecture("golden", (4, 4, 6, 8, 8), pool_after)).double()
    shapes = built.architecture.parameter_shapes()
    values = {name: np.reshape(params[name.replace(".", "_")], shape) for name, shape in shapes.items()}
    built.load_state_dict({name: torch.tensor(value) for name, value in values.items()})
    return built


@pytest.mark.parametrize("number", range(4))
def test_value_and_gradient(number, golden_cases, relative_difference):
    case = golden_cases("stages/classifier")[number]
    image = torch.tensor(case["image"][None, None], requires_grad=True)
    logit = network(case["params"])(image)
    logit.backward()
    assert relative_difference(logit.item(), case["logit"]) < 1e-12
    assert relative_difference(torch.sigmoid(logit).item(), case["f"]) < 1e-12
    assert relative_difference(image.grad[0, 0].numpy(), case["dlogit"]) < 1e-12


def test_the_goldens_reach_what_is_special(golden_cases):
    cases = golden_cases("stages/classifier")
    assert {tuple(side % 8 for side in case["image"].shape) for case in cases} >= {
        (0, 0),
        (1, 7),
    }  # rows dropped by poolings
    assert np.ptp(cases[-1]["image"]) == 0  # ties in every window
    parameters = [value for name, value in cases[0]["params"].items() if name.startswith("conv")]
    assert all(np.array_equal(np.asarray(value, dtype=np.float32), value) for value in parameters)
