"""Data on which little is defined: every family of the convergence wing still ends, and every blank says why."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
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
