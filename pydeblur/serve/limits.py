"""How much the server takes on: bounds of bytes, pixels, processes, waiting jobs, memory and time."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Bounds of a server; what is beyond them is refused in one sentence.

    Attributes
    ----------
    jobs : int
        Pictures that are deblurred at the same time.
    waiting : int
        Jobs that wait in the queue.
    pages : int
        Open pages, in all browsers together.
    results : int
        Results that are kept for one page.
    uploads : int
        Pictures that are received at the same time.
    upload_bytes, stored_bytes : int
        Of one picture, and of all files of all pages together.
    pixels : int
        Of one picture.
    memory : int
        Bytes that one process may allocate.
    header_seconds, chunk_seconds, upload_seconds : float
        In which the head of a request, the next part of a picture, and all of a picture have to arrive.
    reading_seconds, job_seconds : float
        In which a picture has to be decoded, and to be deblurred.
    page_seconds : float
        How long a page may be away before it counts as closed.
    connections : int
        Open connections.
    keeps_ready : bool
        Whether processes are kept ready for the next tasks, which takes some hundred megabytes.

    Examples
    --------
    >>> Limits().jobs, Limits(jobs=2).jobs
    (1, 2)
    """

    jobs: int = 1
    waiting: int = 20
    pages: int = 16
    results: int = 24
    uploads: int = 4
    upload_bytes: int = 200 * MEGABYTE
    stored_bytes: int = 4096 * MEGABYTE
    pixels: int = 50_000_000
    memory: int = 4096 * MEGABYTE
    header_seconds: float = 10.0
    chunk_seconds: float = 15.0
    upload_seconds: float = 300.0
    reading_seconds: float = 60.0
    job_seconds: float = 6 * 3600.0
    page_seconds: float = 6.0
    connections: int = 100
    keeps_ready: bool = True
