"""Other studies run from their own folder with the same command and never dirty the
repository.
"""

import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

import program_copies
from evenfield.study.config_files import read_config
from yaml_text import from_yaml

ROOT = Path(__file__).parents[2]
SPEEDS = from_yaml("""
    us-states: {S1: 1.647, P1: 2.93, P2: 2.133, P3: 0.558}
    mexico-states: {}
    spain-comunidades: {S1: 1.749, P1: 2.052, P2: 1.29}
    """)
# Its page is refused if an interval misses what was planted.
SPEEDS |= {"simulated-districts": {"S1": 2.089}}
ELSEWHERE = r"China|Chinese|\bSEZs?\b|\byuan\b|\b[Pp]rovince|official output"


@pytest.mark.gate
@pytest.mark.parametrize("name", SPEEDS)
def test_example_runs_to_its_page(name, tmp_path):
    shutil.copytree(
        ROOT / "examples" / name,
        tmp_path / name,
        ignore=shutil.ignore_patterns("results", ".snakemake"),
    )
    program_copies.run_well("--directory", tmp_path / name, "--cores", 2)
    results = tmp_path / name / "results"
    page = (results / "report" / "index.html").read_text()
    title = yaml.safe_load((tmp_path / name / "config.yaml").read_text())["study"][
        "title"
    ]
    # A title may name the years of the study.
    assert title.partition("{")[0] in html.unescape(page)
    assert not re.search(r"<h[1-6]\b.*cluster", page, re.IGNORECASE)
    for file in ("index.html", "tables.html", "appendix.typ", "paper.typ"):
        text = (results / "report" / file).read_text()
        read = re.sub(r'href="data:[^"]*"', "", text)  # without numbers to download
        assert not re.search(ELSEWHERE, read), file
    assert (results / "report" / "paper.pdf").stat().st_size > 10_000
    estimates = pd.read_csv(results / "estimates.csv").query(
        "estimator == 'ols' and term == 'speed'"
    )
    speeds = estimates.query("spec_id == 'absolute'").set_index("period")["estimate"]
    if (maker := tmp_path / name / "make.py").exists():
        tables = {
            path: path.read_bytes()
            for path in sorted((tmp_path / name / "data").rglob("*.*"))
        }
        subprocess.run([sys.executable, str(maker)], check=True)
        assert {path: path.read_bytes() for path in tables} == tables
    for period, speed in SPEEDS[name].items():
        assert speeds[period] == pytest.approx(speed, abs=6e-4)
    assert speeds.notna().all()


@pytest.mark.gate
def test_another_workflow_uses_it_as_a_module(tmp_path):
    config = read_config(ROOT / "examples" / "mexico-states" / "config.yaml")
    config["data"]["package"] = str(
        ROOT / "examples" / "mexico-states" / "data" / "datapackage.json"
    )
    (tmp_path / "config.yaml").write_text(
        yaml.safe_dump({"evenfield": config, "mine": 1})
    )
    (tmp_path / "Snakefile").write_text(
        'configfile: "config.yaml"\nmodule evenfield:\n    snakefile:'
        f' "{ROOT / "Snakefile"}"\n    config: config["evenfield"]\nuse rule * from'
        " evenfield as evenfield_*\nrule mine:\n    default_target: True\n    input:"
        ' "results/tables/T9.csv"\n'
    )
    words = [sys.executable, "-m", "snakemake", "--cores", "2"]
    done = subprocess.run(
        words,
        cwd=tmp_path,
        env=os.environ | program_copies.FIXED,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "results" / "tables" / "T9.csv").is_file()
