"""Small tables, each beside the study that `run new` makes of it, or the line that refuses
it: cases/*.yaml. ``each`` makes several cases of one.
"""

import os
import re
import shlex
from pathlib import Path

import pandas as pd
import pytest

import add
import new
from evenfield.study.config import checked_config
from evenfield.study.config_files import read_config
from evenfield.study.ingest.study_tables import describe_study, read_study
from newstudy.made_tables import expanded, listed, rows_of, write
from tolerances import close

FILES = sorted(Path(__file__).parent.glob("cases/*.yaml"))
CASES = {
    f"{path.stem}: {name}": case for path in FILES for name, case in expanded(path)
}
MADE = {name: case for name, case in CASES.items() if "refused" not in case}
REFUSED = {name: case for name, case in CASES.items() if "refused" in case}
FOLLOWED = {name: case for name, case in REFUSED.items() if "then" in case}


def run(case, more=()):
    """Write the files of a case into the current folder and make its study; ``more`` are
    options beside its own.
    """
    file = case.get("file", "panel.csv")
    for name, table in {file: case.get("panel", case), **case.get("files", {})}.items():
        write(Path(name), table)
    options = case.get("options", [])
    words = shlex.split(options) if isinstance(options, str) else map(str, options)
    new.main(["study", "--panel", file, *words, *more])
    if "add" in case:
        folder = Path.cwd()
        add.main([*shlex.split(case["add"]), "--directory", "study"])
        os.chdir(folder)


def value_at(config, key):
    """A value of the config by its dotted key; none where a part is missing."""
    for part in key.split("."):
        entries = config if isinstance(config, dict) else dict(enumerate(config or ()))
        config = entries.get(int(part) if part.isdecimal() else part)
    return config


def check_column(study, key, expected, atol=1e-9):
    """Compare a column in the order of the units, blank where there is nothing."""
    name, _, column = key.partition(".")
    found = study[name][column].astype(object).fillna("").tolist()
    assert found == pytest.approx(expected, abs=atol), key


def income_of(study, income):
    panel = study["panel"].set_index(["unit", "year"])
    if "column" in income:
        return panel[income["column"]]
    return panel[income["output"]] / panel[income["population"]]


def own_weights(study, config):
    """The links of the study's own weights, by names: ``Aland Bland``."""
    name = dict(zip(study["units"]["unit"], study["units"]["name"], strict=True))
    path = Path("study", config["weights"]["families"]["own"]["path"])
    links = pd.read_csv(path, dtype=str)
    pairs = zip(links["unit_i"].map(name), links["unit_j"].map(name), strict=True)
    return dict(zip(map(" ".join, pairs), links["weight"].astype(float), strict=True))


@pytest.mark.parametrize("name", MADE)
def test_a_table_becomes_the_right_study(tmp_path, monkeypatch, capsys, name):
    case = MADE[name]
    monkeypatch.chdir(tmp_path)
    run(case)
    printed = capsys.readouterr().out
    text = Path("study", "config.yaml").read_text()
    monkeypatch.chdir("study")
    config = checked_config(read_config("config.yaml"))
    study = read_study(config)
    monkeypatch.chdir(tmp_path)
    for words in ["run: python3 run --directory study", *listed(case.get("says", []))]:
        assert words in printed
    for words in listed(case.get("silent", [])):
        assert words not in printed
    for words in listed(case.get("config text", [])):
        assert words in text
    assert len(text.splitlines()) <= case.get("most lines", 99)
    # No anchors and aliases, which few readers of YAML know.
    assert not re.search(r"[&*]id\d", text)
    assert describe_study(study)["simulated"] == case.get("simulated", [])
    for key, value in case.get("config", {}).items():
        assert value_at(config, key) == value, key
    if "years" in case:
        assert [*config["panel"]["years"], config["panel"]["step"]] == case["years"]
    if "units" in case:
        assert " ".join(study["units"]["unit"]) == case["units"]
    assert len(study["panel"]) == case.get("rows", len(study["panel"]))
    for key, value in case.get("tables", {}).items():
        check_column(study, key, value)
    for key, value in case.get("near", {}).items():
        check_column(study, key, value, atol=0.01)
    for key, columns in case.get("columns of", {}).items():
        assert list(study[key]) == columns
    income = income_of(study, config["panel"]["income"]) if "income" in case else None
    if income is not None:
        unit, year, value = case["income"]
        close(income[unit, year], value)
    if "same income" in case:
        given = rows_of(case["same income"])
        given = given.sort_values(list(given)[:1], kind="stable")["income"]
        close(income_of(study, config["panel"]["income"]), given)
    if "weights" in case:
        assert own_weights(study, config) == case["weights"]


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_in_one_line_and_nothing_is_written(
    tmp_path, monkeypatch, name
):
    case = REFUSED[name]
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        run(case)
    lines = str(stop.value.code).splitlines()
    assert len(lines) == case.get("faults", 1)
    for words in listed(case["refused"]):
        assert any(words in line for line in lines), lines
    for line in lines:
        assert line.startswith("ingest: ") and line.count("; ") >= 2
    assert not Path("study").exists()


def hinted(refusal):
    """Words of the first command that the last part of a refusal proposes."""
    action = refusal.rpartition("; ")[2]
    flags = re.split(r", since |, or | if | to | \(", action[action.index("--") :])[0]
    return shlex.split(flags)


@pytest.mark.parametrize("name", FOLLOWED)
def test_the_command_that_a_refusal_proposes_makes_the_right_study(
    tmp_path, monkeypatch, name
):
    case = FOLLOWED[name]
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        run(case)
    run(case, hinted(str(stop.value.code)))
    monkeypatch.chdir("study")
    config = checked_config(read_config("config.yaml"))
    for key, value in case["then"].items():
        assert value_at(config, key) == value, key
    if "units" in case:
        assert " ".join(read_study(config)["units"]["unit"]) == case["units"]
