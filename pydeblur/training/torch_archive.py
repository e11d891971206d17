"""PyTorch's checkpoints, taken apart before PyTorch reads them.

A file of ``torch.save`` is a ZIP archive of a pickle, ``data.pkl``, and of the tensors' numbers. PyTorch's reader is made for
files that one trusts: even with ``weights_only`` a pickle may ask for any amount of memory.
"""

from __future__ import annotations

import io
import pickletools
import re
import zipfile
from typing import Any

import torch

#: Longer pickles, deeper values and more of them are none of a training's.
_LONGEST_PICKLE = 2**22
_MOST_LEVELS = 32
_MOST_VALUES = 2**20
#: What a pickle of tensors and plain values names, as pickletools shows it.
_GLOBALS = re.compile(r"collections OrderedDict|torch\._utils _rebuild_tensor_v2|torch \w{3,9}Storage")
#: Instructions that would take a global from the stack, or make an object of any class.
_REFUSED_INSTRUCTIONS = {"STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4"}
#: The members that PyTorch needs, below the archive's one folder.
_NEEDED = re.compile(r"data\.pkl|data/\d+|version|byteorder|\.format_version|\.storage_alignment")


def read_tensors(members: dict[str, bytes]) -> Any:
    """The value in a file of :func:`torch.save`.

    Parameters
    ----------
    members : dict of str to bytes
        Of the archive.

    Returns
    -------
    object
        Tensors on the CPU, and plain values, in dicts with texts or integers as keys, in lists and tuples.

    Raises
    ------
    ValueError
        They are not of such a file, or hold something else; the message is a clause.

    Examples
    --------
    >>> file = io.BytesIO()
    >>> torch.save({"weights": torch.ones(2), "seed": 1}, file)
    >>> archive = zipfile.ZipFile(file)
    >>> read_tensors({name: archive.read(name) for name in archive.namelist()})
    {'weights': tensor([1., 1.]), 'seed': 1}
    """
    own = _own_members(members)
    _check_pickle(own["data.pkl"])
    try:
        # The archive is made anew, so that PyTorch's reader of archives meets none but well-formed ones.
        value = torch.load(_archive(own), map_location="cpu", weights_only=True)
    except Exception:  # PyTorch raises whatever unpickling does.
        raise ValueError("PyTorch can't read it") from None
    return _Copy({len(content) for name, content in own.items() if name.startswith("data/")}).of(value)


def _own_members(members):
    """The members below the archive's folder, without those that PyTorch does not need."""
    folders = {name.split("/")[0] for name in members}
    if len(folders) != 1:
        raise ValueError("it should be an archive of one folder")
    start = len(folders.pop()) + 1
    own = {name[start:]: content for name, content in members.items() if _NEEDED.fullmatch(name[start:])}
    if "data.pkl" not in own or "version" not in own:
        raise ValueError("it should be an archive written by torch.save")
    return own


def _archive(members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"archive/{name}", content)
    stream.seek(0)
    return stream


def _check_pickle(pickle):
    """Refuse a pickle that names anything else than tensors and their storage."""
    if len(pickle) > _LONGEST_PICKLE:
        raise ValueError("its values without the tensors should be smaller")
    try:
        for instruction, argument, _ in pickletools.genops(pickle):
            name = instruction.name
            if name in _REFUSED_INSTRUCTIONS or (name == "GLOBAL" and not _GLOBALS.fullmatch(argument)):
                raise ValueError("it should hold tensors and plain values alone")
    except ValueError:
        raise
    except Exception:  # pickletools raises whatever a damaged pickle leads it to.
        raise ValueError("its pickle is damaged") from None


class _Copy:
    """Copies a value into plain dicts, lists and tuples, as deep and as large as a training's may be.

    A small pickle can hold a value that is huge to whoever goes through it, because each of its lists holds the next one twice.
    """

    def __init__(self, sizes: set[int]):
        self._sizes, self._count = sizes, 0

    def of(self, value, level: int = 0):
        self._count += 1
        if level > _MOST_LEVELS or self._count > _MOST_VALUES:
            raise ValueError("it is nested too deeply or has too many values")
        if isinstance(value, dict):
            # An instance may hide the methods of its class.
            return {self._key(key): self.of(member, level + 1) for key, member in dict.items(value)}
        if type(value) in (list, tuple):
            return type(value)(self.of(member, level + 1) for member in value)
        if isinstance(value, torch.Tensor):
            return self._tensor(value)
        if value is None or type(value) in (bool, float) or (type(value) is int and value.bit_length() <= 63):
            return value
        if type(value) is str:
            return self._text(value)
        raise ValueError("it should hold tensors and plain values alone")

    def _key(self, key):
        if type(key) is int and key.bit_length() <= 63:
            return key
        if type(key) is str:
            return self._text(key)
        raise ValueError("its names should be texts or numbers")

    @staticmethod
    def _text(text):
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise ValueError("it has a text that is no valid Unicode") from None
        return text

    def _tensor(self, tensor):
        """A copy of the tensor, if it has no more elements than its storage, and its storage is a member's of the archive."""
        storage = tensor.untyped_storage().nbytes()
        if storage not in self._sizes or tensor.numel() * tensor.element_size() > storage:
            raise ValueError("a tensor should have as many numbers as it says")
        # Numbers that several tensors, or several places of one, share could not be trained on.
        return tensor.detach().clone()
