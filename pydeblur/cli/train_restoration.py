"""``pydeblur train-restoration``: train the network of the final step "learned" (extra ``[train]``)."""

from __future__ import annotations

import argparse
from pathlib import Path

from pydeblur.cli import progress
from pydeblur.cli.argument_types import count
from pydeblur.cli.scheduler_argument import add_scheduler_argument
from pydeblur.cli.training_arguments import add_option_arguments, add_run_arguments, options_given
from pydeblur.training.restoration.options import RestorationTrainingOptions

#: The validation has fewer of everything.
_VALIDATION_SHARE = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    add_run_arguments(parser, "the estimated kernels, pairs, checkpoint, log and restoration.onnx")
    parser.add_argument(
        "--pairs", type=count, default=1200, metavar="N", help="with true kernels to train on (default: %(default)s)"
    )
    parser.add_argument(
        "--estimates",
        type=count,
        default=1400,
        metavar="N",
        help="pairs with kernels as they are found, by the default and by single runs (default: %(default)s)",
    )
    parser.add_argument("--jobs", type=count, default=1, metavar="N", help="processes that make kernels and pairs")
    add_scheduler_argument(parser)
    add_option_arguments(parser, RestorationTrainingOptions)


def run(arguments: argparse.Namespace) -> None:
    """Make the kernels and pairs that are not there yet, train, and print where the network is."""
    from pydeblur.training.extra import train_extra

    options = options_given(arguments, RestorationTrainingOptions)
    # Before the pairs are made, which takes an hour.
    with train_extra("training"):
        from pydeblur.training.restoration.training import train_restoration
    shows = progress.wants_bar(arguments)
    training = _pairs(arguments, "train", arguments.estimates, arguments.pairs, shows)
    few = [max(1, number // _VALIDATION_SHARE) for number in (arguments.estimates, arguments.pairs)]
    validation = _pairs(arguments, "validation", *few, shows)
    print(train_restoration(training, validation, arguments.out, options, resume=arguments.resume, progress=shows))


def _pairs(arguments: argparse.Namespace, split: str, estimates: int, pairs: int, shows: bool) -> list[Path]:
    """The files of a split's pairs."""
    from tqdm import tqdm

    from pydeblur.training.restoration.estimated_kernels import make_estimates
    from pydeblur.training.restoration.pairs import make_pairs

    folder = Path(arguments.out)
    made_by = {"jobs": arguments.jobs, "scheduler": arguments.scheduler}
    with tqdm(desc=f"kernels ({split})", disable=not shows) as bar:
        kernels = make_estimates(
            arguments.data,
            folder / "kernels" / split,
            estimates,
            split,
            progress=lambda path: bar.update(),
            **made_by,
        )
    with tqdm(desc=f"pairs ({split})", disable=not shows) as bar:
        return make_pairs(
            arguments.data, kernels, folder / split, pairs, split, progress=lambda path: bar.update(), **made_by
        )
