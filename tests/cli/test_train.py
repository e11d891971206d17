"""``pydeblur train`` and ``pydeblur train-ranking``: what a user types reaches the training, or is refused in one sentence."""

import pytest

from pydeblur.training.classifier.options import ClassifierTrainingOptions
from pydeblur.training.ranking.options import RankingTrainingOptions

torch = pytest.importorskip("torch")


@pytest.fixture
def called(monkeypatch):
    """What train_classifier and train_ranking are called with, in place of the calls; the cases are made by nobody."""
    calls = []

    def record(*arguments, **words):
        calls.append((arguments, words))
        return "run/best.pt"

    monkeypatch.setattr("pydeblur.training.classifier.training.train_classifier", record)
    monkeypatch.setattr("pydeblur.training.ranking.training.train_ranking", record)
    monkeypatch.setattr("pydeblur.training.ranking.cases.make_ranking_cases", lambda *arguments: list(arguments[1:5]))
    return calls


def test_all_flags_of_train_reach_the_training(pydeblur, called):
    words = "--recipe robust --architecture paper --scales 0.5 1 --init-from a.pt --resume --steps 3 --minutes 2.5"
    words += " --learning-rate 0.25 --seed 7 --device cuda --threads 1 --precision bf16 --quiet"
    done = pydeblur("train", "--data", "a", "b", "--out", "run", *words.split())
    assert (done.code, done.out, done.err) == (0, "run/best.pt\n", "")
    options = ClassifierTrainingOptions(
        architecture="paper",
        scales=(0.5, 1.0),
        steps=3,
        minutes=2.5,
        learning_rate=0.25,
        seed=7,
        device="cuda",
        threads=1,
        precision="bf16",
    )
    assert called == [
        ((["a", "b"], "run", "robust", options), {"init_from": "a.pt", "resume": True, "progress": False})
    ]


def test_without_flags_the_defaults_hold(pydeblur, called):
    assert pydeblur("train", "--data", "a", "--out", "run").code == 0
    others = {"init_from": None, "resume": False, "progress": False}
    assert called == [((["a"], "run", "cpu", ClassifierTrainingOptions()), others)]


def test_all_flags_of_train_ranking_reach_the_training(pydeblur, called):
    words = "--cases 5 --validation-cases 2 --steps 9 --init-from kernel-ranking --jobs 3 --seed 4 --resume --quiet"
    assert pydeblur("train-ranking", "--data", "a", "--out", "run", *words.split()).code == 0
    (((training, validation, out, options), others),) = called
    assert [str(each) for each in training] == ["run/train", "5", "train", "3"]
    assert [str(each) for each in validation] == ["run/validation", "2", "validation", "3"]
    assert (out, options) == ("run", RankingTrainingOptions(steps=9, seed=4))
    assert others == {"init_from": "kernel-ranking", "resume": True, "progress": False}


@pytest.mark.parametrize(
    "words, complaint",
    [
        ("--recipe fast", "--recipe"),
        ("--architecture deep", "--architecture"),
        ("--scales 0.5 2", "scales should be two numbers"),
        ("--scales 0.5", "--scales"),
        ("--steps 0", "--steps"),
        ("--minutes 0", "--minutes"),
        ("--learning-rate nan", "--learning-rate"),
        ("--seed -1", "--seed"),
        ("--device tpu", "--device"),
        ("--threads 0", "--threads"),
        ("--precision float8", "--precision"),
        ("", "missing"),
    ],
)
def test_bad_input_of_train_is_refused_in_one_sentence(
    pydeblur, is_one_sentence, tmp_path, monkeypatch, words, complaint
):
    monkeypatch.chdir(tmp_path)
    done = pydeblur("train", "--data", "missing", "--out", "run", *words.split())
    assert done.code == 2 and complaint in done.err and is_one_sentence(done.err, "train")
    assert not list(tmp_path.iterdir())
