"""The exported file: valid, complete, and right under a second, independent runtime."""
# ruff: noqa: E402

import json

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from pydeblur.errors import FileFormatError, InvalidInputError
from pydeblur.priors.classifier.architecture import Architecture
from pydeblur.priors.classifier.weights_file import read_weights
from pydeblur.training.export import export_checkpoint, export_onnx
from tests.priors.classifier.conftest import COMPACT, EXACT, PAPER, SMALL, noise, random_parameters

ODD_ONES = (
    SMALL,
    COMPACT,
    PAPER,
    Architecture("no-pooling", (8,), ()),
    Architecture("pools-first", (8, 16), (0,)),
    Architecture("pools-last", (3, 5), (0, 1)),
)


@pytest.mark.parametrize("architecture", ODD_ONES, ids=lambda a: a.name)
def test_is_valid(architecture, tmp_path):
    export_onnx(random_parameters(architecture), architecture, tmp_path / "w.onnx")
    model = onnx.load(tmp_path / "w.onnx")
    onnx.checker.check_model(model, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    outputs = {value.name: value.type.tensor_type.shape.dim for value in inferred.graph.output}
    shapes = {name: [dim.dim_value or dim.dim_param for dim in dims] for name, dims in outputs.items()}
    assert shapes["dx"] == shapes["dlogit"] == [1, 1, "H", "W"] and shapes["score"] == shapes["logit"] == []
    (image,) = model.graph.input
    assert (image.name, image.type.tensor_type.elem_type) == ("image", onnx.TensorProto.FLOAT)
    assert [entry.version for entry in model.opset_import] == [17] and model.ir_version <= 8
    assert {node.domain for node in model.graph.node} == {""}


@pytest.mark.parametrize("architecture", [SMALL, EXACT, *ODD_ONES[3:]], ids=lambda a: a.name)
@pytest.mark.parametrize("shape", [(8, 8), (9, 15), (21, 10)], ids=str)
def test_under_the_reference_evaluator(architecture, shape, tmp_path):
    """ONNX's own evaluator in Python shares nothing with ONNX Runtime's kernels and fusions."""
    from onnx.reference import ReferenceEvaluator

    from pydeblur.priors.classifier.prior import ClassifierPrior

    export_onnx(random_parameters(architecture), architecture, tmp_path / "w.onnx")
    prior = ClassifierPrior(tmp_path / "w.onnx", backend="numpy", form="logit")
    images = [noise(shape, dtype=np.float32)]
    if architecture is EXACT:
        images.append(np.full(shape, 0.5, np.float32))
    for image in images:
        with np.errstate(over="ignore"):  # steep steps reach infinity and are clipped
            outputs = ReferenceEvaluator(str(tmp_path / "w.onnx")).run(None, {"image": image[None, None]})
        score, logit, dx, dlogit, activation = outputs
        assert logit == pytest.approx(prior.logit(image), abs=1e-5) and score == pytest.approx(
            prior.score(image), abs=1e-5
        )
        exact = prior.value_and_grad(image.astype(np.float64))[1]
        assert np.max(np.abs(dlogit[0, 0] - exact)) <= 1e-5 * np.max(np.abs(exact))
        slope = prior.score(image) * (1 - prior.score(image))
        assert np.max(np.abs(dx[0, 0] - slope * exact)) <= 1e-5 * np.max(np.abs(slope * exact))
        assert np.max(np.abs(activation[0, 0] - prior.activation_map(image))) <= 1e-5


def test_all_outputs_under_onnxruntime(tmp_path):
    import onnxruntime

    from pydeblur.priors.classifier.prior import ClassifierPrior

    export_onnx(random_parameters(COMPACT), COMPACT, tmp_path / "w.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "w.onnx"), providers=["CPUExecutionProvider"])
    prior = ClassifierPrior(tmp_path / "w.onnx", backend="numpy")
    for shape in ((8, 8), (31, 50)):
        image = noise(shape, dtype=np.float32)
        score, logit, dx, dlogit = session.run(["score", "logit", "dx", "dlogit"], {"image": image[None, None]})
        value, gradient = prior.value_and_grad(image.astype(np.float64))
        assert abs(score - value) <= 1e-5 and abs(logit - prior.logit(image)) <= 1e-5
        assert np.max(np.abs(dx[0, 0] - gradient)) <= 1e-4 * np.max(np.abs(gradient))
        assert np.allclose(dx, score * (1 - score) * dlogit, rtol=1e-5, atol=0)


def test_each_parameter_is_stored_once(tmp_path):
    export_onnx(random_parameters(PAPER), PAPER, tmp_path / "w.onnx")
    size = sum(4 * np.prod(shape) for shape in PAPER.parameter_shapes().values())
    assert size < (tmp_path / "w.onnx").stat().st_size < size + 60_000


def test_metadata_and_parameters_round_trip(tmp_path):
    parameters = random_parameters(SMALL)
    said = {"training": {"images": 500, "note": "blurré"}, "accuracies": {"1.0": 0.98}, "date": "2026-02-03"}
    said["extra"] = "as is"
    export_onnx(parameters, SMALL, tmp_path / "w.onnx", said)
    weights = read_weights(tmp_path / "w.onnx")
    assert weights.architecture == SMALL
    assert all(np.array_equal(weights.parameters[name], value) for name, value in parameters.items())
    assert weights.metadata["licence"] == "MIT" and weights.metadata["date"] == "2026-02-03"
    assert json.loads(weights.metadata["training"]) == said["training"] and weights.metadata["extra"] == "as is"
    entries = {entry.key: entry.value for entry in onnx.load(tmp_path / "w.onnx").metadata_props}
    assert entries == weights.metadata


def test_same_input_same_file(tmp_path):
    for name in ("a.onnx", "b.onnx"):
        export_onnx(random_parameters(SMALL), SMALL, tmp_path / name, {"date": "2026-01-01"})
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_checkpoint(tmp_path):
    torch = pytest.importorskip("torch")
    parameters = random_parameters(SMALL)
    checkpoint = {
        "architecture": {"name": "small", "channels": list(SMALL.channels), "pool_after": list(SMALL.pool_after)},
        "state_dict": {name: torch.tensor(value) for name, value in parameters.items()},
        "training": {
            "recipe": {"name": "cpu"},
            "date": "2026-05-06",
            "test": {"1.0": 0.97},
            "validation": {"1.0": 0.96},
        },
    }
    torch.save(checkpoint, tmp_path / "best.pt")
    export_checkpoint(tmp_path / "best.pt", tmp_path / "w.onnx", {"training_data": "three photographs"})
    weights = read_weights(tmp_path / "w.onnx")
    assert weights.architecture == SMALL
    assert all(np.array_equal(weights.parameters[name], value) for name, value in parameters.items())
    assert json.loads(weights.metadata["accuracies"]) == {"test": {"1.0": 0.97}, "validation": {"1.0": 0.96}}
    assert json.loads(weights.metadata["training"]) == {"recipe": {"name": "cpu"}, "date": "2026-05-06"}
    assert weights.metadata["date"] == "2026-05-06" and weights.metadata["training_data"] == "three photographs"


def test_the_file_says_what_a_ranking_network_answers(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr("pydeblur.training.export.today", lambda: "2026-02-03")
    checkpoint = {
        "architecture": {"name": "small", "channels": list(SMALL.channels), "pool_after": list(SMALL.pool_after)},
        "state_dict": {name: torch.tensor(value) for name, value in random_parameters(SMALL).items()},
        "training": {"recipe": "ranking", "answers": "log error", "validation": {"regret": 0.1}},
    }
    torch.save(checkpoint, tmp_path / "last.pt")
    export_checkpoint(tmp_path / "last.pt", tmp_path / "w.onnx")
    metadata = read_weights(tmp_path / "w.onnx").metadata
    assert metadata["answers"] == "log error" and json.loads(metadata["training"]) == {"recipe": "ranking"}
    assert json.loads(metadata["accuracies"]) == {"validation": {"regret": 0.1}}
    # The day of the export stands in for a date that the checkpoint lacks.
    assert metadata["date"] == "2026-02-03"


def test_what_is_no_checkpoint(tmp_path):
    torch = pytest.importorskip("torch")
    (tmp_path / "text.pt").write_text("no checkpoint")
    torch.save([1, 2], tmp_path / "list.pt")
    torch.save({"architecture": {"name": "x"}, "state_dict": {}, "training": {}}, tmp_path / "lacking.pt")
    for name in ("text.pt", "list.pt", "lacking.pt", "absent.pt"):
        with pytest.raises(FileFormatError, match="checkpoint"):
            export_checkpoint(tmp_path / name, tmp_path / "w.onnx")
    assert not (tmp_path / "w.onnx").exists()


def test_wrong_parameters_leave_no_file(tmp_path):
    good = random_parameters(SMALL)
    missing = {name: value for name, value in good.items() if name != "conv3.bias"}
    misshapen = good | {"conv2.weight": np.zeros((8, 4, 5, 5))}
    infinite = good | {"conv1.bias": np.array([np.inf, 0, 0, 0])}
    for parameters, message in ((missing, "conv3.bias"), (misshapen, "conv2.weight"), (infinite, "finite")):
        with pytest.raises(InvalidInputError, match=message):
            export_onnx(parameters, SMALL, tmp_path / "w.onnx")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileFormatError, match="does not exist"):
        export_onnx(good, SMALL, tmp_path / "absent" / "w.onnx")


@pytest.mark.parametrize("pool_after", [(1.0, 2.0), (0.5,), ("1",), (1, 1), (-1,), (5,), None, 1.0], ids=str)
def test_poolings_that_are_no_whole_numbers_in_range_are_refused(pool_after, tmp_path):
    architecture = Architecture("odd", (4, 4, 6, 8, 8), pool_after)
    with pytest.raises(InvalidInputError, match=r"^pool_after should be different whole numbers from 0 to 4[^\n]+$"):
        export_onnx(random_parameters(SMALL), architecture, tmp_path / "w.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("channels", [(4.0, 4), (0, 4), (), ("4",), None], ids=str)
def test_channels_that_are_no_whole_numbers_are_refused(channels, tmp_path):
    with pytest.raises(InvalidInputError, match=r"^channels should be whole numbers of at least 1[^\n]+$"):
        export_onnx(random_parameters(SMALL), Architecture("odd", channels, ()), tmp_path / "w.onnx")


def test_numpy_s_integers_are_whole_numbers(tmp_path):
    architecture = Architecture("small", tuple(np.array([3, 5])), tuple(np.array([0, 1])))
    export_onnx(random_parameters(architecture), architecture, tmp_path / "w.onnx")
    assert read_weights(tmp_path / "w.onnx").architecture == Architecture("small", (3, 5), (0, 1))
