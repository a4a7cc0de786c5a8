"""Where a header stands, which of its rows are joined, and what below a table is a note."""

import pytest

from evenfield.newstudy.guess import Choices, guess
from evenfield.newstudy.headers import _stacked, headed
from evenfield.study.errors import IngestError

ROWS = [["Aland", "5", "6"], ["Bland", "7", "8"], ["Cland", "9", "10"]]


def test_rows_of_a_header_need_not_be_of_one_length():
    rows = [[*row, *row[1:]] for row in ROWS]
    above = ["", "Output", "", "People"]
    table = headed([above, ["Place", "1990", "1991", "1990", "1991"], *rows], [])
    names = ["Output 1990", "Output 1991", "People 1990", "People 1991"]
    assert list(table.frame) == ["Place", *names]
    above = ["", "Output", "", "People", "Area"]
    table = headed([above, ["Place", "1990", "1991", "1990"], *rows], [])
    assert list(table.frame) == ["Place", *names[:3], "Area"]


def test_a_note_below_a_table_of_three_columns_is_left_out():
    messages = []
    header = ["Place", "1990", "1991"]
    table = headed([header, *ROWS, ["As revised in May", "", ""]], messages)
    assert list(table.frame["Place"]) == ["Aland", "Bland", "Cland"]
    assert "1 note below the table left out" in messages


def test_years_are_no_units():
    rows = [[place, year, "5"] for place in "ABC" for year in ("1990", "1991")]
    table = headed([["place", "year", "income"], *rows], [])
    with pytest.raises(IngestError, match="--unit year names the years"):
        guess(table, {"unit": "year"}, Choices())


@pytest.mark.parametrize("last", [["", "2001", "2002"], ["GDP", "GDP"]])
def test_a_header_without_rows_below_it_is_an_empty_table(last):
    assert headed([["Title", ""], last], []).frame.empty


def test_the_line_of_a_longer_row_counts_blank_lines():
    rows = [["Incomes"], [""], ["unit", "2001"], ["a", "1"], [""], ["b", "2", "3"]]
    with pytest.raises(IngestError, match="line 6 has more cells than the header"):
        headed(rows, [])


def test_names_that_stand_alone_above_their_rows_are_a_column():
    rows = [[place, "", ""] for place in ("Aland", "Bland", "Cland")]
    measures = [["Output", "5", "6"], ["People", "7", "8"]]
    body = [row for name in rows for row in (name, *measures)]
    table = headed([["Indicator", "1990", "1991"], *body], [])
    assert table.names_above
    assert list(table.frame["unit"]) == [name[0] for name in rows for _ in measures]
    assert list(table.frame["Indicator"]) == ["Output", "People"] * 3


TITLED = [
    ["Output of A", "", ""],
    ["region", "2000", "2001"],
    ["x", "1", "2"],
    ["y", "3", "4"],
    ["Output of B", "", ""],
    ["region", "2000", "2001"],
    ["x", "5", "6"],
    ["z", "7", "8"],
]


@pytest.mark.parametrize(
    ("change", "tables"),
    [
        ({}, 2),  # half of the names of the second are those of the first
        ({6: ["w", "5", "6"]}, 0),  # none of them is
        ({4: ["", "", ""]}, 0),  # the second has no title
    ],
)
def test_tables_below_each_other_are_of_the_same_units(change, tables):
    rows = [change.get(place, row) for place, row in enumerate(TITLED)]
    assert len(_stacked(rows, 1)) == tables
