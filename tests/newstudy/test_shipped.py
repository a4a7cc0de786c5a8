"""Outlines that are shipped: every unit has one, whoever shares a border in tables of
others shares one here, and TopoJSON is read as another program reads it.
"""

import json
from pathlib import Path

import pandas as pd
import pytest
from shapely import make_valid
from shapely.geometry import shape

import new
from evenfield.newstudy.features import (
    property_table,
    read_features,
    topology_features,
)
from evenfield.newstudy.outline_files import borders_of, outlines_of
from evenfield.newstudy.shipped import (
    SHIPPED,
    drawn_names,
    fitting_outlines,
    outlines_file,
)
from evenfield.newstudy.unit_names import former_states, match_units
from evenfield.study.errors import IngestError
from refusals import fails
from yaml_text import from_yaml

ROOT = Path(__file__).parents[2]
NAMES = [name for name, known in SHIPPED.items() if "instead" not in known]
SIZES = {
    "countries": 236,
    "us-states": 56,
    "mexico-states": 32,
    "china-provinces": 31,
}
# Pairs that one of the two has: Durango and Jalisco share a few kilometres at most.
APART = {
    "us-states": set(),
    "mexico-states": {("MX-DUR", "MX-JAL")},
    "china-provinces": set(),
}


def features_of(name):
    path, _ = outlines_file(Path(name))
    return read_features(path)


@pytest.mark.parametrize("name", NAMES)
def test_each_unit_has_an_outline_inside_the_world(name):
    features = features_of(name)
    assert len(features) == SIZES[name]
    table = property_table(features)
    assert not table["name"].duplicated().any()
    for feature in features:
        drawn = make_valid(shape(feature["geometry"]))
        west, south, east, north = drawn.bounds
        assert drawn.area > 0
        assert -180.001 <= west <= east <= 180.001
        assert -90 <= south <= north <= 90


