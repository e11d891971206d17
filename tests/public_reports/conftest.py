"""What these tests share: the command line, and a small picture to run it on."""

from typing import NamedTuple

import pytest
from PIL import Image
from skimage import data

from pydeblur.cli.main import main


class Outcome(NamedTuple):
    """What a command left behind in the terminal."""

    code: int
    out: str
    err: str


@pytest.fixture
def pydeblur_command(capsys):
    """Call it with the words after ``pydeblur``; runs in this process."""

    def run(*words):
        capsys.readouterr()
        try:
            code = main([str(word) for word in words])
        except SystemExit as exit_:
            code = exit_.code
        return Outcome(code, *capsys.readouterr())

    return run


@pytest.fixture
def write_picture():
    """Write a small photograph to a path."""
    return lambda path: Image.fromarray(data.camera()[100:164:1, 180:250:1]).save(path)
