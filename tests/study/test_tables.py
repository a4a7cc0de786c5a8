"""How the dictionary's items are read, and that the list of known tables is the shipped
dictionary's.
"""

from pathlib import Path

import pytest

from evenfield.study import tables as tb
from evenfield.study.files import read_json
from evenfield.study.tables import (
    OPTIONAL_TABLES,
    parse_resource,
    resource_named,
    table_kind,
)

PACKAGE = read_json(Path(__file__).parents[2] / "data" / "datapackage.json")
SHIPPED = {
    r.path.removesuffix(".csv"): r
    for r in map(parse_resource, PACKAGE["resources"])
    if r.fields
}


# The study of China has no table of policies or of distances.
ABSENT = {"policies", "distances"}


@pytest.mark.parametrize("name", sorted({*OPTIONAL_TABLES} - ABSENT))
def test_columns_of_an_absent_table_are_those_of_the_shipped_one(name):
    columns = tuple(field.name for field in SHIPPED[name].fields)
    assert columns[: len(OPTIONAL_TABLES[name])] == OPTIONAL_TABLES[name]
    assert columns == OPTIONAL_TABLES[name] or name == "panel_merged"


def test_taxonomies_and_needed_columns_are_those_of_the_contract():
    fault = [name for name in SHIPPED if name.startswith(f"{tb.TAXONOMIES}/")]
    assert len(fault) == 9
    assert all(
        tuple(field.name for field in SHIPPED[name].fields) == tb.TAXONOMY_COLUMNS
        for name in fault
    )
    for name, resource in SHIPPED.items():
        assert set(tb.NEEDED_COLUMNS.get(table_kind(resource.path), {})) <= {
            field.name for field in resource.fields
        }, name
    assert resource_named(PACKAGE, "panel").fields[2].name == "gdp_100m_cny"
