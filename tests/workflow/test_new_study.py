"""The commands of docs/new-study.md, as printed, and a study without coordinates or
borders, each to its page.
"""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from evenfield.study.config import checked_config
from evenfield.study.config_files import read_config

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "new-study.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def run(folder, line):
    line = line.replace("python3 run", f"{sys.executable} run")
    done = subprocess.run(
        ["bash", "-c", line], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_commands_of_the_guide(tmp_path):
    checkout = tmp_path / "checkout"
    results = tmp_path / "my-states" / "results"
    checkout.mkdir()
    for name in ("run", "examples"):
        (checkout / name).symlink_to(ROOT / name)
    label = {
        line: run(checkout, line)
        for block in blocks("sh")
        for line in block.splitlines()
    }
    find = lambda word: next(out for line, out in label.items() if word in line)  # noqa: E731
    assert "config and data are in order" in find("run check")
    assert "nothing to add" in find("add income_usd")
    assert (
        "1 cell of income_usd changed, largest 8.36% (US-AL 1929: 323 -> 350)"
        in find("run data")
    )
    assert "panel: 1 cell of income_usd changed" in find("run diff")
    assert "columns new: division" in find("run diff")
    assert "evenfield/topics/beta/method.md" in find("run why")
    assert "data/panel.csv" in find("run package")
    assert (results.parent / "report.html").stat().st_size > 100_000
    # Each kind of estimate leads to the columns that it rests on.
    rows = pd.read_csv(results / "estimates.csv", dtype=str)
    rows = rows.drop_duplicates(["topic", "family", "estimator"])
    names = " ".join(rows["estimate_id"])
    ways = run(checkout, f"python3 run why --directory ../my-states {names}")
    assert ways.count("Input columns\n  income_usd 1929-2009") == len(rows) > 20
    assert "Income of 48 units" in (results / "report" / "index.html").read_text()
    assert (results / "report" / "paper.pdf").stat().st_size > 10_000
    speeds = pd.read_csv(results / "estimates.csv").query(
        "estimator == 'ols' and term == 'speed' and period == 'S1'"
    )
    assert speeds["estimate"].iloc[0] == pytest.approx(1.647, abs=6e-4)
    run(checkout, "python3 run --directory ../my-states results/manifest.json")
    moved = run(checkout, "python3 run diff --directory ../my-states")
    assert re.search(r"^estimates: \d+ of \d+ moved, 0 new, 0 gone$", moved, re.M)
    assert "standard errors" in moved


def test_fragments_of_the_guide_are_configs(tmp_path):
    base = read_config(ROOT / "examples" / "us-states" / "config.yaml")
    base["estimates"] = {"sigma": base["estimates"]["sigma"]}
    for fragment in map(yaml.safe_load, blocks("yaml")):
        checked_config(
            {
                **base,
                **fragment,
                "panel": {**base["panel"], **fragment.get("panel", {})},
            }
        )


def test_units_without_coordinates_or_borders_and_with_chinese_names(tmp_path):
    random = np.random.default_rng(7)
    rows = []
    for i in range(112):
        path = np.cumsum(random.normal(0.02, 0.02, 16)) + random.normal(8, 0.4)
        rows += [
            (chr(0x5317 + i) + "市", 2000 + t, round(float(np.exp(y)), 1))
            for t, y in enumerate(path)
        ]
    pd.DataFrame(rows, columns=["provincia", "año", "ingreso"]).to_excel(
        tmp_path / "bolivia.xlsx", index=False
    )
    run(
        ROOT,
        f"python3 run new '{tmp_path}/my study' --panel {tmp_path}/bolivia.xlsx --flag"
        " simulated",
    )
    run(ROOT, f"python3 run --directory '{tmp_path}/my study' --cores 2")
    page = (tmp_path / "my study" / "results" / "report" / "index.html").read_text()
    assert "Income of 112 provincias, 2000-2015" in page
    assert "SIMULATED INPUT" in page
    assert "write 112 names in Latin letters" in page
    assert not re.search(r"contiguity matrix|special economic|yuan|coast", page)
