"""The package itself: lazy imports, public names, and a wheel that works outside the source tree."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pytest

import pydeblur
from pydeblur.files import read_image, write_image

REPOSITORY = Path(__file__).resolve().parents[1]
HEAVY = ("torch", "onnx", "onnxruntime", "skimage", "matplotlib", "dask", "scipy.io", "scipy.signal", "imageio")


def python(*words, **options):
    return subprocess.run([sys.executable, *map(str, words)], capture_output=True, text=True, **options)


def imported_by(code):
    """Which of the heavy modules a fresh interpreter has loaded after running the code."""
    result = python(
        "-c", f"{code}\nimport sys\nprint(*(name for name in {HEAVY} if name in sys.modules))", cwd=REPOSITORY
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


def test_import_is_lazy():
    assert imported_by("import pydeblur") == []
    code = "import pydeblur, sys; print('numpy' in sys.modules, 'scipy' in sys.modules)"
    assert python("-c", code, cwd=REPOSITORY).stdout == "False False\n"


def test_deblurring_never_imports_torch_nor_what_only_files_or_other_priors_need():
    code = """
import numpy as np, pydeblur
for name in pydeblur.__all__: getattr(pydeblur, name)
pydeblur.deblur(np.random.default_rng(0).random((20, 20)), 3, iterations=1%s)
"""
    never = {"torch", "onnx", "skimage", "matplotlib", "dask", "scipy.signal"}
    assert not set(imported_by(code % "")) & never
    assert not set(imported_by(code % ", prior='gradient'")) & {*never, "onnxruntime"}


def test_demo_images_need_no_torch():
    pytest.importorskip("skimage")
    assert "torch" not in imported_by("from pydeblur.datasets.demo_images import demo_images; demo_images()")


def test_every_public_name_is_there_and_documented():
    assert set(pydeblur.__all__) == set(dir(pydeblur))
    for name in pydeblur.__all__:
        assert getattr(pydeblur, name) is not None
        assert name == "__version__" or getattr(pydeblur, name).__doc__.strip()


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="attribute .?deblurr"):
        pydeblur.deblurr  # noqa: B018


def test_every_error_is_a_value_error():
    for name in ("InvalidOptionError", "FileFormatError", "KernelCollapseError"):
        assert issubclass(getattr(pydeblur, name), pydeblur.InvalidInputError)
    assert issubclass(pydeblur.InvalidInputError, ValueError)


def can_build_wheels():
    try:
        return int(version("setuptools").split(".")[0]) >= 71 or bool(version("wheel"))
    except PackageNotFoundError:
        return False


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel of this source tree, built from a copy of it so that nothing is left in it."""
    if not can_build_wheels():
        pytest.skip("needs setuptools and wheel (or setuptools 71) to build without a network")
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("pydeblur", "weights", "matlab_ref/dropin"):
        shutil.copytree(REPOSITORY / name, folder / "source" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, folder / "source")
    for name in ("stand_in.onnx", "stand_in.md"):  # whatever weights there are, some are packed
        (folder / "source" / "weights" / name).write_text("weights")
    result = python("-m", "pip", "wheel", folder / "source", "--no-deps", "--no-build-isolation", "-w", folder)
    assert result.returncode == 0, result.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Run words with the wheel's own pydeblur, far from the source tree."""
    target = tmp_path_factory.mktemp("site")
    result = python("-m", "pip", "install", "--no-deps", "--no-index", "--target", target, wheel)
    assert result.returncode == 0, result.stderr
    environment = {**os.environ, "PYTHONPATH": str(target)}

    def run(*words):
        return python(*words, cwd=target.parent, env=environment)

    run.target = target
    return run


def test_wheel_holds_every_module_and_every_weight(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    source = wheel.parent / "source"
    expected = {path.relative_to(source).as_posix() for path in (source / "pydeblur").rglob("*.py")}
    weights = {path.name for pattern in ("*.onnx", "*.npz", "*.md") for path in (source / "weights").glob(pattern)}
    expected |= {f"pydeblur/weights/{name}" for name in {"__init__.py", *weights}}
    expected |= {"pydeblur/py.typed", "pydeblur/__init__.pyi"}
    pages = {path for kind in ("html", "css", "js") for path in (source / "pydeblur").rglob(f"page.{kind}")}
    assert {path.parent.name for path in pages} == {"report", "serve"}
    expected |= {path.relative_to(source).as_posix() for path in pages}
    dropin = source / "matlab_ref" / "dropin"
    functions = {f"pydeblur/matlab_dropin/{path.relative_to(dropin).as_posix()}" for path in dropin.rglob("*.m")}
    assert "pydeblur/matlab_dropin/private/engine_start.m" in functions
    expected |= functions
    assert {name for name in names if name.startswith("pydeblur/")} == expected
    assert not any(name.startswith(("tests", "benchmarks", "matlab_ref")) for name in names)


def test_installed_package_is_used_from_where_it_was_installed(installed):
    result = installed("-c", "import pydeblur, pydeblur.weights as w; print(pydeblur.__file__, w.__file__)")
    assert result.stdout.split() == [
        str(installed.target / "pydeblur" / name) for name in ("__init__.py", "weights/__init__.py")
    ]


def test_installed_functions_for_matlab_are_found(installed):
    result = installed("-m", "pydeblur", "matlab-path")
    assert result.stdout.strip() == str(installed.target / "pydeblur" / "matlab_dropin"), result.stderr


def test_installed_weights_can_be_listed(installed, wheel):
    code = "from importlib.resources import files; print(*sorted(p.name for p in files('pydeblur.weights').iterdir()))"
    listed = installed("-c", code).stdout.split()
    assert {"__init__.py", "stand_in.onnx", "stand_in.md"} <= set(listed)
    assert {name for name in listed if name.endswith(".onnx")} == {
        path.name for path in (wheel.parent / "source/weights").glob("*.onnx")
    }


def test_installed_commands_run(installed, tmp_path):
    version_line = f"pydeblur {pydeblur.__version__}\n"
    assert installed("-m", "pydeblur", "--version").stdout == version_line
    script = installed.target / "bin" / "pydeblur"
    if script.exists():  # Windows has an .exe
        assert installed(script, "--version").stdout == version_line
    write_image(tmp_path / "in.png", np.random.default_rng(0).random((24, 26)))
    words = ("--kernel-size", 3, "--iterations", 1, "--kernel-out", tmp_path / "k.tif", "--quiet")
    result = installed("-m", "pydeblur", "deblur", tmp_path / "in.png", "-o", tmp_path / "out.png", *words)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert read_image(tmp_path / "out.png").pixels.shape == (24, 26)


def test_links_on_the_wheels_page_lead_somewhere(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        page = archive.read(name).decode()
    assert "# pydeblur" in page and "![" not in page
    targets = re.findall(r"\]\(([^)]*)\)", page)
    assert all(target.startswith(("https://", "http://", "#")) for target in targets), targets
    assert "how-to pages" in page  # the words of a link stay
