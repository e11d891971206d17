"""The parser of the command line: errors in one line with a suggestion, and a help that begins with what people use."""

from __future__ import annotations

import argparse
import difflib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from pydeblur.cli.messages import say
from pydeblur.options import listed, shown

BAD_INPUT = 2
#: A suggestion names no more than this many.
_MOST_SUGGESTED = 3


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line on standard error, with exit code 2, as everywhere here.

    Examples
    --------
    >>> parser = Parser(prog="pydeblur deblur")
    >>> action = parser.add_argument("--kernel-size")
    >>> parser.parse_args(["--kernel-size", "31"]).kernel_size
    '31'
    """

    def __init__(self, **words):
        super().__init__(**{**words, "allow_abbrev": False})
        self._everyday: frozenset[str] = frozenset()

    def error(self, message):
        """Say what is wrong and end with exit code 2."""
        say(f"{self.prog}: error: ", message)
        self.exit(BAD_INPUT)

    def show_first(self, options: Iterable[str]) -> None:
        """Let ``--help`` show these options only, and add ``--help-all``, which shows all of them."""
        self._everyday = frozenset(options)
        self.add_argument("--help-all", action=_HelpAll, help="show all options, and exit")

    def parse_known_args(self, args=None, namespace=None):
        """As argparse does, but for unknown options and surplus arguments, of which the first is an error here."""
        if args is not None:
            self._refuse_unknown_option(args)
        namespace, surplus = super().parse_known_args(args, namespace)
        if surplus:
            self.error(f"the argument {shown(surplus[0])} is one too many; {self.prog} --help shows what is taken")
        return namespace, surplus

    def format_help(self) -> str:
        """The help page, without the options that ``--help-all`` adds."""
        if not self._everyday:
            return super().format_help()
        rare = [each for each in self._actions if each.option_strings and not self._is_everyday(each)]
        with _hidden(rare):
            page = super().format_help()
        return f"{page}\n{self.prog} --help-all shows {len(rare)} more options.\n"

    def format_full_help(self) -> str:
        """The help page with all options."""
        return super().format_help()

    def _is_everyday(self, action) -> bool:
        own = {"--help", "--help-all"}
        return bool((self._everyday | own).intersection(action.option_strings))

    def _refuse_unknown_option(self, args: Sequence[str]) -> None:
        """An unknown option is named before argparse complains of what is missing for want of it."""
        known = self._option_string_actions
        has_commands = self._subparsers is not None
        for word in args:
            if word == "--" or (has_commands and not word.startswith("-")):
                return
            name = word.partition("=")[0]
            if name.startswith("--"):
                is_unknown = name not in known
            else:
                # A number, or a file's name with a space in it, may begin with a dash, and "-" alone is a name.
                is_unknown = re.match(r"-[^\d.\s-]", word) is not None and word[:2] not in known
            if is_unknown and " " not in name:
                where = f" before the command of {self.prog}" if has_commands else ""
                pages = "--help-all" if self._everyday else "--help"
                found = did_you_mean(name, known) or f"; {self.prog} {pages} lists the known ones"
                self.error(f"unknown option {name[:100]}{where}{found}")

    def _check_value(self, action, value):
        """What argparse calls for a value that should be one of some choices."""
        if action.choices is None or value in action.choices:
            return
        names = [str(choice) for choice in action.choices]
        if isinstance(action, argparse._SubParsersAction):
            raise argparse.ArgumentError(None, _unknown_command(self.prog, str(value), names))
        suggestion = did_you_mean(str(value), names)
        text = f"it should be one of {listed(names)}, but is {shown(value)}{suggestion}"
        raise argparse.ArgumentError(action, text)


class _HelpAll(argparse.Action):
    """``--help-all``."""

    def __init__(self, option_strings, dest, help=None):
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, default=argparse.SUPPRESS, help=help)

    def __call__(self, parser, namespace, values, option_string=None):
        parser._print_message(parser.format_full_help(), sys.stdout)
        parser.exit()


@contextmanager
def _hidden(actions) -> Iterator[None]:
    """A ``with`` block in which some actions are left out of the help."""
    texts = [action.help for action in actions]
    for action in actions:
        action.help = argparse.SUPPRESS
    try:
        yield
    finally:
        for action, text in zip(actions, texts):
            action.help = text


def _unknown_command(prog: str, word: str, names: Sequence[str]) -> str:
    """The message for a first word that is no command; a picture's name is what a first user types."""
    if os.path.isfile(word):
        return f"{shown(word)} is no command; to deblur a picture: {prog} deblur {word} -o OUT"
    suggestion = did_you_mean(word, names) or f"; {prog} --help lists the known ones"
    return f"unknown command {shown(word)}{suggestion}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about a misprint: what it was probably meant for; nothing where no known name is like it.

    Parameters
    ----------
    word : str
    known : iterable of str

    Returns
    -------
    str

    Examples
    --------
    >>> did_you_mean("--kernel-sise", ["--kernel-size", "--kernel-out", "--crop"])
    '; did you mean --kernel-size?'
    >>> did_you_mean("--kernel", ["--kernel-size", "--kernel-out", "--crop"])
    '; did you mean --kernel-size or --kernel-out?'
    >>> did_you_mean("zoom", ["tv", "l0"])
    ''
    """
    names = [name for name in known if len(name.strip("-")) > 1]
    plain = {name: _compared(name) for name in names}
    wanted = _compared(word[:100])
    same = [name for name in names if plain[name] == wanted]
    begun = [name for name in names if len(wanted) > 1 and plain[name].startswith(wanted)]
    near = difflib.get_close_matches(wanted, list(plain.values()), 1, 0.7)
    meant = same or begun or [name for name in names if plain[name] in near]
    if not meant:
        within = [name for name in names if len(wanted) > 3 and wanted in plain[name].split("-")]
        loose = difflib.get_close_matches(wanted, list(plain.values()), 1)
        meant = within or [name for name in names if plain[name] in loose]
    meant = meant[:_MOST_SUGGESTED]
    if not meant:
        return ""
    *others, last = meant
    return f"; did you mean {', '.join(others)}{' or ' if others else ''}{last}?"


def _compared(name: str) -> str:
    """A name without its dashes in front, in lower case, with dashes for underscores."""
    return name.lstrip("-").lower().replace("_", "-")
