"""Misprints are named with what they were meant for, and ``--help`` shows what people use."""

import argparse

import pytest

from pydeblur.cli.everyday_options import EVERYDAY
from pydeblur.cli.main import _make_parser
from pydeblur.cli.parser import did_you_mean

DEBLUR = ("deblur", "a.png", "-o", "b.png")


@pytest.mark.parametrize(
    "words, prefix, sentence",
    [
        (("deblurr", "a.png"), "pydeblur", "unknown command 'deblurr'; did you mean deblur?"),
        (("Deblur", "a.png"), "pydeblur", "unknown command 'Deblur'; did you mean deblur?"),
        (("xyz",), "pydeblur", "unknown command 'xyz'; pydeblur --help lists the known ones"),
        (
            ("--quite",),
            "pydeblur",
            "unknown option --quite before the command of pydeblur; pydeblur --help lists the known",
        ),
        (
            (*DEBLUR, "--kernel-sise", "31"),
            "pydeblur deblur",
            "unknown option --kernel-sise; did you mean --kernel-size?",
        ),
        ((*DEBLUR, "--kernel-sise=31"), "pydeblur deblur", "unknown option --kernel-sise; did you mean --kernel-size?"),
        (
            (*DEBLUR, "--kernel_size", 31),
            "pydeblur deblur",
            "unknown option --kernel_size; did you mean --kernel-size?",
        ),
        ((*DEBLUR, "--size", 31), "pydeblur deblur", "unknown option --size; did you mean --kernel-size?"),
        ((*DEBLUR, "--outptu", "c.png"), "pydeblur deblur", "unknown option --outptu; did you mean --output?"),
        (("deblur", "--presett", "best"), "pydeblur deblur", "unknown option --presett; did you mean --preset?"),
        (
            (*DEBLUR, "--zzz"),
            "pydeblur deblur",
            "unknown option --zzz; pydeblur deblur --help-all lists the known ones",
        ),
        (("synth", "--zzz"), "pydeblur synth", "unknown option --zzz; pydeblur synth --help lists the known ones"),
        ((*DEBLUR, "-x"), "pydeblur deblur", "unknown option -x; pydeblur deblur --help-all lists the known ones"),
        (
            (*DEBLUR, "--nonblind", "rining"),
            "pydeblur deblur",
            "argument --nonblind: it should be one of ringing, tv, l0, hyper-laplacian, epll, learned, whyte, but is 'rining'; "
            "did you mean ringing?",
        ),
        ((*DEBLUR, "--prior", "Gradient"), "pydeblur deblur", "did you mean gradient?"),
        ((*DEBLUR, "--preset", "7"), "pydeblur deblur", "it should be one of faithful, fast, best, but is '7'"),
        (("completion", "bsh"), "pydeblur completion", "did you mean bash?"),
        (("deblur", "a.png", "b.png", "-o", "c.png", "--kernel-size", 5), "pydeblur deblur", "'b.png' is one too many"),
    ],
)
def test_misprints_are_named(pydeblur, words, prefix, sentence):
    outcome = pydeblur(*words)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"{prefix}: error: ") and sentence in outcome.err and outcome.err.count("\n") == 1


def test_a_picture_in_the_place_of_a_command(pydeblur, photo):
    outcome = pydeblur(photo, "-o", "sharp.png")
    assert outcome.code == 2 and "is no command; to deblur a picture: pydeblur deblur " in outcome.err


@pytest.mark.parametrize("words", [("--range", "-1,1"), ("--range", "-1"), ("--lambda-grad", "-0.5")])
def test_numbers_below_zero_are_no_unknown_options(pydeblur, words):
    assert "unknown option" not in pydeblur(*DEBLUR, "--kernel-size", 5, *words).err


def test_names_that_begin_with_a_dash(pydeblur, photo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    photo.rename(tmp_path / "-p.png")
    words = ("-o", "o.png", "--prior", "gradient", "--kernel-size", 5, "--iterations", 1, "--quiet")
    assert pydeblur("deblur", *words, "--", "-p.png").code == 0
    photo = tmp_path / "-my photo.png"
    (tmp_path / "-p.png").rename(photo)
    assert pydeblur("deblur", photo.name, *words).code == 0


def subparsers():
    (commands,) = (each for each in _make_parser()._actions if isinstance(each, argparse._SubParsersAction))
    return commands.choices


@pytest.mark.parametrize("name", EVERYDAY)
def test_help_is_short_and_help_all_has_everything(pydeblur, name):
    options = {
        text for action in subparsers()[name]._actions for text in action.option_strings if text.startswith("--")
    }
    short, full = pydeblur(name, "--help"), pydeblur(name, "--help-all")
    assert (short.code, full.code, short.err, full.err) == (0, 0, "", "")
    assert set(EVERYDAY[name]) <= options
    shown = {text for text in options if f"{text} " in short.out or f"{text}\n" in short.out or f"{text}," in short.out}
    assert set(EVERYDAY[name]) <= shown and len(shown) <= 22
    assert all(text in full.out for text in options)
    assert f"--help-all shows {len(rare_of(name))} more options" in short.out


def rare_of(name):
    everyday = {*EVERYDAY[name], "--help", "--help-all"}
    return [
        each for each in subparsers()[name]._actions if each.option_strings and not everyday & set(each.option_strings)
    ]


def test_what_is_like_nothing_has_no_suggestion():
    assert did_you_mean("--qqqq", ["--crop", "-o"]) == "" and did_you_mean("x" * 5000, ["--crop"]) == ""
