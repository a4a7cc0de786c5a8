"""One mapping merges data, units, taxonomies and adjacency: totals are kept and no unit
is lost.
"""

import numpy as np
import pandas as pd
import pytest

from evenfield.study.errors import ConfigError, PanelError
from evenfield.study.panel import merge
from evenfield.study.panel.merge import (
    fill_published,
    merge_adjacency,
    merge_panel,
    unit_mapping,
)
from evenfield.study.tables import Field
from refusals import fails
from tolerances import MACHINE, close
from yaml_text import from_yaml

UNITS = ["A", "B", "C"]
MERGED = {"A": "A", "B": "A", "C": "C"}
FIELDS = {
    "people": Field("people", "number", merge="sum"),
    "gdp": Field("gdp", "number", merge="sum"),
    "wage": Field("wage", "number", merge="mean_population"),
    "price": Field("price", "number", merge="mean_output"),
    "rank": Field("rank", "number"),
}
INCOME = {"population": "people", "output": "gdp"}


def panel(**changes):
    base = {
        "people": [1.0, 1.0, 3.0, 4.0, 5.0, 5.0],
        "gdp": [2.0, 2.0, 6.0, 7.0, 1.0, 1.0],
        "wage": [10.0, 20.0, 30.0, 40.0, 50.0, 60.0],
        "price": [1.0, 1.0, 2.0, 2.0, 3.0, 3.0],
        "rank": [1.0] * 6,
    }
    return pd.DataFrame(
        {"unit": list("AABBCC"), "year": [2000, 2001] * 3, **(base | changes)}
    )


def merged(frame, income=INCOME):
    return merge_panel(frame, MERGED, FIELDS, income).set_index(["unit", "year"])


def test_no_merges_change_nothing_and_the_mapping_keeps_every_unit():
    assert unit_mapping({"A": ["A", "B"]}, UNITS) == MERGED
    assert unit_mapping({}, UNITS) == {unit: unit for unit in UNITS}
    frame = panel()
    assert merge_panel(frame, {unit: unit for unit in UNITS}, FIELDS, INCOME) is frame


@pytest.mark.parametrize(
    ("scheme", "named"),
    from_yaml("""
    - [{A: AZ}, Z]
    - [{Z: AB}, Z]
    - [{A: AB, C: CB}, B]
    """),
)
def test_scheme_that_does_not_close_is_refused(scheme, named):
    fails(
        ConfigError,
        f"panel.unit_schemes merges {named}; expected known units",
        unit_mapping,
        {name: list(parts) for name, parts in scheme.items()},
        UNITS,
    )


def test_rules_of_the_dictionary_in_closed_form_and_with_missing_parts():
    out = merged(panel())
    assert out.loc[("A", 2000), "people"] == 4.0
    close(out.loc[("A", 2000), "wage"], (1 * 10 + 3 * 30) / 4, MACHINE)
    close(out.loc[("A", 2001), "price"], (2 * 1 + 7 * 2) / 9, MACHINE)
    assert np.isnan(out.loc[("A", 2000), "rank"])
    assert out.loc["C"].equals(panel().set_index(["unit", "year"]).loc["C"])
    assert out.index.tolist() == [("A", 2000), ("A", 2001), ("C", 2000), ("C", 2001)]
    out = merged(panel(gdp=[2.0, 2.0, np.nan, 7.0, 1.0, 1.0]))
    assert np.isnan(out.loc[("A", 2000), ["gdp", "price"]].astype(float)).all()
    assert out.loc[("A", 2001), "gdp"] == 9.0
    assert np.isnan(merged(panel(), {"column": "wage"}).loc[("A", 2000), "wage"])


def test_published_figures_fill_gaps_and_never_replace():
    frame = panel(gdp=[2.0, 2.0, np.nan, 7.0, 1.0, 1.0])
    published = pd.DataFrame(
        from_yaml("""
            {unit: [A, A, C], year: [2000, 2001, 2000], gdp: [8.5, 99.0, 99.0]}
            """)
    )
    filled = fill_published(
        merge_panel(frame, MERGED, FIELDS, INCOME), published, MERGED
    ).set_index(["unit", "year"])
    assert filled["gdp"].tolist() == [8.5, 9.0, 1.0, 1.0]
    assert list(filled.reset_index().columns) == list(frame.columns)
    assert fill_published(frame, published, {unit: unit for unit in UNITS}) is frame


def test_units_and_links_are_merged():
    units = pd.DataFrame({"unit": UNITS, "name": ["a", "b", "c"], "coastal": [0, 1, 0]})
    out = merge.merge_units(units, MERGED)
    assert out[list(units)].to_numpy().tolist() == [["A", "a", 1], ["C", "c", 0]]
    assert out["lat"].isna().all()
    assert units["coastal"].tolist() == [0, 1, 0]
    links = pd.DataFrame(from_yaml("{unit_i: [C, A, B], unit_j: [B, B, C]}"))
    out = merge_adjacency(links, MERGED)
    assert out.to_dict("records") == [{"unit_i": "A", "unit_j": "C"}]
    assert merge_adjacency(links.iloc[:0], MERGED).empty
    fails(
        PanelError,
        r"adjacency.csv names 1 unknown unit \(Z\)",
        merge_adjacency,
        links.replace("C", "Z"),
        MERGED,
    )


def taxonomy(rows):
    return pd.DataFrame(
        rows, columns=["unit", "cluster", "sez", "sez_from_year"]
    ).assign(taxonomy="own")


@pytest.mark.parametrize(
    ("first", "second", "cluster", "sez", "year"),
    [
        ((1, 0, np.nan), (0, 1, 1992.0), 1, 1, 1992.0),
        ((0, 1, 1984.0), (0, 1, 1992.0), 0, 1, 1984.0),
        ((0, 1, np.nan), (0, 1, 1992.0), 0, 1, np.nan),
        ((0, 0, 1980.0), (0, 1, 1992.0), 0, 1, 1992.0),
        ((0, 0, np.nan), (0, 0, np.nan), 0, 0, np.nan),
    ],
)
def test_merged_unit_is_a_zone_from_its_first_part_on(
    first, second, cluster, sez, year
):
    table = taxonomy([("A", *first), ("B", *second), ("C", 0, 1, 2000.0)])
    out = merge.merge_taxonomies(table, MERGED).set_index("unit")
    assert out.loc["A", ["cluster", "sez"]].tolist() == [cluster, sez]
    assert out.loc["A", "sez_from_year"] == pytest.approx(year, nan_ok=True)
    assert out.loc["C", "sez_from_year"] == 2000.0
    assert out.index.tolist() == ["A", "C"]
