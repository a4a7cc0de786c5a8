"""Cells as numbers: in every way in which offices write them, or none at all; what
divides the cells of a text.
"""

import base64
import re
import tracemalloc
import warnings
import zipfile
import zlib

import pandas as pd
import pytest
from openpyxl import Workbook

from evenfield.newstudy import any_table, sheets, text_files, workbooks
from evenfield.newstudy.any_table import read_any
from evenfield.newstudy.cells import no_numbers, numbers_of
from evenfield.newstudy.text_files import TextFile
from evenfield.study.errors import IngestError
from refusals import fails
from yaml_text import from_yaml

WRITTEN = from_yaml("""
    points between thousands: [['1.234,5', '12,0'], [1234.5, 12]]
    several points: [[1.234.567, '1.000'], [1234567, 1000]]
    decimal points: [['1.234', '2.345'], [1.234, 2.345]]
    dollars: [['$1,234', $ 12], [1234, 12]]
    reais: [['R$ 1.234,50', 'R$ 3,00'], [1234.5, 3]]
    euros behind: [[€5, 6 €], [5, 6]]
    commas between thousands: [['1,234.5', '2'], [1234.5, 2]]
    lakhs: [['1,44,018', '12,345.5'], [144018, 12345.5]]
    crores: [['-1,23,45,678', '45'], [-12345678, 45]]
    one comma between thousands: [['1,234', '12'], [1234, 12]]
    blanks and a decimal comma: [['1 234,5', '3,1'], [1234.5, 3.1]]
    a decimal comma, then points: [['987,5', '1.234'], [987.5, 1234]]
    negative: [['-1.234,5', '2'], [-1234.5, 2]]
    powers of ten: [[1e5, '2.5E-3'], [100000, 0.0025]]
    """)


@pytest.mark.parametrize("name", WRITTEN)
def test_numbers_are_read_as_they_are_written(name):
    texts, values = WRITTEN[name]
    assert numbers_of(pd.Series([*texts, "..", ""])).tolist()[:2] == values


MIXED = [
    ["1,44,18", "2"],
    ["1,5", "1.5"],
    ["12.5", "1.234,5"],
    ["a", "1"],
    ["$", "1"],
    ["1.2.3", "4"],
    ["+-1", "4"],
    ["01", "2"],
    ["9" * 400, "1"],
]


@pytest.mark.parametrize("texts", MIXED)
def test_cells_that_are_written_in_two_ways_are_no_numbers(texts):
    column = pd.Series(texts)
    assert numbers_of(column) is None
    assert no_numbers(column)[1].size


def test_more_columns_than_a_study_has_are_refused(tmp_path):
    names = [f"c{row_of_unit}" for row_of_unit in range(5_001)]
    path = tmp_path / "wide.csv"
    path.write_text(f"{','.join(names)}\n{','.join('1' for _ in names)}\n")
    fails(IngestError, r"wide\.csv has 5,001 columns; expected at", read_any, path)


@pytest.mark.parametrize(
    ("limit", "most", "words"),
    [
        ("workbooks.MOST_SHEET_CELLS", 20, "the sheet Sheet1 has 24 cells"),
        ("workbooks.MOST_SHEET_BYTES", 500, "has sheets of 0 MB"),
        ("workbooks.MOST_OTHER_BYTES", 500, "has texts and styles of 0 MB"),
        (
            "text_files.MOST_CELLS",
            20,
            "has more than 20 cells, the first 0 of its 0 MB",
        ),
    ],
)
def test_more_cells_than_can_be_read_are_refused_before(
    tmp_path, monkeypatch, limit, most, words
):
    frame = pd.DataFrame({"unit": list("abcdefg"), "year": 2000, "income": 1.5})
    if limit.startswith("text"):
        path = tmp_path / "t.csv"
        frame.to_csv(path, index=False)
        monkeypatch.setattr(text_files, "CHUNK", 10)
    else:
        path = tmp_path / "t.xlsx"
        frame.to_excel(path, index=False)
    monkeypatch.setattr(f"evenfield.newstudy.{limit}", most)
    for reader in ("text_files.headed", "sheets.headed"):  # which take long
        monkeypatch.setattr(f"evenfield.newstudy.{reader}", None)
    fails(IngestError, words, read_any, path)


