"""The pages for users: their commands parse, their Python compiles and names what exists, and their links lead somewhere."""

import ast
import inspect
import re
import shlex
from dataclasses import fields
from importlib import import_module
from itertools import takewhile
from pathlib import Path

import pytest

import pydeblur
from pydeblur.cli.main import _make_parser

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
#: What sphinx makes itself.
_GENERATED = ("_build", "gallery", "api")


def _pages():
    docs = [page for page in DOCS.rglob("*.md") if page.relative_to(DOCS).parts[0] not in _GENERATED]
    others = [
        page for folder in (".", "benchmarks", "matlab_ref", "weights") for page in (REPOSITORY / folder).glob("*.md")
    ]
    return sorted(docs + others)


PAGES = _pages()
_FENCE = re.compile(r"^( *)(`{3,})([^\n]*)\n(.*?)^\1\2`* *$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:(?<=\n\n)|\A)(?: {4}[^\n]*\n)(?:(?: {4}[^\n]*)?\n)*")
_LINK = re.compile(r"\]\(([^()\s#]+)(?:#[^()\s]*)?\)")


def _name(page):
    return str(page.relative_to(REPOSITORY))


def blocks(text):
    """(language, code) of the code blocks of a page, indented ones without a language."""
    found = [(match[3].strip(), inspect.cleandoc(f"\n{match[4]}")) for match in _FENCE.finditer(text)]
    return found + [("", inspect.cleandoc(f"\n{block}")) for block in _INDENTED.findall(_FENCE.sub("\n", text))]


def without_code(text):
    """A page without its code."""
    return re.sub(r"`[^`\n]*`", "", _INDENTED.sub("\n", _FENCE.sub("\n", text)))


def commands(text):
    """The lines of a page's blocks of shell commands, as lists of words; where their output goes is left out."""
    code = [code for language, code in blocks(text) if language in ("", "bash", "sh", "console")]
    lines = [line for block in code for line in block.replace("\\\n", " ").splitlines()]
    starts = ("pydeblur ", "python ", "make ")
    typed = [line.strip().removeprefix("$ ") for line in lines]
    words = [shlex.split(line, comments=True) for line in typed if line == "pydeblur" or line.startswith(starts)]
    return [list(takewhile(lambda word: word not in (">", "|"), each)) for each in words]


def _all_commands():
    return [
        pytest.param(words, id=f"{_name(page)}: {' '.join(words)[:60]}")
        for page in PAGES
        for words in commands(page.read_text())
    ]


def test_blocks_are_found():
    text = (
        "Text\n\n```bash\npydeblur demo  # look\n```\n\n    make demo   # that\n\n- a\n\n  ```python\n  x = 1\n  ```\n"
    )

    assert blocks(text) == [("bash", "pydeblur demo  # look"), ("python", "x = 1"), ("", "make demo   # that")]
    assert commands(text) == [["pydeblur", "demo"], ["make", "demo"]]
    assert "demo" not in without_code(text)


@pytest.mark.parametrize("words", _all_commands())
def test_commands_are_real(words):
    if words[0] == "pydeblur":
        assert _is_understood(words[1:])
    elif words[0] == "make":
        targets = re.findall(r"^([\w-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
        assert not [word for word in words[1:] if "=" not in word and word not in targets]
    elif not words[1].startswith("-"):
        assert (REPOSITORY / words[1]).is_file()


def _is_understood(arguments):
    """Whether the command line takes them; its error message is shown where it does not."""
    try:
        _make_parser().parse_args(arguments or ["--help"])
    except SystemExit as end:
        return end.code == 0
    return True


def _python_sources():
    found = [(page, code) for page in PAGES for language, code in blocks(page.read_text()) if language == "python"]
    found += [(script, script.read_text()) for script in sorted((DOCS / "examples").glob("*.py"))]
    return [pytest.param(code, id=f"{_name(path)}: {code.splitlines()[0][:40]}") for path, code in found]


@pytest.mark.parametrize("code", _python_sources())
def test_python_names_what_exists(code):
    tree = ast.parse(code)

    for module, name in _imported(tree):
        assert _has(module, name), f"{module} has no {name}"
    for call in _calls_of_the_package(tree):
        known = _arguments(call.func.attr)
        assert not {keyword.arg for keyword in call.keywords} - known, (
            f"pydeblur.{call.func.attr} does not take them all"
        )


def _imported(tree):
    """(module, name) of all that is imported from the package, and of all attributes of ``pydeblur`` itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "pydeblur":
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "pydeblur":
            yield "pydeblur", node.attr


def _has(module, name):
    loaded = import_module(module)
    # What is loaded when it is first used need not be loaded here: it may need an extra.
    if name in dir(loaded):
        return True
    try:
        import_module(f"{module}.{name}")
    except ImportError:
        return False
    return True


def _calls_of_the_package(tree):
    known = ("pydeblur.deblur", "pydeblur.estimate_kernel")
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) in known]


def _arguments(function):
    solver = {field.name for field in fields(pydeblur.SolverOptions)}
    return set(inspect.signature(getattr(pydeblur, function)).parameters) | solver


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page):
    links = [link for link in _LINK.findall(without_code(page.read_text())) if not re.match(r"[a-z]+:", link)]

    for link in links:
        target = (page.parent / link).resolve()
        assert _source_of(target).exists(), f"{link} leads nowhere"


def _source_of(path):
    """What is kept in the repository of a file that may be made from something else."""
    if DOCS / "gallery" not in path.parents:
        return path
    script = re.fullmatch(r"(?:sphx_glr_)?(\w+?)(?:_\d{3})?", path.stem)[1]
    return DOCS / "examples" / ("README.rst" if script == "index" else f"{script}.py")


def test_there_are_pages():
    assert len(_all_commands()) > 20
    assert len(_python_sources()) > 20
    assert {"docs/index.md", "README.md", "weights/README.md"} <= {_name(page) for page in PAGES}
