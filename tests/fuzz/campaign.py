"""Many inputs of many targets: how they are divided, counted and kept."""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.guarded import Result, guarded_results
from tests.fuzz.inputs import fuzz_input
from tests.fuzz.outcomes import ALLOWED, FINDINGS, Outcome
from tests.fuzz.targets import Target, available_targets

#: Findings of one kind of which examples are kept.
_EXAMPLES = 5


@dataclass
class Tally:
    """What came of a target's inputs.

    Attributes
    ----------
    counts : Counter of Outcome
    seconds : float
    findings : dict
        From what happened, without its numbers, to the results.
    """

    counts: Counter = field(default_factory=Counter)
    seconds: float = 0.0
    findings: dict[str, list[Result]] = field(default_factory=lambda: defaultdict(list))

    def add(self, result: Result) -> None:
        """Count a result."""
        self.counts[result.outcome] += 1
        if result.outcome in FINDINGS:
            self.findings[f"{result.outcome.value}: {_kind(result)}"].append(result)


def shares(targets: dict[str, Target], count: int) -> dict[str, int]:
    """How many of `count` inputs each target gets, by their weights; at least one."""
    total = sum(target.weight for target in targets.values())
    return {name: max(1, round(count * target.weight / total)) for name, target in targets.items()}


def run_campaign(
    count: int, seed: int, names=None, keep: Path | None = None, report=lambda text: None
) -> dict[str, Tally]:
    """Try `count` inputs, divided among the targets.

    Parameters
    ----------
    count, seed : int
    names : sequence of str, optional
        Of the targets; by default all whose libraries are installed.
    keep : Path, optional
        Folder for examples of each finding.
    report : callable
        Gets a line for each target that is done.
    """
    targets = available_targets()
    targets = {name: target for name, target in targets.items() if names is None or name in names}
    tallies = {}
    for name, number in shares(targets, count).items():
        tally, start = Tally(), time.perf_counter()
        for result in guarded_results(targets[name], seed, range(number)):
            tally.add(result)
        tally.seconds = time.perf_counter() - start
        tallies[name] = tally
        if keep is not None:
            _keep_examples(targets[name], seed, tally, keep / name.replace(" ", "_"))
        report(f"{name}: {number} inputs, {tally.seconds:.1f} s, {_found(tally)} findings")
    return tallies


def table(tallies: dict[str, Tally]) -> str:
    """The counts by target and outcome, in Markdown; outcomes that never were are left out of the findings' columns."""
    seen = [outcome for outcome in FINDINGS if any(tally.counts[outcome] for tally in tallies.values())]
    head = ["reader", "inputs", *(outcome.value for outcome in (*ALLOWED, *seen)), "findings"]
    rows = [head, ["---", *["---:"] * (len(head) - 1)]]
    total = sum((tally.counts for tally in tallies.values()), Counter())
    for name, counts in [*((name, tally.counts) for name, tally in tallies.items()), ("all", total)]:
        numbers = [sum(counts.values()), *(counts[outcome] for outcome in (*ALLOWED, *seen))]
        rows.append([name, *map(str, numbers), str(sum(counts[outcome] for outcome in FINDINGS))])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def found_lines(tallies: dict[str, Tally], seed: int) -> list[str]:
    """A line for each kind of finding: how often, what, and the command that makes an example again."""
    lines = []
    for name, tally in tallies.items():
        for kind, results in sorted(tally.findings.items(), key=lambda item: -len(item[1])):
            command = f"python -m tests.fuzz --seed {seed} --show '{name}:{results[0].number}'"
            lines.append(f"{name}: {len(results)} × {kind} — {command}")
    return lines


def _kind(result):
    """What happened without its numbers and names, so that like findings count as one."""
    line = result.detail.splitlines()[0] if result.detail.strip() else ""
    line = re.sub(r"\d+", "#", re.sub(r"'[^']*'|\"[^\"]*\"|\S*/\S*|0x[0-9a-f]+", "…", line))
    return line[:60] if result.outcome is Outcome.PRINTED else line[:160]


def _found(tally):
    return sum(tally.counts[outcome] for outcome in FINDINGS)


def _keep_examples(target, seed, tally, folder):
    for kind, results in tally.findings.items():
        for result in results[:_EXAMPLES]:
            fuzz = fuzz_input(target, seed, result.number)
            place = folder / result.outcome.value.replace(" ", "_")
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{result.number}{fuzz.suffix}").write_bytes(fuzz.data)
            text = f"{kind}\n{result.detail}\n{fuzz.recipe}\nseed {seed}, number {result.number}\n"
            (place / f"{result.number}.txt").write_text(text)
