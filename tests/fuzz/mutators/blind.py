"""Mutators that know nothing of a format."""

from __future__ import annotations

import random
import struct

from tests.fuzz.mutators.mutation import Mutation

#: Values at which sizes, counts and offsets go wrong.
BOUNDARIES_16 = (0, 1, 2, 0x7F, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF)
BOUNDARIES_32 = (0, 1, 2, 0xFF, 0x100, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
BOUNDARIES_64 = (0, 1, 0xFFFFFFFF, 0x100000000, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
_WORDS = (("H", BOUNDARIES_16), ("I", BOUNDARIES_32), ("Q", BOUNDARIES_64))


def flip_bits(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Invert some bits."""
    changed = bytearray(data)
    places = [_place(rng, data) for _ in range(rng.choice((1, 1, 2, 4, 16)))]
    for place in places:
        changed[place] ^= 1 << rng.randrange(8)
    return Mutation(bytes(changed), f"flip bits at {places}")


def random_bytes(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Put random bytes in some places."""
    changed = bytearray(data)
    places = [_place(rng, data) for _ in range(rng.choice((1, 1, 2, 4, 16)))]
    for place in places:
        changed[place] = rng.randrange(256)
    return Mutation(bytes(changed), f"random bytes at {places}")


def boundary_word(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Set a word of 2, 4 or 8 bytes to a boundary value, in either byte order."""
    code, values = rng.choice(_WORDS)
    order, value, place = rng.choice("<>"), rng.choice(values), _place(rng, data)
    word = struct.pack(order + code, value)
    return Mutation(data[:place] + word + data[place + len(word) :], f"{order}{code} {value:#x} at {place}")


def truncate(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Cut the file's end off."""
    length = rng.randrange(len(data))
    return Mutation(data[:length], f"cut to {length} bytes")


def delete_block(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Take some bytes out."""
    start, length = _block(rng, data)
    return Mutation(data[:start] + data[start + length :], f"delete {length} bytes at {start}")


def duplicate_block(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Put some bytes in twice, or many times."""
    start, length = _block(rng, data)
    times = rng.choice((1, 1, 1, 20))
    return Mutation(
        data[: start + length] + data[start : start + length] * times + data[start + length :],
        f"repeat {length} bytes at {start} {times} times",
    )


def insert_block(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Put random or equal bytes in."""
    place, length = _place(rng, data), rng.choice((1, 2, 4, 16, 100))
    block = rng.choice((rng.randbytes(length), bytes(length), b"\xff" * length))
    return Mutation(data[:place] + block + data[place:], f"insert {length} bytes at {place}")


def overwrite_block(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """Move a block of the file over another place."""
    start, length = _block(rng, data)
    place = _place(rng, data)
    moved = data[start : start + length]
    return Mutation(data[:place] + moved + data[place + length :], f"copy {length} bytes from {start} to {place}")


def splice(rng: random.Random, data: bytes, other: bytes) -> Mutation:
    """The beginning of a file and the end of another."""
    first, second = rng.randrange(len(data)), rng.randrange(len(other))
    return Mutation(data[:first] + other[second:], f"splice at {first} and {second}")


MUTATORS = (
    flip_bits,
    random_bytes,
    boundary_word,
    boundary_word,
    truncate,
    delete_block,
    duplicate_block,
    insert_block,
    overwrite_block,
    splice,
)


def _place(rng, data):
    """A place in the file: every other time near its beginning, where headers are."""
    return rng.randrange(min(len(data), 128) if rng.random() < 0.5 else len(data))


def _block(rng, data):
    start = _place(rng, data)
    return start, rng.randrange(1, max(2, min(len(data) - start, rng.choice((4, 16, 64, 512)))))
