"""Changes of the members of zip files (.npz, and PyTorch's checkpoints), whose checksums are right."""

from __future__ import annotations

import io
import random
import zipfile

from tests.fuzz.mutators import blind, npy_headers
from tests.fuzz.mutators.mutation import Mutation

#: Pickles that ask for what a checkpoint has no use for, nest deeply, or claim long texts.
_PICKLES = (
    b"cos\nsystem\n(S'true'\ntR.",
    b"cbuiltins\neval\n(S'1'\ntR.",
    b"\x80\x02" + b"]" * 20000 + b".",
    b"\x80\x02" + b"(" * 20000 + b"t" * 20000 + b".",
    b"\x80\x02}q\0(" + b"X\xff\xff\xff\x7fabc" + b".",
    b"\x80\x04\x8d" + b"\xff" * 8 + b".",
    b"\x80\x02]q\0h\0a.",
    b"\x80\x02K\x01.",
    b"\x80\x02}.",
)


def members(data: bytes) -> list[tuple[str, bytes]]:
    """Name and contents of each member."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def joined(parts, compression=zipfile.ZIP_STORED) -> bytes:
    """The file of these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, body in dict(parts).items():
            # Without a date of its own a member would bear the present one.
            archive.writestr(zipfile.ZipInfo(name), body, compression)
    return stream.getvalue()


def change_member(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Change a member blindly, or the header of an array."""
    parts = members(data)
    place = rng.randrange(len(parts))
    name, body = parts[place]
    if name.endswith(".npy") and rng.random() < 0.5:
        changed = rng.choice((npy_headers.change_header, npy_headers.change_text))(rng, body, other)
    else:
        changed = rng.choice(blind.MUTATORS)(rng, body or b"\0", other)
    parts[place] = name, changed.data
    compression = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    return Mutation(joined(parts, compression), f"in {name}: {changed.recipe}")


def change_names(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Leave a member out, or call it otherwise."""
    parts = members(data)
    place = rng.randrange(len(parts))
    name, body = parts.pop(place)
    new = rng.choice((None, "../outside.npy", "x", name.upper(), name + "/", "é.npy", "plain.npy", "a" * 300))
    if new is not None:
        parts.insert(place, (new, body))
    return Mutation(joined(parts), f"{name} becomes {new if new is None else new[:20]}")


def change_pickle(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Another pickle where there is one, else an array of objects."""
    parts = members(data)
    pickles = [place for place, part in enumerate(parts) if part[0].endswith(".pkl")]
    place = rng.choice(pickles) if pickles else rng.randrange(len(parts))
    body = rng.choice(_PICKLES)
    if not pickles:
        body = npy_headers.joined(1, b"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}\n", body)
    parts[place] = parts[place][0], body
    return Mutation(joined(parts), f"{parts[place][0]} is a pickle {body[:30]!r}")


def unpack_much(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """A member that unpacks to many megabytes of zeros after its own beginning."""
    parts = members(data)
    place = rng.randrange(len(parts))
    name, body = parts[place]
    parts[place] = name, body + bytes(64 << 20)
    return Mutation(joined(parts, zipfile.ZIP_DEFLATED), f"{name} is 64 MB longer")


MUTATORS = ((change_member, 5), (change_names, 1), (change_pickle, 1), (unpack_much, 0.01))
