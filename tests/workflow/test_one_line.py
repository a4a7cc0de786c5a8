"""What a machine or a command line cannot do ends in one clear line, whatever the command:
no traceback, no warning of a library, no "fault of evenfield".
"""

import errno
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import program_copies
from engine.job import ended_by, refusal
from study_copies import copy_example

REPO = Path(__file__).resolve().parents[2]
LONG = "x" * 100_000
TOWNS = "NESWC"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return copy_example(tmp_path_factory.mktemp("line") / "s", "sigma", tables=["T9"])


@pytest.fixture
def towns(tmp_path, monkeypatch):
    """A table of five towns, and figures to add, in the current folder."""
    rows = [
        f"{t},{y},{900 + 7 * i * y % 97}" for i, t in enumerate(TOWNS) for y in range(9)
    ]
    lines = [row.replace(",", ",200", 1) for row in rows]
    (tmp_path / "t.csv").write_text("\n".join(["town,year,income", *lines, ""]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ends_in_a_line(*words, expected=""):
    done = program_copies.run(*words)
    assert (done.returncode, done.stderr.strip().count("\n")) == (1, 0), done.stderr
    assert "; expected " in done.stderr or expected
    assert expected in done.stderr
    assert "fault of evenfield" not in done.stderr
    return done


@pytest.mark.parametrize("command", ["check", "clean", "package", "data", "list"])
@pytest.mark.parametrize("option", ["--directory", "--configfile"])
def test_a_name_that_no_system_takes(study, command, option):
    if option == "--configfile" and command in {"clean", "package"}:
        pytest.skip("it has no such option")
    given = [] if option == "--directory" else ["--directory", study]
    ends_in_a_line(command, *given, option, LONG, expected="give it a shorter name")


@pytest.mark.parametrize(
    "words", [["--directory", LONG], ["--panel", LONG], ["--polygons", LONG]]
)
def test_a_long_name_where_a_study_is_made_or_run(towns, words):
    if words[0] != "--directory":
        words = ["new", "s", "--panel", "t.csv", *words]
    ends_in_a_line(*words)


@pytest.mark.parametrize("number", ["0", "-1", "x"])
def test_a_run_on_no_core_does_not_wait_for_one(study, number):
    ends_in_a_line("--cores", number, "--directory", study, expected="cores")


def test_leaving_out_all_units(towns):
    words = ["new", "s", "--panel", "t.csv", "--leave-out", *TOWNS]
    ends_in_a_line(*words, expected="--leave-out names all 5 units")


def test_logarithms_that_no_column_has(towns):
    words = ["new", "s", "--panel", "t.csv", "--log"]
    ends_in_a_line(*words, expected="no column is a logarithm")


@pytest.mark.parametrize("number", ["1e400", "-1e400"])
@pytest.mark.parametrize("form", ["geojson", "topojson"])
def test_outlines_without_end(towns, number, form):
    square = [[0, 0], [1, 0], [1, 1], [0, 0]]
    shape = {"type": "Polygon", "coordinates": [square]}
    rows = [{"properties": {"name": town}} for town in TOWNS]
    features = [{"type": "Feature", "geometry": shape, **row} for row in rows]
    content = {"type": "FeatureCollection", "features": features}
    if form == "topojson":
        parts = [{"type": "Polygon", "arcs": [[0]], **row} for row in rows]
        objects = {"a": {"type": "GeometryCollection", "geometries": parts}}
        content = {"type": "Topology", "arcs": [square], "objects": objects}
    text = json.dumps(content).replace("[1, 0]", f"[{number}, 0]")
    Path("map.json").write_text(text)
    words = ["new", "s", "--panel", "t.csv", "--polygons", "map.json"]
    ends_in_a_line(*words, expected="no finite numbers")


def test_figures_near_the_largest_number_are_read_without_a_warning(towns):
    lines = Path("t.csv").read_text().splitlines()
    large = [f"{line.rsplit(',', 1)[0]},1e308" for line in lines[2::3]]
    lines[2::3] = large
    Path("t.csv").write_text("\n".join([*lines, ""]))
    done = program_copies.run("new", "s", "--panel", "t.csv")
    assert "Warning" not in done.stderr


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "", "=x", "-x", ".x", "x y", "x" * 300]
)
def test_a_column_is_called_by_a_name(study, tmp_path, name):
    made = shutil.copytree(study, tmp_path / "s")
    rows = (made / "data/panel.csv").read_text().splitlines()[1:60:20]
    figures = "".join(f"{row.rsplit(',', 1)[0]},{i}\n" for i, row in enumerate(rows))
    (tmp_path / "f.csv").write_text(f"unit,year,jobs\n{figures}")
    words = ["--from", tmp_path / "f.csv", "--directory", made, "--", f"{name}=jobs"]
    before = (made / "data/panel.csv").read_bytes()
    done = program_copies.run("add", *words)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert (made / "data/panel.csv").read_bytes() == before


def test_a_text_writes_no_hidden_letter_by_an_escape(study, tmp_path):
    made = shutil.copytree(study, tmp_path / "s")
    (made / "text").mkdir()
    for letter in ("\\ud800", "\\u202e", "\\ue000", "\\x07"):
        (made / "text/page.md").write_text(f"# A\n\n{{{{ '{letter}' }}}}\n")
        ends_in_a_line("check", "--directory", made, expected="hidden character")


@pytest.mark.parametrize("command", ["check", "list", "new"])
def test_an_output_that_is_full(study, tmp_path, command):
    words = [command, "--directory", str(study)]
    if command == "new":
        rows = [f"{t},{y},{900 + y % 97}\n" for t in TOWNS for y in range(2000, 2009)]
        (tmp_path / "t.csv").write_text("town,year,income\n" + "".join(rows))
        words = ["new", str(tmp_path / "s"), "--panel", str(tmp_path / "t.csv")]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, str(REPO / "run"), *words],
            env={**os.environ, "EVENFIELD_VENV": sys.prefix},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "No space left on device" in done.stderr


@pytest.mark.parametrize("command", ["clean", "package", "data"])
def test_a_study_that_may_only_be_read(study, tmp_path, command, monkeypatch):
    if os.getuid() == 0:
        pytest.skip("who may do all is refused nothing")
    made = shutil.copytree(study, tmp_path / "s")
    (made / "results").mkdir()
    made.chmod(0o500)
    ends_in_a_line(command, "--directory", made)
    made.chmod(0o700)


def test_a_limit_of_processor_time_is_not_told_as_memory(monkeypatch):
    assert "memory" in ended_by(9)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (60, 60))
    assert "processor time" in ended_by(9)
    assert "processor time" in ended_by(24)


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ELOOP])
def test_what_the_machine_refuses_has_a_line(number):
    line = refusal(OSError(number, os.strerror(number), "results/T9.csv"))
    assert "expected" in line
    assert "results/T9.csv" in line
