"""Line charts: the points where the values are, whatever the values."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydeblur.report.charts import Series, Stretch, line_chart


def points(drawing):
    return [tuple(map(float, each)) for each in re.findall(r'<circle cx="([\d.-]+)" cy="([\d.-]+)"', drawing)]


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), min_size=1, max_size=60))
def test_any_values_are_drawn_within_the_frame(read_page, values):
    drawing = line_chart("Energy", [Series("energy", values)], [Stretch(0, "9")])
    (frame,) = read_page(drawing).of("svg") or [None]
    drawn = points(drawing)
    assert "nan" not in drawing
    assert "inf" not in drawing.replace("info", "")
    if frame is None:
        assert not any(map(math.isfinite, values))
    else:
        _, _, width, height = map(float, frame["viewbox"].split())
        assert all(0 <= x <= width and 0 <= y <= height for x, y in drawn)


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0, 4.0], [1.0, 10.0, 100.0, 1000.0]])
def test_equal_steps_or_equal_ratios_are_equally_high(values):
    heights = [y for _, y in points(line_chart("Energy", [Series("energy", values)]))]
    np.testing.assert_allclose(np.diff(heights), np.diff(heights)[0], atol=0.11)
    assert heights[0] > heights[-1]


def test_a_missing_value_interrupts_the_line(read_page):
    page = read_page(line_chart("Energy", [Series("energy", [1.0, 2.0, math.nan, 3.0])]))
    assert [attributes["d"].count("M") for attributes in page.of("path")] == [2]
    assert len(page.of("circle")) == 3


def test_the_drawing_says_in_words_what_it_shows(read_page):
    page = read_page(line_chart("Energy", [Series("all", [4.0, 0.5]), Series("data", [3.0, 0.25])]))
    assert "Energy: all from 4 to 0.5, data from 3 to 0.25" in page.text
