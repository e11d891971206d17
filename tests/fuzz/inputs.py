"""The files that are tried: number n of a target is the same in every run with the same seed."""

from __future__ import annotations

import random
import zlib
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from tests.fuzz.mutators import blind
from tests.fuzz.seeds.seed import Seed
from tests.fuzz.targets import TARGETS, Target

#: Shares of all inputs: valid files of their own, and mutations by the format's structure among the rest.
_VALID, _STRUCTURED = 0.06, 0.6


class FuzzInput(NamedTuple):
    """One file to try.

    Attributes
    ----------
    data : bytes
    suffix : str
        Of the file's name.
    recipe : str
        How it was made, in a few words.
    expected : object
        What the reader has to return; None where that is not known.
    valid : bool
        It may not be refused.
    turned : bool
        What is returned may be rotated or mirrored.
    lacks_pixels : bool
        It may not be read without a warning.
    """

    data: bytes
    suffix: str
    recipe: str
    expected: object = None
    valid: bool = False
    turned: bool = False
    lacks_pixels: bool = False


def fuzz_input(target: Target, seed: int, number: int) -> FuzzInput:
    """Make the input of this number."""
    rng = random.Random(f"{seed} {target.name} {number}")
    if rng.random() < _VALID:
        chosen = _valid_seed(target, seed, rng)
        return FuzzInput(chosen.data, chosen.suffix, f"valid: {chosen.name}", chosen.expected, valid=True)
    pool = seed_pool(target.name, seed)
    chosen, other = rng.choice(pool), rng.choice(pool)
    if target.mutators and rng.random() < _STRUCTURED:
        mutators, weights = zip(*target.mutators)
        mutation = rng.choices(mutators, weights)[0](rng, chosen.data, other.data)
    else:
        mutation = rng.choice(blind.MUTATORS)(rng, chosen.data, other.data)
    if rng.random() < 0.2 and mutation.data:
        again = rng.choice(blind.MUTATORS)(rng, mutation.data, other.data)
        return FuzzInput(again.data, chosen.suffix, f"{chosen.name}: {mutation.recipe}; {again.recipe}")
    keeps = mutation.keeps_pixels
    recipe = f"{chosen.name}: {mutation.recipe}"
    expected = chosen.expected if keeps else None
    return FuzzInput(mutation.data, chosen.suffix, recipe, expected, keeps, keeps, mutation.lacks_pixels)


@lru_cache(maxsize=64)
def seed_pool(name: str, seed: int) -> list[Seed]:
    """The valid files of a target from which mutations start."""
    target = TARGETS[name]
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    return [target.seed(rng) for _ in range(target.pool)]


def _valid_seed(target, seed, rng):
    """A file of its own where that is cheap, else one of the pool."""
    if target.pool < 60:
        return rng.choice(seed_pool(target.name, seed))
    return target.seed(np.random.default_rng(rng.getrandbits(64)))
