"""``pydeblur completion``: the script by which a shell completes commands, options and file names."""

from __future__ import annotations

import argparse

from pydeblur.backend.extras import missing_extra
from pydeblur.errors import InvalidInputError

SHELLS = ("bash", "zsh", "fish")
#: What to type to have it for good.
_INSTALLING = """\
for good:
  bash   pydeblur completion bash > ~/.local/share/bash-completion/completions/pydeblur
  zsh    pydeblur completion zsh > FOLDER/_pydeblur        (FOLDER is one of $fpath)
  fish   pydeblur completion fish > ~/.config/fish/completions/pydeblur.fish
for this session of bash:
  eval "$(pydeblur completion bash)"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _INSTALLING
    parser.add_argument("shell", choices=SHELLS, help="for which shell")


def run(arguments: argparse.Namespace) -> None:
    """Print the script of one shell."""
    print(completion_script(arguments.shell))


def completion_script(shell: str) -> str:
    """Return the script by which a shell completes pydeblur's words.

    Parameters
    ----------
    shell : {"bash", "zsh", "fish"}

    Returns
    -------
    str

    Raises
    ------
    InvalidInputError
        If shtab, which makes the script, is not installed.

    Examples
    --------
    >>> "complete" in completion_script("bash")  # doctest: +SKIP
    True
    """
    from pydeblur.cli.main import _make_parser

    try:
        import shtab
    except ImportError:
        raise InvalidInputError(missing_extra("completion", "shtab", "")) from None
    return shtab.complete(_with_file_names(_make_parser(), shtab.FILE), shell)


def _with_file_names(parser: argparse.ArgumentParser, files: dict) -> argparse.ArgumentParser:
    """The same parser, in which what has no choices of its own and names a file is completed by file names."""
    from pydeblur.cli.outputs import FILES

    (commands,) = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    for name, command in commands.choices.items():
        declared = FILES[name].declared - set(FILES[name].texts) if name in FILES else set()
        for action in command._actions:
            if action.dest in declared:
                action.complete = files
    return parser
