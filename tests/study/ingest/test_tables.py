"""Every message about a table's structure, the order in which faults are named, and
what the checks let through.
"""

import re

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from evenfield.study.errors import EvenfieldError, IngestError
from evenfield.study.ingest.dictionary import refresh_hashes
from refusals import fails


def write(name, old, new, **options):
    return lambda toy: toy.replace(name, old, new, **options)


def schema(table, change):
    def changed(toy):
        package = toy.package
        change(toy.resource(package, table)["schema"])
        toy.save(package)

    return changed


def without(column):
    return lambda schema: schema["fields"].remove(
        next(f for f in schema["fields"] if f["name"] == column)
    )


def duplicate_in_a_table_without_key(toy):
    schema("panel", lambda schema: schema.pop("primaryKey"))(toy)
    toy.replace("panel", "A,2000,11", "A,2000,11,3,1.5\nA,2000,11")


PARENT = "B,Bland,乙自治区,1,"
CASES = [
    (
        write("panel", ",people", ",folk"),
        "panel.csv lacks 1 column (people); expected the 5 columns",
    ),
    (
        write("sources", "source,citation", "source,url,citation"),
        "sources.csv has 1 column too many (url)",
    ),
    (
        write("panel", "A,2001,12,3,1.5", "A,2001,12,3"),
        "panel.csv has 1 row of another length (line 3); expected 5",
    ),
    (
        write("panel", "A,2001,12,", "A,2001,10000,"),
        "1 output out of range (A 2001); expected at most 9999; correct",
    ),
    (
        write("panel", "C,2003", "C,1899"),
        "panel.csv has 1 year out of range (C 1899); expected at least 1900",
    ),
    (
        write("panel_provenance", "2003,C", "2003,D"),
        "1 grade out of range (doubtful all 2000); expected one of A, B",
    ),
    (
        write("units", "C,Cland", "Cc,Cland"),
        "1 unit out of range (Cc); expected text of the form [A-Z]",
    ),
    (
        write("panel", "A,2001,", "A,,"),
        "panel.csv has 1 blank year (A nan); expected a value in every row",
    ),
    (
        write("panel", "A,2001,12,", "A,2001,0,"),
        "1 zero or negative output (A 2001); expected positive numbers",
    ),
    (duplicate_in_a_table_without_key, "panel.csv has 1 duplicated key (A 2000)"),
    (
        write("units", f"{PARENT}A", f"{PARENT}Z"),
        "units.csv names 1 unknown parent (Z); expected a unit of units.csv",
    ),
    (
        schema("panel_provenance", without("grade")),
        "datapackage.json does not describe grade of panel_provenance.csv",
    ),
    (
        write("panel", "A,2001,12,", "A,2001,12.5,", refresh=False),
        "expected the SHA-256 .*; run `python3 run data` if",
    ),
]


@pytest.mark.parametrize(("break_it", "message"), CASES)
def test_fault_is_one_line_that_names_it_before_the_checksum(toy, break_it, message):
    break_it(toy)
    fails(
        IngestError,
        "^ingest: .*" + ".*".join(map(re.escape, message.split(".*"))) + ".*$",
        toy.read,
    )


def test_values_that_look_odd_but_are_right_pass(toy):
    toy.replace("panel", "A,2001,12,", "A,2001.0, 1.2e1 ,").replace(
        "panel", "A,2002,13,3", "A,2002,,3"
    )
    panel = toy.read()["panel"]
    assert panel["output"].iloc[1] == 12.0
    assert pd.isna(panel["output"].iloc[2])
    schema("panel", lambda schema: schema["fields"][1].update(type="year"))(toy)
    assert toy.read()["panel"]["year"].tolist()[:2] == [2000.0, 2001.0]


@pytest.mark.parametrize(
    "change",
    [lambda b: b"\xef\xbb\xbf" + b, lambda b: b.replace(b"\n", b"\r\n") + b"\r\n"],
)
def test_files_of_a_spreadsheet_are_read_as_plain_ones(toy, change):
    plain = toy.read()["panel"]
    toy.path("panel").write_bytes(change(toy.path("panel").read_bytes()))
    refresh_hashes(toy.package_path)
    assert_frame_equal(toy.read()["panel"], plain)


def test_table_without_key_is_sorted_whatever_the_order_of_its_rows(toy):
    schema("panel_provenance", lambda schema: schema.pop("primaryKey"))(toy)
    split = "output,all,2000,2001,A,official,BOOK,x\noutput,all,2002,2003"
    plain = toy.replace("panel_provenance", "output,all,2000,2003", split).read()[
        "panel_provenance"
    ]
    header, *rows = toy.path("panel_provenance").read_text().splitlines()
    toy.path("panel_provenance").write_text("\n".join([header, *reversed(rows)]) + "\n")
    refresh_hashes(toy.package_path)
    assert_frame_equal(toy.read()["panel_provenance"], plain)


def test_changed_file_outside_the_tables_is_noticed_and_a_missing_one_is_one_line(toy):
    (toy.folder / "data" / "notes.txt").write_text("a")
    package = toy.package
    package["resources"].append({"name": "notes", "path": "notes.txt"})
    toy.save(package)
    assert refresh_hashes(toy.package_path) == ["notes.txt"]
    (toy.folder / "data" / "notes.txt").unlink()
    fails(EvenfieldError, r"no file notes.txt", toy.read)
