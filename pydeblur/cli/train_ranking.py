"""``pydeblur train-ranking``: train the network that chooses among the kernels of several runs (extra ``[train]``)."""

from __future__ import annotations

import argparse
from pathlib import Path

from pydeblur.cli import progress
from pydeblur.cli.argument_types import count
from pydeblur.cli.scheduler_argument import add_scheduler_argument
from pydeblur.cli.training_arguments import add_option_arguments, add_run_arguments, options_given
from pydeblur.training.ranking.options import RankingTrainingOptions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    add_run_arguments(parser, "the cases, checkpoint and log")
    parser.add_argument("--cases", type=count, default=1000, metavar="N", help="to train on (default: %(default)s)")
    parser.add_argument(
        "--validation-cases", type=count, default=80, metavar="N", help="of other images (default: %(default)s)"
    )
    parser.add_argument("--jobs", type=count, default=1, metavar="N", help="processes that make cases")
    add_scheduler_argument(parser)
    parser.add_argument("--init-from", default="classifier-compact", metavar="W", help="weights (default: %(default)s)")
    add_option_arguments(parser, RankingTrainingOptions)


def run(arguments: argparse.Namespace) -> None:
    """Make the cases that are not there yet, train, and print where the network is."""
    from pydeblur.training.extra import train_extra

    options = options_given(arguments, RankingTrainingOptions)
    # Before the cases are made, which takes hours.
    with train_extra("training"):
        from pydeblur.training.ranking.training import train_ranking
    shows = progress.wants_bar(arguments)
    training = _cases(arguments, "train", arguments.cases, shows)
    validation = _cases(arguments, "validation", arguments.validation_cases, shows)
    last = train_ranking(
        training,
        validation,
        arguments.out,
        options,
        init_from=arguments.init_from,
        resume=arguments.resume,
        progress=shows,
    )
    print(last)


def _cases(arguments: argparse.Namespace, split: str, wanted: int, shows: bool) -> list[Path]:
    """The files of a split's cases."""
    from tqdm import tqdm

    from pydeblur.training.ranking.cases import make_ranking_cases

    with tqdm(desc=f"cases ({split})", disable=not shows) as bar:
        folder = Path(arguments.out) / split
        return make_ranking_cases(
            arguments.data, folder, wanted, split, arguments.jobs, lambda path: bar.update(), arguments.scheduler
        )
