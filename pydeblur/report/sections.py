"""All sections about a result, in their order, and the line that sums it up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pydeblur.estimators.description import kernel_extent
from pydeblur.report import facts
from pydeblur.report.candidates import candidates
from pydeblur.report.comparison import PlacedKernel, comparison
from pydeblur.report.iterations import iterations
from pydeblur.report.kernels import grid_counts, kernel_figure, kernel_grid, places_of_grid
from pydeblur.report.markup import Html, element, joined, table
from pydeblur.report.pictures import ShownPictures
from pydeblur.report.remarks import found_wrong, remarks
from pydeblur.report.scales import all_stages, scales

if TYPE_CHECKING:  # api is above this package
    from pydeblur.api import DeblurResult


def sections(result: DeblurResult, pictures: ShownPictures, warnings: Iterable[str] = ()) -> Html:
    """Make all sections about a result.

    Parameters
    ----------
    result : DeblurResult
    pictures : ShownPictures
        Of the result.
    warnings : iterable of str

    Returns
    -------
    Html
    """
    made = [
        main_sections(result, pictures, warnings),
        _section("Over the scales", _over_scales(all_stages(result))),
        _section("Candidates", candidates(result.candidates)),
        _section("Iterations", iterations(result.history)) if len(result.history) else None,
        _section("Options", facts.options(result)),
        _section("Timings and versions", element("div", facts.timings(result), facts.versions(), class_="columns")),
    ]
    return joined([each for each in made if each is not None], "\n")


def main_sections(result: DeblurResult, pictures: ShownPictures, warnings: Iterable[str] = ()) -> Html:
    """Make the sections that everybody wants to see: warnings, the picture before and after, and the kernel.

    Parameters
    ----------
    result : DeblurResult
    pictures : ShownPictures
        Of the result.
    warnings : iterable of str

    Returns
    -------
    Html
    """
    warned = remarks(dict.fromkeys([*warnings, *found_wrong(result)]))
    made = [
        None if warned is None else _section("Warnings", warned, "warnings"),
        _section("Before and after", comparison(pictures, _placed_kernels(result, pictures), result.crop)),
        _section("Kernel" if result.nonuniform is None else "Kernels", _kernels(result, pictures)),
    ]
    return joined([each for each in made if each is not None], "\n")


def _section(heading: str, contents: Html, kind: str | None = None) -> Html:
    identifier = heading.lower().replace(" ", "-")
    return element("section", element("h2", heading, id=identifier), contents, aria_labelledby=identifier, class_=kind)


def _over_scales(stages) -> Html:
    note = element(
        "p",
        "The blur is found on small copies of the picture first. Each figure has the latent image, which is sharpened for the "
        "search and is not the final picture, and the kernel, enlarged, at the end of a scale.",
        class_="note",
    )
    return joined([note, scales(stages)])


def _placed_kernels(result: DeblurResult, pictures: ShownPictures) -> list[PlacedKernel]:
    """The one kernel, or the local ones at their places."""
    if result.nonuniform is None:
        return [PlacedKernel(result.kernel)]
    places = places_of_grid((pictures.height, pictures.width), grid_counts((pictures.height, pictures.width)))
    local = result.nonuniform.blur.kernels_at(places.reshape(-1, 2))
    return [PlacedKernel(kernel, (x, y)) for kernel, (x, y) in zip(local, places.reshape(-1, 2))]


def _kernels(result: DeblurResult, pictures: ShownPictures) -> Html:
    if result.nonuniform is None:
        reasons = [] if result.model_choice is None else [element("p", _sentence(result.model_choice.reason))]
        return joined([kernel_figure(result.kernel), *_size(result), *_confidence(result), *reasons])
    shape = pictures.height, pictures.width
    counts = grid_counts(shape)
    places = places_of_grid(shape, counts)
    local = result.nonuniform.blur.kernels_at(places.reshape(-1, 2))
    grid = local.reshape(*counts, *local.shape[1:])
    return joined([kernel_grid(grid, shape), element("p", _sentence(result.nonuniform.reason))])


def _size(result: DeblurResult) -> list[Html]:
    """The kernel's size and why, where it was found."""
    search = result.kernel_size_search
    if search is None:
        return []
    told = element("p", f"The kernel's size is {search.size} pixels, since {search.reason}.")
    if not search.tried:
        return [told]
    rows = [
        [str(each.size), f"{each.extent:.0f}", f"{each.border_mass:.1%}", f"{each.score:.2f}".replace("-", "−")]
        for each in search.tried
    ]
    headings = ["square in pixels", "extent of the kernel", "at its border", "score, the lower the better"]
    return [told, table("Kernel sizes that were tried", headings, rows)]


def _confidence(result: DeblurResult) -> list[Html]:
    """How probable it is that the kernel is right, where that is known."""
    if result.confidence is None:
        return []
    told = "The probability that the picture comes within 1.5 dB of what the true kernel would give"
    return [element("p", f"{told} is {result.confidence:.0%}.")]


def _sentence(words: str) -> str:
    """Words as a sentence: with a capital, and an end."""
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


def summary(result: DeblurResult, pictures: ShownPictures) -> str:
    """Say in one line what was done.

    Parameters
    ----------
    result : DeblurResult
    pictures : ShownPictures
        Of the result.

    Returns
    -------
    str
    """
    pixels = pictures.width * pictures.height
    size = f"{pixels / 1e6:.1f} megapixels" if pixels >= 1e5 else f"{pictures.width} × {pictures.height} pixels"
    down, across = kernel_extent(result.kernel)
    where = "" if result.nonuniform is None else " at the middle, and another one elsewhere"
    parts = [f"{size} in {facts.seconds_in_words(sum(result.seconds.values()))}" if result.seconds else size]
    parts.append(f"blur {across} × {down} pixels{where}")
    chosen = [number for number, run in enumerate(result.candidates, 1) if run.chosen]
    parts += [] if result.kernel_size_search is None else [f"kernel size {result.kernel_size_search.size} found"]
    parts += [f"from candidate {number} of {len(result.candidates)}" for number in chosen]
    if result.crop is not None:
        parts.append(f"found in a region of {facts.in_words(result.crop)}")
    parts.append(f"final step {result.nonblind}")
    return "; ".join(parts) + "."
