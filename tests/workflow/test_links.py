"""No command writes outside of a study. What each of them writes is found by watching it
once; then each of these paths, and each folder on the way, stands there as a link to the
same outside, which keeps its bytes.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import program_copies
from engine.outputs import EARLIER
from evenfield.study.config_files import read_config
from evenfield.study.files import planted
from evenfield.study.ingest.dictionary import refresh_hashes
from study_copies import copy_example

RECORDER = Path(__file__).parents[1] / "recorder"
# Below these, names are new at each run; the programs' own notes stand below the last.
NEW_NAMES = re.compile(r"\.snakemake/(tmp|scripts|log|auxiliary|cache)/")
AT_HOME = (".cache", ".config")
PANEL = "data/panel.csv"
SILENT = {  # commands that write nothing in a study
    "check": ["check"],
    "list": ["list"],
    "data without an edit": ["data"],
}
SILENT_AFTER_A_RUN = {
    "diff": ["diff", "STUDY"],
    "why": ["why", "b0f8d9239129"],
    "why --code": ["why", "b0f8d9239129", "--code"],
}
WRITING = {
    "data": ["data"],
    "add": "add rain --from ../rain.csv --source B --citation Book".split(),
    "add --replace": ["add", "income_usd", "--from", "../later.csv", "--replace"],
    "clean": ["clean"],
}
MAKING = {
    "new": ["new", "STUDY", "--panel", "towns.csv"],
    "new --again": ["new", "STUDY", "--panel", "towns.csv", "--again"],
}
AFTER_A_RUN = {
    "show": ["show", "T9"],
    "package": ["package"],
    "clean": ["clean"],
    "data": ["data"],
    "run": [],
}


def copied(study: Path, folder: Path) -> Path:
    """Copy a study with its links to an empty folder, with the files that it takes in."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(study, folder / "study", symlinks=True)
    units = sorted(
        {row.split(",")[0] for row in lines_of(folder / "study" / PANEL)[1:]}
    )
    for name, year in (("rain", 2001), ("later", 2009)):
        rows = [f"{unit},{year},{number + 900}" for number, unit in enumerate(units)]
        column = "income_usd" if name == "later" else name
        text = "\n".join([f"unit,year,{column}", *rows, ""])
        (folder / f"{name}.csv").write_text(text)
    years = range(2000, 2012)
    rows = [f"{town},{y},{1000 + 7 * y % 90}" for town in "NESWC" for y in years]
    (folder / "towns.csv").write_text("\n".join(["town,year,income", *rows, ""]))
    return folder / "study"


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines()


def edit(study: Path) -> None:
    """Change one cell, so that `data` has a hash to write."""
    text = (study / PANEL).read_text()
    (study / PANEL).write_text(text.replace(",323\n", ",324\n", 1))


def call(words, study, **variables):
    """Call a command on a study that stands beside the current folder."""
    words = [str(study) if word == "STUDY" else word for word in words]
    if "new" not in words:
        words = [*words, "--directory", str(study)]
    words = [word.replace("../", f"{study.parent}/") for word in words]
    return program_copies.run(*words, cwd=study.parent, **variables)


def written(words, study: Path) -> list[str]:
    """Return what a command writes in a study, and the folders on the way; it writes
    nothing elsewhere.
    """
    record = study.with_name("record")
    record.touch()
    temporary = study.with_name("temporary")
    temporary.mkdir()
    # The process that jobs are copies of loads no code of others, so each job is one.
    variables = {
        "EVENFIELD_PRELOADED": "none",
        "PYTHONPATH": str(RECORDER),
        "WRITTEN_PATHS": str(record),
    }
    done = call(words, study, TMPDIR=str(temporary), **variables)
    assert done.returncode == 0, done.stderr
    paths = sorted(set(map(Path, lines_of(record))))
    allowed = [study, temporary, Path("/dev"), *(Path.home() / x for x in AT_HOME)]
    # The record itself, and the byte code of a program that runs for the first time.
    paths = [p for p in paths if p != record and "__pycache__" not in p.parts]
    elsewhere = [p for p in paths if not any(p.is_relative_to(a) for a in allowed)]
    assert elsewhere == []
    inside = {p.relative_to(study) for p in paths if p.is_relative_to(study)}
    inside |= {folder for path in inside for folder in path.parents}
    names = sorted(path.as_posix() for path in inside - {Path()})
    return [name for name in names if not NEW_NAMES.match(name)]


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def plant(study: Path, name: str, is_folder: bool) -> Path:
    """Put a link in place of a file or folder: to what was there, to another of its kind
    where nothing was, and to nothing.
    """
    outside = study.with_name("outside")
    outside.mkdir()
    place = study / name
    place.parent.mkdir(parents=True, exist_ok=True)
    target = outside / place.name
    if os.path.lexists(place):
        place.rename(target)
    elif is_folder:
        target.mkdir()
        (target / "mine.txt").write_text("mine")
    else:
        target.write_text("mine")
    place.symlink_to(target)
    return outside


