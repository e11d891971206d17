"""A hash of the code that results depend on, so that results of another state of the package are never taken for this one's."""

from __future__ import annotations

import ast
import hashlib
import inspect
from functools import cache
from pathlib import Path

import pydeblur

#: Folders and files of the package that decide on no figure: how a command is typed, how networks were trained, which items
#: there are. An item's own module counts through `code_hash`'s argument.
_LEFT_OUT = {"cli", "training", "parallel", "reproduce", "report", "serve", "__init__.py", "__main__.py", "version.py"}


def code_hash(function=None) -> str:
    """A hash of the package's code, and of the module of a function.

    Comments, docstrings and layout do not count: they change no result. What only types commands, trains networks, runs
    processes or draws tables does not count either.

    Parameters
    ----------
    function : callable, optional
        Its module counts, too: that of the function that measures a case.

    Returns
    -------
    str
        16 hexadecimal digits.

    Examples
    --------
    >>> len(code_hash()), code_hash() == code_hash()
    (16, True)
    """
    path = inspect.getsourcefile(function) if function is not None else None
    return hashlib.sha256((_package_hash() + (_module_hash(Path(path)) if path else "")).encode()).hexdigest()[:16]


@cache
def _package_hash() -> str:
    root = Path(pydeblur.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        if path.relative_to(root).parts[0] not in _LEFT_OUT:
            digest.update(f"{path.relative_to(root).as_posix()} {_module_hash(path)}\n".encode())
    return digest.hexdigest()


@cache
def _module_hash(path: Path) -> str:
    return hashlib.sha256(statements(path.read_text(encoding="utf-8")).encode()).hexdigest()


def statements(source: str) -> str:
    """A module's syntax tree as text, without its comments and docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                first.value.value = ""
    return ast.dump(tree)