@pytest.mark.parametrize("name", NAMES)
def test_names_are_read_without_the_outlines(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    features = features_of(name)
    Path(name).write_text("{}")  # a file of the user's that is called so
    drawn_names.cache_clear()
    assert drawn_names(name).equals(property_table(features))


def test_all_that_is_shipped_is_small_and_has_a_licence():
    folder = outlines_file(Path("countries"))[0].parent
    sizes = [path.stat().st_size for path in folder.glob("*.topo.json")]
    assert sum(sizes) < 300_000
    assert all("public domain" in SHIPPED[name]["licence"] for name in NAMES)


@pytest.mark.parametrize(
    ("name", "study"),
    [
        ("us-states", "examples/us-states"),
        ("mexico-states", "examples/mexico-states"),
        ("china-provinces", "."),
    ],
)
def test_borders_are_those_of_the_studies(name, study):
    data = ROOT / study / "data"
    units = pd.read_csv(data / "units.csv", dtype=str, keep_default_na=False)
    known = pd.read_csv(data / "adjacency.csv", dtype=str)
    if "name" not in units:
        units = units.assign(name=units["unit"])
    features = features_of(name)
    match = match_units(property_table(features), units, name, once=True)
    _, shapes, _ = outlines_of(features, match, units, name)
    pairs, _ = borders_of(shapes)
    ours = {frozenset(pair) for pair in pairs}
    theirs = {frozenset(pair) for pair in known[["unit_i", "unit_j"]].to_numpy()}
    assert len(theirs) > 60
    assert {tuple(sorted(pair)) for pair in ours ^ theirs} == APART[name]


def test_names_of_other_tables_find_their_country():
    codes = pd.DataFrame({"unit": ["BOL", "KOR", "CIV"], "name": ["x", "y", "z"]})
    table = property_table(features_of("countries"))
    match = match_units(table, codes, "countries", once=True)
    found = table.loc[match.ids.dropna().index, "common_name"]
    assert set(found) == {"Bolivia", "South Korea", "Côte d'Ivoire"}


# Two squares that share a side, as topojson-client writes them out.
SQUARES = from_yaml("""
    type: Topology
    transform: {scale: [0.5, 2.0], translate: [10.0, -4.0]}
    arcs:
      - [[2, 0], [0, 1]]
      - [[2, 1], [-2, 0], [0, -1], [2, 0]]
      - [[2, 0], [2, 0], [0, 1], [-2, 0]]
    objects:
      other: {type: GeometryCollection, geometries: []}
      squares:
        type: GeometryCollection
        geometries:
          - {type: Polygon, arcs: [[0, 1]], id: 1}
          - {type: MultiPolygon, arcs: [[[2, -1]]]}
          - {type: null}
    """)


def test_a_topology_is_read_as_its_own_program_reads_it():
    left, right, nothing = topology_features(SQUARES, "squares.json")
    assert shape(left["geometry"]).equals(shape(_box(10.0, 11.0)))
    assert shape(right["geometry"]).equals(shape(_box(11.0, 12.0)))
    for feature in (left, right):
        ((ring,),) = feature["geometry"]["coordinates"]
        assert ring[0] == ring[-1]
        assert len(ring) == 5
    assert left["id"] == 1
    assert nothing["geometry"] is None


def _box(west, east):
    ring = [[west, -4], [east, -4], [east, -2], [west, -2], [west, -4]]
    return {"type": "Polygon", "coordinates": [ring]}


def test_what_cannot_be_shipped_or_read_is_one_line(tmp_path):
    fails(IngestError, "EuroGeographics' terms", outlines_file, Path("nuts2"))
    assert outlines_file(Path("none.geojson")) == (Path("none.geojson"), {})
    path = tmp_path / "broken.json"
    path.write_text(json.dumps({"type": "Topology", "arcs": [], "objects": {}}))
    fails(IngestError, "TopoJSON that cannot be read", read_features, path)


def test_a_file_of_that_name_goes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("us-states").write_text("{}")
    assert outlines_file(Path("us-states")) == (Path("us-states"), {})


@pytest.mark.parametrize("name", NAMES)
def test_a_code_stands_for_one_outline(name):
    table = property_table(features_of(name))
    for column in table:
        codes = table.loc[table[column].ne(""), column]
        assert codes.is_unique, codes[codes.duplicated()].tolist()


def test_outlines_that_lack_few_units_are_named_with_those():
    table = property_table(features_of("countries"))
    codes = [code for code in table["iso3"] if code][:60]
    units = pd.DataFrame({"unit": [*codes, "ZZZ"]}).assign(name=lambda f: f["unit"])
    assert fitting_outlines(units) == ("countries", ["ZZZ"])
    few = units.iloc[-10:].reset_index(drop=True)
    assert fitting_outlines(few) is None


FORMER = [
    *["Yugoslavia", "Former USSR", "Czechoslovakia", "East Germany"],
    *["German Democratic Republic", "Serbia and Montenegro", "Yemen, South"],
]


@pytest.fixture
def table_of_the_past(tmp_path, monkeypatch):
    """A table of thirty countries, two of which are no more."""
    monkeypatch.chdir(tmp_path)
    named = property_table(features_of("countries"))["name"]
    today = [name for name in named if "Czech" not in name][:28]
    rows = [
        (name, year, 900 + 7 * i + year % 7)
        for i, name in enumerate([*today, "Yugoslavia", "Czechoslovakia"])
        for year in range(1970, 1980)
    ]
    panel = pd.DataFrame(rows, columns=["country", "year", "income"])
    panel.to_csv("panel.csv", index=False)


def test_states_of_the_past_do_not_hide_the_map_of_today(table_of_the_past, capsys):
    new.main(["study", "--panel", "panel.csv"])
    printed = capsys.readouterr().out
    assert "outlines of 28 of 30 units are at hand" in printed
    assert "a map of today has no Czechoslovakia, Yugoslavia" in printed
    assert "--polygons countries --leave-out Czechoslovakia Yugoslavia" in printed


def test_no_state_of_today_is_offered_for_one_of_the_past(table_of_the_past):
    with pytest.raises(SystemExit) as stop:
        new.main(["study", "--panel", "panel.csv", "--polygons", "countries"])
    line = str(stop.value.code)
    assert "no outline of Czechoslovakia, Yugoslavia, states of the past" in line
    assert "--leave-out Czechoslovakia Yugoslavia" in line
    assert "--same" not in line and "Zimbabwe" not in line


def test_states_of_the_past_are_known_by_their_names():
    assert former_states(FORMER) == FORMER
    today = property_table(features_of("countries"))["name"]
    assert former_states(today) == []


@pytest.mark.parametrize("given", [True, False], ids=["given", "at hand"])
@pytest.mark.parametrize(
    ("header", "unit"), [("region", "state"), ("unit", "state"), ("county", "county")]
)
def test_a_shipped_map_says_what_units_without_a_word_of_their_own_are(
    tmp_path, monkeypatch, given, header, unit
):
    monkeypatch.chdir(tmp_path)
    places = property_table(features_of("mexico-states"))["name"]
    rows = [
        (name, year, 900 + 7 * i + year % 7)
        for i, name in enumerate(places)
        for year in range(2000, 2005)
    ]
    panel = pd.DataFrame(rows, columns=[header, "year", "income"])
    panel.to_csv("panel.csv", index=False)
    options = ["--polygons", "mexico-states"] if given else []
    new.main(["study", "--panel", "panel.csv", *options])
    assert f"unit_name: {unit}\n" in Path("study", "config.yaml").read_text()


def test_a_map_of_the_user_says_nothing_of_what_units_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    features = [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": _box(west, west + 1.0),
        }
        for west, name in enumerate(["Aland", "Bland", "Cland"])
    ]
    content = {"type": "FeatureCollection", "features": features}
    Path("map.geojson").write_text(json.dumps(content))
    rows = [
        (feature["properties"]["name"], year, 900 + 7 * i + year % 7)
        for i, feature in enumerate(features)
        for year in range(2000, 2005)
    ]
    panel = pd.DataFrame(rows, columns=["region", "year", "income"])
    panel.to_csv("panel.csv", index=False)
    new.main(["study", "--panel", "panel.csv", "--polygons", "map.geojson"])
    assert "unit_name: region\n" in Path("study", "config.yaml").read_text()
