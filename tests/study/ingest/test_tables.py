"""Every message about a table's structure, the order in which faults are named, and what the checks let through."""

from __future__ import annotations

import json
from collections.abc import Callable

import pandas as pd
import pytest

from evenfield.study.errors import EvenfieldError, IngestError
from evenfield.study.ingest.dictionary import refresh_hashes
from evenfield.study.ingest.tables import check_hashes
from toy_study import ToyStudy


def write(name: str, old: str, new: str) -> Callable[[ToyStudy], object]:
    return lambda toy: toy.replace(name, old, new)


def wrong_encoding(toy: ToyStudy) -> None:
    toy.path("units").write_bytes(toy.path("units").read_text(encoding="utf-8").encode("gb18030"))


def stray_quote_in_a_long_file(toy: ToyStudy) -> None:
    text = toy.path("panel").read_text(encoding="utf-8")
    toy.path("panel").write_text(text.replace("A,2000,11", 'A,2000,"11') + "A,2000,11\n" * 20000, encoding="utf-8")


def drop_field(table: str, column: str) -> Callable[[ToyStudy], object]:
    def change(toy: ToyStudy) -> None:
        package = toy.package
        schema = toy.resource(package, table)["schema"]
        schema["fields"] = [field for field in schema["fields"] if field["name"] != column]
        toy.save(package)

    return change


def drop_key(toy: ToyStudy) -> None:
    package = toy.package
    del toy.resource(package, "panel")["schema"]["primaryKey"]
    toy.save(package)


def duplicate_in_a_table_without_key(toy: ToyStudy) -> None:
    drop_key(toy)
    toy.replace("panel", "A,2000,11", "A,2000,11,3,1.5\nA,2000,11")


