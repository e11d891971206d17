"""No command overwrites what it reads, by whatever name or link; and none can forget to say what it reads and writes."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from pydeblur.cli.main import COMMANDS, _make_parser
from pydeblur.cli.outputs import FILES, ReadFiles
from pydeblur.errors import FileFormatError
from pydeblur.files import write_image
from pydeblur.files.shipped_weights import shipped_weights


def arguments_of(command):
    """The actions of a command's parser that take a value."""
    (commands,) = (action for action in _make_parser()._actions if action.dest == "command")
    return [action for action in commands.choices[command]._actions if action.nargs != 0]


def takes_any_text(action):
    if action.choices is not None:
        return False
    try:
        return action.type is None or action.type("folder/name.png") == "folder/name.png"
    except Exception:
        return False


@pytest.mark.parametrize("command", COMMANDS)
def test_every_argument_that_may_be_a_path_is_declared(command):
    assert {action.dest for action in arguments_of(command) if takes_any_text(action)} == FILES[command].declared


@pytest.fixture
def folder(sharp_image, tmp_path, monkeypatch):
    """Photographs in a folder and its subfolder, weights, a kernel, a checkpoint; links of all kinds to some of them."""
    monkeypatch.chdir(tmp_path)
    for name in ("photos/more", "data/levin", "data/text", "run"):
        os.makedirs(name)
    write_image("a.png", sharp_image)
    for name in ("a.png", "more/log.png"):
        write_image(f"photos/{name}", np.tile(sharp_image, (3, 3)))
    shutil.copy(shipped_weights("classifier-compact.onnx"), "w.onnx")
    shutil.copy(shipped_weights("classifier-compact.onnx"), "w.png")
    np.save("k.npy", np.ones((3, 3)))
    for name in ("best.pt", "run/best.pt", "run/last.pt", "data/levin/im01_ker01.mat", "data/text/notes.json"):
        Path(name).write_bytes(name.encode())
    os.symlink("a.png", "link.png")
    os.link("a.png", "hard.png")
    os.symlink("photos", "linked")
    os.symlink("data", "linked_data")
    os.link("photos/a.png", "hard_photo.png")
    os.link("data/levin/im01_ker01.mat", "hard.mat")
    return tmp_path


OVERWRITING = [
    "deblur a.png -o a.png --kernel-size 7",
    "deblur a.png -o ./photos/../a.png --kernel-size 7",
    "deblur link.png -o a.png --kernel-size 7",
    "deblur a.png -o link.png --kernel-size 7",
    "deblur a.png -o hard.png --kernel-size 7",
    "deblur a.png -o o.png --history a.png --kernel-size 7",
    "deblur a.png -o o.png --kernel-out hard.png --kernel-size 7",
    "deblur a.png -o o.png --weights w.onnx --history w.onnx --kernel-size 7 --prior classifier",
    "deblur a.png -o o.png --ranking-weights w.onnx --history w.onnx --kernel-size 7",
    "deblur a.png -o w.png --weights w.png --kernel-size 7 --prior classifier",
    "deblur missing.png -o missing.png --kernel-size 7",
    "kernel a.png -o a.png --kernel-size 7",
    "kernel a.png -o k.npy --history a.png --kernel-size 7",
    "kernel a.png -o k.npy --history w.onnx --weights w.onnx --kernel-size 7 --prior classifier",
    "deconv a.png hard.png -o link.png",
    "deconv a.png w.png -o w.png",
    "batch a.png -o . --kernel-size 7",
    "batch photos -o linked --kernel-size 7 --overwrite",
    "batch a.png link.png -o photos/.. --kernel-size 7",
    "batch photos -o out --weights out/a.png --prior classifier --kernel-size 7 --overwrite",
    "classify a.png --activation-map a.png",
    "classify a.png --activation-map hard.png",
    "classify a.png --weights w.png --activation-map w.png",
    "synth --data photos -o photos/a.png",
    "synth --data photos -o hard_photo.png",
    "synth --data linked -o photos/more/log.png",
    "train --data photos --out photos",
    "train --data photos --out linked",
    "train --data photos --out photos/more",
    "train --data photos --out run --init-from run/best.pt",
    "train-mixture --data photos --out photos",
    "train-ranking --data photos --out linked",
    "train-ranking --data photos --out run --init-from run/last.pt",
    "export best.pt -o best.pt",
    "export run/best.pt -o photos/../run/best.pt",
    "evaluate levin --data data --json data/levin/im01_ker01.mat",
    "evaluate levin --data linked_data --json data/text/notes.json",
    "evaluate levin --data data --json hard.mat",
    "reproduce table1 --data data --out data",
    "reproduce table1 --data data --out data/text",
    "reproduce fig3a --data data --frames photos --out linked/more",
    "reproduce table1 --out data/levin",
]


@pytest.mark.parametrize("line", OVERWRITING)
def test_what_is_read_is_not_overwritten(pydeblur, is_one_sentence, folder, monkeypatch, line):
    monkeypatch.setenv("PYDEBLUR_DATA", str(folder / "data"))
    os.makedirs("out")
    shutil.copy("w.onnx", "out/a.png")
    before = contents(folder)
    outcome = pydeblur(*line.split())
    assert outcome.code == 2 and is_one_sentence(outcome.err, line.split()[0])
    assert contents(folder) == before


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_weights_that_come_with_the_package_are_read_by_all(pydeblur, is_one_sentence, folder):
    weights = shipped_weights("classifier-compact.onnx")
    before = weights.read_bytes()
    outcome = pydeblur("kernel", "a.png", "-o", "new.npy", "--history", weights, "--kernel-size", 7)
    assert outcome.code == 2 and is_one_sentence(outcome.err, "kernel") and "overwrite" in outcome.err
    assert weights.read_bytes() == before


def test_other_files_in_the_same_folders_may_be_written(pydeblur, folder):
    assert pydeblur("synth", "--data", "photos", "-o", "photos/sheet.png").code == 0
    assert pydeblur("classify", "a.png", "--weights", "w.onnx", "--activation-map", "map.png").code == 0


def test_a_file_system_without_cases_is_told_by_its_folders(tmp_path, monkeypatch):
    """One in which every name is found in any case: the files themselves need not be there."""
    exists, same = os.path.exists, os.path.samefile

    def real_name(path):
        return next((each for each in (path, str(path).lower()) if exists(each)), path)

    folder = tmp_path / "photos"
    folder.mkdir()
    monkeypatch.setattr(os.path, "exists", lambda path: exists(real_name(path)))
    monkeypatch.setattr(os.path, "samefile", lambda a, b: same(real_name(a), real_name(b)))
    with pytest.raises(FileFormatError, match="overwrite"):
        ReadFiles([folder / "New.png"]).refuse(folder / "nEW.PNG")


def test_a_file_system_with_cases_holds_both(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    if (tmp_path / "PHOTOS").exists():
        pytest.skip("this file system does not tell cases apart")
    ReadFiles([folder / "New.png"]).refuse(folder / "nEW.PNG")
