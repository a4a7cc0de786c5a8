"""Tables as LaTeX, Markdown, HTML, Typst, Word and CSV print them.

`PYTHONPATH=workflow:tests python tests/shared/test_tables.py` writes `tables/` anew.
"""

import re
import zipfile
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from docx import Document
from pandas.testing import assert_frame_equal

from evenfield.shared.tables import numbers, with_test
from evenfield.shared.tables.latex import (
    _column_type,
    _paper_columns,
    escape_latex,
    table_latex,
)
from evenfield.shared.tables.markdown import table_markdown
from evenfield.shared.tables.markup import table_html
from evenfield.shared.tables.numbers import (
    fixed,
    interval,
    is_missing,
    p_value,
    significant,
    with_decimals,
    with_error,
    with_interval,
    years,
)
from evenfield.shared.tables.rows import Selector, matching
from evenfield.shared.tables.table import Column, Short, Table, grid
from evenfield.shared.tables.typst import table_typst, typst_string, typst_text
from evenfield.shared.tables.write import write_table_files
from evenfield.study.errors import ArtifactError
from evenfield.study.table_files import read_table
from refusals import fails
from yaml_text import from_yaml

TABLES = Path(__file__).parent / "tables"


def made_table():
    frame = pd.DataFrame(
        {
            "name": ["A & B", "C_1", "<b>|"],
            "value": [-1.2345678, 2.0, float("nan")],
            "low": [-2.0, 1.0, float("nan")],
            "high": [0.0, float("nan"), float("nan")],
            "why": ["", "", "too few units"],
            "group": ["one", "one", "two"],
        }
    )
    columns = (
        Column(names=("name",), header="Name & more"),
        Column(
            names=("value",),
            header="Value",
            align="right",
            show=with_decimals(fixed, 2),
            reason="why",
        ),
        Column(
            names=("low", "high"),
            header="95% interval",
            align="right",
            show=with_decimals(interval, 1),
            reason="why",
        ),
    )
    return Table(
        id="TX",
        title="A title with 5% & more",
        note=("One.", "Two < three."),
        columns=columns,
        frame=frame,
        group="group",
    )


def brief(table):
    """Print a table whose short one, in the paper, has one row and no column Value."""
    short = Short(lambda row: row["group"] == "two", ("low",))
    return table_typst(replace(table, short=short))


# Files of `tables/`: escaped, balanced, with scopes and numbers to sort by.
PRINTS = {
    "TX.tex": table_latex,
    "TX.md": table_markdown,
    "TX.html": table_html,
    "TX.typ": table_typst,
    "brief.typ": brief,
}


@pytest.mark.parametrize("file", PRINTS)
def test_a_table_is_printed_as_it_was_approved(file):
    assert PRINTS[file](made_table()) == (TABLES / file).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("escape", "text", "escaped"),
    [
        (
            escape_latex,
            "a\\b{c}~^",
            r"a\textbackslash{}b\{c\}\textasciitilde{}\textasciicircum{}",
        ),
        (typst_text, "- a_b #1 [x] $5 @c\n~ \\", r"\- a\_b \#1 \[x\] \$5 \@c \~ \\"),
        (typst_string, 'say "a\\b""', r'"say \"a\\b\"\""'),
    ],
)
def test_what_a_language_reads_as_its_own_is_escaped(escape, text, escaped):
    assert escape(text) == escaped


def test_a_column_of_the_paper_breaks_lines_above_twenty_characters():
    name, value = _paper_columns(made_table(), [22, 20, 8], [0, 1])
    # 22 characters of 0.135 cm.
    assert name.endswith("p{2.97cm}") and value == "r"


def test_typst_leaves_out_what_the_paper_does_not_print():
    columns = (*made_table().columns[:2], replace(made_table().columns[2], paper=False))
    assert "interval" not in table_typst(replace(made_table(), columns=columns))


