"""What a mutator makes."""

from __future__ import annotations

from typing import NamedTuple


class Mutation(NamedTuple):
    """A changed file.

    Attributes
    ----------
    data : bytes
    recipe : str
        What was done, in a few words.
    keeps_pixels : bool
        Nothing that the pixels hang on was touched: they have to be read as from the file before, upright or turned.
    lacks_pixels : bool
        The file is whole, but holds fewer rows than it says: it may not be read without a word.
    """

    data: bytes
    recipe: str
    keeps_pixels: bool = False
    lacks_pixels: bool = False
