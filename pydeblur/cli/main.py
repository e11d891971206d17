"""``pydeblur COMMAND …``: finds the subcommand, runs it, and turns errors into one line and an exit code."""

from __future__ import annotations

import argparse
import sys
import warnings
from importlib import import_module

from pydeblur.errors import InvalidInputError
from pydeblur.version import __version__

#: Subcommand to its module and one line of help. A module has ``add_arguments(parser)`` and ``run(arguments)``.
COMMANDS = {
    "deblur": ("pydeblur.cli.deblur", "deblur an image of unknown blur"),
    "kernel": ("pydeblur.cli.kernel", "estimate the blur kernel of an image"),
    "deconv": ("pydeblur.cli.deconv", "deblur an image with a known kernel"),
    "evaluate": ("pydeblur.cli.evaluate", "run a benchmark and write its figures as JSON"),
    "classify": ("pydeblur.cli.classify", "say how blurred images are, by the classifier"),
    "synth": ("pydeblur.cli.synth", "draw random kernels and training pairs"),
    "train": ("pydeblur.cli.train", "train a classifier"),
    "export": ("pydeblur.cli.export", "turn a checkpoint into an ONNX file"),
    "reproduce": ("pydeblur.cli.reproduce", "make a table or figure of the paper"),
    "demo": ("pydeblur.cli.demo", "deblur two images that scikit-image ships, and write pictures of it"),
}


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line on standard error; exit code 2, as everywhere here."""

    def error(self, message):
        self.exit(2, f"{self.prog}: error: {message}\n")


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns its exit code: 0, 2 for bad input, 130 when interrupted."""
    parser = _make_parser()
    arguments = parser.parse_args(argv)
    warnings.showwarning = _show_warning
    try:
        return import_module(COMMANDS[arguments.command][0]).run(arguments) or 0
    except InvalidInputError as error:
        print(f"pydeblur {arguments.command}: error: {error}", file=sys.stderr)
        return 2
    except MemoryError:
        print(f"pydeblur {arguments.command}: error: not enough memory for an image of this size", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"pydeblur {arguments.command}: interrupted", file=sys.stderr)
        return 130


def _make_parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="pydeblur", description="Blind image deblurring with a learned discriminative prior.")
    parser.add_argument("--version", action="version", version=f"pydeblur {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    for name, (module, summary) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        import_module(module).add_arguments(command)
    return parser


def _show_warning(message, category, filename, lineno, file=None, line=None):
    print(f"pydeblur: warning: {message}", file=sys.stderr)
