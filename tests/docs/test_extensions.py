"""What the documentation's own extensions do with single lines, formulas and pages."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from xml.etree import ElementTree

import pytest

EXTENSIONS = Path(__file__).parents[2] / "docs" / "extensions"


def load(name):
    """An extension; a test of it is skipped where the extra "docs" is not installed."""
    pytest.importorskip("sphinx")
    spec = spec_from_file_location(name, EXTENSIONS / f"{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "loaded",
    [
        '<script async src="https://a.org/x.js"></script>',
        '<link href="//a.org/x.css" rel="stylesheet">',
        '<img src="http://a.org/x.png"/>',
        "<style>@import 'https://a.org/x.css';</style>",
        '<p style="background: url(https://a.org/x.png)">',
    ],
)
def test_what_a_page_loads_from_elsewhere_is_found(loaded):
    found = load("self_contained").loaded_from_elsewhere(f"<html><body>{loaded}</body></html>")

    assert len(found) == 1
    assert "//a.org/x." in found[0]


@pytest.mark.parametrize(
    "harmless",
    [
        '<a href="https://a.org/">a link</a>',
        '<link rel="canonical" href="https://a.org/">',
        '<script src="_static/x.js"></script><img src="../x.png">',
        '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
    ],
)
def test_what_is_followed_or_local_is_not(harmless):
    assert load("self_contained").loaded_from_elsewhere(harmless) == []


def test_formulas_become_mathml():
    element = ElementTree.fromstring(load("mathml").mathml(r"\frac{a}{b} \otimes k", True))

    assert element.get("display") == "block"
    (fraction,) = [child for child in element.iter() if child.tag.endswith("mfrac")]
    assert [child.text for child in fraction] == ["a", "b"]


@pytest.mark.parametrize(
    "line, wanted",
    [
        ("min |∇I|² + ||k||²", r"min \|∇I\|² + \|\|k\|\|²"),
        ("    >>> a | b", "    >>> a | b"),
        ("``a | b`` and |c|", r"``a | b`` and \|c\|"),
        ("    | a line of a line block", "    | a line of a line block"),
        ("|u| at the start", r"\|u\| at the start"),
    ],
)
def test_bars_of_magnitudes_are_escaped(line, wanted):
    assert load("vertical_bars").escaped(line) == wanted


def test_works_have_the_papers_numbers_in_their_order():
    pytest.importorskip("pybtex")
    from pybtex.database import parse_string

    entries = "".join(
        f"@misc{{{key}, label = {{{label}}}, title = {{T}}, author = {{A}}, year = 2000}}\n"
        for key, label in (("a", "Liu 2008"), ("b", "26"), ("c", "4"))
    )
    style = load("paper_numbers").PaperStyle()
    formatted = style.format_bibliography(parse_string(entries, "bibtex"))

    assert [entry.label for entry in formatted] == ["4", "26", "Liu 2008"]
