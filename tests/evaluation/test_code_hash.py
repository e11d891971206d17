"""The hash of the code: it changes with every statement that may change a result, and with nothing else."""

import shutil
from pathlib import Path

import pytest

import pydeblur
from pydeblur.evaluation import code_hash as module
from pydeblur.evaluation.code_hash import code_hash, statements

SOURCE = '"""Text."""\n\n\ndef f(x):\n    """More."""\n    # why\n    return x + 1\n'


@pytest.mark.parametrize("same", [SOURCE.replace("Text", "Other"), SOURCE.replace("# why", "# how"), SOURCE + "\n"])
def test_comments_docstrings_and_layout_do_not_count(same):
    assert statements(same) == statements(SOURCE)


@pytest.mark.parametrize(
    "other", [SOURCE.replace("+ 1", "+ 2"), SOURCE.replace("x + 1", '"More." + x'), SOURCE + "f(1)\n"]
)
def test_statements_count(other):
    assert statements(other) != statements(SOURCE)


def copy_of_the_package(folder, monkeypatch):
    shutil.copytree(Path(pydeblur.__file__).parent, folder / "pydeblur", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(module.pydeblur, "__file__", str(folder / "pydeblur/__init__.py"))


@pytest.mark.parametrize(
    "path, counts",
    [
        ("solver/kernel.py", True),
        ("estimators/presets.py", True),
        ("evaluation/protocols.py", True),
        ("cli/main.py", False),
        ("training/run.py", False),
        ("reproduce/table1.py", False),
    ],
)
def test_which_modules_count(tmp_path, monkeypatch, path, counts):
    copy_of_the_package(tmp_path, monkeypatch)
    module._package_hash.cache_clear()
    before = code_hash()
    with open(tmp_path / "pydeblur" / path, "a", encoding="utf-8") as file:
        file.write("\n_NEW = 1\n")
    module._package_hash.cache_clear()
    module._module_hash.cache_clear()
    try:
        assert (code_hash() != before) == counts
    finally:
        module._package_hash.cache_clear()
        module._module_hash.cache_clear()


def test_the_module_of_the_measuring_function_counts():
    from pydeblur.reproduce import fig1, fig11

    assert len({code_hash(), code_hash(fig1.measure), code_hash(fig11.measure)}) == 3
