"""How the dictionary's items are read, and that the list of known tables is the shipped dictionary's."""

from pathlib import Path

import pytest

from evenfield.study import tables as tb
from evenfield.study.files import read_json
from evenfield.study.tables import Field, parse_resource, resource_named, table_kind

PACKAGE = read_json(Path(__file__).parents[2] / "data" / "datapackage.json")
SHIPPED = {r.path.removesuffix(".csv"): r for r in map(parse_resource, PACKAGE["resources"]) if r.fields}


@pytest.mark.parametrize("name", sorted(tb.OPTIONAL_TABLES))
def test_columns_of_an_absent_table_are_those_of_the_shipped_one(name):
    columns = tuple(field.name for field in SHIPPED[name].fields)
    assert columns[: len(tb.OPTIONAL_TABLES[name])] == tb.OPTIONAL_TABLES[name]
    assert columns == tb.OPTIONAL_TABLES[name] or name == "panel_merged"


def test_taxonomies_and_needed_columns_are_those_of_the_contract():
    found = [name for name in SHIPPED if name.startswith(f"{tb.TAXONOMIES}/")]
    assert len(found) == 9
    assert all(tuple(field.name for field in SHIPPED[name].fields) == tb.TAXONOMY_COLUMNS for name in found)
    for name, resource in SHIPPED.items():
        assert set(tb.NEEDED_COLUMNS.get(table_kind(resource.path), {})) <= {field.name for field in resource.fields}, (
            name
        )
    assert resource_named(PACKAGE, "panel").fields[2].name == "gdp_100m_cny"


def test_resource_is_read_with_its_limits_keys_and_links():
    schema = {
        "fields": [
            {"name": "unit"},
            {"name": "year", "type": "year", "constraints": {"required": True, "minimum": 1978}},
            {"name": "x", "type": "number", "log": True, "merge": "sum", "unit": "yuan", "description": "An x."},
            {"name": "flag", "type": "integer", "constraints": {"enum": [0, 1]}, "title": "A flag"},
        ],
        "primaryKey": "unit",
        "foreignKeys": [{"fields": "unit", "reference": {"resource": "units", "fields": "unit"}}],
    }
    resource = parse_resource({"name": "t", "path": "t.csv", "schema": schema, "hash": "sha256:0"})
    assert resource.fields == (
        Field("unit", "string"),
        Field("year", "integer", required=True, minimum=1978),
        Field("x", "number", merge="sum", logged=True, unit="yuan", description="An x."),
        Field("flag", "integer", choices=("0", "1"), description="A flag"),
    )
    assert resource.key == ("unit",) and resource.foreign == (("unit", "units", "unit"),)
    assert resource.hash == "sha256:0"


@pytest.mark.parametrize(("path", "key"), [("panel.csv", ("unit", "year")), ("taxonomies/own.csv", ("unit",))])
def test_known_tables_have_a_key_even_if_none_is_stated(path, key):
    assert parse_resource({"name": "t", "path": path, "schema": {"fields": [{"name": "unit"}]}}).key == key
    assert parse_resource({"name": "t", "path": path}).key == ()