def withstands(words, made: Path, name: str, folders: set[str]) -> None:
    """Call a command on a study in which one path is a link; outside all stays."""
    outside = plant(made, name, name in folders)
    before = content(outside)
    done = call(words, made)
    assert content(outside) == before, (words, name)
    assert "Traceback" not in done.stderr
    assert "fault of evenfield" not in done.stderr, done.stderr
    assert done.returncode in (0, 1)


def folders_of(names: list[str]) -> set[str]:
    return {parent.as_posix() for name in names for parent in Path(name).parents}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study that is in order and has not run."""
    return copy_example(tmp_path_factory.mktemp("links") / "s", "sigma", tables=["T9"])


@pytest.mark.parametrize("name", SILENT)
def test_commands_that_look_write_nothing(study, tmp_path, name):
    assert written(SILENT[name], copied(study, tmp_path / "s")) == []


# These write a dozen files: one after the other stands there as a link in the gate.
MANY = [
    pytest.param(name, marks=pytest.mark.gate)
    for name in ("add --replace", "new --again")
]


@pytest.mark.parametrize("name", ["data", "add", "clean", "new", *MANY])
def test_no_command_writes_through_a_link(study, tmp_path, name):
    words = WRITING.get(name) or MAKING[name]
    made = trial(study, tmp_path / "s", words)
    if name == "new":
        shutil.rmtree(made)
    names = written(words, made)
    assert names
    folders = folders_of(names)
    for place in names:
        withstands(words, trial(study, tmp_path / "s", words), place, folders)


def link(place: Path, target: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)


def write(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def change(study: Path, section: str, **keys) -> None:
    """Change keys of the config."""
    config = read_config(study / "config.yaml")
    config[section] |= keys
    (study / "config.yaml").write_text(yaml.safe_dump(config))


def a_scheme_called_conda(study, outside):
    """A folder among results that has a name of Snakemake's, in which links are its own."""
    change(study, "panel", unit_schemes={"all": {}, "conda": {}})
    link(study / "results/panel/conda/.part-units.csv", outside / "mine.csv")


def a_part_of_the_dictionary(study, outside):
    link(study / "data/.part-datapackage.json", outside / "mine.csv")


def a_staged_file_behind_a_link(study, outside):
    link(study / "data/sub", outside)
    write(study / "data/.evenfield-staged/sub/mine.csv", "yours")


def a_staged_table_behind_a_link(study, outside):
    """As an `add` stages it: with the dictionary that describes it."""
    link(study / "data/sub", outside)
    staged = study / "data/.evenfield-staged"
    write(staged / "sub/mine.csv", "yours")
    package = json.loads((study / "data/datapackage.json").read_text())
    package["resources"].append({"path": "sub/mine.csv"})
    write(staged / "datapackage.json", json.dumps(package))


def a_staged_link(study, outside):
    link(study / "data/.evenfield-staged/panel.csv", outside / "mine.csv")


def a_stage_that_is_a_link(study, outside):
    link(study / "data/.evenfield-staged", outside)


def a_stage_before_it_is_whole(study, outside):
    link(study / "data/.evenfield-staged.part", outside)


def a_stage_of_the_study(study, outside):
    link(study / ".evenfield-staged", outside)


