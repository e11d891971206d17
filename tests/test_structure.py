"""The house: imports run downward, and the drawing of them is of this tree."""

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "docs"))
import draw_structure  # noqa: E402

sys.path.pop(0)


def test_no_import_runs_upward():
    assert draw_structure.upward(draw_structure.imports()) == []


def test_an_upward_import_would_be_found():
    (sentence,) = draw_structure.upward({("solver", "cli"): {"solver.kernel"}})
    assert sentence == "solver imports cli, which is not below it (in solver.kernel)"
    assert draw_structure.upward({("solver", "utils"): {"solver.kernel"}}) == ["utils has no layer"]


@pytest.mark.parametrize("importer", ["solver", "estimators", "priors", "nonblind"])
def test_the_core_knows_nothing_of_its_users(importer):
    imported = {name for pair, name in ((pair, pair[1]) for pair in draw_structure.imports()) if pair[0] == importer}
    assert imported.isdisjoint({"cli", "evaluation", "reproduce", "training", "api"})


def test_the_solver_imports_no_prior():
    assert ("solver", "priors") not in draw_structure.imports()


def test_every_package_of_the_tree_has_a_layer_and_no_layer_is_empty():
    package = REPOSITORY / "pydeblur"
    there = {path.stem for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert there - {"__init__", "__main__"} == set(draw_structure._LEVELS)


def test_the_drawing_is_of_this_tree():
    result = subprocess.run(
        [sys.executable, REPOSITORY / "docs/draw_structure.py", "--check"], capture_output=True, text=True
    )
    assert (result.returncode, result.stdout) == (0, "")


def test_there_are_no_names_that_say_nothing():
    empty = {"utils", "util", "helpers", "helper", "misc", "common"}
    names = {
        path.stem for folder in ("pydeblur", "tests", "benchmarks") for path in (REPOSITORY / folder).rglob("*.py")
    }
    folders = {
        path.name for folder in ("pydeblur", "tests", "benchmarks") for path in (REPOSITORY / folder).rglob("*/")
    }
    assert empty.isdisjoint(names | folders)
