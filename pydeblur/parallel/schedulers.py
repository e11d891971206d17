"""How a Dask scheduler is named."""

from __future__ import annotations

import re

from pydeblur.errors import InvalidOptionError
from pydeblur.options import shown

#: The scheduler that is started for one command, with workers on this machine.
LOCAL = "local"
#: What a scheduler may be, in words.
WORDS = "local, or a scheduler's address such as tcp://HOST:8786"

_HOST = r"(?:\[[0-9A-Fa-f:.%\w]+\]|[^\s:/\[\]@]+)"
_ADDRESS = re.compile(rf"(?:tcp|tls|ws|wss|ucx|ucxx)://{_HOST}:(?P<port>\d{{1,5}})/?", re.ASCII)
_MOST_PORTS = 65535


def check_scheduler(scheduler: str) -> str:
    """Check the name of a scheduler.

    Parameters
    ----------
    scheduler : str
        "local", or an address: a protocol, a host and a port.

    Returns
    -------
    str

    Raises
    ------
    InvalidOptionError
        If it is something else.

    Examples
    --------
    >>> check_scheduler("tcp://192.168.0.7:8786")
    'tcp://192.168.0.7:8786'
    """
    if scheduler == LOCAL:
        return scheduler
    found = _ADDRESS.fullmatch(scheduler) if isinstance(scheduler, str) else None
    if found is None or not 1 <= int(found["port"]) <= _MOST_PORTS:
        raise InvalidOptionError(f"scheduler should be {WORDS}, but is {shown(scheduler)}")
    return scheduler.rstrip("/")


def check_jobs(scheduler: object, jobs: int) -> None:
    """Refuse a number of jobs beside a cluster that has its own number of workers.

    Raises
    ------
    InvalidOptionError
        If `jobs` is not 1 and `scheduler` is neither None nor "local".

    Examples
    --------
    >>> check_jobs("local", 2)
    """
    if jobs != 1 and scheduler is not None and scheduler != LOCAL:
        raise InvalidOptionError(
            f"jobs is the number of processes of this machine, and can't be {jobs} beside a cluster, whose workers count"
        )