def a_pipe_for_a_log(study, outside):
    (study / "results/logs").mkdir(parents=True)
    os.mkfifo(study / "results/logs/run.log")


def a_loop(study, outside):
    link(study / "results/tables/T9.csv", study / "results/tables/T9.csv")


def a_link_to_nothing(study, outside):
    link(study / "results/logs/ingest.log", outside / "none")


def a_record_of_hashes(study, outside):
    link(study / ".snakemake/evenfield/hashes/results", outside)


def a_record_deep_below_conda(study, outside):
    link(study / ".snakemake/evenfield/hashes/conda/results", outside)


def a_folder_for_temporary_files(study, outside):
    link(study / ".snakemake/tmp", outside)


def conda_itself(study, outside):
    link(study / ".snakemake/conda", outside)


def a_study_below(study, outside):
    """A study beside the study, in whose results a folder has a name of Snakemake's."""
    shutil.copytree(study / "data", study / "below/data")
    shutil.copy(study / "config.yaml", study / "below")
    config = read_config(study / "config.yaml") | {"beside": {"other": "below"}}
    (study / "config.yaml").write_text(yaml.safe_dump(config))
    link(study / "below/results/panel/shadow/.part-units.csv", outside / "mine.csv")


PLANTED = {
    name: plant
    for name, plant in list(globals().items())
    if callable(plant) and name.startswith(("a_", "conda_"))
}


@pytest.fixture
def outside(tmp_path):
    folder = tmp_path / "outside"
    write(folder / "mine.csv", "mine")
    return folder


# What all commands are tried with; other kinds meet the check alone, but for the gate.
OF_ALL_COMMANDS = {
    "a_scheme_called_conda",
    "a_staged_table_behind_a_link",
    "a_pipe_for_a_log",
    "a_study_below",
}


OTHERS = sorted(PLANTED.keys() - OF_ALL_COMMANDS)


@pytest.mark.parametrize(
    ("name", "of_all"),
    [
        *((name, True) for name in sorted(OF_ALL_COMMANDS)),
        *((name, False) for name in OTHERS),
        *(pytest.param(name, True, marks=pytest.mark.gate) for name in OTHERS),
    ],
)
def test_what_no_command_has_written_is_refused_by_all(
    study, tmp_path, outside, name, of_all
):
    made = copied(study, tmp_path / "s")
    PLANTED[name](made, outside)
    refusing = [["check"]]
    if of_all:
        refusing += [[]]
        # `add` and `data` do nothing in the study below.
        refusing += [WRITING["add"], ["data"]] if name != "a_study_below" else []
    for words in refusing:
        if words == ["data"]:
            edit(made)
        done = call(words, made)
        assert content(outside) == {"mine.csv": b"mine"}, words
        assert (done.returncode, done.stderr.strip().count("\n")) == (1, 0), done.stderr
        assert "; expected " in done.stderr
        assert "`add`" not in done.stderr  # which is not advised
    done = call(["clean"], made)
    assert done.returncode == 0, done.stderr
    assert content(outside) == {"mine.csv": b"mine"}
    assert not (made / ".snakemake").exists()


@pytest.mark.parametrize("way", ["folder", "path", "table"])
def test_data_of_another_study_are_read_and_not_written(study, tmp_path, way):
    made = copied(study, tmp_path / "s")
    other = tmp_path / "s" / "other"
    if way == "path":
        shutil.copytree(made / "data", other)
        change(made, "data", package="../other/datapackage.json")
    elif way == "folder":
        (made / "data").rename(other)
        link(made / "data", other)
    else:
        other.mkdir()
        (made / "data/panel.csv").rename(other / "panel.csv")
        link(made / "data/panel.csv", other / "panel.csv")
    before = content(other)
    assert call(["check"], made).returncode == 0
    for words in (WRITING["add"], WRITING["add --replace"], ["data"]):
        done = call(words, made)
        assert content(other) == before
        if words != ["data"] or way != "table":
            assert (done.returncode, done.stderr.count("\n")) == (1, 1)
            assert done.stderr.startswith("files: ")
    assert call(["check"], made).returncode == 0


