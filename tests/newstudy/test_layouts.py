"""Tables in the layouts of statistical offices and data sets, each to the right study:
units, years, step and one income that was looked up by hand.
"""

import io
from pathlib import Path

import pandas as pd
import pytest
import yaml

import new
from evenfield.study.config import checked_config
from evenfield.study.config_files import read_config
from evenfield.study.ingest.study_tables import read_study
from tolerances import close

TABLES = yaml.safe_load(Path(__file__).with_name("layouts.yaml").read_text())
LAYOUTS = {name: table for name, table in TABLES.items() if "refused" not in table}
REFUSED = {name: table for name, table in TABLES.items() if "refused" in table}


def written(folder, layout):
    path = folder / layout["file"]
    if "sheets" in layout:
        with pd.ExcelWriter(path) as book:
            for name, text in layout["sheets"].items():
                sheet = pd.read_csv(io.StringIO(text))
                sheet.to_excel(book, sheet_name=name, index=False)
        return path
    text = layout["text"]
    if layout.get("tabs"):
        text = text.replace("|", "\t")
    table = {".dta": pd.DataFrame.to_stata, ".xlsx": pd.DataFrame.to_excel}
    if path.suffix in table:
        index = {"write_index": False} if path.suffix == ".dta" else {"index": False}
        table[path.suffix](pd.read_csv(io.StringIO(text)), path, **index)
    else:
        path.write_text(text, encoding=layout.get("encoding", "utf-8"))
    return path


def income_of(study, config):
    panel = study["panel"].set_index(["unit", "year"])
    income = config["panel"]["income"]
    if "column" in income:
        return panel[income["column"]]
    return panel[income["output"]] / panel[income["population"]]


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_becomes_the_right_study(tmp_path, capsys, name):
    layout = LAYOUTS[name]
    path = written(tmp_path, layout)
    options = [str(option) for option in layout.get("options", [])]
    new.main([str(tmp_path / "study"), "--panel", str(path), *options])
    config = checked_config(read_config(tmp_path / "study" / "config.yaml"))
    config["data"]["package"] = str(tmp_path / "study" / "data" / "datapackage.json")
    study = read_study(config)
    assert " ".join(study["units"]["unit"]) == layout["units"]
    assert [*config["panel"]["years"], config["panel"]["step"]] == layout["years"]
    unit, year, value = layout["income"]
    close(income_of(study, config)[unit, year], value)
    assert layout.get("says", "") in capsys.readouterr().out


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_income_per_head_is_refused_with_the_reason(tmp_path, name):
    layout = REFUSED[name]
    path = written(tmp_path, layout)
    with pytest.raises(SystemExit) as stop:
        new.main(
            [str(tmp_path / "study"), "--panel", str(path), *layout.get("options", [])]
        )
    assert layout["refused"] in str(stop.value)
    assert not (tmp_path / "study").exists()
