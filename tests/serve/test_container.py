"""The container's image: what the Dockerfile copies and installs is enough for the page, the batch and the worker."""

import os
import re
import shutil
import signal
import subprocess
import sys
import venv
from configparser import ConfigParser
from importlib.util import find_spec
from pathlib import Path
from urllib.request import urlopen

import pytest

from pydeblur.serve.access import AllowedHosts

REPOSITORY = Path(__file__).resolve().parents[2]
INSTRUCTIONS = [
    line.split(" ", 1) for line in (REPOSITORY / "Dockerfile").read_text().splitlines() if line[:1].isupper()
]


SETTINGS = ConfigParser()
SETTINGS.read(REPOSITORY / "setup.cfg")


def instructions(name):
    return [words for kind, words in INSTRUCTIONS if kind == name]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The environment that the steps of the Dockerfile make, in a clean virtual environment without a network."""
    if find_spec("setuptools") is None or find_spec("pip") is None:
        pytest.skip("needs setuptools and pip to build without a network")
    folder = tmp_path_factory.mktemp("container")
    source = folder / "source"
    source.mkdir()
    for words in instructions("COPY"):
        if words.startswith("--from"):
            continue
        *names, target = words.split()
        for name in names:
            if (REPOSITORY / name).is_dir():
                shutil.copytree(REPOSITORY / name, source / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(REPOSITORY / name, source)
    environment = folder / "environment"
    venv.create(environment, with_pip=False)
    (site,) = environment.glob("lib/python*/site-packages")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--no-compile",
    ]
    result = subprocess.run([*pip, "--target", site, source], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    # What pydeblur needs comes from the environment of the tests, after pydeblur's own place.
    (site / "dependencies.pth").write_text("\n".join(each for each in sys.path if each.endswith("site-packages")))
    assert (site / "pydeblur" / "weights" / "kernel-ranking.onnx").is_file()
    for path in source.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return environment / "bin" / "python"


def run(python, *words, folder):
    """Runs a module as the container's user does: with no home, and one folder to write to."""
    own = {"HOME": str(folder), "TMPDIR": str(folder), "NUMBA_CACHE_DIR": str(folder / "numba")}
    return subprocess.Popen(
        [python, "-m", *map(str, words)],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **own},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(os.name != "posix", reason="the image is Linux's")
def test_the_page_the_batch_and_the_worker_start(installed, tmp_path, photo):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "photo.png").write_bytes(photo)
    words = ["--kernel-size", "7", "--prior", "gradient", "--nonblind", "tv", "--iterations", "1", "--quiet"]
    batch = run(installed, "pydeblur", "batch", tmp_path / "in", "-o", tmp_path / "out", *words, folder=tmp_path)
    _, errors = batch.communicate(timeout=120)
    assert (batch.returncode, os.listdir(tmp_path / "out")) == (0, ["photo.png"]), errors
    command = re.findall(r'"([^"]+)"', instructions("CMD")[0])
    server = run(installed, "pydeblur", *command, "--port", "0", folder=tmp_path)
    try:
        address = server.stdout.readline().split()[6]
        assert address.startswith("http://localhost:")
        for name in ("", "page.js", "report.css"):
            with urlopen(f"{address}{name}") as answer:
                assert answer.status == 200
    finally:
        server.send_signal(signal.SIGINT)
        _, errors = server.communicate(timeout=120)
    assert server.returncode == 0, errors
    if find_spec("distributed") is not None:
        worker = run(installed, "distributed.cli.dask_worker", "--help", folder=tmp_path)
        output, errors = worker.communicate(timeout=120)
        assert worker.returncode == 0, errors
        assert "--local-directory" in output


def test_the_extras_that_it_installs_exist():
    (extras,) = re.findall(r"\.\[([a-z,]+)\]", " ".join(instructions("RUN")))
    assert set(extras.split(",")) <= set(SETTINGS["options.extras_require"])


def test_it_runs_as_nobody_in_particular_and_is_found_by_its_name():
    (user,) = instructions("USER")
    assert user.split(":")[0] not in ("root", "0")
    assert AllowedHosts("0.0.0.0").allow("localhost:80")


def test_every_path_that_is_copied_is_sent_to_the_builder():
    sent = {line[1:] for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {name for words in instructions("COPY") if not words.startswith("--from") for name in words.split()[:-1]}
    assert copied == sent
    assert all((REPOSITORY / name).exists() for name in copied)
