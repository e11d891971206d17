"""A table or figure as Markdown: the numbers, the paper's beside them, and all that is needed to make it again."""

from __future__ import annotations

import json
import os
import platform
import shlex
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydeblur.evaluation.store import Finished, Request
from pydeblur.files import markdown_table, write_bytes
from pydeblur.version import __version__

#: Where a person explains differences, inside the folder of the results: remarks/ITEM.md.
REMARKS_FOLDER = "remarks"
#: Differences from the paper that need a sentence: in dB, and in per cent points.
LIMITS = {"dB": 0.3, "points": 3.0}
_LIBRARIES = ("numpy", "scipy", "onnxruntime", "scikit-image")


def far_from_the_paper(name: str, ours: float | None, paper: float | None, unit: str) -> str | None:
    """A sentence if a number differs from the paper's by more than `LIMITS` allow for its unit, else None."""
    if ours is None or paper is None or abs(ours - paper) <= LIMITS[unit]:
        return None
    return f"{name}: {ours:.2f} here, {paper:.2f} in the paper, {ours - paper:+.2f} {unit}."


def write_markdown(
    request: Request, item: str, title: str, body: list[str], finished: list[Finished], differences=()
) -> Path:
    """Write ITEM.md.

    Parameters
    ----------
    request : Request
    item : str
    title : str
    body : list of str
        Paragraphs and tables.
    finished : list of Finished
        All cases: their options, dates and times are written down.
    differences : sequence of str or None
        Of `far_from_the_paper`; remarks/ITEM.md in the folder of the results, where a person has written what was tried
        to explain them, is taken in.
    """
    parts = [f"# {title}", *body, *_differences(request, item, [text for text in differences if text])]
    parts += ["## How it was made", markdown_table(_provenance(request, item, finished)), *_options(finished)]
    path = request.out / f"{item}.md"
    write_bytes(path, ("\n\n".join(parts) + "\n").encode())
    return path


def command(request: Request, item: str) -> str:
    """What to type to get this again; folders outside the working directory are not named."""
    words = ["pydeblur", "reproduce", item]
    words += ["--data", "DATA"] if request.data is not None or "PYDEBLUR_DATA" in os.environ else []
    words += ["--out", "OUT" if request.out.is_absolute() or ".." in request.out.parts else str(request.out)]
    words += ["--frames", "FRAMES"] if request.frames is not None else []
    words += ["--subset", str(request.subset)] if request.subset is not None else []
    words += ["--methods", ",".join(request.methods)] if request.methods is not None else []
    words += [word for name, _ in request.kernels for word in ("--kernels", f"{name}=FOLDER")]
    words += ["--jobs", str(request.jobs)] if request.jobs != 1 else []
    return shlex.join(words)


def _differences(request: Request, item: str, differences: list[str]) -> list[str]:
    remarks = request.out / REMARKS_FOLDER / f"{item}.md"
    written = remarks.read_text(encoding="utf-8").strip() if remarks.is_file() else ""
    parts = []
    if differences:
        wide = " or ".join(f"{limit:g} {unit}" for unit, limit in LIMITS.items())
        parts += [f"## More than {wide} from the paper", "\n".join(f"- {text}" for text in differences)]
        if not written:
            parts.append(f"Nobody has looked into this yet; an explanation belongs into {REMARKS_FOLDER}/{item}.md.")
    return [*parts, "## Remarks", written] if written else parts


def _provenance(request: Request, item: str, finished: list[Finished]) -> list[dict]:
    dates = sorted(result.date for result in finished)
    wall, cpu = (sum(getattr(result, name) for result in finished) for name in ("wall_seconds", "cpu_seconds"))
    weights = _weights([result.task.options for result in finished])
    facts = {
        "command": f"`{command(request, item)}`",
        "date": f"{dates[0]} to {dates[-1]} UTC" if dates else "—",
        "package": f"pydeblur {__version__}",
        "weights": "; ".join(f"{name}, SHA-256 {sha256}" for name, sha256 in weights.items()) or "none",
        "cases": str(len(finished)),
        "wall time": f"{wall:.0f} s, the sum over the cases",
        "CPU time": f"{cpu:.0f} s",
        "machine": _machine(),
    }
    return [{"": name, " ": value} for name, value in facts.items()]


def _options(finished: list[Finished]) -> list[str]:
    """The exact options of every method; where its cases differ in them, of each different set."""
    different = {}
    for result in finished:
        text = json.dumps(result.task.options, indent=1, sort_keys=True, default=str, ensure_ascii=False)
        different.setdefault((result.task.method, text), []).append(result.task.case)
    methods = [method for method, _ in different]
    parts = ["## Options"] if different else []
    for (method, text), cases in different.items():
        name = method if methods.count(method) == 1 else f"{method}, {cases[0]}" + (" …" if len(cases) > 1 else "")
        parts.append(f"<details><summary>{name}</summary>\n\n```json\n{text}\n```\n\n</details>")
    return parts


def _weights(value) -> dict[str, str]:
    """Names and hashes of all networks that options speak of."""
    if isinstance(value, dict):
        own = {Path(str(value["weights"])).name: value["weights_hash"]} if "weights_hash" in value else {}
        return own | _weights(list(value.values()))
    if isinstance(value, (list, tuple)):
        return {name: sha256 for entry in value for name, sha256 in _weights(entry).items()}
    return {}


def _machine() -> str:
    libraries = [f"{name} {_version(name)}" for name in _LIBRARIES if _version(name)]
    return ", ".join([_processor(), f"Python {platform.python_version()}", *libraries])


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
