"""Broken inputs, each a mutation of one small study and part of the line that names it;
nothing is written or lost.
"""

import json
import os
import shutil
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest
import yaml

import check
import study
from evenfield.study.ingest import study_tables
from evenfield.study.ingest.dictionary import refresh_hashes
from refusals import fails

ROOT = Path(__file__).parents[2]
UNITS = "ABCDEF"
YEARS = range(2000, 2010)
NUMBERED = [*enumerate(UNITS, 1)]
KINDS = {
    "year": "integer",
    "index": "number",
    "first_year": "integer",
    "last_year": "integer",
    "cluster": "integer",
}
KINDS |= dict.fromkeys(("output", "people", "lat", "lon", "value"), "number")
KINDS |= dict.fromkeys(
    ("sez", "year_in_force", "exit_year", "sez_from_year", "coastal"), "integer"
)
KEYS = {
    "panel": ["unit", "year"],
    "units": ["unit"],
    "sources": ["source"],
    "zones": ["zone"],
}


def csv(header, *rows):
    return "\n".join([header, *rows]) + "\n"


TABLES = {
    "panel": csv(
        "unit,year,output,people,index",
        *(
            f"{u},{y},{10 * i + i % 3 * (y - 1999)},{2 + i + i * y % 5},{103 + i % 4}"
            for i, u in NUMBERED
            for y in YEARS
        ),
    ),
    "panel_provenance": csv(
        "variable,units,first_year,last_year,grade,flag,source,note",
        *(
            f"{name},all,2000,2009,A,official,BOOK,"
            for name in ("output", "people", "index")
        ),
    ),
    "units": csv(
        "unit,name,coastal,lat,lon",
        *(f"{u},{u}land,{i % 2},{i},{i * i}" for i, u in NUMBERED),
    ),
    "sources": csv(
        "source,citation,vintage,licence,redistribution", "BOOK,A book,1990,none,yes"
    ),
    "adjacency": csv("unit_i,unit_j", "A,B", "B,C", "C,D", "D,E", "E,F"),
    "taxonomies/own": csv(
        "unit,cluster,sez,sez_from_year",
        *"A,1,0, B,0,1,2002 C,1,1, D,0,0, E,1,0, F,0,1,".split(),
    ),
    "zones": csv(
        "zone,type,unit,year_in_force,exit_year,year_quality",
        "Z1,sez,B,2002,2008,A",
        "Z2,sez,F,2001,,A",
    ),
    "programmes": csv("programme,unit,first_year", "west,A,2004", "west,B,2004"),
    "clusters": csv(
        "unit,measure,value", *(f"{u},listed,{i}" for i, u in enumerate(UNITS))
    ),
}
FOREIGN = {
    "panel_provenance": ("source", "sources", "source"),
    "adjacency": ("unit_i", "units", "unit"),
}
NEAR = {"kind": "nearest", "neighbours": 2}
ROW = {"family": "beta", "spec_id": "plain"}
CONFIG = {
    "study": {"id": "made", "title": "Made", "question": "Why?"},
    "data": {"package": "data/datapackage.json"},
    "panel": {
        "years": [2000, 2009],
        "income": {
            "output": "output",
            "index": "index",
            "base_year": 2000,
            "population": "people",
            "unit": "coins",
        },
        "samples": {"all": [], "west": ["A", "B"]},
    },
    "periods": {"P1": {"start": 2000, "end": 2004}, "P2": {"start": 2004, "end": 2009}},
    "taxonomy": {"primary": "own", "all": ["own"]},
    "controls": {"coast": {"kind": "unit", "column": "coastal", "label": "coast"}},
    "weights": {
        "primary": "near",
        "families": {"near": NEAR, "border": {"kind": "contiguity"}},
    },
    "estimates": {
        "beta": [{"id": "plain", "controls": [], "role": "primary"}],
        "sigma": [{"id": "plain"}],
        "clubs": [{"id": "whole", "period": "P2"}],
        "inequality": [
            {
                "id": "areas",
                "periods": ["P1"],
                "weighting": "unweighted",
                "groupings": ["coastal"],
            }
        ],
        "spatial_panel": {
            "variables": {"n": {"expression": "log(people)", "label": "people"}},
            "specifications": [
                {"id": "sp", "years": [2001, 2009], "regressors": ["n"]}
            ],
        },
    },
    "tables": ["T6", "T9", "T0b"],
    "figures": ["F4"],
}
CLAIMS = {
    "hypotheses": {
        "H1": {
            "statement": "Catching up.",
            "kind": "association",
            "sign": "+",
            "primary": ROW,
        }
    },
    "claims": [
        {
            "id": "L1",
            "paragraph": [1],
            "claim": "Up.",
            "kind": "association",
            "hypothesis": "H1",
        }
    ],
}
NUMBERS = {
    "speed": {**ROW, "period": "P1", "show": "0.0"},
    "twice": {"is": "2 * speed", "show": "0.0"},
}
PAPER = "# Made\n\nSpeed was {{ n.speed }} {{ see('T6') }} [@Solow1956].\n"
BIB = (
    "@article{Solow1956,\n  author = {Solow, R.},\n  title = {Growth},\n  year ="
    " {1956}\n}\n"
)


