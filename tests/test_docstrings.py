"""Docstrings: every public name has one, the package's own names show an example, and the words are the field's."""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

import pydeblur

PACKAGE = Path(pydeblur.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
PUBLIC_NAMES = [name for name in pydeblur.__all__ if name != "__version__"]
#: Metaphors for terms that the field has, and a document that the repository does not hold.
FORBIDDEN = re.compile(r"\b(?:(?i:judg\w+|heats?|laps?|entrants?|races?|verdicts?|asides?)|ALGORITHM)\b")
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def module_name(path):
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


def public_definitions(body, prefix=""):
    """The qualified name and the node of all functions, classes and methods without an underscore."""
    for node in body:
        if isinstance(node, DEFINITIONS) and not node.name.startswith("_"):
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node.body, f"{prefix}{node.name}.")


def docstring(node):
    return (ast.get_docstring(node) or "").strip()


def undocumented(source):
    """The public names of a module that have no docstring; "" stands for the module itself."""
    tree = ast.parse(source)
    return [name for name, node in [("", tree), *public_definitions(tree.body)] if not docstring(node)]


def forbidden_words(source):
    """The forbidden words in the docstrings and comments of a module."""
    texts = [docstring(node) for node in ast.walk(ast.parse(source)) if isinstance(node, (ast.Module, *DEFINITIONS))]
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    texts += [token.string for token in tokens if token.type == tokenize.COMMENT]
    return [word for text in texts for word in FORBIDDEN.findall(text)]


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_every_public_name_has_a_docstring(path):
    assert undocumented(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", PUBLIC_NAMES)
def test_the_names_of_the_package_show_an_example(name):
    summary, heading, example = getattr(pydeblur, name).__doc__.partition("Examples\n")
    assert summary.strip()
    assert heading
    assert ">>> " in example
    assert "+SKIP" not in example


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_the_words_are_those_of_the_field(path):
    assert forbidden_words(path.read_text(encoding="utf-8")) == []


def test_a_missing_docstring_would_be_found():
    source = '"""A module."""\nclass Prior:\n    """A prior."""\n    def value(self):\n        return 0\ndef _hidden(): ...\n'
    assert undocumented(source) == ["Prior.value"]
    assert undocumented("x = 1\n") == [""]


def test_a_forbidden_word_would_be_found():
    source = '"""See ALGORITHM section 3; Algorithm 1 is the paper\'s."""\n# the judge of a heat\ndef run():\n    """Laps."""\n'
    assert sorted(forbidden_words(source)) == ["ALGORITHM", "Laps", "heat", "judge"]
