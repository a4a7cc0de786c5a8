"""The replication archive: whole, the same bytes, runnable where it is unpacked,
refused where it would not be true.
"""

import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

import program_copies
from study_copies import copy_example
from yaml_text import from_yaml

pytestmark = pytest.mark.gate
NOBODY = "TODO: who made this study (study.author in config.yaml)"
ROOT = Path(__file__).parents[2]
SKIPPED = shutil.ignore_patterns(
    "__pycache__",
    "results",
    ".snakemake",
    "tests",
    ".venv*",
    ".git",
    "data",
    ".*_cache",
)


def engine(checkout, study, *words):
    options = ("--directory", study, *words)
    return program_copies.run(*options, workflow=checkout / "workflow")


def package(checkout, *words):
    return program_copies.run("package", *words, workflow=checkout / "workflow")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The code with a small finished study of its own, outside git."""
    folder = tmp_path_factory.mktemp("package") / "checkout"
    shutil.copytree(ROOT, folder, ignore=SKIPPED)
    copy_example(folder, "beta", "sigma", tables=["T6", "T9"], figures=["F4"])
    for name in ("claims.yaml", "numbers.yaml"):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "text", ignore_errors=True)
    done = engine(folder, folder, "--cores", "2")
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


def unpacked(archive, folder):
    with zipfile.ZipFile(archive) as held:
        assert held.testzip() is None
        assert held.namelist() == sorted(held.namelist())
        held.extractall(folder)
    (inside,) = folder.iterdir()
    return inside


def test_an_archive_is_whole_runs_where_it_is_unpacked_and_gives_the_same_archive(
    checkout, tmp_path
):
    done = package(checkout)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("results/replication.zip: ")
    archive = checkout / "results" / "replication.zip"
    first = archive.read_bytes()
    inside = unpacked(archive, tmp_path)
    rows = list(csv.DictReader((inside / "MANIFEST.csv").open()))
    for row in rows:
        held = (inside / row["path"]).read_bytes()
        assert (len(held), hashlib.sha256(held).hexdigest()) == (
            int(row["bytes"]),
            row["sha256"],
        )
    assert len(rows) == sum(path.is_file() for path in inside.rglob("*")) - 1
    readme = (inside / "README.md").read_text()
    citation = (checkout / "results" / "citation.txt").read_text()
    assert citation in readme
    assert "None" not in readme
    assert "{{" not in readme
    for label in (
        "| `data/panel.csv` | Income per head, one row per state and year | 3888 |",
        "Bureau of Economic",
        "| T6 | Beta and sigma convergence by period | `workflow/evenfield/topics/beta/table.py` |",
        "`workflow/scripts/estimate.py`",
        "base seed 2011",
        "numpy ",
    ):
        assert label in readme, label
    standard = readme.partition("point by point")[2].partition("## References")[0]
    rules = [line.split("|")[1:4] for line in standard.splitlines() if "| " in line]
    assert [int(rule[0]) for rule in rules if rule[0].strip().isdigit()] == [
        *range(1, 17)
    ]
    assert all(cell.strip() for rule in rules for cell in rule)
    # The paper in LaTeX is a row of the table and no paragraph behind it.
    assert re.search(r"\|\n\| paper in LaTeX \|", readme)
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    deposit = json.loads((inside / ".zenodo.json").read_text())
    assert [one["name"] for one in deposit["creators"]] == [
        one["name"] for one in cited["authors"]
    ]
    assert citation.strip() in deposit["description"]
    assert deposit["license"] == cited["license"]
    plan = engine(inside, inside, "--dry-run")
    assert plan.returncode == 0 and "ingest" in plan.stdout + plan.stderr, plan.stderr[
        -2000:
    ]
    (inside / "published").rename(inside / "results")
    # Read at the start of a process, so by one of its own.
    elsewhere = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    elsewhere |= {"PYTHONPATH": str(inside / "workflow")}
    program = [sys.executable, str(inside / "workflow" / "commands" / "package.py")]
    subprocess.run(program, env=os.environ | elsewhere, check=True)
    assert (inside / "results" / "replication.zip").read_bytes() == first


def test_a_study_from_another_folder_brings_the_code_and_only_its_own_data(
    checkout, tmp_path
):
    study = tmp_path / "my-study"
    study.mkdir()
    for name in ("config.yaml", "data", "results"):
        (shutil.copytree if (checkout / name).is_dir() else shutil.copy)(
            checkout / name, study / name
        )
    done = package(checkout, "--directory", str(study))
    assert done.returncode == 0, done.stderr
    inside = unpacked(study / "results" / "replication.zip", tmp_path / "unpacked")
    assert (inside / "study" / "data" / "panel.csv").is_file()
    # Who does not say who made it gets no deposit in the name of others.
    deposit = json.loads((inside / ".zenodo.json").read_text())
    assert [one["name"] for one in deposit["creators"]] == [NOBODY]
    assert "study.author in config.yaml" in done.stdout
    assert not (inside / "data").exists()
    assert "`python3 run --directory study`" in (inside / "README.md").read_text()
    assert engine(inside, inside / "study", "--dry-run").returncode == 0


DICTIONARIES = from_yaml("""
    only tables: {}
    titles only: {sources: [{title: Office}], licenses: [{name: CC0}]}
    paths only: {sources: [{path: a.org}], licenses: [{path: b.org}]}
    words only: {sources: [], licenses: [{}], description: Words}
    """)


@pytest.mark.parametrize("name", DICTIONARIES)
def test_the_readme_needs_nothing_that_a_dictionary_may_leave_out(
    checkout, tmp_path, name
):
    for part in ("data", "results"):
        shutil.copytree(checkout / part, tmp_path / part)
    shutil.copy(checkout / "config.yaml", tmp_path)
    path = tmp_path / "data" / "datapackage.json"
    tables = json.loads(path.read_text())["resources"]
    for table in tables:
        table.pop("title", None)
    text = json.dumps({"resources": tables, **DICTIONARIES[name]})
    path.write_text(text)
    done = package(checkout, "--directory", str(tmp_path))
    assert done.returncode == 0, done.stderr


def retitle(study):
    text = (study / "config.yaml").read_text()
    (study / "config.yaml").write_text(text.replace("title: ", "title: On "))


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (
            lambda study: shutil.rmtree(study / "results"),
            "no results/manifest.json; expected a finished run; run the",
        ),
        (
            lambda study: (study / "results/tables/T6.docx").unlink(),
            "1 results are missing: results/tables/T6.docx;",
        ),
        (
            lambda study: (study / "results/estimates.csv").write_text("x"),
            "estimates.csv changed since the run;",
        ),
        (lambda study: (study / "data/units.csv").write_text("x"), "units.csv"),
        (retitle, "config.yaml changed since the run"),
    ],
)
def test_what_would_not_be_true_is_refused_in_one_line(
    checkout, tmp_path, break_it, message
):
    for name in ("data", "results"):
        shutil.copytree(checkout / name, tmp_path / name)
    shutil.copy(checkout / "config.yaml", tmp_path)
    break_it(tmp_path)
    done = package(checkout, "--directory", str(tmp_path))
    assert (
        done.returncode == 1 and done.stderr.count("\n") == 1 and message in done.stderr
    ), done.stderr
