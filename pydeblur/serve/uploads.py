"""Pictures that a browser sends: written to a file as they come, within bounds of bytes and time."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from starlette.requests import Request

from pydeblur.serve.limits import MEGABYTE, Limits
from pydeblur.serve.refusals import Refusal

PICTURE_TYPE = "application/octet-stream"


def check_announced(request: Request, limits: Limits) -> None:
    """Refuse a picture by what its request says of it, before anything is received.

    Parameters
    ----------
    request : Request
    limits : Limits

    Raises
    ------
    Refusal
    """
    if request.headers.get("content-type", "") != PICTURE_TYPE:
        raise Refusal(415, f"A picture should be sent as {PICTURE_TYPE}.")
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > limits.upload_bytes:
        raise too_large(limits)


async def receive_picture(request: Request, path: Path, limits: Limits) -> None:
    """Write the body of a request to a file.

    Parameters
    ----------
    request : Request
    path : Path
    limits : Limits

    Raises
    ------
    Refusal
        If it has too many bytes or none, or comes too slowly.
    """
    end = time.monotonic() + limits.upload_seconds
    received = 0
    chunks = request.stream().__aiter__()
    with open(path, "xb") as file:
        while True:
            try:
                seconds = min(limits.chunk_seconds, end - time.monotonic())
                chunk = await asyncio.wait_for(chunks.__anext__(), max(seconds, 0))
            except StopAsyncIteration:
                break
            except asyncio.TimeoutError:
                raise Refusal(408, "The picture came too slowly: send it once more.") from None
            received += len(chunk)
            if received > limits.upload_bytes:
                raise too_large(limits)
            file.write(chunk)
    if received == 0:
        raise Refusal(400, "The picture is empty.")


def too_large(limits: Limits) -> Refusal:
    """Return the refusal of a picture with too many bytes.

    Examples
    --------
    >>> str(too_large(Limits()))
    'The picture has more than 200 megabytes, the most that this page takes.'
    """
    return Refusal(
        413, f"The picture has more than {limits.upload_bytes / MEGABYTE:g} megabytes, the most that this page takes."
    )