def square(i, unit):
    ring = [[i, 0], [i + 1, 0], [i + 1, 1], [i, 1], [i, 0]]
    return {
        "type": "Feature",
        "properties": {"unit": unit},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def resource(name, text):
    fields = [
        {"name": column, "type": KINDS.get(column, "string")}
        for column in text.split("\n")[0].split(",")
    ]
    schema = {"fields": fields, "primaryKey": KEYS.get(name, [])}
    if name in FOREIGN:
        column, table, target = FOREIGN[name]
        schema["foreignKeys"] = [
            {"fields": column, "reference": {"resource": table, "fields": target}}
        ]
    return {"name": name.replace("/", "-"), "path": f"{name}.csv", "schema": schema}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "study"
    (folder / "data" / "taxonomies").mkdir(parents=True)
    (folder / "text").mkdir()
    (folder / "results").mkdir()
    for name, text in TABLES.items():
        (folder / "data" / f"{name}.csv").write_text(text)
    outlines = {
        "type": "FeatureCollection",
        "features": [square(i, u) for i, u in enumerate(UNITS)],
    }
    (folder / "data" / "map.geojson").write_text(json.dumps(outlines))
    package = {"resources": [resource(name, text) for name, text in TABLES.items()]}
    package["resources"].append({"name": "map", "path": "map.geojson"})
    (folder / "data" / "datapackage.json").write_text(json.dumps(package))
    refresh_hashes(folder / "data" / "datapackage.json")
    files = {"config": CONFIG, "claims": CLAIMS, "numbers": NUMBERS}
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(content))
    (folder / "text" / "paper.md").write_text(PAPER)
    (folder / "text" / "references.bib").write_text(BIB)
    (folder / "results" / "estimates.csv").write_text("earlier\n")
    return folder


@pytest.fixture
def built(whole, tmp_path, monkeypatch):
    shutil.copytree(whole, tmp_path / "study")
    monkeypatch.chdir(tmp_path / "study")
    return tmp_path / "study"


def checked(folder):
    """Return the exit code of `check` and the lines of its message."""
    try:
        study.in_one_line(
            check.check, Namespace(directory=str(folder), configfile=[], stdin=False)
        )
    except SystemExit as stop:
        assert isinstance(stop.code, str)  # printed as it stands, with exit code 1
        return 1, stop.code.split("\n")
    return 0, []


def placed(target, *path):
    """Set a value below a mapping or list; the last of ``path`` is the value, ``...``
    takes the key away.
    """
    *steps, last, value = path
    for step in steps:
        target = target[step]
    if value is ...:
        del target[last]
    else:
        target[last] = value


def at(file, *path):
    def change(folder):
        target = folder / f"{file}.yaml"
        placed(content := yaml.safe_load(target.read_text()), *path)
        target.write_text(yaml.safe_dump(content, allow_unicode=True))

    return change


def raw(path, content):
    """Write a file as it stands."""

    def change(folder):
        (folder / path).write_bytes(
            content if isinstance(content, bytes) else content.encode()
        )

    return change


def swap(path, old, new, times=1):
    """Replace text in a file of the data folder; its hash is made to fit."""

    def change(folder):
        file = folder / "data" / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, times))
        refresh_hashes(folder / "data" / "datapackage.json")

    return change


def folder_for(path):
    """Put a folder where a file belongs."""

    def change(folder):
        (folder / path).unlink(missing_ok=True)
        (folder / path).mkdir()

    return change


def described(name, *path):
    """Set a value in the dictionary of a table."""

    def change(folder):
        file = folder / "data" / "datapackage.json"
        package = json.loads(file.read_text())
        placed(
            next(item for item in package["resources"] if item["name"] == name), *path
        )
        file.write_text(json.dumps(package))

    return change


def whole_dictionary(key, value):
    def change(folder):
        file = folder / "data" / "datapackage.json"
        content = json.loads(file.read_text())
        file.write_text(json.dumps({**content, key: value}))

    return change


def all_of(*changes):
    """Make several changes."""

    def change(folder):
        for one in changes:
            one(folder)

    return change


def pipe(path):
    """Put a pipe that nobody writes to where a file belongs."""

    def change(folder):
        (folder / path).unlink(missing_ok=True)
        os.mkfifo(folder / path)

    return change


def link(path, target):
    """Put a link where a file belongs."""

    def change(folder):
        (folder / path).unlink(missing_ok=True)
        (folder / path).symlink_to(target)

    return change


def numbers(**more):
    return raw("numbers.yaml", yaml.safe_dump({"speed": NUMBERS["speed"], **more}))


def paper(text):
    return raw("text/paper.md", f"{text}\n\n[@Solow1956]\n")


def dictionary(old, new):
    """Replace text in the dictionary."""

    def change(folder):
        file = folder / "data" / "datapackage.json"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))

    return change


def one_topic(name, *specs):
    return at("config", "estimates", name, list(specs))


def outline(*path):
    def change(folder):
        file = folder / "data" / "map.geojson"
        placed(content := json.loads(file.read_text()), "features", *path)
        file.write_text(json.dumps(content))
        refresh_hashes(folder / "data" / "datapackage.json")

    return change


