"""The commands of docs/new-study.md, as printed, and a study without coordinates or
borders, each to its page.
"""

import importlib.util
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import program_copies
from evenfield.study.config import checked_config
from evenfield.study.config_files import read_config

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "new-study.md").read_text()
START = "python3 run --directory ../my-states"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def run(folder, line):
    """Do what a line says: `python3 run` by a copy of a loaded process, but for the run
    itself, which is started as a user starts it.
    """
    if line.startswith("python3 run ") and line != START:
        words = shlex.split(line.removeprefix("python3 run "))
        return program_copies.run_well(*words, cwd=folder)
    line = line.replace("python3 run", f"{sys.executable} run")
    done = subprocess.run(
        ["bash", "-c", line], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.gate
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
    with zipfile.ZipFile(results / "replication.zip") as archive:
        (name,) = (n for n in archive.namelist() if n.split("/")[1:] == ["README.md"])
        readme = archive.read(name).decode()
    assert "- panel.csv" in readme
    assert "| `study/data/panel.csv` | panel | 3888 | yes |" in readme
    assert (results.parent / "report.html").stat().st_size > 100_000
    # Each kind of estimate leads to the columns that it rests on.
    rows = pd.read_csv(results / "estimates.csv", dtype=str)
    rows = rows.drop_duplicates(["topic", "family", "estimator"])
    names = " ".join(rows["estimate_id"])
    ways = run(checkout, f"python3 run why --directory ../my-states {names}")
    assert ways.count("Input columns\n  income_usd 1929-2009") == len(rows) > 20
    assert "Incomes of 48 states: " in (results / "report" / "index.html").read_text()
    assert (results / "report" / "paper.pdf").stat().st_size > 10_000
    speeds = pd.read_csv(results / "estimates.csv").query(
        "estimator == 'ols' and term == 'speed' and period == 'S1'"
    )
    assert speeds["estimate"].iloc[0] == pytest.approx(1.647, abs=6e-4)


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


@pytest.mark.gate
@pytest.mark.gate
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
    target = "results/report/index.html --cores 2"
    run(ROOT, f"python3 run --directory '{tmp_path}/my study' {target}")
    page = (tmp_path / "my study" / "results" / "report" / "index.html").read_text()
    assert "Incomes of 112 provinces: " in page
    assert "SIMULATED INPUT" in page
    assert "write 112 names in Latin letters" in page
    page = re.sub(r"<style\b.*?</style>", "", page, flags=re.DOTALL)
    assert not re.search(r"contiguity matrix|special economic|yuan|coast", page)


@pytest.mark.gate
def test_policies_of_a_new_study_show_what_was_planted(tmp_path):
    districts = ROOT / "examples" / "simulated-districts"
    spec = importlib.util.spec_from_file_location("make", districts / "make.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    units = pd.read_csv(districts / "data" / "units.csv")
    county = pd.factorize(units["county"])[0]
    places = units[["lat", "lon"]].to_numpy().T
    first, _, jobs = make.parks_and_jobs(*places, county)
    panel = pd.DataFrame(jobs.round(4), columns=range(make.FIRST, make.LAST + 1))
    panel = pd.concat([units[["name", "county"]], panel], axis=1)
    panel = panel.melt(["name", "county"], var_name="year", value_name="jobs")
    panel.to_csv(tmp_path / "jobs.csv", index=False)
    parks = pd.DataFrame({"district": units["name"], "opened in year": first})
    parks[first > 0].to_csv(tmp_path / "parks.csv", index=False)
    names = units.set_index("unit")["name"]
    borders = pd.read_csv(districts / "data" / "adjacency.csv")
    borders.apply(lambda ends: ends.map(names)).to_csv(
        tmp_path / "borders.csv", index=False
    )
    files = "--panel jobs.csv --weights borders.csv --policies parks.csv"
    words = f"{files} --income jobs --group county --flag simulated"
    run(tmp_path, f"python3 run new study {words}")
    with (tmp_path / "study" / "config.yaml").open("a") as config:
        config.write("inference: {permutations: 99}\n")
    table = "results/estimates/event_study/estimates.csv"
    written = (tmp_path / "study" / "config.yaml").read_text()
    # A policy may be a law of whole units: near them is asked by who knows better.
    assert "nearby" not in yaml.safe_load(written)["estimates"]
    proposed = next(line for line in written.splitlines() if "# nearby:" in line)
    nearby = yaml.safe_load(proposed.partition("# nearby:")[2])
    assert nearby["distance"] == "steps" and len(nearby["specs"][0]["lists"]) == 1
    run(ROOT, f"python3 run --directory '{tmp_path}/study' {table}")
    rows = pd.read_csv(tmp_path / "study" / table)
    rows = rows[rows["w_id"].eq("2 steps") & rows["std_error"].notna()]
    found = rows.set_index("contrast")[["conf_low", "conf_high"]]
    planted = {"0 to 5": "park", "0 to 1": "near_park"}
    for contrast, name in planted.items():
        low, high = found.loc[contrast]
        assert low < make.PLANTED[name] / 100 < high and high - low < 0.02
    low, high = found.loc["1 to 2"]
    assert low < 0 < high and high - low < 0.02
