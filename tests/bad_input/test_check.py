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

STUDY = Path(__file__).parent / "study"


@pytest.fixture
def built(tmp_path, monkeypatch):
    folder = tmp_path / "study"
    shutil.copytree(STUDY, folder)
    (folder / "results").mkdir()
    (folder / "results" / "estimates.csv").write_text("earlier\n")
    monkeypatch.chdir(folder)
    return folder


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
    steps = [made(*step) for one in changes for step in one.items()]

    def change(folder):
        for step in steps:
            step(folder)

    return change


def hashed():
    """Make the hashes of the dictionary fit."""
    return lambda folder: refresh_hashes(folder / "data" / "datapackage.json")


def without(path, put):
    """Put something where a file belongs."""

    def change(folder):
        (folder / path).unlink(missing_ok=True)
        put(folder / path)

    return change


def gone(path):
    return without(path, Path)


def pipe(path):
    """Put a pipe that nobody writes to where a file belongs."""
    return without(path, os.mkfifo)


def link(path, target):
    return without(path, lambda file: file.symlink_to(target))


def folder_for(path):
    return without(path, Path.mkdir)


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


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
FIELDS = ("schema", "fields")
# What no file of cases can hold.
CODED = {
    "config in UTF-16": (
        raw("config.yaml", "study: {}".encode("utf-16")),
        "config: config.yaml is not UTF-8",
    ),
    "anchors that explode": (
        raw("config.yaml", LAUGHS),
        "anchors that grow to too many values",
    ),
    "nested without end": (
        raw("config.yaml", "a: " + "[" * 5000),
        "config.yaml is not YAML",
    ),
    "nested dictionary": (
        raw("data/datapackage.json", "[" * 50000),
        "is not a data package",
    ),
    "table in another encoding": (
        raw("data/units.csv", "unit,name\nA,中国".encode("gb18030")),
        "units.csv is not UTF",
    ),
    "large text": (
        raw("text/paper.md", "word " * 300_000),
        "text/paper.md cannot be read; expected a UTF-8 file of at most 1 MB",
    ),
    "endless name": (
        at("config", "tables", ["T" * 100_000]),
        "00,015 letters) ... TTT",
    ),
}
CHANGES = (
    all_of,
    described,
    dictionary,
    folder_for,
    gone,
    hashed,
    link,
    one_topic,
    outline,
    paper,
    pipe,
    raw,
    swap,
    whole_dictionary,
)
BY_NAME = {change.__name__.removesuffix("_of"): change for change in CHANGES}


def made(where, arguments):
    """A change of the folder as a case writes it."""
    if where == "event_study":
        return event_study(**arguments)
    return BY_NAME.get(where, partial(at, where))(*arguments)


def cases():
    """Each fault as a change of the folder and the words that name it."""
    text = Path(__file__).with_name("cases.yaml").read_text()
    for name, case in from_yaml(text).items():
        says = case.pop("says")
        yield name, (made(*case.popitem()), says)


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
    for name, number in more.items():
        at("numbers", name, number)(built)
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
    def added(name, line):
        with (built / "data" / name).open("a") as file:
            file.write(line)

    added("sources.csv", "B,b,1,n,y\n")
    done = program_copies.run("data", "--directory", built)
    assert done.returncode == 0 and "hash rewritten: sources.csv" in done.stdout, (
        done.stderr
    )
    added("panel.csv", (STUDY / "data" / "panel.csv").read_text().splitlines()[1])
    before = (built / "data" / "datapackage.json").read_bytes()
    assert program_copies.run("data", "--directory", built).returncode == 1
    assert (built / "data" / "datapackage.json").read_bytes() == before
