"""What is said on the way, to a terminal and elsewhere, and when."""

import io
import re
import threading
import time

import numpy as np
import pytest

import pydeblur
from pydeblur.progress import EstimationWork, ProgressReport, report
from pydeblur.solver import IterationRecord, IterationState

IMAGE = np.kron(np.random.default_rng(0).random((10, 10)), np.ones((6, 6)))
WORDS = {"prior": "gradient", "iterations": 1}


class Terminal(io.StringIO):
    def isatty(self):
        return True


def state(scale=0, candidate=0):
    return IterationState(IterationRecord(scale, 1, 60, 60, 9, energy=1.0, kernel_change=0.1), None, None, candidate)


@pytest.fixture
def quick(monkeypatch):
    """Let seconds pass in hundredths."""
    monkeypatch.setattr(report, "_TICK", 0.01)
    monkeypatch.setattr(report, "_INTERVAL", 0.05)
    monkeypatch.setattr(report, "PATIENCE", 0.03)


def wait_for(happened):
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_something_is_said_while_nothing_else_happens(quick):
    stream = io.StringIO()
    with ProgressReport("cmd: ", stream=stream) as progress:
        progress.stage("reading a.png")
        wait_for(lambda: stream.getvalue().count("\n") >= 3)
    assert all(re.fullmatch(r"cmd: reading a\.png, [\d.]+ s so far", line) for line in stream.getvalue().splitlines())


def test_the_intervals_are_those_that_were_promised():
    assert report.PATIENCE + report._TICK < 2 and report._INTERVAL + report._TICK < 10


def test_what_is_done_at_once_is_not_told():
    stream = io.StringIO()
    with ProgressReport(stream=stream) as progress:
        progress.stage("reading a.png")
    assert stream.getvalue() == ""


def test_no_thread_is_left():
    before = threading.active_count()
    with ProgressReport(stream=io.StringIO()):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_the_time_left_follows_the_work_and_not_the_number_of_iterations():
    work = EstimationWork(100.0, lambda record, candidate: 10.0 if candidate else 1.0, seconds=50.0, candidates=2)
    progress = ProgressReport(stream=io.StringIO())
    progress.estimation(work, 20.0)
    assert progress.seconds_left() == pytest.approx(70, abs=1)
    progress._stage_started -= 5.0
    for _ in range(10):
        progress(state())  # 10 % of the work in 5 seconds: 45 are left, and the final step's 20
    assert progress.seconds_left() == pytest.approx(65, abs=2)
    for _ in range(4):
        progress(state(candidate=1))
    assert progress.seconds_left() == pytest.approx(5 + 20, abs=2)
    progress.final_step("tv")
    assert progress.seconds_left() == pytest.approx(20, abs=1)
    progress._stage_started -= 25.0
    assert progress.seconds_left() is None  # longer than expected: nothing is known


def test_more_work_than_was_planned_is_not_less_than_no_time():
    progress = ProgressReport(stream=io.StringIO())
    progress.estimation(EstimationWork(1.0, lambda record, candidate: 1.0), None)
    for _ in range(3):
        progress(state())
    assert progress.seconds_left() == 0


def test_a_terminal_has_a_bar_and_no_lines(quick):
    terminal = Terminal()
    with ProgressReport(stream=terminal) as progress:
        pydeblur.deblur(IMAGE, 9, progress=progress, **WORDS)
        wait_for(lambda: "final step" in terminal.getvalue())
    assert "\r" in terminal.getvalue() and "estimating the kernel: scale" in terminal.getvalue()
    assert "%|" in terminal.getvalue() and "\n" not in terminal.getvalue().replace("\n\r", "")


def test_elsewhere_there_are_lines_and_no_bar(capsys, monkeypatch):
    monkeypatch.setattr(report, "_WORTH_TELLING", 0.0)
    pydeblur.deblur(IMAGE, 9, progress=True, crop=(0, 6, 54, 48), **WORDS)
    out, err = capsys.readouterr()
    assert out == "" and "\r" not in err
    assert re.match(
        r"pydeblur: 60x60 pixels; the kernel is estimated from the region 6,0 48×54; about [\d.]+ s in all\n", err
    )


def test_a_table_has_a_row_for_each_scale_of_each_candidate():
    stream = io.StringIO()
    with ProgressReport(verbose=True, stream=stream) as progress:
        result = pydeblur.estimate_kernel(IMAGE, 9, progress=progress, iterations=2)
    rows = [line.split() for line in stream.getvalue().splitlines() if re.match(r" +\d+ +\d", line)]
    # Of the two scales the finest is left out by those that the successive halving has left out.
    assert len({tuple(row[:2]) for row in rows}) == sum(2 - candidate.scale for candidate in result.candidates)
    assert {row[2] for row in rows} == {"60x60", "41x41"} and {row[3] for row in rows} == {"9x9", "7x7"}
    assert stream.getvalue().count("candidate scale") == 1


def test_a_stream_that_is_closed_ends_nothing(quick):
    stream = io.StringIO()
    with ProgressReport(stream=stream) as progress:
        stream.close()
        progress.stage("reading", at_once=True)
        pydeblur.estimate_kernel(IMAGE, 9, progress=progress, **WORDS)


@pytest.mark.parametrize("progress", [1, "yes", None])
def test_what_progress_may_be(progress):
    with pytest.raises(pydeblur.InvalidOptionError, match="progress should be True, False or a ProgressReport"):
        pydeblur.estimate_kernel(IMAGE, 9, progress=progress)
