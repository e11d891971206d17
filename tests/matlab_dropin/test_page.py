"""The page for MATLAB users: its MATLAB code is run by Octave, its Python code by Python, and its tables are whole."""

import inspect
import re
from pathlib import Path

import numpy as np
import pytest

from pydeblur import matlab_api
from pydeblur.matlab_api.options import FIELDS_OF_SCRIPTS, OPTION_NAMES
from pydeblur.matlab_api.server.functions import FUNCTIONS

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "how_to" / "matlab_users.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def table_under(heading):
    """The words in backquotes of the first columns of the tables below a heading."""
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)[1]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [word for row in rows for word in re.findall(r"`([^`]+)`", row)]


@pytest.mark.octave
def test_the_matlab_code_runs_in_octave(octave, colour_photo):
    """What calls Python from MATLAB is only parsed: Octave can't."""
    matlab_api.imwrite(np.tile(colour_photo, (2, 2, 1))[:100, :104], octave.folder / "blurred.png")
    (octave.folder / "matlab_ref").symlink_to(REPOSITORY / "matlab_ref")
    code = [f"if false\n{block}end\n" if "py." in block else block for block in blocks("matlab")]
    script = "\n".join(code)
    assert script.count("/home/me/.venv/bin/pydeblur") == 1
    script = script.replace("/home/me/.venv/bin/pydeblur", octave.program.as_posix())
    output = octave.run(f"{script}\ndisp(mat2str([size(Latent), size(kernel)]));\n", "of_the_page")
    assert output.splitlines() == [
        "both sides of the kernel should be odd, but its shape is (4, 4)",
        "[100 104 3 9 9]",
    ]
    assert matlab_api.imread(octave.folder / "sharp.png").shape == (100, 104, 3)
    assert len(octave.starts()) == 2  # the page ends the first one


def test_the_calls_from_matlab_exist():
    calls = re.findall(r"py\.pydeblur\.matlab_api\.(\w+)\((.*?)\)\)?;", "".join(blocks("matlab")))
    assert [name for name, _ in calls] == ["blind_deconv", "ringing_artifacts_removal"]
    for name, words in calls:
        inspect.signature(getattr(matlab_api, name)).bind(*re.sub(r"\(.*?\)", "", words).split(","))


def test_the_python_code_runs(tmp_path, monkeypatch, colour_photo):
    monkeypatch.chdir(tmp_path)
    matlab_api.imwrite(np.tile(colour_photo, (2, 2, 1))[:100, :100], "blurred.png")
    (code,) = blocks("python")
    names = {}
    exec(code.replace('"xk_iter": 5', '"xk_iter": 1'), names)
    names["deblur_as_in_matlab"]("blurred.png")
    assert matlab_api.imread("sharp.png").shape == (100, 100, 3)


def test_every_function_is_in_the_table():
    shown = [re.sub(r"^.* = ", "", word) for word in table_under("Every function") if "(" in word]
    names = {word.partition("(")[0]: word.partition("(")[2].rstrip(")").split(", ") for word in shown}
    assert set(names) == set(matlab_api.__all__)
    for name in FUNCTIONS:
        expected = [parameter.rstrip("_") for parameter in inspect.signature(FUNCTIONS[name]).parameters]
        assert names[name] == expected


def test_every_option_is_in_the_table():
    shown = set(table_under("Every option"))
    assert shown >= {*OPTION_NAMES, *FIELDS_OF_SCRIPTS, "kernel_size", "gamma_correct", "prior", "patch"}