CASES = {
    "missing column": (
        write("panel", ",people", ",folk"),
        "ingest: panel.csv lacks 1 column (people); expected the 5 columns of datapackage.json; "
        "add the column or correct its name",
    ),
    "extra column": (
        write("sources", "source,citation", "source,url,citation"),
        "ingest: sources.csv has 1 column too many (url); expected the columns of datapackage.json; "
        "describe it there or remove it",
    ),
    "doubled column": (
        write("sources", "source,citation", "source,source,citation"),
        "ingest: sources.csv has 1 column too many (source, source, citation and 3 more)",
    ),
    "empty file": (lambda toy: toy.path("sources").write_text(""), "ingest: sources.csv is empty; expected a header"),
    "missing file": (lambda toy: toy.path("sources").unlink(), "ingest: no file sources.csv; expected the table"),
    "ragged row": (
        write("panel", "A,2001,12,3,1.5", "A,2001,12,3"),
        "ingest: panel.csv has 1 row of another length (line 3); expected 5 cells in each row; correct the line",
    ),
    "wrong encoding": (wrong_encoding, "ingest: units.csv is not UTF-8 (byte "),
    "stray quote": (stray_quote_in_a_long_file, "ingest: panel.csv "),
    "not a number": (
        write("panel", "A,2001,12,", "A,2001,n/a,"),
        "ingest: panel.csv has 1 value of output that is no number ('n/a' in line 3); expected a number or a blank",
    ),
    "infinite": (
        write("panel", "A,2001,12,", "A,2001,inf,"),
        "panel.csv has 1 value of output that is no number ('inf'",
    ),
    "not an integer": (
        write("units", "甲省,0", "甲省,0.5"),
        "ingest: units.csv has 1 value of coastal that is no integer ('0.5' in line 2)",
    ),
    "too large": (
        write("panel", "A,2001,12,", "A,2001,10000,"),
        "ingest: panel.csv has 1 output out of range (A 2001); expected at most 9999; correct the cell",
    ),
    "too small": (
        write("panel", "C,2003", "C,1899"),
        "ingest: panel.csv has 1 year out of range (C 1899); expected at least 1900",
    ),
    "not in the list": (
        write("panel_provenance", "2003,C", "2003,D"),
        "ingest: panel_provenance.csv has 1 grade out of range (doubtful all 2000); expected one of A, B, C",
    ),
    "number not in the list": (
        write("units", "甲省,0", "甲省,2"),
        "ingest: units.csv has 1 coastal out of range (A); expected one of 0, 1",
    ),
    "wrong form": (
        write("units", "C,Cland", "Cc,Cland"),
        "ingest: units.csv has 1 unit out of range (Cc); expected text of the form [A-Z]",
    ),
    "blank where required": (
        write("panel", "A,2001,", "A,,"),
        "ingest: panel.csv has 1 blank year (A nan); expected a value in every row; fill the cell",
    ),
    "zero where logs are taken": (
        write("panel", "A,2001,12,", "A,2001,0,"),
        "ingest: panel.csv has 1 zero or negative output (A 2001); expected positive numbers, because logarithms are "
        "taken; correct the cell or leave it blank",
    ),
    "duplicated key": (
        write("panel", "A,2001", "A,2000"),
        "ingest: panel.csv has 1 duplicated key (A 2000); expected one row per unit, year; remove the duplicates",
    ),
    "duplicate where no key is declared": (
        duplicate_in_a_table_without_key,
        "ingest: panel.csv has 1 duplicated key (A 2000)",
    ),
    "foreign key": (
        write("panel_provenance", "BOOK", "LETTER"),
        "ingest: panel_provenance.csv names 1 unknown source (LETTER); expected a source of sources.csv; "
        "correct the id or add it there",
    ),
    "foreign key into the same table": (
        write("units", "B,Bland,乙自治区,1,A", "B,Bland,乙自治区,1,Z"),
        "ingest: units.csv names 1 unknown parent (Z); expected a unit of units.csv",
    ),
    "needed column not described": (
        drop_field("panel_provenance", "grade"),
        "ingest: datapackage.json does not describe grade of panel_provenance.csv",
    ),
    "taxonomy without zones": (
        drop_field("taxonomies/own", "sez"),
        "ingest: datapackage.json does not describe sez of taxonomies/own.csv",
    ),
    "checksum": (
        lambda toy: toy.replace("panel", "A,2001,12,", "A,2001,12.5,", refresh=False),
        "ingest: 1 table changed since its checksum was written (panel.csv); expected the SHA-256 in datapackage.json; "
        "run `python3 run data` if the edit is meant, else restore the file",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_fault_is_one_line_that_names_it(toy: ToyStudy, case: str) -> None:
    break_it, message = CASES[case]
    break_it(toy)
    with pytest.raises(IngestError) as caught:
        toy.read()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_structural_fault_is_named_before_the_checksum(toy: ToyStudy) -> None:
    toy.replace("panel", "A,2001,12,", "A,2001,n/a,", refresh=False)
    with pytest.raises(IngestError, match="no number"):
        toy.read()


def test_reference_is_named_before_the_checksum(toy: ToyStudy) -> None:
    toy.replace("panel_provenance", "BOOK", "LETTER", refresh=False)
    with pytest.raises(IngestError, match="unknown source"):
        toy.read()


def test_values_that_look_odd_but_are_right_pass(toy: ToyStudy) -> None:
    toy.replace("panel", "A,2001,12,", "A,2001.0, 1.2e1 ,").replace("panel", "A,2002,13,3", "A,2002,,3")
    panel = toy.read()["panel"]
    assert panel["output"].iloc[1] == 12.0
    assert pd.isna(panel["output"].iloc[2])


def test_byte_order_mark_of_a_spreadsheet_is_read_over(toy: ToyStudy) -> None:
    plain = toy.read()["panel"]
    toy.path("panel").write_bytes(b"\xef\xbb\xbf" + toy.path("panel").read_bytes())
    refresh_hashes(toy.package_path)
    pd.testing.assert_frame_equal(toy.read()["panel"], plain)


def test_line_ends_of_windows_and_blank_lines_pass(toy: ToyStudy) -> None:
    plain = toy.read()["panel"]
    toy.path("panel").write_bytes(toy.path("panel").read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    refresh_hashes(toy.package_path)
    pd.testing.assert_frame_equal(toy.read()["panel"], plain)


def test_table_without_key_is_sorted_whatever_the_order_of_its_rows(toy: ToyStudy) -> None:
    package = toy.package
    del toy.resource(package, "panel_provenance")["schema"]["primaryKey"]
    toy.save(package)
    toy.replace(
        "panel_provenance", "output,all,2000,2003", "output,all,2000,2001,A,official,BOOK,x\noutput,all,2002,2003"
    )
    plain = toy.read()["panel_provenance"]
    header, *rows = toy.path("panel_provenance").read_text(encoding="utf-8").splitlines()
    toy.path("panel_provenance").write_text("\n".join([header, *reversed(rows)]) + "\n", encoding="utf-8")
    refresh_hashes(toy.package_path)
    pd.testing.assert_frame_equal(toy.read()["panel_provenance"], plain)


def test_year_of_the_standard_is_a_number(toy: ToyStudy) -> None:
    package = toy.package
    toy.resource(package, "panel")["schema"]["fields"][1]["type"] = "year"
    toy.save(package)
    assert toy.read()["panel"]["year"].tolist()[:2] == [2000.0, 2001.0]


def test_column_of_text_where_numbers_are_needed_is_refused(toy: ToyStudy) -> None:
    package = toy.package
    toy.resource(package, "panel")["schema"]["fields"][1] = {"name": "year", "type": "string"}
    toy.save(package)
    with pytest.raises(IngestError, match=r"describes year of panel.csv as string; expected integer"):
        toy.read()


def test_changed_file_outside_the_tables_is_noticed_and_a_missing_one_is_one_line(toy: ToyStudy) -> None:
    (toy.folder / "data" / "notes.txt").write_text("a", encoding="utf-8")
    package = toy.package
    package["resources"].append({"name": "notes", "path": "notes.txt"})
    toy.save(package)
    assert refresh_hashes(toy.package_path) == ["notes.txt"]
    (toy.folder / "data" / "notes.txt").unlink()
    with pytest.raises(EvenfieldError, match=r"no file notes.txt"):
        toy.read()


def test_table_without_a_hash_is_not_checked(toy: ToyStudy) -> None:
    package = toy.package
    for item in package["resources"]:
        item.pop("hash")
    toy.save(package)
    toy.replace("panel", "A,2001,12,", "A,2001,12.5,", refresh=False)
    assert toy.read()["panel"]["output"].iloc[1] == 12.5
    assert json.loads(toy.package_path.read_text(encoding="utf-8")) == package
    check_hashes(toy.folder / "data", {})