PLACES = ("panel", "units")
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
FIELDS = ("schema", "fields")
BETA = ("estimates", "beta", 0)
FACT = {
    "id": "s",
    "claim": "L1",
    "kind": "fact",
    "label": "Share.",
    "measure": "share",
    "outcome": "output",
    "group": "coastal",
    "windows": [[2000, 2004]],
}
CONTRAST = {
    "id": "s",
    "claim": "L1",
    "kind": "contrast",
    "label": "Income.",
    "outcome": "log_income",
    "term": "sez",
    "regressors": ["sez"],
    "periods": ["P1"],
}
CELL = {"file": "ingest/units.csv", "column": "lat", "show": "0"}
SP = ("estimates", "spatial_panel", "specifications", 0)
LOST = {"resource": "x", "fields": "u"}
OWN = ("weights", "families", "own")
FORMULA = ("estimates", "spatial_panel", "variables", "n", "expression")
P = "config: "
U = "ingest: "
D = "ingest: data/datapackage.json: "
CASES = {
    # config.yaml: how it is written
    "no config": (lambda f: (f / "config.yaml").unlink(), P + "no file"),
    "folder for the config": (
        folder_for("config.yaml"),
        P + "config.yaml is no file that can be read",
    ),
    "config in UTF-16": (
        raw("config.yaml", "study: {}".encode("utf-16")),
        P + "config.yaml is not UTF-8",
    ),
    "anchors that explode": (
        raw("config.yaml", LAUGHS),
        "anchors that grow to too many values",
    ),
    "an anchor in itself": (
        raw("config.yaml", "study: &a\n  inner: *a\n"),
        "an anchor that holds itself",
    ),
    "nested without end": (
        raw("config.yaml", "a: " + "[" * 5000),
        "config.yaml is not YAML",
    ),
    "a date that is none": (
        raw("config.yaml", "a: 2001-13-45\n"),
        "config.yaml is not YAML",
    ),
    "an object of Python": (
        raw("config.yaml", "a: !!python/object/apply:os.getcwd []\n"),
        "config.yaml is not YAML",
    ),
    "a list for the config": (
        raw("config.yaml", "- a\n"),
        P + "config.yaml holds no mapping",
    ),
    "a number as key": (
        at("config", "periods", 3, {"start": 2000, "end": 2004}),
        "periods has the key 3",
    ),
    # config.yaml: what it says
    "unknown key": (at("config", "panel", "stepp", 1), "'stepp' is not a key of panel"),
    "text for a number": (
        at("config", "panel", "step", "one"),
        "panel.step: 'one' is not of type 'integer'",
    ),
    "not a number": (
        at("config", "sesoi", {"speed_pp": float("nan")}),
        "sesoi.speed_pp is nan; expected a finite",
    ),
    "infinity": (
        at("config", "panel", "income", "scale", float("inf")),
        "panel.income.scale is inf",
    ),
    "permutations": (
        at("config", "inference", {"permutations": 10**8}),
        "inference.permutations is 100,000,000; exp",
    ),
    "draws": (
        at("config", "estimates", "dynamic_panel", [{"id": "d", "draws": 10**9}]),
        "draws is 1,000,000,000",
    ),
    "confidence of one": (
        at("config", "inference", {"conf_level": 1}),
        "inference.conf_level: 1 is",
    ),
    "negative seed": (
        at("config", "inference", {"seed": -1}),
        "inference.seed: -1 is less than",
    ),
    "years turned round": (
        at("config", "panel", "years", [2009, 2000]),
        "panel.years [2009, 2000]",
    ),
    "years without data": (
        at("config", "panel", "years", [1990, 2009]),
        "panel.csv lacks 60 rows",
    ),
    "period outside": (
        at("config", "periods", "P2", "end", 2012),
        "periods.P2 runs from 2004 to 2012",
    ),
    "period of a topic": (
        at("config", "estimates", "clubs", 0, "period", "P9"),
        "estimates.clubs.period names 'P9'",
    ),
    "periods of a topic": (
        at("config", "estimates", "inequality", 0, "periods", ["P1", "S"]),
        "periods names 'S'",
    ),
    "sample": (
        at("config", *BETA, "sample", "east"),
        "estimates.beta.sample names 'east'",
    ),
    "sample of nobody": (
        at("config", "panel", "samples", "west", list(UNITS)),
        "panel.samples.west leaves out all",
    ),
    "sample of strangers": (
        at("config", "panel", "samples", "west", ["Z"]),
        "panel.samples.west leaves out Z",
    ),
    "control": (
        at("config", *BETA, "controls", ["cost"]),
        "estimates.beta.controls names 'cost'",
    ),
    "column of a control": (
        at("config", "controls", "coast", "column", "sea"),
        "that units.csv lacks (sea)",
    ),
    "regressor that is the same in all years": (
        at("config", *FORMULA, "index"),
        "sp: 1 regressor does not vary once the effects are removed, first n",
    ),
    "weights of a topic": (
        at("config", *SP, "weights", "far"),
        "estimates.spatial_panel.weights names 'far'",
    ),
    "primary weights": (
        at("config", "weights", "primary", "far"),
        "weights.primary names 'far'",
    ),
    "too many neighbours": (
        at("config", "weights", "families", "near", "neighbours", 6),
        "ask for 6 neighbours",
    ),
    "no file of weights": (
        at("config", *OWN, {"kind": "file", "path": "own.csv"}),
        "weights own: no file own.csv",
    ),
    "weights without a unit": (
        lambda f: [
            raw(
                "own.csv",
                csv(
                    "unit_i,unit_j,weight",
                    *(f"{a},{b},1" for a in "ABCDE" for b in "ABCDE" if a != b),
                ),
            )(f),
            at("config", *OWN, {"kind": "file", "path": "own.csv"})(f),
        ],
        "1 units of the panel are not in weights own (own.csv) (F)",
    ),
    "joined strangers": (
        at("config", "weights", "join", [["A", "Z"]]),
        "weights.join names Z",
    ),
    "pairs of strangers": (
        at("config", "inference", {"pairs": [["A", "Z"]]}),
        "inference.pairs names Z",
    ),
    "unit scheme": (
        at("config", "panel", "unit_schemes", {"all": {"A": ["A", "Z"]}}),
        "panel.unit_schemes merges Z",
    ),
    "taxonomy without a table": (
        at("config", "taxonomy", "all", ["own", "their"]),
        "no taxonomy 'their'",
    ),
    "column of income": (
        at("config", "panel", "income", "output", "gdp"),
        "panel.csv lacks (gdp)",
    ),
    "base year": (
        at("config", "panel", "income", "base_year", 1990),
        "no nominal output in the base year 1990",
    ),
    "unknown table": (at("config", "tables", ["T99"]), "tables names 'T99'"),
    "table without topic": (
        at("config", "tables", ["T10", "T7"]),
        "T7 without estimates.dynamic_panel",
    ),
    "figure without its topic": (
        at("config", "figures", ["F20"]),
        "F20 without estimates.specification_curve",
    ),
    "same id": (
        at("config", "estimates", "beta", [{"id": "plain"}, {"id": "plain"}]),
        "estimates.beta has 1 id twice",
    ),
    "column of an expression": (
        at("config", *FORMULA, "log(poeple)"),
        "names the column 'poeple'",
    ),
    "no expression": (at("config", *FORMULA, "__import__('os')"), "is not allowed"),
    "years of a topic": (
        at("config", *SP, "years", [2009, 2001]),
        "the years of sp run from 2009 to 2001",
    ),
    "unknown regressor": (
        at("config", *SP, "regressors", ["m"]),
        "regressor m of sp is not one of n",
    ),
    "column of a grouping": (
        at("config", "estimates", "inequality", 0, "groupings", ["sea"]),
        "sea",
    ),
    # datapackage.json
    "no dictionary": (
        lambda f: (f / "data" / "datapackage.json").unlink(),
        U + "no file data/datapackage.json",
    ),
    "folder for the dictionary": (
        folder_for("data/datapackage.json"),
        U + "no file data/datapackage.json",
    ),
    "half a dictionary": (
        raw("data/datapackage.json", '{"resources": ['),
        "is not a data package",
    ),
    "a list for the dictionary": (
        raw("data/datapackage.json", "[]"),
        D + "[] is not of type 'object'",
    ),
    "nested dictionary": (
        raw("data/datapackage.json", "[" * 50000),
        "is not a data package",
    ),
    "a path that is a number": (
        described("panel", "path", 3),
        "resource 'panel', path: 3 is not of type 'string'",
    ),
    "sources that are text": (
        whole_dictionary("sources", ["An office"]),
        D + "source 1: 'An office' is not of type 'object'",
    ),
    "no licences at all": (
        whole_dictionary("licenses", None),
        D + "licenses: None is not of type 'array'",
    ),
    "no schema of the panel": (
        described("panel", "schema", {}),
        "datapackage.json does not describe panel",
    ),
    "fields that are text": (
        described("panel", *FIELDS, "unit, year"),
        "is not of type 'array'",
    ),
    "constraints that are a list": (
        described("panel", *FIELDS, 2, "constraints", [0]),
        "field 'output', constraint",
    ),
    "least value in words": (
        described("panel", *FIELDS, 2, "constraints", {"minimum": "low"}),
        "'low' is not of type",
    ),
    "no pattern": (
        described("units", *FIELDS, 1, "constraints", {"pattern": "("}),
        "the pattern of name is",
    ),
    "year as text": (
        described("panel", *FIELDS, 1, "type", "string"),
        "describes year of panel.csv as string",
    ),
    "a column twice": (
        described("panel", *FIELDS, 2, "name", "people"),
        "panel.csv: people stands twice",
    ),
    "a key of no column": (
        described("zones", "schema", "primaryKey", ["id"]),
        "a key names id, which is no column",
    ),
    "a table twice": (
        described("zones", "path", "units.csv"),
        "describes units more than once",
    ),
    "a path out of the folder": (
        described("zones", "path", "../zones.csv"),
        "../zones.csv: it leaves the data folder",
    ),
    "key to no table": (
        described(
            "zones", "schema", "foreignKeys", [{"fields": "unit", "reference": LOST}]
        ),
        "unit of zones.csv refers to u of x",
    ),
    "foreign key of no shape": (
        described("zones", "schema", "foreignKeys", [{"fields": []}]),
        "foreignKey 1",
    ),
    # the tables
    "no panel": (
        lambda f: (f / "data" / "panel.csv").unlink(),
        U + "no file panel.csv",
    ),
    "folder for a table": (folder_for("data/units.csv"), U + "no file units.csv"),
    "empty table": (raw("data/units.csv", ""), "units.csv is empty"),
    "table in another encoding": (
        raw("data/units.csv", "unit,name\nA,中国".encode("gb18030")),
        "units.csv is not UTF",
    ),
    "open quotation mark": (
        swap("units.csv", "Aland", '"Aland'),
        "units.csv is not a CSV table",
    ),
    "edited without a new hash": (
        raw("data/sources.csv", TABLES["sources"] + "B,b,1,n,y\n"),
        "1 table changed since",
    ),
    "row twice": (
        swap("panel.csv", "B,2001", "B,2000"),
        "panel.csv has 1 duplicated key (B 2000)",
    ),
    "unit twice": (
        swap("units.csv", "B,Bland", "A,Bland"),
        "units.csv has 1 duplicated key (A)",
    ),
    "half a year": (
        swap("panel.csv", "B,2001", "B,2001.5"),
        "value of year that is no integer ('2001.5'",
    ),
    "a word for a figure": (
        swap("panel.csv", "A,2001,12", "A,2001,many"),
        "value of output that is no number ('many'",
    ),
    "infinite figure": (
        swap("panel.csv", "A,2001,12", "A,2001,1e999"),
        "value of output that is no number",
    ),
    "negative income": (
        swap("panel.csv", "A,2000,11,", "A,2000,-11,"),
        "incomes are zero, negative or infinite",
    ),
    "nobody lives there": (
        swap("panel.csv", "A,2001,12,4", "A,2001,12,0"),
        "incomes are zero, negative or infinite",
    ),
    "index as ratio": (
        lambda f: [
            swap("panel.csv", f",10{i}\n", f",1.0{i}\n", 99)(f) for i in range(3, 7)
        ],
        "a ratio",
    ),
    "a gap": (
        swap("panel.csv", "A,2006,17,4", "A,2006,17,"),
        "log_income is missing or infinite for 1",
    ),
    "a figure of no source": (
        swap("panel_provenance.csv", "output,all,2000", "output,all,2001"),
        "no or two sources",
    ),
    "source of no column": (
        swap("panel_provenance.csv", "index,", "indx,"),
        "names 1 unknown variable (indx)",
    ),
    "source that is none": (
        swap("panel_provenance.csv", "official,BOOK", "official,B"),
        "names 1 unknown source (B)",
    ),
    "blank in an id": (
        lambda f: [swap(f"{t}.csv", "A,", "A B,", 99)(f) for t in PLACES],
        "cannot be used ('A B')",
    ),
    "line break": (
        lambda f: [swap(f"{t}.csv", "A,", '"A\nX",', 99)(f) for t in PLACES],
        "cannot be used ('A\\nX')",
    ),
    "latitude": (
        swap("units.csv", ",1,1,1", ",1,200,1"),
        "units.csv has 1 lat beyond 90 degrees (A)",
    ),
    "no coordinates": (
        swap("units.csv", ",1,1,1", ",1,,1"),
        "units.csv has 1 unit without lat or lon (A)",
    ),
    "two at one place": (
        swap("units.csv", ",0,2,4", ",0,1,1"),
        "1 pairs of units share their coordinates (A and B)",
    ),
    "island": (
        swap("adjacency.csv", "E,F\n", ""),
        "1 units have no neighbour in weights border (F)",
    ),
    "stranger next door": (
        swap("adjacency.csv", "E,F", "E,Z"),
        "adjacency.csv names 1 unknown unit (Z)",
    ),
    "half in a cluster": (
        swap("taxonomies/own.csv", "A,1,0", "A,2,0"),
        "own.csv has 1 unit that is neither",
    ),
    "exit before start": (
        swap("zones.csv", "2002,2008", "2002,1999"),
        "exit_year not after year_in_force (B 1999)",
    ),
    "zone of a stranger": (
        swap("zones.csv", "sez,F", "sez,Z"),
        "zones.csv names 1 unknown unit (Z)",
    ),
    "programme before the panel": (
        swap("programmes.csv", "2004", "1904"),
        "first_year outside the panel (west 1904)",
    ),
    "measure twice": (
        swap("clusters.csv", "B,listed", "A,listed"),
        "clusters.csv has 1 duplicated key (A listed)",
    ),
    # map.geojson
    "point": (
        outline(0, "geometry", {"type": "Point", "coordinates": [1, 1]}),
        "outlines of A are in disorder",
    ),
    "not a number on the map": (
        outline(0, "geometry", "coordinates", 0, 1, [float("nan"), 0]),
        "outlines of A are in",
    ),
    "metres on the map": (
        outline(0, "geometry", "coordinates", 0, 1, [500000, 0]),
        "outlines of A are in disorder",
    ),
    "outline of a stranger": (
        outline(0, "properties", "unit", "Z"),
        "the outlines name 1 unknown unit (Z)",
    ),
    "outline twice": (
        outline(0, "properties", "unit", "B"),
        "outlines of B are in disorder",
    ),
    "empty": (
        lambda f: (
            raw("data/map.geojson", "{}")(f),
            refresh_hashes(f / "data/datapackage.json"),
        ),
        "outlines",
    ),
    # claims, numbers, texts
    "claim of no hypothesis": (
        at("claims", "claims", 0, "hypothesis", "H9"),
        "claim L1: hypothesis 'H9' is not known",
    ),
    "family of a claim": (
        at("claims", "hypotheses", "H1", "primary", "family", "bta"),
        "family 'bta' is not known",
    ),
    "claims as text": (at("claims", "claims", "none"), "claims.yaml: "),
    "a number of no number": (
        at("numbers", "twice", "is", "2 * sped"),
        "twice: is: name 'sped' is not known",
    ),
    "a circle": (
        at("numbers", "speed", {"is": "twice + 0", "show": "0"}),
        "speed is made from itself",
    ),
    "unknown number": (
        raw("text/paper.md", "{{ n.sped }}"),
        "text/paper.md line 1: number 'sped' is not known",
    ),
    "unknown table in a text": (
        raw("text/paper.md", "{{ table('T99') }}"),
        "table 'T99' is not made",
    ),
    "template": (raw("text/paper.md", "{% if %}"), "report: text/paper.md line 1: "),
    "unknown citation": (
        raw("text/paper.md", "\n@Solow1956 @Swan1956"),
        "paper.md line 2: @Swan1956 is not known",
    ),
    "uncited": (raw("text/paper.md", "Nothing."), "no text cites Solow1956"),
    "folder for a text": (
        folder_for("text/paper.md"),
        "report: text/paper.md cannot be read",
    ),
    "broken references": (
        raw("text/references.bib", "@article{Solow1956,\n title = {x"),
        "has 1 entries, of which 0",
    ),
    # what a run would refuse, or what was accepted without a word
    "topics without one": (at("config", "estimates", {}), "estimates names no topic"),
    "no question": (
        at("config", "estimates", "group_contrasts", {}),
        "estimates.group_contrasts asks no question",
    ),
    "quantiles without end": (
        one_topic("distribution", {"id": "d", "period": "P1", "quantiles": 10**9}),
        "quantiles is 1,000,000,000; expected at most 10,000,000",
    ),
    "many quantiles": (
        one_topic("distribution", {"id": "d", "period": "P1", "quantiles": 1000}),
        "quantiles: 1000 is greater than the maximum of 100",
    ),
    "small steps": (
        one_topic("clubs", {"id": "whole", "period": "P2", "sieve_step": 1e-12}),
        "clubs.0: sieve_step 1e-12 needs more than 10,000 steps",
    ),
    "control twice": (
        at("config", *BETA, "controls", ["coast", "coast"]),
        "estimates.beta.0.controls names coast twice",
    ),
    "regressor twice": (at("config", *SP, "regressors", ["n", "n"]), "names n twice"),
    "regressor without variation": (
        at("config", *FORMULA, "people * 0 + 1"),
        "the regressor n of sp is 1 in every row",
    ),
    "infinite part": (
        at("config", *FORMULA, "exp(1000) * people"),
        "`exp(1000)` in `exp(1000) * people` is no finite number",
    ),
    "division by zero": (at("config", *FORMULA, "1 / 0 * people"), "no finite number"),
    "lag beyond all years": (
        at("config", *FORMULA, "lag(people, 100000000000000000000)"),
        "asks for 1e+20 years",
    ),
    "text in an expression": (
        at("config", *FORMULA, "log(unit)"),
        "computes with the column 'unit', which holds text",
    ),
    "almost all confidence": (
        at("config", "inference", {"conf_level": 0.9999999999999999}),
        "greater than the maximum of 0.9999",
    ),
    "year as income": (
        at("config", "panel", "income", {"column": "year", "unit": "x"}),
        "panel.income.column names year of panel.csv, which holds no figures",
    ),
    "unit as income": (
        at("config", "panel", "income", {"column": "unit", "unit": "x"}),
        "panel.income.column names unit of panel.csv, which holds no figures",
    ),
    "income described as text": (
        described("panel", *FIELDS, 2, "type", "string"),
        "panel.income names output of panel.csv, which holds no figures",
    ),
    "regions of a map": (
        one_topic("moran", {"id": "m", "regions": "region"}),
        "estimates.moran.m.regions names 1 that is unknown (region)",
    ),
    "column of a fact": (
        one_topic("statements", {**FACT, "outcome": "outputs"}),
        "statements.s: `outputs` names the column 'outputs'; expected a column of"
        " panel.csv; did you mean 'output'?",
    ),
    "group of a fact": (
        one_topic("statements", {**FACT, "group": "region = East"}),
        "statements.s names the group 'region = East'",
    ),
    "nobody in a group": (
        one_topic("statements", {**FACT, "group": "coastal = 7"}),
        "estimates.statements: no unit in the group coastal = 7",
    ),
    "column of a contrast": (
        one_topic("statements", {**CONTRAST, "outcome": "incomes"}),
        "names the column 'incomes'",
    ),
    "regressor of a contrast": (
        one_topic("statements", {**CONTRAST, "regressors": ["sezz"]}),
        "statements.s.regressors names 1 that is unknown (sezz)",
    ),
    "term of a contrast": (
        one_topic("statements", {**CONTRAST, "term": "cluster"}),
        "term or minus names 1 that is unknown (cluster)",
    ),
    "figure of groups without any": (
        all_of(
            at("config", "estimates", "inequality", 0, "groupings", []),
            at("config", "figures", ["F4", "F6"]),
            raw("text/page.md", "{{ figure('F6') }}"),
        ),
        "figure 'F6' is not made",
    ),
    "key twice in the dictionary": (
        dictionary('{"resources":', '{"resources": [], "resources":'),
        "has the key resources twice in one place",
    ),
    "no number in the dictionary": (
        described("panel", *FIELDS, 2, "constraints", {"minimum": float("nan")}),
        "data/datapackage.json holds NaN",
    ),
    "pipe for a table": (pipe("data/panel.csv"), "no file panel.csv"),
    "pipe for the outlines": (pipe("data/map.geojson"), "no file map.geojson"),
    "pipe for the dictionary": (
        pipe("data/datapackage.json"),
        "no file data/datapackage.json",
    ),
    "pipe for weights": (
        all_of(
            pipe("own.csv"), at("config", *OWN, {"kind": "file", "path": "own.csv"})
        ),
        "weights own: no file own.csv",
    ),
    "pipe for a text": (pipe("text/paper.md"), "text/paper.md cannot be read"),
    "open ring": (
        outline(0, "geometry", "coordinates", 0, 4, [0.5, 0.5]),
        "outlines of A are in disorder",
    ),
    "date of no zone": (
        swap("taxonomies/own.csv", "A,1,0,", "A,1,0,2003"),
        "own.csv dates 1 zone of a unit that has none (A)",
    ),
    "paragraph before the first": (
        at("claims", "claims", 0, "paragraph", [-1]),
        "claim L1: paragraph.0: Input should be greater than 0",
    ),
    "check that is the main row": (
        at("claims", "hypotheses", "H1", "checks", {"same": {"family": "beta"}}),
        "hypothesis H1, check 'same' is the main row once more",
    ),
    "truth value as threshold": (
        at(
            "claims",
            "claims",
            0,
            {
                "id": "L1",
                "claim": "Up.",
                "kind": "fact",
                "evidence": ROW,
                "holds": {"above": True},
            },
        ),
        "claim L1: holds: above is true, a truth value",
    ),
    "specification of a claim": (
        at("claims", "hypotheses", "H1", "primary", "spec_id", "plane"),
        "spec_id 'plane' is not known; expected one of plain; did you mean 'plain'?",
    ),
    "specification of a number": (
        numbers(x={**ROW, "spec_id": "plane", "show": "0"}),
        "numbers.yaml: x: spec_id 'plane' is not known",
    ),
    "period of a number": (
        numbers(x={**ROW, "period": "P9", "show": "0"}),
        "numbers.yaml: x: period 'P9' is not known",
    ),
    "table of a number": (
        numbers(x={**CELL, "file": "ingest/unit.csv"}),
        "numbers.yaml: ingest/unit.csv: table 'unit' is not known",
    ),
    "column of a number": (
        numbers(x={**CELL, "column": "latt", "take": "sum"}),
        "x: column of ingest/units.csv 'latt' is not known",
    ),
    "rows of a number": (
        numbers(x=CELL),
        "numbers.yaml: x selects 6 rows of ingest/units.csv; expected one row",
    ),
    "text as a number": (
        numbers(x={**CELL, "column": "name", "take": "sum"}),
        "numbers.yaml: x is the text 'Aland'",
    ),
    "text that nothing reads": (
        raw("text/papier.md", "Words."),
        "text/papier.md: text 'papier' is not known; expected one of page, paper,"
        " appendix, abstract; did you mean 'paper'?",
    ),
    "text out of the study": (
        link("text/paper.md", "/etc/hostname"),
        "text/paper.md is a link out of the study's folder",
    ),
    "text without end": (
        link("text/paper.md", "/dev/zero"),
        "text/paper.md is a link out of the study's folder",
    ),
    "large text": (
        raw("text/paper.md", "word " * 300_000),
        "text/paper.md cannot be read; expected a UTF-8 file of at most 1 MB",
    ),
    "picture": (paper("One.\n\n![a](b.png)"), "paper.md line 3: image 'a' is not part"),
    "code": (paper("One.\n\n`code`"), "paper.md line 3: code inline 'code'"),
    "include": (
        paper("{% include 'x' %}"),
        "paper.md line 1: {% include %} is not part",
    ),
    "typed number": (paper("{{ 7.5 }}"), "paper.md line 1: a number that is typed"),
    "name taken": (paper("{% set n = 5 %}"), "line 1: the name 'n' is set"),
    "macro": (
        paper("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"),
        "line 1: {% macro %} is not part of the syntax",
    ),
    "unknown filter": (
        paper("{{ n.speed | rounded }}"),
        "line 1: no filter named 'rounded'",
    ),
    "loops in loops": (
        paper("{% for a in ['x', 'y'] %}" * 17 + "{% endfor %}" * 17),
        "line 1: the loops go round more than 100,000 times",
    ),
    "open box": (
        raw("text/page.md", "::: cards\n\nWords."),
        "page.md line 1: a box is",
    ),
    "text beside a condition": (
        paper("{{ must(n.speed.value > 0) }}Words."),
        "line 1: must() stands beside a text",
    ),
    "unknown name in a branch": (
        paper("{% if n.speed.value > 0 %}\nA.\n{% else %}\n{{ n.sped }}\n{% endif %}"),
        "line 4: number 'sped' is not known",
    ),
    "part that a number lacks": (paper("{{ n.twice.p }}"), "line 1: twice has no p"),
    "unknown answer in a condition": (
        paper("{% if answers['H1'] == 'SUPORTED' %}\nYes.\n{% endif %}"),
        "line 1: answer 'SUPORTED' is not known",
    ),
    "map in the paper": (
        paper("One.\n\n{{ map() }}"),
        "paper.md line 3: map() has no place in this text",
    ),
    "exhibit twice": (
        paper("{{ table('T6') }}\n\n{{ table('T6') }}"),
        "text/paper.md: T6 is placed 2 times",
    ),
    "claims that are no table": (
        paper("{{ claims_table() }}"),
        "table 'T0' is not made",
    ),
    "link to nothing in the appendix": (
        raw("text/appendix.md", "{{ see('T9') }}"),
        "text/appendix.md: see('T9') leads nowhere",
    ),
}


