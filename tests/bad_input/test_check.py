"""Broken inputs, each a mutation of one small study and part of the line that names it;
nothing is written or lost.
"""

import json
import os
import shutil
from argparse import Namespace
from functools import partial
from pathlib import Path

import pytest
import yaml

import check
import program_copies
import study
from evenfield.study.ingest import study_tables
from evenfield.study.ingest.dictionary import refresh_hashes
from refusals import fails
from yaml_text import from_yaml

UNITS = "ABCDEF"
YEARS = range(2000, 2010)
NUMBERED = [*enumerate(UNITS, 1)]
KINDS = from_yaml("""
    year: integer
    index: number
    first_year: integer
    last_year: integer
    cluster: integer
    """)
KINDS |= dict.fromkeys(("output", "people", "lat", "lon", "value"), "number")
KINDS |= dict.fromkeys(
    ("sez", "year_in_force", "exit_year", "sez_from_year", "coastal"), "integer"
)
KEYS = from_yaml("""
    {panel: [unit, year], units: [unit], sources: [source], zones: [zone]}
    """)


def csv(header, *rows):
    return "\n".join([header, *rows]) + "\n"


POLICIES = ("A,park,2004,seen", "B,park,2006,seen", "C,port,2006,memory")
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
    "policies": csv("unit,kind,first_year,grade", *POLICIES),
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
    "panel": from_yaml("""
        years: [2000, 2009]
        income:
          output: output
          index: index
          base_year: 2000
          population: people
          unit: coins
        samples: {all: [], west: [A, B]}
        """),
    "periods": from_yaml("""
        P1: {start: 2000, end: 2004}
        P2: {start: 2004, end: 2009}
        """),
    "taxonomy": {"primary": "own", "all": ["own"]},
    "controls": {"coast": {"kind": "unit", "column": "coastal", "label": "coast"}},
    "weights": {
        "primary": "near",
        "families": {"near": NEAR, "border": {"kind": "contiguity"}},
    },
    "estimates": from_yaml("""
        beta: [{id: plain, controls: [], role: primary}]
        sigma: [{id: plain}]
        clubs: [{id: whole, period: P2}]
        inequality:
          [{id: areas, periods: [P1], weighting: unweighted, groupings: [coastal]}]
        spatial_panel:
          variables: {n: {expression: log(people), label: people}}
          specifications: [{id: sp, years: [2001, 2009], regressors: [n]}]
        """),
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
    "claims": from_yaml("""
        [{id: L1, paragraph: [1], claim: Up., kind: association, hypothesis: H1}]
        """),
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


EVENTS = {
    "leads": 1,
    "horizons": 2,
    "outcomes": {"one": {"expression": "log(output)", "label": "output"}},
    "specs": [{"id": "parks", "outcome": "one", "kinds": ["park"]}],
}


def event_study(spec=None, placement=None, **keys):
    """Ask for the effect of the parks, with some keys changed."""
    section = {**EVENTS, **keys, "specs": [{**EVENTS["specs"][0], **(spec or {})}]}
    if placement:
        level = {"id": "level", "outcome": "one", "year": 2000}
        section["placement"] = [level | placement]
    return at("config", "estimates", "event_study", section)


def outline(*path):
    def change(folder):
        file = folder / "data" / "map.geojson"
        placed(content := json.loads(file.read_text()), "features", *path)
        file.write_text(json.dumps(content))
        refresh_hashes(folder / "data" / "datapackage.json")

    return change


