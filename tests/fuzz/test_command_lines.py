"""A few random command lines; `python -m tests.fuzz.command_lines N` tries more."""

import os

import pytest

from tests.fuzz.command_lines import try_random_lines

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="every line runs in a forked process")


def test_random_command_lines_give_results_or_one_line():
    assert [(tried.findings, tried.words, tried.errors) for tried in try_random_lines(25, seed=3)] == []
