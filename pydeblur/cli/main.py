"""``pydeblur COMMAND …``: finds the subcommand, runs it, and turns errors into one line and an exit code."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from importlib import import_module

from pydeblur.cli.everyday_options import EVERYDAY
from pydeblur.cli.messages import say
from pydeblur.cli.outputs import check_files
from pydeblur.cli.parser import BAD_INPUT, Parser
from pydeblur.cli.progress import first_word, process_began
from pydeblur.cli.streams import messages_for_users, usable_streams
from pydeblur.errors import InvalidInputError
from pydeblur.parallel.signals import Terminated, terminations_raised
from pydeblur.version import __version__

#: Subcommand to its module and one line of help. A module has ``add_arguments(parser)`` and ``run(arguments)``, which
#: may return an exit code.
COMMANDS = {
    "deblur": ("pydeblur.cli.deblur", "deblur an image of unknown blur"),
    "kernel": ("pydeblur.cli.kernel", "estimate the blur kernel of an image"),
    "deconv": ("pydeblur.cli.deconv", "deblur an image with a known kernel"),
    "batch": ("pydeblur.cli.batch", "deblur every image of some folders"),
    "evaluate": ("pydeblur.cli.evaluate", "run a benchmark and write its figures as JSON"),
    "serve": ("pydeblur.cli.serve", "open a page in the browser, on which pictures are deblurred"),
    "classify": ("pydeblur.cli.classify", "say how blurred images are, by the classifier"),
    "synth": ("pydeblur.cli.synth", "draw random kernels and training pairs"),
    "train": ("pydeblur.cli.train", "train a classifier"),
    "train-mixture": ("pydeblur.cli.train_mixture", "train the patch mixture of the final step epll"),
    "train-ranking": ("pydeblur.cli.train_ranking", "train the network that chooses among the kernels of several runs"),
    "train-restoration": ("pydeblur.cli.train_restoration", "train the network of the final step learned"),
    "export": ("pydeblur.cli.export", "turn a checkpoint into an ONNX file"),
    "reproduce": ("pydeblur.cli.reproduce", "make a table or figure of the paper"),
    "demo": ("pydeblur.cli.demo", "deblur two pictures that come with it, and write pictures of that"),
    "info": ("pydeblur.cli.info", "print versions, providers, weights and formats: what a bug report needs"),
    "matlab-server": ("pydeblur.cli.matlab_server", "compute for MATLAB and Octave, whose functions start it"),
    "matlab-path": ("pydeblur.cli.matlab_path", "print the folder of the functions for MATLAB and Octave"),
    "completion": ("pydeblur.cli.completion", "print a shell's script that completes commands and options"),
}

_LOADED = time.monotonic()
#: As shells report a program that SIGINT or SIGPIPE ended.
INTERRUPTED = 130
NO_READER = 141


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns its exit code.

    0, 1 if some images of a batch failed, 2 for bad input, 130 when interrupted, 129 or 143 when ended by SIGHUP or SIGTERM,
    141 if nobody reads the output.
    """
    if argv is None:
        process_began(_LOADED)
    with usable_streams(), messages_for_users(lambda text: say("pydeblur: warning: ", text)), terminations_raised():
        return _with_errors_as_lines(argv)


def _with_errors_as_lines(argv: list[str] | None) -> int:
    name = "pydeblur"
    try:
        try:
            words = _words(argv)
            arguments = _make_parser(words).parse_args(words)
        except SystemExit:  # the help may not have been written yet
            sys.stdout.flush()
            raise
        name = f"pydeblur {arguments.command}"
        with first_word(arguments):
            check_files(arguments.command, arguments)
            code = import_module(COMMANDS[arguments.command][0]).run(arguments)
        sys.stdout.flush()
        return code or 0
    except InvalidInputError as error:
        return _failed(name, error)
    except MemoryError as error:
        return _failed(name, f"not enough memory ({error})")
    except UnicodeEncodeError as error:
        return _failed(name, f"{error.object!r} can't be encoded as {error.encoding}, in which the system names files")
    except BrokenPipeError:
        return NO_READER
    except OSError as error:
        return _failed(name, f"{error.filename}: {error.strerror}" if error.filename else error.strerror or error)
    except Terminated as ended:
        say(f"{name}: ", f"ended by {ended}")
        return ended.exit_code
    except KeyboardInterrupt:
        say(f"{name}: ", "interrupted")
        return INTERRUPTED


def _failed(name: str, error) -> int:
    say(f"{name}: error: ", error)
    return BAD_INPUT


def _words(argv: Sequence[str] | None) -> list[str]:
    """What was typed; nothing at all, and ``help``, stand for the help page."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["help"]:
        return [*words[1:2], "--help"]
    return words or ["--help"]


def _make_parser(words: Sequence[str] | None = None) -> Parser:
    """The parser of what is typed; where that begins with a command, only this one gets its arguments.

    The modules of all commands take a third of the time that a small picture's kernel does.
    """
    parser = Parser(
        prog="pydeblur",
        description="Blind image deblurring with a learned discriminative prior.",
        epilog="To deblur a picture: pydeblur deblur photo.jpg -o sharp.jpg. Options of a command: pydeblur COMMAND --help.",
    )
    parser.add_argument("--version", action="version", version=f"pydeblur {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    typed = words[0] if words and words[0] in COMMANDS else None
    for name, (module, summary) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if typed not in (None, name):
            continue
        import_module(module).add_arguments(command)
        if name in EVERYDAY:
            command.show_first(EVERYDAY[name])
    return parser
