"""Tables as CSV files and as Markdown, read back by Python's csv module, by NumPy, and by a reader of a few lines."""

import csv
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydeblur.errors import FileFormatError
from pydeblur.files import markdown_table, write_csv

ROWS = [{"method": "ours", "PSNR": 28.1, "cases": 48}, {"method": "none", "PSNR": None, "cases": 0}]

#: Texts of what has a meaning in one of the two formats, and of some letters.
texts = st.text("ab é—|\\,;\"'\n", max_size=8)
tables = st.integers(1, 4).flatmap(
    lambda columns: st.lists(texts, min_size=columns, max_size=columns, unique=True).flatmap(
        lambda names: st.lists(
            st.tuples(*[texts] * columns).map(lambda values: dict(zip(names, values, strict=True))),
            min_size=1,
            max_size=4,
        )
    )
)


def cells_of(line):
    """The cells of a line of a Markdown table: bars end them, but for those after a backslash."""
    assert line.startswith("| ") and line.endswith(" |")
    return [cell.replace("\\|", "|") for cell in re.split(r" (?<!\\)\| ", line[2:-2])]


class TestCsv:
    def test_file(self, tmp_path):
        path = write_csv(str(tmp_path / "a.csv"), ROWS)
        assert path == tmp_path / "a.csv"
        assert path.read_bytes() == b"method,PSNR,cases\nours,28.1,48\nnone,,0\n"

    @settings(max_examples=100, deadline=None)
    @given(tables)
    def test_texts_come_back_by_the_csv_module(self, tmp_path_factory, rows):
        path = write_csv(tmp_path_factory.mktemp("csv") / "a.csv", rows)
        with open(path, newline="", encoding="utf-8") as file:
            assert list(csv.DictReader(file)) == rows

    def test_numbers_come_back_exactly_by_numpy(self, tmp_path):
        values = np.random.default_rng(0).random((20, 3)) * 10.0 ** np.arange(-5, 10, 5)
        path = write_csv(tmp_path / "a.csv", [dict(zip("xyz", row, strict=True)) for row in values.tolist()])
        table = np.genfromtxt(path, delimiter=",", names=True)
        assert table.dtype.names == ("x", "y", "z")
        assert np.array_equal(np.stack([table[name] for name in "xyz"], axis=1), values)

    def test_columns_have_the_order_of_the_first_row(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", [{"a": 1, "b": 2}, {"b": 4, "a": 3}])
        assert path.read_text() == "a,b\n1,2\n3,4\n"

    def test_old_files_are_replaced_only_by_whole_ones(self, tmp_path):
        write_csv(tmp_path / "a.csv", ROWS)
        with pytest.raises(ValueError, match="Row 2"):
            write_csv(tmp_path / "a.csv", [{"a": 1}, {"b": 2}])
        assert (tmp_path / "a.csv").read_text().startswith("method")
        write_csv(tmp_path / "a.csv", [{"a": 1}])
        assert (tmp_path / "a.csv").read_text() == "a\n1\n"
        assert len(list(tmp_path.iterdir())) == 1

    def test_unwritable(self, tmp_path):
        with pytest.raises(FileFormatError, match="does not exist"):
            write_csv(tmp_path / "none" / "a.csv", ROWS)


class TestMarkdown:
    def test_table(self):
        assert markdown_table(ROWS, {"PSNR": ".2f"}).splitlines() == [
            "| method | PSNR | cases |",
            "| --- | --- | --- |",
            "| ours | 28.10 | 48 |",
            "| none | — | 0 |",
        ]

    def test_without_formats_numbers_are_shown_as_python_shows_them(self):
        assert markdown_table([{"a": 0.1, "b": 3, "c": True}]).splitlines()[2] == "| 0.1 | 3 | True |"

    def test_texts_in_a_column_with_a_format_stay(self):
        assert markdown_table([{"a": "28.12345"}], {"a": ".2f"}).splitlines()[2] == "| 28.12345 |"

    def test_columns_have_the_order_of_the_first_row(self):
        assert markdown_table([{"a": 1, "b": 2}, {"b": 4, "a": 3}]).splitlines()[2:] == ["| 1 | 2 |", "| 3 | 4 |"]

    def test_bars_and_line_breaks_do_not_end_a_cell(self):
        lines = markdown_table([{"|x|": "a | b\nc", "y": "d"}]).splitlines()
        assert [cells_of(line) for line in lines] == [["|x|", "y"], ["---", "---"], ["a | b c", "d"]]


@pytest.mark.parametrize("make", [markdown_table, lambda rows: write_csv("never-written.csv", rows)])
class TestNoTables:
    def test_no_rows(self, make):
        with pytest.raises(ValueError, match="at least one row"):
            make([])

    @pytest.mark.parametrize("row", [{"a": 1}, {"a": 1, "b": 2, "c": 3}, {"a": 1, "c": 2}, {}])
    def test_other_keys(self, make, row):
        with pytest.raises(ValueError, match=r"Row 3 should have the keys \['a', 'b'\] of the first row"):
            make([{"a": 1, "b": 2}, {"a": 3, "b": 4}, row])
