"""`python -m tests.fuzz N`: try N files, print how many were read, refused, and what was found."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.fuzz.campaign import found_lines, run_campaign, table
from tests.fuzz.inputs import fuzz_input
from tests.fuzz.outcomes import FINDINGS
from tests.fuzz.targets import TARGETS


def main(arguments=None) -> int:
    """Run the fuzzing that the command line asks for; 1 if there was a finding, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=20000, help="how many inputs, over all readers")
    parser.add_argument("--seed", type=int, default=0, help="the same seed makes the same inputs")
    parser.add_argument("--readers", metavar="A,B", help=f"only these, of: {', '.join(TARGETS)}")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="put examples of all findings there")
    parser.add_argument("--table", type=Path, metavar="FILE", help="write the table of counts there, too")
    parser.add_argument("--show", metavar="READER:NUMBER", help="write this one input (to -o) and say how it was made")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="where --show puts its file")
    asked = parser.parse_args(arguments)
    if asked.show:
        return _show(asked)
    names = asked.readers.split(",") if asked.readers else None
    tallies = run_campaign(asked.count, asked.seed, names, asked.keep, lambda line: print(line, file=sys.stderr))
    text = table(tallies)
    print(text)
    for line in found_lines(tallies, asked.seed):
        print(line)
    if asked.table:
        asked.table.write_text(text + "\n")
    return int(any(tally.counts[outcome] for tally in tallies.values() for outcome in FINDINGS))


def _show(asked):
    name, number = asked.show.rsplit(":", 1)
    fuzz = fuzz_input(TARGETS[name], asked.seed, int(number))
    path = asked.output or Path(f"input{fuzz.suffix}")
    path.write_bytes(fuzz.data)
    print(f"{path}: {fuzz.recipe}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
