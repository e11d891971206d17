"""``pydeblur train``: train a classifier (extra ``[train]``)."""

from __future__ import annotations

import argparse

from pydeblur.cli import progress
from pydeblur.cli.training_arguments import add_option_arguments, add_run_arguments, options_given
from pydeblur.training.classifier.options import RECIPE_NAMES, ClassifierTrainingOptions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    add_run_arguments(parser, "checkpoints, log, plot and report")
    parser.add_argument("--recipe", choices=RECIPE_NAMES, default="cpu", help="default: %(default)s")
    parser.add_argument("--init-from", metavar="CHECKPOINT", help="start from a checkpoint, widened if need be")
    parser.add_argument(
        "--scales",
        nargs=2,
        type=float,
        metavar=("LOW", "HIGH"),
        help="range of the down-sampling in training; 1 1 is none (default: the recipe's)",
    )
    add_option_arguments(parser, ClassifierTrainingOptions)


def run(arguments: argparse.Namespace) -> None:
    """Train, and print where the best checkpoint is."""
    from pydeblur.training.extra import train_extra

    scales = None if arguments.scales is None else tuple(arguments.scales)
    options = options_given(arguments, ClassifierTrainingOptions, scales=scales)
    with train_extra("training"):
        from pydeblur.training.classifier.training import train_classifier
    best = train_classifier(
        arguments.data,
        arguments.out,
        arguments.recipe,
        options,
        init_from=arguments.init_from,
        resume=arguments.resume,
        progress=progress.wants_bar(arguments),
    )
    print(best)
