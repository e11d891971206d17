"""A final step that nobody has named: it follows from the picture or from the kernel."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ChosenStep:
    """A final step, and why it is this one.

    Attributes
    ----------
    method : str or None
        None is the default step.
    reason : str
        One sentence, without a full stop.
    options : dict
        Of the step, as far as they follow from the picture, too.

    Examples
    --------
    >>> ChosenStep(None, "the clipped highlights need no light beyond white").options
    {}
    """

    method: str | None
    reason: str
    options: dict = field(default_factory=dict)
