"""The way from a number to its evidence: cells, labels, columns, files and lines."""

import json

import pandas as pd
import pytest

from evenfield.report.evidence import (
    Evidence,
    columns_named,
    is_row_of,
    one_cell,
    sentence_with,
    specifications,
    written_in,
)
from evenfield.study.errors import ReportError
from yaml_text import from_yaml

NAN = float("nan")
ENDS = ("estimate", "std_error", "p_value", "conf_low", "conf_high")
CELL = dict(
    zip(
        ENDS,
        (1.0, 0.5, 0.05, 0.0, 2.0),
        strict=True,
    )
)


def table(**labels):
    """A table of one column, with an empty row before the row of the cell."""
    rows = [dict.fromkeys(CELL, NAN), CELL]
    columns = {f"speed_{end}": [row[end] for row in rows] for end in ENDS}
    return pd.DataFrame({**labels, **columns})


@pytest.mark.parametrize("label", ["2009\u201319", "2009-19", "2009\u201319\u2020"])
def test_a_cell_is_found_by_the_labels_of_its_row(label):
    frame = table(period=["2001\u201308", "2009\u201319\u2020"])
    assert one_cell(frame, [label, "speed"], "T6") == CELL


def test_a_row_without_the_number_is_passed_over():
    frame = table(period=["2009\u201319", "2009\u201319"])
    assert one_cell(frame, ["2009-19", "speed"], "T6") == CELL


@pytest.mark.parametrize(
    ("words", "message"),
    from_yaml("""
    - [[2009-19, slope], "names the column 'slope'; expected one of speed"]
    - [[1900-01, speed], no row of T6 holds 1900-01]
    """),
)
def test_a_cell_that_is_not_there_is_refused(words, message):
    with pytest.raises(ReportError, match=message):
        one_cell(table(period=["a", "2009\u201319"]), words, "T6:x")


@pytest.mark.parametrize("end", ENDS)
def test_a_row_is_that_of_a_cell_only_with_all_its_numbers(end):
    assert is_row_of(CELL, CELL)
    assert not is_row_of({**CELL, end: CELL[end] + 1e-6}, CELL)
    assert not is_row_of({**CELL, end: NAN}, CELL)


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
    resource = {"name": "panel", "schema": {"fields": fields}}
    package.write_text(json.dumps({"resources": [resource]}))
    config = {
        "panel": {"income": {"output": "output", "population": "people"}},
        "controls": {"energy": {"column": "coal"}, "metal": {"column": "steel"}},
        "data": {"package": str(package)},
    }
    row = {"outcome": "log(tea)"}
    spec = {"id": "year", "controls": ["energy"]}
    assert columns_named(config, row, spec) == ["output", "people", "coal", "tea"]


def test_an_entry_is_found_below_the_section_that_it_belongs_to(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = ["sigma:", "  - {id: one}", "beta:", "  - {id: one_more}", "  - {id: one}"]
    (tmp_path / "estimates.yaml").write_text("\n".join(lines))
    assert list(written_in("estimates", "id: one", below="beta:")) == [
        "estimates.yaml, line 5"
    ]
    assert list(written_in("estimates", "id: two")) == []


def test_the_sentence_is_the_one_that_prints_the_number():
    line = "First {{ n.one }} a year. Then {{ n.two }}. Last."
    assert sentence_with("two", line) == "Then {{ n.two }}."


def test_without_a_run_the_way_is_refused(tmp_path):
    with pytest.raises(ReportError, match="run the study once"):
        Evidence({}, tmp_path)
