"""``pydeblur train``: train a classifier (extra ``[train]``)."""

from __future__ import annotations

import argparse

from pydeblur.errors import InvalidInputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("--data", nargs="+", required=True, metavar="FOLDER", help="folders of sharp images")
    parser.add_argument("--recipe", choices=("paper", "cpu", "robust"), default="cpu", help="default: %(default)s")
    parser.add_argument("--out", required=True, metavar="RUN", help="folder for checkpoints, log, plot and report")
    parser.add_argument("--architecture", choices=("paper", "compact"), help="default: the recipe's")
    parser.add_argument("--scales", nargs=2, type=float, metavar=("LOW", "HIGH"), help="random resizing (1 1: none)")
    parser.add_argument("--init-from", metavar="CHECKPOINT", help="start from a checkpoint, widened if need be")
    parser.add_argument("--resume", action="store_true", help="go on where the run in --out stopped")
    parser.add_argument("--steps", type=int, metavar="N", help="length of the run in batches")
    parser.add_argument("--minutes", type=float, metavar="M", help="length of the run in minutes")
    parser.add_argument("--learning-rate", type=float, metavar="X")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--threads", type=int, metavar="N")
    parser.add_argument("--precision", choices=("float32", "bf16", "auto"), default="float32")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def run(arguments: argparse.Namespace) -> None:
    """Train, and print where the best checkpoint is."""
    try:
        from pydeblur.training.loop import train
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise InvalidInputError("training needs PyTorch: pip install 'pydeblur[train]'") from None
    options = vars(arguments).copy()
    for name in ("command", "data", "recipe", "out", "quiet"):
        del options[name]
    options["scales"] = tuple(options["scales"]) if options["scales"] else None
    print(train(arguments.data, arguments.recipe, arguments.out, progress=not arguments.quiet, **options))
