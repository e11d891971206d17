"""The page of public reports: it names every test of this folder, and no other."""

import ast
import re
from pathlib import Path

FOLDER = Path(__file__).parent
PAGE = FOLDER.parents[1] / "docs/studies/faults.md"


def _tests():
    """Name and docstring of every test of a report."""
    found = {}
    for path in sorted(FOLDER.glob("test_*.py")):
        if path != Path(__file__):
            functions = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
            found |= {node.name: ast.get_docstring(node) for node in functions if node.name.startswith("test_")}
    return found


def _rows():
    """The reports that the page names for each test."""
    rows = re.findall(r"^\|([^|]*)\|([^|]*)\|([^|]*)\| `(test_\w+)` \|$", PAGE.read_text(), re.MULTILINE)
    return {test: set(re.findall(r"\[([\w.-]+/[\w.-]+#\d+)\]", reports)) for _, reports, _, test in rows}


def test_the_page_has_a_row_for_every_test():
    assert set(_rows()) == set(_tests()) and len(_rows()) >= 25


def test_rows_and_tests_name_the_same_reports():
    for test, docstring in _tests().items():
        named = re.findall(r"([\w.-]+/[\w.-]+)?#(\d+)", docstring)
        repository, reports = "", set()
        for name, number in named:
            repository = name or repository
            reports.add(f"{repository}#{number}")
        assert reports == _rows()[test], test
