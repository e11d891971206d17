"""A function over many items in several processes, of this machine or of a Dask cluster."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydeblur.errors import WorkerLostError
from pydeblur.parallel.protocol import Executor, SharedFiles, shown_item
from pydeblur.parallel.this_machine import ThisMachine
from pydeblur.parallel.worker import Answer


def map_unordered(
    function: Callable,
    items: Sequence,
    jobs: int = 1,
    lost: Callable[[Any, str], Any] | None = None,
    scheduler=None,
    *,
    files: SharedFiles | None = None,
    apart: bool = False,
) -> Iterator:
    """Yield ``function(item)`` of every item as it is finished.

    Parameters
    ----------
    function : callable
        A function of a module's top level; its items and results can be pickled. What it warns of (UserWarning) is
        warned of in this process.
    items : sequence
    jobs : int
        Processes of this machine; with 1, all is done in this one, in order.
    lost : callable, optional
        ``lost(item, reason)`` returns what stands in the place of a result whose process was killed; the reason is a
        clause, such as "its process was killed by SIGKILL, …".
    scheduler : str or distributed.Client, optional
        The address of a Dask scheduler, such as "tcp://192.168.0.7:8786", "local" for a Dask cluster of `jobs` workers on
        this machine, or a client of a cluster. By default there are processes of this machine, without Dask. An item whose
        worker is lost is given to another worker, up to three times, and a WorkerLostWarning says so.
    files : SharedFiles, optional
        What the workers of a cluster have to see.
    apart : bool
        Whether one job, too, is a process of its own, so that its being killed costs one item and not all.

    Yields
    ------
    object
        What the function returns, in the order in which the items are finished.

    Raises
    ------
    WorkerLostError
        If a process was killed and there is no `lost`; after all other items are finished. Or if no process can be
        started.
    SchedulerError
        If the scheduler does not answer, is lost, or has no workers that can compute the items.
    Exception
        The first error that the function raises; the processes are ended.

    Examples
    --------
    >>> sorted(map_unordered(abs, [3, -1, 2], jobs=1))
    [1, 2, 3]
    """
    items = list(items)
    if scheduler is None and (len(items) < 2 or (jobs == 1 and not apart)):
        yield from map(function, items)
    elif items:
        yield from _by_executor(_executor(jobs, scheduler, files), function, items, lost)


def _executor(jobs: int, scheduler, files: SharedFiles | None) -> Executor:
    if scheduler is None:
        return ThisMachine(jobs)
    # Dask takes a second to import.
    from pydeblur.parallel.cluster import opened_cluster

    return opened_cluster(scheduler, jobs, files or SharedFiles())


def _by_executor(executor: Executor, function: Callable, items: Sequence, lost) -> Iterator:
    losses = []
    try:
        for item, outcome in executor.outcomes(function, items):
            if isinstance(outcome, Answer):
                yield _value(outcome)
            elif lost is not None:
                yield lost(item, outcome)
            else:
                losses.append((item, outcome))
    finally:
        executor.end()
    if losses:
        item, reason = losses[0]
        raise WorkerLostError(
            f"{len(losses)} of {len(items)} were not finished. The first is {shown_item(item)}: {reason}"
        )


def _value(answer: Answer):
    for warning in answer.warnings:
        warnings.warn(warning, stacklevel=4)
    if answer.error is not None:
        raise answer.error
    return answer.value
