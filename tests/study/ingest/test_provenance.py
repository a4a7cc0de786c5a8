"""Every figure has one source, and doubtful figures stay off unless the config switches them on."""

from __future__ import annotations

import pandas as pd
import pytest

from evenfield.study.errors import ConfigError, IngestError
from evenfield.study.ingest.provenance import drop_doubtful, simulated_variables, span_masks
from toy_study import ToyStudy

SPAN = "output,all,2000,2003,A,official,BOOK,"


def test_span_covers_its_units_and_years_only() -> None:
    panel = pd.DataFrame({"unit": ["A", "A", "B", "B"], "year": [2000, 2001, 2000, 2001]})
    spans = pd.DataFrame(
        {"units": ["all", "A C", "B"], "first_year": [2001, 2000, 2000], "last_year": [2001, 2001, 2000]}
    )
    assert [list(map(int, mask)) for mask in span_masks(panel, spans)] == [[0, 1, 0, 1], [1, 1, 0, 0], [0, 0, 1, 0]]


@pytest.mark.parametrize(
    ("spans", "cells"),
    [
        (
            "output,all,2000,2002,A,official,BOOK,",
            "3 figures of output with no or two sources (A 2003, B 2003, C 2003)",
        ),
        (f"{SPAN}\noutput,B,2001,2001,B,official,BOOK,", "1 figures of output with no or two sources (B 2001)"),
        ("output,A B,2000,2003,A,official,BOOK,", "4 figures of output with no or two sources (C 2000, C 2001, C 2002"),
    ],
)
def test_figure_without_or_with_two_sources_is_refused(toy: ToyStudy, spans: str, cells: str) -> None:
    toy.replace("panel_provenance", SPAN, spans)
    with pytest.raises(IngestError) as caught:
        toy.read()
    assert f"panel.csv has {cells}" in str(caught.value)


def test_blank_cell_needs_no_source(toy: ToyStudy) -> None:
    toy.replace("panel_provenance", SPAN, "output,all,2001,2003,A,official,BOOK,")
    for i in (1, 2, 3):
        toy.replace("panel", f",2000,{10 * i + 1},", ",2000,,")
    assert toy.read()["panel"]["output"].notna().sum() == 9


def test_grade_c_is_off_and_on_by_name(toy: ToyStudy) -> None:
    assert toy.read()["panel"]["doubtful"].isna().all()
    toy.config["data"]["grade_c"] = ["doubtful"]
    assert toy.read()["panel"]["doubtful"].notna().all()


def test_only_the_doubtful_span_of_a_variable_is_dropped(toy: ToyStudy) -> None:
    toy.replace(
        "panel_provenance",
        "doubtful,all,2000,2003,C",
        "doubtful,all,2000,2001,A,official,BOOK,\ndoubtful,A B,2002,2003,C",
    )
    toy.replace("panel_provenance", "C,estimated,BOOK,", "C,estimated,BOOK,\ndoubtful,C,2002,2003,B,official,BOOK,")
    panel = toy.read()["panel"]
    off = panel[panel["doubtful"].isna()]
    assert list(zip(off["unit"], off["year"], strict=True)) == [("A", 2002), ("A", 2003), ("B", 2002), ("B", 2003)]


def test_switch_of_an_unknown_column_is_refused(toy: ToyStudy) -> None:
    toy.config["data"]["grade_c"] = ["doubful"]
    with pytest.raises(ConfigError, match=r"data.grade_c names doubful; expected columns of panel.csv"):
        toy.read()


def test_dropping_leaves_the_panel_it_was_given(toy: ToyStudy) -> None:
    tables = toy.read()
    panel = tables["panel"].assign(doubtful=1.0)
    drop_doubtful(panel, tables["panel_provenance"], [])
    assert panel["doubtful"].eq(1.0).all()


def test_doubtful_figures_of_merged_units_are_dropped_too(toy: ToyStudy) -> None:
    toy.path("panel_merged").write_text("unit,year,doubtful\nA,2000,3.5\n", encoding="utf-8")
    package = toy.package
    fields = [{"name": "unit"}, {"name": "year", "type": "integer"}, {"name": "doubtful", "type": "number"}]
    package["resources"].append({"name": "merged", "path": "panel_merged.csv", "schema": {"fields": fields}})
    toy.save(package)
    assert toy.read()["panel_merged"]["doubtful"].isna().all()
    toy.config["data"]["grade_c"] = ["doubtful"]
    assert toy.read()["panel_merged"]["doubtful"].tolist() == [3.5]


def test_simulated_variables_are_named_once(toy: ToyStudy) -> None:
    toy.replace("panel_provenance", "output,all,2000,2003,A,official", "output,all,2000,2003,A,simulated")
    assert simulated_variables(toy.read()["panel_provenance"]) == ["output"]
