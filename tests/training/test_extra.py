"""Without PyTorch or onnx: one sentence that names the extra, and the commands that need neither go on working."""

import subprocess
import sys

import pytest

from pydeblur.errors import InvalidInputError
from pydeblur.training.extra import train_extra


@pytest.mark.parametrize("module, name", [("torch", "PyTorch"), ("torch.nn", "PyTorch"), ("onnx", "the package onnx")])
def test_the_message_names_the_package_and_the_extra(module, name):
    message = rf"^export needs {name}: pip install 'pydeblur\[train\]'$"
    with pytest.raises(InvalidInputError, match=message), train_extra("export"):
        raise ModuleNotFoundError(name=module)


def test_other_errors_stay_what_they_are():
    for error in (ModuleNotFoundError(name="torchvision"), ModuleNotFoundError(), ImportError("torch is broken")):
        with pytest.raises(type(error)) as raised, train_extra("export"):
            raise error
        assert raised.value is error


@pytest.mark.parametrize(
    "package, words, name",
    [
        ("torch", ("train", "--data", ".", "--out", "run"), "PyTorch"),
        ("torch", ("train-ranking", "--data", ".", "--out", "run"), "PyTorch"),
        ("torch", ("export", "run/best.pt", "-o", "w.onnx"), "PyTorch"),
        ("onnx", ("export", "run/best.pt", "-o", "w.onnx"), "the package onnx"),
    ],
)
def test_commands_say_what_to_install(package, words, name, tmp_path):
    if package == "onnx":
        torch = pytest.importorskip("torch")
        (tmp_path / "run").mkdir()
        architecture = {"name": "small", "channels": [2], "pool_after": []}
        torch.save({"architecture": architecture, "state_dict": {}, "training": {}}, tmp_path / "run" / "best.pt")
    before = sorted(tmp_path.rglob("*"))
    code = f"import sys; sys.modules[{package!r}] = None; from pydeblur.cli.main import main; sys.exit(main({list(words)}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and done.stderr.endswith(f"needs {name}: pip install 'pydeblur[train]'\n")
    assert sorted(tmp_path.rglob("*")) == before


def test_what_needs_no_torch_does_not_import_it():
    modules = (
        "run",
        "epll_mixture.training",
        "ranking.cases",
        "classifier.recipes",
        "classifier.sheet",
        "classifier.batches",
    )
    imports = ", ".join(f"pydeblur.training.{name}" for name in modules)
    code = f"import sys, {imports}; assert not {{'torch', 'onnx'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
