"""The way from a number to its evidence: cells, labels, columns, files and lines."""

import json

import pandas as pd
import pytest

from evenfield.report.evidence import (
    Evidence,
    _labels_apart,
    columns_named,
    estimate_of_cell,
    specifications,
    table_with_ids,
    written_in,
)
from evenfield.shared.tables.table import estimate_of
from evenfield.study.errors import ReportError
from yaml_text import from_yaml


def table(**columns):
    """A table with two estimates a row, the first of which is missing in the first row."""
    return pd.DataFrame(
        {
            "speed_estimate": [None, 1.5],
            "speed_estimate_id": ["", "0123456789ab"],
            "speed_conf_low": [None, 0.5],
            "log_income none estimate_id": ["c" * 12, "d" * 12],
            **columns,
        }
    )


@pytest.mark.parametrize("label", ["2009\u201319", "2009-19", "2009\u201319\u2020"])
def test_a_cell_is_found_by_the_labels_of_its_row(label):
    frame = table(period=["2001\u201308", "2009\u201319\u2020"])
    assert estimate_of_cell(frame, [label, "speed"], "T6") == "0123456789ab"
    assert estimate_of_cell(frame, [label, "log_income none"], "T6") == "d" * 12


def test_a_row_is_found_by_a_year_and_one_without_the_estimate_is_passed_over():
    assert (
        estimate_of_cell(table(year=[2019, 2019]), ["2019", "speed"], "T13")[0] == "0"
    )


def test_labels_that_several_rows_hold_are_refused_by_what_tells_them_apart():
    frame = pd.DataFrame(
        {
            "spec": ["absolute", "absolute", "given"],
            "period": ["1990\u201399", "2000\u201309", "2000\u201309"],
            "speed_estimate_id": ["a" * 12, "b" * 12, "c" * 12],
        }
    )
    for label, named in [
        ("absolute", ["T6:absolute:1990-99:speed", "T6:absolute:2000-09:speed"]),
        ("2000-09", ["T6:2000-09:absolute:speed", "T6:2000-09:given:speed"]),
    ]:
        message = f"may be 2 cells; .* name one of them: {', '.join(named)}$"
        with pytest.raises(ReportError, match=message):
            estimate_of_cell(frame, [label, "speed"], f"T6:{label}:speed")
        found = [estimate_of_cell(frame, x.split(":")[1:], x) for x in named]
        assert len({*found}) == 2
    assert estimate_of_cell(frame, ["absolute", "2000-09", "speed"], "T6") == "b" * 12


def test_a_label_with_a_colon_of_its_own_is_found():
    frame = table(kind=["clubs: found", "clubs: merged"])
    words = "clubs: merged:speed".split(":")
    assert estimate_of_cell(frame, words, "T10") == "0123456789ab"


@pytest.mark.parametrize(
    ("words", "message"),
    from_yaml("""
    - [[2009-19, slope], "column 'slope'; expected one of speed, log_income none"]
    - [[1900-01, speed], no row of T6 holds 1900-01]
    """),
)
def test_a_cell_that_is_not_there_is_refused(words, message):
    with pytest.raises(ReportError, match=message):
        estimate_of_cell(table(period=["a", "2009\u201319"]), words, "T6:x")


@pytest.mark.parametrize(
    ("name", "expected"),
    from_yaml("""
    - [speed_conf_low, one]
    - [speed, one]
    - [p_free, ""]
    - [mde, whole]
    - [n_units, whole]
    """),
)
def test_the_nearest_id_in_a_row_is_that_of_a_column(name, expected):
    ids = {"speed_estimate_id": "one", "p_free_estimate_id": None}
    assert estimate_of({**ids, "estimate_id": "whole"}, name) == expected


def test_an_id_of_digits_stays_a_text(tmp_path):
    path = tmp_path / "T6.csv"
    path.write_text("label,speed_estimate_id\na,012345678901\nb,12e456789012\n")
    ids = list(table_with_ids(path)["speed_estimate_id"])
    assert ids == ["012345678901", "12e456789012"]


def test_specifications_are_found_however_deep_they_stand():
    section = {
        "premium": [{"id": "growth"}],
        "one": {"id": "own", "curves": [{"id": "c"}]},
    }
    assert [spec["id"] for spec in specifications(section)] == ["growth", "own", "c"]


def test_columns_are_those_of_income_outcome_and_controls(tmp_path):
    names = ["unit", "year", "output", "people", "coal", "steel", "tea"]
    fields = [{"name": name} for name in names]
    package = tmp_path / "datapackage.json"
    panel = {"name": "panel", "path": "panel.csv", "schema": {"fields": fields}}
    lists = {"name": "lists", "path": "lists.csv"}
    lists["schema"] = {"fields": [{"name": name} for name in ("tea", "wine", "unit")]}
    package.write_text(json.dumps({"resources": [panel, lists]}))
    config = {
        "panel": {"income": {"output": "output", "population": "people"}},
        "controls": {"energy": {"column": "coal"}, "metal": {"column": "steel"}},
        "data": {"package": str(package)},
    }
    row = {"outcome": "log(tea) - wine"}
    spec = {"id": "year", "controls": ["energy"]}
    columns = columns_named(config, row, spec)
    assert list(columns) == ["output", "people", "coal", "tea", "wine"]
    assert columns["wine"] == str(tmp_path / "lists.csv")


def test_an_entry_is_found_below_the_section_that_it_belongs_to(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = ["sigma:", "  - {id: one}", "beta:", "  - {id: one_more}", "  - {id: one}"]
    (tmp_path / "estimates.yaml").write_text("\n".join(lines))
    assert list(written_in("estimates", "id: one", below="beta:")) == [
        "estimates.yaml, line 5"
    ]
    assert list(written_in("estimates", "id: two")) == []


def test_without_a_run_the_way_is_refused(tmp_path):
    with pytest.raises(ReportError, match="run the study once"):
        Evidence({}, tmp_path)


def test_a_label_that_a_shell_takes_as_it_is_is_named_first():
    rows = {
        "a": {"kind": "one two", "period": "early", "note": ""},
        "b": {"kind": "one three", "period": "late", "note": ""},
        "c": {"kind": "of three", "period": "late", "note": ""},
        "d": {"kind": "of three", "period": "late", "note": ""},
    }
    assert _labels_apart(rows, "a") == ("early",)
    assert _labels_apart(rows, "b") == ("one three",)
    assert _labels_apart(rows, "c") == ()
