"""Draw the packages of pydeblur and their imports into docs/structure.svg, and say where an import runs upward.

    python docs/draw_structure.py            # writes the drawing
    python docs/draw_structure.py --check    # exits with 1 if an import runs upward, or the drawing is not of this tree

The layers are those of `LAYERS`, lowest first: a module may import from its own package and from those below it. The imports
are read from the modules' syntax trees, those inside functions included; those that only a type checker sees do not count.
"""

from __future__ import annotations

import argparse
import ast
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
PACKAGE = DOCS.parent / "pydeblur"
#: Packages and modules, lowest layer first; those of one line do not import each other.
LAYERS = (
    ("errors", "version"),
    ("options",),
    ("backend",),
    ("matlab",),
    ("files",),
    ("preprocess",),
    ("solver",),
    ("priors", "nonblind", "synthesis", "metrics"),
    ("estimators", "datasets"),
    ("nonuniform", "progress"),
    ("report",),
    ("deblurring",),
    ("api", "matlab_api", "system_info"),
    ("parallel",),
    ("evaluation",),
    ("training",),
    ("reproduce", "serve"),
    ("cli",),
)
#: What nearly every package imports: drawn without arrows.
_BASE = {"errors", "version", "options"}
_LEVELS = {name: level for level, names in enumerate(LAYERS) for name in names}
_LEFT_OUT = {"__init__", "__main__"}
_BOX_WIDTH, _BOX_HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 150, 34, 36, 30, 24


def imports() -> dict[tuple[str, str], set[str]]:
    """Pairs (importer, imported) of packages or top-level modules, to the modules that import."""
    found: dict[tuple[str, str], set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        relative = path.relative_to(PACKAGE).with_suffix("")
        importer = relative.parts[0]
        if importer in _LEFT_OUT:
            continue
        for imported in _imported_by(ast.parse(path.read_text(encoding="utf-8"))):
            if imported != importer and imported not in _LEFT_OUT:
                found.setdefault((importer, imported), set()).add(".".join(relative.parts))
    return found


def _imported_by(tree: ast.Module) -> set[str]:
    """Names below ``pydeblur`` that a module imports, lazily or not."""
    found = set()
    hidden = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and isinstance(branch.test, ast.Name) and branch.test.id == "TYPE_CHECKING"
        for node in ast.walk(branch)
    }
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "pydeblur":
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names if alias.name in _LEVELS}
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("pydeblur.")}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("pydeblur."):
            # Modules that are imported by their name: backends, commands, compiled twins.
            name = node.value.split(".")[1]
            found |= {name} & set(_LEVELS)
    return found


def upward(found) -> list[str]:
    """A sentence for each import that does not run downward."""
    unknown = [f"{name} has no layer" for pair in found for name in pair if name not in _LEVELS]
    return sorted(set(unknown)) + [
        f"{importer} imports {imported}, which is not below it (in {', '.join(sorted(modules))})"
        for (importer, imported), modules in sorted(found.items())
        if not unknown and _LEVELS[imported] >= _LEVELS[importer]
    ]


def drawing(found) -> str:
    """The SVG: a box for each package, the highest layer on top, and a line for each import that no other implies."""
    widest = max(len(names) for names in LAYERS)
    width = 2 * _MARGIN + widest * _BOX_WIDTH + (widest - 1) * _GAP_X + 200
    height = 2 * _MARGIN + len(LAYERS) * _BOX_HEIGHT + (len(LAYERS) - 1) * _GAP_Y
    places = {}
    for level, names in enumerate(reversed(LAYERS)):
        row_width = len(names) * _BOX_WIDTH + (len(names) - 1) * _GAP_X
        for column, name in enumerate(names):
            left = (width - row_width) / 2 + column * (_BOX_WIDTH + _GAP_X)
            places[name] = (left, _MARGIN + level * (_BOX_HEIGHT + _GAP_Y))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        'font-family="sans-serif" font-size="14" role="img" aria-label="The packages of pydeblur and their imports">',
        "<title>The packages of pydeblur; an arrow runs from a package to one that it imports. All may import errors, options "
        "and version.</title>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 L8 4 L0 8 z" fill="#5b6b7b"/></marker></defs>',
        f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>',
    ]
    for importer, imported in sorted(_essential({pair for pair in found if pair[1] not in _BASE})):
        lines.append(_arrow(places[importer], places[imported]))
    for name, (left, top) in places.items():
        lines.append(
            f'<rect x="{left:g}" y="{top:g}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="6" fill="#eaf1f8" '
            'stroke="#34618c"/>'
            f'<text x="{left + _BOX_WIDTH / 2:g}" y="{top + 22:g}" text-anchor="middle" fill="#10243a">{name}</text>'
        )
    return "\n".join([*lines, "</svg>"]) + "\n"


def _essential(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Imports without those that follow from others: the transitive reduction of a graph without cycles."""
    below: dict[str, set[str]] = {}

    def reachable(name):
        if name not in below:
            direct = {imported for importer, imported in pairs if importer == name}
            below[name] = direct.union(*(reachable(each) for each in direct)) if direct else set()
        return below[name]

    return {
        (importer, imported)
        for importer, imported in pairs
        if not any(imported in reachable(other) for other_importer, other in pairs if other_importer == importer)
    }


def _arrow(start, end) -> str:
    x1, y1 = start[0] + _BOX_WIDTH / 2, start[1] + _BOX_HEIGHT
    x2, y2 = end[0] + _BOX_WIDTH / 2, end[1]
    bend = (y2 - y1) / 2
    sideways = 0 if y2 - y1 <= _GAP_Y + 1 else (90 if x2 >= x1 else -90) * min(1.0, (y2 - y1) / 250)
    curve = f"M{x1:g} {y1:g} C{x1 + sideways:g} {y1 + bend:g} {x2 + sideways:g} {y2 - bend:g} {x2:g} {y2:g}"
    return f'<path d="{curve}" fill="none" stroke="#5b6b7b" stroke-width="1.2" marker-end="url(#tip)"/>'


def main() -> int:
    """Draw, or check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if something is wrong")
    arguments = parser.parse_args()
    found = imports()
    wrong = upward(found)
    print(*wrong, sep="\n", end="\n" if wrong else "")
    if wrong:
        return 1
    path, svg = DOCS / "structure.svg", drawing(found)
    if arguments.check:
        current = path.read_text(encoding="utf-8") if path.is_file() else ""
        if current != svg:
            print("docs/structure.svg is not of this tree: run python docs/draw_structure.py")
        return int(current != svg)
    path.write_text(svg, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
