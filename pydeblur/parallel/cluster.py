"""Items computed by the workers of a Dask cluster (the extra "cluster").

A worker has one item at a time, and gets the next when it has answered: what is kept in its process (networks' sessions, plans
of Fourier transforms) serves one picture after the other, and of a worker that is lost it is known which item it had.
"""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from pydeblur.backend.extras import missing_extra
from pydeblur.backend.own_thread import in_own_thread
from pydeblur.errors import InvalidInputError, InvalidOptionError, SchedulerError, WorkerLostWarning
from pydeblur.options import shown
from pydeblur.parallel.protocol import SharedFiles
from pydeblur.parallel.schedulers import LOCAL, check_jobs, check_scheduler
from pydeblur.parallel.this_machine import quiet_start
from pydeblur.parallel.worker import Answer

try:
    import dask
    import distributed
except ModuleNotFoundError as missing:
    if (missing.name or "").partition(".")[0] not in ("distributed", "dask"):
        raise
    raise InvalidInputError(missing_extra("a Dask cluster", "the package distributed", "cluster")) from None

from pydeblur.parallel.cluster_worker import versions_here
from pydeblur.parallel.dispatch import ANSWER_SECONDS, Dispatch

#: Seconds in which a scheduler has to answer for the first time.
_CONNECT_SECONDS = 10.0
#: The libraries' own messages, which would stand between those for users.
_LOGGERS = ("distributed", "tornado", "asyncio")
#: Of a cluster of this machine, what nobody reads: the profiler, which looks at the stacks a hundred times a second, the event
#: loops' measuring of their own delay, fifty times, and of the system's load, twice; and what moves tasks and data between
#: workers, of which each has one item. Together they take a tenth of a processor.
_CONFIGURATION = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "500ms",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.active-memory-manager.start": False,
}
#: Seconds that a worker of this machine has to end while it is at work.
_KILL_SECONDS = 1.0


def opened_cluster(scheduler, jobs: int, files: SharedFiles) -> Cluster:
    """Connect with a cluster, or start one on this machine.

    Parameters
    ----------
    scheduler : str or distributed.Client
        As :func:`pydeblur.parallel.processes.map_unordered` takes it.
    jobs : int
        Workers of a cluster that is started.
    files : SharedFiles
        What its workers have to see.

    Returns
    -------
    Cluster
        An executor. A client that was given stays open at its end.

    Raises
    ------
    InvalidOptionError
        If `scheduler` is none, or `jobs` is given beside it.
    SchedulerError
        If it does not answer.
    """
    check_jobs(scheduler, jobs)
    with ExitStack() as opened:
        opened.enter_context(_quiet_libraries())
        if isinstance(scheduler, distributed.Client):
            client = _checked_client(scheduler)
        elif check_scheduler(scheduler) == LOCAL:
            client = _started(jobs, opened)
        else:
            client = _connected(scheduler, opened)
        _check_versions(client)
        return Cluster(client, files, opened.pop_all())


class Cluster:
    """An executor with the workers of a Dask cluster; see :func:`opened_cluster`.

    Parameters
    ----------
    client : distributed.Client
    files : SharedFiles
    opened : ExitStack
        What is closed at the end.
    """

    def __init__(self, client: distributed.Client, files: SharedFiles, opened: ExitStack):
        self._client, self._files, self._opened = client, files, opened
        self._dispatch: Dispatch | None = None

    def outcomes(self, function: Callable, items: Sequence) -> Iterator[tuple[Any, Answer | str]]:
        """Yield every item with the answer to it, or the reason why there is none.

        Raises
        ------
        SchedulerError
            If the scheduler is lost, or has no workers that can compute the items.
        """
        dispatch = self._dispatch = Dispatch(self._client, function, items, self._files)
        while not dispatch.is_finished:
            _check_open(self._client)
            finished = self._client.sync(dispatch.step)
            for text in dispatch.taken_messages():
                warnings.warn(text, WorkerLostWarning, stacklevel=4)
            for index, outcome in finished:
                yield items[index], self._received(items[index], outcome, index in dispatch.carried)

    def _received(self, item, outcome: Answer | str, is_carried: bool) -> Answer | str:
        """The outcome, with the files that came with it put in their places."""
        if not is_carried or isinstance(outcome, str) or outcome.error is not None:
            return outcome
        assert self._files.carrier is not None
        try:
            return Answer(self._files.carrier.unpacked(item, outcome.value), None, outcome.warnings)
        except InvalidInputError as error:
            return str(error)

    def end(self) -> None:
        """Cancel what is at work, and close what was opened; an item that a worker has begun ends there."""
        with self._opened:
            if self._dispatch is not None and not self._dispatch.is_finished and self._client.status == "running":
                self._client.sync(self._dispatch.cancel)


