"""The study's tables: which must be there, which may be absent, and how the dictionary
describes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ALWAYS = ("panel", "units")
# A dictionary that states one grade for the whole study needs no table of spans.
REQUIRED_TABLES = (*ALWAYS, "panel_provenance", "sources")
_OPTIONAL = {
    "adjacency": "unit_i unit_j",
    "benchmarks": (
        "benchmark study sample quantity value value_high direction unit_of_measure tag"
        " source_table source_page comparable why estimate_id source"
    ),
    "cases": (
        "case place unit lat lon industry origin first_date policy_act policy_date"
        " typology_cell paragraph note"
    ),
    "cluster_list": "cluster name unit city industry year programme origin source note",
    "clusters": "unit measure year value source note",
    "distances": "unit_i unit_j",
    "panel_merged": "unit year",
    "policies": "unit kind first_year last_year grade source note",
    "programmes": "programme unit first_year source note",
    "zones": (
        "zone name name_zh type level unit city year_established year_state_level"
        " year_first_possible year_last_possible year_in_force year_quality exit_year"
        " area_km2 seed same_as source note"
    ),
}
OPTIONAL_TABLES: Mapping[str, tuple[str, ...]] = {
    name: tuple(text.split()) for name, text in _OPTIONAL.items()
}
TAXONOMY_COLUMNS = (
    "unit",
    "cluster",
    "sez",
    "sez_from_year",
    "sez_from_year_dated",
    "source",
    "confidence",
    "note",
)
TAXONOMIES = "taxonomies"
NEEDED_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "panel": {"unit": "string", "year": "integer"},
    "panel_provenance": (
        dict.fromkeys(("variable", "units", "grade", "flag", "source"), "string")
        | {"first_year": "integer", "last_year": "integer"}
    ),
    "units": {"unit": "string", "name": "string"},
    "sources": dict.fromkeys(
        ("source", "citation", "vintage", "licence", "redistribution"), "string"
    ),
    "adjacency": {"unit_i": "string", "unit_j": "string"},
    "distances": {"unit_i": "string", "unit_j": "string"},
    "panel_merged": {"unit": "string", "year": "integer"},
    "zones": {"unit": "string", "type": "string", "year_in_force": "integer"},
    "programmes": {"programme": "string", "unit": "string", "first_year": "integer"},
    "policies": {"unit": "string", "kind": "string", "first_year": "integer"},
    "clusters": {"unit": "string", "measure": "string", "value": "number"},
    "cluster_list": {"cluster": "string", "name": "string", "unit": "string"},
    TAXONOMIES: {"unit": "string", "cluster": "integer", "sez": "integer"},
}
# Columns that a table may lack and that hold numbers where it has them.
NUMERIC: Mapping[str, tuple[str, ...]] = {
    "units": ("lat", "lon", "tile_row", "tile_col", "draw_order"),
    "zones": ("exit_year", "seed"),
    "policies": ("last_year",),
    "cluster_list": ("year",),
    "benchmarks": ("value", "value_high"),
    TAXONOMIES: ("sez_from_year", "sez_from_year_dated"),
}
# Keys on which later steps rely, whatever the dictionary says.
KEYS: Mapping[str, tuple[str, ...]] = {
    "panel": ("unit", "year"),
    "units": ("unit",),
    "sources": ("source",),
    "distances": ("unit_i", "unit_j"),
    "panel_merged": ("unit", "year"),
    "clusters": ("unit", "measure"),
    "programmes": ("programme", "unit"),
    TAXONOMIES: ("unit",),
}
KINDS = {"year": "integer"}
NO_TAXONOMY = "none"
# Endings of a taxonomy's name: only years from a source, or no years at all.
DATED_SUFFIX = "+dated"
UNDATED_SUFFIX = "+undated"


@dataclass(frozen=True, slots=True)
class Field:
    """One column as the dictionary describes it."""

    name: str  # column name
    kind: str  # ``string``, ``integer`` or ``number``
    required: bool = False  # whether a blank cell is a fault
    minimum: float | None = None  # allowed range
    maximum: float | None = None
    choices: tuple[str, ...] = ()  # allowed values, empty when free
    pattern: str = ""  # regular expression a text must match, empty when free
    # how a merged unit gets its value: ``sum``, ``mean_population``, ``mean_output`` or
    # empty
    merge: str = ""
    logged: bool = False  # whether logarithms of the column are taken
    unit: str = ""  # unit of measure
    description: str = ""  # what the column holds


@dataclass(frozen=True, slots=True)
class Resource:
    """One table of the dictionary."""

    name: str  # name and path of the table, from the folder of datapackage.json
    path: str
    fields: tuple[
        Field, ...
    ]  # columns in order; empty for files without a table (outlines)
    key: tuple[str, ...]  # primary key
    foreign: tuple[
        tuple[str, str, str], ...
    ]  # column, table and column it must be found in
    hash: str  # ``sha256:`` and the hash of the file's bytes, empty when not stated


def parse_resource(item: Mapping[str, Any]) -> Resource:
    """Read one resource of datapackage.json."""
    schema = item.get("schema", {})
    kind = table_kind(item["path"])
    return Resource(
        name=item["name"],
        path=item["path"],
        fields=tuple(_parse_field(field) for field in schema.get("fields", [])),
        key=(
            KEYS.get(kind, _as_tuple(schema.get("primaryKey", [])))
            if "fields" in schema
            else ()
        ),
        foreign=tuple(_parse_foreign(key) for key in schema.get("foreignKeys", [])),
        hash=item.get("hash", ""),
    )


def table_kind(path: str) -> str:
    """Say which of the known tables a file is: ``panel`` for panel.csv, ``taxonomies``
    for every taxonomy.
    """
    stem = path.removesuffix(".csv")
    return TAXONOMIES if stem.startswith(f"{TAXONOMIES}/") else stem


def _parse_field(item: Mapping[str, Any]) -> Field:
    limits = item.get("constraints", {})
    return Field(
        name=item["name"],
        kind=KINDS.get(item.get("type", ""), item.get("type", "string")),
        required=bool(limits.get("required", False)),
        minimum=limits.get("minimum"),
        maximum=limits.get("maximum"),
        choices=tuple(str(value) for value in limits.get("enum", [])),
        pattern=limits.get("pattern", ""),
        merge=item.get("merge", ""),
        logged=bool(item.get("log", False)),
        unit=item.get("unit", ""),
        description=item.get("description", item.get("title", "")),
    )


def _parse_foreign(item: Mapping[str, Any]) -> tuple[str, str, str]:
    reference = item["reference"]
    return (
        _as_tuple(item["fields"])[0],
        reference["resource"],
        _as_tuple(reference["fields"])[0],
    )


def _as_tuple(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def resource_named(package: Mapping[str, Any], stem: str) -> Resource:
    """Return the table of a dictionary whose file is ``<stem>.csv``."""
    return next(
        parse_resource(item)
        for item in package["resources"]
        if item["path"] == f"{stem}.csv"
    )