def test_a_run_gives_back_only_what_a_run_has_kept(study, tmp_path, outside):
    made = copied(study, tmp_path / "s")
    link(made / "home", outside)
    write(made / EARLIER / "home/mine.csv", "yours")
    write(made / EARLIER / "home/new.csv", "yours")
    name = base64.urlsafe_b64encode(b"home/mine.csv").decode()
    write(made / ".snakemake/incomplete" / name, '{"external_jobid": null}')
    done = call(["results/ingest/panel.csv"], made)
    assert done.returncode == 0, done.stderr
    assert content(outside) == {"mine.csv": b"mine"}


def test_a_file_of_several_names_keeps_its_bytes_under_the_others(
    study, tmp_path, outside
):
    made = copied(study, tmp_path / "s")
    refresh_hashes(made / "data/datapackage.json")
    edit(made)
    places = ["results/logs/run.log", "results/logs/ingest.log", ".snakemake/engines"]
    places += ["results/ingest/panel.csv", ".snakemake/evenfield_checked"]
    places += ["data/.part-datapackage.json"]
    for place in places:
        (made / place).parent.mkdir(parents=True, exist_ok=True)
        os.link(outside / "mine.csv", made / place)
    assert call(["data"], made).returncode == 0
    done = call(["results/ingest/panel.csv"], made)
    assert done.returncode == 0, done.stderr
    assert content(outside) == {"mine.csv": b"mine"}


def trial(finished: Path, folder: Path, words: list[str]) -> Path:
    """Copy a study after its run, in which a command has something to do."""
    made = copied(finished, folder)
    if words == ["data"]:
        edit(made)
    elif not words and (made / "results").exists():
        (made / "results/ingest/panel.csv").unlink()
    return made


@pytest.fixture(scope="module")
def finished(study, tmp_path_factory):
    """The study after a run, with what the run wrote."""
    made = copied(study, tmp_path_factory.mktemp("finished") / "s")
    return made, written([], made)


@pytest.mark.gate
def test_every_path_that_a_run_writes_is_looked_at(finished, tmp_path):
    made, names = finished
    assert len(names) > 300
    folders = folders_of(names)
    for name in names:
        place = made / name
        kept = place.with_name(f"{place.name} kept")
        is_there = os.path.lexists(place)
        if is_there:
            place.rename(kept)
        place.parent.mkdir(parents=True, exist_ok=True)
        link(place, tmp_path)
        found = planted(made)
        place.unlink()
        if is_there:
            kept.rename(place)
        assert place in found, name
    assert {"results", ".snakemake"} < folders


@pytest.mark.gate
@pytest.mark.parametrize("name", SILENT_AFTER_A_RUN)
def test_commands_that_look_at_results_write_nothing(finished, tmp_path, name):
    assert written(SILENT_AFTER_A_RUN[name], copied(finished[0], tmp_path / "s")) == []


@pytest.mark.gate
@pytest.mark.parametrize("name", AFTER_A_RUN)
def test_no_command_writes_through_a_link_after_a_run(finished, tmp_path, name):
    words = AFTER_A_RUN[name]
    names = written(words, trial(finished[0], tmp_path / "s", words))
    if name == "clean":  # which meets what a run has written
        names = finished[1]
    folders = folders_of(names)
    # Of each folder the first file, for a run writes hundreds.
    first = {str(Path(name).parent): name for name in reversed(names)}
    # `results` itself may be a link, of which `clean` removes the link.
    passed = {"."} if name == "clean" else {".", "results"}
    for place in sorted({*folders, *first.values()} - passed):
        withstands(words, trial(finished[0], tmp_path / "s", words), place, folders)


@pytest.mark.gate
@pytest.mark.parametrize("name", PLANTED)
def test_plain_snakemake_refuses_it_before_its_jobs(study, tmp_path, outside, name):
    made = copied(study, tmp_path / "s")
    PLANTED[name](made, outside)
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--directory", made]
    done = subprocess.run(
        [*command, "--snakefile", RECORDER.parents[1] / "Snakefile"],
        cwd=RECORDER,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert content(outside) == {"mine.csv": b"mine"}
