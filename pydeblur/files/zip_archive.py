"""ZIP archives, such as .npz files and PyTorch's checkpoints, read to a limit."""

from __future__ import annotations

import io
import os
import zipfile

import numpy as np

from pydeblur.errors import FileFormatError
from pydeblur.files.contents import file_contents, shown_path
from pydeblur.files.npy_file import NUMBERS, array_of_npy

#: Larger files are refused.
MOST_FILE_BYTES = 2**30
#: What compressed arrays may have together, unless a caller says otherwise.
MOST_BYTES = 2**29

_MOST_MEMBERS = 2**16
#: The other methods of compression are decompressed without a limit by Python's library.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
#: The start of a member's record in the archive's directory.
_DIRECTORY_SIGNATURE = b"PK\x01\x02"


def read_archive(path: str | os.PathLike, most_bytes: int = 0) -> dict[str, bytes]:
    """Read all members of a ZIP archive.

    Parameters
    ----------
    path : str or os.PathLike
    most_bytes : int
        The most bytes that all members may have together, if that is more than the file has: 0 allows only what is not
        compressed.

    Returns
    -------
    dict of str to bytes
        The members, whose check sums are right, by name.

    Raises
    ------
    FileFormatError
        The file is missing, damaged, no archive, encrypted, or too large.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with zipfile.ZipFile(f"{folder}/a.zip", "w") as archive:
    ...         archive.writestr("note", "sharp")
    ...     read_archive(f"{folder}/a.zip")
    {'note': b'sharp'}
    """
    contents, name = file_contents(path, MOST_FILE_BYTES), shown_path(path)
    if contents.count(_DIRECTORY_SIGNATURE) > _MOST_MEMBERS:
        raise FileFormatError(f"{name} should be an archive of at most {_MOST_MEMBERS} members.")
    try:
        with zipfile.ZipFile(io.BytesIO(contents)) as archive:
            members = archive.infolist()
            _check_members(members, max(most_bytes, len(contents)), name)
            return {member.filename: archive.read(member) for member in members}
    except FileFormatError:
        raise
    except Exception:  # zipfile and the decompressors raise whatever they like.
        raise FileFormatError(f"{name} is no archive that can be read: it is damaged.") from None


def _check_members(members, most_bytes, name):
    """Refuse what would be too much; no member yields more than its entry in the directory declares."""
    if any(member.compress_type not in _METHODS for member in members):
        raise FileFormatError(f"{name} should be an archive whose members are stored or deflated.")
    if sum(member.file_size for member in members) > most_bytes:
        raise FileFormatError(f"{name} should unpack to at most {most_bytes} bytes, but says that it has more.")


def read_npz(path: str | os.PathLike, kinds: str = NUMBERS, most_bytes: int = MOST_BYTES) -> dict[str, np.ndarray]:
    """Read all arrays of an .npz file.

    Parameters
    ----------
    path : str or os.PathLike
    kinds : str
        The kinds of types that are taken, as :attr:`numpy.dtype.kind` names them; "U" are texts. By default they are those
        of numbers.
    most_bytes : int
        The most bytes that all arrays may have together, if that is more than the file has.

    Returns
    -------
    dict of str to ndarray
        By name; read-only.

    Raises
    ------
    FileFormatError
        The file is missing, none of these, damaged, larger, or holds something else than these types.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/a.npz", mass=np.arange(3))
    ...     read_npz(f"{folder}/a.npz")
    {'mass': array([0, 1, 2])}
    """
    name = shown_path(path)
    members = read_archive(path, most_bytes)
    if not all(member.endswith(".npy") for member in members):
        raise FileFormatError(f"{name} is no .npz file: it should hold arrays alone.")
    return {
        member.removesuffix(".npy"): array_of_npy(contents, f"an array of {name}", kinds)
        for member, contents in members.items()
    }
