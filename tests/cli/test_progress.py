"""What a command says before its report of progress begins."""

import threading
import time
from argparse import Namespace

import pytest

from pydeblur.cli import progress


@pytest.fixture
def soon(monkeypatch):
    """A process of the shell that has just begun, and has no patience."""
    monkeypatch.setattr(progress, "_began", time.monotonic())
    monkeypatch.setattr(progress, "_FIRST_WORD", 0.01)


def test_a_command_that_is_slow_to_load_says_that_it_starts(soon, capsys):
    text, end = "", time.monotonic() + 60
    with progress.first_word(Namespace(command="deblur", quiet=False)):
        while not text and time.monotonic() < end:
            time.sleep(0.01)
            text = capsys.readouterr().err
    assert text == "pydeblur deblur: starting\n"


@pytest.mark.parametrize(("command", "quiet"), [("deblur", True), ("completion", False)])
def test_quiet_and_quick_commands_do_not_say_it(soon, command, quiet):
    before = threading.active_count()
    with progress.first_word(Namespace(command=command, quiet=quiet)):
        assert threading.active_count() == before


def test_a_report_that_has_begun_speaks_for_itself(soon, monkeypatch, capsys):
    monkeypatch.setattr(progress, "_FIRST_WORD", 20.0)
    arguments = Namespace(command="deblur", quiet=False)
    with progress.first_word(arguments), progress.reported(arguments, "deblur", "reading a.png"):
        waiting = [each for each in threading.enumerate() if each.name == "pydeblur-first-word"]
        for thread in waiting:
            thread.join(60)
    assert not any(each.is_alive() for each in waiting)
    assert "starting" not in capsys.readouterr().err