FILLED = ("panel", "units")
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
FIELDS = ("schema", "fields")
OWN = ("weights", "families", "own")
P = "config: "
U = "ingest: "
D = "ingest: data/datapackage.json: "
CODED = {
    # config.yaml: how it is written
    "no config": (lambda f: (f / "config.yaml").unlink(), P + "no file"),
    "config in UTF-16": (
        raw("config.yaml", "study: {}".encode("utf-16")),
        P + "config.yaml is not UTF-8",
    ),
    "anchors that explode": (
        raw("config.yaml", LAUGHS),
        "anchors that grow to too many values",
    ),
    "nested without end": (
        raw("config.yaml", "a: " + "[" * 5000),
        "config.yaml is not YAML",
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
    # datapackage.json
    "no dictionary": (
        lambda f: (f / "data" / "datapackage.json").unlink(),
        U + "no file data/datapackage.json",
    ),
    "nested dictionary": (
        raw("data/datapackage.json", "[" * 50000),
        "is not a data package",
    ),
    # the tables
    "no panel": (
        lambda f: (f / "data" / "panel.csv").unlink(),
        U + "no file panel.csv",
    ),
    "table in another encoding": (
        raw("data/units.csv", "unit,name\nA,中国".encode("gb18030")),
        "units.csv is not UTF",
    ),
    "index as ratio": (
        lambda f: [
            swap("panel.csv", f",10{i}\n", f",1.0{i}\n", 99)(f) for i in range(3, 7)
        ],
        "a ratio",
    ),
    "blank in an id": (
        lambda f: [swap(f"{t}.csv", "A,", "A B,", 99)(f) for t in FILLED],
        "cannot be used ('A B')",
    ),
    "line break": (
        lambda f: [swap(f"{t}.csv", "A,", '"A\nX",', 99)(f) for t in FILLED],
        "cannot be used ('A\\nX')",
    ),
    "empty": (
        lambda f: (
            raw("data/map.geojson", "{}")(f),
            refresh_hashes(f / "data/datapackage.json"),
        ),
        "outlines",
    ),
    "figure of groups without any": (
        all_of(
            at("config", "estimates", "inequality", 0, "groupings", []),
            at("config", "figures", ["F4", "F6"]),
            raw("text/page.md", "{{ figure('F6') }}"),
        ),
        "figure 'F6' is not made",
    ),
    "pipe for a table": (pipe("data/panel.csv"), "panel.csv is no file that can be"),
    "pipe for the outlines": (pipe("data/map.geojson"), "map.geojson is no file that"),
    "pipe for the dictionary": (
        pipe("data/datapackage.json"),
        "data/datapackage.json is no file that can be read",
    ),
    "pipe for weights": (
        all_of(
            pipe("own.csv"), at("config", *OWN, {"kind": "file", "path": "own.csv"})
        ),
        "weights own: own.csv is no file that can be read",
    ),
    "pipe for a text": (pipe("text/paper.md"), "text/paper.md cannot be read"),
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
    "policy in two lines": (
        swap("policies.csv", "A,park", 'A,"park\nA"'),
        "policies.csv has 1 row with a line end in kind (A); expected kinds of one line",
    ),
    "limits of a text": (
        all_of(
            described("panel", *FIELDS, 2, "type", "string"),
            described("panel", *FIELDS, 2, "log", True),
        ),
        "panel.csv: output has log and is described as string; expected integer or",
    ),
    "limit of a name": (
        described("units", *FIELDS, 1, "constraints", {"minimum": 0}),
        "units.csv: name has minimum and is described as string",
    ),
    "endless name": (
        at("config", "tables", ["T" * 100_000]),
        "00,015 letters) ... TTT",
    ),
    "part of a number in a condition": (
        paper("{{ must(n.speed.value.__class__) }}\n\nWords."),
        "line 1: '__class__' is asked of what has no parts; expected",
    ),
    "event study without outcomes": (
        event_study(outcomes={"one": {"expression": "5", "label": "5"}}),
        "event study parks: the outcome `5` names no column; expected an expression",
    ),
}
CHANGES = (
    described,
    dictionary,
    folder_for,
    one_topic,
    outline,
    paper,
    raw,
    swap,
    whole_dictionary,
)
BY_NAME = {change.__name__: change for change in CHANGES}


def cases():
    """Each fault as a change of the folder and the words that name it."""
    text = (Path(__file__).parent / "cases.yaml").read_text()
    for name, case in yaml.safe_load(text).items():
        says = case.pop("says")
        ((where, arguments),) = case.items()
        if where == "event_study":
            change = event_study(**arguments)
        elif isinstance(arguments, dict):
            change = numbers(**arguments)
        else:
            change = BY_NAME.get(where, partial(at, where))(*arguments)
        yield name, (change, says)


CASES = CODED | dict(cases())


def test_the_study_that_is_broken_below_is_in_order(built, capsys):
    assert checked(built) == (0, [])
    assert "5 topics, 4 tables and figures" in capsys.readouterr().out
    event_study()(built)
    assert checked(built) == (0, [])


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


def test_many_faults_of_a_file_are_ten_lines_and_a_count(built):
    more = [{"id": f"s{i}", "sample": "east"} for i in range(205)]
    specs = [{"id": "plain", "role": "primary"}, *more]
    for number, spec in enumerate(more):
        spec["controls"] = [f"c{number}"]
    at("config", "estimates", "beta", specs)(built)
    _, lines = checked(built)
    assert len(lines) == 11
    assert lines[-1].startswith("config.yaml: 196 more faults; expected none;")


def asking_for(hypothesis):
    """Ask for a threshold whose rows bear a hypothesis."""
    regime = {"id": "r", "taxonomy": "own", "weights": "near", "hypothesis": hypothesis}
    return one_topic("regime", regime)


def test_a_hypothesis_that_claims_do_not_have_is_refused(built):
    asking_for("H99")(built)
    code, lines = checked(built)
    assert code == 1
    assert len(lines) == 1
    assert "hypothesis names 'H99'" in lines[0]
    assert "one of H1, L1" in lines[0]


@pytest.mark.parametrize("name", ["H1", "L1", "H99"])
def test_labels_of_rows_are_hypotheses_claims_and_what_is_not_asked(built, name):
    at("claims", "not_asked", {"H99": "a fact"})(built)
    asking_for(name)(built)
    assert checked(built) == (0, [])


def test_without_claims_a_label_of_rows_is_free(built):
    (built / "claims.yaml").unlink()
    at("config", "tables", ["T6", "T9"])(built)
    asking_for("H99")(built)
    assert checked(built) == (0, [])


def test_numbers_that_each_rest_on_two_others_are_checked_at_once(built):
    more = from_yaml("{f0: {is: speed + 0, show: '0'}, f1: {is: speed, show: '0'}}")
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
    assert any("describes 2,200 resources" in line for line in checked(built)[1])


@pytest.mark.command
@pytest.mark.parametrize("case", ["row twice", "years of a topic"])
def test_a_run_refuses_what_check_refuses_and_loses_nothing(built, case):
    break_it, message = CASES[case]
    break_it(built)
    label = [
        program_copies.run(*words, "--directory", built)
        for words in (["check"], ["results/estimates.csv", "--cores", "1"])
    ]
    assert [done.returncode for done in label] == [1, 1]
    # The run also says that it has no records of the earlier results.
    assert label[1].stderr.endswith(label[0].stderr)
    assert label[1].stderr.count("\n") == label[0].stderr.count("\n") + 1
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
    done = program_copies.run("data", "--directory", built)
    assert done.returncode == 0 and "hash rewritten: sources.csv" in done.stdout, (
        done.stderr
    )
    raw("data/panel.csv", TABLES["panel"] + TABLES["panel"].splitlines()[1])(built)
    before = (built / "data" / "datapackage.json").read_bytes()
    assert program_copies.run("data", "--directory", built).returncode == 1
    assert (built / "data" / "datapackage.json").read_bytes() == before