def test_a_table_wider_than_a_page_is_printed_in_parts_under_its_row_headings():
    names = [f"column {number}" for number in range(14)]
    frame = pd.DataFrame([dict.fromkeys(names, "[-10.25, 10.25]")], index=[0])
    columns = tuple(Column(names=(name,), header=name) for name in names)
    wide = Table(id="T1", note=(), columns=columns, frame=frame)
    parts = (
        table_typst(wide).partition("#let short_title")[0].split("table.header(")[1:]
    )
    headings = [
        re.findall(
            r"column \d+", part.partition("\n")[0].replace('" + linebreak() + "', " ")
        )
        for part in parts
    ]
    assert [part[0] for part in headings] == ["column 0", "column 0"]
    assert [name for part in headings for name in part[1:]] == names[1:]
    assert abs(len(headings[0]) - len(headings[1])) <= 1


def test_the_csv_twin_holds_the_unrounded_frame(tmp_path):
    paths = [
        str(tmp_path / f"TX.{ending}") for ending in ("csv", "tex", "md", "html", "typ")
    ]
    write_table_files(made_table(), paths)
    back = read_table(paths[0], text=("name", "why", "group"))
    wanted = made_table().frame.assign(value=[-1.23457, 2.0, float("nan")])
    assert_frame_equal(back, wanted, check_dtype=False)
    assert all(
        Path(path).read_bytes().endswith(b"\n") and b"\r" not in Path(path).read_bytes()
        for path in paths
    )


def test_word_prints_the_same_text_with_title_note_and_repeated_heading_in_the_same_bytes(
    tmp_path,
):
    for name in ("a.docx", "b.docx"):
        write_table_files(made_table(), [str(tmp_path / name)])
    assert (tmp_path / "a.docx").read_bytes() == (tmp_path / "b.docx").read_bytes()
    estimates = Document(str(tmp_path / "a.docx"))
    assert [p.text for p in estimates.paragraphs] == [
        "TX. A title with 5% & more",
        "One. Two < three. (a) too few units.",
    ]
    (shown,) = estimates.tables
    rows = [[cell.text for cell in row.cells] for row in shown.rows]
    assert rows[:2] == [["Name & more", "Value", "95% interval"], ["one"] * 3]
    assert rows[2] == ["A & B", "\u22121.23", "[\u22122.0, 0.0]"]
    assert rows[-1] == ["<b>|", "(a)", "(a)"]
    assert len(rows) == 6
    assert "<w:tblHeader/>" in shown.rows[0]._tr.xml
    assert "<w:tblHeader/>" not in shown.rows[1]._tr.xml
    assert (
        shown.cell(2, 1).paragraphs[0].alignment,
        estimates.core_properties.created.year,
    ) == (2, 2000)
    with zipfile.ZipFile(tmp_path / "a.docx") as held:
        assert held.namelist() == sorted(held.namelist())
        assert {i.date_time[0] for i in held.infolist()} == {1980}


def test_an_estimate_has_its_decimals_by_row_and_its_reason_where_it_is_blank():
    frame = pd.DataFrame(
        {
            "label": ["a", "b", "c"],
            "estimate": [1.26, 0.0126, np.nan],
            "conf_low": [0.5, np.nan, np.nan],
            "conf_high": [2.0, np.nan, np.nan],
            "p_value": [0.02, 0.5, np.nan],
            "p_permuted": [0.03, np.nan, np.nan],
            "mde": [1.0, np.nan, np.nan],
            "decimals": [1, 3, 1],
            "reason": ["", "permuted", "too few"],
        }
    )

    def printed(**more):
        columns = with_test(
            Column(names=("label",), header="Of"),
            "Effect",
            "95%",
            "decimals",
            p_values={"p, permuted": "p_permuted"},
            **more,
        )
        assert [column.header for column in columns] == [
            *("Of", "Effect", "95% interval", "p", "p, permuted", "Detectable")
        ]
        lines = grid(Table(columns=columns, frame=frame, note=())).lines
        return [[cell.text for cell in line.cells] for line in lines]

    first = ["a", "1.3", "[0.5, 2.0]", ".020", ".030", "1.0"]
    plain = [first, ["b", "0.013", "", ".500", "", ""], ["c", "(a)", "", "", "", ""]]
    assert printed() == plain
    explained = printed(explained=True)
    assert explained[2] == ["c", "(b)", "(b)", "(b)", "", ""]
    assert explained[1] == ["b", "0.013", "(a)", ".500", "", ""]


