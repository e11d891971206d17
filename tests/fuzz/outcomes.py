"""One input, one reader: what came of it."""

from __future__ import annotations

import warnings
from enum import Enum
from pathlib import Path

from tests.fuzz.inputs import FuzzInput
from tests.fuzz.targets import Target

#: Messages are one line of fewer characters than this.
LONGEST_MESSAGE = 300
#: Python shows these to developers only.
_SILENT = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


class Outcome(str, Enum):
    """What may happen; all but the first three are findings."""

    READ = "read"
    READ_WITH_WARNING = "read with a warning"
    REFUSED = "refused"
    CRASH = "crash"
    HANG = "hang"
    MEMORY = "memory"
    FOREIGN_EXCEPTION = "foreign exception"
    FOREIGN_WARNING = "foreign warning"
    POOR_MESSAGE = "poor message"
    PRINTED = "printed lines"
    WRONG_RESULT = "wrong result"
    DIFFERENT = "differs from a trusted reader"
    REFUSED_VALID = "valid file refused"
    SILENT_LOSS = "loss without a word"


ALLOWED = (Outcome.READ, Outcome.READ_WITH_WARNING, Outcome.REFUSED)
FINDINGS = tuple(outcome for outcome in Outcome if outcome not in ALLOWED)


def place_input(target: Target, fuzz: FuzzInput, folder: Path) -> Path:
    """Write an input where its reader looks for it."""
    path = folder / (target.file_name or f"input{fuzz.suffix}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(fuzz.data)
    return path


def try_reader(target: Target, fuzz: FuzzInput, path: Path) -> tuple[Outcome, str, object]:
    """Let a target's reader read a file; the outcome, what there is to say of it, and the value that was read."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value = target.read(path)
            problem = target.wrong(value)
        except BaseException as error:
            return *_of_exception(error, fuzz), None
    shown = [warning for warning in caught if not issubclass(warning.category, _SILENT)]
    for warning in shown:
        said = _poor(str(warning.message))
        if not warning.category.__module__.startswith("pydeblur."):
            return Outcome.FOREIGN_WARNING, f"{warning.category.__name__}: {warning.message}", value
        if said:
            return Outcome.POOR_MESSAGE, said, value
    if problem:
        return Outcome.WRONG_RESULT, problem, value
    if fuzz.expected is not None and target.differs:
        difference = target.differs(value, fuzz.expected, fuzz.turned)
        if difference:
            return Outcome.DIFFERENT, difference, value
    if fuzz.lacks_pixels and not shown:
        return Outcome.SILENT_LOSS, "rows are missing", value
    return (Outcome.READ_WITH_WARNING, str(shown[0].message), value) if shown else (Outcome.READ, "", value)


def compare_with_trusted(target: Target, fuzz: FuzzInput, value) -> str | None:
    """How what was read differs from what the target's trusted reader makes of it, None if it does not."""
    if target.trusted is None or value is None or fuzz.expected is not None:
        return None
    expected = target.trusted(fuzz.data)
    return None if expected is None else target.differs(value, expected, True)


def _of_exception(error, fuzz):
    told = f"{type(error).__name__}: {error}"
    if not type(error).__module__.startswith("pydeblur."):
        return Outcome.FOREIGN_EXCEPTION, told
    if _out_of_memory(error):
        return Outcome.MEMORY, told
    poor = _poor(str(error))
    if poor:
        return Outcome.POOR_MESSAGE, poor
    if fuzz.valid:
        return Outcome.REFUSED_VALID, told
    return Outcome.REFUSED, told


def _out_of_memory(error):
    """Whether an error came from memory that could not be had: sizes have to be checked before they are believed."""
    while error is not None:
        if isinstance(error, MemoryError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _poor(message):
    """What is wrong with a message, "" if nothing is."""
    if len(message) >= LONGEST_MESSAGE:
        return f"{len(message)} characters: {message[:100]}…"
    if not message.strip() or len(message.splitlines()) != 1:
        return f"not one line: {message!r}"
    return "" if message.isprintable() else f"unprintable: {message!r}"