def test_the_study_that_is_broken_below_is_in_order(built, capsys):
    assert checked(built) == (0, [])
    assert "5 topics, 4 tables and figures" in capsys.readouterr().out


@pytest.mark.parametrize("case", CASES)
def test_a_broken_input_is_named_in_one_line_and_nothing_is_lost(built, case):
    break_it, message = CASES[case]
    break_it(built)
    before = {
        path: path.read_bytes() for path in sorted(built.rglob("*")) if path.is_file()
    }
    code, lines = checked(built)
    assert code == 1 and any(message in line for line in lines), lines
    assert not [
        line
        for line in lines
        if "this is a fault of evenfield" in line or "Traceback" in line
    ], lines
    assert all(line.count("; ") >= 2 and line.isprintable() for line in lines), lines
    assert {
        path: path.read_bytes() for path in sorted(built.rglob("*")) if path.is_file()
    } == before


@pytest.mark.parametrize(
    "case", ["no dictionary", "no file of weights", "pipe for a text"]
)
def test_one_fault_is_one_line(built, case):
    CASES[case][0](built)
    assert len(checked(built)[1]) == 1


def test_numbers_that_each_rest_on_two_others_are_checked_at_once(built):
    more = {"f0": {"is": "speed + 0", "show": "0"}, "f1": {"is": "speed", "show": "0"}}
    for position in range(2, 46):
        terms = f"f{position - 1} + f{position - 2}"
        more[f"f{position}"] = {"is": terms, "show": "0"}
    numbers(**more)(built)
    assert checked(built) == (0, [])