def test_a_header_of_a_million_columns_is_refused_before_it_is_read(
    tmp_path, monkeypatch
):
    path = tmp_path / "wide.csv"
    path.write_text("unit" + ",c" * 1_000_000 + "\na,1\n")
    monkeypatch.setattr(text_files, "headed", None)
    fails(IngestError, "wide.csv has 1,000,001 columns", read_any, path)


def without_dimensions(path, change=lambda sheet: sheet):
    """Write a workbook anew, whose sheets do not say how far they reach."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, part in parts.items():
            is_sheet = "worksheets/" in name
            bare = re.sub(rb"<dimension[^>]*/>", b"", part)
            book.writestr(name, change(bare) if is_sheet else part)


# What a sheet may hold far from its table: a figure in the last cell, a thousand rows that
# reach to the last column, a number of a row that no sheet has, and cells that hold nothing.
FAR = from_yaml("""
    last cell: ['<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', 1, reaches to row 1]
    wide rows: ['<row><c r="XFD1"><v>1</v></c></row>', 1000, 'reaches to row .* and column 16,384']
    row number: ['<row r="99999999999"><c><v>1</v></c></row>', 1, 'reaches to row 99,999,999,999']
    formats: ['<row r="1048576"><c r="XFD1048576" s="1"/></row>', 1, '']
    """)


@pytest.mark.parametrize("name", FAR)
def test_a_small_workbook_with_cells_far_away_takes_neither_memory_nor_time(
    tmp_path, name
):
    row, count, words = FAR[name]
    path = tmp_path / "far.xlsx"
    frame = pd.DataFrame({"unit": list("abc"), "year": 2000, "income": [1, 2, 3]})
    frame.to_excel(path, index=False)
    rows = row.encode() * count + b"</sheetData>"
    without_dimensions(path, lambda sheet: sheet.replace(b"</sheetData>", rows))
    assert path.stat().st_size < 9_000
    tracemalloc.start()
    if words:
        fails(IngestError, words, read_any, path)
    else:
        assert read_any(path).frame.shape == (3, 3)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 200_000_000


def test_texts_of_a_workbook_that_unpack_to_more_than_can_be_read_are_refused(tmp_path):
    path = tmp_path / "bomb.xlsx"
    pd.DataFrame({"unit": ["a"], "income": [1]}).to_excel(path, index=False)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/more.xml", bytes(201_000_000))
    assert path.stat().st_size < 300_000
    fails(IngestError, "bomb.xlsx has texts and styles of 201 MB", read_any, path)


def test_other_sheets_of_a_large_workbook_are_read_as_far_as_they_may_be_alike(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(sheets, "FEW_CELLS", 0)
    path = tmp_path / "many.xlsx"
    columns = {"alike": "income", "more": "income", "other": "jobs"}
    with pd.ExcelWriter(path) as book:
        for name, column in columns.items():
            frame = pd.DataFrame({"unit": list("abc"), "year": 2000, column: range(3)})
            frame.to_excel(book, sheet_name=name, index=False)
    read = []
    whole = workbooks.Workbook.rows
    monkeypatch.setattr(
        workbooks.Workbook,
        "rows",
        lambda book, name: read.append(name) or whole(book, name),
    )
    monkeypatch.setattr(sheets, "MOST_IN_CONTENTS", 0)
    table = read_any(path)
    assert read == ["alike", "more"]
    assert table.frame["sheet"].tolist() == ["alike"] * 3 + ["more"] * 3


# What a sheet of contents says of sheets 1 and 2, and which one is read.
CALLED = from_yaml("""
    in the next cell: [[[1, Gross value added], [2, Gross value added per head]], 'the sheet 2 was read, of 3']
    in the same cell: [['1: Wages per head (pounds)', '2 - Employment'], 'the sheet 1 was read, of 3']
    growth is no level: [[[1, 'GDP per capita, growth'], [2, 'GDP per capita']], 'the sheet 2 was read, of 3']
    of two the one at constant prices: [[[1, 'GDP per capita, current prices'], [2, 'GDP per capita, constant prices']], 'the sheet 2 was read, of 3']
    nothing of income: [[[1, Employment], [2, Population]], 'sheets 1, 2 have the same columns']
    several things of one: [[[1, GDP per capita, 5], [1, Wages, 6], [2, GDP per capita, 7]], 'sheets 1, 2 have the same columns']
    """)


@pytest.mark.parametrize("name", CALLED)
def test_the_sheet_that_contents_call_income_per_head_is_read(tmp_path, name):
    said, words = CALLED[name]
    path = tmp_path / "tables.xlsx"
    frame = pd.DataFrame({"unit": list("abc"), "year": 2000, "value": range(3)})
    with pd.ExcelWriter(path) as book:
        contents = pd.DataFrame(
            [row if isinstance(row, list) else [row] for row in said]
        )
        contents.to_excel(book, sheet_name="Contents", index=False, header=False)
        for sheet in ("1", "2"):
            frame.to_excel(book, sheet_name=sheet, index=False)
    assert words in read_any(path).messages[0]


def test_numbered_sheets_are_called_by_what_their_titles_say_differently(tmp_path):
    path = tmp_path / "states.xlsx"
    book = Workbook()
    book.remove(book.active)
    for number, name in enumerate(["Aland", "Bland", "Cland"], 1):
        sheet = book.create_sheet(f"Tab{number}")
        sheet.append([f"Table {number} - Income per head - {name}: 2001-2003"])
        sheet.append(["Year", "Income per head"])
        for year in (2001, 2002, 2003):
            sheet.append([year, 100 * number + year - 2001])
    book.save(path)
    frame = read_any(path).frame
    assert frame["sheet"].unique().tolist() == ["Aland", "Bland", "Cland"]


def test_a_long_reading_says_how_far_it_is(tmp_path, monkeypatch):
    path = tmp_path / "long.csv"
    rows = [f"unit {i},2000,{i}" for i in range(100)]
    path.write_text("\n".join(["unit,year,income", *rows]))
    monkeypatch.setattr(text_files, "CHUNK", 500)
    monkeypatch.setattr(text_files, "TOLD_EVERY", 40)
    told = []
    read_any(path, note=told.append)
    assert told[0] == "reading long.csv: 0 of 0 MB, 190 cells"
    assert told[-2:] == ["reading long.csv: row 40", "reading long.csv: row 80"]


def test_a_table_that_its_reader_warns_of_is_read_or_refused_without_a_warning(
    tmp_path, monkeypatch
):
    path = tmp_path / "table.dta"
    frame = pd.DataFrame({"unit": ["A", "B"], "income": [1.0, 2.0]})
    frame.to_stata(path, write_index=False)

    def read(*_, **__):
        warnings.warn("one value label is broken", UnicodeWarning, stacklevel=1)
        raise ValueError("no table")

    monkeypatch.setattr(any_table, "_read_stata", read)
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        fails(IngestError, r"table\.dta cannot be read \(no table\)", read_any, path)
    assert not shown


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_mark_that_stands_in_every_line_divides_the_cells(tmp_path, mark):
    other = ";" if mark != ";" else ","
    note = f'"x{other}y{other}z{other}w"'
    file = tmp_path / "table.txt"
    file.write_text(f"a{mark}b\n1{mark}2\n3{mark}{note}\n")
    assert TextFile(file, "", print).rows() == [
        ["a", "b"],
        ["1", "2"],
        ["3", note.strip('"')],
    ]


def test_tabs_part_cells_whatever_commas_the_figures_hold(tmp_path):
    file = tmp_path / "table.txt"
    file.write_text("a\tb\n" + "1,234,567\t2,345,678\n" * 25)
    assert TextFile(file, "", print).rows()[-1] == ["1,234,567", "2,345,678"]


@pytest.mark.parametrize("opening", [b"PK\x03\x04", b"\x1f\x8b\x08"])
def test_a_packed_file_is_named(tmp_path, opening):
    file = tmp_path / "table.csv"
    file.write_bytes(opening + b"unit,year,income")
    fails(IngestError, "table.csv is packed; .*unpack it first", read_any, file)


def test_a_web_page_under_the_ending_of_a_workbook_is_named(tmp_path):
    page = tmp_path / "report.xls"
    page.write_text("<html><table><tr><td>Region</td></tr></table></html>")
    words = "report.xls is a web page under the ending of a workbook"
    fails(IngestError, words, read_any, page)


def test_a_column_without_a_name_is_left_out_and_told_unless_it_numbers_the_rows(
    tmp_path,
):
    path = tmp_path / "a.csv"
    path.write_text(
        ",area,,year,jobs,pay\n7,A,north,2001,3,1\n8,B,south,2001,4,2\n", "utf-8"
    )
    table = read_any(path)
    assert list(table.frame) == ["area", "year", "jobs", "pay"]
    assert table.messages == ["left out: 1 column without a name (first cell north)"]


def test_digits_of_another_alphabet_are_read_wherever_they_stand(tmp_path):
    path = tmp_path / "a.csv"
    rows = [f"area {number},{number}" for number in range(300)]
    path.write_text("\n".join(["area,income", *rows, "last,٣٠٠"]), "utf-8")
    assert read_any(path).frame["income"].iloc[-1] == "300"


# Three regions in two years, as pyreadstat writes them for SAS.
XPORT = (
    "c-r%Db#!qJQV4Q&_78H=f&d>+ry$3mNCgjMIYkICzzY-<f*peuKmdsb8mFLOre|OV;wKfSnCKZP-"
    "~`47e*R%bW>!W9R)(fl#%Abz1qy)&7XSLX`Z@u{i1V+Z8JuNefZaToVCSHKkRXb}&&4ssG1xT(#0"
    "N14b@=%?`nm=a@~<&=|1vN!Ffgz(FczhzXXfWAC<H-iVgUmbp!3NBj6lr6z*L!<SOhXF5=xWg7Df"
    "!Wuu|X_=FGh0{M=Lp1$UPKg@V)~h2+G7%#uX1-NH+bQ>dL@{GEa^<%rB5jyZ{WDb95QV23%|HGpZ"
    "TAjFf-_6NYU6N<`O24q2~%DNX28b#&q24q2~%6-I!1OS$;(H#"
)


@pytest.mark.parametrize("ending", ["xpt", "XPT"])
def test_a_transport_file_of_sas_is_read(tmp_path, ending):
    path = tmp_path / f"table.{ending}"
    path.write_bytes(zlib.decompress(base64.b85decode(XPORT)))
    frame = read_any(path).frame
    assert frame["region"].tolist() == ["Aland"] * 2 + ["Bland"] * 2 + ["Cland"] * 2
    assert frame["year"].tolist() == ["2017", "2018"] * 3
    assert frame["income"].tolist() == "1000 1020 2000 2030.5 3000 3040".split()


CONVERTED = from_yaml("""
    rds: write.csv
    RData: write.csv
    feather: to_csv
    h5: to_csv
    por: in SPSS
    pdf: spreadsheet
    html: spreadsheet
    zip: unpack
    7z: unpack
    gz: unpack
    sqlite: export the table
    xml: its office
    px: its office
    """)


@pytest.mark.parametrize("ending", CONVERTED)
def test_a_file_of_another_program_is_refused_with_what_makes_a_table_of_it(
    tmp_path, ending
):
    path = tmp_path / f"table.{ending}"
    path.write_bytes(b"<html>\x00\x1f\x8b")
    words = rf"table\.{ending} is no table.*; expected .*; .*{CONVERTED[ending]}"
    fails(IngestError, words, read_any, path)


@pytest.mark.parametrize("ending", ["sas7bdat", "xpt", "xlsx", "ods", "dta"])
def test_a_file_that_is_not_what_its_ending_says_is_refused_in_a_line(tmp_path, ending):
    path = tmp_path / f"table.{ending}"
    path.write_bytes(b"no such file \x00\xff" * 40)
    fails(IngestError, rf"table\.{ending} cannot be read", read_any, path)


@pytest.mark.parametrize(
    "text",
    [
        "a,b\nc,d\n",
        "a,b\r\nc,d",
        "a , b \nc,d\n",
        "a,b\nc ,d ",
        "a,b\nc,d \r\n",
        '"a ",b\n"c",d\n',
        "a,b\u00a0\nc\u3000,d\n",
        "a\u00a0,b\nc,d\n",
        "a;b \nc;d\n",
        "a ;b\nc;d\n",
        "a\tb \nc\td\n",
        "a |b\nc|d\n",
    ],
)
def test_cells_have_no_blanks_at_their_ends(tmp_path, text):
    file = tmp_path / "t.csv"
    file.write_text(text, encoding="utf-8", newline="")
    assert TextFile(file, "utf-8", print).rows() == [["a", "b"], ["c", "d"]]


def test_a_cell_of_two_lines_is_one_cell_of_one_line(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text('a,b\n"c\nd",e\n', encoding="utf-8")
    assert TextFile(file, "", print).rows()[1] == ["c d", "e"]
