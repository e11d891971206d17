"""``pydeblur export``: a checkpoint becomes an ONNX file (extra ``[train]``)."""

from __future__ import annotations

import argparse

from pydeblur.errors import InvalidInputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("checkpoint", metavar="RUN/best.pt")
    parser.add_argument("-o", "--output", required=True, metavar="W.onnx")


def run(arguments: argparse.Namespace) -> None:
    """Write the ONNX file."""
    from pydeblur.cli.outputs import check_outputs

    check_outputs(table=arguments.output)
    try:
        from pydeblur.training.export import export_checkpoint
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "onnx"):
            raise
        raise InvalidInputError(f"export needs {error.name}: pip install 'pydeblur[train]'") from None
    export_checkpoint(arguments.checkpoint, arguments.output)
