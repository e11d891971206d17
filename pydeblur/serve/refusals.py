"""What a browser is told when something is refused: a status of HTTP and one sentence."""

from __future__ import annotations


class Refusal(Exception):
    """A request is not answered as it wishes.

    Parameters
    ----------
    status : int
        Of HTTP (RFC 9110, section 15).
    sentence : str

    Examples
    --------
    >>> str(Refusal(404, "There is no such page."))
    'There is no such page.'
    """

    def __init__(self, status: int, sentence: str):
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def as_sentence(words: object) -> str:
    """Return words as a sentence on one line: with a capital, an end, and no more than 300 characters.

    Examples
    --------
    >>> as_sentence("size should be odd,\\nbut is 4")
    'Size should be odd, but is 4.'
    """
    text = " ".join(str(words).split())
    if len(text) > 299:
        text = f"{text[:298]}…"
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."
