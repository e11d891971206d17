"""A style of the bibliography in which every work is known by the field ``label`` of its entry.

The paper's own numbers are kept, so that code and pages cite the works as the paper does.
"""

from __future__ import annotations

from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style as PlainStyle
from pybtex.style.labels import BaseLabelStyle
from pybtex.style.sorting import BaseSortingStyle


class PaperLabels(BaseLabelStyle):
    """Labels are the entries' own field ``label``."""

    def format_labels(self, sorted_entries):
        """Yield the label of each entry."""
        for entry in sorted_entries:
            yield entry.fields["label"]


class ByLabel(BaseSortingStyle):
    """Numbers first, in their order, then names."""

    def sorting_key(self, entry):
        """What an entry is sorted by."""
        label = entry.fields["label"]
        return (0, int(label), "") if label.isdigit() else (1, 0, label)


class PaperStyle(PlainStyle):
    """Plain, with those labels and in that order."""

    default_label_style = PaperLabels
    default_sorting_style = ByLabel


def setup(app):
    """Register the style ``paper``."""
    register_plugin("pybtex.style.formatting", "paper", PaperStyle)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
