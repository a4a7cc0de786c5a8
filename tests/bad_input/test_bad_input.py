"""Each broken input ends with one line that says what was found and what to do, and leaves nothing half-written."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).parents[2]
NOT_RESULTS = {"logs", "benchmarks"}
TARGET = "results/weights/31/contiguity.csv"


def edit_config(study, change):
    path = study / "config.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(config)
    path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")


def edit_lines(path, change):
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(change(lines)) + "\n", encoding="utf-8", newline="\n")


def set_cell(path, row_start, column, value):
    def change(lines):
        place = lines[0].split(",").index(column)
        for i, line in enumerate(lines):
            if line.startswith(row_start):
                cells = line.split(",")
                cells[place] = value
                lines[i] = ",".join(cells)
        return lines

    edit_lines(path, change)


def duplicated_row(study):
    edit_lines(study / "data" / "panel.csv", lambda lines: [*lines, lines[1]])


def cell(column, value):
    """Write a value into the row of Guangdong 2005."""
    return lambda study: set_cell(study / "data" / "panel.csv", "CN-GD,2005,", column, value)


def config(change):
    return lambda study: edit_config(study, change)


def unit_not_in_weights(study):
    edges = (study / "data" / "adjacency.csv").read_text(encoding="utf-8").splitlines()[1:]
    both = [*edges, *(",".join(reversed(edge.split(","))) for edge in edges)]
    kept = [f"{edge},1" for edge in both if "CN-XZ" not in edge] + ["CN-HI,CN-GD,1", "CN-GD,CN-HI,1"]
    (study / "own.csv").write_text("unit_i,unit_j,weight\n" + "\n".join(kept) + "\n", encoding="utf-8")
    edit_config(study, lambda config: config["weights"]["families"].update(own={"kind": "file", "path": "own.csv"}))


def broken_dictionary(study):
    path = study / "data" / "datapackage.json"
    package = json.loads(path.read_text(encoding="utf-8"))
    package["resources"] = [r for r in package["resources"] if r["path"] != "units.csv"]
    path.write_text(json.dumps(package), encoding="utf-8")


wrong_checksum = cell("gdp_100m_cny", "22557.38")
CASES = {
    "misspelt key": (config(lambda c: c["panel"].update(unit_schem="31")), "config: 'unit_schem' is not a key of"),
    "duplicated row": (duplicated_row, "ingest: panel.csv has 1 duplicated key (CN-AH 1978); expected one row"),
    "unit not in weights": (
        unit_not_in_weights,
        "weights: 1 units of the panel are not in weights own (own.csv) (CN-X",
    ),
    "island": (config(lambda c: c["weights"].update(join=[])), "weights: 1 units have no neighbour in weights"),
    "checksum": (wrong_checksum, "ingest: 1 table changed since its checksum was written (panel.csv); expected"),
    "joined period": (config(lambda c: c["periods"]["P2"].update(end=2000)), "panel: period P2 (1992 to 2000) joins"),
    "broken dictionary": (broken_dictionary, "ingest: datapackage.json does not describe units; expected"),
}


def run(study, *words):
    command = [sys.executable, str(ROOT / "run"), *words, "--directory", str(study)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def results_of(study):
    folder = study / "results"
    return {path.relative_to(folder).parts[0] for path in folder.rglob("*") if path.is_file()} - NOT_RESULTS


@pytest.mark.parametrize("case", CASES)
def test_bad_input_gives_one_line_and_leaves_nothing(china_copy, case):
    break_it, message = CASES[case]
    break_it(china_copy)
    done = run(china_copy, TARGET, "--cores", "2")
    lines = done.stderr.splitlines()
    assert done.returncode == 1
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith(message), lines[0]
    assert "Traceback" not in done.stdout + done.stderr
    floor = message.split(":")[0]
    assert floor == "config" or "run.log" in lines[0]
    written = {"config": set(), "ingest": set(), "panel": {"ingest"}, "weights": {"ingest", "panel"}}[floor]
    assert results_of(china_copy) <= written


def test_check_names_the_same_fault_and_computes_nothing(china_copy):
    duplicated_row(china_copy)
    done = run(china_copy, "check")
    assert done.returncode == 1 and done.stderr.splitlines() == [done.stderr.strip()]
    assert done.stderr.startswith("ingest: panel.csv has 1 duplicated key (CN-AH 1978)")
    assert not (china_copy / "results").exists()


def test_data_rewrites_hashes_after_an_edit_but_not_over_a_fault(china_copy):
    wrong_checksum(china_copy)
    done = run(china_copy, "data")
    assert done.returncode == 0, done.stderr
    assert "hash rewritten: panel.csv" in done.stdout
    duplicated_row(china_copy)
    before = (china_copy / "data" / "datapackage.json").read_bytes()
    assert run(china_copy, "data").returncode == 1 and (china_copy / "data" / "datapackage.json").read_bytes() == before


Edit = Callable[[pd.DataFrame], pd.DataFrame]


def _two_neighbours(frame):
    kept = ["MX-AGU", "MX-JAL"]
    names = [name for name in ("unit", "unit_i", "unit_j") if name in frame]
    return frame[frame[names].isin(kept).all(axis=1)] if names else frame


def _all_alike(frame):
    values = [name for name in frame if name not in {"unit", "year"}]
    return frame.assign(**dict.fromkeys(values, 1000)) if {"unit", "year"} <= set(frame) else frame


@pytest.mark.parametrize("edit", [_two_neighbours, _all_alike], ids=["two units", "all incomes alike"])
def test_every_blank_says_why(edit, tmp_path):
    study = tmp_path / "study"
    ignored = shutil.ignore_patterns("results", ".snakemake")
    shutil.copytree(ROOT / "examples" / "mexico-states", study, ignore=ignored)
    for path in (study / "data").glob("*.csv"):
        edit(pd.read_csv(path, dtype=str, keep_default_na=False)).to_csv(path, index=False)
    refresh = [sys.executable, str(ROOT / "workflow" / "commands" / "data.py"), "--directory", str(study)]
    done = subprocess.run(refresh, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    command = [sys.executable, str(ROOT / "run"), "--directory", str(study), "--cores", "2", "results/estimates.csv"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    estimates = pd.read_csv(study / "results" / "estimates.csv", low_memory=False)
    blank = estimates[estimates["estimate"].isna()]
    assert len(blank)
    assert blank["warning"].notna().all(), blank[blank["warning"].isna()].iloc[0].to_dict()
