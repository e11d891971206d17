"""Work in a thread of its own, for which the caller waits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor


def aside(function, *arguments):
    """What a function returns or raises.

    For what a Ctrl-C must not fall into: Numba and LLVM call back and forth while they load and compile, and lose what it
    raises; ONNX Runtime takes it for a failure of its import. Signals reach the main thread alone: it waits here
    meanwhile, where they end it.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function, *arguments).result()
