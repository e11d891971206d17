"""Whatever is put into a page comes out of an HTML parser as it was, and as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydeblur.report.markup import Html, element, joined, table, text


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_texts_and_attributes_survive_a_parser(read_page, written):
    page = read_page(element("p", written, title=written))
    assert page.elements == [("p", {"title": written})]
    assert "".join(page.texts) == written


@given(st.text())
def test_any_text_can_be_encoded_and_adds_no_element(read_page, written):
    made = element("p", written, title=written)
    made.encode("utf-8")
    assert [tag for tag, _ in read_page(made).elements] == ["p"]


@pytest.mark.parametrize(
    "name",
    ['"><script>alert(1)</script>', "' onload='x", "--><!--", "</title><b>", "]]>", "&amp;", "$title ${x}", "\x00\x1b"],
)
def test_hostile_names_stay_text(read_page, name):
    page = read_page(element("h1", name, title=name))
    assert [tag for tag, _ in page.elements] == ["h1"]
    assert list(page.elements[0][1]) == ["title"]


def test_bytes_of_file_names_and_turned_writing_are_shown_as_escapes():
    assert text("a\udcff\u202eb") == "a\\udcff\\u202eb"
    assert text("two\nlines\tand a\u00a0space") == "two lines and a space"


def test_what_is_marked_up_is_not_escaped_twice():
    assert joined([element("b", "<"), Html("<i>"), "<"]) == "<b>&lt;</b><i>&lt;"


def test_a_table_names_its_rows_columns_and_area(read_page):
    page = read_page(table("Sizes", ["picture", "pixels"], [["a", "1"], ("chosen", ["b", "2"])]))
    assert [attributes["scope"] for attributes in page.of("th")] == ["col", "col", "row", "row"]
    assert page.of("tr")[-1] == {"class": "chosen"}
    (area,) = page.of("div")
    assert (area["role"], area["tabindex"], area["aria-label"]) == ("region", "0", "Sizes")
