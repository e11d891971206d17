"""``pydeblur COMMAND …``: finds the subcommand, runs it, and turns errors into one line and an exit code."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from contextlib import contextmanager
from importlib import import_module

from pydeblur.errors import InvalidInputError
from pydeblur.version import __version__

#: Subcommand to its module and one line of help. A module has ``add_arguments(parser)`` and ``run(arguments)``, which
#: may return an exit code.
COMMANDS = {
    "deblur": ("pydeblur.cli.deblur", "deblur an image of unknown blur"),
    "kernel": ("pydeblur.cli.kernel", "estimate the blur kernel of an image"),
    "deconv": ("pydeblur.cli.deconv", "deblur an image with a known kernel"),
    "batch": ("pydeblur.cli.batch", "deblur every image of some folders"),
    "evaluate": ("pydeblur.cli.evaluate", "run a benchmark and write its figures as JSON"),
    "classify": ("pydeblur.cli.classify", "say how blurred images are, by the classifier"),
    "synth": ("pydeblur.cli.synth", "draw random kernels and training pairs"),
    "train": ("pydeblur.cli.train", "train a classifier"),
    "train-mixture": ("pydeblur.cli.train_mixture", "train the patch mixture of the final step epll"),
    "train-ranking": ("pydeblur.cli.train_ranking", "train the network that chooses among the kernels of several runs"),
    "export": ("pydeblur.cli.export", "turn a checkpoint into an ONNX file"),
    "reproduce": ("pydeblur.cli.reproduce", "make a table or figure of the paper"),
    "demo": ("pydeblur.cli.demo", "deblur two images that scikit-image ships, and write pictures of it"),
}

BAD_INPUT = 2
#: As shells report a program that SIGINT or SIGPIPE ended.
INTERRUPTED = 130
NO_READER = 141


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line on standard error; exit code 2, as everywhere here."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, allow_abbrev=False, **kwargs)

    def error(self, message):
        self.exit(BAD_INPUT, f"{self.prog}: error: {message}\n")


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns its exit code.

    0, 1 if some images of a batch failed, 2 for bad input, 130 when interrupted, 141 if nobody reads the output.
    """
    name = "pydeblur"
    try:
        arguments = _make_parser().parse_args(argv)
        name = f"pydeblur {arguments.command}"
        with _warnings_in_one_line():
            code = import_module(COMMANDS[arguments.command][0]).run(arguments)
        sys.stdout.flush()
        return code or 0
    except InvalidInputError as error:
        return _failed(name, error)
    except MemoryError as error:
        return _failed(name, f"not enough memory ({error})")
    except BrokenPipeError:
        _discard_unwritable_output()
        return NO_READER
    except OSError as error:
        _discard_unwritable_output()
        return _failed(name, f"{error.filename}: {error.strerror}" if error.filename else error.strerror or error)
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        return INTERRUPTED


def _make_parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="pydeblur", description="Blind image deblurring with a learned discriminative prior.")
    parser.add_argument("--version", action="version", version=f"pydeblur {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    for name, (module, summary) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        import_module(module).add_arguments(command)
    return parser


def _failed(name: str, error) -> int:
    print(f"{name}: error: {error}", file=sys.stderr)
    return BAD_INPUT


def _discard_unwritable_output() -> None:
    """Point standard output at nothing if it can't be written to: what is in its buffer would fail again at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _warnings_in_one_line():
    """Show what is meant for users, without a source line; leave out what is meant for developers (unless -W asks)."""
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        if not sys.warnoptions:
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", UserWarning)
        yield


def _show_warning(message, category, filename, lineno, file=None, line=None):
    print(f"pydeblur: warning: {message}", file=sys.stderr)