def test_an_empty_table_says_what_to_do():
    table = made_table()
    empty = replace(table, frame=table.frame.iloc[:0])
    bare = replace(table, frame=table.frame.drop(columns="low"))
    todo = r"TX has no rows; expected .*; remove TX from `tables`"
    fails(ArtifactError, todo, grid, empty)
    fails(ArtifactError, "TX lacks 1 columns", grid, bare)


NAN = float("nan")


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        (fixed(-1.234, 2), "\u22121.23"),
        (fixed(-0.001, 2), "0.00"),
        (fixed(1234.5, 1), "1,234.5"),
        (significant(0.012345, 3), "0.0123"),
        (significant(-0.9996, 3), "\u22121.00"),
        (significant(0.0), "0"),
        (numbers.year(NAN), ""),
        (years(2e8), "> 1,000"),
        (numbers.years_interval(198.0, NAN), "[198, unbounded]"),
        (interval(-1.0, 2.0, 1), "[\u22121.0, 2.0]"),
        (interval(20.0, NAN, 0), "[20, unbounded]"),
        (interval(NAN, NAN), ""),
        (with_error(-0.5, 0.25, 2), "\u22120.50 (0.25)"),
        (with_error(0.5, NAN, 1), "0.5"),
    ],
)
def test_numbers_are_written_one_way(shown, wanted):
    assert shown == wanted


@pytest.mark.parametrize(
    ("estimate", "printed"),
    [
        ((1.2067, -2.82, 5.235, "pp/yr"), ("1.2", "[\u22122.8, 5.2]")),
        ((0.0556, -0.0401, 0.1513, ""), ("0.056", "[\u22120.040, 0.151]")),
        ((6.28, -14.2, 26.8, ""), ("6", "[\u221214, 27]")),
        ((0.8, 0.04, NAN, "pp/yr"), ("0.80", "[0.04, unbounded]")),
        ((1.0314, NAN, NAN, "ratio"), ("1.03", "")),
        ((68.07, NAN, NAN, "percent"), ("68", "")),
        ((0.0354, NAN, NAN, ""), ("0.035", "")),
        ((5.0, 2.2, 7.1, "units"), ("5", "[2, 7]")),
        ((0.0, NAN, NAN, "percent"), ("0", "")),
        ((NAN, NAN, NAN, "percent"), ("", "")),
    ],
)
def test_an_estimate_is_as_exact_as_its_interval(estimate, printed):
    assert with_interval(*estimate) == printed


def test_p_values_have_no_leading_zero_and_missing_is_not_zero():
    wanted = {
        0.012: ".012",
        0.0004: "< .001",
        0.9996: "> .999",
        NAN: "",
    }
    assert {p: p_value(p) for p in wanted} == wanted
    assert all(is_missing(value) for value in (None, NAN, pd.NA, pd.NaT, ""))
    assert not any(is_missing(value) for value in (0, 0.0, "0", False))


def test_letters_outside_latin_have_their_numbers_for_pdflatex():
    text = escape_latex("a \u6c49\u5b57 \u1ea1")
    chinese = "\\ifdefined\\Umathcode \u6c49\u5b57\\else U+6C49 U+5B57\\fi{}"
    assert text == f"a {chinese} \\ifdefined\\Umathcode \u1ea1\\else a\\fi{{}}"


@pytest.mark.parametrize(
    ("align", "width_cm", "kind"),
    from_yaml("""
    - [left, 0.0, l]
    - [right, 0.0, r]
    - [left, 2.5, 'p{2.5cm}']
    """),
)
def test_a_column_of_latex_is_aligned_as_it_says(align, width_cm, kind):
    column = Column(
        names=("x",),
        header="x",
        align=align,
        width_cm=width_cm,
    )
    assert _column_type(column).endswith(kind)


@pytest.mark.parametrize("names", [["a"], ["a", "b"], ["b", "c", "a"]])
def test_many_selections_of_one_frame_are_those_made_one_by_one(names):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.choice(list("xyz"), (40, 3)), columns=list("abc"))
    selector = Selector(frame)
    for letters in product("xyzq", repeat=len(names)):
        select = dict(zip(names, letters, strict=True))
        assert_frame_equal(selector.matching(select), matching(frame, select))


if __name__ == "__main__":
    for file, printed in PRINTS.items():
        (TABLES / file).write_text(printed(made_table()), encoding="utf-8")
