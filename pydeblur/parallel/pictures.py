"""Many pictures deblurred at once, from Python."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydeblur.backend.threads import THREADS, processor_count
from pydeblur.errors import InvalidInputError, InvalidOptionError, WorkerLostError
from pydeblur.files.file_names import shown_path
from pydeblur.options import shown
from pydeblur.parallel.processes import map_unordered
from pydeblur.parallel.protocol import SharedFiles
from pydeblur.parallel.schedulers import LOCAL

_ON_ERROR = ("raise", "return")
#: Longest path of a file in a message.
_SHOWN_CHARACTERS = 100
#: What belongs to one picture, or can't be sent to another process.
_NOT_FOR_MANY = ("callback", "progress")


def deblur_many(
    images: Iterable,
    kernel_size: int | None = None,
    *,
    client=None,
    jobs: int | None = None,
    on_error: str = "raise",
    finished: Callable[[int], None] | None = None,
    **options,
) -> list:
    """Deblur many pictures at once, each as :func:`pydeblur.deblur` does it.

    Parameters
    ----------
    images : iterable of array_like or path
        Blurred images as :func:`pydeblur.deblur` takes them, or files of images. A file is read where the picture is
        deblurred if it is seen there, else here.
    kernel_size : int, optional
        For all of them, as for :func:`pydeblur.deblur`.
    client : distributed.Client or str, optional
        A client of a Dask cluster, the address of its scheduler, or "local" for a Dask cluster on this machine (extra
        ``[cluster]``). A picture whose worker is lost is given to another one, up to three times. By default the pictures are
        deblurred by processes of this machine, without Dask.
    jobs : int, optional
        Processes of this machine; by default one for each processor. With 1 there is no other process.
    on_error : {"raise", "return"}
        What becomes of a picture that can't be deblurred: its error is raised, and ends the call; or it stands in the
        list in place of the result, and the others go on.
    finished : callable, optional
        Called with the place of each picture as it is finished.
    **options
        All others of :func:`pydeblur.deblur`, but ``callback`` and ``progress``. One thread for each picture, which is the
        default of ``workers``, and ``ranking_options={"threads": 1}`` serve best where there are as many processes as
        processors.

    Returns
    -------
    list of DeblurResult
        In the order of the images.

    Raises
    ------
    InvalidInputError
        If an argument is not what it should be, or the first picture that can't be deblurred says so.
    SchedulerError
        If the scheduler does not answer, is lost, or has no workers that can be used.
    WorkerLostError
        If the process of a picture was killed, mostly because the memory was used up.

    Notes
    -----
    A script that calls it should do so under ``if __name__ == "__main__":``, because new processes import the script.

    Examples
    --------
    >>> import numpy as np
    >>> from pydeblur.parallel import deblur_many
    >>> images = np.kron(np.random.default_rng(0).random((2, 6, 6)), np.ones((6, 6)))
    >>> results = deblur_many(images, 5, jobs=1, prior="gradient", iterations=1)
    >>> [result.image.shape for result in results]
    [(36, 36), (36, 36)]

    On a cluster:

    >>> from distributed import Client  # doctest: +SKIP
    >>> results = deblur_many(["a.jpg", "b.jpg"], 31, client=Client("tcp://192.168.0.7:8786"))  # doctest: +SKIP
    """
    _check(images, on_error, jobs, options)
    if jobs is None:
        jobs = processor_count() if client is None or client == LOCAL else 1
    pictures = [_Picture(place, _plain(image)) for place, image in enumerate(images)]
    paths = tuple({picture.image for picture in pictures if isinstance(picture.image, Path)})
    work = map_unordered(
        partial(_deblurred, kernel_size, options),
        pictures,
        jobs,
        lost=lambda picture, reason: (picture.place, WorkerLostError(f"{picture}: {reason}")),
        scheduler=client,
        files=SharedFiles(folders=paths, carrier=_Pixels(kernel_size, options)),
    )
    results: list[Any] = [None] * len(pictures)
    with closing(work) as outcomes:
        for place, outcome in outcomes:
            if isinstance(outcome, Exception) and on_error == "raise":
                raise outcome
            results[place] = outcome
            if finished is not None:
                finished(place)
    return results


@dataclass(frozen=True)
class _Picture:
    """An image, or the absolute path of one, and its place among all."""

    place: int
    image: Any

    def __str__(self) -> str:
        return str(shown_path(self.image, _SHOWN_CHARACTERS)) if isinstance(self.image, Path) else f"image {self.place}"


@dataclass(frozen=True)
class _Pixels:
    """A Carrier that reads a file here and sends its pixels."""

    kernel_size: int | None
    options: dict

    def packed(self, picture: _Picture) -> tuple[Callable, _Picture]:
        """The picture with its pixels in place of its file."""
        return partial(_deblurred, self.kernel_size, self.options), _Picture(picture.place, _pixels(picture.image))

    def unpacked(self, picture: _Picture, value):
        """Nothing was written."""
        return value


def _check(images, on_error: str, jobs, options: dict) -> None:
    if isinstance(images, (str, os.PathLike)) or not isinstance(images, Iterable):
        raise InvalidOptionError(f"images should be a list of images or of their files, but is {shown(images)}")
    if on_error not in _ON_ERROR:
        raise InvalidOptionError(f"on_error should be one of {', '.join(_ON_ERROR)}, but is {shown(on_error)}")
    if not (jobs is None or THREADS.accepts(jobs)):
        raise InvalidOptionError(f"jobs should be {THREADS.words_here}, but is {shown(jobs)}")
    for name in _NOT_FOR_MANY:
        if options.get(name):
            raise InvalidOptionError(
                f"{name} belongs to the deblurring of one image; of many, finished says how far they are"
            )


def _plain(image):
    """A path that means the same in another process; other images as they are."""
    return Path(os.path.abspath(image)) if isinstance(image, (str, os.PathLike)) else image


def _pixels(image):
    from pydeblur.files import read_image

    return read_image(image).pixels if isinstance(image, Path) else image


def _deblurred(kernel_size: int | None, options: dict, picture: _Picture) -> tuple[int, Any]:
    """The place of a picture and its result, or the error that says why there is none."""
    from pydeblur.api import deblur

    try:
        return picture.place, deblur(_pixels(picture.image), kernel_size, **options)
    except InvalidInputError as error:
        # A message about the image itself does not tell which of them it is; one about its file does.
        text = str(error)
        return picture.place, error if str(picture) in text else type(error)(f"{picture}: {text}")
    except MemoryError as error:
        return picture.place, MemoryError(f"{picture}: not enough memory ({error})")
