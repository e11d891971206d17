"""Changes of the header of .npy files, whose length is right."""

from __future__ import annotations

import random
import struct

from tests.fuzz.mutators import blind
from tests.fuzz.mutators.mutation import Mutation

_SHAPES = (
    "()", "(0,)", "(3,)", "(3, 0)", "(-1, 3)", "(3, 3, 3)", "(99999, 99999)", "(4294967296, 4294967296)", "(3.0, 3)",
    "(True, 3)", "(10**9, 3)", "[3, 3]", "None", "(9223372036854775807,)", f"({'9' * 5000},)", "(3, (3,))",
)  # fmt: skip
_TYPES = (
    "<f8", ">f8", "<f4", "|O", "<c16", "|b1", "|S5", "<U5", "|V8", "<M8[s]", "<m8", "<f16", "<i8", "<u8", "", "f8" * 999,
    "<f-8", "<f999999999", "O", "(1000000,1000000)f8", "f8,f8", "{}",
)  # fmt: skip


def header_and_body(data: bytes) -> tuple[int, str, bytes]:
    """Version, header text and the rest of a file."""
    version = data[6]
    size = 2 if version == 1 else 4
    length = int.from_bytes(data[8 : 8 + size], "little")
    start = 8 + size
    return version, data[start : start + length].decode("latin1"), data[start + length :]


def joined(version: int, header: bytes, body: bytes) -> bytes:
    """The file of this header."""
    length = struct.pack("<H", len(header) & 0xFFFF) if version == 1 else struct.pack("<I", len(header))
    return b"\x93NUMPY" + bytes([version & 0xFF, 0]) + length + header + body


def change_header(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Another type, shape or order; or something that is no such header."""
    version, _, body = header_and_body(data)
    fields = {
        "descr": repr(rng.choice(_TYPES)) if rng.random() < 0.5 else "'<f8'",
        "fortran_order": rng.choice(("True", "False", "False", "False", "1", "None")),
        "shape": rng.choice(_SHAPES) if rng.random() < 0.5 else "(3, 5)",
    }
    if rng.random() < 0.2:
        fields |= {rng.choice(("descr", "shape", "more")): rng.choice(("[" * 5000, "(" * 200 + ")" * 200, "lambda: 0"))}
    if rng.random() < 0.1:
        fields["descr"] = rng.choice(("[('a', '<f8')]", "[('a', '<f8', (3, 3)), ('b', '|O')]", "('<f8', (3,))"))
    text = "{" + ", ".join(f"'{name}': {value}" for name, value in fields.items()) + "}\n"
    return Mutation(joined(version, text.encode(), body), f"header {text[:80].strip()}")


def change_text(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Change the header's text blindly."""
    version, header, body = header_and_body(data)
    changed = rng.choice(blind.MUTATORS)(rng, header.encode("latin1"), other)
    version = rng.choice((version, version, version, 0, 1, 2, 3, 4, 255))
    return Mutation(joined(version, changed.data, body), f"in the header: {changed.recipe}")


MUTATORS = ((change_header, 3), (change_text, 2))
