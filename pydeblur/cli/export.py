"""``pydeblur export``: a checkpoint of a network becomes an ONNX file (extra ``[train]``)."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("checkpoint", metavar="RUN/best.pt", help="of pydeblur train, or RUN/last.pt of train-ranking")
    parser.add_argument("-o", "--output", required=True, metavar="W.onnx")


def run(arguments: argparse.Namespace) -> None:
    """Write the ONNX file."""
    from pydeblur.training.export import export_checkpoint

    export_checkpoint(arguments.checkpoint, arguments.output)
