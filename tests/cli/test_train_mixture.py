"""``pydeblur train-mixture``, as a user types it."""

import pytest

from pydeblur.files import write_image
from pydeblur.nonblind.mixture import load_mixture


@pytest.fixture
def pictures(tmp_path, sharp_image):
    """A folder of eight parts of a picture."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(8):
        write_image(folder / f"picture{number}.png", sharp_image[5 * number : 5 * number + 60])
    return folder


def test_train_mixture_then_resume(pydeblur, pictures, tmp_path):
    run = tmp_path / "run"
    words = ("train-mixture", "--data", pictures, "--out", run, "--components", 3, "--patches", 3000, "--blocks", 2)
    for more in (("--iterations", 1), ("--iterations", 2, "--resume")):
        done = pydeblur(*words, *more)
        assert done.code == 0 and done.err == "" and done.out.strip() == str(run / "mixture.npz")
    assert load_mixture(run / "mixture.npz").covariances.shape == (3, 64, 64)
    assert len((run / "log.csv").read_text().splitlines()) == 3


@pytest.mark.parametrize(
    "words, complaint",
    [
        (("--data", "missing"), "missing"),
        (("--data", "pictures", "--components", "0"), "--components"),
        (("--data", "pictures", "--patches", "5"), "patches"),
        (("--data", "pictures", "--seed", "-1"), "seed"),
        (("--data", "pictures", "--iterations", "many"), "--iterations"),
        (("--data", "pictures", "--resume"), "last.npz"),
    ],
)
def test_train_mixture_bad_input(pydeblur, pictures, is_one_sentence, monkeypatch, words, complaint):
    monkeypatch.chdir(pictures.parent)
    done = pydeblur("train-mixture", "--out", "run", *words)
    assert done.code == 2 and complaint in done.err and is_one_sentence(done.err, "train-mixture")
    assert not (pictures.parent / "run").exists()


def test_another_run_is_not_resumed(pydeblur, pictures, is_one_sentence, tmp_path):
    words = ("train-mixture", "--data", pictures, "--out", tmp_path / "run", "--components", 2, "--iterations", 1)
    assert pydeblur(*words, "--patches", 300, "--blocks", 1).code == 0
    done = pydeblur(*words, "--patches", 400, "--blocks", 1, "--resume")
    assert done.code == 2 and "patches should be 300" in done.err and is_one_sentence(done.err, "train-mixture")
