"""The section with the runs that the kernel was chosen from, and their scores."""

from __future__ import annotations

from collections.abc import Sequence

from pydeblur.estimators.protocol import Candidate
from pydeblur.report.markup import Html, element, joined, table

_MEASURES = {
    "log error": "The score is the logarithm of the mean square error that the ranking network expects of the picture restored "
    "with the run's kernel: the lower, the better.",
    "log odds": "The score is the logarithm of the odds that the picture restored with the run's kernel is blurred: the lower, "
    "the better.",
}


def candidates(runs: Sequence[Candidate]) -> Html:
    """List the candidates.

    Parameters
    ----------
    runs : sequence of Candidate
        None where there was no choice.

    Returns
    -------
    Html

    Examples
    --------
    >>> run = Candidate({"prior": "intensity"}, 0, 20, -4.2, "log error", chosen=True)
    >>> "prior: intensity" in candidates([run]), "chosen" in candidates([run])
    (True, True)
    """
    if not runs:
        return element("p", "There was one run, and so no choice among several.")
    rows = [("chosen" if run.chosen else "", _row(number, run)) for number, run in enumerate(runs, 1)]
    head = ["run", "score", "what tells it from the others", "last scale", "iterations there"]
    measures = dict.fromkeys(run.measure for run in runs if run.measure is not None)
    notes = [element("p", _MEASURES.get(measure, f"The score is: {measure}."), class_="note") for measure in measures]
    if any(run.scale > 0 for run in runs):
        notes.append(
            element(
                "p",
                "Runs that ended at a coarser scale were ranked lower there, and did not go on. Scores of different scales "
                "can't be compared.",
                class_="note",
            )
        )
    return joined([table("Runs that the kernel was chosen from", head, rows, hidden_caption=True), *notes])


def _row(number: int, run: Candidate) -> list:
    scale = "finest" if run.scale == 0 else f"{run.scale} above the finest"
    score = "none" if run.score is None else f"{run.score:.3f}".replace("-", "−")
    name = f"{number}, chosen" if run.chosen else str(number)
    return [name, score, described_changes(run.changes), scale, str(run.iterations)]


def described_changes(changes: dict) -> str:
    """Return what tells a run from others, in one line.

    Examples
    --------
    >>> described_changes({"prior": "intensity", "lambda_grad": 0.002}), described_changes({})
    ('prior: intensity, lambda_grad: 0.002', 'the preset as it is')
    """
    return ", ".join(f"{name}: {value}" for name, value in changes.items()) or "the preset as it is"