def test_a_map_without_one_unit_is_said(built, capsys):
    file = built / "data" / "map.geojson"
    content = json.loads(file.read_text())
    content["features"].pop()
    file.write_text(json.dumps(content))
    refresh_hashes(built / "data" / "datapackage.json")
    assert checked(built) == (0, [])
    assert "left out: 1 unit has no outline on the map (F)" in capsys.readouterr().out


def test_more_resources_than_a_study_has_are_refused_at_once(built):
    file = built / "data" / "datapackage.json"
    content = json.loads(file.read_text())
    content["resources"] *= 200
    file.write_text(json.dumps(content))
    assert any("describes 2,000 resources" in line for line in checked(built)[1])


def run(*words):
    command = [sys.executable, str(ROOT / "run"), *words]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT
    )


@pytest.mark.command
@pytest.mark.parametrize("case", ["row twice", "years of a topic"])
def test_a_run_refuses_what_check_refuses_and_loses_nothing(built, case):
    break_it, message = CASES[case]
    break_it(built)
    label = [
        run(*words, "--directory", str(built))
        for words in (["check"], ["results/estimates.csv", "--cores", "1"])
    ]
    assert [done.returncode for done in label] == [1, 1]
    assert label[0].stderr == label[1].stderr
    assert message in label[0].stderr
    assert not label[0].stdout + label[1].stdout
    files = {
        path.relative_to(built / "results").parts[0]
        for path in (built / "results").rglob("*")
    }
    assert files <= {"estimates.csv", "logs"}
    assert (built / "results" / "estimates.csv").read_text() == "earlier\n"


