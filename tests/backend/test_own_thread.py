"""A call in a thread of its own: its result and its errors arrive, and an interrupt does not cut it short."""

import signal
import sys
import threading
import time

import pytest

from pydeblur.backend.own_thread import in_own_thread


def test_the_call_is_made_in_another_thread_which_ends():
    before = threading.active_count()
    thread = in_own_thread(threading.current_thread)
    assert thread is not threading.current_thread()
    assert not thread.is_alive() and threading.active_count() == before


def test_arguments_and_result_pass():
    assert in_own_thread(divmod, 17, 5) == (3, 2)


def test_an_error_is_raised_here():
    with pytest.raises(ZeroDivisionError):
        in_own_thread(divmod, 1, 0)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs signals that go to one thread")
def test_an_interrupt_reaches_the_caller_after_the_call_has_come_to_its_end():
    interrupted, steps = threading.Event(), []

    def handler(*_):
        interrupted.set()
        raise KeyboardInterrupt

    def is_waiting():
        frame, names = sys._current_frames()[threading.main_thread().ident], []
        while frame is not None:
            names.append(frame.f_code.co_name)
            frame = frame.f_back
        return "result" in names

    def work():
        for _ in range(10_000):
            if is_waiting():
                break
            time.sleep(1e-3)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        steps.append(interrupted.wait(30))

    before = signal.signal(signal.SIGINT, handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            in_own_thread(work)
    finally:
        signal.signal(signal.SIGINT, before)
    assert steps == [True]
