"""``pydeblur train-judge``: train the network that tells which of several kernels is the best."""

from __future__ import annotations

import argparse
from pathlib import Path

from tqdm import tqdm

from pydeblur.cli import progress
from pydeblur.cli.argument_types import count


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("--data", nargs="+", required=True, metavar="FOLDER", help="folders of sharp images")
    parser.add_argument("--out", required=True, metavar="RUN", help="folder for the cases, checkpoint and log")
    parser.add_argument("--cases", type=count, default=1000, metavar="N", help="to train on (default: %(default)s)")
    parser.add_argument(
        "--validation-cases", type=count, default=80, metavar="N", help="of other images (default: %(default)s)"
    )
    parser.add_argument("--steps", type=count, default=20_000, metavar="N", help="default: %(default)s")
    parser.add_argument("--init-from", default="classifier-compact", metavar="W", help="weights (default: %(default)s)")
    parser.add_argument("--jobs", type=count, default=1, metavar="N", help="processes that make cases")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true", help="go on where the training in --out stopped")
    progress.add_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Make the cases that are not there yet, train, and print where the network is."""
    from pydeblur.training.judge_network import train_judge
    from pydeblur.training.restorations import make_restorations

    shows, out, cases = progress.wants_bar(arguments), Path(arguments.out), {}
    for split, wanted in (("train", arguments.cases), ("validation", arguments.validation_cases)):
        with tqdm(desc=f"cases ({split})", disable=not shows) as bar:
            cases[split] = make_restorations(
                tuple(arguments.data), out / split, wanted, split, arguments.jobs, lambda path, bar=bar: bar.update()
            )
    options = {name: getattr(arguments, name) for name in ("init_from", "steps", "seed", "resume")}
    print(train_judge(cases["train"], cases["validation"], out, progress=shows, **options))