def test_all_faults_are_listed_by_file_and_each_once(built):
    for case in ("control", "row twice", "latitude", "a circle", "point"):
        CASES[case][0](built)
    _, lines = checked(built)
    positions = [f"ingest: {name}" for name in ("panel", "units", "the outlines")]
    for start in ("config: estimates", *positions, "numbers.yaml: speed"):
        assert any(line.startswith(start) for line in lines), lines
    assert len(set(lines)) == len(lines)


def test_another_config_is_laid_over_the_studys_own(built, tmp_path):
    (tmp_path / "over.yaml").write_text("panel: {samples: {west: [Z]}}\n")
    fails(
        SystemExit,
        r"panel\.samples\.west leaves out Z",
        study.in_one_line,
        check.check,
        Namespace(
            directory=str(built), configfile=[tmp_path / "over.yaml"], stdin=False
        ),
    )
    assert checked(built) == (0, [])


def test_a_pattern_that_tries_every_way_is_stopped(built, monkeypatch):
    monkeypatch.setattr(study_tables, "LONGEST", 0.3)
    described("units", *FIELDS, 1, "constraints", {"pattern": "(a+)+b"})(built)
    swap("units.csv", "Aland", "a" * 40)(built)
    assert any("units.csv takes more than 0.3 s" in line for line in checked(built)[1])


@pytest.mark.command
def test_data_rewrites_hashes_after_an_edit_but_not_over_a_fault(built):
    raw("data/sources.csv", TABLES["sources"] + "B,b,1,n,y\n")(built)
    done = run("data", "--directory", str(built))
    assert done.returncode == 0 and "hash rewritten: sources.csv" in done.stdout, (
        done.stderr
    )
    raw("data/panel.csv", TABLES["panel"] + TABLES["panel"].splitlines()[1])(built)
    before = (built / "data" / "datapackage.json").read_bytes()
    assert run("data", "--directory", str(built)).returncode == 1
    assert (built / "data" / "datapackage.json").read_bytes() == before