def _checked_client(client: distributed.Client) -> distributed.Client:
    if client.asynchronous:
        raise InvalidOptionError("client should be a distributed.Client that is not asynchronous")
    _check_open(client)
    return client


def _check_open(client: distributed.Client) -> None:
    if client.status != "running":
        raise SchedulerError(
            "the connection to the scheduler is lost: what is finished stays, and the same command goes on from there"
        )


def _connected(address: str, opened: ExitStack) -> distributed.Client:
    """A client of the scheduler at an address."""
    try:
        # A peer that says nothing would keep the client waiting for ever, whatever its time limit is.
        identity = in_own_thread(lambda: asyncio.run(asyncio.wait_for(_identity(address), _CONNECT_SECONDS)))
    except Exception as error:  # there may be anything at the address, and its bytes mean anything
        raise _no_answer(address, error) from None
    if identity.get("type") != "Scheduler":
        raise SchedulerError(f"{address} should be a Dask scheduler, but is {shown(identity.get('type'))}")
    return opened.enter_context(_client(address))


async def _identity(address: str) -> dict:
    async with distributed.rpc(address) as peer:
        return dict(await peer.identity())


def _client(address) -> distributed.Client:
    try:
        with warnings.catch_warnings():
            # Versions are compared below, in one sentence.
            warnings.simplefilter("ignore", distributed.versions.VersionMismatchWarning)
            return distributed.Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except Exception as error:  # as above
        raise _no_answer(address, error) from None


def _no_answer(address, error: Exception) -> SchedulerError:
    if isinstance(error, (TypeError, ImportError)):  # of a protocol that Dask has no settings or no library for
        return SchedulerError(f"Dask can't connect to {address}: {' '.join(str(error).split())[:150]}")
    return SchedulerError(
        f"no Dask scheduler answers at {address}: it is started by the command dask scheduler, which shows its address"
    )


def _started(jobs: int, opened: ExitStack) -> distributed.Client:
    """A client of a cluster of this machine, which ends with it."""
    with quiet_start(), warnings.catch_warnings(), dask.config.set(_CONFIGURATION):
        warnings.simplefilter("ignore")
        try:
            cluster = distributed.LocalCluster(
                n_workers=jobs,
                threads_per_worker=1,
                processes=True,
                memory_limit=None,
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )
        except (OSError, RuntimeError, asyncio.TimeoutError) as error:
            reason = " ".join(str(error).split())[:150]
            raise SchedulerError(f"no Dask cluster can be started on this machine: {reason}") from None
    opened.enter_context(cluster)
    client = opened.enter_context(_client(cluster))
    opened.callback(client.sync, _ended_workers, cluster)
    return client


async def _ended_workers(cluster) -> None:
    """End the workers in short time: they would be waited for while they are at work."""
    closing = [nanny.close(timeout=_KILL_SECONDS) for nanny in cluster.workers.values()]
    # One that has not ended in time is killed by then, and the cluster's own end waits for it.
    await asyncio.gather(*closing, return_exceptions=True)


def _check_versions(client: distributed.Client) -> None:
    """SchedulerError if the scheduler runs other versions than this process: it has to load what is sent."""
    ours = versions_here()
    try:
        theirs = client.sync(_versions_of_the_scheduler, client)
    except Exception as error:  # whatever its interpreter raises
        raise SchedulerError(
            f"the scheduler should have pydeblur {ours['pydeblur']} installed, but can't use it "
            f"({type(error).__name__}: {str(error)[:80]})"
        ) from None
    for name, version in ours.items():
        if theirs[name] != version:
            raise SchedulerError(f"the scheduler should have {name} {version}, as is here, but has {theirs[name]}")


async def _versions_of_the_scheduler(client: distributed.Client) -> dict[str, str]:
    return await asyncio.wait_for(client.run_on_scheduler(versions_here), ANSWER_SECONDS)


@contextmanager
def _quiet_libraries():
    """A ``with`` block in which Dask's libraries log nothing: what matters is raised or warned of."""
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in _LOGGERS]
    earlier = {name: logging.getLogger(name).level for name in (*names, *_LOGGERS)}
    for name in earlier:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in earlier.items():
            logging.getLogger(name).setLevel(level)
